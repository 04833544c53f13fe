"""Folders of classes: one folder a class, such as covid, normal and pneumonia (Mendeley jctsfj2sfn).

``train``, ``val`` and ``test`` above the classes are taken as the split. Patients are read from the films' names where
the names are of a kind that tells (`patients.NAMES`); of other films nobody knows the patient.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import numpy as np
import pandas as pd

from training.datasets.disk import film_names, list_files, remark
from training.datasets.facts import DatasetError, DatasetFacts, Remark
from training.datasets.labels import DERIVED, EXPLICIT, NOTHING, Meaning, class_labels
from training.datasets.patients import KNOWN, patients_from_names
from training.datasets.reading import RANDOM, Reading, add_choice, add_common_arguments, finish, save
from training.datasets.splits import random_split, torn_patient
from training.datasets.table import CLASS
from xai.findings import FINDINGS

MENDELEY = ("covid", "normal", "pneumonia")
MENDELEY_SOURCE = (
    "COVID19, Pneumonia and Normal Chest X-ray PA Dataset, Mendeley Data, https://doi.org/10.17632/jctsfj2sfn.1; made "
    "from other public collections, NIH ChestX-ray14 and covid-chestxray-dataset among them"
)
MENDELEY_LICENCE = "CC BY 4.0 for the collection; the films keep the terms of where they come from."
MENDELEY_CITATION = "Asraf A, Islam Z. COVID19, Pneumonia and Normal Chest X-ray PA Dataset. Mendeley Data, V1, 2021."
NOT_STATED = "not stated"
SPLIT_FOLDERS = {
    **{"train": "train", "training": "train", "test": "test", "testing": "test"},
    **dict.fromkeys(("val", "valid", "validate", "validation", "dev"), "validation"),
}
PNEUMONIA: Meaning = ("Pneumonia", EXPLICIT)
MEANINGS: dict[str, Meaning] = {
    **dict.fromkeys(("normal", "no finding", "healthy"), NOTHING),
    **dict.fromkeys(("pneumonia", "bacterial pneumonia", "viral pneumonia"), PNEUMONIA),
    **dict.fromkeys(("covid", "covid 19", "covid19"), ("Pneumonia", DERIVED)),
    **{name.lower().replace("_", " "): (name, EXPLICIT) for name in FINDINGS},
    "pleural effusion": ("Effusion", EXPLICIT),
}


def plain(name: str) -> str:
    """Spell the name of a class without case, dashes and underscores."""
    return re.sub(r"[\W_]+", " ", name.lower()).strip()


def meaning_of(name: str) -> Meaning | None:
    """Give what films of a class have, one of `MEANINGS`; None for a class that says nothing of the findings."""
    return MEANINGS.get(plain(name))


def read_folders(root: Path, seed: int = 0, name: str = "", splits: str = "folders") -> Reading:
    """Read a folder with one folder a class.

    Parameters
    ----------
    root : Path
        The folder above the classes.
    seed : int
        Seed of a random split.
    name : str
        Name of the dataset; that of the folder by default.
    splits : {"folders", "random"}
        Whether folders named train, val and test above the classes are the split, where all films lie in them.

    Raises
    ------
    DatasetError
        If the folder is absent or holds no class, or a patient lies in two of the folders that are the split.
    """
    files = list_files(root, "a folder with one folder a class")
    name = name or Path(root).resolve().name
    table = pd.DataFrame({"path": files.images})
    told = [_split_and_class(path) for path in files.images]
    table["split"], table[CLASS] = [split for split, _ in told], [one for _, one in told]
    loose = table.loc[table[CLASS] == "", "path"]
    table = table[table[CLASS] != ""].reset_index(drop=True)
    if table.empty:
        raise DatasetError(f"{root} holds no folder of films; expected one folder a class.")
    table["film"] = film_names(table["path"].to_list())
    table["patient"] = patients_from_names(table["path"], name)
    meanings = {one: meaning_of(one) for one in table[CLASS].unique()}
    films = table[["film", "path", "patient", CLASS]].assign(dataset=name, on_disk=True)
    films = pd.concat([films, class_labels(table[CLASS], meanings)], axis=1)
    published = splits == "folders" and bool((table["split"] != "").all())
    if published:
        films["split"] = table["split"]
        if torn := torn_patient(films):
            way = "--splits random shares the films out by patient"
            raise DatasetError(f"{root} has films of the patient “{torn}” in two splits; {way}.")
    else:
        classes = table[CLASS].to_numpy()[:, None] == np.unique(table[CLASS])
        films["split"] = random_split(films, classes, seed)
    unknown = tuple(
        Remark(f"films of the class {one}, which is no finding: no label", int((table[CLASS] == one).sum()))
        for one, known in meanings.items()
        if known is None
    )
    remarks = (
        *unknown,
        *remark("films with an NIH name: NIH's films and patients", films.loc[_is_nih(films["patient"]), "film"]),
        *remark("images outside the folders of classes, left out", loose, left_out=True),
        *remark("files that are no images, left out", files.others, left_out=True),
        *files.remarks(),
    )
    return finish(_facts(name, root, seed, set(meanings), published), films, remarks)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``python -m training dataset folders``."""
    add_common_arguments(parser, "folder above the folders of classes")
    add_choice(parser, "--splits", {"folders": "train, val and test where ROOT has them", "random": RANDOM}, "folders")


def run(args: argparse.Namespace) -> int:
    """Write the dataset and say what is in it."""
    return save(args.out, read_folders(args.root, args.seed, args.name, args.splits), args.name)


def _is_nih(patients: pd.Series) -> pd.Series:
    """Say which patients are NIH's."""
    return patients.astype("str").str.startswith("nih:").fillna(False)


def _split_and_class(path: str) -> tuple[str, str]:
    """Give the split that a film's folders name, or "", and its class, or "" if it has none."""
    folders = path.split("/")[:-1]
    place = next((place for place, one in enumerate(folders) if one.lower() in SPLIT_FOLDERS), None)
    if place is not None:
        return SPLIT_FOLDERS[folders[place].lower()], folders[place + 1] if place + 1 < len(folders) else ""
    return "", folders[-1] if folders else ""


def _facts(name: str, root: Path, seed: int, classes: set[str], published: bool) -> DatasetFacts:
    mendeley = {one.lower() for one in classes} == set(MENDELEY)
    terms = (MENDELEY_SOURCE, MENDELEY_LICENCE, MENDELEY_CITATION) if mendeley else (NOT_STATED, NOT_STATED, "")
    policy = {"reader": "folders", "splits": "folders" if published else "random", "patients": KNOWN}
    return DatasetFacts(name, str(Path(root).resolve()), *terms, {}, seed, policy=policy)
