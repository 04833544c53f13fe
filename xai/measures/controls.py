"""Maps that know nothing of the film or nothing of the model: what every score of a real map is to be held against.

Noise and the blob in the middle are methods of their own (`xai.EXPLAINERS`, ``random`` and ``centred``).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import ndimage

from xai.measures.ranks import checked


def prior(masks: ArrayLike, patients: ArrayLike, patient: object) -> np.ndarray:
    """Say where a finding usually is: the mean mask over films of other patients.

    A score that is no better than that of this map shows that the map knows the finding, not that it has seen the film.

    Parameters
    ----------
    masks : array of bool, shape (N, H, W)
        Truth of the finding on the films that have it, in one geometry.
    patients : array, shape (N,)
        Whose films they are.
    patient : object
        Whose film is to be scored: none of this patient's films counts, so the truth is not told to the map.

    Returns
    -------
    ndarray of float64, shape (H, W)
        In [0, 1].

    Raises
    ------
    ValueError
        If no other patient has the finding.

    Examples
    --------
    >>> masks = [[[True, False]], [[True, True]], [[False, True]]]
    >>> xai.measures.prior(masks, ["a", "b", "c"], "c")
    array([[1. , 0.5]])
    """
    others = np.asarray(patients) != patient
    if not others.any():
        raise ValueError("expected films of at least one other patient with the finding, got none")
    mean: np.ndarray = np.asarray(masks, bool)[others].mean(axis=0)
    return mean


def edges(canvas: ArrayLike) -> np.ndarray:
    """Give the edges of a film: a map that no model had a part in, and that must fail the sanity check.

    Parameters
    ----------
    canvas : array, shape (H, W)

    Returns
    -------
    ndarray of float64, shape (H, W)
        Size of the gradient (Sobel).

    Examples
    --------
    >>> xai.measures.edges([[0, 0, 1, 1]])
    array([[0., 4., 4., 0.]])
    """
    film = checked(canvas)
    size: np.ndarray = np.hypot(ndimage.sobel(film, 0), ndimage.sobel(film, 1))
    return size
