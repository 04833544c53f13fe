from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from tests.training.made_films import make_dataset, tiny
from training.__main__ import main
from training.demo.ablation import KEY, add_ablation, compare, has_ablation
from training.networks.architectures import ARCHITECTURES
from xai.cards.model_card import read_card

FILMS = 60


@pytest.fixture
def truth() -> np.ndarray:
    """Two findings that vary, and one with too few positives to count."""
    rng = np.random.default_rng(0)
    common = (rng.random((FILMS, 2)) < 0.4).astype(float)
    return np.column_stack([common, np.r_[np.ones(2), np.zeros(FILMS - 2)]])


def test_perfect_against_constant_is_a_half(truth):
    compared = compare(truth, np.arange(FILMS), {"with": np.stack([truth, truth]), "without": np.zeros((2, FILMS, 3))})
    assert (compared["with"], compared["without"]) == ([1.0, 1.0], [0.5, 0.5])
    assert (compared["difference"], compared["difference_low"], compared["difference_high"]) == (0.5, 0.5, 0.5)
    assert (compared["films"], compared["patients"]) == (FILMS, FILMS)


def test_the_same_models_do_not_differ_though_each_is_uncertain(truth):
    scores = truth[None] + np.random.default_rng(1).normal(0, 1, (3, FILMS, 3))
    compared = compare(truth, np.arange(FILMS), {"with": scores, "without": scores})
    assert len(set(compared["with"])) == 3
    assert (compared["difference"], compared["difference_low"], compared["difference_high"]) == (0, 0, 0)


def test_the_interval_holds_the_difference_and_rare_findings_do_not_count(truth):
    noise = np.random.default_rng(2).normal(0, 1, (2, 2, FILMS, 3))
    better, worse = truth + noise[0] * 0.5, truth + noise[1]
    compared = compare(truth, np.arange(FILMS) // 2, {"with": better, "without": worse})
    assert compared["difference_low"] < compared["difference"] < compared["difference_high"]
    worse[..., 2] = 1 - truth[:, 2]
    again = compare(truth, np.arange(FILMS) // 2, {"with": better, "without": worse})
    assert again == compared


def test_models_are_measured_on_the_test_films_and_the_card_says_so(tmp_path, monkeypatch):
    monkeypatch.setitem(ARCHITECTURES, "tiny", tiny)
    dataset, model = make_dataset(tmp_path / "dataset"), tmp_path / "models" / "lightbox.keras"
    model.parent.mkdir()
    options = ["--architecture", "tiny", "--size", "32", "--epochs", "4", "--folds", "0"]
    assert main(["fit", str(dataset), "--out", str(model), *options]) == 0
    other = tmp_path / "other.keras"
    for suffix in (".keras", ".json"):
        shutil.copy(model.with_suffix(suffix), other.with_suffix(suffix))
    assert not has_ablation(tmp_path, "lightbox")
    add_ablation(tmp_path, "lightbox", dataset, {"with": [model], "without": [other]})
    card = read_card(model.with_suffix(".json"))
    compared, measured = card.performance[KEY], card.performance["test"]
    assert compared["difference"] == 0
    assert (compared["films"], compared["with"]) == (measured["films"], [measured["mean_auroc"]])
    assert has_ablation(tmp_path, "lightbox")
    json.dumps(compared)
