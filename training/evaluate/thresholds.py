"""Rules that choose a threshold."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from training.evaluate.ranked import EvaluateError, Ranked, rank
from xai.cards.model_card import Threshold


@dataclass(frozen=True)
class Rule:
    """A rule that chooses a threshold.

    Attributes
    ----------
    name : str
        Short title for people.
    meaning : str
        One sentence.
    target : float or None
        Default of the number that it needs; None where it needs none.
    follows : bool
        Whether the threshold follows the scores: a rule that only looks at their order flags the same films after
        any monotone change of scale; a fixed number does not.
    """

    name: str
    meaning: str
    target: float | None = None
    follows: bool = True


RULES: Mapping[str, Rule] = {
    "card": Rule("Model card", "The threshold that the model card names.", follows=False),
    "half": Rule(
        "0.5",
        "Flag what is more likely than not: best if probabilities are true and errors cost the same.",
        None,
        False,
    ),
    "youden": Rule(
        "Youden",
        "Sensitivity + specificity as high as it can be (Youden, Cancer 1950): a share of missed films weighs as much "
        "as the same share of false alarms, however rare the finding is.",
    ),
    "balanced": Rule("Balanced", "Sensitivity and specificity as equal as they can be."),
    "f1": Rule("F1", "The harmonic mean of sensitivity and PPV as high as it can be."),
    "prevalence": Rule("Matched prevalence", "As many films flagged as have the finding."),
    "sensitivity": Rule("Fixed sensitivity", "The fewest films flagged that still find the given share.", 0.9),
    "specificity": Rule("Fixed specificity", "The most found while the given share of the others is left alone.", 0.9),
    "ppv": Rule("Fixed PPV", "The most found while the given share of the flagged films has the finding.", 0.5),
    "cost": Rule("Cost", "Least cost, where a miss costs the given number of false alarms.", 10.0),
}
ALIASES = {"0.5": "half"}


def choose(rule: str, ranked: Ranked, target: float | None = None, card: Threshold | None = None) -> Threshold:
    """Choose a threshold by a rule.

    A chosen threshold lies halfway between two neighbouring scores, so that no film sits on it; a film is flagged
    from it upwards. Of equally good thresholds the highest is taken, which flags the fewest.

    Parameters
    ----------
    rule : str
        One of `RULES`.
    ranked : Ranked
        The films to choose it on; probabilities.
    target : float, optional
        What the rule asks for: a share, or for ``cost`` how many false alarms a miss is worth.
    card : Threshold, optional
        What the rule ``card`` gives.

    Returns
    -------
    Threshold
        With the rule in words.

    Raises
    ------
    EvaluateError
        In one sentence, if there is no such rule, the target makes no sense or cannot be reached, or films of one
        kind are absent.
    """
    rule = ALIASES.get(rule, rule)
    if rule not in RULES:
        raise EvaluateError(f"There is no rule “{rule}”; the rules are {', '.join(RULES)}.")
    if rule == "card":
        if card is None:
            raise EvaluateError("The model's card names no threshold for this finding.")
        return card
    if rule == "half":
        return Threshold(0.5, "0.5")
    if ranked.problem:
        raise EvaluateError(f"{ranked.problem} The rule {RULES[rule].name} needs both kinds, told apart.")
    target = checked_target(rule, target)
    k = _CHOOSERS[rule](ranked) if target is None else _AIMED[rule](ranked, target)
    return Threshold(_between(ranked.scores, k), f"{rule_words(rule, target)}, chosen on {ranked.films} films.")


def balanced_threshold(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Find the threshold at which sensitivity and specificity are as equal as they can be.

    It lies halfway between two neighbouring probabilities, so that no film sits on it.

    Parameters
    ----------
    labels : array (films,)
        1, 0 or missing (NaN, -1); what is missing does not count.
    probabilities : array (films,)
        In [0, 1]; a film is flagged from the threshold upwards.

    Returns
    -------
    float
        NaN where positives or negatives are absent.
    """
    ranked = rank(labels, probabilities)
    if not ranked.positives or not ranked.negatives:
        return math.nan
    return _between(ranked.scores, _balanced(ranked)) if len(ranked.scores) > 1 else float(ranked.scores[0])


def target_range(rule: str) -> tuple[float, float]:
    """Give the least and the most that a rule may be asked for on a page."""
    return (0.01, 1000.0) if rule == "cost" else (0.01, 1.0)


