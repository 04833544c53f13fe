"""Everything that decides what the Trust page shows, and the link that shows it again."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.page.kinds import NAME, SEED, SWITCH, one_of, whole
from dashboard.page.link import Field, Link
from dashboard.page.state import PageState
from dashboard.trust.blind import ANSWERS, NOTHING
from dashboard.trust.marks import MARKS
from dashboard.trust.marks import NOTHING as UNMARKED
from dashboard.trust.said import SAID, UNSAID
from dashboard.trust.sections import SECTIONS
from training.benchmark.contest import FILMS
from training.benchmark.league import ALL

LIMITS = (0, 20, 10)  # seconds for each film of a contest


@dataclass(frozen=True)
class State(PageState):
    """Everything that decides what the Trust page shows.

    Attributes
    ----------
    section : str
        One of `SECTIONS`.
    model : str or None
        Name in the library; None takes the default model.
    league : str or None
        Name of the results: of their folder. None takes the first of the model.
    measure : str
        What is compared, by its name in `xai.measures.FACTS`.
    finding : str
        Whose maps are in question, or all.
    method : str or None
        Whose maps are in question; None takes the best.
    film : str or None
        Which of its films is chosen.
    dataset : str or None
        Where the film of the sanity strip is; None takes the first dataset.
    place : int or None
        Which film of the shortcut lab is shown; None takes the first.
    seed : int
        Draws the films of the blind test.
    marks : str
        What the visitor marked in a contest: see `dashboard.trust.marks`.
    turn : int
        Which of its films is shown; behind the last, how it ended.
    limit : int
        Seconds for each of them; 0 for as long as one likes.
    large : bool
        Whether a contest is shown for a projector.
    said : str
        What the visitor foresees of each film of an experiment: see `dashboard.trust.said`.
    begun : bool
        Whether its films are asked about; before, films are shown to learn from.
    answers : str
        What the visitor says of each of them, a letter a film: see `dashboard.trust.blind`.
    ended : bool
        Whether the truth is shown, once all are answered.
    """

    section: str = "league"
    model: str | None = None
    league: str | None = None
    measure: str = "pointing"
    finding: str = ALL
    method: str | None = None
    film: str | None = None
    dataset: str | None = None
    place: int | None = None
    seed: int = 0
    marks: str = UNMARKED
    turn: int = 0
    limit: int = 0
    large: bool = False
    said: str = UNSAID
    begun: bool = False
    answers: str = NOTHING
    ended: bool = False


LINK = Link(
    State(),
    [
        Field("section", one_of(SECTIONS)),
        Field("model", NAME),
        Field("league", NAME),
        Field("measure", NAME),
        Field("finding", NAME),
        Field("method", NAME),
        Field("film", NAME),
        Field("dataset", NAME),
        Field("place", SEED),
        Field("seed", SEED),
        Field("marks", MARKS),
        Field("turn", whole(0, FILMS)),
        Field("limit", one_of(LIMITS)),
        Field("large", SWITCH),
        Field("said", SAID),
        Field("begun", SWITCH),
        Field("answers", ANSWERS),
        Field("ended", SWITCH),
    ],
)
