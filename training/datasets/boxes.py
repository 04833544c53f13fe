"""What people drew on films: who drew which finding where, in one table for all sources.

A row is one box or one mask. Boxes are fractions of the film's width and height from its top left corner. A mask has
its own run lengths too (`training.datasets.rle`), and as a box the one around it. ``reader`` is who drew it, as the
source calls them; empty where it does not say. ``label`` is the source's own word for the finding.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from training.datasets.disk import remark
from training.datasets.facts import DatasetError, Remark
from training.datasets.rle import RleError, decode, encode
from xai.measures import on_map

PLACE = ("x", "y", "width", "height")
OLD_COLUMNS = ("film", "finding", *PLACE, "label")  # of datasets made before a mask was read, or its reader told
MASK_COLUMNS = ("mask", "mask_height", "mask_width")
BOX_COLUMNS = (*OLD_COLUMNS, "reader", *MASK_COLUMNS)
TEXTS = ("film", "finding", "label", "reader", "mask")
SIZES = ("mask_height", "mask_width")

READ_BY = "read_by"  # column of films: who said on their own what is on a film, such as R8|R9|R10
APART = "|"
TRUTH = "truth"  # entry of a dataset's policy: the reader whose drawings alone are the truth, where the source says so
SIDE = 1024  # pixels a side of the squares that drawings are put on
OVER = 0.01  # of the film's side, that a hand may slip over its edge


def box_table(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Make a table of rows that have the `OLD_COLUMNS`; what else they lack stands for a box of an unnamed reader."""
    return complete_boxes(pd.DataFrame(list(rows), columns=list(BOX_COLUMNS)))


def complete_boxes(boxes: pd.DataFrame) -> pd.DataFrame:
    """Give the columns `BOX_COLUMNS` in their types, with what older datasets lack."""
    table = boxes.reindex(columns=list(BOX_COLUMNS))
    for name in ("reader", "mask"):
        table[name] = table[name].fillna("")
    for name in SIZES:
        table[name] = table[name].fillna(0).astype(np.int64)
    texts = dict.fromkeys(TEXTS, "str")
    return table.astype(texts | dict.fromkeys(PLACE, np.float64)).reset_index(drop=True)


def empty_boxes() -> pd.DataFrame:
    """Give a table of boxes without rows."""
    return box_table(())


def check_boxes(boxes: pd.DataFrame, where: str) -> None:
    """Refuse a table that holds something else than its columns may; raises DatasetError."""
    for name in (one for one in TEXTS if one in boxes):
        told = boxes[name].dropna()
        if len(told) and pd.api.types.infer_dtype(told) != "string":
            raise DatasetError(f"{where} holds something else than text in the column {name} of its boxes.")
    for name in PLACE:
        if not pd.api.types.is_float_dtype(boxes[name]) or not boxes[name].between(0, 1).all():
            raise DatasetError(
                f"{where} holds something else than shares from 0 to 1 in the column {name} of its boxes."
            )
    for name in (one for one in SIZES if one in boxes):
        if not pd.api.types.is_integer_dtype(boxes[name]):
            raise DatasetError(f"{where} holds something else than whole numbers in the column {name} of its boxes.")


def mask_row(film: str, finding: str, mask: np.ndarray, *, label: str, reader: str) -> dict[str, Any]:
    """Make the row of a mask (height, width) in which something is drawn."""
    height, width = mask.shape
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    place = {"x": columns[0] / width, "y": rows[0] / height}
    place |= {"width": (columns[-1] + 1 - columns[0]) / width, "height": (rows[-1] + 1 - rows[0]) / height}
    drawn = {"mask": encode(mask), "mask_height": height, "mask_width": width}
    return {"film": film, "finding": finding, "label": label, "reader": reader, **place, **drawn}


