"""Whose film it is: read from names that tell, unknown elsewhere, and never promised where it is unknown."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from tests.training.datasets.made_sources import picture
from training.__main__ import main
from training.datasets.films import read_films
from training.datasets.folders import read_folders
from training.datasets.patients import count_patients, each_alone, patients_from_names
from training.datasets.splits import split_by_patient
from training.datasets.table import read_dataset, write_dataset


@pytest.mark.parametrize(
    ("path", "patient"),
    [
        ("00000013_001.png", "nih:13"),
        ("a/00000013_001.dcm", "nih:13"),
        ("00030805_000.png", "nih:30805"),
        ("train/patient00123/study1/view1_frontal.jpg", "chexpert:00123"),
        ("patient00123_study2_view1_frontal.jpg", "chexpert:00123"),
        ("files/p10/p10000032/s50414267/02aa804e-bde0afdd-112c0b34-7bc16630-4e384014.jpg", "mimic:10000032"),
        ("test/PNEUMONIA/person12_bacteria_34.jpeg", "mine:person12_bacteria"),
        ("train/PNEUMONIA/person12_bacteria_34_jpeg.rf.0a1b2c.jpg", "mine:person12_bacteria"),
        ("train/PNEUMONIA/person12_virus_34.jpeg", "mine:person12_virus"),
        ("train/NORMAL/IM-0012-0003.jpeg", "mine:IM-0012"),
        ("train/NORMAL/IM-0012-0001-0002.jpeg", "mine:IM-0012"),
        ("train/NORMAL/NORMAL2-IM-0012-0001.jpeg", "mine:NORMAL2-IM-0012"),
        ("PNEUMONIA/BACTERIA-1008087-0001.jpeg", "kermany:1008087"),
        ("PNEUMONIA/VIRUS-1008087-0002.jpeg", "kermany:1008087"),
        ("CHNCXR_0001_0.png", "shenzhen:CHNCXR_0001"),
        ("MCUCXR_0104_1.png", "montgomery:MCUCXR_0104"),
        ("JPCLN001.png", "jsrt:JPCLN001"),
        ("sub-S03047_ses-E07985_run-1_bp-chest_vp-ap_dx.png", "mine:sub-S03047"),
        ("MIDRC-RICORD-1C-SITE2-000216-21586-0.png", "ricord:SITE2-000216"),
        ("covid/covid-19-pneumonia-22-day1-pa.png", "radiopaedia:covid-19-pneumonia-22"),
        ("covid/covid-19-pneumonia-2.jpg", "radiopaedia:covid-19-pneumonia-2"),
    ],
)
def test_names_of_common_sets_tell_the_patient(path, patient):
    assert patients_from_names(pd.Series([path]), "mine").tolist() == [patient]


@pytest.mark.parametrize(
    "path",
    [
        "000434271f63a053c4128a0ba6352c7f.dicom",  # VinDr-CXR
        "0004cfab-14fd-4e49-80ba-63a80b6bddd6.dcm",  # RSNA
        "216840111366964012819207061112010307142602253_04-014-084.png",  # PadChest
        "1.2.276.0.7230010.3.1.4.8323329.300.1517875162.258081.dcm",  # SIIM-ACR
        "COVID-1.png",  # COVID-19 Radiography
        "covid-19-pneumonia-mild.JPG",
        "covid-19-pneumonia-2020.jpg",
        "somebody/IM-0001-0001.dcm",  # what viewers call the first film of anybody
        "CXR1_1_IM-0001-3001.png",
        "person12.jpeg",
        "salesperson12_bacteria_3.jpeg",
        "100000013_001.png",
        "20200115_001.png",  # a date
        "00030806_000.png",  # NIH has 30,805 patients
        "00000000_000.png",
        "00000013_0011.png",
        "scan.png",
    ],
)
def test_other_names_tell_nothing(path):
    assert patients_from_names(pd.Series([path]), "mine").isna().all()


def test_person_12_with_bacteria_and_person_12_with_a_virus_are_two():
    paths = pd.Series(["person12_bacteria_34.jpeg", "person12_virus_35.jpeg", "person12_bacteria_36.jpeg"])
    assert patients_from_names(paths, "a").nunique() == 2
    assert set(patients_from_names(paths, "a")).isdisjoint(patients_from_names(paths, "b"))


def kaggle(root, persons=20):
    """Three films a person, as Kaggle's pneumonia set names them."""
    for person in range(persons):
        for film in range(3):
            picture(root / "PNEUMONIA" / f"person{person}_bacteria_{3 * person + film}.jpeg")
            picture(root / "NORMAL" / f"IM-{person:04}-{film:04}.jpeg")


