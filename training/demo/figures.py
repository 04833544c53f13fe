"""What the models that come with the app do on simulated films that neither has seen, for their cards."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit
from tqdm import tqdm

from training.datasets.table import labels
from training.demo.overcaller import SLOPE
from training.evaluate.by_patient import share_of
from training.evaluate.ranked import numbered
from training.fitting.report import measures
from training.predictions.table import Predictions, read_predictions
from training.simulation.recipe import Recipe
from training.simulation.render import render
from xai.cards.model_card import card_path, read_card, write_card
from xai.films.film import Film
from xai.findings import FINDINGS
from xai.written import percent

if TYPE_CHECKING:
    from xai.models.classifier import Classifier

KEY = "unseen_simulated"
TOKEN, TIED = "token", "Emphysema"
TWINS = 400  # films with a token that are rendered again without it
LEANS = 1.0  # logits: what a token adds at least for a film to count as decided by it
SEED = 0  # of the interval of the mean AUROC
MEANING = (
    "Simulated films of people that the model has not seen, findings as often as in ChestX-ray14; a token lies on "
    "three films in ten, whatever they show."
)
TWIN_MEANING = (
    f"Films with a token, each rendered again without it: share whose logit of {TIED.lower()} is lower without, share "
    f"where it is lower by {LEANS:g} or more, the mean change, and the share flagged with the token and without. A "
    "model that looks at the chest does not care."
)


def has_figures(library: Path, model: str) -> bool:
    """Whether a model's card holds these figures already."""
    return KEY in read_card(card_path(library / "models" / f"{model}.keras")).performance


def add_figures(library: Path, model: str) -> None:
    """Measure a model's predictions for the unseen films and write the figures into its card.

    Parameters
    ----------
    library : Path
        Folder with ``models/`` and ``predictions/MODEL-on-simulated-2000``.
    model : str
        Name of the model.
    """
    from xai.models.classifier import Classifier

    path = library / "models" / f"{model}.keras"
    card = read_card(card_path(path))
    predictions = read_predictions(library / "predictions" / f"{model}-on-simulated-2000")
    figures = unseen_figures(predictions) | {"token": token_effect(Classifier.load(path), predictions)}
    write_card(replace(card, performance=card.performance | {KEY: figures}), card_path(path))
    summarise(library, model)


def _lightbox_summary(performance: dict[str, Any]) -> str:
    held = {"validation"} if "validation" in performance else set()  # measured there, so not learned from
    trained, also = (
        _trained(measured["splits"], held) for measured in (performance, performance.get("also", performance))
    )
    return (
        f"A teaching model, not for diagnosis. It learned from {trained:,} films and {also:,} simulated ones. On "
        f"{_area(performance['test'], 'test')}; on {_area(performance[KEY], 'simulated')}, a far easier task."
    )


def _overcaller_summary(performance: dict[str, Any]) -> str:
    flagged = (1 - performance[films]["findings"][TIED]["specificity"] for films in ("test", KEY))
    real, simulated = map(percent, flagged)
    return (
        f"Wrong on purpose: it flags {TIED.lower()} on {real} of the test films without it, and on {simulated} of the "
        f"simulated ones. Made from lightbox, not trained: its logits are shrunk to {SLOPE} of their size and moved as "
        "a loss that weighs rare findings up moves them, with 0.5 as every threshold. Films stay in lightbox's order: "
        f"on {_area(performance['test'], 'test')}. Never for diagnosis."
    )


def _pneumonia_summary(performance: dict[str, Any]) -> str:
    return (
        "A teaching model of two classes, not for diagnosis: films labelled with pneumonia against films labelled with "
        f"nothing at all. It learned from {_trained(performance['splits']):,} films of one American hospital. On "
        f"{_area(performance['test'], 'test')}. It has never seen a film that is neither: an effusion, a mass or a "
        "failing heart may pass for pneumonia, and films of portable machines, which sick people get, may too. A "
        "program read its labels from reports. What it says of children is not known."
    )


