"""NIH ChestX-ray14: Wang et al., ChestX-ray8, CVPR 2017.

The label table is ``Data_Entry_2017_v2020.csv`` (or the 2017 one, plain or gzipped). Its column names carry
unquoted commas and its older versions spell the age ``058Y``; films may lie in one folder or in several.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

from training.datasets.table import COLUMNS, SPLITS, DatasetError, DatasetFacts, split_by_patient, write_dataset
from xai.findings import FINDINGS

NO_FINDING = "No Finding"
# Share of the films in train, validation and test.
SHARES = (0.60, 0.15, 0.25)
OLDEST = 120
SOURCE = "NIH ChestX-ray14, NIH Clinical Center, https://nihcc.app.box.com/v/ChestXray-NIHCC"
LICENCE = "No restriction on use; name the NIH Clinical Center as provider and cite the paper."
CITATION = (
    "Wang X, Peng Y, Lu L, Lu Z, Bagheri M, Summers RM. ChestX-ray8: Hospital-scale Chest X-ray Database and "
    "Benchmarks on Weakly-Supervised Classification and Localization of Common Thorax Diseases. CVPR 2017."
)


def read_nih(root: Path, seed: int = 0) -> tuple[DatasetFacts, pd.DataFrame]:
    """Read a folder of NIH ChestX-ray14.

    A film belongs to a split only if it is on disk: a split of films that nobody can open serves no one.

    Parameters
    ----------
    root : Path
        Folder with the label table and, at any depth, the films.
    seed : int
        Seed of the split by patient.

    Raises
    ------
    DatasetError
        If the folder or the label table is absent, the table is not NIH's, or no film of it is on disk.
    """
    root = Path(root)
    if not root.is_dir():
        raise DatasetError(f"There is no folder {root}; expected the folder of NIH ChestX-ray14.")
    table = _label_table(root)
    paths = {path.name: path for path in sorted(root.rglob("*.png"), reverse=True)}
    films = _films(pd.read_csv(table), root, paths)
    if not films["on_disk"].any():
        raise DatasetError(f"{root} holds no film that {table.name} names; expected files such as 00000001_000.png.")
    here = films[films["on_disk"]]
    part = split_by_patient(here["patient"].to_numpy(), here[list(FINDINGS)].to_numpy() == 1, SHARES, seed)
    films["split"] = pd.Series(np.asarray(SPLITS)[part], index=here.index).reindex(films.index)
    digest = hashlib.sha256(table.read_bytes()).hexdigest()
    facts = DatasetFacts("nih", str(root.resolve()), SOURCE, LICENCE, CITATION, {table.name: digest}, seed)
    return facts, films[list(COLUMNS)]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``python -m training dataset nih``."""
    parser.add_argument("root", type=Path, metavar="ROOT", help="folder with the label table and the films")
    parser.add_argument("--out", type=Path, required=True, metavar="DATASET", help="folder to write")
    parser.add_argument("--seed", type=int, default=0, help="seed of the split by patient (default: 0)")


def run(args: argparse.Namespace) -> int:
    """Write the dataset and say what is in it."""
    facts, films = read_nih(args.root, args.seed)
    write_dataset(args.out, facts, films)
    here = films[films["on_disk"]]
    counts = ", ".join(f"{(here['split'] == split).sum()} {split}" for split in SPLITS)
    print(f"{len(films)} films in the table, {len(here)} on disk, {here['patient'].nunique()} patients: {counts}")
    return 0


def _label_table(root: Path) -> Path:
    tables = sorted(root.glob("Data_Entry_2017*.csv*"))
    if not tables:
        raise DatasetError(f"{root} holds no label table; expected Data_Entry_2017_v2020.csv or its .gz.")
    return tables[-1]


def _films(table: pd.DataFrame, root: Path, paths: dict[str, Path]) -> pd.DataFrame:
    table = table.rename(columns={"Patient Sex": "Patient Gender"})
    wanted = ("Image Index", "Finding Labels", "Patient ID", "Patient Age", "Patient Gender", "View Position")
    missing = [name for name in wanted if name not in table.columns]
    if missing:
        raise DatasetError(f"The label table in {root} lacks the columns {', '.join(missing)}.")
    names = table["Image Index"]
    found = names.map(paths)
    named = table["Finding Labels"].str.get_dummies("|")
    unknown = sorted(set(named.columns) - set(FINDINGS) - {NO_FINDING})
    if unknown:
        raise DatasetError(f"The label table in {root} names findings that NIH does not have: {', '.join(unknown)}.")
    return pd.DataFrame(
        {
            "film": names.str.removesuffix(".png"),
            "path": [path.relative_to(root).as_posix() if isinstance(path, Path) else "" for path in found],
            "dataset": "nih",
            "patient": "nih:" + table["Patient ID"].astype(str),
            "view": table["View Position"],
            "age": table["Patient Age"].map(age_in_years),
            "sex": table["Patient Gender"],
            "on_disk": found.notna(),
            **{name: named.get(name, pd.Series(0, named.index)).astype(float) for name in FINDINGS},
        }
    )


def age_in_years(text: object) -> float:
    """Read an age as NIH spells it: ``58``, ``058Y``, ``013M``, ``007D``; NaN above 120 years or unreadable."""
    value = str(text).strip()
    unit = {"Y": 1.0, "M": 1 / 12, "D": 1 / 365.25}.get(value[-1:], 1.0)
    digits = value.rstrip("YMD")
    years = int(digits) * unit if digits.isdecimal() else float("nan")
    return years if years <= OLDEST else float("nan")
