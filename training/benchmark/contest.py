"""A contest on ten films, one finding each: who points at it better, a person or a heat map.

A hit is a point inside the truth, as in the pointing game (Zhang et al., ECCV 2016) without its tolerance: a pixel at
the edge that belongs to the mask is inside. Where a map is equally strong at several places it hits as often as a point
drawn among them would (`xai.measures.pointing`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import ndimage

from training.benchmark.league import mean_with_interval

FILMS = 10
LEVEL = 0.05


@dataclass(frozen=True)
class Round:
    """One film of a contest, and what is to be found on it."""

    film: str
    finding: str


@dataclass(frozen=True)
class Tally:
    """How often somebody hit.

    Attributes
    ----------
    hits : float
        Of all rounds; maps that are equally strong at several places hit in part.
    low, high : float
        Ends of the 95 % interval of the share of hits, over all films that there could be.
    """

    hits: float
    low: float
    high: float


def draw_rounds(scores: pd.DataFrame, seed: int, films: int = FILMS) -> list[Round]:
    """Draw films and findings: as many findings as there are take turns, and no patient comes twice.

    Parameters
    ----------
    scores : DataFrame
        Of maps, as `training.benchmark.results.read_scores` reads them: film, patient, finding.
    seed : int
        The same seed draws the same rounds of the same scores.
    films : int
        Fewer are drawn where there are not as many patients.
    """
    rng = np.random.default_rng(seed)
    cases = scores[["film", "patient", "finding"]].drop_duplicates().sort_values(["finding", "film"])
    findings = rng.permutation(cases["finding"].unique())
    drawn: list[Round] = []
    seen: set[str] = set()
    for finding in itertools.cycle(findings):
        left = cases[~cases["patient"].isin(seen)]
        if len(drawn) == films or left.empty:
            return drawn
        own = left[left["finding"] == finding]
        if len(own):
            one = own.iloc[int(rng.integers(len(own)))]
            drawn.append(Round(str(one["film"]), str(one["finding"])))
            seen.add(str(one["patient"]))
    return drawn


def hits(truth: np.ndarray, x: float, y: float) -> bool:
    """Say whether a point lies inside the truth.

    Parameters
    ----------
    truth : bool array (H, W)
        Of the whole film.
    x, y : float
        Fractions of its width and height, from 0 to 1.
    """
    height, width = truth.shape
    return bool(truth[min(int(y * height), height - 1), min(int(x * width), width - 1)])


def distance(truth: np.ndarray, x: float, y: float, aspect: float) -> float:
    """Give the way from a point to the nearest place of the truth, as a share of the film's width; 0 inside.

    Parameters
    ----------
    truth : bool array (H, W)
        Not empty.
    x, y : float
    aspect : float
        The film's height as a share of its width; pixels of the truth need not be square.
    """
    height, width = truth.shape
    away = ndimage.distance_transform_edt(~truth, sampling=(aspect / height, 1 / width))
    return float(away[min(int(y * height), height - 1), min(int(x * width), width - 1)])


def tally(found: Sequence[float]) -> Tally:
    """Add up hits, from 0 to 1 each, one film a patient."""
    values = np.asarray(found, float)
    _, low, high = mean_with_interval(values, np.arange(len(values)).astype(str))
    return Tally(float(values.sum()), low, high)


def chance_of_lead(one: Sequence[float], other: Sequence[float]) -> float:
    """Say how often two who are equally good end as far apart as this or farther, whoever is ahead.

    Of films on which one alone hits, either is as likely to be the one: McNemar's exact test (Psychometrika 1947). A
    map that hits in part hits as often as a point drawn among its strongest would, so what is given is the mean over
    these draws. A fraction is no hit that could as well be the other's: signs of the differences themselves are not
    exchangeable, and who never hits would seem worse than a map with a tenth of a chance on every film.

    Parameters
    ----------
    one, other : sequence of float
        A film each, from 0 to 1.

    Returns
    -------
    float
        At or below `LEVEL` for equals in at most twice `LEVEL` of contests, as any mean of p-values (Rüschendorf 1982),
        and where `tests/training/benchmark/test_contest.py` plays them in no more than `LEVEL`.
    """
    odds = np.zeros((len(one) + 1, len(one) + 1))  # of how many films each hits alone
    odds[0, 0] = 1
    for own, their in zip(one, other, strict=True):
        ahead, behind = own * (1 - their), their * (1 - own)
        rest = odds * (1 - ahead - behind)
        rest[1:] += odds[:-1] * ahead
        rest[:, 1:] += odds[:, :-1] * behind
        odds = rest
    return float(sum(odds[alone] * _as_far_apart(*alone) for alone in np.ndindex(odds.shape)))


def _as_far_apart(ahead: int, behind: int) -> float:
    """Say how often a fair coin tossed for each film on which one alone hits divides them as unevenly."""
    films = ahead + behind
    return (
        min(1.0, sum(math.comb(films, k) for k in range(min(ahead, behind) + 1)) / 2 ** (films - 1)) if films else 1.0
    )


def least_lead() -> int:
    """Give the fewest films to be ahead by, losing none, that equals are seldom apart: in 5 % of contests or fewer."""
    return math.ceil(math.log2(2 / LEVEL))
