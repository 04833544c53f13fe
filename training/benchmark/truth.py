"""The films of a dataset whose findings have a known place: masks of simulated films, or what a reader drew.

Where several drew a finding, what one of them drew is the truth (`training.datasets.boxes.judge_of`): a map is held
against one person, and so are the other readers (`training.benchmark.readers`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from training.datasets.boxes import drawing, judge_of
from training.datasets.boxes import in_boxes as in_boxes
from training.datasets.facts import DatasetError
from training.datasets.table import Dataset
from training.opening import open_masks
from xai.measures import on_map
from xai.measures.frame import Footprint

UNSURE = "uncertain"  # where a finding's label comes from, if those who read the film do not agree that it is there


def with_truth(dataset: Dataset, findings: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Say which films have which of the findings at a place that is known, in the order of the table.

    Parameters
    ----------
    dataset : Dataset
        Simulated films, by their recipes, and films that somebody drew on count, where they are on disk or can be
        rendered; not for a finding whose label says that it is absent, or that its readers do not agree.
    findings : sequence of str

    Raises
    ------
    DatasetError
        If there is no such film.
    """
    films = dataset.films
    simulated = films["recipe"].notna() if "recipe" in films else pd.Series(False, films.index)
    boxed = {film: set(part["finding"]) for film, part in judged(dataset).groupby("film")}
    found = {}
    for (_, row), is_simulated in zip(films.iterrows(), simulated, strict=True):
        drawn = boxed.get(row["film"], set()) if row["on_disk"] else set()
        agreed = {name for name in drawn if row.get(name) != 0 and row.get(f"source_{name}") != UNSURE}
        there = tuple(name for name in findings if (is_simulated and row.get(name) == 1) or name in agreed)
        if there:
            found[row["film"]] = there
    if not found:
        raise DatasetError(
            f"{dataset.facts.name} has no film with one of the model's findings at a place that is known: expected "
            "simulated films, or boxes of films that are on disk."
        )
    return found


def judged(dataset: Dataset) -> pd.DataFrame:
    """Give the drawings of who is to judge each finding of each film; `BOX_COLUMNS`."""
    boxes = dataset.boxes
    parts = boxes[["film", "finding", "reader"]].drop_duplicates().groupby(["film", "finding"], sort=False)["reader"]
    judges = {key: judge_of(str(key[0]), names, dataset.facts.policy) for key, names in parts}
    keys = zip(boxes["film"], boxes["finding"], boxes["reader"], strict=True)
    return boxes[[reader == judges[film, finding] for film, finding, reader in keys]]


def truths(
    dataset: Dataset, film: str, findings: Sequence[str], shape: tuple[int, int], footprint: Footprint
) -> dict[str, np.ndarray]:
    """Give the truth of findings of a film in the geometry of its maps; none that the maps do not cover.

    Raises
    ------
    DatasetError
        If the dataset has no such film, or a mask is damaged.
    """
    masks = open_masks(dataset, film)
    drawn = dataset.boxes[dataset.boxes["film"] == film]
    placed = {}
    for name in findings:
        own = drawn[drawn["finding"] == name]
        judge = judge_of(film, own["reader"], dataset.facts.policy) if len(own) else None
        mask = masks[name] if name in masks else drawing(own[own["reader"] == judge])
        inside = on_map(mask, shape, footprint)
        if inside.any():
            placed[name] = inside
    return placed
