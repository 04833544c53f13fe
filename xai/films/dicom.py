"""DICOM to pixels in [0, 1], by the standard's greyscale pipeline (PS3.3 C.11, PS3.4 N.2).

stored values -> modality LUT or rescale -> VOI LUT or window -> MONOCHROME1 inverted -> padding to air.
Stored values have at most 16 bits, so the whole pipeline runs once on a table of all of them.

Only the tags listed here are read: what identifies a person never enters memory as a value.
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import overload

import numpy as np
from PIL import Image
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import JpegImageFile
from pydicom import Dataset, dcmread, uid
from pydicom.encaps import get_frame
from pydicom.pixels import get_decoder
from pydicom.pixels.utils import get_expected_length

from xai.films.film import FilmError, FilmFacts, check_size, ends_early, flat_note

_NEEDED = (
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "PixelRepresentation",
)
_OPTIONAL = (
    "Modality",
    "ViewPosition",
    "PlanarConfiguration",
    "NumberOfFrames",
    "HighBit",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "ModalityLUTSequence",
    "RescaleSlope",
    "RescaleIntercept",
    "VOILUTSequence",
    "VOILUTFunction",
    "WindowCenter",
    "WindowWidth",
    "PixelData",
)
_RADIOGRAPHS = {"CR", "DX", "DR", "RG", "OT", "SC"}  # DR and SC are not in the standard, but in use
_OTHER_MODALITIES = {
    "CT": "a CT slice",
    "MR": "an MR slice",
    "PT": "a PET slice",
    "NM": "a nuclear medicine picture",
    "US": "an ultrasound picture",
    "MG": "a mammogram",
    "XA": "an angiogram",
    "RF": "a fluoroscopy picture",
    "IO": "a dental film",
    "PX": "a dental panorama",
    "SR": "a structured report",
    "SEG": "a segmentation",
}
_VIEWS = {view: view for view in ("PA", "AP", "LATERAL", "LLD", "RLD", "LLO", "RLO")}
_VIEWS |= dict.fromkeys(("LL", "RL", "LAT", "LLAT", "RLAT"), "LATERAL")
_ALLOWED = "expected a chest radiograph with 8 or 16 bits allocated, in MONOCHROME1, MONOCHROME2 or 8-bit RGB"
_CONVERT = "convert it to uncompressed DICOM first, for example with `gdcmconv --raw IN OUT`"


def read_dicom(data: bytes) -> tuple[np.ndarray, FilmFacts]:
    """Read one radiograph from a DICOM file, with or without its preamble.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    pixels : numpy.ndarray
        float32, (H, W), in [0, 1], 1 = dense (white).
    facts : xai.films.film.FilmFacts
        With modality and view where the file gives them in the standard's terms.

    Raises
    ------
    FilmError
        If it is no radiograph, has no picture or several, or is compressed in a way that cannot be read.
    """
    # pydicom inflates without a limit: 64 MiB may hold 64 GiB. So a deflated file is not opened at all.
    if uid.DeflatedExplicitVRLittleEndian.encode() in data:
        raise FilmError(f"This DICOM file is deflated, which is not read here; {_CONVERT}.")
    ds = dcmread(BytesIO(data), force=True, specific_tags=[*_NEEDED, *_OPTIONAL])
    modality = _modality(ds)
    _check_picture(ds)
    stored, photometric = _decoded(ds)
    notes: tuple[str, ...] = () if modality else ("no modality in the file: taken for a radiograph",)
    if photometric == "RGB":
        grey = np.asarray(Image.fromarray(stored).convert("L"))
        pixels = np.divide(grey, np.float32(255), dtype=np.float32)
        notes += ("colour read as luma",)
    else:
        pixels, more = _displayed(stored, ds)
        notes += more
    return pixels, FilmFacts(
        format="DICOM",
        width=int(ds.Columns),
        height=int(ds.Rows),
        bits=int(ds.BitsStored),
        modality=modality,
        view=_VIEWS.get(str(ds.get("ViewPosition", "")).upper()),
        notes=notes,
    )


def _modality(ds: Dataset) -> str | None:
    modality = str(ds.get("Modality") or "").upper()
    if not modality or modality in _RADIOGRAPHS:
        return modality or None
    known = f"a DICOM object of modality {modality}" if re.fullmatch("[A-Z]{2,10}", modality) else None
    what = _OTHER_MODALITIES.get(modality, known or "a DICOM object of an unknown modality")
    raise FilmError(f"This is {what}; Lightbox hangs chest radiographs (CR, DX).")


def _check_picture(ds: Dataset) -> None:
    if not ds.get("PixelData"):
        raise FilmError("This DICOM file holds no picture (no pixel data); it may be a report or incomplete.")
    if missing := [name for name in _NEEDED if ds.get(name) is None]:
        raise FilmError(f"This DICOM file does not say its {missing[0]}; export it again from its source.")
    if (frames := int(ds.get("NumberOfFrames") or 1)) != 1:
        raise FilmError(f"This DICOM file holds {frames} frames; expected a single film.")
    check_size(int(ds.Columns), int(ds.Rows))
    colour = ds.SamplesPerPixel == 3 and ds.PhotometricInterpretation.startswith(("RGB", "YBR_"))
    grey = ds.SamplesPerPixel == 1 and ds.PhotometricInterpretation in {"MONOCHROME1", "MONOCHROME2"}
    stored, allocated = ds.BitsStored, ds.BitsAllocated
    bits_fit = allocated in ((8,) if colour else (8, 16)) and 1 <= stored <= allocated
    if not (colour or grey) or not bits_fit or ds.get("HighBit", stored - 1) != stored - 1:
        raise FilmError(
            f"This DICOM file holds {ds.SamplesPerPixel} sample(s) a pixel with {stored} bits stored in "
            f"{allocated}, in a layout that is not read here; {_ALLOWED}."
        )


def _decoded(ds: Dataset) -> tuple[np.ndarray, str]:
    """Decode the stored values, once the file is known to hold as many as it promises and no more."""
    syntax = _transfer_syntax(ds)
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError:
        decoder = None
    twelve_bit_jpeg = syntax == uid.JPEGExtended12Bit and ds.BitsStored > 8  # Pillow's libjpeg has 8 bits
    if decoder is None or not decoder.is_available or twelve_bit_jpeg:
        name = "an unknown transfer syntax" if syntax.name == syntax else syntax.name
        raise FilmError(f"This DICOM file is compressed as {name}, which is not read here; {_CONVERT}.")
    if not syntax.is_encapsulated:
        if len(ds.PixelData) < get_expected_length(ds):
            raise ends_early("DICOM")
    else:
        _check_frame(get_frame(ds.PixelData, 0, number_of_frames=1), ds, syntax)
    array, meta = decoder.as_array(ds, index=0)
    return array, str(meta["photometric_interpretation"])


def _transfer_syntax(ds: Dataset) -> uid.UID:
    if "TransferSyntaxUID" in ds.file_meta:
        return ds.file_meta.TransferSyntaxUID
    implicit, little = ds.original_encoding
    syntax = uid.ImplicitVRLittleEndian if implicit else uid.ExplicitVRLittleEndian
    ds.file_meta.TransferSyntaxUID = syntax if little else uid.ExplicitVRBigEndian
    return ds.file_meta.TransferSyntaxUID


def _check_frame(frame: bytes, ds: Dataset, syntax: uid.UID) -> None:
    """Refuse a compressed frame that would decode to another size than the checked Rows × Columns."""
    size = int(ds.Columns), int(ds.Rows)
    if syntax == uid.RLELossless:
        most = size[0] * size[1] * ds.SamplesPerPixel * ds.BitsAllocated // 8
        if not _unpacks_within(frame[64:], most + 1024):  # some writers pad their segments
            raise FilmError("This DICOM file's RLE data is longer than its picture; export it again.")
        return
    opener = JpegImageFile if frame.startswith(b"\xff\xd8") else Jpeg2KImageFile
    if (found := opener(BytesIO(frame)).size) != size:
        raise FilmError(
            f"This DICOM file says {size[0]} × {size[1]} pixels but its compressed picture has "
            f"{found[0]} × {found[1]}; export it again from its source."
        )


def _unpacks_within(packed: bytes, most: int) -> bool:
    # PackBits: two bytes may stand for 128, and pydicom unpacks a segment whole before it counts.
    at = unpacked = 0
    while at < len(packed) and unpacked <= most:
        head = packed[at]
        unpacked += head + 1 if head < 128 else 257 - head if head > 128 else 0
        at += head + 2 if head < 128 else 2 if head > 128 else 1
    return unpacked <= most


def _displayed(stored: np.ndarray, ds: Dataset) -> tuple[np.ndarray, tuple[str, ...]]:
    """Map stored values to [0, 1] through a table of the whole pipeline."""
    bits, signed = int(ds.BitsStored), ds.PixelRepresentation == 1
    lowest = -(2 ** (bits - 1)) if signed else 0
    levels = np.arange(lowest, lowest + 2**bits)
    values, ends, notes = _modality_values(levels, ds)
    values, (black, white), more = _values_of_interest(values, ends, ds)
    notes += more
    if not (np.isfinite(values).all() and np.isfinite(white - black) and white > black):
        raise FilmError("This DICOM file's rescale or window leaves no range of grey; export it again.")
    if ds.PhotometricInterpretation == "MONOCHROME1":
        # Swapping the ends, rather than 1 - x, rounds as MONOCHROME2 does: twin files are one film.
        black, white = white, black
        notes += ("inverted from MONOCHROME1",)
    table = np.clip((values - black) / (white - black), 0, 1)
    index = stored.astype(np.int32) - lowest
    padding = _padding(levels, ds)
    present = np.bincount(index.ravel(), minlength=levels.size) > 0
    notes += flat_note(table[present & ~padding])
    if (share := padding[index].mean()) > 0:
        table[padding] = 0
        notes += (f"padding ({share:.1%} of the picture) shown as air",)
    return table.astype(np.float32)[index], notes


def _modality_values(levels: np.ndarray, ds: Dataset) -> tuple[np.ndarray, tuple[float, float], tuple[str, ...]]:
    if ds.get("ModalityLUTSequence"):
        values, top = _looked_up(levels, ds.ModalityLUTSequence[0], ds)
        return values, (0, top), ("modality LUT from the file",)
    slope, intercept = _first(ds, "RescaleSlope", 1), _first(ds, "RescaleIntercept", 0)
    values = levels * slope + intercept
    notes = () if (slope, intercept) == (1, 0) else (f"rescaled by {slope:g}, intercept {intercept:g}",)
    return values, (values.min(), values.max()), notes


def _values_of_interest(
    values: np.ndarray, ends: tuple[float, float], ds: Dataset
) -> tuple[np.ndarray, tuple[float, float], tuple[str, ...]]:
    """Apply the first VOI LUT or window; give the values with those that are shown black and white."""
    if ds.get("VOILUTSequence"):
        values, top = _looked_up(values, ds.VOILUTSequence[0], ds)
        return values, (0, top), ("VOI LUT from the file",)
    centre, width = _first(ds, "WindowCenter"), _first(ds, "WindowWidth")
    if centre is None or width is None:
        return values, ends, ()
    function = str(ds.get("VOILUTFunction") or "LINEAR").upper()
    if width <= (1 if function == "LINEAR" else 0):
        return values, ends, (f"the file's window is empty (width {width:g}): ignored",)
    several = ds["WindowCenter"].VM
    note = f"window {centre:g}/{width:g} from the file" + (f", the first of {several}" * (several > 1))
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
        data = np.frombuffer(data, "<u2" if ds.original_encoding[1] else ">u2")
    data = np.atleast_1d(data)[: entries or 2**16].astype(np.float64)
    return data[np.clip(np.rint(values) - first, 0, data.size - 1).astype(np.int64)], 2**bits - 1


def _padding(levels: np.ndarray, ds: Dataset) -> np.ndarray:
    if (value := _first(ds, "PixelPaddingValue")) is None:
        return np.zeros(levels.shape, bool)
    limit = _first(ds, "PixelPaddingRangeLimit", value)
    return (levels >= min(value, limit)) & (levels <= max(value, limit))


@overload
def _first(ds: Dataset, keyword: str, default: float) -> float: ...
@overload
def _first(ds: Dataset, keyword: str) -> float | None: ...
def _first(ds: Dataset, keyword: str, default: float | None = None) -> float | None:
    """Give the first of an element's numbers, or `default` where it is absent or empty."""
    if (value := ds.get(keyword)) is None or np.size(value) == 0:
        return default
    return float(np.ravel(np.asarray(value, np.float64))[0])
