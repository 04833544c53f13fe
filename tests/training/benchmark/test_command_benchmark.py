"""`python -m xai benchmark`, as scripts use it."""

from __future__ import annotations

import dataclasses
import logging

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import training
from tests.xai import made_models as models
from training.benchmark import run as run_module
from training.benchmark.league import COLUMNS
from training.benchmark.truth import in_boxes, truths, with_truth
from training.datasets.facts import DatasetFacts
from training.datasets.table import COLUMNS as FILM_COLUMNS
from training.datasets.table import DatasetError, read_dataset, write_dataset
from xai.__main__ import main
from xai.cards.model_card import card_path, write_card
from xai.findings import FINDINGS
from xai.front_door import explain, open_model
from xai.measures import iou, pointing
from xai.measures.frame import WHOLE
from xai.models.preprocess import footprint

FILMS = 8


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "small.keras"
    models.build("flat").save(path)
    write_card(models.ZOO["flat"].card, card_path(path))
    return path


@pytest.fixture(scope="module")
def boxed(tmp_path_factory):
    """Films with a box around a mass, on the last a second one; one file is no film, and one film has no box."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "films").mkdir()
    rng = np.random.default_rng(0)
    rows, boxes = [], []
    for k in range(FILMS + 2):
        name = f"f{k:03}"
        Image.fromarray(rng.integers(0, 256, (40, 36)).astype(np.uint8)).save(folder / "films" / f"{name}.png")
        row = dict.fromkeys(FINDINGS, 0.0) | {"Mass": 1.0, "film": name, "path": f"films/{name}.png", "on_disk": True}
        row |= {"dataset": "made", "patient": f"p{k}", "view": "PA", "age": 40.0, "sex": "F", "split": "test"}
        rows.append(row)
        x, y = rng.uniform(0, 0.6, 2)
        boxes.append({"film": name, "finding": "Mass", "label": "Mass", "x": x, "y": y, "width": 0.3, "height": 0.4})
    boxes.pop()
    boxes.append(boxes[FILMS - 1] | {"x": 0.9, "width": 0.1})
    (folder / "films" / f"f{FILMS:03}.png").write_bytes(b"no film")
    facts = DatasetFacts("made", str(folder), "made for a test", "MIT", "none", {}, 0)
    write_dataset(folder, facts, pd.DataFrame(rows)[list(FILM_COLUMNS)], pd.DataFrame(boxes))
    return folder


def benchmark(*arguments) -> int:
    return main(["benchmark", *map(str, arguments)])


@pytest.fixture(scope="module")
def made(model, boxed, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    assert benchmark(boxed, "--model", model, "--method", "gradcam", "--out", out) == 0
    return out


def test_the_league_has_the_documented_columns_with_controls_among_the_methods(made):
    table = pd.read_csv(made / "league.csv")
    assert list(table.columns) == ["method", "finding", "measure", "value", "low", "high", "films"] == list(COLUMNS)
    assert set(table["method"]) == {"gradcam", "random", "centred", "prior"}
    assert set(table["finding"]) == {"all", "Mass"} and set(table["measure"]) >= {"pointing", "energy", "iou"}
    assert (table["films"] == FILMS).all()
    assert ((table["low"] >= 0) & (table["low"] <= table["value"]) & (table["value"] <= table["high"])).all()


def test_a_score_is_that_of_the_map_which_explain_makes(made, model, boxed):
    dataset, classifier = read_dataset(boxed), open_model(model)
    film = training.open_film(dataset, f"f{FILMS - 1:03}")
    (one,) = explain(classifier, film, "gradcam", "Mass")
    inside = truths(dataset, f"f{FILMS - 1:03}", ["Mass"], classifier.shape, classifier.footprint(film))["Mass"]
    scores = pd.read_csv(made / "scores.csv").set_index(["film", "method"]).loc[(f"f{FILMS - 1:03}", "gradcam")]
    assert scores["pointing"] == pytest.approx(pointing(one, inside), abs=1e-6)
    assert scores["iou"] == pytest.approx(iou(one.map, inside), abs=1e-3)


def test_a_run_goes_on_where_it_stopped_and_comes_to_the_same_table(made, model, boxed, monkeypatch, capsys):
    before = (made / "league.csv").read_bytes()
    files = sorted((made / "maps").iterdir())
    assert len(files) == FILMS
    files[2].unlink()
    files[3].write_bytes(files[3].read_bytes()[:100])  # as after a power failure
    explained, stock = [], run_module.explain_film
    monkeypatch.setattr(run_module, "explain_film", lambda *what: explained.append(what[2]) or stock(*what))
    assert benchmark(boxed, "--model", model, "--method", "gradcam", "--out", made) == 0
    assert explained == ["f002", "f003", f"f{FILMS:03}"]
    assert (made / "league.csv").read_bytes() == before
    told = capsys.readouterr()
    assert f"{FILMS} films; controls: random, centred, prior" in told.out
    assert told.err.count("\n") == 1 and told.err.startswith(f"f{FILMS:03}: ")
    assert benchmark(boxed, "--model", model, "--method", "gradcam", "--seed", 1, "--out", made) == 2
    assert "holds a benchmark with other seed: choose another folder" in capsys.readouterr().err


def test_some_films_alone_are_held_against_the_place_in_all_films(made, model, boxed, tmp_path, capsys):
    assert benchmark(boxed, "--model", model, "--method", "centred", "--films", "f001", "--out", tmp_path / "one") == 0
    few, all_ = (pd.read_csv(folder / "scores.csv") for folder in (tmp_path / "one", made))
    both = [table.set_index(["film", "method"]).loc[("f001", "prior"), "iou"] for table in (few, all_)]
    assert both[0] == pytest.approx(both[1], abs=0.2)  # the file that is no film has a box too
    assert benchmark(boxed, "--model", model, "--films", "f009", "--out", tmp_path / "none") == 2
    assert "The film “f009” has none of the model's findings at a place that is known." in capsys.readouterr().err
    assert benchmark(boxed, "--model", model, "--films", "f001", "12", "--out", tmp_path / "none") == 2
    assert "has no film “12”." in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_workers_of_a_cluster_come_to_the_same_table(made, model, boxed, tmp_path):
    distributed = pytest.importorskip("distributed", reason="Dask is not installed: requirements-cluster.txt")
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "silence_logs": logging.CRITICAL}
    with distributed.LocalCluster(processes=False, **settings) as cluster:
        order = ("--model", model, "--method", "gradcam", "--scheduler", cluster.scheduler_address, "--out", tmp_path)
        assert benchmark(boxed, *order) == 0
    assert (tmp_path / "league.csv").read_bytes() == (made / "league.csv").read_bytes()


def test_the_truth_of_simulated_films_is_their_masks_and_that_of_others_their_boxes(boxed):
    simulated = training.open_dataset("simulated")
    known = with_truth(simulated, FINDINGS)
    labels = simulated.films.set_index("film")[list(FINDINGS)]
    assert set(known) == set(labels.index[(labels == 1).any(axis=1)])
    masks = training.open_masks(simulated, "s00002")
    placed = truths(simulated, "s00002", known["s00002"], (320, 320), WHOLE)
    assert set(placed) == set(known["s00002"]) and all(np.array_equal(placed[name], masks[name]) for name in placed)
    assert with_truth(read_dataset(boxed), FINDINGS) == {f"f{k:03}": ("Mass",) for k in range(FILMS + 1)}
    with pytest.raises(DatasetError, match="has no film with one of the model's findings at a place that is known"):
        with_truth(read_dataset(boxed), ["Edema"])
    assert np.argwhere(in_boxes(np.array([[0.25, 0.5, 0.25, 0.5]]), side=8))[[0, -1]].tolist() == [[4, 2], [7, 3]]
    assert in_boxes(np.array([[0, 0, 0.5, 1], [0.25, 0, 0.5, 1]]), side=8).mean() == 0.75


def test_boxes_lie_where_a_model_that_pads_its_films_sees_them(boxed):
    dataset, spec = read_dataset(boxed), models.card(fit="pad").input
    where = footprint(40, 36, spec)  # air on either side
    inside = truths(dataset, "f000", ["Mass"], (200, 200), where)["Mass"]
    x, y, width, height = dataset.boxes.iloc[0][["x", "y", "width", "height"]]
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    assert (rows[0] / 200, (rows[-1] + 1) / 200) == pytest.approx((y, y + height), abs=0.006)
    expected = [(edge * 36 + 2) / 40 for edge in (x, x + width)]
    assert (columns[0] / 200, (columns[-1] + 1) / 200) == pytest.approx(expected, abs=0.006)


def test_other_readers_stand_in_the_league_of_films_that_several_drew_on(model, boxed, tmp_path, capsys):
    dataset = read_dataset(boxed)
    first = dataset.boxes.assign(reader="R1")
    second = first.assign(reader="R2", x=first["x"] * 0.99)
    write_dataset(
        tmp_path / "two",
        dataclasses.replace(dataset.facts, root=str(boxed), policy={"truth": "R1"}),
        dataset.films.assign(read_by="R1|R2|R3"),
        pd.concat([first, second]),
    )
    assert benchmark(tmp_path / "two", "--model", model, "--method", "centred", "--out", tmp_path / "out") == 0
    table = pd.read_csv(tmp_path / "out" / "league.csv").set_index(["method", "finding", "measure"])
    assert table.loc[("reader", "all", "iou"), "value"] > 0.95 > table.loc[("centred", "all", "iou"), "value"]
    assert table.loc[("reader", "all", "pointing"), "films"] == FILMS and "reader" in capsys.readouterr().out
    agreed = pd.read_csv(tmp_path / "out" / "readers.csv").set_index("finding")
    assert agreed.loc["all", "value"] == 0.5  # of the two others, one drew it
