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
TIE = 1e-9


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

    Each film's difference has either sign with the same chance then: all ways are counted (Fisher's exact test of
    paired differences, The Design of Experiments, 1935).
    """
    apart = np.asarray(one, float) - np.asarray(other, float)
    signs = np.array(list(itertools.product((1, -1), repeat=len(apart))))
    return float((np.abs(signs @ apart) >= abs(apart.sum()) - TIE).mean())


def least_lead() -> int:
    """Give the fewest films to be ahead by, losing none, that equals are seldom apart: in 5 % of contests or fewer."""
    return math.ceil(math.log2(2 / LEVEL))
