"""Beat the heat map, without the page: whose points are compared on which films, and how each did."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dashboard.trust.cell_films import scores_of
from dashboard.trust.marks import place
from dashboard.trust.subject import Subject
from training.benchmark.contest import Round, Tally, chance_of_lead, distance, draw_rounds, hits, tally
from training.benchmark.league import PRIOR
from training.benchmark.results import Results, read_peaks
from training.benchmark.sources import PEAKS_FILE, SCORES_FILE, Source
from training.benchmark.truth import truths
from training.datasets.facts import DatasetError
from xai.films.film import Film
from xai.measures.frame import WHOLE, Frame
from xai.models.preprocess import footprint

RIVALS = {"gradcam": "G", "shap": "S", "lime": "L", PRIOR: "U"}  # and the letters that stand for them on a film
POINTING = "pointing"

Place = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Contest:
    """The films of one contest.

    Attributes
    ----------
    subject : Subject
    results : Results
        That say how the maps did on these films.
    dataset : str
        What the library calls the dataset of these films.
    rounds : sequence of Round
    """

    subject: Subject
    results: Results
    dataset: str
    rounds: Sequence[Round]

    @property
    def rivals(self) -> list[str]:
        """Those of `RIVALS` whose maps were measured."""
        there = set(self._scores["method"])
        return [name for name in RIVALS if name in there]

    @property
    def _scores(self) -> pd.DataFrame:
        scores = scores_of(self.results)
        assert scores is not None  # only leagues with scores are offered
        return scores

    def film(self, number: int) -> Film:
        """Open a film; raises FilmError or DatasetError."""
        return self.subject.services.film(self.dataset, self.rounds[number].film)

    def truth(self, number: int) -> np.ndarray:
        """Give where the finding is, bool (H, W) of the whole film; raises as `film` does."""
        one, film = self.rounds[number], self.film(number)
        dataset = self.subject.library.dataset(self.dataset)
        return truths(dataset, one.film, [one.finding], film.pixels.shape, WHOLE)[one.finding]

    def hit(self, rival: str, number: int) -> float:
        """Say how far a map hit: how likely a point among its strongest lies inside the truth; 0 without a map."""
        one, scores = self.rounds[number], self._scores
        same = (scores["film"] == one.film) & (scores["finding"] == one.finding) & (scores["method"] == rival)
        found = scores.loc[same, POINTING].dropna()
        return float(found.iloc[0]) if len(found) else 0.0

    def peaks(self, number: int) -> dict[str, Place]:
        """Give where each rival's map is strongest, in fractions of the film, if it is on it."""
        one, film = self.rounds[number], self.film(number)
        table = _peaks(self.results.source, self.results.stamp(PEAKS_FILE))
        card = self.subject.library.card(self.subject.model)
        height, width = film.pixels.shape
        frame = Frame(footprint=footprint(height, width, card.input))
        found = {}
        own = table[(table["film"] == one.film) & (table["finding"] == one.finding)]
        for method, *place_on_map in zip(own["method"], own["x"], own["y"], strict=True):
            across, down = (float(part) for part in frame.on_film(*place_on_map))
            if method in self.rivals and 0 <= across <= 1 and 0 <= down <= 1:
                found[method] = across, down
        return found


@dataclass(frozen=True)
class Standing:
    """How one of those who pointed did over all films.

    Attributes
    ----------
    hits : tuple of float
        A film each, from 0 to 1.
    tally : Tally
    distance : float
        Mean way to the truth, as a share of the film's width, where somebody pointed; NaN where nobody did.
    apart : float
        How often equals end as far from the visitor as this; NaN for the visitor.
    """

    hits: tuple[float, ...]
    tally: Tally
    distance: float
    apart: float


def with_points(subject: Subject) -> list[Results]:
    """Give the results that say where each map points, and whose films can be opened here."""
    there = subject.library.datasets()
    return [one for one in subject.leagues if one.dataset in there and all(map(one.has, (PEAKS_FILE, SCORES_FILE)))]


def open_contest(subject: Subject, results: Results, seed: int) -> Contest:
    """Draw the films; raises ResultsError where the scores are damaged, DatasetError where the films are not here."""
    home = subject.home(results)
    if home is None:
        raise DatasetError(f"The dataset {results.dataset} is not in this library, so its films cannot be shown.")
    scores = scores_of(results)
    return Contest(subject, results, home, draw_rounds(pd.DataFrame() if scores is None else scores, seed))


def standings(contest: Contest, marks: str) -> tuple[dict[str, Standing], float]:
    """Say how the visitor (called ``""``) and each rival did, and how many a point at random would hit.

    Raises
    ------
    FilmError, DatasetError
        If a film cannot be opened.
    """
    numbers = range(len(contest.rounds))
    known = [contest.truth(number) for number in numbers]
    pointed: dict[str, list[Place | None]] = {"": [place(marks, number) for number in numbers]}
    peaks = [contest.peaks(number) for number in numbers]
    pointed |= {rival: [found.get(rival) for found in peaks] for rival in contest.rivals}
    own = tuple(float(at is not None and hits(truth, *at)) for truth, at in zip(known, pointed[""], strict=True))
    scored = {"": own} | {rival: tuple(contest.hit(rival, k) for k in numbers) for rival in contest.rivals}
    found = {}
    for name, their in scored.items():
        away = [_away(contest, k, known[k], at) for k, at in enumerate(pointed[name]) if at is not None]
        apart = chance_of_lead(own, their) if name else np.nan
        found[name] = Standing(their, tally(their), float(np.mean(away)) if away else np.nan, apart)
    return found, float(sum(truth.mean() for truth in known))


def _away(contest: Contest, number: int, truth: np.ndarray, at: Place) -> float:
    height, width = contest.film(number).pixels.shape
    return distance(truth, *at, height / width)


@functools.lru_cache(maxsize=4)
def _peaks(source: Source, stamp: float) -> pd.DataFrame:
    peaks = read_peaks(source)
    assert peaks is not None  # only leagues with them are offered
    return peaks


def letters(rivals: Mapping[str, Place]) -> dict[str, Place]:
    """Give places by the letter that stands for who pointed there."""
    return {RIVALS[name]: at for name, at in rivals.items()}
