"""What a film is: float32 in [0, 1], 1 = dense (white), with what is safe to know of its file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from xai.showing import picture_of

MAX_BYTES = 64 * 2**20  # of a file
MAX_PIXELS = 40_000_000
MAX_SIDE_KEPT = 2048
MIN_SIDE = 32  # a lung is then some ten pixels wide: below this it is an icon, not a film
MAX_ASPECT = MAX_SIDE_KEPT // MIN_SIDE  # so that the short side still has MIN_SIDE pixels once scaled down


class FilmError(ValueError):
    """A file that cannot be hung; the message is one sentence for the visitor."""


class Doubt(str):
    """A note that should make one doubt what a model answers about the film."""


@dataclass(frozen=True)
class FilmFacts:
    """What is safe to show about a film's file: nothing in here identifies a person.

    Parameters
    ----------
    format : str
        As `xai.films.formats.FORMATS` names it, such as "PNG"; "array" for a film made from pixels.
    width, height : int
        Of the upright picture in the file, in pixels, before any scaling.
    bits : int
        Significant bits a sample in the file.
    modality, view : str or None
        DICOM only, and only terms of the standard: "CR", "DX"; "PA", "AP", "LATERAL".
    notes : tuple of str
        What the reader decided and noticed, in words.
    doubts : tuple of str
        Those of the notes that should make one doubt what a model answers about the film.
    sides : {"RL", "LR", ""}
        Which side of the patient lies on the picture's left and right; empty where the file does not say.
    """

    format: str
    width: int
    height: int
    bits: int
    modality: str | None = None
    view: str | None = None
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    sides: str = ""


@dataclass(frozen=True, eq=False, repr=False)
class Film:
    """One chest radiograph, ready for a light box; make it with `xai.films.reading.read_film` or `Film.from_pixels`.

    ``np.asarray`` of it is its pixels.

    Parameters
    ----------
    pixels : numpy.ndarray
        float32, (H, W), finite, in [0, 1], 1 = dense (white); read-only.
    facts : FilmFacts
        What is known of its file.
    sha256 : str
        Of shape and pixels: the same picture in two containers is one film, and no header byte enters it.

    Examples
    --------
    >>> film = xai.Film.from_pixels(np.linspace(0, 1, 40 * 50).reshape(40, 50))
    >>> film
    <Film: 50 × 40 px, from an array of 50 × 40 px with 64 bits>
    >>> np.asarray(film).dtype
    dtype('float32')
    """

    pixels: np.ndarray
    facts: FilmFacts
    sha256: str

    def __post_init__(self) -> None:
        self.pixels.setflags(write=False)

    def __reduce__(self) -> tuple[type[Film], tuple[np.ndarray, FilmFacts, str]]:
        # Plain unpickling skips __post_init__, and a film would come back from another process writable.
        return Film, (self.pixels, self.facts, self.sha256)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.pixels, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        height, width = self.pixels.shape
        facts = self.facts
        told = ", ".join(filter(None, (facts.modality, facts.view, *facts.notes)))
        source = f"from {'an array' if facts.format == 'array' else facts.format}"
        words = f"{width} × {height} px, {source} of {facts.width} × {facts.height} px with {facts.bits} bits"
        return f"<Film: {words}; {told}>" if told else f"<Film: {words}>"

    def _repr_png_(self) -> bytes | None:
        return picture_of(self)

    @classmethod
    def from_pixels(cls, pixels: np.ndarray, *, facts: FilmFacts | None = None) -> Film:
        """Make a film from floating-point pixels; they are copied.

        Parameters
        ----------
        pixels : numpy.ndarray
            Floating, (H, W), finite, in [0, 1], 1 = dense (white), at least `MIN_SIDE` pixels a side.
        facts : FilmFacts, optional
            What is known of the file they came from.

        Raises
        ------
        FilmError
            If `pixels` is not such an array.
        """
        pixels = np.asarray(pixels)
        if pixels.ndim != 2:
            raise FilmError(f"A film has two axes (height, width), but this array has shape {pixels.shape}.")
        if not np.issubdtype(pixels.dtype, np.floating):
            raise FilmError(
                f"A film's pixels are floats from 0 to 1, but this array is {pixels.dtype}: "
                "divide it by its largest possible value first."
            )
        height, width = pixels.shape
        check_size(width, height)
        if not np.isfinite(pixels).all():
            raise FilmError("A film's pixels are finite, but this array has NaN or infinite values.")
        low, high = pixels.min(), pixels.max()
        if low < 0 or high > 1:
            raise FilmError(f"A film's pixels lie from 0 to 1, but this array's lie from {low:g} to {high:g}.")
        bits = 8 * pixels.dtype.itemsize
        pixels = np.ascontiguousarray(pixels, "<f4") + np.float32(0)  # a copy, in which -0 is 0
        digest = hashlib.sha256(f"{height}x{width} float32\n".encode())
        digest.update(pixels.data)
        return cls(pixels, facts or FilmFacts("array", width, height, bits), digest.hexdigest())


def check_size(width: int, height: int) -> None:
    """Refuse a picture too large to decode safely or too small or narrow to be a film."""
    if width * height > MAX_PIXELS:
        raise FilmError(
            f"This picture is {width} × {height} pixels; at most {MAX_PIXELS // 10**6} million are read: "
            "scale it down first."
        )
    if min(width, height) < MIN_SIDE or max(width, height) > MAX_ASPECT * min(width, height):
        raise FilmError(
            f"This picture is {width} × {height} pixels; a film has at least {MIN_SIDE} a side "
            f"and is at most {MAX_ASPECT} times longer than wide."
        )


def ends_early(kind: str) -> FilmError:
    """Make the error for a truncated file."""
    return FilmError(f"This {kind} file ends before the picture is complete; copy or download it again.")
