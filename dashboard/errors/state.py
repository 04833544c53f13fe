"""What a visitor asks of the Errors page, and the link that asks the same again."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.compare.state import LONGEST_NAME, excerpt
from dashboard.server.judging import ALL, SPLIT_CHOICES
from training.evaluate.thresholds import RULES
from training.mending.calibrate import METHODS

NUMBER = "number"  # in place of a rule: the threshold of the one finding is set by hand
SECTIONS = {"audit": "Over-prediction audit", "atlas": "Error atlas"}
COMPANY = ("FP", "positives")
CELLS = {"FP": "false positives", "FN": "false negatives"}
MOST_CORNERS = 32  # of a region in a link
FEWEST_FILMS, MOST_FILMS = 4, 2000

Region = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Case:
    """Everything that decides what the Errors page shows.

    Attributes
    ----------
    predictions, finding : str or None
        None takes the first predictions that there are, and the finding that is over-predicted most.
    section : str
        One of `SECTIONS`.
    split : str
        Which of the predicted films: one of `dashboard.server.judging.SPLIT_CHOICES`.
    rule : str
        One of `RULES`, for all findings; `NUMBER` for a threshold set by hand, for one finding.
    target, threshold : float or None
        What the rule asks for; the threshold set by hand.
    keep : float or None
        Sensitivity that the audit must keep.
    company : str
        Whose other findings are shown: one of `COMPANY`.
    remedy : str
        One of `METHODS`.
    cut : str
        Rule of the threshold after the remedy: one of `RULES`, or ``keep`` for the number as it is.
    aim : float or None
        What that rule asks for.
    share, seed
        Share of the patients that the remedy is fitted on, and the lot that parts them.
    weight, trained, here : float or None
        Parameters of the remedies that are not fitted; None takes what the model card or the films say.
    cell : str
        Whose traits, maps and galleries are in question: one of `CELLS`.
    pictures : bool
        Show only films whose picture is at hand.
    looks, spots : int
        Films of either kind in a mean map, and films in the map of features.
    region : tuple of (float, float)
        Corners of what was drawn on that map.
    """

    predictions: str | None = None
    finding: str | None = None
    section: str = "audit"
    split: str = ALL
    rule: str = "card"
    target: float | None = None
    threshold: float | None = None
    keep: float | None = None
    company: str = "FP"
    remedy: str = "platt"
    cut: str = "prevalence"
    aim: float | None = None
    share: float = 0.5
    seed: int = 0
    weight: float | None = None
    trained: float | None = None
    here: float | None = None
    cell: str = "FP"
    pictures: bool = False
    looks: int = 24
    spots: int = 300
    region: Region = ()

    def with_(self, **changes: Any) -> Case:
        """The same case with some fields changed."""
        return dataclasses.replace(self, **changes)

    def of(self, finding: str) -> Case:
        """Give the same case of another finding; what was set by hand for this one does not carry over."""
        rule = "card" if self.rule == NUMBER else self.rule
        target = None if self.rule == NUMBER else self.target
        own = dict.fromkeys(("threshold", "keep", "weight", "trained", "here"))
        return self.with_(finding=finding, rule=rule, target=target, region=(), **own)


DEFAULT = Case()


def write_link(case: Case) -> dict[str, str]:
    """Give the query parameters of a case; whatever is as by default is left out."""
    return {
        name: write(getattr(case, name))
        for name, (_, write) in _FIELDS.items()
        if getattr(case, name) != getattr(DEFAULT, name)
    }


def read_link(link: Mapping[str, str]) -> tuple[Case, list[str]]:
    """Read a case from query parameters.

    Returns
    -------
    case : Case
        With defaults wherever the link says nothing that can be used.
    problems : list of str
        One sentence for each part of the link that could not be used.
    """
    found: dict[str, Any] = {}
    problems = []
    for name, text in link.items():
        if name not in _FIELDS:
            continue
        try:
            found[name] = _FIELDS[name][0](text)
        except ValueError as error:
            problems.append(f"The link's {name} “{excerpt(text)}” was left out: {error}.")
    if found.get("rule") == NUMBER and "threshold" not in found:
        del found["rule"]
        problems.append("The link sets a threshold by hand and names none; the model card's is used.")
    return Case(**found), problems


def simplified(corners: list[tuple[float, float]]) -> Region:
    """Give an outline with few enough corners for a link, each in three digits."""
    step = max(1, math.ceil(len(corners) / MOST_CORNERS))
    return tuple((float(f"{x:.3g}"), float(f"{y:.3g}")) for x, y in corners[::step])


def _name(text: str) -> str:
    if not 0 < len(text) <= LONGEST_NAME or not text.isprintable():
        raise ValueError(f"expected a name of at most {LONGEST_NAME} characters")
    return text


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"it can be {', '.join(filter(None, choices))}")
        return text

    return read


def _number(least: float, most: float) -> Callable[[str], float]:
    rule = f"expected a number from {least:g} to {most:g}"

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise ValueError(rule) from None
        if not least <= value <= most:  # so that no NaN comes through
            raise ValueError(rule)
        return value

    return read


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or len(text) > 9 or not least <= int(text) <= most:
            raise ValueError(f"expected a whole number from {least} to {most:,}")
        return int(text)

    return read


def _switch(text: str) -> bool:
    return _one_of("on", "off")(text) == "on"


def _region(text: str) -> Region:
    rule = f"expected 3 to {MOST_CORNERS} corners, such as 0:0,1:0,1:1"
    try:
        corners = tuple(tuple(float(part) for part in corner.split(":")) for corner in text.split(","))
    except ValueError:
        raise ValueError(rule) from None
    fine = all(len(corner) == 2 and all(map(math.isfinite, corner)) for corner in corners)
    if not fine or not 3 <= len(corners) <= MOST_CORNERS:
        raise ValueError(rule)
    return corners


def _digits(value: float) -> str:
    return f"{value:.8g}"


_SHARE = (_number(0, 1), _digits)
_FIELDS: Mapping[str, tuple[Callable[[str], Any], Callable[[Any], str]]] = {
    "predictions": (_name, str),
    "finding": (_name, str),
    "section": (_one_of(*SECTIONS), str),
    "split": (_one_of(*SPLIT_CHOICES), str),
    "rule": (_one_of(*RULES, NUMBER), str),
    "target": (_number(0, 1000), _digits),
    "threshold": _SHARE,
    "keep": (_number(0.01, 1), _digits),
    "company": (_one_of(*COMPANY), str),
    "remedy": (_one_of(*METHODS), str),
    "cut": (_one_of("keep", *RULES), str),
    "aim": (_number(0, 1000), _digits),
    "share": (_number(0.1, 0.9), _digits),
    "seed": (_whole(0, 999_999_999), str),
    "weight": (_number(0.01, 10_000), _digits),
    "trained": (_number(0.0001, 0.9999), _digits),
    "here": (_number(0.0001, 0.9999), _digits),
    "cell": (_one_of(*CELLS), str),
    "pictures": (_switch, lambda on: "on" if on else "off"),
    "looks": (_whole(FEWEST_FILMS, MOST_FILMS), str),
    "spots": (_whole(FEWEST_FILMS, MOST_FILMS), str),
    "region": (_region, lambda region: ",".join(f"{x:g}:{y:g}" for x, y in region)),
}
