"""What is said of an experiment: how much better predictions were with maps, how sure that is, and what it means."""

from __future__ import annotations

import math

from dashboard.page.words import signed
from training.benchmark.forward import FEWEST, FILMS, LESSONS, Helped, Pool
from xai.written import counted, percent

NOT_TRUTH = "A map that lets people foresee a model's answer need not show what the answer rests on."


def caution() -> str:
    """Say what the films of one person are worth, beside a coin."""
    half, films_apart = FILMS // 2, 2
    near = sum(math.comb(2 * half, half + by) for by in range(1 - films_apart, films_apart)) / 4**half
    return (
        f"One person's {FILMS} films say nearly nothing: who tosses a coin is right on at least {films_apart} more of "
        f"the {half} in one arm than of the {half} in the other in {percent(1 - near)} of such runs. A class says more."
    )


def task(model: str, finding: str, threshold: float, method: str) -> str:
    """Say what is asked, before the films to learn from."""
    return (
        f"{model} flags {finding} where its probability reaches {percent(threshold)}. First come {LESSONS} films with "
        f"its answer, to learn from. Then you foresee it on {FILMS} others, half of them with a map by {method}. What "
        "is asked is the model's answer, right or wrong, not what the film shows."
    )


def chosen(pool: Pool, wrong: int, known: int) -> str:
    """Say that films are chosen, beside how often the model is wrong on ``known`` films, ``wrong`` of them."""
    own = sum(one.flagged != one.present for one in pool.films)
    return (
        f"These films are chosen, not a sample: half are flagged, and of {len(pool.films)} the model is wrong on "
        f"{own}, by choice. Of all {counted(known, 'film')} here whose label is known it is wrong on {wrong:,}, "
        f"which is {percent(wrong / known)}. Where it is right, who sees the finding foresees its answer."
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
    if whole or not share:
        return signed(whole, 0) if whole else "0"
    tenth = round(100 * share, 1)  # an end beside 0 is not 0: the sentence beside it says on which side it lies
    return signed(tenth, 1) if tenth else f"just {'above' if share > 0 else 'below'} 0"
