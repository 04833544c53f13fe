"""The clock of a contest: it runs on through a reload, is one's own, and is forgotten."""

from __future__ import annotations

from pathlib import Path

from dashboard.server.library import Library
from dashboard.trust import clocks
from dashboard.trust.clocks import FORGOTTEN, Clocks


class Hands:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_clock_runs_on_for_its_visitor_alone_until_it_is_stopped():
    hands = Hands()
    made = Clocks(Library(Path()), hands)
    assert made.gone("a", "film 1") == 0
    hands.now += 7
    assert made.gone("a", "film 1") == 7
    assert made.gone("b", "film 1") == made.gone("a", "film 2") == 0
    made.stop("a", "film 1")
    made.stop("a", "never begun")
    assert made.gone("a", "film 1") == 0
    hands.now += FORGOTTEN + 1
    assert made.gone("a", "film 1") == 0


def test_of_too_many_clocks_the_oldest_is_forgotten(monkeypatch):
    monkeypatch.setattr(clocks, "KEPT", 3)
    hands = Hands()
    made = Clocks(Library(Path()), hands)
    for film in "abcd":
        made.gone("v", film)
        hands.now += 1
    assert made.gone("v", "b") == 3
    assert made.gone("v", "a") == 0
