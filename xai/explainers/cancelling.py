"""Say when the parts of a signed map cancel: strong colours then stand for an answer that they hardly move together."""

from __future__ import annotations

import numpy as np

from xai.explainers.declared import Diagnostic

LITTLE = 0.1  # of what the parts measure one by one: less than that left of them together is little
NOTHING = 1e-4  # logits; parts that measure less than this one by one are nothing to add up


def net_share(parts: np.ndarray) -> float | None:
    """Give what is left of a map's parts when they are added up.

    Parameters
    ----------
    parts : ndarray, shape (n,)
        What each part that the method tells apart adds to the logit, signed.

    Returns
    -------
    float or None
        The magnitude of their sum as a share of the sum of their magnitudes: 1 where all have one sign, 0 where they
        cancel. None where there is nothing to add up.
    """
    magnitude = float(np.abs(parts).sum())
    return abs(float(parts.sum())) / magnitude if magnitude > NOTHING else None


CANCELLING = Diagnostic(
    "net_share",
    "Parts cancel",
    "Parts for and against the finding are large and cancel: when all are added up, this is what is left of them. "
    "Colours as strong as these say little about the answer.",
    write=lambda share: f"{100 * share:.0f}\N{NO-BREAK SPACE}% is left" if share >= 0.005 else "nearly nothing is left",
    warns=lambda share: True,
    shown=lambda share: share is not None and share < LITTLE,
)
