"""Losses that leave missing labels out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def weighted_cross_entropy(positive_weights: np.ndarray | None = None) -> Callable[[Any, Any], Any]:
    """Make the mean sigmoid cross-entropy over the targets that are there.

    For target t, logit z and weight w a term is ``w t log(1 + exp(-z)) + (1 - t) log(1 + exp(z))``. A weight moves
    the logit that minimises the loss by ``log(w)``: probabilities no longer mean shares of films.

    Parameters
    ----------
    positive_weights : array (outputs,), optional
        Weight of what is positive; 1 without it.

    Returns
    -------
    callable
        From targets (films, outputs), 1, 0, between them, or NaN where not known, and logits (films, outputs) to a
        scalar in nats; NaN does not count, and the loss is 0 where nothing is known.
    """

    def loss(targets: Any, logits: Any) -> Any:
        from keras import ops

        known = ops.cast(ops.logical_not(ops.isnan(targets)), logits.dtype)
        # NaN times 0 is NaN: the missing targets must be replaced, not multiplied away.
        filled = ops.where(ops.isnan(targets), ops.zeros_like(targets), targets)
        positive = filled if positive_weights is None else filled * positive_weights
        terms = ops.softplus(logits) * (1 - filled + positive) - logits * positive
        return ops.sum(terms * known) / ops.maximum(ops.sum(known), 1.0)

    return loss
