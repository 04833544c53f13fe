"""Pieces of work that are under way at a time, without a model."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from xai.budget import Budget, Cancelled
from xai.films.film import Film, FilmError
from xai.many.in_turn import Outcome, each_film, in_turn

PATIENCE = 20  # seconds that a test waits for another thread before it fails


def test_what_comes_of_them_is_given_in_their_order_with_two_under_way_and_no_more():
    second, most, under_way = threading.Event(), [], set()

    def work(item: int, budget: Budget) -> int:
        under_way.add(item)
        most.append(len(under_way))
        if item == 0:
            assert second.wait(PATIENCE)  # which only comes where another one is under way
        second.set()
        under_way.remove(item)
        return item**2

    assert list(in_turn(work, range(6), Budget(), at_once=2)) == [(k, k**2) for k in range(6)]
    assert max(most) == 2


def test_progress_is_the_share_of_all_work():
    heard: list[float] = []

    def work(item: int, budget: Budget) -> None:
        for share in (0.5, 1.0):
            budget.part(1, 2).progress(share)

    list(in_turn(work, range(4), Budget(progress=heard.append), at_once=2))
    assert heard == sorted(heard) and heard[-1] == 1
    assert len(heard) == 12 and set(heard) <= {k / 16 for k in range(17)}


@pytest.mark.parametrize("how", ["closed", "failed", "cancelled"])
def test_what_is_under_way_ends_at_its_next_look_whatever_ends_the_whole(how):
    begun, ended, cancel = threading.Event(), threading.Event(), threading.Event()

    def work(item: int, budget: Budget) -> int:
        if item == 0:
            return 0
        if item == 1 and how == "failed":
            assert begun.wait(PATIENCE)
            raise ValueError("one that fails")
        begun.set()
        while not budget.cancelled():
            ended.wait(0.001)
        ended.set()
        raise Cancelled

    given = in_turn(work, range(9), Budget(cancelled=cancel.is_set), at_once=2)
    assert next(given) == (0, 0)
    assert begun.wait(PATIENCE)
    if how == "closed":
        given.close()
    else:
        cancel.set() if how == "cancelled" else None
        with pytest.raises(ValueError if how == "failed" else Cancelled):
            next(given)
    assert ended.is_set()


def test_a_film_that_cannot_be_opened_is_told_and_the_others_go_on():
    film = Film.from_pixels(np.zeros((40, 50)))

    def broken() -> Film:
        raise FilmError("This film is broken.")

    found = each_film({"a": lambda: film, "b": broken, "c": lambda: film}, lambda name, one, budget: one.pixels.shape)
    assert [vars(one) for one in found] == [
        vars(Outcome("a", (40, 50))),
        vars(Outcome("b", None, "This film is broken.")),
        vars(Outcome("c", (40, 50))),
    ]
