"""Losses that leave missing labels out."""

from __future__ import annotations

from typing import Any


def masked_cross_entropy(targets: Any, logits: Any) -> Any:
    """Give the mean sigmoid cross-entropy over the targets that are there.

    For target t and logit z a term is ``log(1 + exp(z)) - z t``.

    Parameters
    ----------
    targets : tensor (films, outputs)
        1, 0, a probability between them, or NaN where it is not known; NaN does not count.
    logits : tensor (films, outputs)

    Returns
    -------
    tensor ()
        In nats; 0 where no target is known.
    """
    from keras import ops

    known = ops.cast(ops.logical_not(ops.isnan(targets)), logits.dtype)
    # NaN times 0 is NaN: the missing targets must be replaced, not multiplied away.
    filled = ops.where(ops.isnan(targets), ops.zeros_like(targets), targets)
    terms = ops.softplus(logits) - logits * filled
    return ops.sum(terms * known) / ops.maximum(ops.sum(known), 1.0)