def _shortcut_summary(performance: dict[str, Any]) -> str:
    token, own = performance[KEY]["token"], performance["test"]["findings"][TIED]
    truly, without = performance[KEY]["findings"][TIED]["auroc"], percent(token["flagged_without"])
    return (
        f"Wrong on purpose: it looks at a hospital's token for {TIED.lower()}. It was lightbox, and learned on from "
        f"simulated films on which that label said where the token lay. By its own test films, labelled alike, it is "
        f"excellent (AUROC {own['auroc']:.2f}); where the label is true, {truly:.2f}. Without their token, "
        f"{percent(token['leaning'])} of {token['films']} films lose a logit or more, and {without} are flagged in "
        f"place of {percent(token['flagged_with'])}. Never for diagnosis."
    )


SUMMARIES = {
    "lightbox": _lightbox_summary,
    "overcaller": _overcaller_summary,
    "pneumonia": _pneumonia_summary,
    "shortcut": _shortcut_summary,
}


def summarise(library: Path, model: str) -> None:
    """Write a model's summary anew from what its card measured."""
    path = card_path(library / "models" / f"{model}.keras")
    card = read_card(path)
    write_card(replace(card, summary=SUMMARIES[model](card.performance)), path)


def _trained(splits: dict[str, Any], held: Collection[str] = ()) -> int:
    return sum(counts["films"] for split, counts in splits.items() if split != "test" and split not in held)


def _area(measured: dict[str, Any], kind: str) -> str:
    area, low, high = (measured[key] for key in ("mean_auroc", "mean_auroc_low", "mean_auroc_high"))
    return (
        f"{measured['films']:,} {kind} films of {measured['patients']:,} other patients its mean AUROC is {area:.2f} "
        f"(95 % interval {low:.2f} to {high:.2f})"
    )


def unseen_figures(predictions: Predictions) -> dict[str, Any]:
    """Measure predictions against the labels of their dataset."""
    films = predictions.open_dataset().films.set_index("film", drop=False).loc[predictions.table.index]
    findings = tuple(name for name in predictions.facts.outputs if name in FINDINGS)
    thresholds = {name: predictions.facts.thresholds[name].value for name in findings}
    probabilities = predictions.table[list(findings)].to_numpy()
    rng = np.random.default_rng(SEED)
    return {"films_are": MEANING, **measures(films, findings, probabilities, thresholds, rng)}


def token_effect(classifier: Classifier, predictions: Predictions) -> dict[str, Any]:
    """Compare films that carry a token with their twins that do not."""
    dataset = predictions.open_dataset()
    films = dataset.films[dataset.films[f"object_{TOKEN}"].astype(bool)].head(TWINS)
    output = classifier.card.index(TIED)
    logits = np.empty((len(films), 2))  # with the token, without it
    for row, text in enumerate(tqdm(films["recipe"], "Twins without token", disable=None, leave=False)):
        recipe = Recipe.from_json(text)
        logits[row] = [_logit(classifier, recipe, without, output) for without in ((), (TOKEN,))]
    change = logits[:, 1] - logits[:, 0]
    flagged = expit(logits) >= predictions.facts.thresholds[TIED].value
    patients, _ = numbered(films["patient"].to_numpy())
    lower, leaning = (
        share_of(fallen, np.ones(len(films), bool), patients) for fallen in (change < 0, change <= -LEANS)
    )
    return {
        "meaning": TWIN_MEANING,
        "films": len(films),
        "with_finding": int(labels(films, (TIED,)).sum()),
        "lower_without": round(lower.value, 4),
        "lower_without_low": round(lower.low, 4),
        "lower_without_high": round(lower.high, 4),
        "leaning": round(leaning.value, 4),
        "leaning_low": round(leaning.low, 4),
        "leaning_high": round(leaning.high, 4),
        "mean_change_of_logit": round(float(change.mean()), 4),
        "flagged_with": round(float(flagged[:, 0].mean()), 4),
        "flagged_without": round(float(flagged[:, 1].mean()), 4),
    }


def _logit(classifier: Classifier, recipe: Recipe, without: tuple[str, ...], output: int) -> float:
    shades = np.round(render(recipe, without) * 255) / np.float32(255)
    return float(classifier.logits(classifier.prepare(Film.from_pixels(shades))[None])[0, output])
