"""A plain folder of films without labels, at any depth: to look at, to predict and to explain."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from training.datasets.disk import film_names, list_files, remark
from training.datasets.facts import DatasetError, DatasetFacts
from training.datasets.folders import NOT_STATED
from training.datasets.labels import class_labels
from training.datasets.patients import KNOWN, patients_from_names
from training.datasets.reading import Reading, finish, save
from xai.films.formats import NAMES


def read_films(root: Path, name: str = "") -> Reading:
    """Read a folder of films; they have no labels, and no split either, as there is nothing to learn from them.

    Parameters
    ----------
    root : Path
        The folder.
    name : str
        Name of the dataset; that of the folder by default.

    Raises
    ------
    DatasetError
        If the folder is absent or holds no image.
    """
    files = list_files(root, "a folder of films")
    name = name or Path(root).resolve().name
    if not files.images:
        raise DatasetError(f"{root} holds no film; expected {NAMES} files.")
    films = pd.DataFrame({"film": film_names(files.images), "path": files.images, "dataset": name, "on_disk": True})
    films["patient"] = patients_from_names(films["path"], name)
    films = pd.concat([films, class_labels(films["dataset"], {name: None})], axis=1)
    remarks = (*remark("files that are no images, left out", files.others, left_out=True), *files.remarks())
    policy = {"reader": "films", "splits": "none", "patients": KNOWN}
    home = str(Path(root).resolve())
    return finish(DatasetFacts(name, home, NOT_STATED, NOT_STATED, "", {}, 0, policy=policy), films, remarks)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``python -m training dataset films``."""
    parser.add_argument("root", type=Path, metavar="ROOT", help="folder with films, at any depth")
    parser.add_argument("--out", type=Path, required=True, metavar="DATASET", help="folder to write")
    parser.add_argument("--name", default="", help="name of the dataset (default: that of ROOT)")


def run(args: argparse.Namespace) -> int:
    """Write the dataset and say what is in it."""
    return save(args.out, read_films(args.root, args.name), args.name)
