"""The over-prediction audit: why more films are flagged than have the finding, as far as the films can tell."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from training.evaluate.bootstrap import percentile_interval
from training.evaluate.judged import Judged
from training.evaluate.ranked import EvaluateError, Ranked, numbered, rank
from training.evaluate.rates import wilson
from training.evaluate.thresholds import ALIASES, RULES
from training.mending.calibrate import safe_logit
from training.mending.known import NOTHING, Known, known_of
from training.mending.redrawn import Redrawn, redraw
from training.mending.steps import FEWEST as FEWEST
from training.mending.steps import TRAINING, UNSURE, Asked, Steps
from training.mending.steps import UNKNOWN as UNKNOWN
from training.mending.whys import reasons

CAUSES: Mapping[str, str] = {
    "weighting": "A loss that counts films with the finding w times lifts every logit by ln w.",
    "prior": "The finding is more or less common here than among the films that the probabilities were fitted on.",
    "calibration": "Probabilities are not what the labels say, for another reason than these two; labels that are "
    "wrong or missing look the same.",
    UNKNOWN: "What these films, and what is known of the training, do not tell apart; labels that are wrong or missing "
    "are among it.",
    "threshold": "The threshold is not the one at which a film is more likely than not to have the finding.",
    "separation": "What stays when all else is mended: the model, or the labels, do not tell the classes apart.",
}
ORDER = (
    "Weighting, prevalence and calibration move the same logit, so the part of each is its mean over all orders in "
    "which they can be undone (Shapley, 1953); the calibration is estimated here, less what is known of the training. "
    "The threshold comes last, since a number means something only on a scale. Intervals are of patients drawn with "
    "replacement, 95 %. A main cause is named only where it is the largest in 19 of 20 draws, also with the threshold "
    "undone in any order; weighting and prevalence only where both are known and show in the films."
)
CERTAIN = 0.95  # of the draws, in which a cause must be the largest to be named
SURE = 0.995  # of the draws, in which too many must be flagged for a cause to be asked for
SLACK = 0.25  # of a logit, by which a fitted line may miss the scores
# Why no cause is named.
REASONS = ("training", "refuted", "said", "films", "close", "chance")


@dataclass(frozen=True)
class Lift:
    """How far logits stand too high at the threshold.

    Attributes
    ----------
    told : float
        By what is known of the training.
    shown, low, high : float
        As the films show it, with its 95 % interval.
    refuted : bool
        Whether what is known would lift them by more than the films allow.
    """

    told: float
    shown: float
    low: float
    high: float
    refuted: bool


@dataclass(frozen=True)
class Contribution:
    """How much of the excess comes from one cause.

    Attributes
    ----------
    cause : str
        One of `CAUSES`.
    share, low, high : float
        Of all films, with its 95 % interval; above 0 where the cause flags too many.
    why : str
        What was done to find out, in one sentence.
    """

    cause: str
    share: float
    low: float
    high: float
    why: str


@dataclass(frozen=True)
class Audit:
    """Why a finding is flagged as often as it is.

    Attributes
    ----------
    films, positives : int
        With a label and a probability, and those of them that have the finding.
    prevalence, predicted_prevalence : float
        Share of them that has the finding, and that is flagged.
    excess : float
        The second less the first.
    contributions : tuple of Contribution
        Those that can be told apart, in the order of `CAUSES`; they add up to ``excess``.
    main : str
        The main cause; `UNKNOWN` where it cannot be named; empty where not too many are flagged.
    reason : str
        Why it cannot be named, one of `REASONS`: the training is not known, or what is known of it would lift the
        logits more than they are, or it is but what somebody says and leaves much to explain; the films with the
        finding are too few, no part is clearly the largest, or so many flags may be chance. Empty where it can.
    known : Known
        What is known of the training.
    lift : Lift
    keep : float or None
        Sensitivity that was asked for.
    sensitivity : float
        At the threshold.
    floor : float
        Smallest share of films that this model can flag at the same sensitivity: no calibration and no threshold does
        better, since they leave the order of the films as it is.
    perfect : float
        What a model without error would flag at the same sensitivity.
    """

    films: int
    positives: int
    prevalence: float
    predicted_prevalence: float
    excess: float
    contributions: tuple[Contribution, ...]
    main: str
    reason: str
    known: Known
    lift: Lift
    keep: float | None
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
    whole, drawn : Redrawn
        The same films once, and drawn again many times.
    here : (float, float)
        Interval of the prevalence, with as many films as there are patients.
    enough : bool
        Whether there are films enough of either kind to calibrate on.
    known : Known
        What is known of the training.
    """

    ranked: Ranked
    whole: Redrawn
    drawn: Redrawn
    here: tuple[float, float]
    enough: bool
    known: Known


def audit(
    judged: Judged,
    finding: str,
    threshold: float,
    rule: str = "",
    keep_sensitivity: float | None = None,
    seed: int = 0,
    said: Known = NOTHING,
) -> Audit:
    """Take apart the excess of one finding: `decompose` what `prepare` prepares."""
    return decompose(prepare(judged, finding, seed, said), threshold, rule, keep_sensitivity)


def prepare(judged: Judged, finding: str, seed: int = 0, said: Known = NOTHING) -> Prepared:
    """Prepare a finding's audit with what the model card knows of the training, or else what somebody ``said``."""
    known = known_of(judged.card, finding).beside(said)
    return prepare_scores(judged.truth(finding), judged.scores(finding), judged.patients, known, seed=seed)


