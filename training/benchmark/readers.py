"""The human ceiling: what other readers drew, held against whose drawing is the truth for maps.

A reader who draws a box points at its middle; one who draws a mask, at the point deepest inside each piece of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

import cv2
import numpy as np
import pandas as pd

from training.benchmark.league import ALL, mean_with_interval
from training.datasets.boxes import APART, PLACE, READ_BY, drawings, judge_of
from training.datasets.table import Dataset

READER = "reader"
SIDE = 512  # pixels a side of the squares that drawings are compared on: the whole film, whatever a model sees of it
ASKED = {
    "pointing": "How often a point that another reader would show lies inside what the judging one drew.",
    "energy": "Share of what another reader drew that lies inside what the judging one drew.",
    "iou": "IoU of what the two drew, each as large as it was drawn.",
}
PRESENCE = "presence"
COLUMNS = {
    "finding": "What was drawn, or all: the mean over every finding of every film.",
    "measure": "presence: of the other readers of a film on which somebody drew the finding, how many drew it too.",
    "value": "Mean over films.",
    "low": "Lower end of its 95 % score interval, whose variance is that between patients.",
    "high": "Upper end.",
    "films": "Films behind it.",
}


def reader_scores(dataset: Dataset, wanted: Mapping[str, Sequence[str]], patients: Mapping[str, str]) -> pd.DataFrame:
    """Hold what other readers drew against the judging one.

    Parameters
    ----------
    dataset : Dataset
    wanted : mapping of str to sequence of str
        The findings of each film that maps are measured on.
    patients : mapping of str to str
        Of each film.

    Returns
    -------
    DataFrame
        A row a film and finding that at least one other reader drew, the mean over these in the columns `ASKED`; with
        ``film``, ``patient``, ``finding`` and ``method``, as `training.benchmark.league.score` gives them.
    """
    rows = []
    boxes = dataset.boxes
    for (name, finding), own in boxes[boxes["film"].isin(list(wanted))].groupby(["film", "finding"], sort=False):
        film = str(name)
        judge = judge_of(film, own["reader"], dataset.facts.policy)
        if finding not in wanted[film] or judge is None or own["reader"].nunique() < 2:
            continue
        drawn = drawings(own, SIDE)
        truth = drawn.pop(judge)
        if not truth.any():
            continue
        found = [_held(own[own["reader"] == reader], mask, truth) for reader, mask in drawn.items() if mask.any()]
        if found:
            mean = dict(zip(ASKED, np.mean(found, axis=0).tolist(), strict=True))
            told = {"film": film, "patient": patients[film], "finding": finding, "method": READER}
            rows.append(told | mean)
    return pd.DataFrame(rows, columns=["film", "patient", "finding", "method", *ASKED])


def reader_rows(scores: pd.DataFrame) -> pd.DataFrame:
    """Give the readers' rows of the league, with its columns; none where no finding was drawn by two."""
    rows = []
    for finding, part in _parts(scores):
        films, patients = part["film"].nunique(), part["patient"].to_numpy()
        for name in ASKED:
            rows.append((READER, finding, name, *mean_with_interval(part[name].to_numpy(), patients), films))
    return pd.DataFrame(rows, columns=["method", "finding", "measure", "value", "low", "high", "films"])


def presence(dataset: Dataset, findings: Sequence[str], patients: Mapping[str, str]) -> pd.DataFrame:
    """Say how often readers who worked apart agree that a finding is there; the columns `COLUMNS`.

    Of sources whose readers were told what to draw there is none: they could not disagree.
    """
    films = dataset.films
    told = films[films[READ_BY].notna() & films["on_disk"]] if READ_BY in films else films.iloc[:0]
    readers = {film: set(names.split(APART)) for film, names in zip(told["film"], told.get(READ_BY, ()), strict=True)}
    rows = []
    for (name, finding), own in dataset.boxes.groupby(["film", "finding"], sort=False):
        film = str(name)
        read_by = readers.get(film, set())
        saw = len(read_by & set(own["reader"]))
        if finding in findings and saw and len(read_by) > 1:
            rows.append((film, patients[film], finding, (saw - 1) / (len(read_by) - 1)))
    cases = pd.DataFrame(rows, columns=["film", "patient", "finding", "value"])
    found = [
        (
            finding,
            PRESENCE,
            *mean_with_interval(part["value"].to_numpy(), part["patient"].to_numpy()),
            part["film"].nunique(),
        )
        for finding, part in _parts(cases)
    ]
    return pd.DataFrame(found, columns=list(COLUMNS))


def _held(rows: pd.DataFrame, drawn: np.ndarray, truth: np.ndarray) -> tuple[float, float, float]:
    """Measure one reader's drawing against the judging one's, in the order of `ASKED`."""
    both = float((drawn & truth).sum())
    points = list(chain(_middles(rows), *(_deepest(one) for one in _masks(rows))))
    inside = [bool(truth[point]) for point in points]
    return float(np.mean(inside)), both / float(drawn.sum()), both / float((drawn | truth).sum())


def _middles(rows: pd.DataFrame) -> list[tuple[int, int]]:
    """Give the pixel in the middle of each box."""
    x, y, width, height = rows.loc[rows["mask"] == "", list(PLACE)].to_numpy().T
    middles = np.column_stack([y + height / 2, x + width / 2])
    return [(int(row), int(column)) for row, column in np.floor(middles * SIDE).clip(0, SIDE - 1)]


def _masks(rows: pd.DataFrame) -> list[np.ndarray]:
    masks = rows[rows["mask"] != ""]
    return list(drawings(masks, SIDE).values())


def _deepest(mask: np.ndarray) -> list[tuple[int, int]]:
    """Give the pixel of each piece of a mask that lies farthest from its edge."""
    count, pieces = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    found = []
    for piece in range(1, count):
        padded = np.pad((pieces == piece).astype(np.uint8), 1)  # the film's edge is an edge too
        depth = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
        row, column = np.unravel_index(int(depth.argmax()), depth.shape)
        found.append((int(row), int(column)))
    return found


def _parts(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Give all rows, then those of each finding; nothing of an empty table."""
    if table.empty:
        return []
    return [(ALL, table), *((str(finding), part) for finding, part in table.groupby("finding", sort=False))]
