from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from training.datasets.facts import FACTS_FILE, DatasetFacts, Remark
from training.datasets.table import (
    COLUMNS,
    SCHEMA,
    DatasetError,
    labels,
    read_dataset,
    write_dataset,
)
from xai.findings import FINDINGS

FACTS = DatasetFacts("made", ".", "a test", "MIT", "none", {}, 0)


def _films(count: int = 3, **columns: object) -> pd.DataFrame:
    """Make a table with what datasets had before there was provenance."""
    names = [f"f{k}" for k in range(count)]
    facts = {"film": names, "path": [f"{name}.png" for name in names], "dataset": "made", "patient": names}
    facts |= {"view": "PA", "age": 40.0, "sex": "F", "split": "train", "on_disk": True}
    return pd.DataFrame(facts | dict.fromkeys(FINDINGS, 0.0) | columns)[list(COLUMNS)]


def _opened(folder: Path, films: pd.DataFrame, facts: DatasetFacts = FACTS):
    write_dataset(folder, facts, films)
    return read_dataset(folder)


def test_an_old_dataset_gets_the_columns_it_lacks(tmp_path):
    films = _opened(tmp_path, _films(Mass=[1.0, np.nan, -1.0])).films
    assert tuple(films.columns) == SCHEMA
    assert films["study"].isna().all()
    assert films["source_Mass"].tolist() == ["explicit", "not_labelled", "uncertain"]
    assert set(films["source_Hernia"]) == {"explicit"}
    assert {str(films[name].dtype) for name in FINDINGS} == {"float32"}


def test_old_facts_lack_report_and_policy(tmp_path):
    write_dataset(tmp_path, FACTS, _films())
    content = json.loads((tmp_path / "dataset.json").read_text())
    del content["report"], content["policy"]
    (tmp_path / "dataset.json").write_text(json.dumps(content | {"plan": {"films": 3}}))
    facts = read_dataset(tmp_path).facts
    assert (facts.name, facts.report, facts.policy) == ("made", (), {})


def test_facts_come_back(tmp_path):
    report = (Remark("CT, left out", 2, "a.png", left_out=True), Remark("odd", 1))
    facts = DatasetFacts("made", str(tmp_path / "films"), "x", "y", "z", {"a": "b"}, 3, report, {"uncertain": "keep"})
    again = _opened(tmp_path / "sets" / "made", _films(), facts).facts
    assert (again.report, dict(again.policy), again.root) == (report, {"uncertain": "keep"}, "../../films")


def test_what_a_remark_says():
    assert str(Remark("CT, left out", 1200, "a.png")) == "1,200 CT, left out, such as a.png"
    assert str(Remark("CT, left out", 1, "a.png")) == "1 CT, left out: a.png"
    assert str(Remark("CT, left out", 3)) == "3 CT, left out"


def test_extra_columns_stay_behind_the_schema(tmp_path):
    films = _films().assign(raw_finding="x")
    assert tuple(_opened(tmp_path, films).films.columns) == (*SCHEMA, "raw_finding")


def test_boxes_are_empty_where_nobody_drew_them_and_gone_when_written_without(tmp_path):
    assert _opened(tmp_path, _films()).boxes.empty
    boxes = pd.DataFrame(
        {"film": ["f0"], "finding": "Mass", "x": 0.1, "y": 0.2, "width": 0.3, "height": 0.4, "label": "Mass"}
    )
    write_dataset(tmp_path, FACTS, _films(), boxes)
    row = ["f0", "Mass", 0.1, 0.2, 0.3, 0.4, "Mass"]  # a box of a reader who is not named, as before there were masks
    assert read_dataset(tmp_path).boxes.iloc[0].tolist() == [*row, "", "", 0, 0]
    write_dataset(tmp_path, FACTS, _films())
    assert read_dataset(tmp_path).boxes.empty
    boxes.drop(columns="label").to_parquet(tmp_path / "boxes.parquet")
    with pytest.raises(DatasetError, match="lacks the columns label"):
        _ = read_dataset(tmp_path).boxes


