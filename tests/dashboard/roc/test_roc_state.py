"""The ROC page's view and its link."""

from __future__ import annotations

import pytest

from dashboard.roc.state import LINK, PANELS, State
from tests.conftest import REPOSITORY

CHANGED = State(
    predictions="chexnet",
    split="test",
    models=("a", "b"),
    finding="Emphysema",
    rule="sensitivity",
    target=0.85,
    sort="excess",
    panel="steps",
    groups="probability",
    prevalence=0.001,
    miss=33.5,
    films=30,
    seed=7,
    step=12,
)


@pytest.mark.parametrize(
    "view",
    [LINK.default, CHANGED, State(rule="", threshold=0.0123456789012345), State(panel="slices", slice="old, women")],
)
def test_a_link_opens_the_same_view(view):
    assert LINK.read(LINK.write(view)) == (view, [])


def test_the_default_view_needs_no_link():
    assert LINK.write(LINK.default) == {}


def test_a_threshold_set_by_hand_stands_without_a_rule():
    assert LINK.read({"threshold": "0.2"})[0] == State(rule="", threshold=0.2)


def test_a_slice_opens_its_panel():
    assert LINK.read({"slice": "old", "panel": "words"})[0] == State(panel="slices", slice="old")


def test_a_rule_wins_over_a_number():
    assert LINK.read({"threshold": "0.2", "rule": "f1"})[0] == State(rule="f1")


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        ("threshold", "1.5", "expected a number from 0 to 1"),
        ("threshold", "nan", "expected a number from 0 to 1"),
        ("prevalence", "0", "expected a number between 0 and 1"),
        ("finding", "a\u0007b", "a character that cannot be shown"),
        ("split", "exam", "it can be never-met, not-met, all, train, validation, test"),
        ("rule", "best", "it can be card"),
        ("models", "a,b,c,d,e", "expected at most 4 names"),
        ("films", "13", "it can be 12, 20, 30, 60"),
        ("step", "99", "expected a whole number from 0 to 60"),
        ("seed", "-1", "expected a whole number"),
        ("predictions", "", "expected a name"),
    ],
)
def test_what_a_link_says_wrongly_is_left_out_and_named(name, text, rule):
    view, problems = LINK.read({name: text, "sort": "best"})
    assert view == State(sort="best")
    assert len(problems) == 1
    assert problems[0].startswith(f"The link's {name} ")
    assert rule in problems[0]


def test_every_panel_of_the_list_is_a_module_and_none_is_missing():
    folder = REPOSITORY / "dashboard" / "roc" / "panels"
    assert set(PANELS) == {path.stem for path in folder.glob("*.py")} - {"__init__"}


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        (
            {"rule": "sensitivity", "target": "95"},
            "The link's target “95” was left out: the rule Fixed",
        ),
        ({"rule": "ppv", "target": "0"}, "takes 0.01 to 1."),
        ({"rule": "cost", "target": "0"}, "takes 0.01 to 1000."),
    ],
)
def test_a_target_that_its_rule_cannot_be_asked_for_is_named_and_left_out(link, sentence):
    state, (problem,) = LINK.read(link)
    assert sentence.lower() in problem.lower()
    assert (state.rule, state.target) == (link["rule"], None)
