"""What a method works on: one film under one classifier, asked with parts of it hidden."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from xai.budget import Budget, Cancelled
from xai.explainers.composing import Composer
from xai.explainers.known import Known
from xai.models.engine import BATCH_SIZE
from xai.models.engines.compiled import SINGLE

if TYPE_CHECKING:
    from xai.films.film import Film
    from xai.models.classifier import Classifier

Made = TypeVar("Made")

BATCH_SECONDS = 0.25
FEWEST = 8  # films of a batch: less than that keeps not all cores at work


class Task:
    """One film under one classifier: evaluates, counts, reports progress, and stops when asked to."""

    def __init__(
        self,
        classifier: Classifier,
        film: Film,
        outputs: list[int],
        budget: Budget,
        planned: int,
        seed: int,
        known: Known | None = None,
    ) -> None:
        self._start = time.perf_counter()
        self.classifier = classifier
        self.canvas = classifier.prepare(film)
        self.outputs = outputs
        self.seed = seed
        self.planned = planned
        self.engine = ""  # what ran the films that the map comes from
        self._busy = time.perf_counter() - self._start
        self._logits: np.ndarray | None = None
        self._waited = 0.0  # seconds for its turn
        self._film_seconds = 0.0  # of the last batch
        self._excused: float | None = None
        self._sent = known.films if known is not None else 0
        self._known = known
        self._budget = budget
        self._composer: Composer | None = None
        self._corrections = np.zeros((2, 1), np.float32)
        self._for_ends = 0
        self.evaluations = 0
        if known is not None:
            known.begin()

    def begin(self) -> None:
        """Begin another state of the map, from more films than the one before.

        The untouched film's answer is known by then, and so is what a lower precision is held to.
        """
        self.evaluations = 1 + self._for_ends
        if self._excused is None:
            self._excused = self._idle_seconds
        if self._known is not None:
            self._known.begin()

    @property
    def idle(self) -> float:
        """Share of the time so far in which no films were evaluated, but for what it took until the first state."""
        return (self._idle_seconds - (self._excused or 0.0)) / self._own_seconds

    @property
    def _idle_seconds(self) -> float:
        return self._own_seconds - self._busy

    @property
    def _own_seconds(self) -> float:
        return time.perf_counter() - self._start - self._waited

    @property
    def seconds(self) -> float:
        """Seconds of work so far, those before it was cancelled and went on included; without those for its turn."""
        before = 0.0 if self._known is None else self._known.seconds
        return before + self._own_seconds

    def once(self, name: Hashable, make: Callable[[], Made]) -> Made:
        """Give what is the same however many films are evaluated: made when it is first asked for."""
        if self._known is None:
            return make()
        start = time.perf_counter()
        made = self._known.once(name, make)
        self._busy += time.perf_counter() - start
        return made

    @property
    def logits(self) -> np.ndarray:
        """Logits (n_outputs,) of the untouched film."""
        # No cached property: before Python 3.12 all tasks would share its lock, and one may wait for its turn in here.
        if self._logits is None:
            self.check()
            self._logits = self.classifier.answer(self.canvas)
            self.count(1)
        return self._logits

    @logits.setter
    def logits(self, answer: np.ndarray) -> None:
        self._logits = answer

    def evaluate(self, canvases: np.ndarray) -> np.ndarray:
        """Logits (N, n_outputs) of canvases (N, H, W), in single precision, counted against the plan."""
        self.check()
        self.engine = self.classifier.engine
        logits = self.classifier.logits(canvases)
        self.count(len(canvases))
        return logits

    def evaluate_hidden(self, shown: np.ndarray, regions: np.ndarray, baseline: np.ndarray) -> np.ndarray:
        """Logits (N, n_outputs) of films that show some regions (N, regions) and elsewhere a baseline, in batches.

        In a lower precision than single the answers are shifted, the more of the film is shown the more by the error
        of the film itself, the less the more by that of the baseline: so these two have their single answers. Of a map
        that sharpens, films that an earlier state asked for are counted, and not evaluated again.
        """
        shown = shown.astype(bool)
        if self._composer is None or not self._composer.is_for(regions, baseline):
            self._composer = Composer(self.canvas, regions, baseline)
            self._corrections = self._ends(baseline)
        if self._known is None:
            return self._evaluate_hidden(shown)
        _ = self.logits  # counted before these
        asked = self.evaluations + len(shown)
        answers = self._known.answers(shown, regions, baseline, self._evaluate_hidden)
        self.evaluations, self.engine = asked, self.classifier.hiding.engine
        return answers

    def _evaluate_hidden(self, shown: np.ndarray) -> np.ndarray:
        assert self._composer is not None
        answers = np.empty((len(shown), self.logits.shape[0]), np.float32)
        start = 0
        while start < len(shown):
            batch = slice(start, start + self._films_at_once)
            answers[batch] = self._evaluate(self._composer.compose(shown[batch]))
            start = batch.stop
        if self._corrections.any():
            share = shown.mean(axis=1, keepdims=True)
            answers += ((1 - share) * self._corrections[0] + share * self._corrections[1]).astype(np.float32)
        return answers

    @property
    def _films_at_once(self) -> int:
        """Films of a batch: of a slow model fewer, so that others, and who cancels, need not wait for long."""
        quickly = int(BATCH_SECONDS / self._film_seconds) if self._film_seconds else FEWEST
        return max(FEWEST, min(BATCH_SIZE, quickly // FEWEST * FEWEST))

    def _evaluate(self, canvases: np.ndarray) -> np.ndarray:
        self.check()
        self.engine = self.classifier.hiding.engine
        start = time.perf_counter()
        logits = self.classifier.hidden_logits(canvases)
        took = time.perf_counter() - start
        self._busy += took
        self._film_seconds = took / len(canvases)
        self.count(len(canvases))
        return logits

    def _ends(self, baseline: np.ndarray) -> np.ndarray:
        """How much higher single precision answers to the baseline and the film, (2, n_outputs); 0 where it runs."""
        if self.classifier.hiding.precision == SINGLE:
            return np.zeros((2, 1), np.float32)
        film = self.logits
        before = self.evaluations
        exact = np.stack([self.classifier.answer(baseline), film])
        self.count(1)
        difference: np.ndarray = exact - self._evaluate(np.stack([baseline, self.canvas]))
        self._for_ends += self.evaluations - before
        return difference

    def count(self, evaluations: int) -> None:
        """Count evaluations that were made elsewhere."""
        self.evaluations += evaluations
        self._sent += evaluations
        self._budget.progress(min(1.0, self._sent / max(self.planned, 1)))

    def check(self) -> None:
        """Let others' work go first, where it is their turn; raise `Cancelled` if nobody waits any more."""
        start = time.perf_counter()
        is_cancelled = self._budget.cancelled()
        self._waited += time.perf_counter() - start
        if is_cancelled:
            raise Cancelled
