"""Films in memory, in as few bytes as give them back exactly."""

from __future__ import annotations

from dataclasses import dataclass

import imagecodecs
import numpy as np

from dashboard.server.bounded import Bounded
from xai.films.film import Film, FilmFacts

LEVELS = ((np.uint8, 255), (np.uint16, 65535))  # what files hold; most films are 8-bit


@dataclass(frozen=True, eq=False)
class _Packed:
    shades: bytes
    kind: np.dtype  # of a shade
    shape: tuple[int, ...]
    highest: int | None  # the number that stands for white; None where the shades are the pixels themselves
    facts: FilmFacts
    sha256: str


class FilmCache:
    """Keeps films by their content hash, and forgets those used longest ago once they outgrow a number of bytes.

    Pixels are float32, but those of an 8-bit file have 256 values: they are kept in a byte each wherever that gives
    the same float back, bit for bit, and what neighbours have in common is left out (Zstandard, RFC 8878). A real
    film takes 0.4 to 0.5 bytes a pixel so, and is there again in some 10 ms per million pixels.

    Parameters
    ----------
    limit : int
        Bytes that may be held.
    """

    def __init__(self, limit: int) -> None:
        self._packed: Bounded[_Packed] = Bounded(limit, lambda packed: len(packed.shades))

    def put(self, film: Film) -> None:
        """Keep a film."""
        shades, highest = _whole_shades(film)
        self._packed.put(
            film.sha256, _Packed(_pack(shades), shades.dtype, shades.shape, highest, film.facts, film.sha256)
        )

    def get(self, sha256: str) -> Film | None:
        """Give a film, None if it was never kept or is forgotten."""
        packed = self._packed.get(sha256)
        if packed is None:
            return None
        shades = _unpack(packed.shades, packed.kind, packed.shape)
        pixels = shades if packed.highest is None else _floats(shades, packed.highest)
        return Film(pixels, packed.facts, packed.sha256)

    def drop(self, sha256: str) -> None:
        """Forget a film."""
        self._packed.drop(sha256)


def shade_bytes(film: Film) -> int:
    """Bytes that a film's shades take before they are packed: no cache needs more for it."""
    return _whole_shades(film)[0].nbytes


def _whole_shades(film: Film) -> tuple[np.ndarray, int | None]:
    """Give a film's pixels as the fewest whole shades that give them back, and which one is white; else as they are."""
    for kind, highest in LEVELS:
        shades = np.rint(film.pixels * highest).astype(kind)
        if np.array_equal(_floats(shades, highest), film.pixels):
            return shades, highest
    return film.pixels, None


def _pack(shades: np.ndarray) -> bytes:
    """Pack shades as differences from pixel to pixel, all first bytes before all second ones."""
    if shades.dtype.kind == "u":  # differences of floats would not add up again
        shades = imagecodecs.delta_encode(shades, axis=-1)
    planes = np.ascontiguousarray(shades).view(np.uint8).reshape(-1, shades.itemsize).T
    return bytes(imagecodecs.zstd_encode(planes.tobytes(), level=1))


def _unpack(packed: bytes, kind: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    planes = np.frombuffer(imagecodecs.zstd_decode(packed), np.uint8).reshape(kind.itemsize, -1)
    shades = np.ascontiguousarray(planes.T).view(kind).reshape(shape)
    return imagecodecs.delta_decode(shades, axis=-1) if kind.kind == "u" else shades


def _floats(shades: np.ndarray, highest: int) -> np.ndarray:
    return shades.astype(np.float32) / np.float32(highest)
