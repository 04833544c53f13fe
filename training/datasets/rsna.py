"""RSNA Pneumonia Detection Challenge: Shih et al., Radiology: Artificial Intelligence 2019: opacities boxed.

``stage_2_train_labels.csv`` has a row a box, ``patientId,x,y,width,height,Target``, in pixels of films of 1024 a side,
and a row with Target 0 and no box for a film without. ``patientId`` names a film, not a patient. A box is what is left
of several readers' once an expert had settled them: who they were is not told. ``stage_2_detailed_class_info.csv`` has
the class of each film, ``Lung Opacity``, ``Normal`` or ``No Lung Opacity / Not Normal``. The films are NIH
ChestX-ray14's: ``pneumonia-challenge-dataset-mappings_2018.json``, where it lies below the root, says which
(``subset_img_id``, ``img_id``), and with that whose.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from training.datasets.boxes import PLACE, empty_boxes, settle_boxes
from training.datasets.disk import list_files, stem
from training.datasets.facts import DatasetError, DatasetFacts, Remark
from training.datasets.json_source import entry, expect, read_json
from training.datasets.labels import EXPLICIT, IMPLIED, label_frame, unlabelled
from training.datasets.patients import patients_from_names
from training.datasets.reading import Reading, add_common_arguments, finish, found_on_disk, save, sha256
from training.datasets.rows import numbers, read_csv, refuse_any, refuse_strays
from training.datasets.splits import random_split
from training.datasets.table import labels
from training.datasets.text_table import as_numbers, is_blank
from xai.findings import FINDINGS

SIDE = 1024  # of the films, in whose pixels the boxes are given
FINDING, CLASS_OF_BOX = "Pneumonia", "Lung Opacity"
READER = "adjudicated"
SOURCE = "RSNA Pneumonia Detection Challenge 2018, https://www.kaggle.com/c/rsna-pneumonia-detection-challenge"
LICENCE = "Non-commercial research and education, by the rules of the challenge; name RSNA and cite both papers."
CITATION = (
    "Shih G, Wu CC, Halabi SS, et al. Augmenting the National Institutes of Health Chest Radiograph Dataset with "
    "Expert Annotations of Possible Pneumonia. Radiology: Artificial Intelligence 2019. Films: Wang X, et al. "
    "ChestX-ray8. CVPR 2017."
)
WANTED = ("patientId", *PLACE, "Target")
CLASSES = (CLASS_OF_BOX, "Normal", "No Lung Opacity / Not Normal")


def read_rsna(root: Path, seed: int = 0) -> Reading:
    """Read a folder of the challenge; the split is random, since the publishers' test films have no labels.

    Parameters
    ----------
    root : Path
        Folder with the table of boxes and, at any depth, the films.
    seed : int
        Seed of the split.

    Raises
    ------
    DatasetError
        If the folder or the table is absent, or a row is not RSNA's.
    """
    files = list_files(root, "the folder of the RSNA Pneumonia Detection Challenge")
    file, classes = files.find("stage_2_train_labels.csv*"), files.find("stage_2_detailed_class_info.csv*")
    mapping = files.find("pneumonia-challenge-dataset-mappings_2018.json*")
    if file is None:
        raise DatasetError(f"{root} holds no table of boxes; expected stage_2_train_labels.csv.")
    places = files.images_by(stem)
    rows = _rows(file)
    target = rows.groupby("film")["Target"].max()
    films = pd.DataFrame({"film": target.index, "dataset": "rsna"})
    normal = _normal(classes, films["film"]) if classes else np.zeros(len(films), bool)
    films = pd.concat([films, _labelled(target.to_numpy(), normal)], axis=1)
    films["path"] = films["film"].map(places)
    here, on_disk = found_on_disk(films["path"], files, places)
    films = films.assign(on_disk=here, patient=_patients(mapping, films["film"]) if mapping else None)
    films["split"] = random_split(films, labels(films) == 1, seed)
    boxes, remarks = _boxes(file, rows)
    read = [one for one in (file, classes, mapping) if one]
    policy = {"reader": "rsna", "splits": "random"}
    home = str(Path(root).resolve())
    facts = DatasetFacts("rsna", home, SOURCE, LICENCE, CITATION, sha256(*read), seed, policy=policy)
    return finish(facts, films, (*remarks, *on_disk), boxes)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``python -m training dataset rsna``."""
    add_common_arguments(parser, "folder with stage_2_train_labels.csv and the films")


