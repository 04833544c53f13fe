"""Make probabilities mean what they say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression, minimize
from scipy.special import expit, logit

from training.evaluate.ranked import EvaluateError, Ranked, dot
from xai.cards.calibration import LogitMap

# Probabilities of 0 and 1 have no logit; those nearer to them than this share one.
FLOOR = 1e-12
SLOWEST = 0.01  # a slope that would turn the order of films round is held here
FEWEST_PLATT = 10  # positives
FEWEST_ISOTONIC = 1000  # films of the rarer kind; Niculescu-Mizil and Caruana, ICML 2005

METHODS: Mapping[str, str] = {
    "none": "Leave the probabilities as they are.",
    "weighting": "Undo a loss that weighted films with the finding w times: take ln w from the logit.",
    "prior": "Correct for another prevalence than in training (Elkan, IJCAI 2001; Saerens et al., 2002).",
    "temperature": "Divide the logit by one number (Guo et al., ICML 2017): less sure or surer, the sides stay.",
    "platt": "A slope and an intercept on the logit (Platt, 1999).",
    "isotonic": "Any rising curve (Zadrozny and Elkan, KDD 2002); needs many films with the finding.",
}


@dataclass(frozen=True, eq=False)
class Calibration:
    """``calibrated logit = slope * logit + intercepts[output]``."""

    slope: float
    intercepts: np.ndarray


def fit_calibration(labels: np.ndarray, logits: np.ndarray) -> Calibration:
    """Find the calibration that makes the labels likeliest.

    Platt's scaling (Platt, 1999) with one slope for all outputs, as in temperature scaling (Guo et al., ICML
    2017): a slope of its own for a finding with twenty positives would follow chance. With an intercept an
    output, the mean probability of each output equals its share of positives.

    Parameters
    ----------
    labels : array (films, outputs)
        1, 0 or NaN; NaN does not count. Films that the model was not trained on.
    logits : array (films, outputs)

    Returns
    -------
    Calibration
    """
    known = ~np.isnan(labels)
    truth = np.where(known, labels, 0.0)
    weight = known / known.sum()

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        z = parameters[0] * logits + parameters[1:]
        error = (expit(z) - truth) * weight
        value = np.sum((np.logaddexp(0, z) - truth * z) * weight)
        return float(value), np.append(np.sum(error * logits), error.sum(axis=0))

    start = np.append(1.0, np.zeros(labels.shape[1]))
    found = minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-8})
    return Calibration(float(found.x[0]), found.x[1:])


def safe_logit(probabilities: np.ndarray) -> np.ndarray:
    """Give log-odds; probabilities nearer than `FLOOR` to 0 or 1 count as that. NaN stays NaN."""
    return logit(np.clip(probabilities, FLOOR, 1 - FLOOR))


def apply_map(found: LogitMap, probabilities: np.ndarray) -> np.ndarray:
    """Give calibrated probabilities; NaN stays NaN."""
    return expit(found(safe_logit(probabilities)))


def undo_weight(weight: float) -> LogitMap:
    """Undo a loss that counted films with the finding ``weight`` times.

    Such a loss is least at the log-odds of a world in which they are so many times as frequent, ``ln w`` too high.

    Raises
    ------
    EvaluateError
        If the weight is not above 0.
    """
    if not (math.isfinite(weight) and weight > 0):
        raise EvaluateError(f"The weight of the films with the finding must be above 0; it is {weight:g}.")
    return LogitMap(intercept=-math.log(weight), rule=f"Undoes a loss that weighted positives {weight:.3g} times.")


def correct_prior(trained: float, here: float) -> LogitMap:
    """Move probabilities from the prevalence of the training films to another.

    Right where the films with the finding look alike in both places, and those without it do: only how common it is
    has changed (Elkan, IJCAI 2001; Saerens, Latinne and Decaestecker, Neural Computation 2002).

    Parameters
    ----------
    trained, here : float
        Share of films with the finding.

    Raises
    ------
    EvaluateError
        If one of them is not between 0 and 1.
    """
    for name, share in (("in training", trained), ("here", here)):
        if not 0 < share < 1:
            raise EvaluateError(f"A correction needs a prevalence between 0 and 1 {name}; it is {share:g}.")
    shift = float(logit(here) - logit(trained))
    return LogitMap(intercept=shift, rule=f"From a prevalence of {trained:.4g} in training to {here:.4g}.")


def fit_temperature(ranked: Ranked) -> LogitMap:
    """Find the one number to divide the logits by that makes the labels likeliest (Guo et al., ICML 2017)."""
    _needs_both(ranked)
    z, with_it, without = _weighted(ranked)
    slope = max(float(_likeliest(z[None], with_it, without, [1.0])[0]), SLOWEST)
    return LogitMap(slope=slope, rule=f"Temperature {1 / slope:.3g}, fitted on {_films(ranked)}.")


def fit_platt(ranked: Ranked) -> LogitMap:
    """Find the slope and intercept on the logit that make the labels likeliest (Platt, 1999).

    With Platt's targets, a little inside 0 and 1, so that films that are told apart perfectly do not ask for an
    infinite slope. A slope that would turn the films' order round is held at a small positive one.
    """
    _needs_both(ranked)
    z, with_it, without = _weighted(ranked)
    m, n = ranked.positives, ranked.negatives
    yes, no = (m + 1) / (m + 2), 1 / (n + 2)
    for_it, against = with_it * yes + without * no, with_it * (1 - yes) + without * (1 - no)
    slope, intercept = _likeliest(np.stack([z, np.ones_like(z)]), for_it, against, [1.0, 0.0])
    if slope < SLOWEST:
        slope = SLOWEST
        intercept = _likeliest(np.ones((1, len(z))), for_it, against, [0.0], slope * z)[0]
    return LogitMap(float(slope), float(intercept), rule=f"Platt's scaling, fitted on {_films(ranked)}.")


def fit_isotonic(ranked: Ranked) -> LogitMap:
    """Find the rising curve that fits best (Zadrozny and Elkan, KDD 2002).

    Isotonic regression gives steps, which tie the films of a step. Here each step counts at the mean of its logits
    and the curve runs straight between (centred isotonic regression, Oron and Flournoy, Statistics in
    Biopharmaceutical Research 2017), so that no film changes its place. The share at the bottom step, if it is 0,
    counts as that of half a film more, or half the next step's where that is less; likewise at the top.
    """
    _needs_both(ranked)
    z, with_it, without = _weighted(ranked)
    starts = np.flatnonzero(np.diff(z, prepend=-np.inf))  # scores that share a logit
    z, with_it, without = z[starts], np.add.reduceat(with_it, starts), np.add.reduceat(without, starts)
    films = with_it + without
    blocks = isotonic_regression(with_it / films, weights=films).blocks[:-1]
    size = np.add.reduceat(films, blocks)
    centre, found = np.add.reduceat(films * z, blocks) / size, np.add.reduceat(with_it, blocks)
    share = found / size
    if share[0] == 0:
        share[0] = min(0.5 / (size[0] + 1), share[1] / 2 if len(share) > 1 else 1)
    if share[-1] == 1:
        share[-1] = max(1 - 0.5 / (size[-1] + 1), (1 + share[-2]) / 2 if len(share) > 1 else 0)
    knots = tuple(zip(centre.tolist(), logit(share).tolist(), strict=True))
    return LogitMap(knots=knots, rule=f"Isotonic regression, {len(knots)} steps, fitted on {_films(ranked)}.")


def fit_map(method: str, ranked: Ranked) -> LogitMap:
    """Fit one of the methods that learn from labels: ``temperature``, ``platt``, ``isotonic``."""
    return {"temperature": fit_temperature, "platt": fit_platt, "isotonic": fit_isotonic}[method](ranked)


def caution_of(method: str, ranked: Ranked) -> str:
    """Say why a fitted map may follow chance; empty where there is no reason to think so."""
    rarer = min(ranked.positives, ranked.negatives)
    fewest = {"isotonic": FEWEST_ISOTONIC, "platt": FEWEST_PLATT, "temperature": FEWEST_PLATT}.get(method, 0)
    if rarer >= fewest:
        return ""
    return f"Fitted on {rarer} films of the rarer kind; {method} wants about {fewest} and may follow chance here."


def stop_of(method: str, found: LogitMap | None) -> str:
    """Say that a fit went as far as it is let, and is none; empty where it did not."""
    if found is None or method not in ("temperature", "platt") or found.slope > SLOWEST:
        return ""
    if method == "temperature":
        return (
            f"The fit hit its stop, a temperature of {1 / SLOWEST:.0f}: dividing the logits by one number cannot set "
            "these probabilities right, and brings nearly all of them to 50 %. Platt moves them too."
        )
    return (
        f"The fit hit its stop, a slope of {SLOWEST}: on the films fitted on, a higher probability does not go with "
        "the finding, and nearly all films get the same one."
    )


def _weighted(ranked: Ranked) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits of the distinct scores, and how many films of either kind have each."""
    return safe_logit(ranked.scores), *ranked.at_each_score()


