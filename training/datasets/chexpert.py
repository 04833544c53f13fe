"""CheXpert v1.0 and v1.0-small: Irvin et al., CheXpert, AAAI 2019.

``train.csv`` and ``valid.csv`` name films as ``CheXpert-v1.0-small/train/patient00001/study1/view1_frontal.jpg``.
Films are found by the part from ``train/`` or ``valid/`` on, so the batch folders of the full-size download work as
well. The table of the test films, ``test_labels.csv``, tells neither sex nor age nor view. What radiologists drew on
validation and test films is read with them where it lies below the same root (`training.datasets.chexlocalize`); that
download calls the folder of the validation films ``val``.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pandas as pd

from training.datasets import chexlocalize
from training.datasets.disk import list_files, remark
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
from training.datasets.rows import call_columns, known_words, numbers, read_csv, refuse_any, refuse_strays, refuse_twice
from training.datasets.splits import random_split
from training.datasets.table import labels
from training.datasets.text_table import as_numbers

SOURCE = "CheXpert v1.0, Stanford ML Group, https://stanfordmlgroup.github.io/competitions/chexpert/"
LICENCE = (
    "Stanford University Dataset Research Use Agreement: registered users, non-commercial research; films and label "
    "tables may not be passed on."
)
CITATION = (
    "Irvin J, Rajpurkar P, Ko M, et al. CheXpert: A Large Chest Radiograph Dataset with Uncertainty Labels and Expert "
    "Comparison. AAAI 2019."
)
WANTED = ("Path", *CHEXPERT_COLUMNS)
FACTS = ("Sex", "Age", "Frontal/Lateral", "AP/PA")  # that the table of the test films lacks
TABLES = {
    **{"train.csv": "train", "valid.csv": "validation", "val_labels.csv": "validation"},
    **{"test.csv": "test", "test_labels.csv": "test"},
}
PLACE = r"(?:^|/)((?:train|valid|val|test)/(patient(\d+))/study(\d+)/view\d+_(frontal|lateral))\.\w+$"
VIEWS = {"ap": "AP", "pa": "PA", "ll": None, "rl": None}
SEXES = {"male": "M", "female": "F", "unknown": None}
CEILING = 90  # ages above it are given as it


def read_chexpert(
    root: Path, seed: int = 0, policy: Policy = DEFAULT_POLICY, splits: str = "official", views: str = "all"
) -> Reading:
    """Read a folder of CheXpert.

    Parameters
    ----------
    root : Path
        Folder with the label tables and, at any depth, the films.
    seed : int
        Seed of a random split.
    policy : Policy
        What uncertain and blank become.
    splits : {"official", "random"}
        ``official``: training and validation as published, which has no test split; ``random``: by patient.
    views : {"all", "frontal"}
        Whether films other than PA and AP are left out.

    Raises
    ------
    DatasetError
        If the folder or the label tables are absent, or a row is not CheXpert's.
    """
    files = list_files(root, "the folder of CheXpert")
    tables: dict[Path, str] = {}
    for name, split in TABLES.items():
        if split not in tables.values() and (file := files.find(name)):
            tables[file] = split
    if not tables:
        raise DatasetError(f"{root} holds no label table; expected train.csv or valid.csv.")
    drawn = chexlocalize.find_drawn(files)
    parts = [_films(file, split, policy) for file, split in tables.items()]
    films = pd.concat([part for part, _ in parts], ignore_index=True)
    remarks = [one for _, part in parts for one in part]
    places = files.images_by(_place)
    found = films["film"].map(places)
    here, on_disk = found_on_disk(found, files, places)
    films["on_disk"] = here
    films["path"] = found.where(here, films["path"])
    if views == "frontal":
        films, left_out = only_frontal(films)
        remarks += left_out
    if splits == "random":
        films["split"] = random_split(films, labels(films) == 1, seed)
    films["film"] = films["film"].str.replace("^[^/]*/", "", regex=True)
    boxes, on_films = chexlocalize.read_drawn(drawn, films["film"])
    home, told = str(Path(root).resolve()), spell_policy("chexpert", policy, splits=splits, views=views)
    told |= chexlocalize.POLICY if drawn else {}
    citation = f"{CITATION} {chexlocalize.CITATION}" if drawn else CITATION
    facts = DatasetFacts("chexpert", home, SOURCE, LICENCE, citation, sha256(*tables, *drawn), seed, policy=told)
    return finish(facts, films, (*remarks, *on_films, *on_disk), boxes)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``python -m training dataset chexpert``."""
    add_common_arguments(parser, "folder with train.csv, valid.csv and the films")
    add_splits_argument(parser)
    add_policy_arguments(parser)
    add_view_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Write the dataset and say what is in it."""
    return save(args.out, read_chexpert(args.root, args.seed, policy_of(args), args.splits, args.views), args.name)


def _films(file: Path, split: str, policy: Policy) -> tuple[pd.DataFrame, tuple[Remark, ...]]:
    table = call_columns(file, read_csv(file, WANTED), FACTS)
    silent = [name for name in FACTS if name not in table]
    table = table.reindex(columns=[*WANTED, *FACTS])
    nameless = table["Path"].isna()
    table = table[~nameless]
    refuse_strays(file, table["Path"])
    parts = table["Path"].str.extract(PLACE)
    expected = "train/patient00001/study1/view1_frontal.jpg"
    refuse_any(file, parts[0].isna(), table["Path"], f"the path is “{{value}}”; expected one such as {expected}.")
    refuse_twice(file, parts[0].map(_published))
    sides = table["Frontal/Lateral"].fillna(parts[4])
    frontal, odd_sides = known_words(sides, {"frontal": "", "lateral": "LATERAL"}, "sides")
    views, odd_views = known_words(table["AP/PA"], VIEWS, "views")
    sexes, odd_sexes = known_words(table["Sex"], SEXES, "sexes")
    ages = as_numbers(table["Age"])
    ages = ages.where((ages > 0) & (ages <= CEILING))
    odd_ages = ages.isna() & ("Age" not in silent)
    sideways = views.isna() & (frontal == "") & table["AP/PA"].notna()
    films = pd.DataFrame(
        {
            "film": parts[0].map(_published),
            "path": table["Path"].str.extract(r"((?:train|valid|val|test)/patient.*)$")[0],
            "dataset": "chexpert",
            "patient": "chexpert:" + parts[2],
            "study": "chexpert:" + parts[2] + "/" + parts[3],
            "view": views.where(frontal == "", frontal),
            "age": ages,
            "sex": sexes,
            "split": split,
            "raw_view": table["AP/PA"],
            **chexpert_labels(numbers(file, table, CHEXPERT_COLUMNS, (1, 0, -1)), policy),
        }
    )
    return films, (
        *remark(f"rows of {file.name} without film, left out", nameless.index[nameless] + 2, left_out=True),
        *remark(f"ages in {file.name} that are 0, unreadable or above 90: missing", table.loc[odd_ages, "Path"]),
        *remark(f"films of {file.name}, which has no column for {', '.join(silent)}", table["Path"] if silent else ()),
        *remark(f"frontal films in {file.name} marked LL or RL: view missing", table.loc[sideways, "Path"]),
        *odd_sides,
        *odd_views,
        *odd_sexes,
    )


def _place(name: str) -> str:
    """Give the part of a file's name that its row in the table has too."""
    found = re.search(PLACE, name)
    return _published(found.group(1)) if found else name


def _published(place: str) -> str:
    """Call the folder of the validation films as CheXpert does: CheXlocalize's download calls it ``val``."""
    return re.sub("^val/", "valid/", place)
