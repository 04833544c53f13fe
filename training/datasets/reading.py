"""What the readers share: a label table with rows that can be named, films put together, a dataset written."""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from training.datasets.boxes import drawn_words
from training.datasets.disk import Files, remark
from training.datasets.facts import DatasetError, DatasetFacts, Remark
from training.datasets.labels import BLANK_POLICIES, UNCERTAIN_POLICIES, Policy
from training.datasets.patients import PatientCount, count_patients
from training.datasets.splits import SPLITS
from training.datasets.table import check_films, complete, empty_boxes, write_dataset
from xai.command_line import one_line

FRONTAL = ("PA", "AP")
UNKNOWN_PATIENTS = (
    "films whose patient is not known: each is taken as independent, and a random split of them is by film, so that "
    "films of one patient may lie on both sides"
)
RANDOM = "by patient where patients are known, from the seed"


@dataclass(frozen=True, eq=False)
class Reading:
    """What a reader makes of a source: a dataset before it is written.

    Attributes
    ----------
    facts : DatasetFacts
        With the report of what was left out.
    films : DataFrame
        One row a film, at least the columns `SCHEMA`.
    boxes : DataFrame
        `BOX_COLUMNS`, often without rows.
    """

    facts: DatasetFacts
    films: pd.DataFrame
    boxes: pd.DataFrame = dataclasses.field(default_factory=empty_boxes)


def found_on_disk(places: pd.Series, files: Files, used: Mapping[str, str]) -> tuple[pd.Series, tuple[Remark, ...]]:
    """Say which rows have their film on disk, and what is on disk that no row is about.

    Parameters
    ----------
    places : Series
        Path of each row's film, or none.
    files : Files
        What is on disk.
    used : mapping
        Key -> path of the films that rows can be about; other images are second copies.
    """
    here = places.notna()
    taken = set(places[here])
    unlisted = [name for name in used.values() if name not in taken]
    copies = set(files.images) - set(used.values())
    return here, (
        *remark("images on disk that the label table does not list, left out", sorted(unlisted), left_out=True),
        *remark("second copies on disk of a film, not used", sorted(copies), left_out=True),
        *files.remarks(),
    )


def only_frontal(films: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Remark, ...]]:
    """Leave out all films but PA and AP, one remark a view."""
    others = films.loc[~films["view"].isin(FRONTAL), ["film", "view"]]
    remarks = tuple(
        Remark(f"films left out: their view is {view}", len(part), str(part["film"].iloc[0]), left_out=True)
        for view, part in others.fillna("unknown").groupby("view")
    )
    return films.drop(index=others.index), remarks


def finish(
    facts: DatasetFacts, films: pd.DataFrame, remarks: Iterable[Remark], boxes: pd.DataFrame | None = None
) -> Reading:
    """Bring a reader's films into the schema, check them, and say which are not on disk or of unknown patients."""
    for name in ("view", "sex", "split", "age"):
        if name not in films:
            films[name] = pd.Series(np.nan, films.index, dtype=float if name == "age" else "str")
    check_dataset_name(facts.name)
    films = complete(films.reset_index(drop=True), facts.name)
    check_films(films, facts.name)
    report = (
        *remarks,
        *remark("films of the table are not on disk; they stay in it, marked", films.loc[~films["on_disk"], "film"]),
        *remark(UNKNOWN_PATIENTS, films.loc[films["patient"].isna(), "film"]),
    )
    count = count_patients(films["patient"])
    known = f"known for {count.films - count.unknown} of {count.films} films" if count.patients else "not known"
    policy = {**facts.policy, "patients": known} if count.unknown else facts.policy
    facts = dataclasses.replace(facts, report=report, policy=policy)
    return Reading(facts, films, empty_boxes() if boxes is None else boxes)


def sha256(*files: Path) -> dict[str, str]:
    """Give the sha256 of each file by its name."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def check_dataset_name(name: str) -> None:
    """Refuse a name that no page can show."""
    if not name.isprintable():
        raise DatasetError(f"The dataset cannot be called “{name}”: expected a name without control characters.")


def add_common_arguments(parser: argparse.ArgumentParser, root: str) -> None:
    """Add the arguments of every reader."""
    parser.add_argument("root", type=Path, metavar="ROOT", help=root)
    parser.add_argument("--out", type=Path, required=True, metavar="DATASET", help="folder to write")
    parser.add_argument("--seed", type=int, default=0, help="seed of a random split (default: 0)")
    parser.add_argument("--name", default="", help="name of the dataset (default: the source's, or that of ROOT)")


def add_view_argument(parser: argparse.ArgumentParser) -> None:
    """Let the user leave out lateral films."""
    views = {"all": "keep every film and its view", "frontal": "leave out all but PA and AP"}
    add_choice(parser, "--views", views, "all")


def add_policy_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what labels made from reports leave open."""
    add_choice(parser, "--uncertain", UNCERTAIN_POLICIES, "ignore")
    add_choice(parser, "--blank", BLANK_POLICIES, "missing")
    text = "let No Finding also say: no emphysema, hernia, pleural thickening (a model may learn the source from it)"
    parser.add_argument("--extend-no-finding", action="store_true", help=text)


def add_splits_argument(parser: argparse.ArgumentParser) -> None:
    """Let the user choose between the publishers' split and a random one."""
    add_choice(parser, "--splits", {"official": "as published", "random": RANDOM}, "official")


def policy_of(args: argparse.Namespace) -> Policy:
    """Read the arguments of `add_policy_arguments`."""
    return Policy(args.uncertain, args.blank, args.extend_no_finding)


def spell_policy(reader: str, policy: Policy, **others: str) -> dict[str, str]:
    """Write down what was decided, for ``dataset.json``."""
    extended = {"extend_no_finding": "yes" if policy.extend_no_finding else "no"}
    return {"reader": reader, "uncertain": policy.uncertain, "blank": policy.blank, **extended, **others}


def save(out: Path, reading: Reading, name: str = "") -> int:
    """Write the dataset, under another name if one is given, and say what is in it and what was left out.

    Raises
    ------
    DatasetError
        If it cannot be called so.
    """
    check_dataset_name(name)
    facts = dataclasses.replace(reading.facts, name=name or reading.facts.name)
    write_dataset(out, facts, reading.films, reading.boxes)
    films = reading.films
    here = films[films["on_disk"]]
    told = here if len(here) else films
    counts = ", ".join(f"{(told['split'] == split).sum()} {split}" for split in SPLITS)
    boxes = f"; {drawn_words(reading.boxes)}" if len(reading.boxes) else ""
    count = count_patients(told["patient"])
    print(f"{len(films)} films in the table, {len(here)} on disk, {_patient_words(count)}: {counts}{boxes}")
    for one in reading.facts.report:
        print(f"  {one_line(str(one))}")
    return 0


def _patient_words(count: PatientCount) -> str:
    if not count.unknown:
        return f"{count.patients} patients"
    if not count.patients:
        return "patients not known"
    return f"{count.patients} known patients and {count.unknown} films of unknown ones"


def add_choice(parser: argparse.ArgumentParser, flag: str, choices: Mapping[str, str], default: str) -> None:
    """Add an option with a meaning for each choice."""
    told = "; ".join(f"{name}: {text}" for name, text in choices.items())
    parser.add_argument(flag, choices=tuple(choices), default=default, help=f"{told} (default: {default})")
