"""Films in memory, in as few bytes as give them back exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dashboard.server.bounded import Bounded
from xai.films.film import Film, FilmFacts

LEVELS = ((np.uint8, 255), (np.uint16, 65535))  # what files hold; most films are 8-bit


@dataclass(frozen=True, eq=False)
class _Packed:
    shades: np.ndarray
    highest: int | None  # the number that stands for white; None where the shades are the pixels themselves
    facts: FilmFacts
    sha256: str


class FilmCache:
    """Keeps films by their content hash, and forgets those used longest ago once they outgrow a number of bytes.

    Pixels are float32, but those of an 8-bit file have 256 values: they are kept in a byte each wherever that gives
    the same float back, bit for bit.

    Parameters
    ----------
    limit : int
        Bytes that may be held.
    """

    def __init__(self, limit: int) -> None:
        self._packed: Bounded[_Packed] = Bounded(limit, lambda packed: packed.shades.nbytes)

    def put(self, film: Film) -> None:
        """Keep a film."""
        self._packed.put(film.sha256, _pack(film))

    def get(self, sha256: str) -> Film | None:
        """Give a film, None if it was never kept or is forgotten."""
        packed = self._packed.get(sha256)
        return None if packed is None else _unpack(packed)

    def drop(self, sha256: str) -> None:
        """Forget a film."""
        self._packed.drop(sha256)


def packed_bytes(film: Film) -> int:
    """Bytes that a film takes on a cache."""
    return _pack(film).shades.nbytes


def _pack(film: Film) -> _Packed:
    for kind, highest in LEVELS:
        shades = np.rint(film.pixels * highest).astype(kind)
        if np.array_equal(_floats(shades, highest), film.pixels):
            return _Packed(shades, highest, film.facts, film.sha256)
    return _Packed(film.pixels, None, film.facts, film.sha256)


def _unpack(packed: _Packed) -> Film:
    pixels = packed.shades if packed.highest is None else _floats(packed.shades, packed.highest)
    return Film(pixels, packed.facts, packed.sha256)


def _floats(shades: np.ndarray, highest: int) -> np.ndarray:
    return shades.astype(np.float32) / np.float32(highest)
