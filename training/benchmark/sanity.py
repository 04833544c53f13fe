"""The sanity strip: a film's maps while the model is made random layer by layer, beside two pictures that warn.

Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018. A map that stays as it was while the weights go shows
the film and not the model. The edges of the film, which no model has a part in, must be caught by such a check; the
plain gradient of the logit depends on the model and looks like the film all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from xai.budget import Budget, Cancelled
from xai.measures import edges, similarity
from xai.measures.sanity import LIMIT

if TYPE_CHECKING:
    from xai.explainers.explanation import Explainer
    from xai.films.film import Film
    from xai.models.classifier import Classifier

STAGES = 5
GRADIENT, EDGES = "gradient", "edges"  # what stands beside the method
SMOOTHED = 2.0  # pixels of a standard deviation: single pixels of a gradient are noise to the eye
FILMS = 32  # on which batch normalisation measures anew


@dataclass(frozen=True, eq=False)
class Strip:
    """One film's maps by models more and more random.

    Attributes
    ----------
    layers : tuple of int
        Layers at random, the trained model's 0 first.
    canvas : float32 array (H, W)
        The film as the model sees it.
    maps : dict of str to float32 array (stages, H, W)
        By the method's name, and `GRADIENT` and `EDGES`.
    """

    layers: tuple[int, ...]
    canvas: np.ndarray
    maps: dict[str, np.ndarray]

    def curve(self, name: str) -> np.ndarray | None:
        """Similarity to the trained model's map at each stage, (stages,), 1 at the first.

        0 where a changed model's map is empty, for it keeps nothing; None where the trained one's is, for then nothing
        can be said.
        """
        maps = self.maps[name]
        if is_empty(maps[0]):
            return None
        return np.array([1.0, *(similarity(maps[0], one) for one in maps[1:])])

    def empty(self, name: str) -> np.ndarray:
        """Say at which stages the map is the same everywhere, bool (stages,)."""
        return np.array([is_empty(one) for one in self.maps[name]])

    def passes(self, name: str, limit: float = LIMIT) -> bool | None:
        """Say whether the wholly random model's map is another one; None where that cannot be said."""
        curve = self.curve(name)
        return None if curve is None else bool(curve[-1] < limit)


def is_empty(values: np.ndarray) -> bool:
    """Say whether a map is the same everywhere, so that it marks nothing."""
    return bool(np.ptp(values) == 0)


def make_strip(
    classifier: Classifier,
    path: Path,
    film: Film,
    finding: str,
    explainers: Sequence[Explainer],
    canvases: np.ndarray,
    budget: Budget | None = None,
    stages: int = STAGES,
) -> Strip:
    """Explain a film by the trained model and by copies that are more and more random.

    Parameters
    ----------
    classifier : Classifier
        The trained model.
    path : Path
        Its file, from which the copies are read.
    film : Film
    finding : str
    explainers : sequence of Explainer
    canvases : ndarray of float32, shape (N, height, width)
        Films on which batch normalisation measures anew, as `xai.models.randomised.cascade` takes them.
    budget : Budget, optional
        Progress and cancel.
    stages : int

    Raises
    ------
    ModelError
        If the model is no Keras model, or a method cannot work with it.
    Cancelled
        If the budget was cancelled.
    """
    from xai.models.randomised import cascade

    budget = budget or Budget()
    canvas, edged = classifier.prepare(film), edges(classifier.prepare(film))
    layers: list[int] = []
    maps: dict[str, list[np.ndarray]] = {}

    def add(count: int, model: Classifier) -> None:
        made = {EDGES: edged, GRADIENT: _gradient(model, canvas, finding)}
        for number, explainer in enumerate(explainers):
            part = budget.part(len(layers) * len(explainers) + number, (stages + 1) * len(explainers))
            made[explainer.name] = explainer.explain(model, film, [finding], part)[0].map
        layers.append(count)
        for name, values in made.items():
            maps.setdefault(name, []).append(np.asarray(values, np.float32))

    add(0, classifier)
    for count, changed in cascade(path, canvases, stages, engine="tensorflow"):  # one that is soon thrown away
        if budget.cancelled():
            raise Cancelled
        add(count, changed)
    return Strip(tuple(layers), canvas, {name: np.stack(values) for name, values in maps.items()})


def _gradient(classifier: Classifier, canvas: np.ndarray, finding: str) -> np.ndarray:
    """Give the size of the plain gradient, a little smoothed."""
    size = np.abs(classifier.film_gradient(canvas, classifier.card.index(finding)))
    smooth: np.ndarray = ndimage.gaussian_filter(size, SMOOTHED)
    return smooth
