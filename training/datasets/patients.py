"""Whose film it is: patients read from the names that public sets give their films, and what to say where nobody knows.

A film whose patient is not known has none in the table. It is never counted as a patient of its own: two such films may
be of one person. Where figures need patients it stands for itself, and they say so with `PatientCount.caution`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from training.datasets.facts import DatasetFacts

# What a film's path, without its ending, says of the patient: pattern -> name of the patient. Numbers that are counted
# anew in every set stand behind the ``{dataset}``, as person 12 of one set is not person 12 of another.
NAMES = {
    # NIH ChestX-ray14: patient, 1 to 30805, and follow-up; a larger number is a date, such as 20200115_001. In all
    # 112,120 rows the number is that of the column Patient ID.
    r"(?:^|/)(?=000(?:[0-2]\d{4}|30[0-7]\d\d|3080[0-5])_\d{3}(?![0-9A-Za-z]))0*([1-9]\d*)_[^/]*$": "nih:{0}",
    # CheXpert: patient00001/study1/view1_frontal.
    r"(?<![0-9A-Za-z])patient(\d+)[/_-]study\d+[/_-]view\d": "chexpert:{0}",
    # MIMIC-CXR-JPG: files/p10/p10000032/s50414267/...
    r"(?<![0-9A-Za-z])p(\d{8})[/_-]s\d{8}(?!\d)": "mimic:{0}",
    # Pneumonia of Kermany et al. as on Kaggle. Persons with bacteria and with viruses are counted apart, both from 1
    # and with film numbers of their own (person1000_bacteria_2931, person1000_virus_1681), so that person 1 of either
    # is somebody else; person 1 has bacteria among the training films and a virus among the test films.
    r"(?:^|[^0-9A-Za-z])person(\d+)_(bacteria|virus)_\d+(?!\d)": "{dataset}:person{0}_{1}",
    # Its normal films, and no others: a viewer exports the series of every patient as IM-0001-0001 and so on.
    r"(?:^|/)(?:(?<=[Nn][Oo][Rr][Mm][Aa][Ll]/)|(NORMAL2-))IM-(\d{4})-\d{4}(?![0-9A-Za-z])[^/]*$": "{dataset}:{0}IM-{1}",
    # The same films as on Mendeley: disease, "randomized patient ID", number of the film.
    r"(?:^|/)(?:BACTERIA|VIRUS|NORMAL)-(\d+)-\d{4}(?![0-9A-Za-z])[^/]*$": "kermany:{0}",
    # One film a patient: Shenzhen, Montgomery County, JSRT.
    r"(?:^|/)(CHNCXR_\d{4})_[01](?![0-9A-Za-z])[^/]*$": "shenzhen:{0}",
    r"(?:^|/)(MCUCXR_\d{4})_[01](?![0-9A-Za-z])[^/]*$": "montgomery:{0}",
    r"(?:^|/)(JPC[LN]N\d{3})(?![0-9A-Za-z])[^/]*$": "jsrt:{0}",
    # RICORD 1c: site and patient; BIMCV and all that is named by BIDS: the label of the subject.
    r"(?:^|/)MIDRC-RICORD-1C-([0-9A-Za-z]+-\d{6})-[^/]*$": "ricord:{0}",
    r"(?:^|[/_])sub-([0-9A-Za-z]+)(?=[/_])": "{dataset}:sub-{0}",
    # covid-chestxray-dataset, cases of Radiopaedia: in its table each of the 27 cases is one patient and no other.
    r"(?:^|/)(covid-19-pneumonia-\d{1,3})(?![0-9A-Za-z])[^/]*$": "radiopaedia:{0}",
}  # VinDr-CXR, RSNA, SIIM-ACR, PadChest and COVID-19 Radiography name films by hash, UUID or count: not known.
_NAMES = tuple((re.compile(pattern), patient) for pattern, patient in NAMES.items())
_ENDING = re.compile(r"\.[0-9A-Za-z]+$")
KNOWN = "known"  # what a dataset's policy says of patients where all are
_INVENTORS = ("folders", "films")


@dataclass(frozen=True)
class PatientCount:
    """How many patients films are of, as far as that is known.

    Attributes
    ----------
    films : int
    patients : int
        Patients that are known.
    unknown : int
        Films whose patient is not known.
    """

    films: int
    patients: int
    unknown: int

    @property
    def known(self) -> int | None:
        """Number of patients for a card or report; None where that of any film is not known."""
        return None if self.unknown else self.patients

    @property
    def numbers(self) -> dict[str, int | None]:
        """The same for a card or report, as plain JSON values."""
        return {"patients": self.known} | ({"films_of_unknown_patients": self.unknown} if self.unknown else {})

    @property
    def facts(self) -> dict[str, int | str | None]:
        """The numbers, and the caution where there is one."""
        return self.numbers | ({"caution": self.caution} if self.unknown else {})

    @property
    def words(self) -> str:
        """What follows a number of films, such as ``of 40 patients``."""
        if not self.unknown:
            return f"of {self.patients:,} patients"
        if not self.patients:
            return "whose patients are not known"
        return f"of {self.patients:,} known patients ({self.unknown:,} of unknown ones)"

    @property
    def drawn(self) -> str:
        """What is drawn, with replacement, for an interval by bootstrap."""
        if not self.unknown:
            return "patients"
        return "patients, where they are known, and of single films" if self.patients else "films"

    @property
    def caution(self) -> str:
        """What every interval made of these films must say; empty where all patients are known."""
        if not self.unknown:
            return ""
        whose = f"The patients of {self.unknown:,} of {self.films:,} films are" if self.patients else "Patients are"
        return f"{whose} not known: such films are treated as independent, so that the interval may be too narrow."


def count_patients(patients: Iterable[str | None]) -> PatientCount:
    """Count the patients of films, one entry a film, none where the patient is not known."""
    told = pd.Series(list(patients), dtype=object)
    return PatientCount(len(told), int(told.nunique()), int(told.isna().sum()))


def patients_from_names(paths: pd.Series, dataset: str) -> pd.Series:
    """Read the patient of each film from its path, by `NAMES`; None where the name does not tell.

    Parameters
    ----------
    paths : Series of str
        With forward slashes, relative to the root.
    dataset : str
        Name of the dataset, for numbers that are counted anew in every set.

    Examples
    --------
    >>> paths = pd.Series(["test/PNEUMONIA/person12_bacteria_34.jpeg", "00000013_001.png"])
    >>> patients_from_names(paths, "mine").to_list()
    ['mine:person12_bacteria', 'nih:13']
    """
    return pd.Series([_patient(_ENDING.sub("", path), dataset) for path in paths], paths.index, dtype="str")


def each_alone(patients: np.ndarray) -> np.ndarray:
    """Let each film of an unknown patient stand for itself, where films are drawn or dealt patient by patient.

    Parameters
    ----------
    patients : array (films,)
        Names or numbers, none where the patient is not known.

    Returns
    -------
    array (films,)
        The same; a name of its own for each film of an unknown patient.
    """
    unknown = pd.isna(patients)
    if not unknown.any():
        return np.asarray(patients)
    names = np.asarray(patients, object).copy()
    names[unknown] = [f"\0{row}" for row in np.flatnonzero(unknown)]
    return names.astype(str)


def all_known(policy: Mapping[str, Any]) -> bool:
    """Tell from a dataset's policy whether the patient of every film is known.

    Older readers of folders did not say so, and made each film of an unknown patient a patient of its own.
    """
    return policy.get("patients", "made up" if policy.get("reader") in _INVENTORS else KNOWN) == KNOWN


def forget_invented(films: pd.DataFrame, facts: DatasetFacts) -> pd.DataFrame:
    """Make patients unknown whom an older reader made up: one a film, called as the film."""
    if "patients" in facts.policy or all_known(facts.policy):
        return films
    own = films["patient"] == films["dataset"] + ":" + films["film"]
    return films.assign(patient=films["patient"].where(~own, None))


def _patient(name: str, dataset: str) -> str | None:
    for pattern, patient in _NAMES:
        if found := pattern.search(name):
            return patient.format(*found.groups(default=""), dataset=dataset)
    return None
