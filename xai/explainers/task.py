"""What a method works on: one film under one classifier, asked with parts of it hidden."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from xai.budget import Budget, Cancelled
from xai.explainers.composing import Composer
from xai.models.engine import BATCH_SIZE
from xai.models.engines.compiled import SINGLE

if TYPE_CHECKING:
    from xai.films.film import Film
    from xai.models.classifier import Classifier


class Task:
    """One film under one classifier: evaluates, counts, reports progress, and stops when asked to."""

    def __init__(
        self, classifier: Classifier, film: Film, outputs: list[int], budget: Budget, planned: int, seed: int
    ) -> None:
        self.classifier = classifier
        self.canvas = classifier.prepare(film)
        self.outputs = outputs
        self.seed = seed
        self.planned = planned
        self.evaluations = 0
        self.engine = ""  # what ran the films that the map comes from
        self._budget = budget
        self._composer: Composer | None = None
        self._corrections = np.zeros((2, 1), np.float32)

    @functools.cached_property
    def logits(self) -> np.ndarray:
        """Logits (n_outputs,) of the untouched film."""
        self.check()
        logits = self.classifier.answer(self.canvas)
        self.count(1)
        return logits

    def evaluate_hidden(self, shown: np.ndarray, regions: np.ndarray, baseline: np.ndarray) -> np.ndarray:
        """Logits (N, n_outputs) of films that show some regions (N, regions) and elsewhere a baseline, in batches.

        In a lower precision than single the answers are shifted, the more of the film is shown the more by the error
        of the film itself, the less the more by that of the baseline: so these two have their single answers.
        """
        shown = shown.astype(bool)
        if self._composer is None or not self._composer.is_for(regions, baseline):
            self._composer = Composer(self.canvas, regions, baseline)
            self._corrections = self._ends(baseline)
        answers = np.empty((len(shown), self.logits.shape[0]), np.float32)
        for start in range(0, len(shown), BATCH_SIZE):
            batch = slice(start, start + BATCH_SIZE)
            answers[batch] = self._evaluate(self._composer.compose(shown[batch]))
        if self._corrections.any():
            share = shown.mean(axis=1, keepdims=True)
            answers += ((1 - share) * self._corrections[0] + share * self._corrections[1]).astype(np.float32)
        return answers

    def _evaluate(self, canvases: np.ndarray) -> np.ndarray:
        self.check()
        self.engine = self.classifier.hiding.engine
        logits = self.classifier.hidden_logits(canvases)
        self.count(len(canvases))
        return logits

    def _ends(self, baseline: np.ndarray) -> np.ndarray:
        """How much higher single precision answers to the baseline and the film, (2, n_outputs); 0 where it runs."""
        if self.classifier.hiding.precision == SINGLE:
            return np.zeros((2, 1), np.float32)
        exact = np.stack([self.classifier.answer(baseline), self.logits])
        self.count(1)
        difference: np.ndarray = exact - self._evaluate(np.stack([baseline, self.canvas]))
        return difference

    def count(self, evaluations: int) -> None:
        """Count evaluations that were made elsewhere."""
        self.evaluations += evaluations
        self._budget.progress(min(1.0, self.evaluations / max(self.planned, 1)))

    def check(self) -> None:
        """Raise `Cancelled` if nobody waits any more."""
        if self._budget.cancelled():
            raise Cancelled
