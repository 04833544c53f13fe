"""What decompresses a DICOM film: imagecodecs, as a plugin of pydicom.

One package of one open licence (BSD) has libjpeg-turbo (8, 12 and 16 bits, lossless too), CharLS, OpenJPEG (which
reads HTJ2K) and PackBits, with wheels for every Python that the app runs on. Of pydicom's own plugins, pylibjpeg's
part for JPEG is under the GPL, and neither GDCM nor Pillow reads 12-bit JPEG.

A decoder is told the size that the header promises, and refuses a stream of another before it takes memory for it.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from pydicom import uid
from pydicom.pixels.common import PhotometricInterpretation
from pydicom.pixels.decoders import base

from xai.films.film import MAX_PIXELS, FilmError, ends_early

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydicom.pixels.decoders.base import Decoder, DecodeRunner

# Of a progressive JPEG: real ones have some ten scans, and each costs as much time as a whole picture.
MOST_SCANS = 100
MOST_SCANNED = 25 * MAX_PIXELS  # pixels, in all scans together

_SCAN = b"\xff\xda"
_JPEG = {uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit, uid.JPEGLossless, uid.JPEGLosslessSV1}
_SYNTAXES = {uid.RLELossless, *_JPEG, *uid.JPEGLSTransferSyntaxes, *uid.JPEG2000TransferSyntaxes}

DECODER_DEPENDENCIES = dict.fromkeys(_SYNTAXES, ("imagecodecs",))  # pydicom asks a plugin for it


@cache
def decoder_of(syntax: uid.UID) -> Decoder | None:
    """Give a decoder of a compressed transfer syntax; None where none is at hand.

    It is the app's own: pydicom's shared decoders are left as they are.
    """
    if syntax not in _SYNTAXES:
        return None
    decoder = base.Decoder(syntax)
    decoder.add_plugin("imagecodecs", (__name__, "decode_frame"))
    return decoder


def is_available(syntax: str) -> bool:
    """Say whether a transfer syntax is decoded here: pydicom asks a plugin for it."""
    return syntax in _SYNTAXES


def decode_frame(stream: bytes, runner: DecodeRunner) -> bytes:
    """Decode a frame as a plugin of pydicom; a `FilmError` also goes into the option ``refusals``.

    pydicom turns whatever a plugin raises into an error of its own, whose text may quote the file.
    """
    try:
        return _decoded(stream, runner)
    except FilmError as error:
        runner.get_option("refusals").append(error)
        raise


def codestream_of(jpeg_2000: bytes) -> bytes:
    """Give a JPEG 2000 picture without the boxes around it: where one has no length, pydicom walks for ever."""
    start = jpeg_2000.find(b"\xff\x4f\xff\x51")
    return jpeg_2000[start:] if start >= 0 else b""


def check_whole(jpeg: bytes) -> None:
    """Refuse a JPEG that is cut short, which its decoder would fill up with grey."""
    if jpeg.rfind(b"\xff\xd9") < jpeg.rfind(_SCAN):
        raise ends_early("JPEG")


def check_scans(jpeg: bytes, width: int, height: int, parts: int = 1) -> None:
    """Refuse a JPEG that has no end of scans.

    Parameters
    ----------
    jpeg : bytes
        Inside a scan the byte FF is always followed by 00 or a restart, so that its marker is easy to find.
    width, height : int
        Of the picture, in pixels.
    parts : int
        JPEGs that make up the picture, in a TIFF.
    """
    scans = jpeg.count(_SCAN)
    most = min(MOST_SCANS, MOST_SCANNED // max(1, width * height)) * parts
    if scans > most:
        raise FilmError(f"This JPEG has {scans:,} scans; at most {most:,} are read: save it again as a plain JPEG.")


def _decoded(stream: bytes, runner: DecodeRunner) -> bytes:
    syntax = runner.transfer_syntax
    if syntax == uid.RLELossless:
        runner.set_option("planar_configuration", 1)
        return _rle(stream, runner)
    if syntax in uid.JPEG2000TransferSyntaxes:
        array = _jpeg_2000(stream, runner)
    elif syntax in uid.JPEGLSTransferSyntaxes:
        array = _promised(imagecodecs.jpegls_decode, stream, runner)
    else:
        array = _jpeg(stream, runner)
    runner.set_option("planar_configuration", 0)
    runner.set_option("bits_allocated", 8 * array.dtype.itemsize)
    return array.tobytes()


def _rle(stream: bytes, runner: DecodeRunner) -> bytes:
    length = int(runner.frame_length(unit="bytes"))
    try:
        decoded = imagecodecs.dicomrle_decode(stream, runner.pixel_dtype.newbyteorder("<"), out=length)
    except imagecodecs.DicomrleError:
        decoded = b""
    if len(decoded) != length:
        raise FilmError("This DICOM file's RLE data is not as long as its picture; copy or export it again.")
    return bytes(decoded)


def _jpeg(stream: bytes, runner: DecodeRunner) -> np.ndarray:
    check_whole(stream)
    check_scans(stream, runner.columns, runner.rows)
    # pydicom converts colours itself, by what the header and the stream say together.
    as_stored = "YCBCR" if runner.samples_per_pixel == 3 else None

    def decode(data: bytes, out: np.ndarray) -> np.ndarray:
        return imagecodecs.jpeg8_decode(data, colorspace=as_stored, outcolorspace=as_stored, out=out)

    return _promised(decode, stream, runner)


def _jpeg_2000(stream: bytes, runner: DecodeRunner) -> np.ndarray:
    # OpenJPEG takes memory before imagecodecs compares sizes.
    if (found := Jpeg2KImageFile(BytesIO(stream)).size) != (runner.columns, runner.rows):
        raise _another_size(runner, f"has {found[0]} × {found[1]}")
    if runner.photometric_interpretation in (PhotometricInterpretation.YBR_ICT, PhotometricInterpretation.YBR_RCT):
        runner.set_option("photometric_interpretation", PhotometricInterpretation.RGB)
    return imagecodecs.jpeg2k_decode(stream)


def _promised(decode: Callable[..., np.ndarray], stream: bytes, runner: DecodeRunner) -> np.ndarray:
    """Decode into the shape that the header promises, in the one of two depths that the stream has."""
    shape = (runner.rows, runner.columns) + ((3,) if runner.samples_per_pixel == 3 else ())
    for dtype in (np.uint8, np.uint16):
        try:
            return decode(stream, out=np.empty(shape, dtype))
        except ValueError:  # the stream's shape or depth is another
            continue
    raise _another_size(runner, "is of another size, depth or colour")


def _another_size(runner: DecodeRunner, found: str) -> FilmError:
    return FilmError(
        f"This DICOM file says {runner.columns} × {runner.rows} pixels but its compressed picture {found}; "
        "export it again from its source."
    )
