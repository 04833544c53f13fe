"""Hold one map against the truth of its film, beside controls that know nothing of the film."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from xai.explainers.controls import CentredMap, RandomMap
from xai.explainers.explanation import Explanation
from xai.measures.trust import Made, Placed, placed

NOISE = 20  # maps of noise, of whose scores the mean is told


def beside_controls(made: Explanation, inside: np.ndarray, usual: np.ndarray | None) -> Placed | None:
    """Hold a map and the controls against the truth.

    Parameters
    ----------
    made : Explanation
    inside : bool array (H, W)
        The truth, in the map's geometry.
    usual : float array (H, W) or None
        Where the finding usually is, in the same geometry; None where that is not known.

    Returns
    -------
    Placed or None
        As `xai.measures.trust.placed` gives it; its controls are `prior` where it is known, `random` and `centred`.
    """
    controls = _blind_maps(made.map.shape)
    if usual is not None:
        controls = {"prior": [(usual, None)], **controls}
    return placed((made.map, made.cells), inside, controls)


def on_truth(one: Placed, films: int) -> dict[str, Any]:
    """Give the numbers for a file; ``films`` are those of other patients that the usual place comes from."""
    return plain(asdict(one)) | {"usual_place_films": films}


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give values as JSON has them, which knows no NaN."""
    found = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            value = plain(value)
        found[name] = None if isinstance(value, float) and math.isnan(value) else value
    return found


@functools.lru_cache(maxsize=2)
def _blind_maps(shape: tuple[int, int]) -> dict[str, list[Made]]:
    """Draw the controls that know neither film nor finding."""
    noise: list[Made] = [RandomMap().drawn(shape, draw) for draw in range(NOISE)]
    return {"random": noise, "centred": [(CentredMap().blob(shape), None)]}
