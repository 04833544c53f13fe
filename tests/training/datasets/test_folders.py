from __future__ import annotations

import pytest

from tests.training.datasets.made_sources import make_films, make_folders, picture
from training.datasets.facts import DatasetError
from training.datasets.films import read_films
from training.datasets.folders import read_folders
from training.datasets.table import labels
from xai.findings import FINDINGS


def test_classes_become_findings(tmp_path):
    make_folders(tmp_path / "made")
    films = read_folders(tmp_path / "made").films
    assert set(films["class"]) == {"covid", "normal", "pneumonia", "Pleural_Thickening", "other things"}
    by_class = films.drop_duplicates("class").set_index("class")
    assert (by_class.loc["normal", list(FINDINGS)] == 0).all()
    assert by_class.loc["normal", "source_Mass"] == "implied_by_no_finding"
    assert by_class.loc["covid", ["Pneumonia", "source_Pneumonia"]].tolist() == [1, "derived"]
    assert by_class.loc["pneumonia", ["Pneumonia", "source_Pneumonia"]].tolist() == [1, "explicit"]
    assert by_class.loc["pneumonia", "source_Mass"] == "not_labelled"
    assert by_class.loc["Pleural_Thickening", ["Pleural_Thickening", "Pneumonia"]].isna().tolist() == [False, True]
    assert by_class.loc["other things", list(FINDINGS)].isna().all()


def test_names_of_nih_make_its_patients_and_others_are_not_known(tmp_path):
    make_folders(tmp_path / "made")
    reading = read_folders(tmp_path / "made", name="mine")
    films = reading.films
    normal = films[films["class"] == "normal"]
    assert normal["patient"].tolist() == ["nih:1", "nih:1", "nih:2", "nih:2"]
    assert films.loc[films["class"] != "normal", "patient"].isna().all()
    assert reading.facts.policy["patients"] == "known for 4 of 20 films"
    # person0.jpeg lies in two classes, so its name alone would not do.
    assert {"set/pneumonia/person0.jpeg", "set/other things/person0.jpeg"} <= set(films["film"])
    assert set(films["dataset"]) == {"mine"}


def test_mendeley_is_recognised_by_its_classes(tmp_path):
    for one in ("covid", "normal", "pneumonia"):
        picture(tmp_path / "set" / one / "a.png")
    assert "jctsfj2sfn" in read_folders(tmp_path).facts.source
    picture(tmp_path / "set" / "else" / "a.png")
    assert read_folders(tmp_path).facts.source == "not stated"


def test_folders_of_splits_are_the_split(tmp_path):
    for part in ("train", "val", "test"):
        for one in ("NORMAL", "PNEUMONIA"):
            picture(tmp_path / part / one / f"{part}{one}.png")
    reading = read_folders(tmp_path)
    films = reading.films.set_index("film")
    assert films["split"].to_dict() == {
        f"{part}{one}": {"val": "validation"}.get(part, part)
        for part in ("train", "val", "test")
        for one in ("NORMAL", "PNEUMONIA")
    }
    assert films["Pneumonia"].to_dict() == {film: float("PNEU" in film) for film in films.index}
    assert reading.facts.policy["splits"] == "folders"


def test_a_patient_in_two_folders_of_splits_is_refused(tmp_path):
    picture(tmp_path / "train" / "normal" / "00000001_000.png")
    picture(tmp_path / "test" / "normal" / "00000001_001.png")
    with pytest.raises(DatasetError, match="patient “nih:1” in two splits; --splits random shares the films out"):
        read_folders(tmp_path)
    assert read_folders(tmp_path, splits="random").films["split"].nunique() == 1


def test_a_folder_without_folders_is_named(tmp_path):
    picture(tmp_path / "a.png")
    with pytest.raises(DatasetError, match="expected one folder a class"):
        read_folders(tmp_path)


def test_a_plain_folder_has_films_and_nothing_else(tmp_path):
    make_films(tmp_path / "made")
    reading = read_films(tmp_path / "made")
    films = reading.films
    assert films["film"].tolist() == ["a.png", "b/a.png", "00000012_003"]
    assert films["patient"].fillna("not known").tolist() == ["not known", "not known", "nih:12"]
    assert films["split"].isna().all()
    assert (labels(films) != labels(films)).all()
    assert {word for name in FINDINGS for word in films[f"source_{name}"]} == {"not_labelled"}


@pytest.mark.real_films
def test_real_folders(real_data):
    films = read_folders(real_data / "folders").films
    assert films["class"].value_counts().to_dict() == {"covid": 60, "normal": 60, "pneumonia": 60}
    assert films["Pneumonia"].value_counts().to_dict() == {1: 120, 0: 60}
    assert films["on_disk"].all()
    assert (films.groupby("patient")["split"].nunique() == 1).all()
