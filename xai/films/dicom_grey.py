"""The standard's greyscale pipeline (PS3.3 C.11, PS3.4 N.2): what of the stored values is shown, and how.

stored values -> modality LUT or rescale -> VOI LUT or window -> MONOCHROME1 inverted -> padding to air.
Stored values mostly have at most 16 bits, so the whole pipeline runs once on a table of all of them.
"""

from __future__ import annotations

import numpy as np
from pydicom import Dataset

from xai.films.dicom_header import first_number, numbers
from xai.films.film import FilmError
from xai.films.window import flat_note, shades, table_of, window_to_content


def displayed(stored: np.ndarray, ds: Dataset) -> tuple[np.ndarray, tuple[str, ...]]:
    """Map stored values to what is shown of them.

    Returns
    -------
    pixels : ndarray of float32, shape (H, W)
        In [0, 1], 1 = dense (white).
    notes : tuple of str
    """
    levels, index, ends = _levels(stored, ds)
    padding = _padding(levels, ds)
    counts = np.where(padding, 0, np.bincount(index.ravel(), minlength=levels.size))
    values, ends, notes = _modality_values(levels, ends, ds)
    values, window, more = _values_of_interest(values, ds)
    notes += more
    if window is None:
        window, more = window_to_content(values, counts, ends)
        notes += more
    black, white = window
    if not (np.isfinite(values).all() and np.isfinite(white - black) and white > black):
        raise FilmError("This DICOM file's rescale or window leaves no range of grey; export it again.")
    if ds.PhotometricInterpretation == "MONOCHROME1":
        # Swapping the ends, rather than 1 - x, rounds as MONOCHROME2 does: twin files are one film.
        black, white = white, black
        notes += ("inverted from MONOCHROME1",)
    table = shades(values, (black, white))
    notes += flat_note(table[counts > 0])
    if (share := 1 - counts.sum() / index.size) > 0:
        table[padding] = 0
        notes += (f"padding ({share:.1%} of the picture) shown as air",)
    return table[index], notes


def _levels(stored: np.ndarray, ds: Dataset) -> tuple[np.ndarray, np.ndarray, tuple[float, float]]:
    """Give all levels that can be, or are, stored, each pixel's place among them, and what the file could hold."""
    if stored.dtype.kind == "f":
        if not np.isfinite(stored).all():
            raise FilmError("This DICOM file holds NaN or infinite values; expected finite ones.")
        return *table_of(stored), (-np.inf, np.inf)
    bits, signed = int(ds.BitsStored), ds.PixelRepresentation == 1
    lowest = -(2 ** (bits - 1)) if signed else 0
    ends = lowest, lowest + 2**bits - 1
    if bits > 16:
        return *table_of(stored.astype(np.float64)), ends
    stored = np.clip(stored, *ends)  # a lossy stream may overshoot
    return np.arange(lowest, lowest + 2**bits), stored.astype(np.int32) - lowest, ends


def _modality_values(
    levels: np.ndarray, ends: tuple[float, float], ds: Dataset
) -> tuple[np.ndarray, tuple[float, float], tuple[str, ...]]:
    if ds.get("ModalityLUTSequence"):
        values, top = _looked_up(levels, ds.ModalityLUTSequence[0], ds)
        return values, (0, top), ("modality LUT from the file",)
    slope, intercept = first_number(ds, "RescaleSlope", 1), first_number(ds, "RescaleIntercept", 0)
    low, high = sorted(end * slope + intercept for end in ends)
    notes = () if (slope, intercept) == (1, 0) else (f"rescaled by {slope:g}, intercept {intercept:g}",)
    return levels * slope + intercept, (low, high), notes


def _values_of_interest(
    values: np.ndarray, ds: Dataset
) -> tuple[np.ndarray, tuple[float, float] | None, tuple[str, ...]]:
    """Apply the first VOI LUT or window; give the values with those that are shown black and white, if it says so."""
    if ds.get("VOILUTSequence"):
        values, top = _looked_up(values, ds.VOILUTSequence[0], ds)
        return values, (0, top), ("VOI LUT from the file",)
    centres, widths = numbers(ds, "WindowCenter"), numbers(ds, "WindowWidth")
    if not centres or not widths:
        return values, None, ()
    centre, width = centres[0], widths[0]
    function = str(ds.get("VOILUTFunction") or "LINEAR").upper()
    if width <= (1 if function == "LINEAR" else 0):
        return values, None, (f"the file's window is empty (width {width:g}): ignored",)
    note = f"window {centre:g}/{width:g} from the file"
    note += f", the first of {len(centres)}" if len(centres) > 1 else ""
    if function == "SIGMOID":
        with np.errstate(over="ignore"):  # far below the window: exp is infinite and the value 0, as it should
            return 1 / (1 + np.exp(-4 * (values - centre) / width)), (0, 1), (f"{note} (sigmoid)",)
    if function != "LINEAR_EXACT":  # PS3.3 C.11.2.1.2: LINEAR counts pixel centres
        centre, width = centre - 0.5, width - 1
    return values, (centre - width / 2, centre + width / 2), (note,)


def _looked_up(values: np.ndarray, item: Dataset, ds: Dataset) -> tuple[np.ndarray, int]:
    """Look values up in a modality or VOI LUT; give the outputs and the largest they can be."""
    entries, first, bits = item.LUTDescriptor
    data = item.LUTData
    if isinstance(data, bytes):
        wide = bits > 8 or len(data) > (entries or 2**16) + 1  # entries of up to 8 bits may share a word
        data = np.frombuffer(data, np.uint8 if not wide else "<u2" if ds.original_encoding[1] else ">u2")
    data = np.atleast_1d(data)[: entries or 2**16].astype(np.float64)
    return data[np.clip(np.rint(values) - first, 0, data.size - 1).astype(np.int64)], 2**bits - 1


def _padding(levels: np.ndarray, ds: Dataset) -> np.ndarray:
    if (value := first_number(ds, "PixelPaddingValue")) is None:
        return np.zeros(levels.shape, bool)
    limit = first_number(ds, "PixelPaddingRangeLimit", value)
    return (levels >= min(value, limit)) & (levels <= max(value, limit))
