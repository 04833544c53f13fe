"""What is said of an experiment: how much better predictions were with maps, how sure that is, and what it means."""

from __future__ import annotations

import math

from dashboard.page.words import signed
from training.benchmark.forward import FEWEST, FILMS, Helped
from xai.written import counted, percent

POINTS_BY_COIN = 40
NOT_TRUTH = "A map that lets people foresee a model's answer need not show what the answer rests on."


def caution() -> str:
    """Say what ten films of one person are worth, beside a coin."""
    half = FILMS // 2
    films_apart = round(POINTS_BY_COIN / 100 * half)
    near = sum(math.comb(2 * half, half + by) for by in range(1 - films_apart, films_apart)) / 4**half
    return (
        f"One person's {FILMS} films say nearly nothing: who tosses a coin differs by {POINTS_BY_COIN} points or more "
        f"between the films with maps and those without in {percent(1 - near)} of such runs. A class says more."
    )


def shares(found: Helped) -> str:
    """Say how often the model's answer was foreseen, with maps and without."""
    return f"Foreseen with maps: {percent(found.with_maps)}. Without: {percent(found.without)}."


def gain(found: Helped) -> str:
    """Give the difference with its interval, in percentage points."""
    ends = f"{points(found.low)} to {points(found.high)}"
    return f"{points(found.gain)} percentage points (95\u00a0% interval {ends})"


def meaning(found: Helped) -> str:
    """Say in one sentence what the interval lets one say."""
    if found.low > 0:
        return "The interval lies above 0: with its maps, the model's answers were foreseen better."
    if found.high < 0:
        return "The interval lies below 0: with its maps, the model's answers were foreseen worse."
    return "The interval holds 0: from this nobody can tell whether its maps help, mislead or do nothing."


def covers(found: Helped) -> str:
    """Say what the interval is about."""
    behind = f"{counted(found.participants, 'person', 'people')} and {counted(found.films, 'film')}"
    if found.participants < FEWEST:
        return f"From {behind}. The interval is for the same people on other films of this kind, not for other people."
    return f"From {behind}. The interval is for other people and other films of this kind, with this model and method."


def points(share: float) -> str:
    """Write a difference of shares in percentage points, with its sign."""
    whole = round(100 * share)
    return signed(whole, 0) if whole else "0"
