"""VinDr-CXR: Nguyen et al., VinDr-CXR, Scientific Data 2022: boxes of three readers on each of 15,000 films.

``annotations_train.csv`` has a row a box, ``image_id,rad_id,class_name,x_min,y_min,x_max,y_max``, in pixels of the
DICOM file, and a row without box where a reader found nothing. ``annotations_test.csv`` is the consensus of five
readers, without ``rad_id``. ``image_labels_train.csv`` has a row a film and reader and a column a class, diagnoses
without box among them; ``image_labels_test.csv`` a row a film. Kaggle's ``train.csv`` (VinBigData) is
``annotations_train.csv`` with ``class_id``, and ``train_meta.csv`` beside it tells how large the films were (``dim0``
high, ``dim1`` wide).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from training.datasets.boxes import APART, PLACE, READ_BY, empty_boxes, settle_boxes
from training.datasets.disk import Files, list_files, remark, stem
from training.datasets.facts import DatasetError, DatasetFacts, Remark
from training.datasets.labels import DERIVED, EXPLICIT, IMPLIED, NOT_SURE, label_frame, unlabelled
from training.datasets.reading import (
    Reading,
    add_common_arguments,
    add_splits_argument,
    finish,
    found_on_disk,
    save,
    sha256,
)
from training.datasets.rows import call_columns, numbers, read_csv, refuse_any, refuse_strays
from training.datasets.splits import CARVED, SPLITS, random_split, split_by_patient
from training.datasets.table import labels
from training.datasets.text_table import as_numbers, column_key, is_blank
from xai.films.dicom import stored_size
from xai.findings import FINDINGS

SOURCE = "VinDr-CXR 1.0.0, PhysioNet, https://physionet.org/content/vindr-cxr/1.0.0/"
LICENCE = (
    "PhysioNet Credentialed Health Data License 1.5.0: credentialed users with training and a signed agreement; "
    "neither films nor tables may be passed on."
)
CITATION = (
    "Nguyen HQ, Lam K, Le LT, et al. VinDr-CXR: An open dataset of chest X-rays with radiologist's annotations. "
    "Scientific Data 2022."
)
NOTHING = "No finding"
OURS = {
    **{name: name for name in ("Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Emphysema", "Infiltration")},
    **{"Pleural effusion": "Effusion", "Pleural thickening": "Pleural_Thickening", "Pneumothorax": "Pneumothorax"},
    **{"Pulmonary fibrosis": "Fibrosis", "Pneumonia": "Pneumonia"},
}
EITHER = {"Nodule/Mass": ("Nodule", "Mass")}  # does not say which of the two
LOCAL = (
    *(name for name in OURS if name != "Pneumonia"),
    *EITHER,
    *("Aortic enlargement", "Calcification", "Clavicle fracture", "Enlarged PA", "ILD", "Lung cavity", "Lung cyst"),
    *("Lung Opacity", "Mediastinal shift", "Other lesion", "Rib fracture"),
)
KINDS = {column_key(name): name for name in (*LOCAL, NOTHING)}  # of what has a row; "Lung opacity" in the paper
CORNERS = ("x_min", "y_min", "x_max", "y_max")
WANTED = ("image_id", "class_name", *CORNERS)
SIZES = ("width", "height")  # of the film, that some copies of the table give
CONSENSUS = "consensus of five"
TABLES = {  # split -> its rows with boxes, its labels, sizes
    "train": (("annotations_train*.csv*", "train.csv*"), ("image_labels_train*.csv*",), ("train_meta.csv*",)),
    "test": (("annotations_test*.csv*",), ("image_labels_test*.csv*",), ("test_meta.csv*",)),
}


def read_vindr(root: Path, seed: int = 0, splits: str = "official") -> Reading:
    """Read a folder of VinDr-CXR.

    Parameters
    ----------
    root : Path
        Folder with the tables of boxes and, at any depth, the films.
    seed : int
        Seed of a random split, and of what of the training films is kept for validation.
    splits : {"official", "random"}
        ``official``: the test films as published; ``random``: all films alike. Patients are not known.

    Raises
    ------
    DatasetError
        If the folder or the tables are absent, or a row is not VinDr's.
    """
    files = list_files(root, "the folder of VinDr-CXR")
    places = files.images_by(stem)
    parts = [_split(files, places, split, *patterns) for split, patterns in TABLES.items()]
    found = [one for one in parts if one is not None]
    if not found:
        raise DatasetError(f"{root} holds no table of boxes; expected annotations_train.csv or annotations_test.csv.")
    films = pd.concat([one[0] for one in found], ignore_index=True)
    if twice := films.loc[films["film"].duplicated(), "film"].tolist():
        raise DatasetError(f"The film “{twice[0]}” is in the tables of training and of test films.")
    films["path"] = films["film"].map(places)
    here, on_disk = found_on_disk(films["path"], files, places)
    films = films.assign(on_disk=here, dataset="vindr", patient=None, view="PA")
    films["split"] = _dealt(films, splits, seed)
    boxes = pd.concat([one[1] for one in found], ignore_index=True)
    read = [file for one in found for file in one[3]]
    policy = {"reader": "vindr", "splits": splits}
    home = str(Path(root).resolve())
    facts = DatasetFacts("vindr", home, SOURCE, LICENCE, CITATION, sha256(*read), seed, policy=policy)
    return finish(facts, films, (*(one for part in found for one in part[2]), *on_disk), boxes)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``python -m training dataset vindr``."""
    add_common_arguments(parser, "folder with annotations_train.csv or annotations_test.csv and the films")
    add_splits_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Write the dataset and say what is in it."""
    return save(args.out, read_vindr(args.root, args.seed, args.splits), args.name)


def _split(
    files: Files, places: dict[str, str], split: str, boxes: Iterable[str], told: Iterable[str], sizes: Iterable[str]
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[Remark, ...], list[Path]] | None:
    """Read one split: its films, its boxes, what is odd, and the files that it was read from."""
    file = files.find(*boxes)
    if file is None:
        return None
    rows = _rows(file)
    more, meta = files.find(*told), files.find(*sizes)
    marks = rows.rename(columns={"class_name": "class"})[["film", "reader", "class"]]
    marks = pd.concat([marks, _marks(more)]) if more else marks
    films = _labelled(marks, diagnoses=more is not None).assign(split=split)
    known = _sizes(files.root, places, rows, meta)
    drawn, remarks = _boxes(file, rows, known)
    return films, drawn, remarks, [one for one in (file, more, meta) if one]


def _rows(file: Path) -> pd.DataFrame:
    """Read a table of boxes, and call each row's film, reader and class."""
    table = call_columns(file, read_csv(file, WANTED), ("rad_id", *SIZES))
    refuse_any(file, table["image_id"].isna(), table["image_id"], "there is no image_id.")
    refuse_strays(file, table["image_id"])
    classes = table["class_name"].map(column_key, na_action="ignore").map(KINDS)
    refuse_any(file, classes.isna(), table["class_name"], "the class “{value}” is none of VinDr-CXR's.")
    readers = table["rad_id"] if "rad_id" in table else pd.Series(CONSENSUS, table.index)
    refuse_any(file, readers.isna(), readers, "there is no rad_id.")
    strange = readers.str.contains(APART, regex=False)
    refuse_any(file, strange, readers, f"the reader “{{value}}” has {APART} in the name.")
    blank = pd.DataFrame({name: is_blank(table[name]) for name in CORNERS})
    found = (classes != NOTHING).to_numpy()
    refuse_any(
        file,
        blank.any(axis=1).to_numpy() & found,
        classes,
        "{value} has no box; expected x_min, y_min, x_max and y_max.",
    )
    refuse_any(file, ~blank.all(axis=1).to_numpy() & ~found, classes, "{value} has a box; expected none.")
    return table.assign(film=table["image_id"].str.strip(), reader=readers.str.strip(), class_name=classes)


