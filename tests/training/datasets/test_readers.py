"""The contract: what holds of every reader."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.training.datasets.made_sources import MAKERS, Source
from training.__main__ import main
from training.datasets.command import READERS
from training.datasets.judgements import JUDGEMENTS, judgements_of
from training.datasets.table import (
    BOX_COLUMNS,
    PROVENANCE,
    SCHEMA,
    SOURCE_COLUMNS,
    SPLITS,
    labels,
    read_dataset,
    write_dataset,
)
from xai.findings import FINDINGS


def test_every_reader_is_under_contract():
    assert list(MAKERS) == list(READERS)
    assert set(JUDGEMENTS) <= set(READERS)


def test_columns_and_their_values(source: Source):
    films = source.read(source.root).films
    assert tuple(films.columns[: len(SCHEMA)]) == SCHEMA
    assert films["film"].is_unique
    assert not (films["patient"] == "").any()
    assert films[["film", "dataset"]].notna().all(axis=None)
    assert set(films["sex"].dropna()) <= {"M", "F"}
    assert set(films["split"].dropna()) <= set(SPLITS)
    assert films["age"].dropna().between(0, 120).all()
    assert films["on_disk"].dtype == bool
    for finding, provenance in zip(FINDINGS, SOURCE_COLUMNS, strict=True):
        values, words = films[finding], films[provenance]
        assert (values.dtype, list(words.cat.categories)) == (np.float32, list(PROVENANCE))
        assert words.notna().all()
        assert values[words == "explicit"].isin([0, 1]).all()
        assert (values[words == "implied_by_no_finding"] == 0).all()
        assert values[words.isin(["not_labelled", "uncertain"])].isna().all()
        assert values[words == "derived"].isin([0, 1, np.nan]).all()


def test_a_film_is_on_disk_where_its_row_says_so(source: Source):
    films = source.read(source.root).films
    there = [(source.root / path).is_file() if path else False for path in films["path"]]
    assert films["on_disk"].tolist() == there
    assert any(there)


def test_no_patient_lies_in_two_splits(source: Source):
    films = source.read(source.root).films
    assert (films.groupby("patient")["split"].nunique() <= 1).all()


def test_no_row_is_lost_without_a_word(source: Source):
    reading = source.read(source.root)
    assert len(reading.films) == source.rows - source.lost
    said = {remark.what: remark.count for remark in reading.facts.report}
    assert sorted(said.values()) == sorted(source.report.values())
    for start, count in source.report.items():
        assert [said[what] for what in said if what.startswith(start)] == [count], start
    assert all(remark.example in str(remark) for remark in reading.facts.report)


def test_what_is_written_is_what_is_read(source: Source, tmp_path):
    reading = source.read(source.root)
    write_dataset(tmp_path / "out", reading.facts, reading.films, reading.boxes)
    dataset = read_dataset(tmp_path / "out")
    pd.testing.assert_frame_equal(dataset.films, reading.films)
    pd.testing.assert_frame_equal(dataset.boxes, reading.boxes)
    assert tuple(dataset.boxes.columns) == BOX_COLUMNS
    assert dataset.facts.report == reading.facts.report
    assert judgements_of(dataset.facts) == JUDGEMENTS.get(source.command[0], ())
    assert not dataset.facts.root.startswith("/")
    here = dataset.films[dataset.films["on_disk"]]
    assert all(dataset.path(path).is_file() for path in here["path"])


def test_same_folder_same_table(source: Source):
    pd.testing.assert_frame_equal(source.read(source.root).films, source.read(source.root).films)


def test_the_command_writes_it_and_tells_what_it_left_out(source: Source, tmp_path, capsys):
    assert main(["dataset", *source.command, str(source.root), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{source.rows - source.lost} films in the table, ")
    assert all(f"{count} {start}" in said for start, count in source.report.items())
    pd.testing.assert_frame_equal(read_dataset(tmp_path / "out").films, source.read(source.root).films)


def test_a_link_that_leads_out_is_not_followed(source: Source, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.png").write_bytes(b"")
    (source.root / "link").symlink_to(tmp_path / "elsewhere")
    reading = source.read(source.root)
    assert not reading.films["path"].str.contains("secret").any()
    assert [one.count for one in reading.facts.report if one.what.startswith("links, not followed")] == [1]


def test_whoever_reads_a_source_may_name_the_dataset(source: Source, tmp_path, capsys):
    command = ["dataset", *source.command, str(source.root), "--out", str(tmp_path / "out"), "--name"]
    assert main([*command, "Ward 7"]) == 0
    assert read_dataset(tmp_path / "out").facts.name == "Ward 7"
    assert judgements_of(read_dataset(tmp_path / "out").facts) == judgements_of(source.read(source.root).facts)
    capsys.readouterr()
    assert main([*command, "a\nb"]) == 2
    assert "cannot be called" in capsys.readouterr().err


@pytest.mark.parametrize("reader", READERS)
def test_a_folder_that_is_none_and_one_that_is_empty_are_named(reader, tmp_path, capsys):
    for root, sentence in ((tmp_path / "nowhere", "There is no folder"), (tmp_path, "holds no")):
        assert main(["dataset", reader, str(root), "--out", str(tmp_path / "out")]) == 2
        complaint = capsys.readouterr().err
        assert complaint.count("\n") == 1
        assert sentence in complaint
        assert not (tmp_path / "out").exists()


def test_labels_never_say_minus_one(source: Source):
    films = source.read(source.root).films
    films.loc[films.index[0], "Mass"] = -1
    known = labels(films)
    assert np.isnan(known[0, FINDINGS.index("Mass")])
    assert set(np.unique(known[~np.isnan(known)])) <= {0, 1}
    assert films["Mass"].iloc[0] == -1  # the table itself is left as it is
