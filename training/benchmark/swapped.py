"""Every map of a finding held against the truth of every film with it: what chance hands out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from xai.measures.truth import evidence, peak

Made = tuple[np.ndarray, np.ndarray | None]  # a map, and the cells that it was scaled up from


def swap_table(measure: str, made: Sequence[Made], truths: Sequence[np.ndarray]) -> np.ndarray:
    """Measure all maps against all truths, as `xai.measures` does one by one.

    Each map is put in order once, not once a truth: with 30 films of a finding that is what makes the difference.

    Parameters
    ----------
    measure : {"pointing", "energy", "iou"}
    made : sequence of Made
    truths : sequence of bool array (H, W)
        None of them empty.

    Returns
    -------
    ndarray, shape (truths, maps)
    """
    return _TABLES[measure](made, np.stack([truth.ravel() for truth in truths]))


def _pointing(made: Sequence[Made], inside: np.ndarray) -> np.ndarray:
    return _shares([peak(np.asarray(values, float), _or_none(cells)) for values, cells in made], inside)


def _energy(made: Sequence[Made], inside: np.ndarray) -> np.ndarray:
    return _shares([evidence(np.asarray(values, float)) for values, _ in made], inside)


def _iou(made: Sequence[Made], inside: np.ndarray) -> np.ndarray:
    places = [np.flatnonzero(mask) for mask in inside]
    return np.stack([_ious(np.asarray(values, float).ravel(), places) for values, _ in made], axis=1)


def _ious(values: np.ndarray, places: Sequence[np.ndarray]) -> np.ndarray:
    """Give the IoU of one map's strongest pixels with each truth, as many as that has; ties share what is left."""
    if values.max() <= 0:
        return np.zeros(len(places))
    ordered = np.sort(values)
    found = []
    for where in places:
        count = len(where)
        edge = ordered[-count]
        first, last = np.searchsorted(ordered, edge, "left"), np.searchsorted(ordered, edge, "right")
        left = count - (len(ordered) - last)
        there = values[where]
        both = np.count_nonzero(there > edge) + np.count_nonzero(there == edge) * left / (last - first)
        found.append(both / (2 * count - both))
    return np.array(found)


def _shares(weights: Sequence[np.ndarray], inside: np.ndarray) -> np.ndarray:
    return inside.astype(float) @ np.stack([one.ravel() for one in weights], axis=1)


def _or_none(cells: np.ndarray | None) -> np.ndarray | None:
    return None if cells is None else np.asarray(cells, float)


_TABLES: dict[str, Callable[[Sequence[Made], np.ndarray], np.ndarray]] = {
    "pointing": _pointing,
    "energy": _energy,
    "iou": _iou,
}
