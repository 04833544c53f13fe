"""NIH ChestX-ray14: Wang et al., ChestX-ray8, CVPR 2017.

The label table is ``Data_Entry_2017_v2020.csv`` (or the 2017 one, plain or gzipped). Its column names carry
unquoted commas and its older versions spell the age ``058Y``; films may lie in one folder or in several.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from training.datasets.boxes import complete_boxes
from training.datasets.disk import list_files, remark, stem
from training.datasets.facts import DatasetError, DatasetFacts, Remark
from training.datasets.labels import NO_FINDING, nih_labels
from training.datasets.reading import Reading, add_common_arguments, finish, found_on_disk, save, sha256
from training.datasets.rows import (
    call_columns,
    known_words,
    read_csv,
    refuse_any,
    refuse_strays,
    refuse_twice,
    require_columns,
)
from training.datasets.splits import list_names, random_split, split_from_lists
from training.datasets.table import CLASS, labels
from training.datasets.text_table import as_numbers, column_key
from xai.findings import FINDINGS

OLDEST = 120
LONGEST_AGE = 7  # digits, of days even
SIDE = 1024  # of the published films, in whose pixels the boxes are given
SOURCE = "NIH ChestX-ray14, NIH Clinical Center, https://nihcc.app.box.com/v/ChestXray-NIHCC"
LICENCE = "No restriction on use; name the NIH Clinical Center as provider and cite the paper."
CITATION = (
    "Wang X, Peng Y, Lu L, Lu Z, Bagheri M, Summers RM. ChestX-ray8: Hospital-scale Chest X-ray Database and "
    "Benchmarks on Weakly-Supervised Classification and Localization of Common Thorax Diseases. CVPR 2017."
)
WANTED = ("Image Index", "Finding Labels", "Patient ID", "Patient Age", "Patient Gender", "View Position")
OLD_NAMES = {"Patient Sex": "Patient Gender"}
BOX_NAMES = ("name", "label", "x", "y", "width", "height")
BOX_LABELS = {**{name: name for name in FINDINGS}, "Infiltrate": "Infiltration"}


def read_nih(root: Path, seed: int = 0, splits: str | None = None, against_normal: str | None = None) -> Reading:
    """Read a folder of NIH ChestX-ray14.

    Parameters
    ----------
    root : Path
        Folder with the label table and, at any depth, the films.
    seed : int
        Seed of a random split.
    splits : {"official", "random", "boxed"}, folder or None
        ``official`` takes the publishers' lists and shares out their training and validation films by patient;
        ``random`` shares out the films on disk; ``boxed`` does so with all films of patients with a box in the test,
        so that boxes judge maps of films that no model has met; a folder holds lists such as those of CheXNet's
        reproductions. By default official where the lists are in ``root``, else random.
    against_normal : str or None
        A finding: keep the films that have it and those without any finding, as two classes, ``normal`` and the
        finding's.

    Raises
    ------
    DatasetError
        If the folder, the label table or the lists are absent, or a row is not NIH's.
    """
    files = list_files(root, "the folder of NIH ChestX-ray14")
    table = files.find("Data_Entry_2017*.csv*")
    if table is None:
        raise DatasetError(f"{root} holds no label table; expected Data_Entry_2017_v2020.csv or its .gz.")
    places = files.images_by(stem)
    films, remarks = _films(table, places)
    boxes_file = files.find("BBox_List_2017*.csv*")
    boxes, box_remarks = _boxes(boxes_file, set(films["film"])) if boxes_file else (None, ())
    if against_normal:
        films = _two_classes(films, against_normal)
        boxes = None if boxes is None else boxes[boxes["film"].isin(films["film"])].reset_index(drop=True)
    here, on_disk = found_on_disk(films["path"], files, places)
    films["on_disk"] = here
    lists, kind = _lists(root, table, files.find("train_val_list.txt"), splits)
    positives = labels(films) == 1
    if lists:
        films["split"], strangers = split_from_lists(lists, films, positives, seed)
        remarks += remark("names in the lists of the split that the label table lacks, left out", strangers, True)
        remarks += remark("films in no list: they have no split", films.loc[films["split"].isna(), "film"])
    else:
        films["split"] = random_split(films, positives, seed)
        if kind == "boxed":
            _test_the_boxed(films, boxes)
    read = [file for file in (table, boxes_file, *lists.values()) if file]
    policy = {"reader": "nih", "splits": kind} | ({"against_normal": against_normal} if against_normal else {})
    home = str(Path(root).resolve())
    facts = DatasetFacts("nih", home, SOURCE, LICENCE, CITATION, sha256(*read), seed, policy=policy)
    return finish(facts, films, (*remarks, *box_remarks, *on_disk), boxes)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``python -m training dataset nih``."""
    add_common_arguments(parser, "folder with the label table and the films")
    text = (
        "official, random, boxed (random, but patients with boxes are all in the test), or a folder of lists (default: "
        "official where its lists are in ROOT, else random)"
    )
    parser.add_argument("--splits", metavar="{official,random,boxed,DIR}", help=text)
    text = "keep films with this finding and films without any, as two classes"
    parser.add_argument("--against-normal", choices=FINDINGS, metavar="FINDING", help=text)


