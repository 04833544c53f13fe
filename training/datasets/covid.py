"""covid-chestxray-dataset: Cohen et al., COVID-19 Image Data Collection, 2020.

``metadata.csv`` changed its columns and the way it spells findings several times; all of its generations are read.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pandas as pd

from training.datasets.disk import Files, film_names, list_files, remark
from training.datasets.facts import DatasetError, DatasetFacts, Remark
from training.datasets.labels import DERIVED, EXPLICIT, NOTHING, Meaning, class_labels
from training.datasets.reading import (
    Reading,
    add_common_arguments,
    add_view_argument,
    finish,
    found_on_disk,
    only_frontal,
    save,
    sha256,
)
from training.datasets.rows import known_words, read_csv, refuse_any, refuse_strays, refuse_twice, require_columns
from training.datasets.splits import random_split
from training.datasets.table import labels

SOURCE = "covid-chestxray-dataset, https://github.com/ieee8023/covid-chestxray-dataset"
LICENCE = "Each film has its own licence, in the column raw_licence; where that is blank, films may not be passed on."
CITATION = (
    "Cohen JP, Morrison P, Dao L, Roth K, Duong TQ, Ghassemi M. COVID-19 Image Data Collection: Prospective "
    "Predictions Are the Future. MELBA 2020."
)
WANTED = ("patientid", "finding", "view", "filename")
VIEWS = {
    "pa": "PA",
    **dict.fromkeys(("ap", "ap supine", "ap erect", "ap semi erect"), "AP"),
    **dict.fromkeys(("l", "lateral"), "LATERAL"),
}
SLICES = ("axial", "coronal", "sagittal")
OLDEST = 120

# Words that a finding is made of, in lower case.
CAUSES_OF_PNEUMONIA = (
    *("aspiration", "lipoid", "bacterial", "fungal", "viral"),
    *("chlamydophila", "e.coli", "klebsiella", "legionella", "mycoplasma", "nocardia", "staphylococcus", "mrsa"),
    *("streptococcus", "aspergillosis", "pneumocystis"),
    *("covid-19", "herpes", "influenza", "h1n1", "mers-cov", "mers", "sars", "varicella"),
)
NO_LABEL = ("todo", "unknown")
NONE_OF_THE_14 = ("ards", "tuberculosis")


def read_covid(root: Path, seed: int = 0, views: str = "all") -> Reading:
    """Read a folder of covid-chestxray-dataset; CT slices are left out.

    Parameters
    ----------
    root : Path
        Folder with ``metadata.csv`` and ``images``.
    seed : int
        Seed of a random split.
    views : {"all", "frontal"}
        Whether films other than PA and AP are left out.

    Raises
    ------
    DatasetError
        If the folder or the table is absent, or a row is not of this source.
    """
    files = list_files(root, "the folder of covid-chestxray-dataset")
    file = files.find("metadata.csv")
    if file is None:
        raise DatasetError(f"{root} holds no label table; expected metadata.csv.")
    films, remarks = _films(file, files)
    if views == "frontal":
        films, left_out = only_frontal(films)
        remarks += left_out
    films["split"] = random_split(films, labels(films) == 1, seed)
    home, policy = str(Path(root).resolve()), {"reader": "covid", "splits": "random", "views": views}
    facts = DatasetFacts("covid", home, SOURCE, LICENCE, CITATION, sha256(file), seed, policy=policy)
    return finish(facts, films, remarks)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``python -m training dataset covid``."""
    add_common_arguments(parser, "folder with metadata.csv and images")
    add_view_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Write the dataset and say what is in it."""
    return save(args.out, read_covid(args.root, args.seed, args.views), args.name)


def meaning(finding: str) -> Meaning | None:
    """Read a finding, ``Pneumonia/Viral/COVID-19`` or ``COVID-19, ARDS``; None if it tells of none of the 14.

    Raises
    ------
    ValueError
        If a word of it is not known.
    """
    words = [word.strip() for word in re.split("[/,]", finding.lower()) if word.strip()]
    # "Mycoplasma Bacterial Pneumonia" is one word of an old table.
    words = [part for word in words for part in (word.split() if word.endswith(" pneumonia") else [word])]
    known = {"pneumonia", "no finding", *CAUSES_OF_PNEUMONIA, *NO_LABEL, *NONE_OF_THE_14}
    strange = [word for word in words if word not in known]
    if strange:
        raise ValueError(f"“{strange[0]}”")
    if "pneumonia" in words:
        return ("Pneumonia", EXPLICIT)
    if set(words) & set(CAUSES_OF_PNEUMONIA):
        return ("Pneumonia", DERIVED)
    return NOTHING if "no finding" in words else None


def _films(file: Path, files: Files) -> tuple[pd.DataFrame, tuple[Remark, ...]]:
    table = read_csv(file, (), keep_default_na=False)
    table.columns = [str(name).strip().lower().replace(" ", "_") for name in table.columns]
    require_columns(file, table, WANTED)
    for name in ("age", "sex", "modality", "folder", "license"):
        if name not in table:
            table[name] = ""
    table = table.apply(lambda column: column.str.strip())
    nameless = (table["filename"] == "") | (table["patientid"] == "")
    is_ct = ~nameless & (
        (table["modality"].str.lower() == "ct")
        | table["view"].str.lower().isin(SLICES)
        | (table["folder"].str.lower() == "volumes")
    )
    paths = table["folder"].where(table["folder"] != "", "images") + "/" + table["filename"]
    here, on_disk = found_on_disk(paths.where(paths.isin(files.names)), files, {name: name for name in files.images})
    left_out = (
        *remark("rows without film or patient, left out", nameless.index[nameless] + 2, left_out=True),
        *remark("CT, left out: modality, view or folder says so", table.loc[is_ct, "filename"], left_out=True),
    )
    table, paths = table[~nameless & ~is_ct], paths[~nameless & ~is_ct]
    refuse_strays(file, paths)
    refuse_twice(file, paths)
    meanings = _meanings(file, table["finding"])
    views, odd_views = known_words(table["view"], VIEWS, "views")
    sexes, odd_sexes = known_words(table["sex"], {"m": "M", "f": "F"}, "sexes")
    ages = pd.to_numeric(table["age"], errors="coerce")
    ages = ages.where((ages >= 0) & (ages <= OLDEST))
    odd_ages = ages.isna() & ~table["age"].isin(["", "?"])
    films = pd.DataFrame(
        {
            "film": film_names(paths.to_list()),
            "path": paths,
            "dataset": "covid",
            "patient": "covid:" + table["patientid"],
            "view": views,
            "age": ages,
            "sex": sexes,
            "on_disk": here[table.index],
            "raw_finding": table["finding"],
            "raw_view": table["view"],
            "raw_licence": table["license"],
            **class_labels(table["finding"], meanings),
        }
    )
    unlabelled = table["finding"].map(meanings).isna()
    return films, (
        *left_out,
        *remark("films whose finding is none of the 14: no label", table.loc[unlabelled, "finding"]),
        *remark("ages that are unreadable or above 120: missing", table.loc[odd_ages, "age"]),
        *odd_views,
        *odd_sexes,
        *on_disk,
    )


def _meanings(file: Path, findings: pd.Series) -> dict[str, Meaning | None]:
    meanings = {}
    for finding in findings.unique():
        try:
            meanings[finding] = meaning(finding)
        except ValueError as error:
            problem = f"the finding “{{value}}” holds {error}, which this source's list of findings lacks."
            refuse_any(file, findings == finding, findings, problem)
    return meanings