def test_uncertain_is_missing_wherever_yes_or_no_is_needed(tmp_path):
    films = _opened(tmp_path, _films(Mass=[1.0, 0.0, -1.0], Edema=[np.nan, 1.0, 0.0])).films
    np.testing.assert_array_equal(labels(films, ("Mass", "Edema")), [[1, np.nan], [0, 1], [np.nan, 0]])
    assert films["Mass"].tolist() == [1, 0, -1]


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"film": ["a", "b", "a"]}, r"two rows for the film “a”, row 1 and row 3"),
        ({"film": ["a", None, "c"]}, r"no film name in row 2"),
        ({"path": ["a.png", "../b.png", "c.png"]}, r"row 2 \(film “f1”\) a path that lies outside its dataset"),
        ({"path": ["a.png", "b.png", "/etc/passwd"]}, r"row 3 \(film “f2”\) a path that lies outside"),
        ({"path": ["a/../../b.png", "", ""]}, r"row 1 \(film “f0”\) a path that lies outside"),
        ({"path": ["..\\b.png", "", ""]}, r"row 1 \(film “f0”\) a path that lies outside"),
        ({"path": ["C:\\b.png", "", ""]}, r"row 1 \(film “f0”\) a path that lies outside"),
        (
            {"split": ["train", "dev", "test"]},
            r"“dev” for the split in row 2 \(film “f1”\); expected train",
        ),
        (
            {"patient": ["p", "q", "p"], "split": ["train", "test", "test"]},
            r"patient “p” in two splits, train \(row 1 \(film “f0”\)\) and test \(row 3 \(film “f2”\)\)",
        ),
        ({"Mass": ["yes", "no", "no"]}, r"something else than numbers in the column Mass"),
        ({"Mass": [1, 0, 7]}, r"says 7 for Mass in row 3 \(film “f2”\); expected 1, 0, -1 or none"),
        ({"Mass": [np.inf, 0, 1]}, r"says inf for Mass in row 1"),
        ({"film": [["a"], ["b"], ["c"]]}, r"something else than text in the column film, such as"),
        ({"patient": [["a"], ["b"], ["c"]]}, r"something else than text in the column patient"),
        ({"split": [1, 2, 3]}, r"something else than text in the column split, such as 1"),
        ({"age": ["old", "older", "oldest"]}, r"something else than numbers in the column age"),
        ({"on_disk": ["no", "no", "no"]}, r"something else than true and false in the column on_disk"),
        ({"on_disk": [True, None, False]}, r"something else than true and false in the column on_disk"),
    ],
)
def test_a_table_that_does_not_hold_is_named_with_its_row(tmp_path, columns, sentence):
    with pytest.raises(DatasetError, match=sentence):
        _opened(tmp_path, _films(**columns))


def test_two_dots_in_a_name_are_no_way_out(tmp_path):
    paths = ["a..png", "..a/b.png", "a/b../c.png"]
    assert _opened(tmp_path, _films(path=paths)).films["path"].tolist() == paths


def test_a_patient_may_have_films_without_split(tmp_path):
    films = _films(patient=["p", "p", "p"], split=["train", None, "train"])
    assert _opened(tmp_path, films).films["split"].isna().tolist() == [False, True, False]


def test_a_provenance_that_is_none_is_named(tmp_path):
    with pytest.raises(DatasetError, match="“guessed” in source_Mass; expected explicit"):
        _opened(tmp_path, _films().assign(source_Mass="guessed"))
    with pytest.raises(DatasetError, match="something else than words in the column source_Mass"):
        _opened(tmp_path, _films().assign(source_Mass=[["explicit"]] * 3))


def test_a_folder_that_is_no_dataset_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"There is no folder .*nowhere"):
        read_dataset(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match=r"dataset\.json is missing"):
        read_dataset(tmp_path)
    (tmp_path / "dataset.json").write_text(json.dumps({"name": "x"}))
    pd.DataFrame({"film": ["a"]}).to_parquet(tmp_path / "films.parquet")
    with pytest.raises(DatasetError, match=r"dataset\.json lacks root"):
        read_dataset(tmp_path)
    (tmp_path / "dataset.json").write_text(json.dumps({**FACTS.__dict__, "report": [{"why": 1}]}))
    with pytest.raises(DatasetError, match="cannot be read"):
        read_dataset(tmp_path)
    (tmp_path / "dataset.json").write_text("[]")
    with pytest.raises(DatasetError, match="holds list"):
        read_dataset(tmp_path)
    write_dataset(tmp_path, FACTS, pd.DataFrame({"film": ["a"]}))
    with pytest.raises(DatasetError, match=r"films\.parquet lacks the columns path, dataset"):
        read_dataset(tmp_path)
    (tmp_path / "films.parquet").write_bytes(b"none")
    with pytest.raises(DatasetError, match="cannot be read"):
        read_dataset(tmp_path)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"root": 5}, "root in dataset.json is int, not str"),
        ({"root": None}, "root in dataset.json is NoneType, not str"),
        ({"root": "a\0b"}, "holds characters that no name has"),
        ({"name": "a\x1b[31m"}, "holds characters that no name has"),
        ({"policy": [1]}, "policy in dataset.json is list, not dict"),
        ({"report": "abc"}, "report in dataset.json is str, not list"),
        ({"report": [3]}, "report in dataset.json must be a list of objects"),
        ({"report": [3]}, "report in dataset.json must be a list of objects"),
    ],
)
def test_facts_of_another_kind_are_named(tmp_path, changes, sentence):
    _opened(tmp_path, _films())
    file = tmp_path / FACTS_FILE
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    with pytest.raises(DatasetError, match=sentence):
        read_dataset(tmp_path)


def test_facts_that_are_nested_without_end_are_refused(tmp_path):
    _opened(tmp_path, _films())
    (tmp_path / FACTS_FILE).write_text("[" * 100_000)
    with pytest.raises(DatasetError, match="cannot be read"):
        read_dataset(tmp_path)


def test_a_dataset_without_a_film_is_none(tmp_path):
    with pytest.raises(DatasetError, match="has no film; expected at least one row"):
        _opened(tmp_path, _films().iloc[:0])
