"""A library with two models' predictions of forty films, for the tests of the pages that judge."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from training.datasets.marks import record
from training.datasets.table import read_dataset
from training.predictions.table import PredictionsFacts, write_predictions
from xai.cards.model_card import Threshold

FILMS = tuple(f"film{k:02d}" for k in range(40))
NOTHING = float("nan")
# Ten films with a mass. The first model gives them 0.50 … 0.95, the others 0.01 … 0.59 in 30 even steps.
MASS = np.array([1.0] * 10 + [0.0] * 30)
FIRST = np.concatenate([0.5 + 0.05 * np.arange(10), 0.01 + 0.02 * np.arange(30)])


def add_predictions(shelf, name: str = "first", dataset: str = "generated", **columns: np.ndarray) -> Path:
    """Write predictions of the forty films; 1 − p for Effusion, which no film has."""
    folder = shelf.root / "predictions" / name
    table = pd.DataFrame({"Mass": FIRST, "Effusion": 1 - FIRST} | columns, index=pd.Index(FILMS, name="film"))
    cuts = {"Mass": Threshold(0.55, "made up")}
    home = str(shelf.root / "datasets" / dataset)
    facts = PredictionsFacts(name, dataset, home, f"model of {name}", "import", tuple(table.columns), cuts)
    write_predictions(folder, facts, table)
    return folder


def learned_from(shelf, name: str, *splits: str) -> None:
    """Write into the card of predictions that the model learned from films of these splits."""
    films = read_dataset(shelf.root / "datasets" / "generated").films
    facts = shelf.root / "predictions" / name / "predictions.json"
    used = [record(films[films["split"].isin(splits)], ["fit"])]
    facts.write_text(json.dumps(json.loads(facts.read_text()) | {"card": {"provenance": {"used": used}}}))


def add_dataset(shelf, **columns: list) -> Path:
    """Write the dataset of the forty films: two a patient, a quarter of them for testing."""
    numbers = np.arange(40)
    content = {
        "film": list(FILMS),
        "Mass": MASS,
        "Effusion": np.zeros(40),
        "patient": [f"p{k % 20}" for k in numbers],
        "split": ["test" if k % 20 < 5 else "train" for k in numbers],
        "view": ["PA" if k % 2 else "AP" for k in numbers],
        "sex": ["F"] * 40,
        "age": [50.0] * 40,
        "on_disk": [False] * 40,
    }
    return shelf.add_dataset(films=FILMS, **content | columns)


def add_classes(shelf) -> tuple[np.ndarray, pd.DataFrame]:
    """Write films of three classes and a softmax's answers; gives each film's class and the probabilities."""
    rng = np.random.default_rng(0)
    truth = np.arange(40) % 3
    classes = np.array(["covid", "normal", "pneumonia"])
    said = rng.dirichlet(np.ones(3), 40) + 0.5 * np.eye(3)[truth]
    table = pd.DataFrame(said / said.sum(axis=1, keepdims=True), pd.Index(FILMS, name="film"), list(classes))
    nothing = [NOTHING] * 40
    home = add_dataset(shelf, **{"class": classes[truth].tolist(), "Mass": nothing, "Effusion": nothing})
    card = {"head": {"link": "softmax", "emits": "logits"}}
    facts = PredictionsFacts("three", "generated", str(home), "three", "predict", tuple(classes), card=card)
    write_predictions(shelf.root / "predictions" / "three", facts, table)
    return classes[truth], table