def _marks(file: Path) -> pd.DataFrame:
    """Read who marked what on which film, diagnoses without box among it: a row a mark, and one a film and reader."""
    names = (*OURS, *EITHER, NOTHING)
    table = call_columns(file, read_csv(file, ("image_id", *names)), ("rad_id",))
    marked = numbers(file, table, names, (0, 1))
    readers = table["rad_id"] if "rad_id" in table else pd.Series(CONSENSUS, table.index)
    refuse_any(file, table["image_id"].isna() | readers.isna(), readers, "there is no image_id or rad_id.")
    rows = pd.DataFrame({"film": table["image_id"].str.strip(), "reader": readers.str.strip()})
    found = [rows[marked[name] == 1].assign(**{"class": name}) for name in names]
    return pd.concat([rows.assign(**{"class": ""}), *found], ignore_index=True)


def _labelled(marks: pd.DataFrame, diagnoses: bool) -> pd.DataFrame:
    """Turn marks into labels: what more than half of a film's readers marked is there, what none did is not."""
    marks = marks.drop_duplicates()
    readers = marks.drop_duplicates(["film", "reader"]).groupby("film", sort=True)["reader"]
    number = readers.size()
    votes = pd.crosstab(marks["film"], marks["class"]).reindex(index=number.index).fillna(0)
    shares = {name: (votes.get(name, 0 * number) / number).to_numpy() for name in (*OURS, *EITHER, NOTHING)}
    nothing = shares[NOTHING] == 1
    columns = {name: unlabelled(len(number)) for name in FINDINGS}
    for theirs, ours in OURS.items():
        if theirs in LOCAL or diagnoses:
            columns[ours] = _decided(shares[theirs])
    for theirs, both in EITHER.items():
        values, codes = _decided(shares[theirs])
        for ours in both:  # absent, it denies both; present, it does not say which
            columns[ours] = (np.where(values == 1, np.nan, values), np.where(codes == EXPLICIT, DERIVED, codes))
    for name, (values, codes) in columns.items():
        implied = nothing & ~(values == 1)
        columns[name] = (np.where(implied, 0, values), np.where(implied, IMPLIED, codes))
    read_by = readers.agg(lambda names: APART.join(sorted(names)))
    films = pd.DataFrame({"film": number.index, READ_BY: read_by.to_numpy()})
    return pd.concat([films, label_frame(columns, films.index)], axis=1)


