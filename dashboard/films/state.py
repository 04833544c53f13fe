"""Everything that decides what the Films page shows, and the link that asks the same again."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from typing import Any

from dashboard.page.kinds import NAME, SEED, Kind, by_finding, names, one_of, shares_by_finding, span, whole
from dashboard.page.link import Field, Link
from dashboard.page.state import PageState
from training.evaluate.conditions import read_condition
from training.evaluate.judged import ALL, NEVER_MET, NOT_MET
from training.evaluate.ranked import EvaluateError

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
MET = {"new": "never met by the model", "met": "met by the model", "unknown": "not known whether met by the model"}
MET_OF = {ALL: "", NEVER_MET: "new", NOT_MET: "unknown"}  # of the choices of ROC and Errors
LISTS = ("split", "view", "sex", "source", "tags")
OLDEST = 120
MOST_SAMPLED = 100_000


@dataclass(frozen=True)
class State(PageState):
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
    met : str
        One of `MET`, for the finding; empty takes all.
    where : tuple of str
        Conditions on any column of the dataset, as `training.evaluate.conditions` reads them.
    sample, seed : int
        Draw so many at random; 0 takes all.
    sort, size : str
    layout : str or None
        One of `LAYOUTS`; None takes a table where few of the films found have a picture; see `laid_out`.
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
    met: str = ""
    where: tuple[str, ...] = ()
    sample: int = 0
    seed: int = 0
    sort: str = "table"
    layout: str | None = None
    size: str = "medium"
    page: int = 1
    film: str | None = None

    def narrowed(self, **changes: Any) -> State:
        """The same state with some conditions changed, from its first page."""
        return dataclasses.replace(self, **{"page": 1, "film": None, **changes})

    def laid_out(self, films: int, with_picture: int) -> State:
        """The same state with a layout: a page of empty places shows nothing."""
        return self if self.layout else self.with_(layout="gallery" if 2 * with_picture >= films else "table")

    def states(self, field: str, finding: str) -> tuple[str, ...]:
        """States of one finding that are asked for in ``labels``, ``flags`` or ``outcomes``."""
        return tuple(state for name, state in getattr(self, field) if name == finding)

    def filters(self) -> tuple[Any, ...]:
        """Whatever decides which films are found and in which order."""
        shown = ("dataset", "predictions", "layout", "size", "page", "film")
        return tuple(getattr(self, one.name) for one in dataclasses.fields(self) if one.name not in shown)


def films_of(split: str) -> dict[str, Any]:
    """Give the conditions for the films that ROC and Errors judge, by one of their choices."""
    if split in MET_OF:
        return {"met": MET_OF[split]}
    return {"split": (split,)}


def state_key(state: State) -> str:
    """Name what is asked in few characters."""
    return hashlib.sha256(repr(state).encode()).hexdigest()[:16]


def _read_conditions(text: str) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(str(read_condition(one)) for one in names().read(text)))
    except EvaluateError as error:
        raise ValueError(str(error).rstrip(".")) from None


def _settled(state: State) -> tuple[State, list[str]]:
    """Take the finding of the first condition where none is named."""
    if state.finding is not None:
        return state, []
    about = [*state.outcomes, *state.flags, *state.probability, *state.labels]
    return state.with_(finding=about[0][0] if about else None), []


LINK = Link(
    State(),
    [
        Field("dataset", NAME, is_step=True),
        Field("predictions", NAME),
        Field("finding", NAME),
        Field("labels", by_finding(STATES)),
        Field("flags", by_finding(FLAGS)),
        Field("outcomes", by_finding(OUTCOMES)),
        Field("probability", shares_by_finding(2)),
        Field("thresholds", shares_by_finding(1)),
        *(Field(name, names()) for name in LISTS),
        Field("age", span(0, OLDEST, "40:60")),
        Field("patient", NAME),
        Field("name", NAME),
        Field("image", one_of(IMAGES)),
        Field("met", one_of(MET)),
        Field("where", Kind(_read_conditions, names().write)),
        Field("sample", whole(0, MOST_SAMPLED)),
        Field("seed", SEED),
        Field("sort", one_of(SORTS)),
        Field("layout", one_of(LAYOUTS)),
        Field("size", one_of(SIZES)),
        Field("page", whole(1, 999_999_999), is_step=True),
        Field("film", NAME, is_step=True),
    ],
    _settled,
)
