"""A threshold that a rule chose on the very films that it is judged on: what that does to its rates, and what helps.

A rule looks for the best threshold, and part of what it finds is chance: of a model that tells nothing apart, five
films with the finding give a Youden's J of 0.25 on average, where the truth is 0. Choosing on some patients and
counting on others, in turn, takes that away (cross-validation; Stone, Journal of the Royal Statistical Society B 1974).
"""

from __future__ import annotations

import numpy as np

from training.evaluate.judged import Judged
from training.evaluate.ranked import EvaluateError, Ranked, rank
from training.evaluate.rates import Rates
from training.evaluate.thresholds import ALIASES, RULES, choose

FOLDS = 5
FEW, MANY = 100, 1000  # films of the rarer kind


def looks(rule: str) -> bool:
    """Whether a rule looks at the films to choose a threshold."""
    rule = ALIASES.get(rule, rule)
    return rule in RULES and RULES[rule].follows


def same_films_words(ranked: Ranked, rates: Rates | None = None) -> str:
    """Say that a threshold was chosen on the films that it is judged on, and what it does to others.

    Parameters
    ----------
    ranked : Ranked
        The films.
    rates : Rates, optional
        Of `cross_fitted`.
    """
    rarer = min(ranked.positives, ranked.negatives)
    how = "much too good" if rarer < FEW else "too good" if rarer < MANY else "a little too good"
    kind = "with the finding" if ranked.positives <= ranked.negatives else "without the finding"
    said = f"Chosen on these very films, {rarer:,} of them {kind}: its rates here tend to be {how}."
    if rates is None:
        return said
    told = ", ".join(
        f"{name} is {100 * one.value:.1f} % ({100 * one.low:.1f} to {100 * one.high:.1f})"
        for name, one in (("sensitivity", rates.sensitivity), ("specificity", rates.specificity))
    )
    return f"{said} Chosen on other patients, in {FOLDS} turns, {told}."


def cross_fitted(judged: Judged, finding: str, rule: str, target: float | None = None, seed: int = 0) -> Rates | None:
    """Give the rates of thresholds that a rule chose on other patients.

    The patients are put into `FOLDS` parts; each film is flagged or not by the threshold that the rule chooses on the
    other parts.

    Parameters
    ----------
    judged : Judged
    finding, rule, target
        As of `training.evaluate.thresholds.choose`.
    seed : int
        Of the parts.

    Returns
    -------
    Rates or None
        None where the rule gives no threshold on some of the parts.
    """
    truth, scores = judged.truth(finding), judged.scores(finding)
    patients = int(judged.patients.max(initial=-1)) + 1
    part = (np.random.default_rng(seed).permutation(patients) % FOLDS)[judged.patients]
    flagged = np.full(len(scores), np.nan)
    for fold in range(FOLDS):
        here = part == fold
        try:
            threshold = choose(rule, rank(truth[~here], scores[~here]), target).value
        except EvaluateError:
            return None
        flagged[here] = np.where(np.isnan(scores[here]), np.nan, scores[here] >= threshold)
    return judged.with_probabilities(finding, flagged).rates(finding, 0.5)
