"""Films on their way into training: read, fitted to the model's square, changed at random, put in batches."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import TypeVar

import numpy as np
import pandas as pd
from tqdm import tqdm

from training.augment import Augmentation, augment
from training.datasets.table import Dataset
from xai.film import FilmError, read_film
from xai.model_card import InputSpec
from xai.preprocess import prepare

Item = TypeVar("Item")


def load_canvases(dataset: Dataset, films: pd.DataFrame, spec: InputSpec) -> tuple[np.ndarray, dict[str, str]]:
    """Read films just as the app does, so that training and inference see the same pixels.

    All are held in memory: four bytes a pixel of the model's square.

    Returns
    -------
    canvases : float32 array (films, size, size)
        In [0, 1]; the canvas of a film that cannot be read is NaN.
    refused : dict of str to str
        Film -> why it cannot be read.
    """
    canvases = np.full((len(films), spec.size, spec.size), np.nan, np.float32)
    refused = {}
    rows = zip(films["film"], films["path"], strict=True)
    for row, (film, path) in enumerate(tqdm(rows, "Reading films", len(films), disable=None, leave=False)):
        try:
            canvases[row] = prepare(read_film(dataset.path(path)).pixels, spec)
        except FilmError as error:
            refused[film] = str(error)
    return canvases, refused


def standardise(canvases: np.ndarray, spec: InputSpec) -> np.ndarray:
    """Bring canvases (films, size, size) into the model's units, (films, size, size, 1)."""
    return ((canvases * spec.multiply - spec.mean[0]) / spec.std[0]).astype(np.float32)[..., None]


def batches(
    canvases: np.ndarray,
    targets: np.ndarray,
    rows: np.ndarray,
    size: int,
    changes: Augmentation,
    rng: np.random.Generator,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Go through the films in these rows once in random order, each changed at random.

    The last films that do not fill a batch are left out this time: a small batch has poor batch statistics. Fewer
    films than one batch make one batch.
    """
    order = rng.permutation(rows)
    for first in range(0, max(len(order) - size, 0) + 1, size):
        some = order[first : first + size]
        yield np.stack([augment(canvases[row], changes, rng) for row in some]), targets[some]


def ahead(items: Iterator[Item], depth: int = 4) -> Iterator[Item]:
    """Make the next items in a thread while one is used; their order, and so what is drawn, stays the same."""
    ready: queue.Queue = queue.Queue(depth)
    ended = object()

    def fill() -> None:
        try:
            for item in items:
                ready.put((item, None))
            ready.put((ended, None))
        except BaseException as error:  # raised again where the items are used
            ready.put((ended, error))

    threading.Thread(target=fill, daemon=True, name="ahead").start()
    while (taken := ready.get())[0] is not ended:
        yield taken[0]
    if taken[1] is not None:
        raise taken[1]
