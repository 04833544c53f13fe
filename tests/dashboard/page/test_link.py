from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from dashboard.compare.state import LINK as COMPARE
from dashboard.errors.state import LINK as ERRORS
from dashboard.films.state import LINK as FILMS
from dashboard.lessons.state import LINK as LESSONS
from dashboard.models.state import LINK as MODELS
from dashboard.page.kinds import (
    NAME,
    SEED,
    SWITCH,
    by_finding,
    names,
    number,
    one_of,
    outline,
    quoted,
    shares_by_finding,
    some_of,
    span,
    unquoted,
    whole,
)
from dashboard.page.link import Field, Link, link_to
from dashboard.page.state import PageState
from dashboard.roc.state import LINK as ROC
from dashboard.rooms.state import LINK as ROOM
from dashboard.trust.state import LINK as TRUST

PAGES = {
    "compare": COMPARE,
    "films": FILMS,
    "roc": ROC,
    "errors": ERRORS,
    "trust": TRUST,
    "models": MODELS,
    "lessons": LESSONS,
    "room": ROOM,
}


@dataclass(frozen=True)
class Toy(PageState):
    name: str | None = None
    classes: tuple[str, ...] = ()
    threshold: float | None = None
    shown: Mapping[str, Any] = field(default_factory=dict)


TOY = Link(
    Toy(),
    [
        Field("name", NAME),
        Field("classes", names(3), also=("class",)),
        Field("cut_at", number(0, 1), attribute="threshold"),
        Field("zoom", whole(1, 8), attribute="shown", entry="zoom", default=1),
    ],
)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_without_a_link_has_an_empty_one(page):
    link = PAGES[page]
    assert link.write(link.default) == {}
    assert link.read({}) == (link.default, [])


@pytest.mark.parametrize("page", PAGES)
def test_an_unknown_part_is_named_and_the_rest_is_kept(page):
    link = PAGES[page]
    state, problems = link.read({"colour": "red", "model": "tiny", "finding": "Mass", "seed": "3"})
    known = {one.name for one in link.fields}
    for name, value in {"model": "tiny", "finding": "Mass", "seed": 3}.items():
        if name in known:
            assert getattr(state, name) == value
    assert "“colour”" in problems[0]
    assert all(f"“{name}”" in problems[0] for name in {"model", "finding", "seed"} - known)
    assert len(problems) == 1


@pytest.mark.parametrize("page", PAGES)
def test_what_mail_programs_and_streamlit_add_is_passed_over(page):
    link = PAGES[page]
    others = {"utm_source": "mail", "fbclid": "1", "embed": "true", "embed_options": "dark_theme"}
    assert link.read(others) == (link.default, [])


@pytest.mark.parametrize("page", PAGES)
def test_every_field_is_an_attribute_of_the_state_and_no_name_is_used_twice(page):
    link = PAGES[page]
    attributes = {one.name for one in dataclasses.fields(link.default)}
    assert {one.home for one in link.fields} <= attributes
    called = [name for one in link.fields for name in (one.name, *one.also)]
    assert len(called) == len(set(called))


@pytest.mark.parametrize("page", PAGES)
def test_every_part_of_a_state_can_be_said_in_the_link(page):
    link = PAGES[page]
    assert {one.name for one in dataclasses.fields(link.default)} == {one.home for one in link.fields}


def test_a_flood_of_unknown_names_is_one_short_sentence():
    _, problems = TOY.read({f"x{number}" * 30: "y" for number in range(500)})
    assert len(problems) == 1
    assert "and 495 more" in problems[0]
    assert len(problems[0]) < 400


def test_an_older_word_is_read_and_the_present_one_wins():
    assert TOY.read({"class": "a"})[0].classes == ("a",)
    assert TOY.read({"class": "a", "classes": "b"}) == (Toy(classes=("b",)), [])
    assert TOY.read({"classes": "b", "class": "a"}) == (Toy(classes=("b",)), [])


