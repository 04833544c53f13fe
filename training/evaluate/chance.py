"""Exact tests of two shares, weakened as far as films of one patient are alike."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr, ndtri

from training.evaluate.ranked import dot


def design_effect(has: np.ndarray, among: np.ndarray, has_there: np.ndarray, among_there: np.ndarray) -> float:
    """Say how much more a difference of shares varies than if each film were of another patient, were there none.

    At least 1, and exactly that where no patient has two of the films.

    Parameters
    ----------
    has, among, has_there, among_there : array (patients,)
        How many of how many films of each patient have something, here and there.
    """
    everybody = among.sum() + among_there.sum()
    value = (has.sum() + has_there.sum()) / everybody
    off = (has - value * among) / among.sum() - (has_there - value * among_there) / among_there.sum()
    alone = sum(
        (count.sum() * (1 - value) ** 2 + (of.sum() - count.sum()) * value**2) / of.sum() ** 2
        for count, of in ((has, among), (has_there, among_there))
    )
    return max(1.0, dot(off, off) / alone) if alone else 1.0


def weakened(p: float, effect: float) -> float:
    """Give a two-sided p value for the same difference with fewer films: its deviate over the root of the effect."""
    return float(2 * ndtr(ndtri(p / 2) / math.sqrt(effect))) if effect > 1 else p
