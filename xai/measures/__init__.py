"""What can be said of a map from the map alone, a sentence a measure: adding one is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable
from pkgutil import resolve_name

import numpy as np

from xai.measures.frame import Frame

_MEASURES = {
    "location": "xai.measures.location:describe",
}
MEASURES: dict[str, Callable[[np.ndarray, Frame], str]] = {name: resolve_name(one) for name, one in _MEASURES.items()}


def describe(values: np.ndarray, frame: Frame | None = None) -> str:
    """Say what each measure finds in a map, in the order in which they are listed.

    Parameters
    ----------
    values : ndarray, shape (H, W)
        A raw map.
    frame : Frame, optional
        Where it lies on the film; without it, it covers the film.
    """
    return " ".join(measure(values, frame or Frame()) for measure in MEASURES.values())
