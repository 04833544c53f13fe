"""Two workers on this machine train the network that one would have trained."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import REPOSITORY
from tests.ports import free_port
from tests.training.made_films import ALONE, make_dataset, tiny
from training.__main__ import main
from training.fitting.journal import FitError
from training.fitting.workers import join_team
from training.networks.architectures import ARCHITECTURES
from xai.cards.model_card import read_card
from xai.models.loading import load_model

# Dropout is drawn by each worker for its own films, so it is off here.
OPTIONS = [
    *("--architecture", "tiny", "--size", "32", "--epochs", "3", "--batch-size", "16"),
    *("--dropout", "0", "--hold-out", "validation", "--patience", "3"),
]
MINUTES = 10


def _fit(dataset: Path, out: Path, config: dict) -> subprocess.Popen:
    environment = os.environ | {"TF_CONFIG": json.dumps(config)}
    command = [sys.executable, "-c", ALONE, "fit", str(dataset), "--out", str(out), *OPTIONS]
    return subprocess.Popen(
        command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.slow  # two processes that start TensorFlow, for what turns on its versions
def test_two_workers_train_the_model_of_one(tmp_path, monkeypatch):
    dataset = make_dataset(tmp_path / "dataset", films=60)
    cluster = {"worker": [f"127.0.0.1:{free_port()}" for _ in range(2)]}
    monkeypatch.setitem(ARCHITECTURES, "tiny", tiny)
    assert main(["fit", str(dataset), "--out", str(tmp_path / "alone.keras"), *OPTIONS]) == 0
    team = [
        _fit(dataset, tmp_path / "team.keras", {"cluster": cluster, "task": {"type": "worker", "index": k}})
        for k in range(2)
    ]
    try:
        said = [one.communicate(timeout=MINUTES * 60) for one in team]
    finally:
        for one in team:
            one.kill()
    assert [one.returncode for one in team] == [0, 0], said
    assert said[1][0] == ""  # the first one speaks
    models = [load_model(tmp_path / f"{name}.keras").get_weights() for name in ("alone", "team")]
    for one, two in zip(*models, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-4)
    cards = [read_card(tmp_path / f"{name}.json") for name in ("alone", "team")]
    assert [card.provenance["workers"] for card in cards] == [1, 2]
    logs = [np.genfromtxt(tmp_path / f"{name}.training.csv", delimiter=",")[1:, 2] for name in ("alone", "team")]
    np.testing.assert_allclose(*logs, rtol=1e-3)
    assert sorted(file.name for file in tmp_path.iterdir() if file.name.startswith(".")) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "TF_CONFIG must read"),
        ('{"cluster": {}}', "TF_CONFIG must read"),
        (json.dumps({"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 2}}), "among them"),
        (
            json.dumps({"cluster": {"worker": ["a:1"], "ps": ["c:1"]}, "task": {"type": "ps", "index": 0}}),
            "workers only",
        ),
    ],
)
def test_a_wrong_config_is_one_sentence(monkeypatch, text, sentence):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(FitError, match=sentence):
        join_team()


def test_alone_without_a_config_or_with_one_of_one(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert join_team().workers == 1
    monkeypatch.setenv(
        "TF_CONFIG", json.dumps({"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 0}})
    )
    assert join_team().strategy is None
