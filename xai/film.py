"""Bytes to `Film`: PNG, JPEG, TIFF or DICOM, told apart by content; a clear `FilmError` for anything else.

A film is float32 in [0, 1], 1 = dense (white). Nothing here stretches contrast: grey levels are divided by
the range the file declares, and `FilmFacts.notes` says which range that was.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

MAX_BYTES = 64 * 2**20
MAX_PIXELS = 40_000_000
MAX_SIDE_KEPT = 2048
MIN_SIDE = 32  # a lung is then some ten pixels wide: below this it is an icon, not a film
MAX_ASPECT = MAX_SIDE_KEPT // MIN_SIDE  # so that the short side still has MIN_SIDE pixels once scaled down
MIN_SPAN = 0.1  # a film that uses less of its range than this looks flat, and its notes say so

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


class FilmError(ValueError):
    """A file that cannot be hung; the message is one sentence for the visitor."""


@dataclass(frozen=True)
class FilmFacts:
    """What is safe to show about a film's file: nothing in here identifies a person.

    Parameters
    ----------
    format : str
        "PNG", "JPEG", "TIFF" or "DICOM"; "array" for a film made from pixels.
    width, height : int
        Of the upright picture in the file, in pixels, before any scaling.
    bits : int
        Significant bits a sample in the file.
    modality, view : str or None
        DICOM only, and only terms of the standard: "CR", "DX"; "PA", "AP", "LATERAL".
    notes : tuple of str
        What the reader decided, in words.
    """

    format: str
    width: int
    height: int
    bits: int
    modality: str | None = None
    view: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Film:
    """One chest radiograph, ready for a light box; make it with `read_film` or `Film.from_pixels`.

    Parameters
    ----------
    pixels : numpy.ndarray
        float32, (H, W), finite, in [0, 1], 1 = dense (white); read-only.
    facts : FilmFacts
        What is known of its file.
    sha256 : str
        Of shape and pixels: the same picture in two containers is one film, and no header byte enters it.
    """

    pixels: np.ndarray
    facts: FilmFacts
    sha256: str

    def __post_init__(self) -> None:
        self.pixels.setflags(write=False)

    def __reduce__(self) -> tuple:
        # Plain unpickling skips __post_init__, and a film would come back from another process writable.
        return Film, (self.pixels, self.facts, self.sha256)

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
        digest.update(pixels)
        return cls(pixels, facts or FilmFacts("array", width, height, bits), digest.hexdigest())


def read_film(source: bytes | str | os.PathLike) -> Film:
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
    """
    from xai.dicom import read_dicom  # late, because these build on this module
    from xai.raster import read_jpeg, read_png, read_tiff

    readers = {"PNG": read_png, "JPEG": read_jpeg, "TIFF": read_tiff, "DICOM": read_dicom}
    data = _bytes_of(source)
    kind = _kind_of(data)
    try:
        pixels, facts = readers[kind](data)
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


def flat_note(shades: np.ndarray) -> tuple[str, ...]:
    """Say so, where a film's shades (in [0, 1]) use little of the range; nothing is stretched for it."""
    span = float(np.ptp(shades)) if shades.size else 0.0
    return (f"grey levels span only {span:.1%} of the range",) if span < MIN_SPAN else ()


def ends_early(kind: str) -> FilmError:
    """Make the error for a truncated file."""
    return FilmError(f"This {kind} file ends before the picture is complete; copy or download it again.")


def _bytes_of(source: bytes | str | os.PathLike) -> bytes:
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
