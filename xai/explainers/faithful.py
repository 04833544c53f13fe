"""How much a model's answers about one film hang on what its maps mark, beside maps drawn at random."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from xai.budget import Budget, Cancelled
from xai.explainers.baselines import baseline_canvas
from xai.explainers.halving import cell_index
from xai.measures.trust import Gain, draws, gains

if TYPE_CHECKING:
    from xai.models.classifier import Classifier

SQUARES = 8  # a side, whose mean shade stands where a model's card has no mean film


def trust_baselines(classifier: Classifier, canvas: np.ndarray) -> dict[str, np.ndarray]:
    """Give two pictures that hidden parts are replaced by: each favours maps that were made with it.

    Parameters
    ----------
    classifier : Classifier
    canvas : float32 array (H, W)
        The film as the model sees it.

    Returns
    -------
    dict of str to float32 array (H, W)
    """
    second = "dataset mean" if classifier.mean_film is not None else "region mean"
    squares = cell_index(canvas.shape, SQUARES)
    return {name: baseline_canvas(name, classifier, canvas, squares) for name in ("blurred film", second)}


class Faithfulness:
    """Measures maps of one film; the maps drawn at random are asked about once.

    Parameters
    ----------
    classifier : Classifier
    canvas : float32 array (H, W)
        The film as the model sees it.
    budget : Budget, optional
        Whether to stop.
    """

    def __init__(self, classifier: Classifier, canvas: np.ndarray, budget: Budget | None = None) -> None:
        self._classifier, self._canvas, self._budget = classifier, canvas, budget or Budget()
        self._baselines = trust_baselines(classifier, canvas)

    def of(self, values: np.ndarray, output: int) -> tuple[Gain, ...]:
        """Give a map's gain for one output with each baseline; raises `Cancelled` if the budget was cancelled."""
        own = self._gains(values)
        return tuple(
            Gain(name, float(own[k, output]), tuple(map(float, self._drawn[:, k, output])))
            for k, name in enumerate(self._baselines)
        )

    @functools.cached_property
    def _drawn(self) -> np.ndarray:
        """Gains of maps drawn at random, (draws, baselines, outputs)."""
        return np.stack([self._gains(one) for one in draws(self._canvas.shape)])

    def _gains(self, values: np.ndarray) -> np.ndarray:
        return np.stack([gains(values, self._canvas, self._answer, at) for at in self._baselines.values()])

    def _answer(self, canvases: np.ndarray) -> np.ndarray:
        if self._budget.cancelled():
            raise Cancelled
        answered: np.ndarray = self._classifier.logits(canvases)
        return answered
