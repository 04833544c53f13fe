"""What a visitor asks of the Films page, and the link that asks the same again."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from dashboard.compare.state import LONGEST_NAME, excerpt

STATES = {
    "present": "present",
    "absent": "absent",
    "uncertain": "uncertain in the source",
    "missing": "without a label",
}
FLAGS = {"yes": "flagged", "no": "not flagged"}
OUTCOMES = {"TP": "true positive", "FP": "false positive", "FN": "false negative", "TN": "true negative"}
SORTS = {
    "table": "as in the dataset",
    "likely": "most probable first",
    "unlikely": "least probable first",
    "error": "largest error first",
    "mistakes": "most confident mistakes first",
    "uncertainty": "nearest to the threshold first",
    "findings": "most findings first",
}
NEEDS_ANSWERS = ("likely", "unlikely", "error", "mistakes", "uncertainty")
SIZES = {"small": 96, "medium": 136, "large": 200, "huge": 296}  # pixels a side on the screen
LAYOUTS = ("gallery", "table")
IMAGES = {"here": "picture at hand", "absent": "no picture here"}
LISTS = ("split", "view", "sex", "source", "tags")
MOST_NAMED = 50  # conditions of one kind in a link
OLDEST = 120
MOST_SAMPLED = 100_000


@dataclass(frozen=True)
class Query:
    """Everything that decides what the Films page shows.

    Attributes
    ----------
    dataset, predictions : str or None
        Names in the library; None takes the first that there is.
    finding : str or None
        The finding that thumbnails, order and new conditions are about.
    labels, flags, outcomes : tuple of (finding, state)
        Several states of one finding are alternatives; all else must hold together.
    probability : tuple of (finding, least, most)
    thresholds : tuple of (finding, probability)
        In place of those of the predictions.
    split, view, sex, source, tags : tuple of str
        Alternatives; none means all. A film needs all of the tags.
    age : tuple of two float, or None
    patient, name : str
        A patient; a part of a film's name.
    image : {"", "here", "absent"}
    sample, seed : int
        Draw so many at random; 0 takes all.
    sort, layout, size : str
    page : int
    film : str or None
        Shown large.
    """

    dataset: str | None = None
    predictions: str | None = None
    finding: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    flags: tuple[tuple[str, str], ...] = ()
    outcomes: tuple[tuple[str, str], ...] = ()
    probability: tuple[tuple[str, float, float], ...] = ()
    thresholds: tuple[tuple[str, float], ...] = ()
    split: tuple[str, ...] = ()
    view: tuple[str, ...] = ()
    sex: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    age: tuple[float, float] | None = None
    patient: str = ""
    name: str = ""
    image: str = ""
    sample: int = 0
    seed: int = 0
    sort: str = "table"
    layout: str = "gallery"
    size: str = "medium"
    page: int = 1
    film: str | None = None

    def with_(self, **changes: Any) -> Query:
        """The same query with some fields changed."""
        return dataclasses.replace(self, **changes)

    def narrowed(self, **changes: Any) -> Query:
        """The same query with some conditions changed, from its first page."""
        return dataclasses.replace(self, **{"page": 1, "film": None, **changes})

    def states(self, field: str, finding: str) -> tuple[str, ...]:
        """States of one finding that are asked for in ``labels``, ``flags`` or ``outcomes``."""
        return tuple(state for name, state in getattr(self, field) if name == finding)

    def filters(self) -> tuple[Any, ...]:
        """Whatever decides which films are found and in which order."""
        shown = ("dataset", "predictions", "layout", "size", "page", "film")
        return tuple(getattr(self, one.name) for one in dataclasses.fields(self) if one.name not in shown)


DEFAULT = Query()


def write_link(query: Query) -> dict[str, str]:
    """Give the query parameters of a query; whatever is as by default is left out."""
    link = {}
    for name, (_, write) in _FIELDS.items():
        value = getattr(query, name)
        if value != getattr(DEFAULT, name):
            link[name] = write(value)
    return link


def read_link(link: Mapping[str, str]) -> tuple[Query, list[str]]:
    """Read a query from query parameters.

    Returns
    -------
    query : Query
        With defaults wherever the link says nothing that can be used.
    problems : list of str
        One sentence for each part of the link that could not be used.
    """
    found: dict[str, Any] = {}
    problems: list[str] = []
    for name, text in link.items():
        if name not in _FIELDS:
            continue
        try:
            found[name] = _FIELDS[name][0](text)
        except ValueError as error:
            problems.append(f"The link's {name} “{excerpt(text)}” was left out: {error}.")
    query = Query(**found)
    if query.finding is None:
        about = [*query.outcomes, *query.flags, *query.probability, *query.labels]
        query = query.with_(finding=about[0][0] if about else None)
    return query, problems


def query_key(query: Query) -> str:
    """Name a query in few characters."""
    return hashlib.sha256(repr(query).encode()).hexdigest()[:16]


def _name(text: str) -> str:
    if not 0 < len(text) <= LONGEST_NAME or not text.isprintable():
        raise ValueError(f"expected a name of at most {LONGEST_NAME} characters")
    return text


def _names(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(_name(part) for part in text.split(",")))
    if len(names) > MOST_NAMED:
        raise ValueError(f"expected at most {MOST_NAMED} names")
    return names


def _pairs(choices: Mapping[str, str]) -> Callable[[str], tuple[tuple[str, str], ...]]:
    def read(text: str) -> tuple[tuple[str, str], ...]:
        pairs = [tuple(part.rsplit(":", 1)) for part in _names(text)]
        if any(len(pair) != 2 or not pair[0] or pair[1] not in choices for pair in pairs):
            raise ValueError(f"expected finding:state, the state one of {', '.join(choices)}")
        return tuple((_name(unquote(finding)), state) for finding, state in pairs)

    return read


def _numbers(count: int) -> Callable[[str], tuple]:
    """Read ``finding:0.2:0.8`` or ``finding:0.34``, several with commas."""
    rule = "expected finding:" + ":".join(["number"] * count) + " with numbers from 0 to 1" + ", rising" * (count > 1)

    def read(text: str) -> tuple:
        found = []
        for part in _names(text):
            finding, *numbers = part.rsplit(":", count)
            values = [_number(number, 1, rule) for number in numbers]
            if not finding or len(values) != count or sorted(values) != values:
                raise ValueError(rule)
            found.append((_name(unquote(finding)), *values))
        return tuple(found)

    return read


def _number(text: str, most: float, rule: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(rule) from None
    if not (math.isfinite(value) and 0 <= value <= most):
        raise ValueError(rule)
    return value


def _age(text: str) -> tuple[float, float]:
    rule = f"expected two ages from 0 to {OLDEST}, rising, such as 40:60"
    values = [_number(part, OLDEST, rule) for part in text.split(":")]
    if len(values) != 2 or values[0] > values[1]:
        raise ValueError(rule)
    return values[0], values[1]


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or len(text) > 9 or not least <= int(text) <= most:
            raise ValueError(f"expected a whole number from {least} to {most:,}")
        return int(text)

    return read


def _one_of(choices: Any) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"it can be {', '.join(choices)}")
        return text

    return read


def _join(conditions: tuple) -> str:
    return ",".join(":".join([_quoted(one[0]), *map(str, one[1:])]) for one in conditions)


def _quoted(name: str) -> str:
    """Write a name such that no comma of its own ends it: a class is called as its folder is."""
    return name.replace("%", "%25").replace(",", "%2C")


_FIELDS: Mapping[str, tuple[Callable[[str], Any], Callable[[Any], str]]] = {
    "dataset": (_name, str),
    "predictions": (_name, str),
    "finding": (_name, str),
    "labels": (_pairs(STATES), _join),
    "flags": (_pairs(FLAGS), _join),
    "outcomes": (_pairs(OUTCOMES), _join),
    "probability": (_numbers(2), _join),
    "thresholds": (_numbers(1), _join),
    **dict.fromkeys(LISTS, (_names, ",".join)),
    "age": (_age, lambda age: f"{age[0]:g}:{age[1]:g}"),
    "patient": (_name, str),
    "name": (_name, str),
    "image": (_one_of(IMAGES), str),
    "sample": (_whole(0, MOST_SAMPLED), str),
    "seed": (_whole(0, 999_999_999), str),
    "sort": (_one_of(SORTS), str),
    "layout": (_one_of(LAYOUTS), str),
    "size": (_one_of(SIZES), str),
    "page": (_whole(1, 999_999_999), str),
    "film": (_name, str),
}
