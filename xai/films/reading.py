"""Bytes to `Film`: any of `xai.films.formats.FORMATS`, told apart by content; a clear `FilmError` for anything else.

Contrast is stretched for one reason only: a film without a window whose levels fill little of its file's range, by the
rule of `xai.films.window`. `FilmFacts.notes` says what was done, and `FilmFacts.doubts` what to beware of.
"""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from xai.films.film import MAX_BYTES, MAX_PIXELS, MAX_SIDE_KEPT, Doubt, Film, FilmError, ends_early
from xai.films.formats import FORMATS, NAMES, kind_of


def read_film(source: bytes | str | os.PathLike[str]) -> Film:
    """Read a film from bytes or from a file, by content and never by name.

    Parameters
    ----------
    source : bytes, str or os.PathLike
        The file's bytes, or the path of a regular file.

    Returns
    -------
    Film
        Scaled down by area averaging if a side exceeds `MAX_SIDE_KEPT`; its notes say so.

    Raises
    ------
    FilmError
        If it is too large, damaged, incomplete, or not one chest film in a format that is read.

    Examples
    --------
    >>> xai.read_film("film.png")
    <Film: 320 × 320 px, from PNG of 320 × 320 px with 8 bits>
    >>> xai.read_film(b"no picture")
    Traceback (most recent call last):
    xai.films.film.FilmError: This is text; expected a PNG, JPEG, TIFF, DICOM, BMP, GIF, WebP, AVIF or JPEG 2000 file.
    """
    data = _bytes_of(source)
    kind = kind_of(data)
    try:
        pixels, facts = FORMATS[kind].read(data)
    except (FilmError, MemoryError):
        raise
    except Image.DecompressionBombError:
        raise FilmError(f"This picture is too large; at most {MAX_PIXELS // 10**6} million pixels are read.") from None
    except Exception as error:
        # Decoders raise almost anything on damaged bytes. Their own messages may quote header values,
        # a patient's name among them, so they are not passed on.
        if "truncated" in str(error).lower():
            raise ends_early(kind) from None
        raise FilmError(
            f"This {kind} file is damaged or uses a feature that cannot be read here; "
            "export it again as an 8-bit or 16-bit greyscale PNG."
        ) from None
    pixels, more = _kept_size(pixels)
    notes = facts.notes + more
    doubts = tuple(str(note) for note in notes if isinstance(note, Doubt))
    return Film.from_pixels(pixels, facts=replace(facts, notes=tuple(map(str, notes)), doubts=doubts))


def _bytes_of(source: bytes | str | os.PathLike[str]) -> bytes:
    data: bytes | None
    if isinstance(source, bytes | bytearray | memoryview):
        data, name = bytes(source), "This file"
    else:
        path = Path(source)
        name = f"The file {path.name}"
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):  # opening a pipe or a device could wait for ever
                raise FilmError(f"{name} is not a regular file; expected a {NAMES} file.")
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1) if status.st_size <= MAX_BYTES else None
        except FilmError:
            raise
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            reason = getattr(error, "strerror", None) or error
            raise FilmError(f"{name} cannot be opened: {reason}.") from None
    if data is None or len(data) > MAX_BYTES:
        raise FilmError(f"{name} is larger than {MAX_BYTES // 2**20} MiB, the most that is read as one film.")
    if not data:
        raise FilmError(f"{name} is empty; expected a {NAMES} file.")
    return data


def _kept_size(pixels: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    height, width = pixels.shape
    scale = MAX_SIDE_KEPT / max(height, width)
    if scale >= 1:
        return pixels, ()
    size = round(width * scale), round(height * scale)
    smaller = np.clip(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), 0, 1)
    return smaller, (f"scaled from {width} × {height} to {size[0]} × {size[1]} px",)
