"""What a DICOM header says of a film. Only the tags listed here are read: none of them identifies a person."""

from __future__ import annotations

import re
from typing import overload

import numpy as np
from pydicom import Dataset
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.multival import MultiValue

from xai.films.film import AS_HUNG, Doubt, FilmError, Sides, check_size

NEEDED = (
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "PixelRepresentation",
)
_PALETTE = [
    f"{part}{colour}PaletteColorLookupTable{what}"
    for colour in ("Red", "Green", "Blue")
    for part, what in (("", "Descriptor"), ("", "Data"), ("Segmented", "Data"))
]
_PICTURE = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_PICTURES = {tag_for_keyword(name) for name in _PICTURE}
_LONGEST = 2**20  # bytes; the longest that is in order is a table of 65,536 grey levels
OPTIONAL = (
    "Modality",
    "ViewPosition",
    "ViewCodeSequence",
    "PatientOrientation",
    "BodyPartExamined",
    "PresentationIntentType",
    "BurnedInAnnotation",
    "PixelSpacing",
    "ImagerPixelSpacing",
    "NominalScannedPixelSpacing",
    "PixelAspectRatio",
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
    *_PALETTE,
    *_PICTURE,
)
_RADIOGRAPHS = {"CR", "DX", "DR", "RG"}  # DR is not in the standard, but in use
_UNTOLD = {"OT": "another kind of picture (OT)", "SC": "a copy of a screen (SC)"}  # may hold a radiograph too
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
# Context group 4010 of PS3.16, in SNOMED's present codes and the older ones.
_VIEW_CODES = {"272479007": "PA", "R-10214": "PA", "399348003": "AP", "R-10206": "AP"}
_VIEW_CODES |= dict.fromkeys(("399067008", "399173006", "399198007", "R-10236", "R-10232"), "LATERAL")
_NOT_FRONTAL = {"LATERAL": "a lateral view", "LLO": "an oblique view", "RLO": "an oblique view"}
_CHEST = {"CHEST", "THORAX", "LUNG", "RIB", "HEART", "WHOLEBODY"}
_MIRRORED = ("R", "F")  # where rows and columns of a film lead to that is upright but for that
_TEXT = ("DS", "IS")  # numbers that are written as text
_DICOMDIR = "1.2.840.10008.1.3.10"
_ALLOWED = "expected a chest radiograph with 8, 16 or 32 bits allocated, grey or in colour"


def check_lengths(ds: Dataset) -> None:
    """Refuse an element that is longer than any is but a picture, before it is taken apart number by number."""
    for element in map(ds.get_item, ds.keys()):
        if isinstance(element, RawDataElement) and element.tag not in _PICTURES and element.length > _LONGEST:
            raise FilmError(
                f"This DICOM file holds {element.length:,} bytes in one element of its header; export it again."
            )


def modality_of(ds: Dataset) -> str | None:
    """Give the modality, None where the file names none; refuses what is no radiograph."""
    modality = _word(ds, "Modality")
    if not modality or modality in _RADIOGRAPHS or modality in _UNTOLD:
        return modality or None
    known = f"a DICOM object of modality {modality}" if re.fullmatch("[A-Z]{2,10}", modality) else None
    what = _OTHER_MODALITIES.get(modality, known or "a DICOM object of an unknown modality")
    raise FilmError(f"This is {what}; Lightbox hangs chest radiographs (CR, DX).")


def view_of(ds: Dataset) -> str | None:
    """Give the view in the standard's terms, from its name or its code; None where the file names none of them."""
    if (view := _VIEWS.get(_word(ds, "ViewPosition"))) is not None:
        return view
    codes = ds.get("ViewCodeSequence") or []
    return next((_VIEW_CODES.get(str(code.get("CodeValue", ""))) for code in codes), None)


def sides_of(ds: Dataset) -> Sides | None:
    """Give the patient's sides on the image's left and right; None where the file does not say.

    Patient Orientation (PS3.3, C.7.6.1.1.1) names where rows and columns lead to: left and feet, as films are hung, or
    right and feet. A view alone, PA or AP, says how the beam went, and Image Laterality which of a pair of organs is
    shown: neither says how the picture was stored.
    """
    rows, columns = _orientation(ds)
    return {"L": AS_HUNG, "R": AS_HUNG[::-1]}.get(rows) if columns in ("F", "H") else None


