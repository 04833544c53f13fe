"""LIME's weights by a Gaussian process in place of the straight fit: nearer, and with errors, where pairs are few.

Up to two pairs a region its squared error was a quarter less than the straight fit's, at four pairs a tenth less
(docs/maps-of-regions.md). It is the process of `xai.explainers.process`, of which a weight is
what a region does on average over all films.
"""

from __future__ import annotations

import numpy as np

from xai.explainers.pairs import PairsFit, fit_pairs, halves_of
from xai.explainers.process import HALF, fit_process


def fit_surrogate(pairs: np.ndarray, logits: np.ndarray, difference: np.ndarray) -> PairsFit:
    """Fit a weight for each region to the answers to pairs.

    Parameters
    ----------
    pairs : ndarray of bool, shape (P, regions)
    logits : ndarray, shape (2 P, K)
        See `xai.explainers.pairs.fit_pairs`.
    difference : ndarray, shape (K,)
        Of the answers to the whole film and the baseline.

    Returns
    -------
    PairsFit
        Its errors are the standard deviations of the weights given the answers; R² is that of the straight fit.
    """
    odd, even = halves_of(logits)
    if not len(pairs):
        return fit_pairs(pairs, logits)
    weights, errors = fit_process(pairs, odd, difference).effects(*HALF)
    return PairsFit(weights, errors, even.mean(axis=0) - weights.sum(axis=0) / 2, fit_pairs(pairs, logits).r2)
