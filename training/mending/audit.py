"""The over-prediction audit: why more films are flagged than have the finding."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.special import expit

from training.evaluate.judged import Judged
from training.evaluate.patient_split import films_to_fit
from training.evaluate.ranked import EvaluateError, Ranked, rank, usable
from training.evaluate.thresholds import ALIASES, RULES, choose
from training.mending.calibrate import FEWEST_PLATT, correct_prior, fit_platt, safe_logit, undo_weight
from xai.cards.calibration import LogitMap

CAUSES: Mapping[str, str] = {
    "weighting": "The loss counted films with the finding several times, which lifts every logit by ln w.",
    "prior": "The finding is more or less common here than among the training films.",
    "calibration": "Probabilities are not what they say, for another reason than these two.",
    "threshold": "The threshold is not the one at which a film is more likely than not to have the finding.",
    "separation": "What stays when all else is mended: the model cannot tell the classes apart.",
}
ORDER = (
    "What is known from the model card is undone first, as it came about: the weighting of the loss, then the step to "
    "films of another prevalence. Then what must be estimated here and would otherwise swallow both, the calibration. "
    "The threshold comes last, since a number means something only on a scale."
)
FOLLOWS = "Nothing: the threshold was chosen by the rule {name} on these scores and would have moved with them."
# Logits after a step, beside the films that are ranked in the same order: one group of films, or two.
Undone = tuple[tuple[np.ndarray, Ranked], ...]


@dataclass(frozen=True)
class Contribution:
    """How much of the excess comes from one cause.

    Attributes
    ----------
    cause : str
        One of `CAUSES`.
    share : float
        Of all films; above 0 where the cause flags too many.
    why : str
        What was done to find out, in one sentence.
    """

    cause: str
    share: float
    why: str


@dataclass(frozen=True)
class Audit:
    """Why a finding is flagged as often as it is.

    Attributes
    ----------
    films : int
        With a label and a probability.
    prevalence, predicted_prevalence : float
        Share of them that has the finding, and that is flagged.
    excess : float
        The second less the first.
    contributions : tuple of Contribution
        In the order of `CAUSES`; they add up to ``excess``.
    main : str
        Cause of the largest contribution; empty where not too many are flagged.
    sensitivity : float
        At the threshold.
    floor : float
        Smallest share of films that this model can flag at the same sensitivity: no calibration and no threshold does
        better, since they leave the order of the films as it is.
    perfect : float
        What a model without error would flag at the same sensitivity.
    """

    films: int
    prevalence: float
    predicted_prevalence: float
    excess: float
    contributions: tuple[Contribution, ...]
    main: str
    sensitivity: float
    floor: float
    perfect: float


@dataclass(frozen=True, eq=False)
class Prepared:
    """What an audit needs at any threshold; a threshold then moves at once.

    Attributes
    ----------
    ranked : Ranked
        The films, as predicted.
    undone : tuple of Undone or None
        After each of the first three causes is undone; None where that could not be done.
    whys : tuple of str
        What was done, one sentence each.
    """

    ranked: Ranked
    undone: tuple[Undone | None, ...]
    whys: tuple[str, ...]


def audit(
    judged: Judged,
    finding: str,
    threshold: float,
    rule: str = "",
    keep_sensitivity: float | None = None,
    seed: int = 0,
) -> Audit:
    """Take apart the excess of one finding: `decompose` what `prepare` prepares."""
    return decompose(prepare(judged, finding, seed), threshold, rule, keep_sensitivity)


def prepare(judged: Judged, finding: str, seed: int = 0) -> Prepared:
    """Prepare a finding's audit; the weighting and the training prevalence come from the model card.

    The weighting is ``provenance.positive_weight`` of the card, by finding. Of a finding that the card calibrates
    nothing is undone again.
    """
    card = judged.card
    weights = (card.get("provenance") or {}).get("positive_weight")
    weight = weights.get(finding) if isinstance(weights, Mapping) else None
    calibrated = finding in (card.get("calibration") or {})
    return prepare_scores(
        judged.truth(finding),
        judged.scores(finding),
        judged.patients,
        weight=weight if isinstance(weight, int | float) and not calibrated else None,
        trained=None if calibrated else (card.get("prevalence") or {}).get(finding),
        seed=seed,
    )


def prepare_scores(
    labels: np.ndarray,
    scores: np.ndarray,
    patients: np.ndarray,
    *,
    weight: float | None = None,
    trained: float | None = None,
    seed: int = 0,
) -> Prepared:
    """Undo one cause of over-prediction after the other, as far as it can be done without a threshold.

    1. weighting: take ``ln w`` from the logits;
    2. prior: move the logits from the training prevalence to the one here;
    3. calibration: a slope and an intercept for what is left (Platt), for either half of the patients fitted on the
       other.

    Parameters
    ----------
    labels : array (films,)
        1, 0 or missing (NaN, -1).
    scores : array (films,)
        Probabilities.
    patients : array (films,)
        Patient of each film.
    weight : float, optional
        How many times the loss counted a film with the finding; None where not known.
    trained : float, optional
        Prevalence among the training films; None where not known.
    seed : int
        Of the split that halves the patients.

    Raises
    ------
    EvaluateError
        If films of one kind are absent, or all scores are the same.
    """
    truth, used = usable(labels, scores)
    ranked = rank(labels, scores)
    if ranked.problem:
        raise EvaluateError(f"{ranked.problem} There is no excess to take apart.")
    undo, undone, whys = LogitMap(), [], []
    for found, why in (_weighting(weight), _shift(trained, ranked.prevalence)):
        undo = undo if found is None else undo.then(found)
        undone.append(None if found is None else ((undo(safe_logit(ranked.scores)), ranked),))
        whys.append(why)
    halves, why = _recalibrated(truth[used], np.asarray(scores, float)[used], np.asarray(patients)[used], undo, seed)
    return Prepared(ranked, (*undone, halves), (*whys, why))


def decompose(prepared: Prepared, threshold: float, rule: str = "", keep_sensitivity: float | None = None) -> Audit:
    """Take apart the excess at a threshold: predicted prevalence less true prevalence.

    One cause after the other is taken away, and the share of flagged films goes step by step from what it is to what
    it should be. Each step is that cause's contribution, so they add up to the excess. After the steps of
    `prepare_scores` come, in the order of `CAUSES` and for the reason in `ORDER`,

    4. threshold: flag from 0.5 instead, where a film is more likely than not to have the finding, or, with
       ``keep_sensitivity``, as few films as that allows;
    5. separation: from there to the true prevalence. At 0.5 a rare finding that is hard to see is flagged too seldom,
       and this contribution is then below 0.

    A threshold that a rule chose from the order of these very scores (Youden's, a fixed sensitivity) would have moved
    along with steps 1 to 3 and flagged the same films; they contribute 0 then.

    Parameters
    ----------
    prepared : Prepared
    threshold : float
    rule : str
        What chose the threshold, see `RULES`; empty for a number that stays where it is.
    keep_sensitivity : float, optional
        What must be found, whatever it takes.

    Raises
    ------
    EvaluateError
        If ``keep_sensitivity`` is no share.
    """
    ranked, rule = prepared.ranked, ALIASES.get(rule, rule)
    follows = rule in RULES and RULES[rule].follows
    counts = ranked.counts(threshold)
    flagged = [(counts.tp + counts.fp) / ranked.films]
    for undone in prepared.undone:
        flagged.append(flagged[-1] if undone is None or follows else _flagged(undone, threshold))
    whys = [
        FOLLOWS.format(name=RULES[rule].name) if follows and undone is not None else why
        for undone, why in zip(prepared.undone, prepared.whys, strict=True)
    ]
    least, why = _at_reference(prepared, keep_sensitivity)
    flagged += [least, ranked.prevalence]
    whys += [why, f"With all that mended, {least:.2%} would be flagged; {ranked.prevalence:.2%} have the finding."]
    contributions = tuple(
        Contribution(cause, before - after, why)
        for cause, (before, after), why in zip(CAUSES, pairwise(flagged), whys, strict=True)
    )
    excess = flagged[0] - ranked.prevalence
    same = int(np.flatnonzero(ranked.true_positives >= counts.tp)[-1])
    return Audit(
        films=ranked.films,
        prevalence=ranked.prevalence,
        predicted_prevalence=flagged[0],
        excess=excess,
        contributions=contributions,
        main=max(contributions, key=lambda one: one.share).cause if excess > 0 else "",
        sensitivity=counts.tp / ranked.positives,
        floor=int(ranked.true_positives[same] + ranked.false_positives[same]) / ranked.films,
        perfect=counts.tp / ranked.films,
    )


def _weighting(weight: float | None) -> tuple[LogitMap | None, str]:
    if weight is None:
        return None, "Nothing is known of a weighting of the loss: the model card names none for this finding."
    found = undo_weight(weight)
    return found, f"The loss counted films with the finding {weight:.3g} times; ln w = {math.log(weight):.2f}."


def _shift(trained: float | None, here: float) -> tuple[LogitMap | None, str]:
    if trained is None or not 0 < trained < 1:
        return None, "The prevalence among the training films is not known."
    return correct_prior(trained, here), f"{trained:.2%} of the training films have the finding, {here:.2%} of these."


def _recalibrated(
    truth: np.ndarray, scores: np.ndarray, patients: np.ndarray, undo: LogitMap, seed: int
) -> tuple[Undone | None, str]:
    """Calibrate either half of the patients by what the other half says."""
    first = films_to_fit(patients, truth, scores, 0.5, seed)
    halves = [rank(truth[half], scores[half]) for half in (first, ~first)]
    fewest = min(min(half.positives, half.negatives) for half in halves)
    if fewest < FEWEST_PLATT:
        return None, f"A calibration needs {FEWEST_PLATT} films of either kind in both halves; one has {fewest}."
    so_far = [undo(safe_logit(half.scores)) for half in halves]
    moved = [replace(half, scores=expit(z)) for half, z in zip(halves, so_far, strict=True)]
    maps = [fit_platt(half) for half in moved]
    words = " and ".join(f"{one.slope:.2f} × logit {one.intercept:+.2f}".replace("-", "−") for one in maps)
    undone = tuple((one(z), half) for one, z, half in zip(maps[::-1], so_far, halves, strict=True))
    return undone, f"Fitted on one half of the films each, for the other: {words}."


def _flagged(undone: Undone, threshold: float) -> float:
    films = flagged = 0
    for logits, ranked in undone:
        k = np.searchsorted(logits, safe_logit(np.array(threshold)))
        flagged += int(ranked.true_positives[k] + ranked.false_positives[k])
        films += ranked.films
    return flagged / films


def _at_reference(prepared: Prepared, keep_sensitivity: float | None) -> tuple[float, str]:
    ranked = prepared.ranked
    if keep_sensitivity is not None:
        counts = ranked.counts(choose("sensitivity", ranked, keep_sensitivity).value)
        words = f"Flagged as few films as find {keep_sensitivity:.0%} of those with the finding."
        return (counts.tp + counts.fp) / ranked.films, words
    last = next((one for one in reversed(prepared.undone) if one is not None), ((safe_logit(ranked.scores), ranked),))
    return _flagged(last, 0.5), "Flagged from 0.5 of the mended probability, where both errors weigh the same."
