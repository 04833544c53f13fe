from __future__ import annotations

import numpy as np
import pandas as pd

from tests.training.datasets.made_sources import CHEXPERT_ROWS, chexpert_table, make_chexpert, picture
from training.datasets.chexpert import read_chexpert
from training.datasets.labels import CHEXPERT_COLUMNS, Policy


def test_facts_of_each_row(tmp_path):
    make_chexpert(tmp_path)
    films = read_chexpert(tmp_path).films
    assert films["film"].tolist() == [
        "patient00001/study1/view1_frontal",
        "patient00001/study1/view2_lateral",
        "patient00002/study1/view1_frontal",
        "patient00002/study2/view1_frontal",
        "patient00003/study1/view1_frontal",
        "patient64541/study1/view1_frontal",
    ]
    assert films["patient"].tolist() == [f"chexpert:{k}" for k in ("00001",) * 2 + ("00002",) * 2 + ("00003", "64541")]
    assert films["study"].tolist()[2:4] == ["chexpert:00002/1", "chexpert:00002/2"]
    assert films["view"].fillna("none").tolist() == ["AP", "LATERAL", "PA", "none", "none", "AP"]
    assert films["age"].fillna(-1).tolist() == [68, 68, 90, -1, 41, 73]
    assert films["sex"].fillna("none").tolist() == ["F", "F", "M", "M", "none", "M"]
    assert films["split"].tolist() == ["train"] * 5 + ["validation"]
    assert films["on_disk"].tolist() == [True] * 4 + [False, True]
    assert films["path"][0] == "CheXpert-v1.0 batch 2 (train 1)/train/patient00001/study1/view1_frontal.jpg"
    assert films["path"][4] == "train/patient00003/study1/view1_frontal.jpg"


def test_labels_of_each_row(tmp_path):
    make_chexpert(tmp_path)
    films = read_chexpert(tmp_path, policy=Policy("keep")).films
    # Columns in CheXpert's order take 1, 0, -1, blank in turn: Cardiomegaly is third, Edema sixth, and so on.
    assert films["Cardiomegaly"].fillna(9).tolist() == [-1, 9, 1, 0, 0, 0]
    assert films["Edema"].fillna(9).tolist() == [0, -1, 9, 1, 0, 1]
    assert films["source_Edema"].tolist() == [
        *("explicit", "uncertain", "not_mentioned", "explicit", "implied_by_no_finding", "explicit")
    ]
    assert films["Effusion"].fillna(9).tolist() == [-1, 9, 1, 0, 0, 0]  # Pleural Effusion is eleventh
    assert films["Infiltration"].isna().all()
    assert set(films["source_Infiltration"]) == {"not_labelled"}


def test_small_layout_with_its_prefix_and_without(tmp_path):
    for prefix in ("", "CheXpert-v1.0-small/"):
        root = tmp_path / (prefix or "inside")
        picture(root / CHEXPERT_ROWS[0][0])
        chexpert_table(CHEXPERT_ROWS[:1], ((1, 0, -1, None),)).to_csv(root / "train.csv", index=False)
        assert read_chexpert(root).films["path"].tolist() == [CHEXPERT_ROWS[0][0]]
    assert read_chexpert(tmp_path / "CheXpert-v1.0-small").films["on_disk"].all()
    (tmp_path / "inside" / "train.csv").unlink()
    above = read_chexpert(tmp_path).films
    assert above["path"].tolist()[0].endswith(CHEXPERT_ROWS[0][0])
    assert above["on_disk"].all()


def test_frontal_only_names_what_it_leaves_out(tmp_path):
    make_chexpert(tmp_path)
    reading = read_chexpert(tmp_path, views="frontal")
    assert set(reading.films["view"]) == {"PA", "AP"}
    left_out = {one.what: one.count for one in reading.facts.report if "their view is" in one.what}
    assert left_out == {"films left out: their view is LATERAL": 1, "films left out: their view is unknown": 2}


def test_random_split_is_by_patient_and_repeats(tmp_path):
    rows = [
        (f"train/patient{k // 2:05}/study1/view{k % 2 + 1}_frontal.jpg", "Male", 50, "Frontal", "AP") for k in range(80)
    ]
    chexpert_table(tuple(rows), ((1, 0, -1, None),) * 80).to_csv(tmp_path / "train.csv", index=False)
    first, again, other = (read_chexpert(tmp_path, seed, splits="random").films for seed in (1, 1, 2))
    assert first["split"].value_counts().to_dict() == {"train": 48, "test": 20, "validation": 12}
    assert (first["split"] == again["split"]).all()
    assert (first["split"] != other["split"]).any()
    assert (first.groupby("patient")["split"].nunique() == 1).all()


def test_policy_is_written_down(tmp_path):
    make_chexpert(tmp_path)
    policy = read_chexpert(tmp_path, policy=Policy("ones", "zeros", True), views="frontal").facts.policy
    assert policy == {
        **{"reader": "chexpert", "uncertain": "ones", "blank": "zeros", "extend_no_finding": "yes"},
        **{"splits": "official", "views": "frontal"},
    }


def test_valid_has_no_blank_so_nothing_is_missing_but_what_chexpert_lacks(tmp_path):
    make_chexpert(tmp_path)
    valid = read_chexpert(tmp_path).films.iloc[-1]
    known = ["Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Effusion", "Pneumothorax"]
    assert not np.isnan(valid[known].astype(float)).any()


def test_the_table_of_the_test_films_tells_neither_sex_nor_age(tmp_path):
    rows = [
        (f"test/patient6474{k}/study1/view{k}_{side}.jpg", "", "", "", "")
        for k, side in enumerate(("frontal", "lateral"), 1)
    ]
    table = chexpert_table(tuple(rows), ((1, 0, 0, 1),) * 2)[["Path", *reversed(CHEXPERT_COLUMNS)]]
    table.rename(columns={"Pleural Effusion": "pleural_effusion"}).to_csv(tmp_path / "test_labels.csv", index=False)
    reading = read_chexpert(tmp_path)
    films = reading.films
    assert films["split"].tolist() == ["test", "test"]
    assert films["patient"].tolist() == ["chexpert:64741", "chexpert:64742"]
    assert films[["age", "sex"]].isna().all(axis=None)
    assert films["view"].fillna("none").tolist() == ["none", "LATERAL"]
    assert films["Edema"].tolist() == [0, 0] and films["Effusion"].tolist() == [0, 0]
    said = [one.what for one in reading.facts.report if "has no column" in one.what]
    assert said == ["films of test_labels.csv, which has no column for Sex, Age, Frontal/Lateral, AP/PA"]


def test_a_table_in_utf16_with_semicolons_and_decimal_commas_is_the_same(tmp_path):
    make_chexpert(tmp_path)
    before = read_chexpert(tmp_path).films
    for file in tmp_path.rglob("*.csv"):
        pd.read_csv(file).to_csv(file, sep=";", decimal=",", index=False, encoding="utf-16")
    pd.testing.assert_frame_equal(read_chexpert(tmp_path).films, before)
