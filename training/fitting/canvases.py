"""Films fitted to the model's square: in memory while they fit, else one byte a pixel on disk."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from training.datasets.table import Dataset
from xai.cards.model_card import InputSpec
from xai.files import write_file
from xai.films.film import FilmError
from xai.films.reading import read_film
from xai.models.preprocess import prepare

CHUNK = 256  # films


@dataclass(frozen=True, eq=False)
class Canvases:
    """Films by row, wherever they lie.

    Attributes
    ----------
    stores : tuple of arrays (films, size, size)
        float32 in [0, 1], or uint8 on disk.
    places : int array (films, 2)
        Store and row there of each film.
    """

    stores: tuple[np.ndarray, ...]
    places: np.ndarray

    @classmethod
    def of(cls, *stores: np.ndarray, keep: tuple[np.ndarray, ...] = ()) -> Canvases:
        """Line up stores one after the other; ``keep`` gives the rows of each that are wanted."""
        keep = keep or tuple(np.arange(len(store)) for store in stores)
        places = [np.column_stack([np.full(len(rows), k), rows]) for k, rows in enumerate(keep)]
        return cls(stores, np.concatenate([np.empty((0, 2), np.int64), *places]))

    def __len__(self) -> int:
        return len(self.places)

    def __add__(self, other: Canvases) -> Canvases:
        moved = other.places + np.array([len(self.stores), 0])
        return Canvases(self.stores + other.stores, np.concatenate([self.places, moved]))

    def __getitem__(self, rows: np.ndarray | slice) -> np.ndarray:
        """Give films as float32 (films, size, size) in [0, 1]."""
        places = self.places[rows]
        if not len(places):
            side = self.stores[0].shape[1] if self.stores else 0
            return np.empty((0, side, side), np.float32)
        return np.stack([_as_float(self.stores[store][row]) for store, row in places])

    def view(self, rows: np.ndarray | slice) -> Canvases:
        """Give some of the films without reading them."""
        return Canvases(self.stores, self.places[rows])

    def chunks(self, rows: np.ndarray) -> Iterator[np.ndarray]:
        """Go through the films in these rows, some at a time."""
        for first in range(0, len(rows), CHUNK):
            yield self[rows[first : first + CHUNK]]

    @property
    def memory(self) -> float:
        """GiB of memory that the films take."""
        return sum(store.nbytes for store in self.stores if not isinstance(store, np.memmap)) / 2**30

    @property
    def sha256(self) -> str:
        """Of every pixel, in order."""
        digest = hashlib.sha256()
        for films in self.chunks(np.arange(len(self))):
            digest.update(films.tobytes())
        return digest.hexdigest()


def shades(canvases: Canvases, rows: np.ndarray) -> tuple[float, float, np.ndarray]:
    """Give the mean and standard deviation of all pixels of these films, and their mean film (size, size)."""
    films = sum(chunk.sum(axis=0, dtype=np.float64) for chunk in canvases.chunks(rows)) / len(rows)
    mean = float(films.mean())
    square = sum(float(np.square(chunk - mean, dtype=np.float64).sum()) for chunk in canvases.chunks(rows))
    return mean, float(np.sqrt(square / (len(rows) * films.size))), films


def read_canvases(
    dataset: Dataset, films: pd.DataFrame, spec: InputSpec, cache: Path | None = None
) -> tuple[np.ndarray, dict[str, str]]:
    """Read films just as the app does, so that training and inference see the same pixels; decoded in threads.

    Parameters
    ----------
    dataset : Dataset
    films : DataFrame
        Its rows to read.
    spec : InputSpec
    cache : Path, optional
        Folder to keep them in, one byte a pixel, to be found there by the next run; in memory without it, four bytes
        a pixel.

    Returns
    -------
    canvases : array (films, size, size)
        float32 in [0, 1], or uint8. What stands for a film that cannot be read means nothing.
    refused : dict of str to str
        Film -> why it cannot be read.

    Raises
    ------
    OSError
        If there is no room for the cache.
    """
    paths = [dataset.path(path) for path in films["path"]]
    shape = (len(films), *spec.shape)
    if cache is None:
        store = np.full(shape, np.nan, np.float32)
        return store, _decode(films["film"], paths, spec, store)
    file = cache / f"films-{_key(films['film'], paths, spec)}.u8"
    done = file.with_suffix(".json")
    cache.mkdir(parents=True, exist_ok=True)
    if done.is_file():
        return np.memmap(file, np.uint8, "r", shape=shape), json.loads(done.read_text(encoding="utf-8"))
    _reserve(file, int(np.prod(shape)))
    mapped = np.memmap(file, np.uint8, "r+", shape=shape)
    refused = _decode(films["film"], paths, spec, mapped)
    mapped.flush()
    write_file(done, json.dumps(refused))
    return mapped, refused


def _decode(films: pd.Series, paths: list[Path], spec: InputSpec, store: np.ndarray) -> dict[str, str]:
    """Read every film into its row; several at a time, since decoding leaves Python to others."""

    def read(row: int) -> str | None:
        try:
            canvas = prepare(read_film(paths[row]).pixels, spec)
        except FilmError as error:
            return str(error)
        store[row] = np.round(canvas * 255) if store.dtype == np.uint8 else canvas
        return None

    with ThreadPoolExecutor() as pool:
        reasons = list(tqdm(pool.map(read, range(len(paths))), "Reading films", len(paths), disable=None, leave=False))
    return {film: reason for film, reason in zip(films, reasons, strict=True) if reason is not None}


def _reserve(file: Path, size: int) -> None:
    """Take all of a file's room at once: a disk that fills up under a mapped file ends the program on the spot."""
    try:
        with file.open("wb") as stream:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(stream.fileno(), 0, size)
            else:
                stream.truncate(size)
    except OSError:
        file.unlink(missing_ok=True)
        raise


def _as_float(film: np.ndarray) -> np.ndarray:
    return film.astype(np.float32) / np.float32(255) if film.dtype == np.uint8 else film


def _key(films: pd.Series, paths: list[Path], spec: InputSpec) -> str:
    """Name a cache by the films, how long and how old their files are, and what is made of them."""
    digest = hashlib.sha256(repr((spec.size, spec.fit, spec.resample)).encode())
    for film, path in zip(films, paths, strict=True):
        about = path.stat()
        digest.update(f"{film}\0{about.st_size}\0{about.st_mtime_ns}\0".encode())
    return digest.hexdigest()[:16]