def _decided(share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give a label of the share of readers who marked it: not known where some did, but no more than half."""
    unsure = (share > 0) & (share <= 0.5)
    return np.where(unsure, np.nan, share > 0.5), np.where(unsure, NOT_SURE, EXPLICIT)


def _sizes(root: Path, places: dict[str, str], rows: pd.DataFrame, meta: Path | None) -> dict[str, tuple[float, float]]:
    """Give width and height of the films that boxes are in pixels of: from the tables, else from the DICOM file.

    Any other picture may have been made smaller, so that its size says nothing of the boxes.
    """
    from tqdm import tqdm

    told = rows if set(SIZES) <= set(rows) else None
    if meta is not None:
        called = read_csv(meta, ("image_id", "dim0", "dim1"))
        told = called.rename(columns={"image_id": "film", "dim1": "width", "dim0": "height"})
    if told is not None:
        each = told.drop_duplicates("film").set_index("film")[list(SIZES)].apply(as_numbers)
        sides = each.to_numpy(float)
        each = each[np.isfinite(sides).all(axis=1) & (sides > 0).all(axis=1)]
        return dict(zip(each.index, each.itertuples(index=False, name=None), strict=True))
    boxed = sorted(set(rows.loc[rows["class_name"] != NOTHING, "film"]) & set(places))
    found = {}
    for film in tqdm(boxed, unit="film", desc="sizes", disable=None, file=sys.stderr):
        if (size := stored_size(root / places[film])) is not None:
            found[film] = (float(size[1]), float(size[0]))
    return found


def _boxes(
    file: Path, rows: pd.DataFrame, sizes: dict[str, tuple[float, float]]
) -> tuple[pd.DataFrame, tuple[Remark, ...]]:
    """Give the boxes of our findings as shares of their films."""
    rows = rows[rows["class_name"] != NOTHING]
    ours = rows["class_name"].map(OURS)
    sized = rows["film"].isin(list(sizes))
    known = rows[ours.notna() & sized]
    others = rows.loc[ours.isna(), "class_name"]
    remarks = tuple(
        Remark(f"boxes of {name}: none of the 14, left out", int(count), left_out=True)
        for name, count in others.value_counts().sort_index().items()
    )
    remarks += remark(
        "boxes on films that are no DICOM file here, and that no table gives the size of, left out",
        rows.loc[ours.notna() & ~sized, "film"],
        left_out=True,
    )
    if known.empty:
        return empty_boxes(), remarks
    sides = np.array([sizes[film] for film in known["film"]])
    corners = known[list(CORNERS)].apply(as_numbers).to_numpy(float)
    start, end = corners[:, :2] / sides, corners[:, 2:] / sides
    place = dict(zip(PLACE, np.column_stack([start, end - start]).T, strict=True))
    told = {"finding": ours[known.index], "label": known["class_name"], **place}
    boxes, odd = settle_boxes(file, known[["film", "reader"]].assign(**told))
    return boxes, (*remarks, *odd)


def _dealt(films: pd.DataFrame, splits: str, seed: int) -> pd.Series:
    """Give the split: some of the published training films are kept for validation."""
    positives = labels(films) == 1
    if splits == "random":
        return random_split(films, positives, seed)
    dealt, training = films["split"].copy(), (films["split"] == "train").to_numpy()
    carved = split_by_patient(films.loc[training, "patient"].to_numpy(), positives[training], CARVED, seed)
    dealt[training] = np.asarray(SPLITS)[carved]
    return dealt
