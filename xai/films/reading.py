"""Bytes to `Film`: PNG, JPEG, TIFF or DICOM, told apart by content; a clear `FilmError` for anything else.

Nothing here stretches contrast: grey levels are divided by the range the file declares, and `FilmFacts.notes` says
which range that was.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from xai.films.dicom import read_dicom
from xai.films.film import MAX_SIDE_KEPT, Film, FilmError, ends_early
from xai.films.raster import read_jpeg, read_png, read_tiff

MAX_BYTES = 64 * 2**20

_EXPECTED = "PNG, JPEG, TIFF or DICOM"

# What a file's first bytes say it is. DICOM comes first: its free 128-byte preamble may hold a TIFF header.
_FILMS = (
    (rb".{128}DICM", "DICOM"),
    (rb"\x89PNG\r\n\x1a\n", "PNG"),
    (rb"\xff\xd8\xff", "JPEG"),
    (rb"II[*+]\0|MM\0[*+]", "TIFF"),
    # No preamble: a first tag of group 0002 or 0008, then a VR in letters or a length below 64 KiB.
    (rb"[\x02\x08]\0.[\0-\x20](?:[A-Z]{2}|..\0\0)", "DICOM"),
)
_OTHERS = (
    (rb"GIF8", "a GIF image"),
    (rb"RIFF.{4}WEBP", "a WebP image"),
    (rb"BM.{4}\0{4}", "a BMP image"),
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "a JPEG 2000 image"),
    (rb".{4}ftyp(?:heic|heix|mif1|avif)", "a HEIC or AVIF image"),
    (rb"%PDF", "a PDF document"),
    (rb"PK(?:\x03\x04|\x05\x06)", "a ZIP archive (a .keras model is one too)"),
    (rb"\x1f\x8b", "a gzip archive (a .nii.gz volume is one too)"),
    (rb"\x89HDF\r\n\x1a\n", "an HDF5 file, such as a Keras model"),
    (rb"\x93NUMPY", "a NumPy array"),
    (rb".{344}n[+i]1\0", "a NIfTI volume"),
    (rb"(?:\xff\xfe|\xfe\xff|[^\0-\x08\x0e-\x1f\x7f]{1,1024}\Z)", "text"),
)
_READERS = {"PNG": read_png, "JPEG": read_jpeg, "TIFF": read_tiff, "DICOM": read_dicom}


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
        If it is too large, damaged, incomplete, or not one chest film in PNG, JPEG, TIFF or DICOM.

    Examples
    --------
    >>> xai.read_film("film.png")
    <Film: 320 × 320 px, from PNG of 320 × 320 px with 8 bits>
    >>> xai.read_film(b"no picture")
    Traceback (most recent call last):
    xai.films.film.FilmError: This is text; expected a PNG, JPEG, TIFF or DICOM file.
    """
    data = _bytes_of(source)
    kind = _kind_of(data)
    try:
        pixels, facts = _READERS[kind](data)
    except (FilmError, MemoryError):
        raise
    except Exception as error:
        # Decoders raise almost anything on damaged bytes. Their own messages may quote header values,
        # a patient's name among them, so they are not passed on.
        if "truncated" in str(error).lower():
            raise ends_early(kind) from None
        raise FilmError(
            f"This {kind} file is damaged or uses a feature that cannot be read here; "
            "export it again as an 8-bit or 16-bit greyscale PNG."
        ) from None
    pixels, notes = _kept_size(pixels)
    return Film.from_pixels(pixels, facts=replace(facts, notes=facts.notes + notes))


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
                raise FilmError(f"{name} is not a regular file; expected a {_EXPECTED} file.")
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
        raise FilmError(f"{name} is empty; expected a {_EXPECTED} file.")
    return data


def _kind_of(data: bytes) -> str:
    head = data[:1024]
    for pattern, kind in _FILMS:
        if re.match(pattern, head, re.DOTALL):
            return kind
    for pattern, kind in _OTHERS:
        if re.match(pattern, head, re.DOTALL):
            raise FilmError(f"This is {kind}; expected a {_EXPECTED} file.")
    raise FilmError(f"This is not a picture that can be recognised; expected a {_EXPECTED} file.")


def _kept_size(pixels: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    height, width = pixels.shape
    scale = MAX_SIDE_KEPT / max(height, width)
    if scale >= 1:
        return pixels, ()
    size = round(width * scale), round(height * scale)
    smaller = np.clip(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), 0, 1)
    return smaller, (f"scaled from {width} × {height} to {size[0]} × {size[1]} px",)
