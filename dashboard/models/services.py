"""What all visitors of the Models page share: downloads, imports and looks into models, with progress and cancel.

They belong to the library, not to a visitor: whoever comes sees them, and they go on when a page is closed.
"""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dashboard.models.incoming import Incoming, downloads
from dashboard.server.bounded import Bounded
from dashboard.server.jobs import Job, Jobs
from dashboard.server.library import Library
from dashboard.server.roles import Action, only, require
from dashboard.server.turnstile import Turnstile
from training.weights.fetch_command import fetch
from training.weights.registry import Entry
from xai.budget import Budget, Cancelled
from xai.written import with_unit

OWNER = "library"
IMPORT_STEPS = {"reading the checkpoint": 0.1, "building the network": 0.3, "writing the model": 0.8}
LAYER_BYTES = 2**22
ROW_BYTES = 200


@dataclass(frozen=True)
class Layer:
    """One layer of a model."""

    name: str
    kind: str
    shape: str
    parameters: int


@dataclass(eq=False)
class TrackedJob:
    """A job that all visitors see, with a title and what it is doing just now.

    Attributes
    ----------
    key, title : str
    job : Job
    step : str
        What is going on just now, in words.
    number : int
        Of this attempt: the same thing may be begun again.
    """

    key: str
    title: str
    step: str = ""
    number: int = field(default_factory=itertools.count().__next__)
    job: Job = field(init=False)  # asked for with the work in hand


class ModelServices:
    """Starts, watches and stops long work on models.

    Parameters
    ----------
    library : Library
    """

    def __init__(self, library: Library) -> None:
        self.library = library
        self.jobs = Jobs(math.inf, Turnstile(width=2))  # a download beside an import: both are slow by themselves
        self._tracked: dict[str, TrackedJob] = {}
        self._layers: Bounded[tuple[Layer, ...]] = Bounded(LAYER_BYTES, lambda layers: ROW_BYTES * len(layers))
        self._lock = threading.Lock()

    @only(Action.FETCH_WEIGHTS)
    def fetch(self, entry: Entry) -> TrackedJob:
        """Download published files into the library's ``downloads/``; what is there already is not fetched again."""

        def work(budget: Budget, tracked: TrackedJob) -> str:
            numbers = itertools.count()

            def on_file(name: str) -> Callable[[int, int | None], None]:
                number = next(numbers)

                def told(done: int, total: int | None) -> None:
                    stop_if(budget)
                    part = 0.0 if not total else done / total
                    tracked.step = f"{name}, {megabytes(done)}" + (f" of {megabytes(total)}" if total else " so far")
                    budget.progress((number + part) / len(entry.files))

                return told

            fetch(entry, downloads(self.library), None, on_file)
            return entry.name

        return self._start(f"fetch {entry.name}", f"Fetching {entry.name}", work, slow=True)

    @only(Action.IMPORT_MODELS)
    def bring(
        self, one: Incoming, layout: str, out: Path, outputs: tuple[str, ...] | None, source: str | None
    ) -> TrackedJob:
        """Make a model of a checkpoint."""

        def work(budget: Budget, tracked: TrackedJob) -> tuple[str, tuple[str, ...]]:
            from dashboard.server.services import keep_keras_state
            from training.weights.importing import import_weights

            keep_keras_state()

            def on_step(step: str) -> None:
                stop_if(budget)
                budget.progress(IMPORT_STEPS.get(step, 0.5))
                self._tell(tracked, step)

            made = import_weights(one.path, layout, out, outputs, source, on_step)
            return made.path.stem, made.notes

        return self._start(f"import {out.stem}", f"Importing {one.path.name}", work, slow=False)

    def look(self, name: str, path: Path) -> TrackedJob:
        """Read the layers of a model."""

        def work(budget: Budget, tracked: TrackedJob) -> None:
            from dashboard.server.services import keep_keras_state
            from xai.models.loading import load_model

            self._tell(tracked, "loading TensorFlow and the model, some seconds the first time")
            keep_keras_state()
            self._layers.put(layers_key(path), tuple(list_layers(load_model(path))))

        return self._start(layers_key(path), f"Reading the layers of {name}", work, slow=False)

    def layers(self, path: Path) -> tuple[Layer, ...] | None:
        """Give the layers of a model, if they were read since its file was written."""
        return self._layers.get(layers_key(path))

    def tracked_jobs(self) -> list[TrackedJob]:
        """Give what is going on, or has ended and was not dismissed."""
        with self._lock:
            return list(self._tracked.values())

    def known(self, tracked: TrackedJob) -> Job | None:
        """Give its job; None once somebody has stopped it."""
        return tracked.job if self.jobs.find(tracked.key) is tracked.job else None

    def tracked(self, key: str) -> TrackedJob | None:
        """Give one of them."""
        with self._lock:
            return self._tracked.get(key)

    def stop(self, key: str) -> None:
        """Stop work, or forget that it has ended; parts of a download stay and are gone on from."""
        if not is_look(key):
            require(Action.STOP_WORK)
        with self._lock:
            self._tracked.pop(key, None)
            self.jobs.keep_only(OWNER, list(self._tracked))

    def _tell(self, tracked: TrackedJob, step: str) -> None:
        """Tell at once what is going on: the next word on progress may be long in coming."""
        tracked.step = step
        if (job := self.jobs.find(tracked.key)) is not None:
            job.tell()

    def _start(self, key: str, title: str, work: Callable[[Budget, TrackedJob], Any], *, slow: bool) -> TrackedJob:
        with self._lock:
            tracked = self._tracked.get(key)
            if tracked is not None and not tracked.job.ended:
                return tracked
            self.jobs.drop(key)
            tracked = self._tracked[key] = TrackedJob(key, title)
            tracked.job = self.jobs.ask(OWNER, key, lambda budget: work(budget, tracked), slow=slow)
            return tracked


def stop_if(budget: Budget) -> None:
    """End work that nobody waits for any more."""
    if budget.cancelled():
        raise Cancelled


def list_layers(model: Any, home: str = "") -> Iterator[Layer]:
    """Give the layers of a Keras model, those of models inside it too."""
    for layer in model.layers:
        name = f"{home}{layer.name}"
        if getattr(layer, "layers", None):
            yield from list_layers(layer, f"{name}/")
            continue
        shape = getattr(getattr(layer, "output", None), "shape", None)
        written = " × ".join("any" if side is None else str(side) for side in shape[1:]) if shape else ""
        yield Layer(name, type(layer).__name__, written, int(layer.count_params()))


def is_look(key: str) -> bool:
    """Whether work is a look into a model, which changes nothing."""
    return key.startswith("layers ")


def layers_key(path: Path) -> str:
    """Name the layers of a model by its file and when that was written."""
    facts = path.stat()
    return f"layers {path} {facts.st_mtime_ns} {facts.st_size}"


def megabytes(count: int) -> str:
    """Write a number of bytes."""
    return with_unit(f"{count / 1e6:,.1f}", "MB") if count >= 1e5 else with_unit(f"{count / 1e3:,.1f}", "kB")
