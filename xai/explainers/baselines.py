"""What a hidden part of a film is replaced by.

Black is air on a film: hiding a region with it can fake a pneumothorax or an emphysema, and the map then shows
what the fake did. None of these baselines is neutral either; a map says which one it used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter

from xai.explainers.regions import region_means
from xai.models.loading import ModelError

if TYPE_CHECKING:
    from xai.cards.model_card import ModelCard
    from xai.models.classifier import Classifier

BLURRED, DATASET_MEAN = "blurred film", "dataset mean"
BASELINES = {
    BLURRED: "the same film, blurred until only its broad shades are left",
    "region mean": "each region's own mean shade",
    DATASET_MEAN: "the mean of the films that the model was trained on",
}
AUTOMATIC = "automatic"  # the dataset mean where the model's card has a mean film, else the blurred film
BASELINE_CHOICES = (AUTOMATIC, *BASELINES)
ABOUT_AUTOMATIC = (
    "“automatic” is the dataset mean where the model's card has a mean film, and else the blurred film "
    "(docs/trust.md has what was measured of both)."
)
BLUR = 1 / 10  # standard deviation of the blur, as a share of each side


def settled(name: str, card: ModelCard) -> str:
    """Give the baseline that a name stands for with a model: itself, or what `AUTOMATIC` comes to."""
    if name != AUTOMATIC:
        return name
    return DATASET_MEAN if card.mean_film else BLURRED


def baseline_canvas(name: str, classifier: Classifier, canvas: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Give the picture that shows through where a film is hidden.

    Parameters
    ----------
    name : str
        One of `BASELINE_CHOICES`.
    classifier : Classifier
        Its card holds the dataset mean.
    canvas : ndarray of float32, shape (H, W)
        The film in the model's geometry.
    regions : ndarray of int, shape (H, W)
        Regions for the baseline ``region mean``.

    Returns
    -------
    ndarray of float32, shape (H, W)

    Raises
    ------
    ValueError
        If there is no baseline of that name.
    ModelError
        If the card holds no mean film.
    """
    name = settled(name, classifier.card)
    if name == BLURRED:
        blurred: np.ndarray = gaussian_filter(canvas, [BLUR * side for side in canvas.shape], mode="nearest")
        return blurred
    if name == "region mean":
        means: np.ndarray = region_means(canvas, regions)[regions]
        return means
    if name == DATASET_MEAN:
        if classifier.mean_film is None:
            raise ModelError(
                f"The card of {classifier.card.name} holds no mean_film, so the baseline “dataset mean” is not to "
                "be had: choose another one."
            )
        return classifier.mean_film
    raise ValueError(f"no baseline “{name}”: choose one of {', '.join(BASELINE_CHOICES)}")