def run(args: argparse.Namespace) -> int:
    """Write the dataset and say what is in it."""
    return save(args.out, read_nih(args.root, args.seed, args.splits, args.against_normal), args.name)


def age_in_years(text: object) -> float:
    """Read an age as NIH spells it: ``58``, ``058Y``, ``013M``, ``007D``; NaN above 120 years or unreadable."""
    value = str(text).strip()
    unit = {"Y": 1.0, "M": 1 / 12, "D": 1 / 365.25}.get(value[-1:], 1.0)
    digits = value.rstrip("YMD")
    years = int(digits) * unit if digits.isdecimal() and len(digits) < LONGEST_AGE else float("nan")
    return years if years <= OLDEST else float("nan")


def _films(file: Path, places: dict[str, str]) -> tuple[pd.DataFrame, tuple[Remark, ...]]:
    table = call_columns(file, read_csv(file, ()), (*WANTED, *OLD_NAMES)).rename(columns=OLD_NAMES)
    require_columns(file, table, WANTED)
    nameless = table["Image Index"].isna() | table["Patient ID"].isna()
    table = table[~nameless]
    names, ages = table["Image Index"].str.strip(), table["Patient Age"].map(age_in_years).astype(float)
    refuse_strays(file, names)
    refuse_twice(file, names)
    views, view_remarks = known_words(table["View Position"], {"pa": "PA", "ap": "AP"}, "views")
    sexes, sex_remarks = known_words(table["Patient Gender"], {"m": "M", "f": "F"}, "sexes")
    films = names.map(stem)
    return pd.DataFrame(
        {
            "film": films,
            "path": films.map(places),
            "dataset": "nih",
            "patient": "nih:" + table["Patient ID"].str.strip(),
            "view": views,
            "age": ages,
            "sex": sexes,
            **nih_labels(_named(file, table["Finding Labels"].fillna(""))),
        }
    ), (
        *remark("rows without film or patient, left out", nameless.index[nameless] + 2, left_out=True),
        *remark("ages that are unreadable or above 120: missing", table.loc[ages.isna(), "Patient Age"]),
        *view_remarks,
        *sex_remarks,
    )


