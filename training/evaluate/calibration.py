"""Do probabilities mean what they say: Brier score and its parts, calibration curve, expected calibration error."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from training.evaluate.by_patient import ByPatient
from training.evaluate.intervals import clustered_share
from training.evaluate.ranked import Ranked, dot, rank
from training.evaluate.rates import wilson

BINS = 10


@dataclass(frozen=True, eq=False)
class CalibrationCurve:
    """Predicted against observed share, in groups of films by probability.

    Attributes
    ----------
    predicted : array (groups,)
        Mean probability of the group.
    observed, low, high : array (groups,)
        Share of its films with the finding, with its 95 % interval: Wilson's, or one that knows the films' patients.
    films : int array (groups,)
    from_probability, to_probability : array (groups,)
        Lowest and highest probability in the group.
    error : float
        Expected calibration error over these groups; NaN without films.
    binning : str
        How the groups were made, in words.
    """

    predicted: np.ndarray
    observed: np.ndarray
    low: np.ndarray
    high: np.ndarray
    films: np.ndarray
    from_probability: np.ndarray
    to_probability: np.ndarray
    error: float
    binning: str


@dataclass(frozen=True)
class BrierParts:
    """The Brier score and what it is made of.

    ``brier = reliability - resolution + uncertainty + within_variance - within_covariance``, exactly, for any
    groups (Stephenson, Coelho and Jolliffe, Weather and Forecasting 2008). The first three are Murphy's (1973), which
    alone add up only where all films of a group have the same probability.

    Attributes
    ----------
    brier : float
        Mean squared difference between probability and truth.
    reliability : float
        Mean squared gap between a group's mean probability and its share of positives; 0 is best.
    resolution : float
        How far the groups' shares lie from the prevalence; large is good.
    uncertainty : float
        ``prevalence * (1 - prevalence)``: what always saying the prevalence would score.
    within_variance, within_covariance : float
        Variance of probabilities inside the groups, and twice their covariance with the truth there.
    """

    brier: float
    reliability: float
    resolution: float
    uncertainty: float
    within_variance: float
    within_covariance: float


def brier_score(ranked: Ranked) -> float:
    """Give the mean squared difference between probability and truth; NaN without films."""
    if not ranked.films:
        return math.nan
    with_it, without = ranked.at_each_score()
    return (dot(with_it, (1 - ranked.scores) ** 2) + dot(without, ranked.scores**2)) / ranked.films


def brier_parts(ranked: Ranked, bins: int = BINS, by: str = "films") -> BrierParts:
    """Split the Brier score into its parts, over the groups of `calibration_curve`."""
    if not ranked.films:
        return BrierParts(*[math.nan] * 6)
    with_it, without = ranked.at_each_score()
    films = with_it + without
    starts = _groups(ranked, bins, by)
    weight, positives = np.add.reduceat(films, starts), np.add.reduceat(with_it, starts)
    mean, share = np.add.reduceat(films * ranked.scores, starts) / weight, positives / weight
    group = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(films))))
    off = ranked.scores - mean[group]
    variance = dot(films, off**2)
    covariance = 2 * dot(with_it * (1 - share[group]) - without * share[group], off)
    n, prevalence = ranked.films, ranked.prevalence
    return BrierParts(
        brier=brier_score(ranked),
        reliability=dot(weight, (mean - share) ** 2) / n,
        resolution=dot(weight, (share - prevalence) ** 2) / n,
        uncertainty=prevalence * (1 - prevalence),
        within_variance=variance / n,
        within_covariance=covariance / n,
    )


def calibration_curve(
    ranked: Ranked, bins: int = BINS, by: str = "films", whose: ByPatient | None = None
) -> CalibrationCurve:
    """Compare predicted with observed shares.

    Parameters
    ----------
    ranked : Ranked
        Scores are probabilities.
    bins : int
        Number of groups; fewer where films share a probability, which are never parted.
    by : {"films", "probability"}
        Groups of equal number of films, or of equal width of probability (empty ones are left out).
    whose : ByPatient, optional
        The same films beside their patients; without it each stands for itself.
    """
    words = {"films": "equal number of films", "probability": "equal width of probability"}[by]
    binning = f"up to {bins} groups of {words}"
    if not ranked.films:
        none = np.array([])
        return CalibrationCurve(none, none, none, none, none.astype(int), none, none, math.nan, binning)
    with_it, without = ranked.at_each_score()
    films = with_it + without
    starts = _groups(ranked, bins, by)
    weight, positives = np.add.reduceat(films, starts), np.add.reduceat(with_it, starts)
    predicted = np.add.reduceat(films * ranked.scores, starts) / weight
    observed = positives / weight
    low, high = wilson(positives, weight) if whose is None else _by_patient(whose, starts)
    ends = np.append(starts[1:], len(films)) - 1
    error = dot(weight, np.abs(predicted - observed)) / ranked.films
    return CalibrationCurve(
        predicted, observed, low, high, weight.astype(int), ranked.scores[starts], ranked.scores[ends], error, binning
    )


def expected_calibration_error(labels: np.ndarray, probabilities: np.ndarray, bins: int = BINS) -> float:
    """Measure how far probabilities lie from observed shares.

    Films are put in ``bins`` groups of equal number by probability; the error is the mean over groups, weighted
    by size, of ``|mean probability - share of positives|`` (Naeini et al., AAAI 2015; equal-mass bins as in
    Nixon et al., CVPR workshops 2019, since most probabilities of a rare finding are small).

    Parameters
    ----------
    labels : array (films,)
        1, 0 or missing (NaN, -1); what is missing does not count.
    probabilities : array (films,)
        In [0, 1].
    bins : int
        Number of groups; films of the same probability stay together.
    """
    return calibration_curve(rank(labels, probabilities), bins).error


def _by_patient(whose: ByPatient, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the interval of each group's share; ``starts`` are the groups' first scores."""
    group = np.searchsorted(starts, whose.places, side="right") - 1
    groups = [group == k for k in range(len(starts))]
    found = [clustered_share(whose.count(here & whose.positive), whose.count(here)) for here in groups]
    return np.array([one.low for one in found]), np.array([one.high for one in found])


def _groups(ranked: Ranked, bins: int, by: str) -> np.ndarray:
    """Index of the first distinct score of each group."""
    if by == "probability":
        inner = ranked.position(np.arange(1, bins) / bins)
    else:
        # The first groups are one film larger where the films do not divide, as numpy's array_split does it.
        size, over = divmod(ranked.films, bins)
        below = np.cumsum(np.where(np.arange(bins) < over, size + 1, size))[:-1]
        lower = ranked.films - (ranked.true_positives + ranked.false_positives)
        # A group starts where the run of equal scores starts that its first film belongs to.
        inner = np.searchsorted(lower, below, side="right") - 1
    starts = np.unique(np.append(0, inner)).astype(int)
    return starts[starts < len(ranked.scores)]
