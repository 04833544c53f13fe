"""PadChest-GR: de Castro et al., NEJM AI 2025: sentences of reports, each finding boxed by up to two readers.

``grounded_reports_20240819.json`` is a list of ``{"StudyID", "ImageID", "findings": [...]}``; a finding has
``abnormal``, ``labels`` (PadChest's words) and, where it is abnormal, ``boxes`` and ``extra_boxes``: ``[x0, y0, x1,
y1]`` in shares of the film, by two readers who worked apart. Who they are is not published, and the first of one film
need not be the first of another. Both were given the findings, so they cannot disagree on whether one is there.
``master_table.csv`` (or its zip) has a row a film and label, with ``PatientID``, ``split`` and ``PatientSex_DICOM``;
without it patients are not known.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from training.datasets.boxes import empty_boxes, settle_boxes
from training.datasets.disk import list_files, remark, stem
from training.datasets.facts import DatasetError, DatasetFacts, Remark
from training.datasets.json_source import entry, expect, numbers_in, read_json
from training.datasets.labels import EXPLICIT, IMPLIED, NOT_MENTIONED, label_frame
from training.datasets.reading import (
    Reading,
    add_common_arguments,
    add_splits_argument,
    finish,
    found_on_disk,
    save,
    sha256,
)
from training.datasets.rows import call_columns, known_words, read_csv
from training.datasets.splits import random_split
from training.datasets.table import LEAVES_ROOT, labels
from xai.findings import FINDINGS

SOURCE = "PadChest-GR, BIMCV, https://bimcv.cipf.es/bimcv-projects/padchest-gr/"
LICENCE = "On request, for research; see the terms that BIMCV sends with it. Films and reports may not be passed on."
CITATION = (
    "de Castro DC, Bustos A, Bannur S, et al. PadChest-GR: A Bilingual Chest X-Ray Dataset for Grounded Radiology "
    "Report Generation. NEJM AI 2025."
)
BOXES = {"boxes": "first reader", "extra_boxes": "second reader"}
OURS = {
    **dict.fromkeys(("atelectasis", "laminar atelectasis", "lobar atelectasis"), "Atelectasis"),
    **dict.fromkeys(("segmental atelectasis", "round atelectasis", "total atelectasis"), "Atelectasis"),
    "atelectasis basal": "Atelectasis",
    "cardiomegaly": "Cardiomegaly",
    **dict.fromkeys(("pleural effusion", "loculated pleural effusion"), "Effusion"),
    "infiltrates": "Infiltration",
    "pulmonary mass": "Mass",
    **dict.fromkeys(("nodule", "multiple nodules"), "Nodule"),
    **dict.fromkeys(("pneumonia", "atypical pneumonia"), "Pneumonia"),
    "pneumothorax": "Pneumothorax",
    "consolidation": "Consolidation",
    "pulmonary edema": "Edema",
    "emphysema": "Emphysema",
    "pulmonary fibrosis": "Fibrosis",
    **dict.fromkeys(
        ("pleural thickening", "apical pleural thickening", "calcified pleural thickening"), "Pleural_Thickening"
    ),
    "hiatal hernia": "Hernia",
}
MASTER = ("ImageID", "PatientID", "split")
SEX = "PatientSex_DICOM"
SHOWN = 5  # labels without counterpart that a remark names


def read_padchest_gr(root: Path, seed: int = 0, splits: str = "official") -> Reading:
    """Read a folder of PadChest-GR.

    Parameters
    ----------
    root : Path
        Folder with the grounded reports and, at any depth, ``master_table.csv`` and the films.
    seed : int
        Seed of a random split.
    splits : {"official", "random"}
        ``official``: as the master table says, where it is there.

    Raises
    ------
    DatasetError
        If the folder or the reports are absent, or they are not as published; the message names the film.
    """
    files = list_files(root, "the folder of PadChest-GR")
    file, master = files.find("grounded_reports*.json*"), files.find("master_table*.csv*")
    if file is None:
        raise DatasetError(f"{root} holds no reports; expected grounded_reports_20240819.json.")
    places = files.images_by(stem)
    films, rows, others = _reports(file)
    boxes, odd = settle_boxes(file, rows) if len(rows) else (empty_boxes(), ())
    films["path"] = films["film"].map(places)
    here, on_disk = found_on_disk(films["path"], files, places)
    films = films.assign(on_disk=here, dataset="padchest-gr", patient=None, split=None)
    remarks: tuple[Remark, ...] = (*others, *odd)
    if master is not None:
        films, more = _with_master(master, films)
        remarks += more
    kind = "official" if splits == "official" and master is not None else "random"
    if kind == "random":
        films["split"] = random_split(films, labels(films) == 1, seed)
    read = [one for one in (file, master) if one]
    policy = {"reader": "padchest-gr", "splits": kind}
    home = str(Path(root).resolve())
    facts = DatasetFacts("padchest-gr", home, SOURCE, LICENCE, CITATION, sha256(*read), seed, policy=policy)
    return finish(facts, films, (*remarks, *on_disk), boxes)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``python -m training dataset padchest-gr``."""
    add_common_arguments(parser, "folder with grounded_reports_20240819.json, master_table.csv and the films")
    add_splits_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Write the dataset and say what is in it."""
    return save(args.out, read_padchest_gr(args.root, args.seed, args.splits), args.name)


def _reports(file: Path) -> tuple[pd.DataFrame, pd.DataFrame, tuple[Remark, ...]]:
    """Read the reports: films with their labels, boxes before they are settled, and labels that are none of ours."""
    names: list[str] = []
    present: list[set[str]] = []
    nothing: list[bool] = []
    rows: list[dict[str, Any]] = []
    others: list[str] = []
    for number, study in enumerate(read_json(file, list), 1):
        name = entry(expect(study, dict, f"Study {number}"), "ImageID", str, f"study {number}")
        if re.search(LEAVES_ROOT, name):
            raise DatasetError(f"{file.name}, study {number}: “{name}” leaves the root; expected a name below it.")
        where = f"a finding of “{name}”"
        findings = [expect(one, dict, where) for one in entry(study, "findings", list, f"the film “{name}”", [])]
        abnormal = [one for one in findings if entry(one, "abnormal", bool, where)]
        told = [(label, one) for one in abnormal for label in _labels(one, name)]
        others += [label for label, _ in told if label not in OURS]
        known = [(label, one) for label, one in told if label in OURS]
        rows += [row for label, one in known for row in _boxes(stem(name), label, one)]
        names.append(stem(name))
        present.append({OURS[label] for label, _ in known})
        nothing.append(not abnormal)
    films = pd.DataFrame({"film": names})
    if not names:
        raise DatasetError(f"{file} has no study; expected at least one.")
    if twice := films.loc[films["film"].duplicated(), "film"].tolist():
        raise DatasetError(f"{file.name} has two studies of the film “{twice[0]}”; expected one a film.")
    films = pd.concat([films, _labelled(present, np.array(nothing), films.index)], axis=1)
    most = pd.Series(others, dtype="str").value_counts().index[:SHOWN]
    said = f"labels that are none of the 14, left out, most often {', '.join(most)}"
    return films, pd.DataFrame(rows), remark(said, others, left_out=True)


def _labels(finding: dict[str, Any], film: str) -> list[str]:
    told = entry(finding, "labels", list, f"the film “{film}”", [])
    return list(dict.fromkeys(expect(one, str, f"A label of “{film}”").strip().lower() for one in told))


def _boxes(film: str, label: str, finding: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """Give the boxes of a finding, as they are told: not yet known to lie on the film."""
    for name, reader in BOXES.items():
        for box in entry(finding, name, list, f"the film “{film}”", []):
            x0, y0, x1, y1 = numbers_in(box, 4, f"A box of {label} on “{film}”")
            told = {"film": film, "finding": OURS[label], "label": label, "reader": reader}
            yield told | {"x": x0, "y": y0, "width": x1 - x0, "height": y1 - y0}


def _labelled(present: list[set[str]], nothing: np.ndarray, index: pd.Index) -> pd.DataFrame:
    """Make labels: what a report names is there; all are absent only where it names nothing abnormal."""
    columns = {}
    for name in FINDINGS:
        there = np.array([name in one for one in present])
        values = np.where(there, 1.0, np.where(nothing, 0.0, np.nan))
        columns[name] = (values, np.select([there, nothing], [EXPLICIT, IMPLIED], NOT_MENTIONED))
    return label_frame(columns, index)


def _with_master(file: Path, films: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Remark, ...]]:
    """Add patient, sex and split of each film."""
    table = call_columns(file, read_csv(file, MASTER), (SEX,))
    table["film"] = table["ImageID"].map(stem, na_action="ignore")
    told = table.reindex(columns=["film", "PatientID", "split", SEX]).drop_duplicates().dropna(subset=["film"])
    if twice := told.loc[told["film"].duplicated(), "film"].tolist():
        raise DatasetError(f"{file.name} gives the film “{twice[0]}” two patients, splits or sexes; expected one.")
    told = told.set_index("film").reindex(films["film"])
    told.index = films.index
    splits, odd_splits = known_words(told["split"], {one: one for one in ("train", "validation", "test")}, "splits")
    sexes, odd_sexes = known_words(told[SEX], {"m": "M", "f": "F"}, "sexes")
    patients = "padchest:" + told["PatientID"].str.strip()
    missing = remark(f"films that {file.name} lacks: patient and split not known", films.loc[patients.isna(), "film"])
    return films.assign(patient=patients, split=splits, sex=sexes), (*missing, *odd_splits, *odd_sexes)
