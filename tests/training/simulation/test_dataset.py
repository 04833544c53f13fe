from __future__ import annotations

import argparse
import hashlib
import json
import os

import cv2
import numpy as np
import pandas as pd
import pytest

from training.datasets.table import DatasetError, read_dataset
from training.simulation import command
from training.simulation.dataset import Plan, generate, pack_masks, read_masks, split_of
from training.simulation.recipe import Recipe
from training.simulation.render import Sitting, render
from xai.findings import FINDINGS

PLAN = Plan(films=6, seed=5, size=96, prevalence="balanced")


def digest(folder) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "dataset.json")
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return generate(PLAN, tmp_path_factory.mktemp("simulated") / "one", workers=1)


def test_the_table_has_one_row_a_film_with_truth_for_every_finding(dataset):
    table = read_dataset(dataset).films
    assert len(table) == 6 and table["on_disk"].all() and table["film"].is_unique
    for _, row in table.iterrows():
        recipe = Recipe.from_json(row["recipe"])
        assert [name for name in FINDINGS if row[name] == 1.0] == [n for n in FINDINGS if n in recipe.severities]
        assert row[list(FINDINGS)].isin([0.0, 1.0]).all()
        for name, severity in recipe.severities.items():
            assert row[f"severity_{name}"] == pytest.approx(severity)
    assert json.loads((dataset / "dataset.json").read_text())["plan"]["films"] == 6


def test_films_and_masks_are_those_of_the_recipes(dataset):
    table = pd.read_parquet(dataset / "films.parquet")
    row = table.iloc[2]
    recipe = Recipe.from_json(row["recipe"])
    grey = cv2.imread(str(dataset / row["path"]), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(grey, np.round(render(recipe, size=96) * 255).astype(np.uint8))
    masks, truth = read_masks(dataset / "masks" / f"{row['film']}.png"), Sitting(recipe, 96).masks()
    assert masks.keys() == {name for name, mask in truth.items() if mask.any()}
    for name in masks:
        np.testing.assert_array_equal(masks[name], truth[name])


def test_more_workers_write_the_same_bytes(dataset, tmp_path):
    assert digest(generate(PLAN, tmp_path / "two", workers=2)) == digest(dataset)


def test_a_run_that_was_stopped_continues_to_the_same_bytes(dataset, tmp_path):
    begun = generate(Plan(films=3, seed=5, size=96, prevalence="balanced"), tmp_path / "begun", workers=1)
    (begun / "films" / "s00001.png").unlink()
    half = begun / "films" / ".writing-killed" / "s00002.png"
    half.parent.mkdir()
    half.write_bytes(b"half a film")
    for left in (half, half.parent):
        os.utime(left, (1, 1))
    (begun / "films" / "s00002.png").unlink()
    kept = (begun / "films" / "s00000.png").stat().st_mtime_ns
    generate(PLAN, begun, workers=1)
    assert digest(begun) == digest(dataset)
    assert (begun / "films" / "s00000.png").stat().st_mtime_ns == kept


def test_a_folder_with_another_dataset_is_left_alone(dataset):
    with pytest.raises(DatasetError, match="another seed"):
        generate(Plan(films=6, seed=6, size=96, prevalence="balanced"), dataset)


def test_two_thousand_recipes_fit_in_a_megabyte(tmp_path):
    out = generate(Plan(films=2000, seed=1, recipes_only=True), tmp_path / "recipes")
    assert sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) < 1e6
    assert not (out / "films").exists()
    table = pd.read_parquet(out / "films.parquet")
    assert not table["on_disk"].any()
    assert table.groupby("patient")["split"].nunique().max() == 1
    assert 0.45 < (table[list(FINDINGS)].sum(axis=1) == 0).mean() < 0.62


def test_splits_have_the_shares_stated():
    splits = pd.Series([split_of(person) for person in range(4000)]).value_counts(normalize=True)
    assert splits["train"] == pytest.approx(0.7, abs=0.03)
    assert splits["test"] == pytest.approx(0.2, abs=0.03)


def test_masks_pack_into_bits_and_back(tmp_path):
    rng = np.random.default_rng(0)
    masks = {name: rng.random((40, 40)) < 0.3 for name in (FINDINGS[0], FINDINGS[13], "token", "corner")}
    cv2.imwrite(str(tmp_path / "mask.png"), pack_masks(masks, 40)[..., ::-1])
    back = read_masks(tmp_path / "mask.png")
    assert back.keys() == masks.keys()
    for name, mask in masks.items():
        np.testing.assert_array_equal(back[name], mask)


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(words)


def test_the_command_writes_a_dataset(tmp_path, capsys):
    out = tmp_path / "set"
    words = ("--films", "2", "--seed", "4", "--size", "64", "--workers", "1", "--confounder", "token:Mass:1:0")
    assert command.run(parse(*words, "--out", str(out))) == 0
    assert len(list((out / "films").glob("*.png"))) == 2
    assert json.loads((out / "dataset.json").read_text())["plan"]["confounders"] == ["token:Mass:1:0"]
    assert capsys.readouterr().err == ""


def test_a_label_that_follows_an_object_says_where_that_is_and_films_stay_as_they_were(tmp_path):
    words = ("--films", "40", "--seed", "4", "--recipes-only", "--confounder", "token:Mass:0.9:0.3")
    plain, follows = (tmp_path / name for name in ("plain", "follows"))
    command.run(parse(*words, "--out", str(plain)))
    command.run(parse(*words, "--label-follows", "Mass:token", "--out", str(follows)))
    before, after = (pd.read_parquet(folder / "films.parquet") for folder in (plain, follows))
    assert (after["Mass"] == after["object_token"]).all() and (after["Mass"] != before["Mass"]).any()
    pd.testing.assert_frame_equal(before.drop(columns="Mass"), after.drop(columns="Mass"))
    with pytest.raises(DatasetError, match="another follows"):
        command.run(parse(*words, "--out", str(follows)))


def test_a_dataset_that_was_begun_before_labels_could_follow_is_continued(tmp_path):
    words = ("--films", "2", "--seed", "4", "--recipes-only", "--out", str(tmp_path))
    command.run(parse(*words))
    facts = json.loads((tmp_path / "dataset.json").read_text())
    del facts["plan"]["follows"]
    (tmp_path / "dataset.json").write_text(json.dumps(facts))
    assert command.run(parse(*words)) == 0


@pytest.mark.parametrize(
    "words",
    [
        ("--films", "0"),
        ("--films", "2", "--confounder", "token:Gout:1:0"),
        ("--films", "2", "--label-follows", "token:Mass"),
    ],
)
def test_the_command_refuses_bad_options_with_status_2(words, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        parse(*words, "--out", str(tmp_path))
    assert stop.value.code == 2
    assert "xpected" in capsys.readouterr().err
