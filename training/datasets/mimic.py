"""MIMIC-CXR-JPG 2.0.0: Johnson et al., MIMIC-CXR-JPG, 2019.

Labels are of studies (``mimic-cxr-2.0.0-chexpert.csv.gz`` or ``-negbio``), films stand in ``-metadata``, the official
split in ``-split``. Films are found by name, be it ``files/p10/p10000032/s50414267/<dicom_id>.jpg`` or another folder.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from training.datasets.disk import Files, list_files, remark, stem
from training.datasets.facts import DatasetError, DatasetFacts, Remark
from training.datasets.labels import CHEXPERT_COLUMNS, DEFAULT_POLICY, Policy, chexpert_labels
from training.datasets.reading import (
    Reading,
    add_common_arguments,
    add_policy_arguments,
    add_splits_argument,
    add_view_argument,
    finish,
    found_on_disk,
    only_frontal,
    policy_of,
    save,
    sha256,
    spell_policy,
)
from training.datasets.rows import known_words, numbers, read_csv, refuse_any, refuse_twice
from training.datasets.splits import random_split
from training.datasets.table import labels

SOURCE = "MIMIC-CXR-JPG 2.0.0, PhysioNet, https://physionet.org/content/mimic-cxr-jpg/2.0.0/"
LICENCE = (
    "PhysioNet Credentialed Health Data License: credentialed users only; nothing made from single films or reports "
    "may be passed on or sent to online services."
)
CITATION = (
    "Johnson AEW, Pollard TJ, Greenbaum NR, et al. MIMIC-CXR-JPG, a large publicly available database of labeled chest "
    "radiographs. arXiv:1901.07042, 2019."
)
LABELERS = ("chexpert", "negbio")
IDS = ("subject_id", "study_id")
SPLIT_WORDS = {"train": "train", "validate": "validation", "test": "test"}
FILM_NAME = r"[0-9a-f]{8}(?:-[0-9a-f]{8}){4}"
_AS_THEY_ARE = ("PA", "AP", "AP AXIAL", "AP LLD", "AP RLD", "PA LLD", "PA RLD", "LAO", "LPO", "RAO", "SWIMMERS")
VIEWS = {
    **{view.lower(): view for view in _AS_THEY_ARE},
    **dict.fromkeys(("lateral", "ll", "xtable lateral"), "LATERAL"),
}


def read_mimic(
    root: Path,
    seed: int = 0,
    policy: Policy = DEFAULT_POLICY,
    splits: str = "official",
    views: str = "all",
    labeler: str = "chexpert",
) -> Reading:
    """Read a folder of MIMIC-CXR-JPG.

    Parameters
    ----------
    root : Path
        Folder with the tables and, at any depth, the films.
    seed : int
        Seed of a random split.
    policy : Policy
        What uncertain and blank become.
    splits : {"official", "random"}
        The published split, or a random one by patient.
    views : {"all", "frontal"}
        Whether films other than PA and AP are left out.
    labeler : {"chexpert", "negbio"}
        Whose labels of the reports.

    Raises
    ------
    DatasetError
        If the folder or a table is absent, or a row is not MIMIC's.
    """
    files = list_files(root, "the folder of MIMIC-CXR-JPG")
    metadata, labelled = (_table(files, name) for name in ("metadata", labeler))
    films, remarks = _films(metadata)
    places = files.images_by(stem)
    found = films["film"].map(places)
    films["on_disk"], on_disk = found_on_disk(found, files, places)
    films["path"] = found.where(found.notna(), films["path"])
    films, unlabelled = _join(films, *_studies(labelled, policy), labelled.name)
    remarks += unlabelled
    if views == "frontal":
        films, left_out = only_frontal(films)
        remarks += left_out
    read = [metadata, labelled]
    if splits == "official":
        read.append(_table(files, "split"))
        films["split"], unsplit = _official_split(read[-1], films["film"])
        remarks += unsplit
    else:
        films["split"] = random_split(films, labels(films) == 1, seed)
    home = str(Path(root).resolve())
    told = spell_policy("mimic", policy, splits=splits, views=views, labels=labeler)
    facts = DatasetFacts("mimic", home, SOURCE, LICENCE, CITATION, sha256(*read), seed, policy=told)
    return finish(facts, films, (*remarks, *on_disk))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``python -m training dataset mimic``."""
    add_common_arguments(parser, "folder with the tables and the films")
    parser.add_argument("--labels", choices=LABELERS, default="chexpert", help="whose labels (default: chexpert)")
    add_splits_argument(parser)
    add_policy_arguments(parser)
    add_view_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Write the dataset and say what is in it."""
    return save(
        args.out, read_mimic(args.root, args.seed, policy_of(args), args.splits, args.views, args.labels), args.name
    )


def _table(files: Files, name: str) -> Path:
    file = files.find(f"mimic-cxr-*-{name}.csv.gz", f"mimic-cxr-*-{name}.csv")
    if file is None:
        raise DatasetError(f"{files.root} holds no table mimic-cxr-2.0.0-{name}.csv.gz.")
    return file


def _films(file: Path) -> tuple[pd.DataFrame, tuple[Remark, ...]]:
    wanted = ("dicom_id", *IDS, "ViewPosition")
    table = read_csv(file, wanted)
    nameless = table[["dicom_id", *IDS]].isna().any(axis=1)
    table = table[~nameless]
    names = table["dicom_id"]
    refuse_any(file, ~names.str.fullmatch(FILM_NAME), names, "“{value}” is no dicom_id: 5 groups of 8 hex digits.")
    for column in IDS:
        refuse_any(file, ~table[column].str.fullmatch(r"\d+"), table[column], f"“{{value}}” is no {column}.")
    refuse_twice(file, names)
    subjects, studies = table["subject_id"], table["study_id"]
    views, odd_views = known_words(table["ViewPosition"], VIEWS, "views")
    films = pd.DataFrame(
        {
            "film": names,
            "path": "files/p" + subjects.str[:2] + "/p" + subjects + "/s" + studies + "/" + names + ".jpg",
            "dataset": "mimic",
            "patient": "mimic:" + subjects,
            "study": "mimic:" + studies,
            "view": views,
            "raw_view": table["ViewPosition"],
        }
    )
    rows = nameless.index[nameless] + 2
    return films, (*remark(f"rows of {file.name} without film, patient or study, left out", rows, True), *odd_views)


def _studies(file: Path, policy: Policy) -> tuple[pd.Series, pd.DataFrame]:
    """Read the labels: the study of each row, and its labels."""
    table = read_csv(file, (*IDS, *CHEXPERT_COLUMNS))
    nameless = table["study_id"].isna()
    refuse_any(file, nameless, table["study_id"], "there is no study_id.")
    studies = "mimic:" + table["study_id"]
    if not studies.is_unique:
        twice = studies.duplicated()
        refuse_any(file, twice, table["study_id"], "the study {value} already has a row; expected one row a study.")
    return studies, chexpert_labels(numbers(file, table, CHEXPERT_COLUMNS, (1, 0, -1)), policy)


def _join(
    films: pd.DataFrame, studies: pd.Series, study_labels: pd.DataFrame, name: str
) -> tuple[pd.DataFrame, tuple[Remark, ...]]:
    """Give each film the labels of its study; films of studies without labels are left out."""
    row = pd.Index(studies).get_indexer(films["study"])
    orphans = films.loc[row < 0, "study"]
    films, row = films[row >= 0].reset_index(drop=True), row[row >= 0]
    unseen = studies[np.bincount(row, minlength=len(studies)) == 0].str.removeprefix("mimic:")
    joined = pd.concat([films, study_labels.take(row).reset_index(drop=True)], axis=1)
    return joined, (
        *remark(f"films of studies without labels in {name}, left out", orphans.str.removeprefix("mimic:"), True),
        *remark(f"studies of {name} without films, left out", unseen, left_out=True),
    )


def _official_split(file: Path, films: pd.Series) -> tuple[pd.Series, tuple[Remark, ...]]:
    table = read_csv(file, ("dicom_id", "split"))
    refuse_any(file, ~table["split"].isin(list(SPLIT_WORDS)), table["split"], "the split “{value}” is none of MIMIC's.")
    refuse_twice(file, table["dicom_id"])
    split = films.map(pd.Series(table["split"].map(SPLIT_WORDS).to_numpy(), table["dicom_id"])).astype("str")
    return split, remark(f"films that {file.name} lacks: they have no split", films[split.isna()])