def checked_target(rule: str, target: float | None) -> float | None:
    """Give what a rule asks for, its usual target by default; None for a rule that asks for nothing.

    Raises
    ------
    EvaluateError
        If the target makes no sense.
    """
    rule = ALIASES.get(rule, rule)
    usual = RULES[rule].target
    if usual is None:
        return None
    target = usual if target is None else target
    if rule == "cost":
        if not (math.isfinite(target) and target > 0):
            raise EvaluateError(f"A miss must cost more than 0 false alarms; got {target:g}.")
    elif not 0 < target <= 1:
        raise EvaluateError(f"The target of {RULES[rule].name} must be a share above 0 and at most 1; got {target:g}.")
    return target


def rule_words(rule: str, target: float | None) -> str:
    """Name a rule with what it asks for."""
    if target is None:
        return RULES[rule].name
    return (
        f"{RULES[rule].name}, a miss as {target:g} false alarms" if rule == "cost" else f"{RULES[rule].name} {target:g}"
    )


def _between(scores: np.ndarray, k: int) -> float:
    """Give a threshold that flags ``scores[k]`` and what is above it, and nothing else."""
    if k == len(scores):
        return float((scores[-1] + 1) / 2)
    if k == 0:
        return float(scores[0])
    middle = (scores[k - 1] + scores[k]) / 2
    return float(middle if middle > scores[k - 1] else scores[k])


def _highest(value: np.ndarray) -> int:
    """Index of the largest value; of equal ones the last, which is the highest threshold."""
    return len(value) - 1 - int(np.argmax(value[::-1]))


def _balanced(ranked: Ranked) -> int:
    sensitivity, specificity = _pair(ranked)
    # A threshold that flags all films lies between no two of them.
    return 1 + _highest(-np.abs(sensitivity - specificity)[1:-1])


def _youden(ranked: Ranked) -> int:
    sensitivity, specificity = _pair(ranked)
    return _highest((sensitivity + specificity)[:-1])


def _f1(ranked: Ranked) -> int:
    flagged = ranked.true_positives + ranked.false_positives
    return _highest((2 * ranked.true_positives / (flagged + ranked.positives))[:-1])


def _prevalence(ranked: Ranked) -> int:
    flagged = ranked.true_positives + ranked.false_positives
    return _highest(-np.abs(flagged - ranked.positives)[:-1])


def _sensitivity(ranked: Ranked, target: float) -> int:
    # A hair of slack: 0.9 of 10 films is 9, whatever the rounding.
    enough = ranked.true_positives >= target * ranked.positives * (1 - 1e-12)
    return int(np.flatnonzero(enough)[-1])


def _specificity(ranked: Ranked, target: float) -> int:
    allowed = (1 - target) * ranked.negatives + 1e-9 * ranked.negatives
    k = int(np.flatnonzero(ranked.false_positives <= allowed)[0])
    if k == len(ranked.scores) and ranked.scores[-1] >= 1:
        raise EvaluateError(f"No threshold has a specificity of {target:g}: films without the finding have p = 1.")
    return k


def _ppv(ranked: Ranked, target: float) -> int:
    flagged = ranked.true_positives[:-1] + ranked.false_positives[:-1]
    reached = np.flatnonzero(ranked.true_positives[:-1] >= target * flagged * (1 - 1e-12))
    if not len(reached):
        best = float((ranked.true_positives[:-1] / flagged).max())
        raise EvaluateError(f"No threshold has a PPV of {target:g}; the highest of this model is {best:.3f}.")
    return int(reached[0])


def _cost(ranked: Ranked, target: float) -> int:
    cost = target * (ranked.positives - ranked.true_positives) + ranked.false_positives
    candidates = cost if ranked.scores[-1] < 1 else cost[:-1]
    return _highest(-candidates)


def _pair(ranked: Ranked) -> tuple[np.ndarray, np.ndarray]:
    return ranked.true_positives / ranked.positives, 1 - ranked.false_positives / ranked.negatives


_CHOOSERS: Mapping[str, Callable[[Ranked], int]] = {
    "balanced": _balanced,
    "youden": _youden,
    "f1": _f1,
    "prevalence": _prevalence,
}
_AIMED: Mapping[str, Callable[[Ranked, float], int]] = {  # they need a target
    "sensitivity": _sensitivity,
    "specificity": _specificity,
    "ppv": _ppv,
    "cost": _cost,
}
