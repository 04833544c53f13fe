"""From rows of a dataset's table to canvases: films are read from disk, or rendered from their recipe."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from training.datasets.table import FACTS_FILE, Dataset
from training.predictions.table import PredictionsError
from xai.cards.model_card import InputSpec
from xai.films.film import FilmError
from xai.films.reading import read_film
from xai.machine import cores, process_pool
from xai.models.preprocess import prepare

PROCESSES_FROM = 100  # films to render; below this, starting processes takes longer than it saves
BATCHES_IN_STORE = 2  # read and waiting for the model, beside those being read


@dataclass(frozen=True)
class Source:
    """Where one film comes from.

    Attributes
    ----------
    film : str
        Its id.
    path : str
        Its file, relative to the dataset's root.
    recipe : str or None
        Of a simulated film without a file: it is rendered.
    """

    film: str
    path: str
    recipe: str | None = None


@dataclass(frozen=True, eq=False)
class Batch:
    """Films as they go through a model together.

    Attributes
    ----------
    films : tuple of str
        Those that could be read.
    canvases : float32 array (films, height, width)
    left_out : dict of str to str
        The others, and why.
    """

    films: tuple[str, ...]
    canvases: np.ndarray
    left_out: dict[str, str]

    def __len__(self) -> int:
        return len(self.films) + len(self.left_out)


@dataclass(frozen=True)
class Reader:
    """How the films of one dataset become canvases of one model. Small: it travels to other processes.

    Attributes
    ----------
    root : Path
        Resolved folder that all films lie in.
    spec : InputSpec
        What the model takes.
    rendered_size : int or None
        Side in pixels of films made from recipes; None takes the simulation's own.
    """

    root: Path
    spec: InputSpec
    rendered_size: int | None

    @classmethod
    def of(cls, dataset: Dataset, spec: InputSpec) -> Reader:
        """Make the reader of a dataset for a model."""
        plan = json.loads((dataset.folder / FACTS_FILE).read_text(encoding="utf-8")).get("plan", {})
        size = plan.get("size") if isinstance(plan, dict) else plan
        if size is not None and not isinstance(size, int):
            raise PredictionsError(f"The plan in {FACTS_FILE} of {dataset.folder} has no size that is a whole number.")
        return cls(dataset.path("").resolve(), spec, size)

    def read(self, sources: Sequence[Source]) -> Batch:
        """Read or render films; those that cannot be are left out with the reason."""
        canvases, left_out = {}, {}
        for source in sources:
            try:
                pixels = self._rendered(source.recipe) if source.recipe is not None else self._from_disk(source)
                canvases[source.film] = prepare(pixels, self.spec)
            except (ValueError, OSError) as error:
                left_out[source.film] = str(error)
        stacked = np.stack(list(canvases.values())) if canvases else np.empty((0, *self.spec.shape), np.float32)
        return Batch(tuple(canvases), stacked, left_out)

    def _from_disk(self, source: Source) -> np.ndarray:
        path = (self.root / source.path).resolve()
        if not path.is_relative_to(self.root):
            raise FilmError(f"The film {source.film} lies outside its dataset, so it is not opened.")
        return read_film(path).pixels

    def _rendered(self, recipe: str) -> np.ndarray:
        """Render a film in the 256 shades that its file would have."""
        from training.simulation.recipe import Recipe
        from training.simulation.render import SIZE, render

        shades = render(Recipe.from_json(recipe), size=self.rendered_size or SIZE)
        return np.round(shades * 255) / np.float32(255)


def choose(films: pd.DataFrame, split: str | None = None, ids: Iterable[str] | None = None) -> pd.DataFrame:
    """Give the rows of a split, or of the films named, or of both, in the order of the table.

    Raises
    ------
    PredictionsError
        If no film is left, or one that is named does not exist.
    """
    if ids is not None:
        wanted = set(ids)
        unknown = sorted(wanted - set(films["film"]))
        if unknown:
            raise PredictionsError(f"The dataset has no film “{unknown[0]}”.")
        films = films[films["film"].isin(wanted)]
    if split is not None:
        films = films[films["split"] == split]
    if films.empty:
        raise PredictionsError(f"The dataset has no film {f'in the split {split}' if split else 'to predict'}.")
    return films


def sources_of(films: pd.DataFrame) -> list[Source]:
    """Give the films that are on disk or can be rendered, in the order of the table."""
    on_disk = films["on_disk"].to_numpy(bool)
    recipes = films["recipe"] if "recipe" in films else pd.Series(None, films.index, dtype=object)
    rendered = ~on_disk & recipes.notna().to_numpy()
    kept = on_disk | rendered
    rows = zip(films["film"][kept], films["path"][kept], recipes[kept], rendered[kept], strict=True)
    return [Source(film, path, recipe if render else None) for film, path, recipe, render in rows]


def read_ahead(
    reader: Reader, batches: Sequence[Sequence[Source]], workers: int | None = None, processes: bool = True
) -> Generator[Batch, None, None]:
    """Read batches in order, some of them ahead of being asked for.

    Decoding gives up Python's lock, so threads read files while the model runs. Rendering does not, so many
    recipes are spread over processes.

    Parameters
    ----------
    reader : Reader
    batches : sequence of sequences of Source
    workers : int, optional
        Threads or processes; by default one a core.
    processes : bool
        False where processes cannot be started, as in a worker of a cluster.
    """
    workers = workers or cores()
    rendered = sum(source.recipe is not None for batch in batches for source in batch)
    with _executor(workers, processes and workers > 1 and rendered >= PROCESSES_FROM) as executor:
        waiting: deque = deque()
        try:
            for sources in batches:
                waiting.append(executor.submit(reader.read, sources))
                if len(waiting) >= workers + BATCHES_IN_STORE:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise PredictionsError("A process that renders films was ended from outside; run it again.") from error
        finally:
            executor.shutdown(wait=False, cancel_futures=True)


def _executor(workers: int, processes: bool) -> Executor:
    if not processes:
        return ThreadPoolExecutor(workers, thread_name_prefix="films")
    return process_pool(workers, cv2.setNumThreads, 1)
