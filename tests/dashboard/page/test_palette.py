from __future__ import annotations

import re
import tomllib
from itertools import combinations
from pathlib import Path

import pytest

from dashboard.page.palette import OUTCOME_COLORS, outcome_colors, theme_ink

ROOT = Path(__file__).parents[3]
THEMES = tomllib.loads((ROOT / "dashboard" / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]


def channels(color: str) -> list[float]:
    return [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def luminance(color: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_figures_have_the_colours_of_the_page_around_them(theme):
    ink, page = theme_ink(theme), THEMES[theme]
    assert (ink.ink, ink.paper, ink.accent) == tuple(page[f"{one}Color"] for one in ("text", "background", "primary"))


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("outcome", ["TP", "FP", "FN", "TN"])
def test_an_outcome_can_be_read_on_the_page(theme, outcome):
    lights = sorted(luminance(c) for c in (outcome_colors(theme)[outcome], THEMES[theme]["backgroundColor"]))
    assert (lights[1] + 0.05) / (lights[0] + 0.05) >= 4.5


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_no_two_outcomes_look_alike(theme):
    for one, other in combinations(outcome_colors(theme).values(), 2):
        apart = sum((a - b) ** 2 for a, b in zip(channels(one), channels(other), strict=True)) ** 0.5
        assert apart > 0.2


def test_no_other_file_has_colours_of_its_own_for_the_outcomes():
    known = {color.lower() for theme in ("dark", "light") for color in outcome_colors(theme).values()}
    assert set(OUTCOME_COLORS.values()) <= known
    holders = set()
    for path in (ROOT / "dashboard").rglob("*"):
        if path.suffix in (".py", ".css", ".js", ".html"):
            text = path.read_text(encoding="utf-8").lower()
            told = re.search(r"\b(?:tp|fp|fn|tn)\b\W{1,40}#[0-9a-f]{3,8}", text)
            if told or any(color in text for color in known):
                holders.add(path.name)
    assert holders == {"palette.py"}
