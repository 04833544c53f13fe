"""PNG, JPEG and other pictures to pixels in [0, 1].

Pillow decodes, OpenCV 16-bit colour, which Pillow cuts to 8 bits, and imagecodecs deep JPEG 2000, which Pillow scales.
Files are opened with Pillow's own file classes: `Image.open` would warn of large pictures before they can be refused.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import cv2
import imagecodecs
import numpy as np
from PIL import ExifTags, Image
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile
from pydicom.pixels.utils import get_j2k_parameters

from xai.films.codecs import check_scans, check_whole, codestream_of
from xai.films.colour import luma
from xai.films.film import FilmError, FilmFacts, check_size, ends_early
from xai.films.stream import Stream
from xai.films.window import shown

COLOUR_MODES = {"RGB", "RGBA", "RGBX", "CMYK", "YCbCr"}

_MAX_PNG_CHUNKS = 100_000  # real files have a few thousand; each costs time however short it is


def read_png(data: bytes) -> tuple[np.ndarray, FilmFacts]:
    """Read a PNG of any depth and colour type; alpha is dropped, never averaged in. Of an animation the first frame."""
    image = PngImageFile(Stream(data))
    check_size(*image.size)
    chunks = dict(_png_chunks(data))
    notes = _first_frame(image)
    image.load()
    depth = chunks[b"IHDR"][8]
    if depth < 16:
        levels, more = eight_bit(image)
        return film_of(levels, (0, 255), orientation_of(image), "PNG", depth, notes + more)
    levels, more = _sixteen_bit(image, data)
    significant = chunks[b"sBIT"][0] if chunks.get(b"sBIT") else 16
    bits = significant if 1 <= significant <= 16 else 16
    if bits < 16:
        more += (f"{bits} significant bits, as the file says",)
        if levels.max() >= 2**bits:  # a conforming writer has spread those bits over all 16; some do not
            levels = levels >> (16 - bits)
    return film_of(levels, (0, 2**bits - 1), orientation_of(image), "PNG", bits, notes + more)


def read_jpeg(data: bytes) -> tuple[np.ndarray, FilmFacts]:
    """Read a grey, RGB or CMYK JPEG, upright by its EXIF orientation."""
    check_whole(data)
    try:
        image = JpegImageFile(Stream(data))
    except SyntaxError as error:
        if "-bit layers" in str(error):
            raise FilmError("This JPEG has more than 8 bits a sample; save it as a 16-bit greyscale PNG.") from None
        raise
    check_scans(data, *image.size)
    return _eight_bit_film(image, "JPEG")


def read_bmp(data: bytes) -> tuple[np.ndarray, FilmFacts]:
    """Read a BMP, grey, with a palette or in colour."""
    return _eight_bit_film(BmpImageFile(Stream(data)), "BMP")


def read_gif(data: bytes) -> tuple[np.ndarray, FilmFacts]:
    """Read a GIF; of an animation the first frame."""
    return _eight_bit_film(GifImageFile(Stream(data)), "GIF")


def read_webp(data: bytes) -> tuple[np.ndarray, FilmFacts]:
    """Read a WebP; of an animation the first frame."""
    return _eight_bit_film(WebPImageFile(Stream(data)), "WebP")


def read_avif(data: bytes) -> tuple[np.ndarray, FilmFacts]:
    """Read an AVIF, cut to 8 bits where it has more; of an animation the first frame."""
    return _eight_bit_film(AvifImageFile(Stream(data)), "AVIF")


def read_jpeg_2000(data: bytes) -> tuple[np.ndarray, FilmFacts]:
    """Read a JPEG 2000 picture or bare codestream; grey of up to 16 bits, or colour of 8."""
    image = Jpeg2KImageFile(Stream(data))
    check_size(*image.size)
    if image.mode != "I;16":
        return _eight_bit_film(image, "JPEG 2000")
    bits = int(get_j2k_parameters(codestream_of(data)).get("precision", 16))
    levels = imagecodecs.jpeg2k_decode(data)
    return film_of(levels, (0, 2**bits - 1), orientation_of(image), "JPEG 2000", bits, ())


def film_of(
    levels: np.ndarray,
    ends: tuple[float, float],
    orientation: int,
    kind: str,
    bits: int,
    notes: tuple[str, ...],
) -> tuple[np.ndarray, FilmFacts]:
    """Show levels, turned upright.

    Parameters
    ----------
    levels : ndarray, shape (H, W)
    ends : tuple of float
        The levels that stand for black and white in such a file.
    orientation : int
        By EXIF, from 1 (upright) to 8.
    kind, bits, notes
        Of the facts.
    """
    pixels, more = shown(levels, ends)
    if orientation in (5, 6, 7, 8):
        pixels = pixels.T
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in range(2, 9):
        notes += ("turned upright by the EXIF orientation",)
    height, width = pixels.shape
    return np.ascontiguousarray(pixels), FilmFacts(kind, width, height, bits, notes=notes + more)


def orientation_of(image: Image.Image) -> int:
    """Give the orientation of a loaded picture; Pillow turns a TIFF itself, so there it is always 1."""
    return int(image.getexif().get(ExifTags.Base.Orientation, 1))


def eight_bit(image: Image.Image) -> tuple[np.ndarray, tuple[str, ...]]:
    """Give the grey levels of a loaded picture of up to 8 bits a sample, with what was done for it."""
    notes = _channel_notes(image, image.mode in COLOUR_MODES | {"P", "PA"})
    image.info.pop("transparency", None)  # else convert() would look for a transparent luma
    if image.mode in {"P", "PA", "CMYK"}:
        image = image.convert("RGB")
    return np.asarray(image.convert("L")), notes


def _eight_bit_film(image: Image.Image, kind: str) -> tuple[np.ndarray, FilmFacts]:
    check_size(*image.size)
    notes = _first_frame(image)
    image.load()
    levels, more = eight_bit(image)
    return film_of(levels, (0, 255), orientation_of(image), kind, 8, notes + more)


def _first_frame(image: Image.Image) -> tuple[str, ...]:
    return ("the first frame of an animation",) if getattr(image, "is_animated", False) else ()


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


def _sixteen_bit(image: Image.Image, png: bytes) -> tuple[np.ndarray, tuple[str, ...]]:
    notes = _channel_notes(image, colour=bool(png[25] & 2))  # the header's colour type
    if image.mode == "I;16":
        return np.asarray(image), notes
    colour = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    if colour is None or colour.dtype != np.uint16 or colour.shape[:2] != image.size[::-1]:
        raise FilmError("This 16-bit colour PNG cannot be read; save it as 16-bit greyscale.")
    return luma(colour[..., 2::-1]), notes


def _channel_notes(image: Image.Image, colour: bool) -> tuple[str, ...]:
    alpha = ("alpha channel dropped",) if image.has_transparency_data else ()
    return alpha + (("colour read as luma",) if colour else ())
