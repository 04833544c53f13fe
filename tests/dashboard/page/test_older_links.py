"""Links that versions before the present codec wrote, with the state that those opened: both are kept as they were."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from dashboard.compare.state import LINK as COMPARE
from dashboard.components.display import DISPLAY
from dashboard.errors.state import LINK as ERRORS
from dashboard.films.state import LINK as FILMS
from dashboard.models.state import LINK as MODELS
from dashboard.roc.state import LINK as ROC

PAGES = {"compare": COMPARE, "films": FILMS, "roc": ROC, "errors": ERRORS, "models": MODELS}
OLDER = json.loads(Path(__file__).with_name("older_links.json").read_text(encoding="utf-8"))
CALLED_NOW = {
    "compare": {"cut": "hide_weakest"},
    "films": {},
    "roc": {"part": "split"},
    "errors": {
        "company": "beside",
        "cut": "rule_after",
        "aim": "target_after",
        "looks": "mean_films",
        "spots": "map_films",
    },
    "models": {"part": "evaluation"},
}
# What older states had where the link named none; the page now chooses by what there is to see.
CHOSEN_NOW = {"films": {"layout": "gallery"}, "roc": {"split": "all"}, "errors": {"split": "all"}}
LINKS_ON_TRUTH = {"nothing": {}, "on": {"truth": "on"}, "off": {"truth": "off"}}


def plain(value: Any) -> Any:
    """Give a value as JSON has it."""
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    return {name: plain(one) for name, one in value.items()} if hasattr(value, "items") else value


def renamed(page: str, state: dict[str, Any]) -> dict[str, Any]:
    names = CALLED_NOW[page]
    return {
        names.get(name, name): renamed(page, value) if isinstance(value, dict) else value
        for name, value in state.items()
    }


def left_open(page: str, link: dict[str, str], state: dict[str, Any]) -> dict[str, Any]:
    """Leave to the page what the link left to its default."""
    return {
        name: None if CHOSEN_NOW.get(page, {}).get(name) == value and name not in link else value
        for name, value in state.items()
    }


def viewed(state: Any) -> Any:
    """Give a state with its defaults: one that an older link names is left out of a new one."""
    return state.with_(display={**DISPLAY, **state.display}) if hasattr(state, "display") else state


@pytest.mark.parametrize("page", PAGES)
def test_older_links_open_the_same_view(page):
    for row in OLDER[page]:
        state, problems = PAGES[page].read(row["link"])
        assert problems == []
        fields = {one.name: plain(getattr(state, one.name)) for one in dataclasses.fields(state)}
        usual = {name: plain(getattr(PAGES[page].default, name)) for name in fields}  # where older states had nothing
        assert fields == usual | left_open(page, row["link"], renamed(page, row["state"]))
        again, problems = PAGES[page].read(PAGES[page].write(state))
        assert (viewed(again), problems) == (viewed(state), [])


def test_the_truth_is_hidden_unless_a_link_shows_it():
    shown = {words: viewed(COMPARE.read(link)[0]).display["truth"] for words, link in LINKS_ON_TRUTH.items()}
    assert shown == {"nothing": False, "on": True, "off": False}
    assert COMPARE.write(COMPARE.read({"truth": "on"})[0]) == {"truth": "on"}
