"""The films of a dataset whose findings have a known place: masks of simulated films, boxes that readers drew."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from training.datasets.facts import DatasetError
from training.datasets.table import Dataset
from training.opening import open_masks
from xai.measures import on_map
from xai.measures.frame import Footprint

BOX_SIDE = 1024  # pixels a side that boxes are drawn on before they are put on a map


def with_truth(dataset: Dataset, findings: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Say which films have which of the findings at a place that is known, in the order of the table.

    Parameters
    ----------
    dataset : Dataset
        Simulated films, by their recipes, and films with boxes count, where they are on disk or can be rendered.
    findings : sequence of str

    Raises
    ------
    DatasetError
        If there is no such film.
    """
    films = dataset.films
    simulated = films["recipe"].notna() if "recipe" in films else pd.Series(False, films.index)
    boxed = dataset.boxes.groupby("film")["finding"].agg(set)
    found = {}
    for (_, row), is_simulated in zip(films.iterrows(), simulated, strict=True):
        drawn = boxed.get(row["film"], set()) if row["on_disk"] else set()
        there = tuple(name for name in findings if (is_simulated and row.get(name) == 1) or name in drawn)
        if there:
            found[row["film"]] = there
    if not found:
        raise DatasetError(
            f"{dataset.facts.name} has no film with one of the model's findings at a place that is known: expected "
            "simulated films, or boxes of films that are on disk."
        )
    return found


def truths(
    dataset: Dataset, film: str, findings: Sequence[str], shape: tuple[int, int], footprint: Footprint
) -> dict[str, np.ndarray]:
    """Give the truth of findings of a film in the geometry of its maps; none that the maps do not cover."""
    masks = open_masks(dataset, film)
    drawn = dataset.boxes[dataset.boxes["film"] == film]
    placed = {}
    for name in findings:
        boxes = drawn.loc[drawn["finding"] == name, ["x", "y", "width", "height"]].to_numpy()
        mask = masks[name] if name in masks else in_boxes(boxes)
        inside = on_map(mask, shape, footprint)
        if inside.any():
            placed[name] = inside
    return placed


def in_boxes(boxes: np.ndarray, side: int = BOX_SIDE) -> np.ndarray:
    """Give the pixels whose middle lies in one of the boxes (x, y, width, height), shares of the film: (side, side)."""
    middles = (np.arange(side) + 0.5) / side
    inside = np.zeros((side, side), bool)
    for x, y, width, height in boxes:
        down, across = (middles >= y) & (middles < y + height), (middles >= x) & (middles < x + width)
        inside |= down[:, None] & across
    return inside