def test_no_person_of_kaggles_set_straddles_the_split(tmp_path):
    kaggle(tmp_path)
    reading = read_folders(tmp_path)
    assert (len(reading.films), reading.films["patient"].nunique()) == (120, 40)
    assert (reading.films.groupby("patient")["split"].nunique() == 1).all()
    assert set(reading.films["split"]) == {"train", "validation", "test"}
    assert reading.facts.policy["patients"] == "known"


def test_what_is_not_known_is_said_in_the_file_and_by_the_command(tmp_path, capsys):
    for k in range(6):
        picture(tmp_path / "made" / ("a", "b")[k % 2] / f"{k:032x}.png")
    assert main(["dataset", "folders", str(tmp_path / "made"), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "6 films in the table, 6 on disk, patients not known: 4 train, 0 validation, 2 test" in said
    assert "6 films whose patient is not known: each is taken as independent, and a random split of them" in said
    dataset = read_dataset(tmp_path / "out")
    assert dataset.films["patient"].isna().all()
    assert json.loads((tmp_path / "out" / "dataset.json").read_text())["policy"]["patients"] == "not known"


def test_some_known_and_some_not(tmp_path):
    picture(tmp_path / "00000012_000.png")
    picture(tmp_path / "00000012_001.png")
    picture(tmp_path / "other.png")
    reading = read_films(tmp_path)
    assert reading.films["patient"].fillna("?").tolist() == ["nih:12", "nih:12", "?"]
    assert reading.facts.policy["patients"] == "known for 2 of 3 films"


def test_patients_whom_an_older_reader_made_up_are_not_known(tmp_path):
    picture(tmp_path / "made" / "a" / "00000012_000.png")
    picture(tmp_path / "made" / "b" / "other.png")
    reading = read_folders(tmp_path / "made")
    old = {name: word for name, word in reading.facts.policy.items() if name != "patients"}
    films = reading.films.assign(patient=["nih:12", "made:other"])
    for reader, read in (("folders", ["nih:12", "?"]), ("nih", ["nih:12", "made:other"])):
        facts = reading.facts.__class__(**{**vars(reading.facts), "policy": old | {"reader": reader}})
        write_dataset(tmp_path / "out", facts, films)
        assert read_dataset(tmp_path / "out").films["patient"].fillna("?").tolist() == read


def test_a_blank_patient_is_none(tmp_path):
    picture(tmp_path / "made" / "a" / "x.png")
    reading = read_folders(tmp_path / "made")
    write_dataset(tmp_path / "out", reading.facts, reading.films.assign(patient=""))
    assert read_dataset(tmp_path / "out").films["patient"].isna().all()


@pytest.mark.parametrize(
    ("patients", "words", "caution"),
    [
        (["a", "a", "b"], "of 2 patients", ""),
        (
            [None, np.nan],
            "whose patients are not known",
            "Patients are not known: such films",
        ),
        (["a", None, "a"], "of 1 known patients (1 of unknown ones)", "The patients of 1 of 3 films are not known"),
    ],
)
def test_what_is_said_of_how_many_patients(patients, words, caution):
    counted = count_patients(patients)
    assert counted.words == words
    assert counted.caution.startswith(caution) and bool(counted.caution) == bool(caution)
    assert counted.known == (None if caution else 2)


def test_films_of_unknown_patients_stand_and_are_dealt_alone():
    patients = np.array(["a", None, "a", None], object)
    assert len(set(each_alone(patients))) == 3
    assert each_alone(np.array([3, 3, 4])).tolist() == [3, 3, 4]
    split = split_by_patient(patients, np.zeros((4, 1), bool), (0.5, 0.5), 0)
    assert split[0] == split[2] and np.bincount(split).tolist() == [2, 2]


@pytest.mark.real_films
def test_a_case_of_radiopaedia_is_one_patient_in_the_sources_own_table(real_data):
    table = pd.read_csv(real_data / "covid-chestxray" / "metadata.csv", dtype=str)
    table["case"] = patients_from_names(table["filename"].fillna(""), "covid")
    named = table[table["case"].fillna("").str.startswith("radiopaedia:")]
    assert named["case"].nunique() == 27
    assert (named.groupby("case")["patientid"].nunique() == 1).all()
    assert (named.groupby("patientid")["case"].nunique() == 1).all()
