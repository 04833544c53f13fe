"""The card of a model that was trained here: what was measured, on which films, and how to train it again."""

from __future__ import annotations

import hashlib
import io
import math
import platform
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from PIL import Image
from scipy.special import expit

from training.architectures import FEATURES
from training.datasets.table import Dataset, labels
from training.evaluate import (
    auroc,
    balanced_threshold,
    expected_calibration_error,
    mean_auroc,
    mean_auroc_interval,
)
from training.recipe import Recipe, flag
from training.targets import PATIENT_FACTS
from xai.findings import finding_label
from xai.loading import file_sha256
from xai.model_card import ModelCard, Threshold
from xai.preprocess import resize

if TYPE_CHECKING:
    from training.fit import Films, Fitted
    from training.train import Start

# Below this many positives an AUROC says too little to count in a mean.
FEWEST_POSITIVES = 5
# Below this many positives the card warns.
RARE = 12
MEAN_FILM_SIDE = 64
THRESHOLD_RULE = (
    "Sensitivity and specificity as equal as they can be on the held-out predictions of the {films} training and "
    "validation films: a film with the finding is then missed about as often as a film without it is flagged."
)
UNCORRECTED = Threshold(0.5, "0.5 for every finding: nothing was calibrated and no cut was chosen.")
DEFINITIONS = {
    "auroc": "Chance that a film with the finding scores above one without; 95 % interval by DeLong on logit scale.",
    "mean_auroc": f"Plain mean of the AUROC over findings with at least {FEWEST_POSITIVES} positives; "
    "95 % interval from 500 draws of patients with replacement.",
    "sensitivity, specificity": "Shares of the films with and without the finding that are cut rightly.",
    "ece": "Expected calibration error: mean gap between predicted and observed share over 10 groups of equal size.",
    "test": "Films of patients that nothing was trained, chosen or calibrated on, predicted by this model.",
    "held_out": "Training and validation films, each predicted by a network of the same recipe trained without its "
    "patient; calibration and thresholds were chosen on them, so their ECE is too good.",
}


def make_card(
    name: str,
    model_path: Path,
    fitted: Fitted,
    films: Films,
    also: Films,
    recipe: Recipe,
    soft_labels: dict[str, Any] | None,
    start: Start | None,
) -> ModelCard:
    """Measure a model and write down what it is.

    Parameters
    ----------
    name : str
        What people call the model.
    model_path : Path
        The saved model.
    fitted : Fitted
        What `fit` gave for the films.
    films, also : Films
        What `fit` was given.
    recipe : Recipe
        How it was trained.
    soft_labels : dict or None
        What is known of the soft labels that were used.
    start : Start or None
        The model that it started from.
    """
    developed, tested = (films.table.iloc[films.part(*names)] for names in (("train", "validation"), ("test",)))
    truth, rng = labels(developed, fitted.findings), np.random.default_rng(recipe.seed)
    thresholds = dict.fromkeys(fitted.findings, UNCORRECTED)
    if fitted.held_out is not None:
        rule = THRESHOLD_RULE.format(films=len(developed))
        found = (balanced_threshold(truth[:, k], expit(fitted.held_out[:, k])) for k in range(len(fitted.findings)))
        thresholds = {name: Threshold(round(cut, 6), rule) for name, cut in zip(fitted.findings, found, strict=True)}
    cuts = {name: threshold.value for name, threshold in thresholds.items()}
    performance = {
        "definitions": DEFINITIONS,
        "splits": _splits(films.table),
        "test": measures(tested, fitted.findings, expit(fitted.test), cuts, rng),
    }
    if fitted.held_out is not None:
        performance["held_out"] = measures(developed, fitted.findings, expit(fitted.held_out), cuts, rng)
    if len(also.table):
        others = also.table.iloc[also.part("test")]
        performance["also"] = {
            "datasets": [dataset.facts.name for dataset in also.datasets],
            "splits": _splits(also.table),
            "test": measures(others, fitted.findings, expit(fitted.also_test), cuts, rng),
        }
    performance["cautions"] = _cautions(performance["test"]["findings"], truth, fitted.findings)
    return ModelCard(
        name=name,
        outputs=fitted.findings,
        link="sigmoid",
        emits="logits",
        input=fitted.spec,
        summary=_summary(performance, fitted.findings),
        thresholds=thresholds,
        prevalence={finding: round(float(developed[finding].mean()), 4) for finding in fitted.findings},
        performance=performance,
        provenance=_provenance(model_path.name, fitted, films, also, recipe, soft_labels, start),
        feature_layer=FEATURES,
        mean_film=_mean_film(films.canvases[films.part("train", "validation")]),
        sha256=file_sha256(model_path),
    )


def soft_label_facts(path: Path, soft: np.ndarray, films: pd.DataFrame, source: str) -> dict[str, Any]:
    """Say where soft labels come from and how many training films they cover."""
    used = ~np.isnan(soft).all(axis=1) & (films["split"] != "test").to_numpy()
    return {
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "source": source,
        "films": int(used.sum()),
        "use": "Part of the training targets of these films; never used to measure.",
    }