def settle_boxes(file: Path, rows: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Remark, ...]]:
    """Take what lies on the film of boxes as a source gives them, each once.

    Parameters
    ----------
    file : Path
        The source's, for messages.
    rows : DataFrame
        `OLD_COLUMNS` and ``reader``; the index counts the source's rows or films, as its messages do.

    Returns
    -------
    boxes : DataFrame
        A box that reaches over an edge by at most `OVER` ends there.
    remarks : tuple of Remark
        About boxes that end at the edge, have no area, or are there twice.

    Raises
    ------
    DatasetError
        If a box is not of four numbers, or lies off its film.
    """
    place = rows[list(PLACE)].to_numpy(float)
    ends = np.column_stack([place[:, :2], place[:, :2] + place[:, 2:]])
    wrong = ~np.isfinite(ends).all(axis=1) | (ends < -OVER).any(axis=1) | (ends > 1 + OVER).any(axis=1)
    if wrong.any():
        first = rows.iloc[int(np.flatnonzero(wrong)[0])]
        told = f"the box of {first['label']} does not lie on the film"
        raise DatasetError(f"{file.name}, film “{first['film']}”: {told}.")
    over = np.asarray(((ends < 0) | (ends > 1)).any(axis=1))
    ends = ends.clip(0, 1)
    flat = np.asarray((ends[:, 2:] <= ends[:, :2]).any(axis=1))
    kept = pd.DataFrame(np.column_stack([ends[:, :2], ends[:, 2:] - ends[:, :2]]), rows.index, list(PLACE))
    rows = pd.concat([rows.drop(columns=list(PLACE)), kept], axis=1)
    twice = rows.duplicated(["film", "finding", "reader", *PLACE]).to_numpy() & ~flat
    boxes = complete_boxes(rows[~flat & ~twice])
    return boxes, (
        *remark("boxes that reach a little over the edge of their film: they end there", rows.loc[over, "film"]),
        *remark("boxes without any area, left out", rows.loc[flat, "film"], left_out=True),
        *remark("boxes that the same reader drew twice, of which one counts", rows.loc[twice, "film"], left_out=True),
    )


def drawing(boxes: pd.DataFrame, side: int = SIDE) -> np.ndarray:
    """Give the pixels of a film, put on a square, that are inside any of some rows: bool (side, side).

    Raises
    ------
    DatasetError
        If the mask of one is damaged.
    """
    is_mask = boxes["mask"] != ""
    inside = in_boxes(boxes.loc[~is_mask, list(PLACE)].to_numpy(), side)
    for row in boxes[is_mask].itertuples():
        inside |= on_map(decoded(row), (side, side))
    return inside


def decoded(row: Any) -> np.ndarray:
    """Unpack the mask of a row, as `itertuples` gives it: bool (height, width); raises DatasetError where damaged."""
    try:
        return decode([int(row.mask_height), int(row.mask_width)], row.mask)
    except RleError as error:
        raise DatasetError(f"The mask of {row.finding} on “{row.film}” cannot be read: {error}.") from error


def drawings(boxes: pd.DataFrame, side: int = SIDE) -> dict[str, np.ndarray]:
    """Give what each reader drew of one finding of one film, by reader; see `drawing`."""
    return {str(reader): drawing(part, side) for reader, part in boxes.groupby("reader", sort=False)}


def judge_of(film: str, readers: Iterable[str], policy: Mapping[str, str]) -> str | None:
    """Say whose drawing of a finding is held to be the truth of a film; None where the one who is to judge drew none.

    That is whom the source names, else one of those who drew it, by the film's name: nobody is favoured, and what a
    map or another reader is held against is always what one person drew.

    Parameters
    ----------
    film : str
    readers : iterable of str
        Who drew the finding on it; not empty.
    policy : mapping
        Of the dataset.
    """
    names = sorted(set(readers))
    if TRUTH in policy:
        return policy[TRUTH] if policy[TRUTH] in names else None
    return names[zlib.crc32(film.encode()) % len(names)]


def in_boxes(boxes: np.ndarray, side: int = SIDE) -> np.ndarray:
    """Give the pixels whose middle lies in one of the boxes (x, y, width, height), shares of the film: (side, side)."""
    middles = (np.arange(side) + 0.5) / side
    inside = np.zeros((side, side), bool)
    for x, y, width, height in boxes:
        down, across = (middles >= y) & (middles < y + height), (middles >= x) & (middles < x + width)
        inside |= down[:, None] & across
    return inside


def drawn_words(boxes: pd.DataFrame) -> str:
    """Count what was drawn: ``5 boxes and 2 masks by 3 readers on 4 films``; empty where nothing was."""
    masks = int((boxes["mask"] != "").sum())
    readers = boxes["reader"].loc[boxes["reader"] != ""].nunique()
    kinds = [(len(boxes) - masks, "box", "boxes"), (masks, "mask", "masks")]
    told = [f"{count:,} {one if count == 1 else many}" for count, one, many in kinds if count]
    by = f" by {readers} reader{'s' if readers > 1 else ''}" if readers else ""
    films = boxes["film"].nunique()
    return f"{' and '.join(told)}{by} on {films:,} film{'s' if films > 1 else ''}" if told else ""


def who_drew(readers: Iterable[str]) -> str:
    """Say who drew something: ``three readers: R1, R2, R3``, ``one reader: R1``; empty where nobody is named."""
    names = [name for name in dict.fromkeys(readers) if name]
    if not names:
        return ""
    number = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}.get(len(names), f"{len(names)}")
    return f"{number} reader{'s' if len(names) > 1 else ''}: {', '.join(names)}"
