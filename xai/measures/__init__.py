"""What can be said of a map from the map alone, a sentence a measure: adding one is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable
from pkgutil import resolve_name

import numpy as np

_MEASURES = {
    "location": "xai.measures.location:describe",
}
MEASURES: dict[str, Callable[[np.ndarray], str]] = {name: resolve_name(one) for name, one in _MEASURES.items()}


IN_THE_PICTURE = {"patient's right": "picture's left", "patient's left": "picture's right"}  # as films are hung


def describe(values: np.ndarray, *, sides_known: bool = True) -> str:
    """Say what each measure finds in a map, in the order in which they are listed.

    Parameters
    ----------
    values : ndarray, shape (H, W)
        A raw map.
    sides_known : bool
        Whether the patient's right is known to lie on the image's left; else the picture's sides are named in place of
        the patient's.
    """
    said = " ".join(measure(values) for measure in MEASURES.values())
    if not sides_known:
        for patients, pictures in IN_THE_PICTURE.items():
            said = said.replace(patients, pictures)
    return said
