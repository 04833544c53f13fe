"""Losses that leave missing labels out, and ways of counting rare outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Loss = Callable[[Any, Any], tuple[Any, Any]]  # targets, logits -> sum of the terms in nats, number of terms

STRATEGIES: Mapping[str, str] = {
    "none": "every film counts alike",
    "positive-weights": "positives weigh (negatives / positives) to a power",
    "focal": "what is predicted well hardly counts (Lin et al., Focal Loss, ICCV 2017)",
    "class-balanced": "either kind weighs one over its effective number (Cui et al., CVPR 2019)",
    "logit-adjustment": "the log-odds of the prevalence are added to the logits in the loss (Menon et al., ICLR 2021)",
}


@dataclass(frozen=True, eq=False)
class Balance:
    """How a loss counts what is rare.

    Attributes
    ----------
    positives, negatives : float array (outputs,)
        Weight of films with and without an output; of a softmax head ``positives`` are the weights of the classes.
    shift : float array (outputs,)
        Added to the logits in the loss, not in the model.
    gamma : float
        Focal exponent: a term is multiplied by (1 - probability of the truth) to this power.
    """

    positives: np.ndarray
    negatives: np.ndarray
    shift: np.ndarray
    gamma: float = 0.0

    @property
    def odds_factor(self) -> np.ndarray | None:
        """How many times too high the model's odds are where the loss is least; None for focal, which bends them.

        Weights w of positives and v of negatives move the best logit by ``ln(w / v)``, a shift s by ``-s``.
        """
        return None if self.gamma else self.positives / self.negatives * np.exp(-self.shift)


def balance(
    strategy: str,
    positives: np.ndarray,
    negatives: np.ndarray,
    head: str = "sigmoid",
    *,
    power: float = 1.0,
    gamma: float = 2.0,
    beta: float = 0.999,
    strength: float = 1.0,
) -> Balance:
    """Weigh outputs by how many training films have them.

    Parameters
    ----------
    strategy : str
        One of `STRATEGIES`.
    positives, negatives : array (outputs,)
        Training films with and without an output, all above 0.
    head : {"sigmoid", "softmax"}
        Softmax: ``positives`` are the films of each class, ``negatives`` those of the others.
    power : float
        Of ``positive-weights``.
    gamma : float
        Of ``focal``.
    beta : float
        Of ``class-balanced``: n films count as ``(1 - beta^n) / (1 - beta)``.
    strength : float
        Of ``logit-adjustment``: tau in the paper.
    """
    positives, negatives = np.asarray(positives, float), np.asarray(negatives, float)
    alike, none = np.ones(len(positives)), np.zeros(len(positives))
    if strategy == "positive-weights":
        return Balance((negatives / positives) ** power, alike, none)
    if strategy == "focal":
        return Balance(alike, alike, none, gamma)
    if strategy == "class-balanced":
        weights = [(1 - beta) / (1 - beta**count) for count in (positives, negatives)]
        if head == "softmax":
            return Balance(weights[0] * len(positives) / weights[0].sum(), alike, none)
        rare, common = (2 * weight / (weights[0] + weights[1]) for weight in weights)
        return Balance(rare, common, none)
    if strategy == "logit-adjustment":
        share = positives / (positives + negatives)
        return Balance(alike, alike, strength * np.log(share if head == "softmax" else share / (1 - share)))
    return Balance(alike, alike, none)


def masked_loss(how: Balance, head: str = "sigmoid", facts: int = 0) -> Loss:
    """Make the cross-entropy over the targets that are there.

    A target counts where it is at least 0: NaN is missing, and so is the -1 of an uncertain label.

    Parameters
    ----------
    how : Balance
        For the outputs.
    head : {"sigmoid", "softmax"}
        Sigmoid: one term an output and film. Softmax: one term a film.
    facts : int
        Last columns that are sigmoid outputs of their own, counted plainly.

    Returns
    -------
    callable
        From targets (films, outputs + facts), 1, 0, or between them, and logits of that shape to the sum of the
        terms in nats and their number. What is missing adds nothing to either.
    """
    outputs = len(how.positives)
    plain = balance("none", np.ones(facts), np.ones(facts))
    terms = {"sigmoid": _sigmoid_terms, "softmax": _softmax_terms}[head]

    def loss(targets: Any, logits: Any) -> tuple[Any, Any]:
        total, count = terms(targets[:, :outputs], logits[:, :outputs], how)
        if not facts:
            return total, count
        more = _sigmoid_terms(targets[:, outputs:], logits[:, outputs:], plain)
        return total + more[0], count + more[1]

    return loss


def mean_loss(loss: Loss, targets: np.ndarray, logits: np.ndarray) -> float:
    """Give the mean term in nats; 0 where nothing is known."""
    from keras import ops

    total, count = loss(ops.convert_to_tensor(targets, "float32"), ops.convert_to_tensor(logits, "float32"))
    return float(total) / max(float(count), 1.0)


def _sigmoid_terms(targets: Any, logits: Any, how: Balance) -> tuple[Any, Any]:
    from keras import ops

    known = targets >= 0
    # NaN times 0 is NaN: the missing targets must be replaced, not multiplied away.
    truth = ops.where(known, targets, ops.zeros_like(targets))
    z = logits + _constant(how.shift)
    minus_log_p, minus_log_q = ops.softplus(-z), ops.softplus(z)
    for_it, against = minus_log_p, minus_log_q
    if how.gamma:
        for_it, against = for_it * ops.exp(-how.gamma * minus_log_q), against * ops.exp(-how.gamma * minus_log_p)
    terms = truth * _constant(how.positives) * for_it + (1 - truth) * _constant(how.negatives) * against
    known = ops.cast(known, terms.dtype)
    return ops.sum(terms * known), ops.sum(known)


def _softmax_terms(targets: Any, logits: Any, how: Balance) -> tuple[Any, Any]:
    from keras import ops

    known = ops.all(targets >= 0, axis=-1)
    truth = ops.where(known[:, None], targets, ops.zeros_like(targets))
    log_p = ops.log_softmax(logits + _constant(how.shift), axis=-1)
    terms = -truth * _constant(how.positives) * log_p
    if how.gamma:
        terms = terms * ops.power(ops.maximum(1 - ops.exp(log_p), 1e-7), how.gamma)
    return ops.sum(terms), ops.sum(ops.cast(known, terms.dtype))


def _constant(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, np.float32)