def run(args: argparse.Namespace) -> int:
    """Write the dataset and say what is in it."""
    return save(args.out, read_rsna(args.root, args.seed), args.name)


def _rows(file: Path) -> pd.DataFrame:
    table = read_csv(file, WANTED)
    refuse_any(file, table["patientId"].isna(), table["patientId"], "there is no patientId.")
    refuse_strays(file, table["patientId"])
    target = numbers(file, table, ("Target",), (0, 1))["Target"]
    refuse_any(file, target.isna(), table["Target"], "there is no Target; expected 0 or 1.")
    blank = pd.DataFrame({name: is_blank(table[name]) for name in PLACE})
    names = table["patientId"].str.strip()
    refuse_any(file, blank.any(axis=1) & (target == 1), names, "“{value}” has Target 1 and no box; expected one.")
    refuse_any(file, ~blank.all(axis=1) & (target == 0), names, "“{value}” has Target 0 and a box; expected none.")
    rows = pd.DataFrame({"film": names, "Target": target, **{name: as_numbers(table[name]) for name in PLACE}})
    both = rows.groupby("film")["Target"].transform("nunique") > 1
    refuse_any(file, both, names, "“{value}” has rows with Target 0 and with Target 1; expected one or the other.")
    return rows


def _boxes(file: Path, rows: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Remark, ...]]:
    found = rows[rows["Target"] == 1]
    if found.empty:
        return empty_boxes(), ()
    place = found[list(PLACE)] / SIDE
    told = found[["film"]].assign(finding=FINDING, label=CLASS_OF_BOX, reader=READER)
    return settle_boxes(file, pd.concat([told, place], axis=1))


def _normal(file: Path, films: pd.Series) -> np.ndarray:
    """Say which films are of the class Normal."""
    table = read_csv(file, ("patientId", "class"))
    classes = table["class"].str.strip()
    refuse_any(file, ~classes.isin(list(CLASSES)), table["class"], "the class “{value}” is none of RSNA's.")
    each = pd.DataFrame({"film": table["patientId"].str.strip(), "class": classes}).drop_duplicates()
    if twice := each.loc[each["film"].duplicated(), "film"].tolist():
        raise DatasetError(f"{file.name} gives the film “{twice[0]}” two classes; expected one.")
    return (films.map(each.set_index("film")["class"]) == "Normal").to_numpy(bool)


def _labelled(target: np.ndarray, normal: np.ndarray) -> pd.DataFrame:
    """Make labels: pneumonia as the target says; a normal film has none of the 14."""
    columns = {name: unlabelled(len(target)) for name in FINDINGS}
    columns[FINDING] = (target.astype(np.float32), np.full(len(target), EXPLICIT))
    for name, (values, codes) in columns.items():
        implied = normal & ~(values == 1) & (name != FINDING)
        columns[name] = (np.where(implied, 0, values), np.where(implied, IMPLIED, codes))
    return label_frame(columns, pd.RangeIndex(len(target)))


def _patients(file: Path, films: pd.Series) -> pd.Series:
    """Look up whose film each is, by the name that it has among NIH's."""
    named = {}
    for number, one in enumerate(read_json(file, list), 1):
        told = expect(one, dict, f"Entry {number} of {file.name}")
        if told.get("subset_img_id") is not None:
            where = f"entry {number} of {file.name}"
            named[entry(told, "subset_img_id", str, where)] = entry(told, "img_id", str, where)
    return patients_from_names(films.map(named).fillna(""), "rsna")