@pytest.mark.parametrize(
    ("page", "old", "home", "value"),
    [
        ("roc", {"part": "test"}, "split", "test"),
        ("errors", {"part": "test"}, "split", "test"),
        ("errors", {"cut": "youden"}, "rule_after", "youden"),
        ("errors", {"aim": "0.9"}, "target_after", 0.9),
        ("errors", {"company": "positives"}, "beside", "positives"),
        ("errors", {"looks": "12"}, "mean_films", 12),
        ("errors", {"spots": "500"}, "map_films", 500),
        ("models", {"beside": "CheXNet;Wang, official split"}, "beside", ("CheXNet", "Wang, official split")),
        ("models", {"beside": "Wang, official split"}, "beside", ("Wang, official split",)),
        ("models", {"beside": ""}, "beside", ()),
        ("films", {"labels": "Mass:present,a%2Cb:absent"}, "labels", (("Mass", "present"), ("a,b", "absent"))),
    ],
)
def test_links_from_before_open_what_they_opened(page, old, home, value):
    state, problems = PAGES[page].read(old)
    assert problems == []
    assert getattr(state, home) == value
    assert PAGES[page].read(PAGES[page].write(state)) == (state, [])


def test_an_entry_of_a_mapping_goes_there_and_its_default_is_left_out():
    assert TOY.read({"zoom": "4"})[0].shown == {"zoom": 4}
    assert TOY.write(Toy(shown={"zoom": 4})) == {"zoom": "4"}
    assert TOY.write(Toy(shown={"zoom": 1})) == {}


def test_a_contradiction_is_settled_and_said():
    state, problems = ERRORS.read({"rule": "number", "finding": "Mass"})
    assert (state.rule, state.finding) == ("card", "Mass")
    assert problems == ["The link sets a threshold by hand and names none; the model card's is used."]


@pytest.mark.parametrize("seed", range(20))
def test_names_with_any_sign_come_back(seed):
    rng = np.random.default_rng(seed)
    letters = list("ab,;:%2C%25 é/&=#")
    made = tuple(dict.fromkeys("".join(rng.choice(letters, rng.integers(1, 12))) for _ in range(rng.integers(1, 5))))
    kind = names()
    assert kind.read(kind.write(made)) == made
    for name in made:
        assert unquoted(quoted(name)) == name
        assert "," not in quoted(name)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (number(0, 1), 0.1 + 0.2, "0.30000000000000004"),
        (number(0, 1), 1.0, "1"),
        (number(0, 1, digits=4), 0.123456, "0.1235"),
        (SWITCH, True, "on"),
        (SWITCH, False, "off"),
        (SEED, 7, "7"),
        (span(0, 120, "40:60"), (40.0, 60.5), "40:60.5"),
        (by_finding(["present"]), (("Mass", "present"),), "Mass:present"),
        (shares_by_finding(2), (("Mass", 0.25, 1.0),), "Mass:0.25:1"),
        (outline(9), ((0.0, 1.0), (2.5, 3.0), (4.0, -1.0)), "0:1,2.5:3,4:-1"),
        (some_of(["a, b", "c"]), ("a, b", "c"), "a%2C b,c"),
        (one_of([12, 20]), 20, "20"),
    ],
)
def test_a_kind_writes_what_it_reads(kind, value, text):
    assert kind.write(value) == text
    if text != "0.1235":
        assert kind.read(text) == value


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (number(0, 1), "nan", "a number from 0 to 1"),
        (number(0, 1), "1e400", "a number from 0 to 1"),
        (number(0, 1, is_open=True), "1", "a number between 0 and 1"),
        (whole(1, 8), "1.0", "a whole number from 1 to 8"),
        (whole(1, 8), "9" * 5000, "a whole number from 1 to 8"),
        (SWITCH, "true", "on or off"),
        (names(2), "a,b,c", "at most 2 names"),
        (names(), "a,,b", "1 to 500 characters"),
        (some_of(["a", "b"], 1), "a,b", "up to 1 of a, b"),
        (some_of(["a", "b"], least=1), "", "it can be a, b"),
        (span(0, 120, "40:60"), "60:40", "rising, such as 40:60"),
        (by_finding(["present"]), "Mass", "expected finding:state"),
        (by_finding(["present"]), ":present", "expected finding:state"),
        (shares_by_finding(2), "Mass:0.9:0.1", "rising"),
        (outline(3), "0:0,1:1", "expected 3 to 3 corners"),
        (outline(3), "0:0,1:1,inf:0", "expected 3 to 3 corners"),
    ],
)
def test_a_kind_says_what_it_expected(kind, text, expected):
    with pytest.raises(ValueError, match=expected):
        kind.read(text)


def test_a_link_to_another_page_leaves_out_what_is_left_open_and_keeps_numbers_whole():
    assert link_to(predictions="p", split=None, threshold=0.1 + 0.2) == {
        "predictions": "p",
        "threshold": "0.30000000000000004",
    }
    assert link_to(threshold=0.0) == {"threshold": "0"}