def _likeliest(
    slopes: np.ndarray, for_it: np.ndarray, against: np.ndarray, start: list[float], offset: np.ndarray | float = 0.0
) -> np.ndarray:
    """Find the parameters of ``parameters @ slopes + offset`` that make the labels likeliest, by Newton's method.

    Parameters
    ----------
    slopes : array (parameters, scores)
    for_it, against : array (scores,)
        Weight of films with and without the finding at each score.
    start : list of float
    offset : array (scores,) or float
    """
    films = for_it + against
    total = films.sum()

    def line(parameters: np.ndarray) -> np.ndarray:
        return (parameters[:, None] * slopes).sum(axis=0) + offset

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        z = line(parameters)
        value = dot(for_it, np.logaddexp(0, -z)) + dot(against, np.logaddexp(0, z))
        return value / total, (slopes * (films * expit(z) - for_it)).sum(axis=1) / total

    def curvature(parameters: np.ndarray) -> np.ndarray:
        p = expit(line(parameters))
        weighted = slopes * (films * p * (1 - p))
        return np.array([[dot(one, other) for other in slopes] for one in weighted]) / total

    found = minimize(loss, start, jac=True, hess=curvature, method="trust-exact", options={"gtol": 1e-10})
    return found.x


def _needs_both(ranked: Ranked) -> None:
    if ranked.problem:
        raise EvaluateError(f"{ranked.problem} A calibration is fitted on films of both kinds.")


def _films(ranked: Ranked) -> str:
    return f"{ranked.films} films, {ranked.positives} with the finding"
