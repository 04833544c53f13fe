"""Which levels of a film are shown black and white where its file does not say, by one rule for every format.

A file that names no window says only how many levels it could hold: a detector's 12 bits in a container of 16 would
look black. So where the levels fill little of that range, the film is shown from its darkest level to its brightest,
and a doubt says so. A film with a window, or whose levels fill enough of the range, is not touched.
"""

from __future__ import annotations

import numpy as np

from xai.films.film import Doubt

LEAST_FILLED = 0.25  # two bits unused; of 3,185 chest films that were looked at, the flattest filled 0.27
TAIL = 0.005  # share of the pixels at either end that do not count: markers, dead pixels, edges of the plate
MIN_SPAN = 0.1  # a film that shows less of the grey scale than this through its file's own window looks flat


def window_to_content(
    values: np.ndarray, counts: np.ndarray, ends: tuple[float, float]
) -> tuple[tuple[float, float], tuple[str, ...]]:
    """Choose what is shown black and white of a film whose file names no window.

    Parameters
    ----------
    values : ndarray, shape (L,)
        The levels that a pixel can have, in any order.
    counts : ndarray of int, shape (L,)
        How many pixels have each; 0 for those that do not count, such as padding.
    ends : tuple of float
        The lowest and highest level that the file could hold; infinite where it does not say.

    Returns
    -------
    ends : tuple of float
        Those of the file, where all levels but a `TAIL` at each end fill `LEAST_FILLED` of them; else the levels
        at which the tails begin.
    notes : tuple of str
        A doubt, where they are not those of the file.
    """
    values, counts = values[counts > 0], counts[counts > 0]
    if not values.size:
        return ends, ()
    order = np.argsort(values, kind="stable")
    values, share = values[order], np.cumsum(counts[order]) / counts.sum()
    low = float(values[np.searchsorted(share, TAIL, "right")])
    high = float(values[np.searchsorted(share, 1 - TAIL)])
    if high - low >= LEAST_FILLED * (ends[1] - ends[0]):
        return ends, ()
    if low == high:  # nearly all of the picture is of one level, as around a small object
        low, high = float(values[0]), float(values[-1])
    if low == high:
        known = np.isfinite(ends[1] - ends[0])
        return ends if known else (low, low + 1), (Doubt("all of the picture has one grey level"),)
    if (low, high) == ends:
        return ends, ()
    span = (high - low) / (ends[1] - ends[0])
    said = f"grey levels fill only {span:.1%} of the file's range" if span else "the file does not say its range"
    return (low, high), (Doubt(f"{said} and it names no window: shown from {low:g} (black) to {high:g} (white)"),)


def shown(levels: np.ndarray, ends: tuple[float, float]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Map the levels of a film whose file names no window to what is shown of it.

    Parameters
    ----------
    levels : ndarray of int or float, shape (H, W)
        Finite.
    ends : tuple of float
        As for `window_to_content`.

    Returns
    -------
    pixels : ndarray of float32, shape (H, W)
        In [0, 1].
    notes : tuple of str
    """
    values, index = table_of(levels)
    ends, notes = window_to_content(values, np.bincount(index.ravel(), minlength=values.size), ends)
    return shades(values, ends)[index], notes


def table_of(levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give every level that a picture could have, or has where its type has too many, and each pixel's place in it."""
    if levels.dtype.kind not in "iu" or levels.dtype.itemsize > 2:
        values, index = np.unique(levels, return_inverse=True)
        return values, index
    limits = np.iinfo(levels.dtype)
    values = np.arange(limits.min, limits.max + 1)
    return values, levels if limits.min == 0 else levels.astype(np.int32) - limits.min


def shades(values: np.ndarray, ends: tuple[float, float]) -> np.ndarray:
    """Map levels to float32 in [0, 1], from the first of `ends`, shown black, to the second, shown white."""
    black, white = ends
    return np.clip((values - black) / (white - black), 0, 1).astype(np.float32)


def flat_note(shown: np.ndarray) -> tuple[str, ...]:
    """Say so, where a film's shades (in [0, 1]) use little of the grey scale though its file names a window."""
    span = float(np.ptp(shown)) if shown.size else 0.0
    return (Doubt(f"grey levels span only {span:.1%} of the range"),) if span < MIN_SPAN else ()