def doubts_of(ds: Dataset) -> tuple[str, ...]:
    """Say what in the header should make one doubt what a model answers."""
    doubts = []
    modality, part = _word(ds, "Modality"), _word(ds, "BodyPartExamined")
    if not modality:
        doubts.append("no modality in the file: taken for a radiograph")
    elif modality in _UNTOLD:
        doubts.append(f"the file calls it {_UNTOLD[modality]}: taken for a radiograph")
    if part and not any(word in part for word in _CHEST):
        doubts.append("the file names another part of the body than the chest")
    if (view := view_of(ds)) in _NOT_FRONTAL:
        doubts.append(f"{_NOT_FRONTAL[view]}: most chest models learned from frontal films alone")
    if _orientation(ds) == _MIRRORED:
        doubts.append("the file says that the patient's left is on the left of the picture: it is mirrored")
    if _word(ds, "PresentationIntentType") == "FOR PROCESSING":
        doubts.append("the file is meant for processing, not for viewing (FOR PROCESSING): its grey levels are raw")
    if _word(ds, "BurnedInAnnotation") == "YES":
        doubts.append("the file says that writing is burned into the picture; it may name the patient")
    return tuple(Doubt(doubt) for doubt in doubts)


def check_picture(ds: Dataset) -> None:
    """Refuse a file whose header does not promise one picture in a layout that is read."""
    if ds.file_meta.get("MediaStorageSOPClassUID") == _DICOMDIR:
        raise FilmError("This is a DICOMDIR, the index of a disc; hang the files that lie beside it.")
    picture = next((name for name in _PICTURE if ds.get(name)), None)
    if picture is None:
        raise FilmError("This DICOM file holds no picture (no pixel data); it may be a report or incomplete.")
    needed = NEEDED if picture == "PixelData" else NEEDED[:-2]
    if missing := [name for name in needed if ds.get(name) is None]:
        raise FilmError(f"This DICOM file does not say its {missing[0]}; export it again from its source.")
    if (frames := first_number(ds, "NumberOfFrames", 1)) > 1:
        raise FilmError(f"This DICOM file holds {frames:.0f} frames; expected a single film.")
    check_size(int(ds.Columns), int(ds.Rows))
    if picture == "PixelData" and not _is_read(ds):
        raise FilmError(
            f"This DICOM file holds {ds.SamplesPerPixel} sample(s) a pixel with {ds.BitsStored} bits stored in "
            f"{ds.BitsAllocated}, in a layout that is not read here; {_ALLOWED}."
        )


def is_colour(ds: Dataset) -> bool:
    """Say whether a checked file is in colour."""
    return not ds.PhotometricInterpretation.startswith("MONOCHROME")


def _is_read(ds: Dataset) -> bool:
    photometric, stored, allocated = ds.PhotometricInterpretation, ds.BitsStored, ds.BitsAllocated
    if ds.SamplesPerPixel == 3:
        known = photometric.startswith(("RGB", "YBR_")) and ds.PixelRepresentation == 0
    else:
        known = ds.SamplesPerPixel == 1 and photometric in {"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"}
    bits_fit = allocated in (8, 16, 32) and 1 <= stored <= ds.get("HighBit", stored - 1) + 1 <= allocated
    return known and bits_fit


@overload
def first_number(ds: Dataset, keyword: str, default: float) -> float: ...
@overload
def first_number(ds: Dataset, keyword: str) -> float | None: ...
def first_number(ds: Dataset, keyword: str, default: float | None = None) -> float | None:
    """Give the first of an element's numbers, or `default` where it is absent or empty."""
    found = numbers(ds, keyword)
    return found[0] if found else default


def numbers(ds: Dataset, keyword: str) -> list[float]:
    """Give an element's numbers, none where it is absent or empty.

    The standard writes them with a point; some systems write the comma of their country, at which pydicom stops.
    """
    raw = ds.get_item(keyword) if keyword in ds else None
    if isinstance(raw, RawDataElement) and dictionary_VR(keyword) in _TEXT and raw.VR in (None, *_TEXT, "UN"):
        try:
            parts = (raw.value or b"").replace(b",", b".").split(b"\\")
            return [float(part) for part in parts if part.strip(b"\0 ")]
        except ValueError:
            raise FilmError(f"This DICOM file's {keyword} is not written as a number; export it again.") from None
    value = ds.get(keyword)
    return [] if value is None or np.size(value) == 0 else [float(one) for one in np.ravel(np.asarray(value, float))]


def _orientation(ds: Dataset) -> tuple[str, str]:
    """Give the first letters of where rows and columns lead to; empty where the file does not say."""
    told = ds.get("PatientOrientation")
    if not isinstance(told, MultiValue) or len(told) != 2:
        return "", ""
    rows, columns = (str(one).strip().upper()[:1] for one in told)
    return rows, columns


def _word(ds: Dataset, keyword: str) -> str:
    value = ds.get(keyword)
    return "" if value is None else str(value).strip().upper()