def measures(
    films: pd.DataFrame,
    findings: tuple[str, ...],
    probabilities: np.ndarray,
    cuts: dict[str, float],
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Measure probabilities (films, findings) against the labels of films, each finding cut at its threshold."""
    truth = labels(films, findings)
    each = {}
    for k, finding in enumerate(findings):
        area = auroc(truth[:, k], probabilities[:, k])
        flagged = probabilities[:, k] >= cuts[finding]
        each[finding] = {
            "positives": area.positives,
            "negatives": area.negatives,
            "auroc": _number(area.value),
            "auroc_low": _number(area.low),
            "auroc_high": _number(area.high),
            "ece": _number(expected_calibration_error(truth[:, k], probabilities[:, k])),
            "sensitivity": _number(_mean(flagged[truth[:, k] == 1])),
            "specificity": _number(_mean(~flagged[truth[:, k] == 0])),
        }
    counted = [k for k, finding in enumerate(findings) if _counts(each[finding])]
    patients = films["patient"].to_numpy()
    interval = mean_auroc_interval(truth[:, counted], probabilities[:, counted], patients, rng)
    return {
        "films": len(films),
        "patients": int(films["patient"].nunique()),
        "mean_auroc": _number(mean_auroc(truth[:, counted], probabilities[:, counted])),
        "mean_auroc_low": _number(interval[0]),
        "mean_auroc_high": _number(interval[1]),
        "mean_auroc_findings": [findings[k] for k in counted],
        "mean_ece": _number(float(np.nanmean([each[finding]["ece"] for finding in findings]))),
        "findings": each,
    }


def _cautions(measured: dict[str, Any], truth: np.ndarray, findings: tuple[str, ...]) -> list[str]:
    """Say which findings are too rare here for their figure to mean much."""
    cautions = []
    for k, finding in enumerate(findings):
        positives, learned = measured[finding]["positives"], int(np.nansum(truth[:, k]))
        if positives < RARE:
            low, high = measured[finding]["auroc_low"], measured[finding]["auroc_high"]
            interval = "too few for an interval" if low is None else f"95 % interval {low:.2f} to {high:.2f}"
            cautions.append(
                f"{finding_label(finding)}: learned from {learned} films and measured on {positives} ({interval}, "
                "itself rough with so few). Little can be said of how good it is."
            )
    return cautions


def _counts(measured: dict[str, Any]) -> bool:
    return min(measured["positives"], measured["negatives"]) >= FEWEST_POSITIVES


def _summary(performance: dict[str, Any], findings: tuple[str, ...]) -> str:
    test, splits = performance["test"], performance["splits"]
    trained = sum(part["films"] for split, part in splits.items() if split != "test")
    text = (
        f"A teaching model, not for diagnosis: trained on {trained} films for {len(findings)} findings. "
        f"Measured on {test['films']} test films of {test['patients']} other patients"
    )
    if test["mean_auroc"] is None:
        return f"{text}, too few for a mean AUROC."
    area, low, high = (f"{test[key]:.2f}" for key in ("mean_auroc", "mean_auroc_low", "mean_auroc_high"))
    return f"{text}: mean AUROC {area} (95 % interval {low} to {high})."


def _splits(table: pd.DataFrame) -> dict[str, Any]:
    return {
        split: {"films": len(part), "patients": int(part["patient"].nunique())}
        for split, part in table.groupby("split", sort=False)
    }


def _provenance(
    file: str,
    fitted: Fitted,
    films: Films,
    also: Films,
    recipe: Recipe,
    soft_labels: dict[str, Any] | None,
    start: Start | None,
) -> dict[str, Any]:
    import keras
    import tensorflow as tf

    options = {key: value for key, value in asdict(recipe).items() if key != "augmentation"}
    flags = [text for key, value in options.items() for text in (flag(key), str(value))]
    for dataset in also.datasets:
        flags += ["--also", dataset.facts.name]
    if start:
        flags += ["--start", start.path.name]
    if soft_labels:
        flags += ["--soft-labels", soft_labels["file"], "--soft-source", soft_labels["source"]]
    provenance = {
        "data": _data_facts(films.datasets[0]),
        "also": [_data_facts(dataset) for dataset in also.datasets],
        "started_from": start and {"file": start.path.name, "sha256": start.card.sha256, **start.card.provenance},
        "soft_labels": soft_labels,
        "also_learned": f"{', '.join(PATIENT_FACTS)}; these outputs were cut off after training.",
        "command": shlex.join(["python", "-m", "training", "fit", "DATASET", *flags, "--out", file]),
        "recipe": asdict(recipe),
        "seed": recipe.seed,
        "parameters": fitted.model.count_params(),
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
    }
    if fitted.positive_weights is not None:
        weights = zip(fitted.findings, fitted.positive_weights, strict=True)
        provenance["positive_weight"] = {finding: round(float(weight), 4) for finding, weight in weights}
    return provenance


def _data_facts(dataset: Dataset) -> dict[str, Any]:
    keys = ("name", "source", "licence", "citation", "files", "split_seed")
    return {key: getattr(dataset.facts, key) for key in keys}


def _mean_film(canvases: np.ndarray) -> bytes:
    side = min(MEAN_FILM_SIDE, canvases.shape[1])
    grey = resize(canvases.mean(axis=0), side, side)
    stream = io.BytesIO()
    Image.fromarray(np.round(grey * 255).astype(np.uint8)).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _mean(flags: np.ndarray) -> float:
    return float(flags.mean()) if len(flags) else math.nan


def _number(value: float) -> float | None:
    """Round for the card; what could not be measured is null, since JSON has no NaN."""
    return None if math.isnan(value) else round(value, 4)
