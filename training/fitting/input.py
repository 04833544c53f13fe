"""Films on their way into training: changed at random and put in batches, in threads, while a network learns."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import numpy as np

from training.fitting.augment import Augmentation, augment
from training.fitting.canvases import Canvases
from xai.cards.model_card import InputSpec
from xai.machine import cores

Item = TypeVar("Item")
THREADS = max(2, cores())


def standardise(canvases: np.ndarray, spec: InputSpec) -> np.ndarray:
    """Bring canvases (films, size, size) into the model's units, (films, size, size, channels)."""
    films = ((canvases * spec.multiply - spec.mean[0]) / spec.std[0]).astype(np.float32)[..., None]
    return films if spec.channels == 1 else np.repeat(films, spec.channels, axis=-1)


def batches(
    canvases: Canvases | np.ndarray,
    targets: np.ndarray,
    rows: np.ndarray,
    size: int,
    changes: Augmentation,
    seed: np.random.SeedSequence,
    worker: int = 0,
    workers: int = 1,
) -> Iterator[Callable[[], tuple[np.ndarray, np.ndarray]]]:
    """Give the batches of films in these rows, each once in random order, as calls that make them.

    Every film has a seed of its own, so that a batch is the same whoever makes it, and when. The last films that do
    not fill a batch are left out this time: a small batch has poor batch statistics. Fewer films than one batch make
    one batch.

    Parameters
    ----------
    canvases : Canvases or float32 array (films, size, size)
    targets : float32 array (films, outputs)
    rows : int array
    size : int
        Films of a batch.
    changes : Augmentation
    seed : SeedSequence
        Of the order and of the changes.
    worker, workers : int
        A worker makes every ``workers``-th film of each batch, from film ``worker`` on.
    """
    shuffled, changed = seed.spawn(2)
    order = np.random.default_rng(shuffled).permutation(rows)

    def make(some: np.ndarray, seeds: list[np.random.SeedSequence]) -> tuple[np.ndarray, np.ndarray]:
        pairs = zip(canvases[some], seeds, strict=True)
        return np.stack([augment(film, changes, np.random.default_rng(one)) for film, one in pairs]), targets[some]

    for first in range(0, max(len(order) - size, 0) + 1, size):
        some = order[first : first + size]
        seeds = changed.spawn(len(some))
        yield partial(make, some[worker::workers], seeds[worker::workers])


def ahead(jobs: Iterable[Callable[[], Item]], threads: int = THREADS, depth: int = 2 * THREADS) -> Iterator[Item]:
    """Do the next jobs in threads while the result of one is used; the results keep the jobs' order.

    What goes wrong in a job is raised where its result would have come.
    """
    waiting: deque = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="ahead") as pool:
        try:
            for job in jobs:
                waiting.append(pool.submit(job))
                if len(waiting) > depth:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for job in waiting:
                job.cancel()
