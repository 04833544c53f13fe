from __future__ import annotations

from dataclasses import dataclass

import pytest

from dashboard.server.fairness import HEAVY, LEAST, Fairness, Stage, Turn


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass(eq=False)
class Played:
    """Work that takes slices of so many seconds, one of which brings the first look."""

    name: str
    turn: Turn
    slices: list[float]
    look: int | None = None


class Engine:
    """Runs one slice after the other, as the turnstile does, by a clock of its own."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.fair = Fairness(self.clock)
        self.works: list[Played] = []

    def ask(
        self, visitor: str, name: str, slices: list[float], stage: Stage = Stage.LOOK, look: int | None = None
    ) -> Turn:
        turn = Turn(stage, is_seen=look == 0)
        self.fair.ask(turn, visitor)
        self.works.append(Played(name, turn, list(slices), look))
        return turn

    def slice(self) -> str:
        """Run the next slice; gives whose it was."""
        by_turn = {one.turn: one for one in self.works if one.slices and one.turn.asked}
        work = by_turn[self.fair.first_of(by_turn)]
        took = work.slices.pop(0)
        self.clock.now += took
        self.fair.charge(work.turn, took)
        if work.look:
            work.look -= 1
            work.turn.is_seen = work.look == 0
        return work.name

    def run(self, count: int = 10_000) -> list[str]:
        ran = []
        while len(ran) < count and any(one.slices and one.turn.asked for one in self.works):
            ran.append(self.slice())
        return ran


@pytest.fixture
def engine() -> Engine:
    return Engine()


def test_visitors_who_ask_for_as_much_take_turns_in_the_order_in_which_they_came(engine):
    for visitor in "abc":
        engine.ask(visitor, visitor, [0.1] * 3)
    assert "".join(engine.run()) == "abcabcabc"


def test_looks_go_before_the_rest_for_everybody_and_quick_answers_before_looks(engine):
    for visitor in "ab":
        engine.ask(visitor, f"{visitor} map", [0.1] * 4, look=2)
    engine.ask("b", "b answer", [0.1], Stage.QUICK)
    assert engine.run() == [
        *("b answer", "a map", "b map", "a map", "b map"),  # two slices of each to the first look
        *("a map", "b map", "a map", "b map"),
    ]


def test_a_look_that_takes_longer_than_a_second_is_no_more_urgent_than_a_rest(engine):
    engine.ask("heavy", "H", [0.5] * 6, look=6)
    assert engine.run(2) == ["H", "H"]
    engine.ask("light", "l", [0.1] * 3, look=3)
    assert engine.run(4) == ["l", "l", "l", "H"]


def test_who_used_little_goes_before_who_used_much_so_long_work_delays_a_short_one_by_one_slice(engine):
    engine.ask("heavy", "H", [0.5] * 20, look=0)
    engine.run(8)
    asked = engine.clock.now
    engine.ask("light", "l", [0.1] * 10, look=1)
    ran = engine.run(10)
    assert ran == ["l"] * 10
    assert engine.clock.now - asked == pytest.approx(1.0)


def test_what_turned_out_to_be_heavy_delays_whole_walks_of_others_by_a_twentieth(engine):
    engine.ask("heavy", "H", [0.5] * 100, look=0)
    engine.run(20)  # ten seconds of it
    asked = engine.clock.now
    for film in range(5):
        engine.ask("light", f"l{film}", [0.25] * 24, look=0)
    ran = engine.run(5 * 24 + 3)
    assert engine.clock.now - asked == pytest.approx(30.0 * (1 + LEAST), abs=0.75)
    assert ran.count("H") == 3
    assert engine.run() == ["H"] * 77


def test_what_was_used_long_ago_counts_less(engine):
    engine.ask("a", "A", [HEAVY], look=0)
    engine.run()
    engine.clock.now += 60.0  # two half-lives: 8 s count as 2
    engine.ask("a", "a", [1.0] * 3, look=0)
    engine.ask("b", "b", [1.0] * 4, look=0)
    assert "".join(engine.run()) == "bbababa"


def test_of_one_visitor_the_newest_request_goes_first_and_within_it_what_was_asked_first(engine):
    for name in ("old 1", "old 2"):
        engine.ask("a", name, [0.1] * 2)
    engine.clock.now += 5.0
    for name in ("new 1", "new 2"):
        engine.ask("a", name, [0.1] * 2)
    assert engine.run() == ["new 1", "new 1", "new 2", "new 2", "old 1", "old 1", "old 2", "old 2"]


def test_work_that_thirty_wait_for_is_charged_to_all_of_them_together(engine):
    turn = engine.ask("v0", "shared", [0.3] * 2)
    for number in range(1, 30):
        engine.fair.ask(turn, f"v{number}")
    engine.run()
    assert engine.fair.used(Stage.LOOK, "v7", engine.clock.now) == pytest.approx(0.6 / 30, rel=0.01)


def test_a_visitor_who_waits_with_others_goes_when_the_first_of_them_would(engine):
    engine.ask("a", "A", [0.2] * 3)
    shared = engine.ask("b", "S", [0.2] * 3)
    engine.run(2)
    engine.fair.ask(shared, "c")  # who used nothing yet
    assert "".join(engine.run()) == "SSAA"


def test_long_work_gets_a_twentieth_of_the_time_while_a_class_is_at_work_and_all_of_it_afterwards(engine):
    engine.ask("owner", "L", [0.2] * 50, Stage.LONG)
    for number in range(30):
        engine.ask(f"v{number}", "m", [0.1] * 30, look=0)
    ran = engine.run(700)
    taken = 0.2 * ran.count("L")
    assert 0.5 * LEAST < taken / engine.clock.now <= 1.1 * LEAST
    assert all(ran[i : i + 2] != ["L", "L"] for i in range(len(ran)))  # never two slices together
    rest = engine.run()
    assert rest[-20:] == ["L"] * 20


def test_the_line_is_in_the_order_in_which_work_is_next(engine):
    turns = [engine.ask(visitor, visitor, [0.1]) for visitor in "abc"]
    assert engine.fair.line(turns) == turns
    turns.append(engine.ask("d", "quick", [0.1], Stage.QUICK))
    assert engine.fair.line(turns) == [turns[3], *turns[:3]]
    assert engine.fair.line(turns)[0] is engine.fair.first_of(turns)


def test_visitors_who_left_long_ago_are_forgotten(engine):
    for number in range(1500):
        engine.clock.now += 1.0
        engine.ask(f"v{number}", "m", [0.0])
        engine.slice()
    assert len(engine.fair._requests) <= 1001
    assert len(engine.fair._used) <= 1001
