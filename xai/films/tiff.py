"""TIFF to pixels in [0, 1]: Pillow reads what it reads exactly, tifffile the depths and compressions beyond."""

from __future__ import annotations

import contextlib
import struct
from dataclasses import replace
from itertools import islice

import numpy as np
from PIL.TiffImagePlugin import TiffImageFile
from PIL.TiffTags import TAGS_V2
from tifffile import PHOTOMETRIC, PLANARCONFIG, TiffFile, TiffPage

from xai.films.codecs import check_scans
from xai.films.colour import luma
from xai.films.film import MAX_PIXELS, FilmError, FilmFacts, check_size
from xai.films.raster import COLOUR_MODES, eight_bit, film_of, orientation_of
from xai.films.stream import Stream

_TAG = {info.name: number for number, info in TAGS_V2.items()}
_WHITE_IS_ZERO = 0
_JPEG = (6, 7)  # as Compression has it
_OFFSETS = (273, 324)  # tags that say where strips and tiles lie
_MOST_PARTS = 200_000  # tiles of 16 × 16 pixels, the smallest there are, for the largest picture that is read
_MOST_ENTRIES = 2**16
_MOST_THUMBNAILS = 16  # pages after the first that are looked at


def read_tiff(data: bytes) -> tuple[np.ndarray, FilmFacts]:
    """Read a TIFF of one page, grey or colour, of any depth; thumbnails behind the page are passed over.

    Integers of 8 and 16 bits are divided by their range. Signed, wider and floating numbers declare none: they are
    taken for 0 to 1, or for the depth that holds them where they are not negative.
    """
    _check_parts(data)
    image = _opened(data)
    if image is None or _is_beyond_pillow(image):
        return _read_beyond_pillow(data)
    check_size(*image.size)
    if image.tag_v2.get(_TAG["Compression"]) in _JPEG:
        check_scans(data, *image.size, parts=_parts(image))
    if image.tag_v2.next:
        _check_one_page(data)
    bits = max(image.tag_v2.get(_TAG["BitsPerSample"], (1,)))
    inverted = image.tag_v2.get(_TAG["PhotometricInterpretation"]) == _WHITE_IS_ZERO
    image.load()
    deep = True
    if image.mode == "F":
        levels, ends, notes = _of_no_range(np.asarray(image))
    elif image.mode.startswith("I;16"):
        levels, ends, notes = np.asarray(image).astype(np.uint16), (0.0, 2.0**bits - 1), ()
    else:
        levels, notes = eight_bit(image)
        ends, deep = (0, 255), False
    pixels, facts = film_of(levels, ends, orientation_of(image), "TIFF", bits, notes)
    if not inverted:
        return pixels, facts
    return (1 - pixels if deep else pixels), _said_inverted(facts)  # Pillow inverts up to 8 bits itself


def _check_parts(data: bytes) -> None:
    """Refuse a first page in more strips or tiles than a film has: Pillow and tifffile list them all before they read.

    A directory that leads out of the file is left to them.
    """
    order, big = "<" if data.startswith(b"II") else ">", data[2:4] in (b"+\0", b"\0+")
    word, entry = ("Q", 20) if big else ("I", 12)
    with contextlib.suppress(struct.error):
        (start,) = struct.unpack_from(order + word, data, 8 if big else 4)
        (entries,) = struct.unpack_from(order + ("Q" if big else "H"), data, start)
        start += 8 if big else 2
        for place in range(start, start + entry * min(entries, _MOST_ENTRIES), entry):
            tag, _, count = struct.unpack_from(f"{order}HH{word}", data, place)
            if tag in _OFFSETS and count > _MOST_PARTS:
                raise FilmError(f"This TIFF is in {count:,} parts; at most {_MOST_PARTS:,} are read: save it as a PNG.")


def _parts(image: TiffImageFile) -> int:
    return max(len(image.tag_v2.get(tag, ())) for tag in _OFFSETS)