def _named(file: Path, lists: pd.Series) -> pd.DataFrame:
    """Spread lists such as ``Mass|Pleural_Thickening`` over one bool column a name, however these are spelled."""
    spelled = {column_key(name): name for name in (*FINDINGS, NO_FINDING)}
    known = {one: "|".join(spelled.get(column_key(word), word) for word in one.split("|")) for one in lists.unique()}
    lists = lists.map(known)
    # Before there is a column a name: another table's would be as many as its rows.
    words = lists.drop_duplicates().str.split("|").explode()
    strange = ~words.isin([*FINDINGS, NO_FINDING, ""])
    refuse_any(file, strange, words, "the finding “{value}” is none of NIH's.")
    named = lists.str.get_dummies("|").astype(bool)
    named = named.reindex(columns=[*FINDINGS, NO_FINDING], fill_value=False)
    both = named[NO_FINDING] & (named.sum(axis=1) > 1)
    refuse_any(file, both, lists, "“{value}” says No Finding and names a finding.")
    return named


def _lists(root: Path, table: Path, train_val: Path | None, splits: str | None) -> tuple[dict[str, Path], str]:
    """Give the lists that the split is taken from, none for a random one, and what the split is."""
    official: dict[str, Path] = {}
    if train_val and (test := train_val.with_name("test_list.txt")).is_file():
        official = {"train_val": train_val, "test": test}
    if splits in ("random", "boxed") or (splits is None and not official):
        return {}, splits or "random"
    if splits in (None, "official"):
        if not official:
            raise DatasetError(f"{root} holds no official split; expected train_val_list.txt and test_list.txt.")
        return official, "official"
    folder = Path(splits)
    if not folder.is_dir():
        raise DatasetError(
            f"There is no folder {folder}; --splits expects official, random, boxed or a folder of lists."
        )
    lists = list_names(folder)
    if not lists:
        raise DatasetError(f"{folder} holds no list; expected files such as train_list.txt and test_list.txt.")
    return lists, f"lists {', '.join(file.name for file in lists.values())}"


def _two_classes(films: pd.DataFrame, finding: str) -> pd.DataFrame:
    """Keep the films of a finding and those of no finding, and name their class."""
    truth = labels(films)
    named, nothing = truth[:, FINDINGS.index(finding)] == 1, (truth == 0).all(axis=1)
    films = films.assign(**{CLASS: np.where(named, finding.lower(), "normal")})
    return films[named | nothing].reset_index(drop=True)


def _test_the_boxed(films: pd.DataFrame, boxes: pd.DataFrame | None) -> None:
    """Move all films of patients with a box to the test, of those that have a split."""
    if boxes is None:
        raise DatasetError("--splits boxed needs the list of boxes, BBox_List_2017.csv, beside the label table.")
    patients = films.loc[films["film"].isin(boxes["film"]), "patient"]
    films.loc[films["patient"].isin(patients) & films["split"].notna(), "split"] = "test"


def _boxes(file: Path, films: set[str]) -> tuple[pd.DataFrame, tuple[Remark, ...]]:
    """Read the boxes: the heading has nine fields, the rows have six."""
    rows = read_csv(file, (), skiprows=1, header=None, names=BOX_NAMES, usecols=range(len(BOX_NAMES)))
    strange = ~rows["label"].isin(list(BOX_LABELS))
    refuse_any(file, strange, rows["label"], "the finding “{value}” is none of NIH's.")
    sides = rows[["x", "y", "width", "height"]].apply(as_numbers) / SIDE
    ends = sides[["x", "y"]].to_numpy() + sides[["width", "height"]].to_numpy()
    inside = (sides >= 0).all(axis=1) & (sides[["width", "height"]] > 0).all(axis=1) & (ends <= 1).all(axis=1)
    refuse_any(file, ~inside, rows["name"], f"the box on “{{value}}” is none in {SIDE} x {SIDE} pixels.")
    boxes = pd.DataFrame(
        {
            "film": rows["name"].map(stem),
            "finding": rows["label"].map(BOX_LABELS),
            **{name: sides[name].astype(np.float64) for name in sides},
            "label": rows["label"],
        }
    )
    known = boxes["film"].isin(films)
    return complete_boxes(boxes[known]), remark(
        "boxes on films that the label table lacks, left out", boxes.loc[~known, "film"], left_out=True
    )
