"""Usual ways in which films are prepared for a model, and how far its answer to one film depends on them.

A model file does not say how its films were made, and a wrong guess moves probabilities without a word. Where nobody
knows the recipe, the spread of the answers over the usual ones is what can be said.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xai.cards.input_spec import SCALINGS, Contrast, InputSpec

if TYPE_CHECKING:
    from xai.films.film import Film
    from xai.models.classifier import Classifier

AS_THE_CARD_SAYS = "as the card says"
SCALED_BY: dict[str, dict[str, Any]] = {
    "Keras load_img, ImageDataGenerator: nearest": {"resample": "nearest", "bits": 8},
    "Keras image_dataset_from_directory, Resizing: bilinear": {"resample": "bilinear"},
    "Pillow, torchvision: antialiased bilinear": {"resample": "antialiased", "bits": 8},
    "Pillow: bicubic": {"resample": "bicubic", "bits": 8},
    "Pillow: Lanczos": {"resample": "lanczos", "bits": 8},
    "OpenCV: linear": {"resample": "opencv-linear", "bits": 8},
    "OpenCV: area": {"resample": "opencv-area", "bits": 8},
}
FITTED: dict[str, dict[str, Any]] = {
    "stretched": {"fit": "stretch"},
    "middle cut out": {"fit": "crop-first"},
    "padded with air": {"fit": "pad"},
}
CONTRAST: dict[str, dict[str, Any]] = {
    "as the film has it": {"contrast": None},
    "stretched": {"contrast": Contrast("stretch")},
    "equalised": {"contrast": Contrast("equalise")},
    "CLAHE": {"contrast": Contrast("clahe")},
}
PLAIN: dict[str, Any] = {"multiply": 1.0, "mean": (0.0,), "std": (1.0,), "standardise": False}


@dataclass(frozen=True)
class Recipe:
    """One way to prepare a film.

    Attributes
    ----------
    step : str
        What differs from the card: ``size``, ``fit``, ``contrast`` or ``shades``; empty for the card's own way.
    name : str
    spec : InputSpec
    """

    step: str
    name: str
    spec: InputSpec


def usual_recipes(spec: InputSpec) -> list[Recipe]:
    """Give a card's own recipe, and the usual ones that differ from it in one step.

    Examples
    --------
    >>> [recipe.name for recipe in usual_recipes(InputSpec(64, 1)) if recipe.step == "fit"]
    ['middle cut out', 'padded with air']
    """
    shades = {name: PLAIN | fields for name, fields in SCALINGS.items()}
    recipes, seen = [Recipe("", AS_THE_CARD_SAYS, spec)], {spec}
    for step, ways in (("size", SCALED_BY), ("fit", FITTED), ("contrast", CONTRAST), ("shades", shades)):
        for name, fields in ways.items():
            if len(fields.get("mean", (0,))) > spec.channels:
                continue
            changes = fields | {"short_side": None} if step == "fit" else fields
            changed = dataclasses.replace(spec, **changes)
            if changed not in seen:
                seen.add(changed)
                recipes.append(Recipe(step, name, changed))
    return recipes


def under_recipes(classifier: Classifier, film: Film, recipes: list[Recipe]) -> np.ndarray:
    """Give a model's probabilities for one film prepared in several ways.

    Parameters
    ----------
    classifier : Classifier
    film : Film
    recipes : list of Recipe
        Of `usual_recipes`.

    Returns
    -------
    ndarray of float, shape (recipes, outputs)
        NaN where the model's answer is no finite number.
    """
    logits = classifier.logits_under([recipe.spec for recipe in recipes], film)
    probabilities = classifier.card.probabilities(logits)
    probabilities[~np.isfinite(logits).all(axis=1)] = np.nan
    return probabilities
