"""Explaining films of a dataset by their files: each map beside the truth, as the page has it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import training
from tests.xai import made_models as models
from training.benchmark.known_truth import KnownTruth
from training.benchmark.placing import NOISE
from training.datasets.table import BOXES_FILE, TABLE_FILE
from xai import measures
from xai.__main__ import main
from xai.backend import keras
from xai.cards.model_card import card_path, write_card
from xai.explainers.controls import CentredMap, RandomMap
from xai.explainers.explanation import Explanation
from xai.explainers.faithful import Faithfulness, trust_baselines
from xai.measures.frame import WHOLE
from xai.measures.trust import DRAWS, draws, gains

L = keras.layers
SIDE = 32
FINDINGS = ("Effusion", "Mass")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> training.Dataset:
    """The first films with an effusion, and one without, of those that come with the app."""
    whole = training.open_dataset("simulated")
    shown, without = whole.films[whole.films["Effusion"] == 1][:4], whole.films[whole.films["Effusion"] == 0][:1]
    films = pd.concat([shown, without])
    folder = tmp_path_factory.mktemp("few")
    for row in films.itertuples():
        for file in (Path(row.path), Path("masks") / f"{row.film}.png"):
            (folder / file).parent.mkdir(exist_ok=True, parents=True)
            shutil.copy(whole.path(str(file)), folder / file)
    films.to_parquet(folder / TABLE_FILE)
    shutil.copy(whole.folder / "dataset.json", folder / "dataset.json")
    if (whole.folder / BOXES_FILE).exists():
        shutil.copy(whole.folder / BOXES_FILE, folder / BOXES_FILE)
    return training.open_dataset(str(folder))


def made(values: np.ndarray, finding: str = "Effusion") -> Explanation:
    return Explanation("made", finding, values.astype(np.float32), 0.5, 0.0, 0, 1, 0.0, {})


def test_a_map_is_held_against_the_truth_of_its_film_and_beside_three_controls(dataset):
    truth = KnownTruth.of(str(dataset.folder), FINDINGS)
    first, *others = dataset.films["film"][:4]
    places = {
        film: measures.on_map(training.open_masks(dataset, film)["Effusion"], (SIDE, SIDE), WHOLE)
        for film in (first, *others)
    }
    path = dataset.path(dataset.films["path"].iloc[0])
    perfect, beside = truth.beside(path, [made(places[first]), made(~places[first])], WHOLE)
    assert perfect["truth"] == beside["truth"] == "present"
    told = perfect["on_truth"]
    assert told["own"] == pytest.approx({"pointing": 1, "energy": 1, "iou": 1})
    assert beside["on_truth"]["own"] == {"pointing": 0, "energy": 0, "iou": 0}
    assert told["area"] == pytest.approx(places[first].mean()) and told["usual_place_films"] == 3
    assert told["by_chance"]["iou"] == pytest.approx(1 / SIDE**2)
    blob = CentredMap().blob((SIDE, SIDE))
    assert told["controls"]["centred"]["energy"] == pytest.approx(measures.energy(blob, places[first]))
    noise = [measures.energy(RandomMap().drawn((SIDE, SIDE), draw)[0], places[first]) for draw in range(NOISE)]
    assert told["controls"]["random"]["energy"] == pytest.approx(np.mean(noise))
    prior = np.mean([places[film] for film in others], axis=0)
    assert told["controls"]["prior"]["energy"] == pytest.approx(measures.energy(prior, places[first]), abs=0.03)


def test_where_nothing_is_known_nothing_is_told(dataset, tmp_path):
    truth = KnownTruth.of(str(dataset.folder), FINDINGS)
    healthy = dataset.path(dataset.films["path"].iloc[4])
    values = np.ones((SIDE, SIDE))
    assert truth.beside(healthy, [made(values), made(values, "Gout")], WHOLE) == [{"truth": "absent"}, {}]
    assert truth.beside(tmp_path / "other.png", [made(values)], WHOLE) == [{}]
    assert truth.knows(dataset.path(dataset.films["path"].iloc[0])) and not truth.knows(tmp_path / "other.png")


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    inputs = keras.Input((SIDE, SIDE, 1))
    x = L.Conv2D(4, 3, activation="relu", padding="same")(inputs)
    network = models.seeded(lambda: keras.Model(inputs, L.Dense(2)(L.GlobalAveragePooling2D()(x))))
    path = tmp_path_factory.mktemp("models") / "small.keras"
    network.save(path)
    card = models.card(FINDINGS, emits="logits", size=SIDE)
    low = {name: replace(card.threshold(name), value=1e-6) for name in FINDINGS}
    write_card(replace(card, thresholds=low), card_path(path))
    return path


def test_the_command_writes_what_is_known_beside_each_map(dataset, model, tmp_path, capsys):
    path = dataset.path(dataset.films["path"].iloc[0])
    asked = ["explain", str(path), "--model", str(model), "--method", "centred", "--out", str(tmp_path)]
    assert main([*asked, "--truth", str(dataset.folder), "--trust"]) == 0
    assert "knows where findings are on 1 of 1 film." in capsys.readouterr().out
    records = {one["finding"]: one["trust"] for one in json.loads((tmp_path / "explanations.json").read_text())}
    assert records["Effusion"]["flagged"] and records["Effusion"]["truth"] == "present"
    controls = records["Effusion"]["on_truth"]["controls"]
    assert records["Effusion"]["on_truth"]["own"] == pytest.approx(controls["centred"])
    for gain in records["Effusion"]["faithful"]:
        assert len(gain["drawn"]) == DRAWS and 0 < gain["by_chance"] <= 1
    assert main(asked) == 0  # asked for without truth, it is another map
    records = json.loads((tmp_path / "explanations.json").read_text())
    assert not any({"truth", "on_truth", "faithful"} & one["trust"].keys() for one in records)


def test_a_dataset_that_is_not_there_is_one_sentence(model, dataset, tmp_path, capsys):
    path = dataset.path(dataset.films["path"].iloc[0])
    asked = ["explain", str(path), "--model", str(model), "--method", "centred", "--out", str(tmp_path / "out")]
    assert main([*asked, "--truth", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_gains_are_those_of_the_measure_and_random_maps_are_asked_once(model):
    from xai.models.classifier import Classifier

    classifier = Classifier.load(model)
    canvas = classifier.prepare(models.random_film(5))
    values = np.random.default_rng(0).random((SIDE, SIDE))
    faithful = Faithfulness(classifier, canvas)
    found = faithful.of(values, 1)
    for gain, (name, at) in zip(found, trust_baselines(classifier, canvas).items(), strict=True):
        assert gain.baseline == name
        assert gain.value == pytest.approx(gains(values, canvas, classifier.logits, at)[1], abs=1e-5)
        first = next(draws(canvas.shape))
        assert gain.drawn[0] == pytest.approx(gains(first, canvas, classifier.logits, at)[1], abs=1e-5)
    assert faithful.of(values, 1) == found
