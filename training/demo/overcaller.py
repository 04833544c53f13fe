"""A model that is wrong on purpose: another one, moved as a loss that counts rare findings many times would move it.

A loss that counts a film with the finding w times moves the best logit by ln w and changes nothing else (Elkan, The
Foundations of Cost-Sensitive Learning, IJCAI 2001). Here w is negatives / positives, what `class_weight="balanced"`
would take, on logits of less than half their size, as of a network that is held back hard. So the model orders films
exactly as the one that it is made from, and is no use as it is cut: the lesson is that both can be true.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit

from training.datasets.table import labels, read_dataset
from training.fitting.films import readable_films
from training.fitting.heads import calibrated_model
from training.fitting.measuring import measure
from training.fitting.report import UNCORRECTED
from training.mending.calibrate import Calibration
from training.weights.half import round_weights
from training.weights.writing import write_model
from xai.cards.model_card import ModelCard, card_path, read_card

if TYPE_CHECKING:
    from keras import Model

NAME, FROM = "overcaller", "lightbox"
SLOPE = 0.4
MADE = (
    "Made from {name}, not trained: each logit is {slope} times that model's, plus ln w. The weight w is films without "
    "the finding over films with it among those that {name} learned from, as a loss would have counted them."
)
# What its card keeps of the other's: what that learned from.
KEPT = ("data", "data_version", "left_out", "also", "also_version", "soft_labels", "used", "versions")
SEED = 0  # of the interval of the mean AUROC


def overcall(model: Model, card: ModelCard) -> tuple[Model, ModelCard]:
    """Change the head of a model, and say so in its card, which holds no measurement then.

    Parameters
    ----------
    model : keras.Model
        Built by `training.networks`; emits logits.
    card : ModelCard
        With the prevalence of each output among the films learned from.
    """
    shares = np.array([card.prevalence[name] for name in card.outputs])
    weights = (1 - shares) / shares
    changed = calibrated_model(model, len(card.outputs), Calibration(SLOPE, np.log(weights)))
    provenance: dict[str, Any] = {name: card.provenance[name] for name in KEPT if name in card.provenance}
    provenance |= {
        "made": MADE.format(name=card.name, slope=SLOPE),
        "started_from": {"file": f"{card.name}.keras", "sha256": card.sha256, **card.provenance},
        "positive_weight": dict(zip(card.outputs, weights.round(4).tolist(), strict=True)),
        "command": "python -m training demo",
    }
    return changed, replace(
        card,
        name=NAME,
        thresholds=dict.fromkeys(card.outputs, UNCORRECTED),
        calibration={},
        performance={},
        provenance=provenance,
        sha256=None,
    )


def make_overcaller(library: Path, dataset: Path) -> None:
    """Make the model in a library from the one that is there, and measure it on the dataset's test films."""
    from training.fitting.forward import forward, predict
    from xai.models.loading import load_model

    path = library / "models" / f"{FROM}.keras"
    original = read_card(card_path(path))
    model, card = overcall(load_model(path), original)
    round_weights(model)
    films = readable_films([read_dataset(dataset)], card.input.shape[0])
    rows = films.in_splits("test")
    table, cuts = films.table.iloc[rows], {name: one.value for name, one in card.thresholds.items()}
    probabilities = expit(predict(forward(model), films.canvases.view(rows), card.input))
    truth, patients = labels(table, card.outputs), table["patient"].to_numpy()
    performance = {name: original.performance[name] for name in ("definitions", "splits")}
    performance["test"] = measure(truth, patients, card.outputs, probabilities, cuts, np.random.default_rng(SEED))
    write_model(model, replace(card, performance=performance), path.with_name(f"{NAME}.keras"), half=True)
