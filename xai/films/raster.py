"""PNG, JPEG and TIFF to pixels in [0, 1].

Pillow decodes, and OpenCV 16-bit colour, which Pillow cuts to 8 bits. Files are opened with Pillow's own file
classes: `Image.open` would warn about large pictures before they can be refused.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO

import cv2
import numpy as np
from PIL import ExifTags, Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.TiffTags import TAGS_V2

from xai.films.film import FilmError, FilmFacts, check_size, ends_early, flat_note

_MAX_PNG_CHUNKS = 100_000  # real files have a few thousand; each costs time however short it is
_COLOUR_MODES = {"RGB", "RGBA", "RGBX", "CMYK", "YCbCr"}
_TIFF_TAG = {info.name: number for number, info in TAGS_V2.items()}


def read_png(data: bytes) -> tuple[np.ndarray, FilmFacts]:
    """Read a PNG of any depth and colour type; alpha is dropped, never averaged in."""
    image = PngImageFile(BytesIO(data))
    check_size(*image.size)
    chunks = dict(_png_chunks(data))
    if b"acTL" in chunks and image.n_frames > 1:
        raise FilmError(f"This PNG is an animation of {image.n_frames} frames; expected a single picture.")
    image.load()
    depth = chunks[b"IHDR"][8]
    if depth < 16:
        levels, notes = _eight_bit(image)
        pixels, bits = _divided(levels, 255), depth
    else:
        levels, notes = _sixteen_bit(image, data)
        significant = chunks[b"sBIT"][0] if chunks.get(b"sBIT") else None
        pixels, bits, more = _scaled_16(levels, significant)
        notes += more
    return _upright(pixels, image, "PNG", bits, notes)


def read_jpeg(data: bytes) -> tuple[np.ndarray, FilmFacts]:
    """Read a grey, RGB or CMYK JPEG, upright by its EXIF orientation."""
    image = JpegImageFile(BytesIO(data))
    check_size(*image.size)
    image.load()
    levels, notes = _eight_bit(image)
    return _upright(_divided(levels, 255), image, "JPEG", 8, notes)


def read_tiff(data: bytes) -> tuple[np.ndarray, FilmFacts]:
    """Read a TIFF of one page: 8 or 16-bit unsigned, or 32-bit float."""
    image = TiffImageFile(BytesIO(data))
    check_size(*image.size)
    tags = image.tag_v2
    if tags.next:
        raise FilmError("This TIFF has more than one page; save the film alone.")
    bits = max(tags.get(_TIFF_TAG["BitsPerSample"], (1,)))
    signed = 2 in tags.get(_TIFF_TAG["SampleFormat"], ())
    if signed or image.mode == "I" or (bits == 16 and image.mode in _COLOUR_MODES):
        kind = "colour" if image.mode in _COLOUR_MODES else "signed" if signed else "integer"
        raise FilmError(
            f"This TIFF stores {bits}-bit {kind} samples; expected grey of 8 or 16 unsigned bits or "
            "32-bit float, or 8-bit colour."
        )
    image.load()
    if image.mode == "F":
        pixels, notes = _scaled_float(np.asarray(image))
    elif image.mode.startswith("I;16"):
        levels = np.asarray(image).astype(np.uint16)
        pixels, bits, notes = _scaled_16(levels, None if bits == 16 else bits)
    else:
        levels, notes = _eight_bit(image)
        pixels = _divided(levels, 255)
    if tags.get(_TIFF_TAG["PhotometricInterpretation"]) == 0:  # white is zero
        if image.mode == "F" or image.mode.startswith("I;16"):  # Pillow inverts up to 8 bits itself
            pixels = 1 - pixels
        notes += ("inverted from white-is-zero",)
    return _upright(pixels, image, "TIFF", bits, notes)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    # Pillow checks neither the checksums of picture data nor that the file is whole.
    view, at, name = memoryview(data), 8, b""
    for _ in range(_MAX_PNG_CHUNKS):
        if name == b"IEND":
            return
        if at + 12 > len(data):
            raise ends_early("PNG")
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            raise ends_early("PNG")
        if zlib.crc32(view[at + 4 : end - 4]) != int.from_bytes(view[end - 4 : end]):
            raise FilmError("This PNG is damaged (a checksum is wrong); copy or download it again.")
        yield name, view[at + 8 : end - 4]
        at = end
    raise FilmError(f"This PNG has more than {_MAX_PNG_CHUNKS:,} parts; save it again as a plain PNG.")


def _eight_bit(image: Image.Image) -> tuple[np.ndarray, tuple[str, ...]]:
    notes = _channel_notes(image, image.mode in _COLOUR_MODES | {"P", "PA"})
    image.info.pop("transparency", None)  # else convert() would look for a transparent luma
    if image.mode in {"P", "PA", "CMYK"}:
        image = image.convert("RGB")
    return np.asarray(image.convert("L")), notes


def _sixteen_bit(image: Image.Image, png: bytes) -> tuple[np.ndarray, tuple[str, ...]]:
    notes = _channel_notes(image, colour=bool(png[25] & 2))  # the header's colour type
    if image.mode == "I;16":
        return np.asarray(image), notes
    colour = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    if colour is None or colour.dtype != np.uint16 or colour.shape[:2] != image.size[::-1]:
        raise FilmError("This 16-bit colour PNG cannot be read; save it as 16-bit greyscale.")
    return cv2.cvtColor(np.ascontiguousarray(colour[..., :3]), cv2.COLOR_BGR2GRAY), notes


def _channel_notes(image: Image.Image, colour: bool) -> tuple[str, ...]:
    alpha = ("alpha channel dropped",) if image.has_transparency_data else ()
    return alpha + (("colour read as luma",) if colour else ())


def _scaled_16(levels: np.ndarray, significant: int | None) -> tuple[np.ndarray, int, tuple[str, ...]]:
    """Divide 16-bit levels by the range they were made in.

    `significant` is what the file says (PNG's sBIT). A conforming writer has spread those bits over all 16,
    so shifting recovers the originals; a writer that did not leaves all levels below 2**significant.
    """
    top = int(levels.max())
    if significant is None or not 1 <= significant <= 16:
        bits = _bits_for(top)
        notes = (f"16-bit file with values up to {top}: read as {bits}-bit",) if bits < 16 else ()
    else:
        bits = significant
        notes = (f"{bits} significant bits, as the file says",) if bits < 16 else ()
        if top >= 2**bits:
            levels = levels >> (16 - bits)
    return _divided(levels, 2**bits - 1), bits, notes


def _scaled_float(values: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    if not np.isfinite(values).all():
        raise FilmError("This TIFF holds NaN or infinite values; expected numbers from 0 to 1.")
    low, top = float(values.min()), float(values.max())
    if low < 0 or top > 65535:
        raise FilmError(f"This TIFF's values lie from {low:g} to {top:g}; expected 0 to 1, 0 to 255 or 0 to 65535.")
    if top <= 1:
        return values, ()
    bits = _bits_for(top)
    return _divided(values, 2**bits - 1), (f"float values up to {top:g}: divided by {2**bits - 1}",)


def _bits_for(top: float) -> int:
    """Guess the depth of values in a wider container from the largest, among 8, 12 and 16 bits.

    Steps of a factor of 16: a chest film's markers and collimated edges come near the top of its range, so
    one whose brightest pixel is below 1/16 of it was made at a lower depth. The factor of 4 that would tell
    10 or 14 bits is no such evidence, since a dark film may stay below a quarter.
    """
    return next(bits for bits in (8, 12, 16) if top < 2**bits)


def _divided(levels: np.ndarray, top: int) -> np.ndarray:
    shades: np.ndarray = np.divide(levels, np.float32(top), dtype=np.float32)
    return shades


def _upright(
    pixels: np.ndarray, image: Image.Image, kind: str, bits: int, notes: tuple[str, ...]
) -> tuple[np.ndarray, FilmFacts]:
    # Pillow turns a TIFF itself while loading and drops its orientation, so here it is always 1.
    orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    if orientation in (5, 6, 7, 8):
        pixels = pixels.T
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in range(2, 9):
        notes += ("turned upright by the EXIF orientation",)
    height, width = pixels.shape
    facts = FilmFacts(kind, width, height, bits, notes=notes + flat_note(pixels))
    return np.ascontiguousarray(pixels), facts