def prepare_scores(
    labels: np.ndarray,
    scores: np.ndarray,
    patients: np.ndarray,
    known: Known = NOTHING,
    *,
    seed: int = 0,
) -> Prepared:
    """Rank films, draw their patients again and again, and calibrate each draw (Platt, 1999).

    Parameters
    ----------
    labels : array (films,)
        1, 0 or missing (NaN, -1).
    scores : array (films,)
        Probabilities.
    patients : array (films,)
        Patient of each film.
    known : Known
        What is known of the training.
    seed : int
        Of the draws.

    Raises
    ------
    EvaluateError
        If films of one kind are absent, or all scores are the same.
    """
    ranked = rank(labels, scores)
    if ranked.problem:
        raise EvaluateError(f"{ranked.problem} There is no excess to take apart.")
    owner, _ = numbered(patients)
    used = ranked.places >= 0
    count = len(np.unique(owner[used]))
    here = wilson(ranked.prevalence * count, count)
    fewest = min(len(np.unique(owner[used & (np.asarray(labels) == kind)])) for kind in (1, 0))
    whole, drawn = redraw(ranked, np.asarray(labels), owner, seed)
    return Prepared(ranked, whole, drawn, (float(here[0]), float(here[1])), fewest >= FEWEST, known)


def decompose(prepared: Prepared, threshold: float, rule: str = "", keep_sensitivity: float | None = None) -> Audit:
    """Take apart the excess at a threshold: predicted prevalence less true prevalence.

    One cause after the other is taken away, and the share of flagged films goes step by step from what it is to what
    it should be. Each step is that cause's contribution, so they add up to the excess:

    1. weighting: take ``ln w`` from the logits;
    2. prior: move the logits from the training prevalence to the one here;
    3. calibration: a slope and an intercept that set the probabilities right here;
    4. threshold: flag from 0.5 instead, where a film is more likely than not to have the finding, or, with
       ``keep_sensitivity``, as few films as that allows;
    5. separation: from there to the true prevalence, never more than `Audit.floor` leaves. At 0.5 a rare finding that
       is hard to see is flagged too seldom, and this contribution is then below 0.

    The first three move the same logit, and the part of each is the mean over all their orders. What is known of the
    training and would lift the logits by more than the films allow counts as not known.

    What cannot be told apart is one part, `UNKNOWN`: without the weight or the training prevalence all that is wrong
    with the probabilities and not explained by the other; with too few films all that needs a calibration. A threshold
    that a rule chose from the order of these very scores (Youden's, a fixed sensitivity) would have moved along with
    steps 1 to 3 and flagged the same films; they contribute 0 then.

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
    if keep_sensitivity is not None and not 0 < keep_sensitivity <= 1:
        raise EvaluateError(f"The sensitivity to keep must be a share above 0 and at most 1; got {keep_sensitivity:g}.")
    rule = ALIASES.get(rule, rule)
    asked = Asked(float(safe_logit(np.array(threshold))), rule in RULES and RULES[rule].follows, keep_sensitivity)
    lift, whole, drawn = _taken_apart(prepared, asked)
    shares, spread = whole.parts(), drawn.parts()
    ends = {cause: percentile_interval(values) for cause, values in spread.items()}
    whys = reasons(prepared.known, asked, rule, whole)
    contributions = tuple(
        Contribution(cause, float(shares[cause][0]), float(ends[cause][0]), float(ends[cause][1]), whys[cause])
        for cause in CAUSES
        if cause in shares
    )
    ranked, counts = prepared.ranked, prepared.ranked.counts(threshold)
    excess = float(whole.levels["now"][0]) - ranked.prevalence
    main, reason = _named(prepared, whole, drawn, lift.refuted) if excess > 0 else ("", "")
    return Audit(
        films=ranked.films,
        positives=ranked.positives,
        prevalence=ranked.prevalence,
        predicted_prevalence=float(whole.levels["now"][0]),
        excess=excess,
        contributions=contributions,
        main=main,
        reason=reason,
        known=prepared.known,
        lift=lift,
        keep=keep_sensitivity,
        sensitivity=counts.tp / ranked.positives,
        floor=float(whole.floor[0]),
        perfect=counts.tp / ranked.films,
    )


def _taken_apart(prepared: Prepared, asked: Asked) -> tuple[Lift, Steps, Steps]:
    """Take the excess apart by what is known of the training, or, where the films refute that, as if it were not."""
    whole, drawn = (Steps(films, prepared.known, asked, prepared.enough) for films in (prepared.whole, prepared.drawn))
    low, high = percentile_interval(drawn.shown)
    _, most = percentile_interval(drawn.shown - drawn.told)
    told = float(whole.told[0])
    refuted = told > 0 and float(most) < -SLACK and not asked.follows
    lift = Lift(told, float(whole.shown[0]), float(low), float(high), refuted)
    if refuted:
        whole, drawn = (Steps(one.films, NOTHING, asked, one.enough) for one in (whole, drawn))
    return lift, whole, drawn


def _named(prepared: Prepared, whole: Steps, drawn: Steps, refuted: bool) -> tuple[str, str]:
    """Name the main cause, and where that cannot be done, why."""
    best, each = str(whole.largest()[0]), drawn.largest()
    known = prepared.known
    if (each == "").mean() > 1 - SURE:
        return UNKNOWN, "chance"
    if best == UNKNOWN and refuted:
        return UNKNOWN, "refuted"
    if best not in (UNKNOWN, UNSURE) and (each == best).mean() >= CERTAIN:
        low, high = prepared.here
        if best in TRAINING and None in (known.weight, known.trained):
            return UNKNOWN, "training"
        if best == "calibration" and known.said and not whole.asked.follows:
            return UNKNOWN, "said"
        if best != "prior" or not low <= (known.trained or math.nan) <= high:
            return best, ""
    if not prepared.enough:
        return UNKNOWN, "films"
    return UNKNOWN, "training" if best == UNKNOWN and None in (known.weight, known.trained) else "close"
