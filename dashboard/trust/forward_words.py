"""What is said of an experiment: how much better predictions were with maps, how sure that is, and what it means."""

from __future__ import annotations

from dashboard.page.words import signed
from training.benchmark.forward import FEWEST, Helped
from xai.written import counted, percent

CAUTION = (
    "One person's ten films say nearly nothing: answers tossed with a coin differ as much between five films and five "
    "others. A class says more."
)
NOT_TRUTH = "A map that lets people foresee a model's answer need not show what the answer rests on."


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
    return (
        "The interval holds 0, so maps may help or mislead here: "
        f"a gain above {points(found.high)} points or below {points(found.low)} is unlikely."
    )


def covers(found: Helped) -> str:
    """Say what the interval is about."""
    behind = f"{counted(found.participants, 'person', 'people')} and {counted(found.films, 'film')}"
    if found.participants < FEWEST:
        return f"From {behind}. The interval is for the same people on other films of this kind, not for other people."
    return f"From {behind}. The interval is for other people and other films of this kind, with this model and method."


def points(share: float) -> str:
    """Write a difference of shares in percentage points, with its sign."""
    return signed(100 * share, 0)
