"""The card of a model that was trained here: what was measured, on which films, and how to train it again."""

from __future__ import annotations

import hashlib
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from PIL import Image

from training.evaluate.ranked import rank
from training.evaluate.thresholds import RULES, choose
from training.fitting.measuring import DEFINITIONS, measure
from training.fitting.measuring import measures as measures
from training.fitting.provenance import Origin, provenance
from training.fitting.whose import all_known, cautions, meaning, split_counts, tested_on
from training.networks.architectures import FEATURES
from xai.cards.model_card import ModelCard, Threshold
from xai.findings import finding_label
from xai.models.preprocess import resize

if TYPE_CHECKING:
    from training.fitting.films import Films
    from training.fitting.scheme import Fitted

# Below this many positives the card warns.
RARE = 12
MEAN_FILM_SIDE = 64
BALANCED_RULE = (
    "Sensitivity and specificity as equal as they can be on {films}: a film with the finding is then missed about as "
    "often as a film without it is flagged."
)
UNCORRECTED = Threshold(0.5, "0.5 for every finding: nothing was calibrated and no threshold was chosen.")


@dataclass(frozen=True, eq=False)
class _Judge:
    """Measures some of the films with the same outputs and thresholds."""

    fitted: Fitted
    thresholds: dict[str, float]
    rng: np.random.Generator

    def __call__(self, truth: np.ndarray, films: pd.DataFrame, logits: np.ndarray) -> dict[str, Any]:
        problem = self.fitted.problem
        patients = films["patient"].to_numpy()
        return measure(truth, patients, problem.outputs, problem.probabilities(logits), self.thresholds, self.rng)


def make_card(name: str, fitted: Fitted, films: Films, also: Films, origin: Origin) -> ModelCard:
    """Measure a model and write down what it is.

    Parameters
    ----------
    name : str
        What people call the model.
    fitted : Fitted
        What `fit` gave for the films.
    films, also : Films
        What `fit` was given.
    origin : Origin
        How it was trained.
    """
    problem, recipe = fitted.problem, origin.recipe
    truth = problem.truth[fitted.learned]
    thresholds = _thresholds(fitted, recipe.threshold_rule, _held_out_films(fitted, recipe.hold_out))
    judge = _Judge(fitted, {out: one.value for out, one in thresholds.items()}, np.random.default_rng(recipe.seed))
    tested = films.in_splits("test")
    known = all_known(films.table, also.table)
    performance: dict[str, Any] = {
        "definitions": DEFINITIONS | {"test": meaning("test", known)},
        "splits": split_counts(films.table),
        "test": judge(problem.truth[tested], films.table.iloc[tested], fitted.test),
    }
    if len(fitted.held_out):
        rows, split = fitted.held_out, "validation" if recipe.hold_out == "validation" else "held_out"
        performance["definitions"][split] = meaning(split, known)
        performance[split] = judge(problem.truth[rows], films.table.iloc[rows], fitted.held_out_logits)
    if len(also.table):
        others = also.in_splits("test")
        performance["also"] = {
            "datasets": [dataset.facts.name for dataset in also.datasets],
            "splits": split_counts(also.table),
            "test": judge(problem.also[others], also.table.iloc[others], fitted.also_test),
        }
    test = performance["test"]
    performance["cautions"] = [*cautions(test, known), *_cautions(test["findings"], truth, problem.outputs)]
    return ModelCard(
        name=name,
        outputs=problem.outputs,
        link=problem.head,
        emits="logits",
        input=fitted.spec,
        summary=_summary(performance, len(fitted.learned), problem.outputs, known),
        thresholds=thresholds,
        prevalence={output: round(float(np.nanmean(truth[:, k])), 4) for k, output in enumerate(problem.outputs)},
        performance=performance,
        provenance=provenance(fitted, films, also, origin),
        feature_layer=FEATURES,
        mean_film=_mean_film(fitted.mean_film),
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


def _held_out_films(fitted: Fitted, hold_out: str) -> str:
    films = len(fitted.held_out)
    if hold_out == "validation":
        return f"the predictions of the {films} validation films"
    return f"the held-out predictions of the {films} training and validation films"


def _thresholds(fitted: Fitted, rule: str, where: str) -> dict[str, Threshold]:
    """Choose each output's threshold by the rule; 0.5 where nothing was held out, or not both kinds of films."""
    problem = fitted.problem
    if not len(fitted.held_out):
        return dict.fromkeys(problem.outputs, UNCORRECTED)
    probabilities, thresholds = problem.probabilities(fitted.held_out_logits), {}
    for k, output in enumerate(problem.outputs):
        ranked = rank(problem.truth[fitted.held_out, k], probabilities[:, k])
        if ranked.problem:
            thresholds[output] = Threshold(0.5, f"0.5: no threshold can be chosen on {where}. {ranked.problem}")
            continue
        words = BALANCED_RULE if rule == "balanced" else RULES[rule].meaning + " Chosen on {films}."
        value = choose(rule, ranked).value
        thresholds[output] = Threshold(0.5 if math.isnan(value) else round(value, 6), words.format(films=where))
    return thresholds


def _cautions(measured: dict[str, Any], truth: np.ndarray, outputs: tuple[str, ...]) -> list[str]:
    """Say which findings are too rare here for their figure to mean much."""
    cautions = []
    for k, output in enumerate(outputs):
        positives, learned = measured[output]["positives"], int(np.nansum(truth[:, k]))
        if positives < RARE:
            low, high = measured[output]["auroc_low"], measured[output]["auroc_high"]
            interval = "too few for an interval" if low is None else f"95 % interval {low:.2f} to {high:.2f}"
            cautions.append(
                f"{finding_label(output)}: learned from {learned} films and measured on {positives} ({interval}, "
                "itself rough with so few). Little can be said of how good it is."
            )
    return cautions


def _summary(performance: dict[str, Any], trained: int, outputs: tuple[str, ...], known: bool) -> str:
    test = performance["test"]
    says = f"{len(outputs)} outputs" if len(outputs) > 1 else finding_label(outputs[0])
    text = (
        f"A teaching model, not for diagnosis: trained on {trained} films for {says}. "
        f"Measured on {tested_on(test, known)}"
    )
    if test["mean_auroc"] is None:
        return f"{text}, too few for a mean AUROC."
    if test["mean_auroc_low"] is None:
        return f"{text}: mean AUROC {test['mean_auroc']:.2f}, too few for an interval."
    area, low, high = (f"{test[key]:.2f}" for key in ("mean_auroc", "mean_auroc_low", "mean_auroc_high"))
    return f"{text}: mean AUROC {area} (95 % interval {low} to {high})."


def _mean_film(film: np.ndarray) -> bytes:
    side = min(MEAN_FILM_SIDE, film.shape[0])
    grey = resize(film.astype(np.float32), side, side)
    stream = io.BytesIO()
    Image.fromarray(np.round(grey * 255).astype(np.uint8)).save(stream, "PNG", optimize=True)
    return stream.getvalue()
