"""DICOM to pixels in [0, 1]: the header is checked, the frame decoded, the greyscale pipeline run, pixels squared."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from pydicom import Dataset, dcmread, uid

from xai.films import dicom_header as header
from xai.films.dicom_grey import displayed
from xai.films.dicom_pixels import inflated, stored_colours, stored_values
from xai.films.film import Doubt, FilmFacts, check_size
from xai.films.stream import Stream
from xai.films.window import shown

_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio")
_HEADER = 2**12  # bytes that name the transfer syntax
_SQUARE = 0.01  # relative difference of a pixel's sides that is rounding, and moves nothing by a pixel of a lung
_LONGEST_PIXEL = 4  # times as long as wide; beyond it the numbers are a mistake


def read_dicom(data: bytes) -> tuple[np.ndarray, FilmFacts]:
    """Read one radiograph from a DICOM file, with or without its preamble.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    pixels : numpy.ndarray
        float32, (H, W), in [0, 1], 1 = dense (white); square pixels.
    facts : xai.films.film.FilmFacts
        With modality, view and sides where the file gives them in the standard's terms.

    Raises
    ------
    FilmError
        If it is no radiograph, has no picture or several, or is compressed in a way that cannot be read.
    """
    tags = [*header.NEEDED, *header.OPTIONAL]
    ds = dcmread(Stream(inflated(data)), force=True, specific_tags=tags)
    header.check_lengths(ds)
    modality = header.modality_of(ds)
    header.check_picture(ds)
    notes = header.doubts_of(ds)
    if header.is_colour(ds):
        levels, bits = stored_colours(ds)
        pixels, more = shown(levels, (0, 2**bits - 1))
        notes += ("colour read as luma", *more)
    else:
        pixels, more = displayed(stored_values(ds), ds)
        notes += more
    pixels, more = _squared(pixels, ds)
    facts = FilmFacts(
        format="DICOM",
        width=int(ds.Columns),
        height=int(ds.Rows),
        bits=int(ds.get("BitsStored") or ds.BitsAllocated),
        modality=modality,
        view=header.view_of(ds),
        notes=notes + more,
        sides=header.sides_of(ds),
    )
    return pixels, facts


def stored_size(path: Path) -> tuple[int, int] | None:
    """Give height and width that a DICOM file says its picture has, without decoding it; None where it does not."""
    try:
        with path.open("rb") as file:
            start = file.read(_HEADER)
            if start[128:132] != b"DICM" or uid.DeflatedExplicitVRLittleEndian.encode() in start:
                return None  # pydicom inflates without a limit
            file.seek(0)
            ds = dcmread(file, stop_before_pixels=True, specific_tags=["Rows", "Columns"])
        height, width = int(ds.Rows), int(ds.Columns)
        check_size(width, height)
    except Exception:  # pydicom raises all kinds for what is damaged
        return None
    return height, width


def _squared(pixels: np.ndarray, ds: Dataset) -> tuple[np.ndarray, tuple[str, ...]]:
    """Enlarge the side along which pixels are longer, where the file says that they are not square."""
    told = (header.numbers(ds, name) for name in _SPACINGS)
    high, wide = sides = next((two for two in told if len(two) == 2 and 0 < min(two) <= max(two) < np.inf), [1.0, 1.0])
    if max(sides) > _LONGEST_PIXEL * min(sides):
        return pixels, (Doubt(f"the file calls its pixels {high:g} × {wide:g} (height × width): taken for square"),)
    if abs(high / wide - 1) <= _SQUARE:
        return pixels, ()
    height, width = pixels.shape
    size = round(width * max(1, wide / high)), round(height * max(1, high / wide))
    check_size(*size)
    said = f"pixels of {high:g} × {wide:g} (height × width) made square: {size[0]} × {size[1]} px"
    return np.clip(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR), 0, 1), (said,)