def _opened(data: bytes) -> TiffImageFile | None:
    try:
        return TiffImageFile(Stream(data))
    except SyntaxError:  # a mode that Pillow does not know
        return None


def _is_beyond_pillow(image: TiffImageFile) -> bool:
    deep_colour = image.mode in COLOUR_MODES and max(image.tag_v2.get(_TAG["BitsPerSample"], (1,))) > 8
    return deep_colour or image.mode == "I" or 2 in image.tag_v2.get(_TAG["SampleFormat"], ())


def _check_one_page(data: bytes) -> None:
    with TiffFile(Stream(data)) as file:
        others = islice(file.pages, 1, _MOST_THUMBNAILS + 1)
        if not all(isinstance(page, TiffPage) and page.is_reduced for page in others):
            raise FilmError("This TIFF has more than one page; save the film alone.")


def _read_beyond_pillow(data: bytes) -> tuple[np.ndarray, FilmFacts]:
    with TiffFile(Stream(data)) as file:
        page = file.pages.first
        check_size(page.imagewidth, page.imagelength)
        if page.is_tiled and page.tilewidth * page.tilelength > MAX_PIXELS:
            raise FilmError("This TIFF's tiles are larger than any film; save it again as one strip.")
        if page.imagedepth != 1 or page.samplesperpixel > 4 or page.dtype is None or page.dtype.kind not in "iuf":
            raise FilmError("This TIFF holds no plain grey or colour picture; save it as 16-bit greyscale.")
        _check_one_page(data)
        levels, notes = _grey(page)
        inverted = page.photometric == PHOTOMETRIC.MINISWHITE
        orientation = int(page.tags.valueof("Orientation", 1))
    if levels.dtype in (np.uint8, np.uint16):
        ends: tuple[float, float] = (0, np.iinfo(levels.dtype).max)
    else:
        levels, ends, more = _of_no_range(levels)
        notes += more
    pixels, facts = film_of(levels, ends, orientation, "TIFF", 8 * levels.dtype.itemsize, notes)
    return (1 - pixels, _said_inverted(facts)) if inverted else (pixels, facts)


def _grey(page: TiffPage) -> tuple[np.ndarray, tuple[str, ...]]:
    array = page.asarray(maxworkers=1)
    if page.samplesperpixel == 1:
        return array, ()
    if page.planarconfig == PLANARCONFIG.SEPARATE:
        array = np.moveaxis(array, 0, -1)
    alpha = ("alpha channel dropped",) if page.samplesperpixel in (2, 4) else ()
    if page.samplesperpixel == 2:
        return array[..., 0], alpha
    if page.photometric != PHOTOMETRIC.RGB or array.dtype.kind != "u":
        raise FilmError("This TIFF's colours are not read here; save it as 16-bit greyscale.")
    return luma(array[..., :3]), (*alpha, "colour read as luma")


def _said_inverted(facts: FilmFacts) -> FilmFacts:
    return replace(facts, notes=(*facts.notes, "inverted from white-is-zero"))


def _of_no_range(values: np.ndarray) -> tuple[np.ndarray, tuple[float, float], tuple[str, ...]]:
    """Choose the range of numbers whose type says none, by the largest of them.

    In steps of a factor of 16: a chest film's markers and collimated edges come near the top of its range, so one
    whose brightest pixel is below 1/16 of it was made at a lower depth.
    """
    if not np.isfinite(values).all():
        raise FilmError("This TIFF holds NaN or infinite values; expected finite ones.")
    low, top = float(values.min()), float(values.max())
    if low >= 0 and top <= 1 and values.dtype.kind == "f":
        return values, (0, 1), ()
    bits = next((bits for bits in (8, 12, 16) if low >= 0 and top < 2**bits), None)
    if bits is None:
        return values, (-np.inf, np.inf), ()
    return values, (0, 2**bits - 1), (f"values up to {top:g}: divided by {2**bits - 1}",)
