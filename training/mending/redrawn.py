"""Shares of flagged films and the calibration that would set them right, as they are and drawn again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit, logit

from training.evaluate.bootstrap import draw_statistic
from training.evaluate.ranked import Ranked, rank
from training.mending.calibrate import SLOWEST, safe_logit

DRAWS, FEW_DRAWS, MANY_FILMS = 200, 60, 100_000  # of so many films each draw takes long, and tells less
LEVELS = 800  # distinct scores of a draw
LOOSENESS = 1.0  # how far from 1 a slope may lie before few films are believed: a standard deviation
STEPS, LONGEST = 60, 3.0  # of Newton's method; on standardised logits
FURTHEST, HALVINGS = 40.0, 25  # logits that a lift is looked for in, and how often they are halved
NEAR = 1e-9


@dataclass(frozen=True, eq=False)
class Redrawn:
    """Films in order of their score, once or drawn many times.

    Attributes
    ----------
    logits : array (K,)
        Distinct ones, rising.
    with_it, without : array (draws, K + 1)
        Films with and without the finding from each logit upwards; the last entry is 0.
    slope, intercept : array (draws,)
        Of the logit, so that probabilities mean what they say (Platt, 1999).
    """

    logits: np.ndarray
    with_it: np.ndarray
    without: np.ndarray
    slope: np.ndarray
    intercept: np.ndarray

    @property
    def films(self) -> np.ndarray:
        """How many there are, (draws,)."""
        return self.with_it[:, 0] + self.without[:, 0]

    @property
    def prevalence(self) -> np.ndarray:
        """Share that has the finding, (draws,)."""
        return self.with_it[:, 0] / self.films

    def places(self, logits: np.ndarray | float) -> np.ndarray:
        """Where a threshold stands in ``logits``, (draws,)."""
        return np.broadcast_to(np.searchsorted(self.logits, logits), self.films.shape)

    def flagged(self, places: np.ndarray) -> np.ndarray:
        """Share of films from a place upwards, (draws,)."""
        rows = np.arange(len(places))
        return (self.with_it[rows, places] + self.without[rows, places]) / self.films

    def at_sensitivity(self, found: np.ndarray) -> np.ndarray:
        """Give the highest places that still find so many films with the finding, (draws,)."""
        enough = self.with_it >= (found * (1 - NEAR))[:, None]
        return np.asarray(enough.sum(axis=1) - 1)

    @property
    def prevalence_inside(self) -> np.ndarray:
        """Prevalence, kept off 0 and 1, which a draw of few films may have, (draws,)."""
        return np.clip(self.prevalence, 0.5 / self.films, 1 - 0.5 / self.films)

    @cached_property
    def lift(self) -> np.ndarray:
        """What to take from all logits so that their mean probability is the prevalence, (draws,)."""
        films = -np.diff(self.with_it + self.without, axis=1)
        there = self.prevalence_inside * self.films
        low, high = np.full(len(films), -FURTHEST), np.full(len(films), FURTHEST)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            above = (films * expit(self.logits - middle[:, None])).sum(axis=1) > there
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        return (low + high) / 2


def redraw(ranked: Ranked, labels: np.ndarray, patients: np.ndarray, seed: int = 0) -> tuple[Redrawn, Redrawn]:
    """Give films as they are, and their patients drawn with replacement many times.

    Parameters
    ----------
    ranked : Ranked
        Films of both kinds.
    labels, patients : array (films,)
        Of the same films, in the order in which they were ranked.
    seed : int
        Of the draws.

    Returns
    -------
    whole, drawn : Redrawn
        One draw, exact, and many, of films that lie close together as if they had one score.
    """
    scores = _coarse(ranked)
    coarse = rank(labels, scores)
    logits = safe_logit(coarse.scores)
    fitted = _calibrated(logits, coarse.true_positives[None].astype(float), coarse.false_positives[None].astype(float))
    whole = Redrawn(
        safe_logit(ranked.scores),
        ranked.true_positives[None].astype(float),
        ranked.false_positives[None].astype(float),
        fitted.slope,
        fitted.intercept,
    )
    draws = DRAWS if len(labels) < MANY_FILMS else FEW_DRAWS
    rng = np.random.default_rng(seed)
    drawn = draw_statistic(labels, scores, patients, lambda *counts: np.stack(counts), rng, draws)
    return whole, _calibrated(logits, drawn[:, 0], drawn[:, 1])


def _coarse(ranked: Ranked) -> np.ndarray:
    """Give films that lie close together one score, so that there are few."""
    logits, levels = safe_logit(ranked.scores), min(LEVELS, len(ranked.scores))
    films = np.add(*ranked.at_each_score())
    group = ((np.cumsum(films) - films / 2) * levels / ranked.films).astype(int)
    _, group = np.unique(group, return_inverse=True)
    mean = np.bincount(group, films * logits) / np.bincount(group, films)
    return np.where(ranked.places < 0, np.nan, expit(mean)[group][ranked.places])


def _calibrated(logits: np.ndarray, with_it: np.ndarray, without: np.ndarray) -> Redrawn:
    """Fit Platt's scaling to every draw at once, by Newton's method.

    With Platt's targets, a little inside 0 and 1. The slope is held near 1 as loosely as a normal prior of the standard
    deviation `LOOSENESS` holds it: with fifty films of the rarer kind that is as good as not at all, with three the
    intercept alone is fitted.
    """
    yes_films, no_films = -np.diff(with_it, axis=1), -np.diff(without, axis=1)
    films = yes_films + no_films
    m, n = with_it[:, :1], without[:, :1]
    for_it = yes_films * (m + 1) / (m + 2) + no_films / (n + 2)
    centre = logits.mean()
    spread = logits.std() or 1.0
    z = (logits - centre) / spread
    held = 1 / (LOOSENESS * spread) ** 2
    slope = np.full(len(films), spread)
    total = for_it.sum(axis=1)
    intercept = logit(total / films.sum(axis=1))
    for _ in range(STEPS):
        p = expit(slope[:, None] * z + intercept[:, None])
        error, weight = films * p - for_it, films * p * (1 - p)
        down = np.stack([(error * z).sum(axis=1) + held * (slope - spread), error.sum(axis=1)])
        bend = (weight * z**2).sum(axis=1) + held, (weight * z).sum(axis=1), weight.sum(axis=1) + NEAR
        whole = bend[0] * bend[2] - bend[1] ** 2
        step = np.stack([bend[2] * down[0] - bend[1] * down[1], bend[0] * down[1] - bend[1] * down[0]]) / whole
        step /= np.maximum(1, np.abs(step).max(axis=0) / LONGEST)
        slope, intercept = slope - step[0], intercept - step[1]
        if np.abs(step).max() < NEAR:
            break
    slope, intercept = slope / spread, intercept - slope / spread * centre
    stopped = slope < SLOWEST
    intercept = np.where(stopped, logit(total / films.sum(axis=1)) - SLOWEST * centre, intercept)
    return Redrawn(logits, with_it, without, np.maximum(slope, SLOWEST), intercept)
