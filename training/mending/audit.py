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
from training.mending.steps import UNKNOWN as UNKNOWN
from training.mending.steps import Asked, Steps

CAUSES: Mapping[str, str] = {
    "weighting": "The loss counted films with the finding several times, which lifts every logit by ln w.",
    "prior": "The finding is more or less common here than among the training films.",
    "calibration": "Probabilities are not what they say, for another reason than these two.",
    UNKNOWN: "What these films, and what is known of the training, do not tell apart.",
    "threshold": "The threshold is not the one at which a film is more likely than not to have the finding.",
    "separation": "What stays when all else is mended: the model cannot tell the classes apart.",
}
ORDER = (
    "What is known of the training is undone first, as it came about: the weighting of the loss, then the step to "
    "films of another prevalence. Then what must be estimated here, the calibration. The threshold comes last, since a "
    "number means something only on a scale. Intervals are of patients drawn with replacement, 95 %. A main cause is "
    "named only where it is the largest in 19 of 20 draws; of weighting and prevalence, if it moves the logit further."
)
FOLLOWS = "Nothing: the threshold was chosen by the rule {name} on these scores and would have moved with them."
FEWEST = 8  # patients with the finding, and without, that a calibration can be read from
CERTAIN = 0.95  # of the draws, in which a cause must be the largest to be named
SURE = 0.995  # of the draws, in which too many must be flagged for a cause to be asked for
# Why no cause is named.
REASONS = ("training", "films", "close", "chance")


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
        Why it cannot be named, one of `REASONS`: the training is not known, the films with the finding are too few, no
        part is clearly the largest, or so many flags may be chance. Empty where it can.
    known : Known
        What is known of the training.
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
    whole, drawn = (Steps(films, prepared.known, asked, prepared.enough) for films in (prepared.whole, prepared.drawn))
    shares, spread = whole.parts(), drawn.parts()
    ends = {cause: percentile_interval(values) for cause, values in spread.items()}
    whys = _whys(prepared, asked, rule, whole)
    contributions = tuple(
        Contribution(cause, float(shares[cause][0]), float(ends[cause][0]), float(ends[cause][1]), whys[cause])
        for cause in CAUSES
        if cause in shares
    )
    ranked, counts = prepared.ranked, prepared.ranked.counts(threshold)
    excess = float(whole.levels["now"][0]) - ranked.prevalence
    main, reason = _named(prepared, whole, drawn) if excess > 0 else ("", "")
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
        sensitivity=counts.tp / ranked.positives,
        floor=float(whole.floor[0]),
        perfect=counts.tp / ranked.films,
    )


def _named(prepared: Prepared, whole: Steps, drawn: Steps) -> tuple[str, str]:
    """Name the main cause, and where that cannot be done, why."""
    best, each = str(whole.largest()[0]), drawn.largest()
    if (each == "").mean() > 1 - SURE:
        return UNKNOWN, "chance"
    low, high = prepared.here
    as_common = prepared.known.trained is not None and low <= prepared.known.trained <= high
    if best != UNKNOWN and (each == best).mean() >= CERTAIN and not (best == "prior" and as_common):
        return best, ""
    if not prepared.enough:
        return UNKNOWN, "films"
    known = prepared.known
    return UNKNOWN, "training" if best == UNKNOWN and None in (known.weight, known.trained) else "close"


def _whys(prepared: Prepared, asked: Asked, rule: str, whole: Steps) -> dict[str, str]:
    known, ranked = prepared.known, prepared.ranked
    least, slope = float(whole.levels["least"][0]), float(whole.films.slope[0])
    intercept = f"{float(whole.films.intercept[0]):+.2f}".replace("-", "−")
    fitted = f"Fitted on these films: {slope:.2f} × logit {intercept}."
    lifted = "" if known.weight is None else f"{known.weight:.3g} times; ln w = {known.lift:.2f}."
    found = {
        "weighting": f"The loss counted films with the finding {lifted}",
        "prior": f"{known.trained or math.nan:.2%} of the training films have the finding, {ranked.prevalence:.2%} of "
        "these.",
        "calibration": fitted,
    }
    if asked.follows:
        found = dict.fromkeys(found, FOLLOWS.format(name=RULES[rule].name))
    if asked.keep is None:
        found["threshold"] = "Flagged from 0.5 of the mended probability, where both errors weigh the same."
    else:
        found["threshold"] = f"Flagged as few films as find {asked.keep:.0%} of those with the finding."
    flagged = f"With all that mended, {least:.2%} would be flagged"
    found["separation"] = f"{flagged}; {ranked.prevalence:.2%} have the finding."
    few = f"A calibration needs {FEWEST} patients with the finding and as many without; there are fewer."
    found[UNKNOWN] = fitted if prepared.enough else few
    return found
