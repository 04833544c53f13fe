"""CheXlocalize: what radiologists drew on CheXpert's validation and test films (Saporta et al., 2022).

Two radiologists together drew the ground truth, three others the human benchmark, which there is of the test films.
Both drew what the film's label says, so they cannot disagree on whether it is there. Either lies in one of two files a
split (rajpurkarlab/cheXlocalize, README):

``{gt,hb}_segmentations_{val,test}.json``
    ``{film: {pathology: {"size": [height, width], "counts": ...}}}``, a COCO mask of each of ten pathologies, empty
    where there is nothing.
``{gt,hb}_annotations_{val,test}.json``
    ``{film: {"img_size": [height, width], pathology: [[[x, y], ...], ...]}}``, outlines in pixels.

A film is called ``patient64622_study1_view1_frontal``, a pathology as in CheXpert, but for Airspace Opacity. The files
may lie anywhere below the root of `training.datasets.chexpert`; where there are both, the masks are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from training.datasets.boxes import TRUTH, box_table, mask_row
from training.datasets.disk import Files, remark
from training.datasets.facts import DatasetError, Remark
from training.datasets.json_source import expect, numbers_in, read_json
from training.datasets.labels import SHARED
from training.datasets.rle import RleError, decode
from xai.films.film import MAX_PIXELS

READERS = {"gt": "ground truth", "hb": "human benchmark"}
SPLITS = ("val", "test")
OURS = {theirs: ours for ours, theirs in SHARED.items()}
NO_COUNTERPART = ("Airspace Opacity", "Enlarged Cardiomediastinum", "Lung Lesion", "Lung Opacity", "Support Devices")
POLICY = {TRUTH: READERS["gt"]}
CITATION = (
    "Saporta A, Gui X, Agrawal A, et al. Benchmarking saliency methods for chest X-ray interpretation. Nature Machine "
    "Intelligence 2022."
)
FILM = re.compile(r"(patient\d+)_(study\d+)_(view\d+_(?:frontal|lateral))")
SIZE = "img_size"


def find_drawn(files: Files) -> dict[Path, str]:
    """Find the files of drawings below CheXpert's root: file -> who drew them; masks rather than outlines."""
    found = {}
    for short, reader in READERS.items():
        for split in SPLITS:
            if file := files.find(f"{short}_segmentations_{split}.json*", f"{short}_annotations_{split}.json*"):
                found[file] = reader
    return found


def read_drawn(drawn: dict[Path, str], films: pd.Series) -> tuple[pd.DataFrame, tuple[Remark, ...]]:
    """Read who drew what on which of CheXpert's films.

    Parameters
    ----------
    drawn : dict of Path to str
        As `find_drawn` gives it.
    films : Series of str
        Such as ``patient00001/study1/view1_frontal``.

    Returns
    -------
    boxes : DataFrame
        `BOX_COLUMNS`, a mask a row.
    remarks : tuple of Remark
        About what has no counterpart among the findings, and films that are not in the table.

    Raises
    ------
    DatasetError
        If a file is not as published; the message names film and pathology.
    """
    rows, others, strangers = [], [], []
    known = set(films)
    for file, reader in drawn.items():
        for name, film, entries in _films(file):
            if film not in known:
                strangers.append(name)
                continue
            for pathology, mask in _masks(file, name, entries):
                if pathology in NO_COUNTERPART:
                    others.append(f"{pathology} on {film}")
                else:
                    rows.append(mask_row(film, OURS[pathology], mask, label=pathology, reader=reader))
    return box_table(rows), (
        *remark(f"masks of {', '.join(NO_COUNTERPART)}: none of the 14, left out", others, left_out=True),
        *remark("films drawn on that are not in the table, left out", strangers, left_out=True),
    )


def _films(file: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give the films of a file: as it calls them, as we do, and what is drawn."""
    for name, entries in read_json(file, dict).items():
        parts = FILM.fullmatch(name)
        if parts is None:
            expected = "expected names such as patient64622_study1_view1_frontal"
            raise DatasetError(f"{file.name} calls a film “{name}”; {expected}.")
        yield name, "/".join(parts.groups()), expect(entries, dict, f"{name} in {file.name}")


def _masks(file: Path, film: str, entries: dict[str, Any]) -> Iterator[tuple[str, np.ndarray]]:
    """Give what is drawn on a film, by pathology; nothing where the mask is empty."""
    for pathology, told in entries.items():
        if pathology == SIZE:
            continue
        where = f"{pathology} of {film} in {file.name}"
        if pathology not in (*OURS, *NO_COUNTERPART):
            raise DatasetError(f"{where} is none of CheXlocalize's pathologies.")
        mask = _outlined(told, entries, where) if isinstance(told, list) else _unpacked(told, where)
        if mask.any():
            yield pathology, mask


def _unpacked(told: Any, where: str) -> np.ndarray:
    content = expect(told, dict, where)
    try:
        return decode(content.get("size"), content.get("counts"))
    except RleError as error:
        raise DatasetError(f"The mask of {where} cannot be read: {error}.") from error


def _outlined(outlines: list[Any], entries: dict[str, Any], where: str) -> np.ndarray:
    """Fill outlines as the publishers' annotation_to_segmentation.py does, with Pillow, edges included."""
    height, width = (int(side) for side in numbers_in(entries.get(SIZE), 2, f"{SIZE} of {where}"))
    if min(height, width) < 1 or height * width > MAX_PIXELS:
        expected = f"expected 1 to {MAX_PIXELS // 10**6} million pixels"
        raise DatasetError(f"{SIZE} of {where} is {height} × {width}; {expected}.")
    picture = Image.new("1", (width, height))
    for outline in outlines:
        points = [tuple(numbers_in(point, 2, f"A point of {where}")) for point in expect(outline, list, where)]
        if any(abs(one) > 2 * MAX_PIXELS for point in points for one in point):
            raise DatasetError(f"A point of {where} lies far off the film.")
        if len(points) > 1:
            ImageDraw.Draw(picture).polygon(points, outline=1, fill=1)
    return np.array(picture, bool)
