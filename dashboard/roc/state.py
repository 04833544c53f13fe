"""Everything that decides what the ROC page shows, and the link that shows it again."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.compare.state import LONGEST_NAME, excerpt
from dashboard.server.judging import ALL, SPLIT_CHOICES
from training.evaluate.thresholds import RULES

SORTS = {
    "worst": "worst AUROC first",
    "best": "best AUROC first",
    "excess": "most over-flagged first",
    "common": "most common first",
    "usual": "in the usual order",
}
PANELS = {
    "whatif": "What if",
    "models": "Models",
    "subgroups": "Subgroups",
    "published": "Published",
    "steps": "Step by step",
    "words": "Words",
    "downloads": "Downloads",
}
GROUPINGS = {"films": "equal number of films", "probability": "equal steps of probability"}
MOST_COMPARED = 4
STEP_FILMS = (12, 20, 30, 60)


@dataclass(frozen=True)
class View:
    """What a visitor of the ROC page looks at.

    Attributes
    ----------
    predictions : str or None
        Name in the library; None takes the default.
    part : str
        Which films are judged; one of `dashboard.server.judging.SPLIT_CHOICES`.
    models : tuple of str
        Other predictions on the same axes.
    finding : str or None
        None takes the first of the overview.
    rule : str
        One of `training.evaluate.thresholds.RULES`; empty where the threshold was set by hand. None takes the
        card's, or 0.5.
    target : float or None
        What the rule asks for.
    threshold : float or None
        Set by hand.
    sort, panel, groups : str
        Order of the overview, open panel, grouping of the calibration curve.
    prevalence : float or None
        What-if: share of films with the finding somewhere else.
    miss : float
        What-if: false alarms that a missed film is worth.
    films, seed, step : int
        Step by step: number of films drawn, by which seed, and how many are placed.
    """

    predictions: str | None = None
    part: str = ALL
    models: tuple[str, ...] = ()
    finding: str | None = None
    rule: str | None = None
    target: float | None = None
    threshold: float | None = None
    sort: str = "worst"
    panel: str = "whatif"
    groups: str = "films"
    prevalence: float | None = None
    miss: float = 10.0
    films: int = 20
    seed: int = 0
    step: int = 0

    def with_(self, **changes: Any) -> View:
        """The same view with some fields changed."""
        return dataclasses.replace(self, **changes)


DEFAULT = View()


def write_link(view: View) -> dict[str, str]:
    """Give the query parameters of a view; whatever is as by default is left out."""
    link = {}
    for name in _READERS:
        value = getattr(view, name)
        if value not in ("", getattr(DEFAULT, name)):
            link[name] = ",".join(value) if isinstance(value, tuple) else str(value)
    return link


def read_link(link: Mapping[str, str]) -> tuple[View, list[str]]:
    """Read a view from query parameters.

    Returns
    -------
    view : View
        With defaults wherever the link says nothing that can be used.
    problems : list of str
        One sentence for each part of the link that could not be used.
    """
    found: dict[str, Any] = {}
    problems: list[str] = []
    for name, text in link.items():
        if name not in _READERS:
            continue
        try:
            found[name] = _READERS[name](text)
        except ValueError as error:
            problems.append(f"The link's {name} “{excerpt(text)}” was left out: {error}.")
    view = View(**found)
    if view.threshold is not None and view.rule:
        view = view.with_(threshold=None)
    return (view.with_(rule="") if view.threshold is not None else view), problems


def _name(text: str) -> str:
    if not 0 < len(text) <= LONGEST_NAME or not text.isprintable():
        raise ValueError(f"expected a name of at most {LONGEST_NAME} characters")
    return text


def _names(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(_name(part) for part in text.split(",")))
    if len(names) > MOST_COMPARED:
        raise ValueError(f"expected at most {MOST_COMPARED} names")
    return names


def _one_of(choices: Any) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"it can be {', '.join(choices)}")
        return text

    return read


def _number(least: float, most: float, open_ended: bool = False) -> Callable[[str], float]:
    def read(text: str) -> float:
        rule = f"expected a number from {least:g} to {most:g}"
        try:
            value = float(text)
        except ValueError:
            raise ValueError(rule) from None
        if not (math.isfinite(value) and least <= value <= most) or (open_ended and value in (least, most)):
            raise ValueError(rule)
        return value

    return read


def _whole(choices: Any) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or len(text) > 9 or int(text) not in choices:
            raise ValueError(f"expected a whole number, one of {_listed(choices)}")
        return int(text)

    return read


def _listed(choices: Any) -> str:
    return f"{choices.start} to {choices.stop - 1}" if isinstance(choices, range) else ", ".join(map(str, choices))


_READERS: Mapping[str, Callable[[str], Any]] = {
    "predictions": _name,
    "part": _one_of(SPLIT_CHOICES),
    "models": _names,
    "finding": _name,
    "rule": _one_of(RULES),
    "target": _number(0, 1000),
    "threshold": _number(0, 1),
    "sort": _one_of(SORTS),
    "panel": _one_of(PANELS),
    "groups": _one_of(GROUPINGS),
    "prevalence": _number(0, 1, open_ended=True),
    "miss": _number(0.01, 1000),
    "films": _whole(STEP_FILMS),
    "seed": _whole(range(1_000_000_000)),
    "step": _whole(range(STEP_FILMS[-1] + 1)),
}
