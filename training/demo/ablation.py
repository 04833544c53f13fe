"""Whether simulated films help with real ones: the same training with and without them, from several seeds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from training.datasets.patients import count_patients
from training.datasets.table import labels, read_dataset
from training.evaluate import mean_auroc
from training.evaluate.bootstrap import draw_mean_auroc, percentile_interval
from training.fitting.films import readable_films
from training.fitting.measuring import FEWEST_POSITIVES
from xai.cards.model_card import card_path, read_card, write_card

KEY = "with_and_without_simulated"
KINDS = ("with", "without")
SEEDS = (1, 2, 3)
DRAW_SEED = 0
MEANING = (
    "Mean AUROC on the real test films of the same network, trained for as many epochs with simulated films (started "
    "from one network pretrained on them, and some mixed in) and without, once a seed. The difference is the mean "
    "over seeds; its 95 % interval is from 500 draws of test patients with replacement, the same for both, and leaves "
    f"out what another seed would change. Findings with at least {FEWEST_POSITIVES} positives."
)


def has_ablation(library: Path, model: str) -> bool:
    """Whether a model's card holds the comparison already."""
    return KEY in read_card(card_path(library / "models" / f"{model}.keras")).performance


def add_ablation(library: Path, model: str, dataset: Path, trained: dict[str, list[Path]]) -> None:
    """Measure models trained with and without simulated films and write the comparison into a card.

    Parameters
    ----------
    library : Path
        Folder with ``models/``.
    model : str
        Whose card tells of it.
    dataset : Path
        The real films.
    trained : dict of str to list of Path
        Models ``with`` and ``without``, one a seed, in the same order.
    """
    card_file = card_path(library / "models" / f"{model}.keras")
    card = read_card(card_file)
    from xai.models.classifier import Classifier

    films = readable_films([read_dataset(dataset)], card.input.shape[0])
    rows = films.in_splits("test")
    tested, canvases = films.table.iloc[rows], films.canvases[rows]
    scores = {kind: np.stack([Classifier.load(path).logits(canvases) for path in trained[kind]]) for kind in KINDS}
    compared = compare(labels(tested, card.outputs), tested["patient"].to_numpy(), scores)
    write_card(replace(card, performance=card.performance | {KEY: compared}), card_file)


def compare(truth: np.ndarray, patients: np.ndarray, scores: dict[str, np.ndarray]) -> dict[str, Any]:
    """Compare the mean AUROC of two kinds of models on the same films.

    Parameters
    ----------
    truth : array (films, findings)
        1, 0 or NaN.
    patients : array (films,)
    scores : dict of str to array (seeds, films, findings)
        Of the models ``with`` and ``without``.

    Returns
    -------
    dict
        Plain JSON values; see `MEANING`.
    """
    counted = np.flatnonzero(np.minimum((truth == 1).sum(axis=0), (truth == 0).sum(axis=0)) >= FEWEST_POSITIVES)
    truth = truth[:, counted]
    areas = {kind: [mean_auroc(truth, one[:, counted]) for one in scores[kind]] for kind in KINDS}
    drawn = {
        kind: np.mean(
            [
                draw_mean_auroc(truth, one[:, counted], patients, np.random.default_rng(DRAW_SEED))
                for one in scores[kind]
            ],
            axis=0,
        )
        for kind in KINDS
    }
    low, high = percentile_interval(drawn["with"] - drawn["without"])
    return {
        "meaning": MEANING,
        "films": len(truth),
        **count_patients(patients).facts,
        "with": [round(float(area), 4) for area in areas["with"]],
        "without": [round(float(area), 4) for area in areas["without"]],
        "difference": round(float(np.mean(areas["with"]) - np.mean(areas["without"])), 4),
        "difference_low": round(float(low), 4),
        "difference_high": round(float(high), 4),
    }
