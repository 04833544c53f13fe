"""Catalogues for tests: small tables of films with known labels and probabilities."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dashboard.films.catalogue import Answers, Catalogue, join, read_films
from training.datasets.table import COLUMNS, complete
from training.predictions.table import Predictions, PredictionsFacts
from xai.cards.model_card import Threshold
from xai.findings import FINDINGS

NOTHING = float("nan")


def table(count: int, **columns: object) -> pd.DataFrame:
    """Films ``f0``, ``f1``, …, each of its own patient and without a label, but for the columns given."""
    rows = pd.DataFrame(dict.fromkeys(COLUMNS, None), index=range(count))
    rows = rows.assign(
        film=[f"f{k}" for k in range(count)],
        path="",
        dataset="made",
        patient=[f"p{k}" for k in range(count)],
        age=NOTHING,
        on_disk=True,
        **dict.fromkeys(FINDINGS, NOTHING),
    )
    return complete(rows.assign(**columns), "made")


def catalogue(films: pd.DataFrame, probabilities: dict[str, list[float]] | None = None, cut: float = 0.5) -> Catalogue:
    """A catalogue of a table, with the probabilities of some findings."""
    known = read_films("made", films)
    return Catalogue("key", known, None if probabilities is None else answers(known, probabilities, cut))


def answers(films, probabilities: dict[str, list[float]], cut: float) -> Answers:
    outputs = tuple(probabilities)
    facts = PredictionsFacts(
        "said", "made", ".", "model", "import", outputs, {name: Threshold(cut, "made up") for name in outputs}
    )
    return join(films, Predictions(None, facts, pd.DataFrame(probabilities, index=films.names)))


def random_catalogue(count: int, seed: int) -> Catalogue:
    """Films with labels of every kind and probabilities, some of them missing."""
    rng = np.random.default_rng(seed)
    labels = {name: rng.choice([1.0, 0.0, -1.0, NOTHING], count) for name in FINDINGS}
    films = table(
        count,
        patient=[f"p{k}" for k in rng.integers(count // 2, size=count)],
        view=rng.choice(["PA", "AP", None], count),
        sex=rng.choice(["M", "F", None], count),
        split=None,
        age=rng.choice([NOTHING, *range(100)], count),
        on_disk=rng.random(count) < 0.5,
        **labels,
    )
    said = {name: np.where(rng.random(count) < 0.1, NOTHING, rng.random(count)) for name in ("Emphysema", "Mass")}
    return catalogue(films, said, cut=0.4)
