"""A walk through films, as it stands in a link."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from dashboard.compare.state import LINK as COMPARE
from dashboard.compare.walk import Place
from dashboard.films.state import State
from dashboard.films.walk import MOST_PICKED, FilmsWalk, WalkLost
from dashboard.server.library import OWN, Library
from dashboard.server.services import Services

FILTERED = State("ward", "answers", outcomes=(("Edema", "FP"),), sort="mistakes", finding="Edema", page=2)


@pytest.mark.parametrize(
    "walk",
    [
        FilmsWalk("ward", FILTERED),
        FilmsWalk("ward", State("ward", name="a&b=c, é")),
        FilmsWalk("ward", State("ward"), ("one, two", "three%2C", "<b>")),
    ],
)
def test_a_walk_comes_back_from_a_link(walk):
    held = {}
    link = COMPARE.write(COMPARE.default.with_(walk=walk.query(held)))
    state, problems = COMPARE.read(link)
    assert problems == []
    assert FilmsWalk.read(state.walk, {}) == walk
    assert held == {}


def test_a_walk_is_its_query_and_not_its_list():
    query = FilmsWalk("ward", FILTERED).query({})
    assert parse_qs(query) == {
        "dataset": ["ward"],
        "predictions": ["answers"],
        "finding": ["Edema"],
        "outcomes": ["Edema:FP"],
        "sort": ["mistakes"],
        "page": ["2"],
    }


@pytest.mark.parametrize(
    "walk",
    [
        FilmsWalk("ward", State("ward"), tuple(f"film {k}" for k in range(MOST_PICKED + 1))),
        FilmsWalk("ward", State("ward"), ("x" * 499, "y" * 499, "z" * 499, "u" * 499)),
        FilmsWalk(OWN, State(OWN), ("0" * 64,)),
    ],
)
def test_films_that_are_too_many_or_ones_own_are_in_no_link_and_their_loss_is_told(walk):
    held = {}
    query = walk.query(held)
    assert len(query) < 100
    assert not any(film in query for film in walk.films)
    assert FilmsWalk.read(query, held) == walk
    with pytest.raises(WalkLost, match="picked by hand"):
        FilmsWalk.read(query, {})


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("outcomes=Edema:FP", "names no dataset"),
        ("dataset=ward&colour=red", "“colour” was left out"),
        ("dataset=ward&sort=backwards", "backwards"),
        ("dataset=ward&picked=" + ",".join(map(str, range(60))), "at most 50 names"),
    ],
)
def test_what_is_no_walk_is_one_sentence(query, problem):
    with pytest.raises(ValueError, match=problem):
        FilmsWalk.read(query, {})


def test_a_walk_of_a_link_leaves_out_what_its_dataset_cannot_answer(shelf):
    shelf.add_dataset(Effusion=[1.0, 0.0, 1.0])
    services = Services(Library(shelf.root))
    walk = FilmsWalk.read("dataset=generated&labels=Effusion:present,Plague:present&sort=mistakes", {})
    assert walk.place(services, "c") == Place(2, 2, "a", None)
    assert FilmsWalk.read("dataset=gone", {}).place(services, "c") is None
