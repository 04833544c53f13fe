from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from dashboard.server.fairness import Stage
from dashboard.server.turnstile import Sliced, Turnstile
from xai.budget import Cancelled

LONG = 60.0


class Worker:
    """Work whose slices a test lets run one by one."""

    def __init__(self, turnstile: Turnstile, name: str, ran: list[str], stage: Stage = Stage.LOOK) -> None:
        self.turnstile, self.name, self.ran = turnstile, name, ran
        self.turn = Sliced(stage, run=self.run)
        self.done, self.slices = threading.Event(), 2

    def run(self) -> None:
        try:
            for _ in range(self.slices):
                if not self.turnstile.step_aside(self.turn):
                    self.ran.append(f"{self.name} gone")
                    return
                self.ran.append(self.name)
        finally:
            self.turnstile.end(self.turn)
            self.done.set()


@pytest.fixture
def closed() -> tuple[Turnstile, Callable[[], None]]:
    """A turnstile that somebody holds, and what lets go of it."""
    turnstile, begun, go = Turnstile(clock=lambda: 0.0), threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        go.wait(LONG)
        turnstile.end(holder)

    holder = Sliced(Stage.QUICK, run=hold)
    turnstile.ask(holder, "somebody")
    assert begun.wait(LONG)
    return turnstile, go.set


def test_one_slice_at_a_time_and_the_turn_is_given_up_between_them(closed):
    turnstile, release = closed
    ran: list[str] = []
    workers = [Worker(turnstile, name, ran) for name in "ab"]
    for one in workers:
        turnstile.ask(one.turn, one.name)
    assert [turnstile.ahead(one.turn) for one in workers] == [1, 2]  # the one that holds it counts
    release()
    assert all(one.done.wait(LONG) for one in workers)
    assert ran == ["a", "a", "b", "b"]  # a clock that stands still charges nobody, so who came first stays first


def test_as_many_slices_at_a_time_as_it_is_wide():
    turnstile, both = Turnstile(width=2), threading.Barrier(3)
    turns = [Sliced(Stage.LOOK, run=lambda: both.wait(LONG)) for _ in range(2)]
    for number, turn in enumerate(turns):
        turnstile.ask(turn, str(number))
    both.wait(LONG)


def test_what_nobody_asks_for_any_more_wakes_and_ends_without_a_turn(closed):
    turnstile, release = closed
    ran: list[str] = []
    worker = Worker(turnstile, "a", ran)
    worker.slices = 10_000_000
    for visitor in ("Ben", "Eve"):
        turnstile.ask(worker.turn, visitor)
    release()
    turnstile.leave(worker.turn, "Ben")
    count = len(ran)
    while len(ran) < count + 2:  # Eve still asks
        assert not worker.done.wait(0.001)
    turnstile.leave(worker.turn, "Eve")
    assert worker.done.wait(LONG)
    assert ran[-1] == "a gone"


def test_work_that_was_never_begun_is_not_begun_once_nobody_asks(closed):
    turnstile, release = closed
    ran: list[str] = []
    left, kept = Worker(turnstile, "left", ran), Worker(turnstile, "kept", ran)
    for one in (left, kept):
        turnstile.ask(one.turn, one.name)
    turnstile.leave(left.turn, "left")
    release()
    assert kept.done.wait(LONG)
    assert ran == ["kept", "kept"] and not left.turn.is_begun


def test_what_goes_apart_lets_others_through_and_waits_for_its_turn_again():
    turnstile, ran = Turnstile(), []
    other = Worker(turnstile, "other", ran)
    done = threading.Event()

    def load() -> None:
        with turnstile.apart(turn):
            turnstile.ask(other.turn, "Ben")
            assert other.done.wait(LONG)
            ran.append("loaded")
        ran.append("on")
        turnstile.end(turn)
        done.set()

    turn = Sliced(Stage.LOOK, run=load)
    turnstile.ask(turn, "Ada")
    assert done.wait(LONG)
    assert ran == ["other", "other", "loaded", "on"]


def test_what_went_apart_and_is_asked_for_no_more_is_cancelled():
    turnstile, ended = Turnstile(), []
    done = threading.Event()

    def load() -> None:
        try:
            with turnstile.apart(turn):
                turnstile.leave(turn, "Ada")
        except Cancelled:
            ended.append("cancelled")
        turnstile.end(turn)
        done.set()

    turn = Sliced(Stage.LOOK, run=load)
    turnstile.ask(turn, "Ada")
    assert done.wait(LONG)
    assert ended == ["cancelled"]


def test_time_between_batches_is_nobodys_and_others_go_on_meanwhile():
    now = [0.0]
    turnstile, ran = Turnstile(clock=lambda: now[0]), []
    other, done = Worker(turnstile, "other", ran), threading.Event()

    def read_then_run() -> None:
        now[0] += 0.5  # a batch
        turnstile.pause(turn)
        now[0] += 7.0  # a film is read
        turnstile.ask(other.turn, "Ben")
        assert other.done.wait(LONG)
        assert turnstile.step_aside(turn)
        now[0] += 0.25
        turnstile.end(turn)
        done.set()

    turn = Sliced(Stage.LONG, run=read_then_run)
    turnstile.ask(turn, "Ada")
    assert done.wait(LONG)
    assert turn.used == 0.75
