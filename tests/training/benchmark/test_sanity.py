"""The sanity strip: of a small network, and what is said of empty maps."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from tests.xai import made_models as models
from training.benchmark.sanity import EDGES, GRADIENT, Strip, make_strip
from training.benchmark.sanity_table import COLUMNS, at_last, find_sanity, on_the_way, rows_of
from xai.backend import keras
from xai.budget import Budget, Cancelled
from xai.cards.model_card import card_path, write_card
from xai.explainers.gradcam import GradCAM
from xai.models.classifier import Classifier

L = keras.layers
SIDE = 24


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    inputs = keras.Input((SIDE, SIDE, 1))
    x = L.Conv2D(6, 3, activation="relu", padding="same")(inputs)
    x = L.Conv2D(6, 3, activation="relu", padding="same")(x)
    model = models.seeded(lambda: keras.Model(inputs, L.Dense(2)(L.GlobalAveragePooling2D()(x))))
    path = tmp_path_factory.mktemp("models") / "small.keras"
    model.save(path)
    write_card(models.card(("A", "B"), emits="logits", size=SIDE), card_path(path))
    return path


@pytest.fixture(scope="module")
def classifier(path):
    return Classifier.load(path, "tensorflow")


def test_a_strip_begins_with_the_trained_model_and_ends_with_a_random_one(path, classifier):
    film = models.random_film(3)
    canvases = np.random.default_rng(0).random((4, SIDE, SIDE)).astype(np.float32)
    told: list[float] = []
    strip = make_strip(classifier, path, film, "A", [GradCAM()], canvases, Budget(progress=told.append), stages=3)
    assert strip.layers == (0, 1, 2, 3)
    assert {name: maps.shape for name, maps in strip.maps.items()} == dict.fromkeys(
        (EDGES, GRADIENT, "gradcam"), (4, SIDE, SIDE)
    )
    own = GradCAM().explain(classifier, film, ["A"])[0].map
    assert np.array_equal(strip.maps["gradcam"][0], own)
    assert not np.array_equal(strip.maps["gradcam"][3], own)
    assert np.allclose(strip.curve(EDGES), 1) and strip.passes(EDGES) is False
    assert told == sorted(told) and told[-1] == 1


def test_nobody_waits_for_a_strip_that_was_cancelled(path, classifier):
    canvases = np.zeros((2, SIDE, SIDE), np.float32)
    budget = Budget(cancelled=lambda: True)
    with pytest.raises(Cancelled):
        make_strip(classifier, path, models.random_film(3), "A", [GradCAM()], canvases, budget)


def test_the_gradient_of_a_film_is_that_of_finite_differences(classifier):
    canvas = np.random.default_rng(1).random((SIDE, SIDE)).astype(np.float32)
    gradient = classifier.film_gradient(canvas, 1)
    for half in (slice(0, SIDE // 2), slice(SIDE // 2, SIDE)):
        step = np.zeros_like(canvas)
        step[half] = 1e-3 * np.sign(gradient[half])
        there, back = classifier.logits(np.stack([canvas + step, canvas - step]))[:, 1]
        assert (there - back) / 2 == pytest.approx(1e-3 * float(np.abs(gradient[half]).sum()), rel=0.05)


def strip(*maps: np.ndarray) -> Strip:
    return Strip(tuple(range(len(maps))), np.zeros((2, 2)), {"one": np.stack(maps).astype(float)})


RISING, EMPTY = np.arange(4.0).reshape(2, 2), np.zeros((2, 2))


def test_an_empty_map_of_a_random_model_counts_as_another_one_and_is_named():
    found = strip(RISING, EMPTY)
    assert found.curve("one").tolist() == [1, 0]
    assert found.empty("one").tolist() == [False, True]
    assert found.passes("one") is True


def test_where_the_trained_map_is_empty_nothing_is_known():
    found = strip(EMPTY, RISING)
    assert found.curve("one") is None and found.passes("one") is None
    assert np.isnan([row[2] for row in rows_of(found)]).all()


def test_films_are_summed_up_with_the_empty_ones_apart():
    strips = [strip(RISING, RISING), strip(RISING, EMPTY), strip(EMPTY, RISING), strip(RISING, RISING.T)]
    rows = [(f"f{k}", "A", *row) for k, one in enumerate(strips) for row in rows_of(one)]
    last = at_last(pd.DataFrame(rows, columns=list(COLUMNS))).loc["one"]
    same = 0.8  # rank correlation of 0 1 2 3 and 0 2 1 3
    assert last["similarity"] == pytest.approx((1 + 0 + same) / 3)
    assert (last["films"], last["empty"]) == (3, 1)
    assert last["full"] == pytest.approx((1 + same) / 2)
    assert not last["passes"] and last["low"] <= last["similarity"] <= last["high"]


def table(**values: list[float]) -> pd.DataFrame:
    """Films whose maps are that similar once the model's only two layers are random."""
    rows = [
        (f"f{k}", "A", method, layers, 1.0 if layers == 0 else 0.8 if layers == 1 else value, False)
        for method, own in values.items()
        for k, value in enumerate(own)
        for layers in (0, 1, 2)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def test_a_verdict_needs_an_interval_on_one_side_of_the_limit():
    last = at_last(table(low=[0.1, 0.2, 0.15], high=[0.9, 0.8, 0.85], wide=[-0.4, 0.9, 0.2], alone=[0.1]))
    assert last["passes"].to_dict() == {"low": True, "high": False, "wide": None, "alone": None}
    way = on_the_way(table(low=[0.1, 0.2, 0.15])).set_index("layers")
    assert way["similarity"].to_dict() == pytest.approx({0: 1.0, 1: 0.8, 2: 0.15})
    assert (way["films"] == 3).all() and way.loc[2, "low"] < 0.15 < way.loc[2, "high"]


def test_what_was_found_belongs_to_a_model_and_damaged_folders_are_passed_over(tmp_path):
    for name, model in (("sanity-a", "another"), ("sanity-b", "mine"), ("sanity-c", "mine")):
        (tmp_path / name).mkdir()
        table(low=[0.1, 0.2]).to_csv(tmp_path / name / "sanity.csv", index=False)
        claim = {"dataset": "made", "model": model, "samples": 7}
        (tmp_path / name / "sanity.json").write_text(json.dumps(claim))
    (tmp_path / "sanity-b" / "sanity.csv").write_text("film\n1\n")
    found = find_sanity("mine", (tmp_path / "nowhere", tmp_path))
    assert (found.dataset, found.samples, found.films) == ("made", 7, 2)
    assert found.table.equals(table(low=[0.1, 0.2]))
    assert find_sanity("nobody's", (tmp_path,)) is None
