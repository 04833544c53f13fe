"""The stored values of a DICOM film, once the file is known to hold as many as it promises and no more."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from pydicom import Dataset, uid
from pydicom.encaps import encapsulate, get_frame
from pydicom.pixels import apply_color_lut, get_decoder
from pydicom.pixels.utils import get_expected_length

from xai.films.codecs import codestream_of, decoder_of
from xai.films.colour import luma
from xai.films.film import MAX_BYTES, FilmError, ends_early

_FRAGMENT = b"\xfe\xff\0\xe0"  # how each begins
_MOST_FRAGMENTS = 10_000  # of 6 KB in the largest file; one frame is mostly in one
_CONVERT = "convert it to uncompressed DICOM first, for example with `gdcmconv --raw IN OUT`"


def inflated(data: bytes) -> bytes:
    """Give a file whose dataset is deflated as one that is not; every other file as it is.

    pydicom inflates without a limit, and 64 MiB may hold 64 GiB: so it is never handed a deflated file.
    """
    if uid.DeflatedExplicitVRLittleEndian.encode() not in data:
        return data
    # The first element after preamble and magic gives the length of the group that names the transfer syntax.
    tag, length = struct.unpack_from("<I4xI", data, 132)
    start = 144 + length
    if tag != 2 or uid.DeflatedExplicitVRLittleEndian.encode() not in data[132:start]:
        raise FilmError(f"This DICOM file is deflated in a way that is not read here; {_CONVERT}.")
    _check_inflates(data[start:])
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    dataset = stream.decompress(data[start:])
    if not stream.eof:
        raise ends_early("DICOM")
    return dataset


def _check_inflates(packed: bytes) -> None:
    """Refuse what inflates to more than is read of any file, without keeping what comes out."""
    stream, length = zlib.decompressobj(-zlib.MAX_WBITS), 0
    for start in range(0, len(packed), 2**16):
        rest = packed[start : start + 2**16]
        while rest:
            length += len(stream.decompress(rest, 2**20))
            rest = stream.unconsumed_tail
            if length > MAX_BYTES:
                most = f"{MAX_BYTES // 2**20} MiB"
                raise FilmError(f"This DICOM file holds more than {most} once inflated, the most that is read of one.")


def stored_values(ds: Dataset) -> np.ndarray:
    """Decode the one frame of a file of grey levels.

    Returns
    -------
    ndarray of int or float, shape (H, W)
    """
    values, _ = _decoded(ds)
    return values


def stored_colours(ds: Dataset) -> tuple[np.ndarray, int]:
    """Decode the one frame of a file in colour to its luma.

    Returns
    -------
    levels : ndarray of unsigned int, shape (H, W)
    bits : int
        2**bits - 1 is white.
    """
    values, photometric = _decoded(ds)
    if photometric == "PALETTE COLOR":
        if "SegmentedRedPaletteColorLookupTableData" in ds:
            raise FilmError(f"This DICOM file's palette is in segments, which are not read here; {_CONVERT}.")
        colours = apply_color_lut(values, ds)
        return luma(colours), 8 * colours.dtype.itemsize
    if photometric != "RGB":
        raise FilmError(f"This DICOM file's colours are not read here; {_CONVERT}.")
    return luma(values), int(ds.BitsStored)


def _decoded(ds: Dataset) -> tuple[np.ndarray, str]:
    syntax = _transfer_syntax(ds)
    if syntax.is_encapsulated:
        return _decompressed(ds, syntax)
    if len(ds.get("PixelData") or ds.get("FloatPixelData") or ds.DoubleFloatPixelData) < get_expected_length(ds):
        raise ends_early("DICOM")
    if "PixelData" not in ds:
        return get_decoder(syntax).as_array(ds, index=0)[0], str(ds.PhotometricInterpretation)
    # pydicom drops what lies above the stored bits; where these do not start at the lowest bit, they are moved there.
    top = int(ds.get("HighBit", ds.BitsStored - 1)) + 1
    array, meta = get_decoder(syntax).as_array(ds, index=0, bits_stored=top)  # type: ignore[arg-type]
    return array >> (top - ds.BitsStored), str(meta["photometric_interpretation"])


def _decompressed(ds: Dataset, syntax: uid.UID) -> tuple[np.ndarray, str]:
    decoder = decoder_of(syntax)
    if decoder is None:
        name = "an unknown transfer syntax" if syntax.name == syntax else syntax.name
        raise FilmError(f"This DICOM file is compressed as {name}, which is not read here; {_CONVERT}.")
    if ds.PixelData.count(_FRAGMENT) > _MOST_FRAGMENTS:
        raise FilmError(f"This DICOM file's picture is in more than {_MOST_FRAGMENTS:,} pieces; {_CONVERT}.")
    if syntax in uid.JPEG2000TransferSyntaxes:
        ds.PixelData = encapsulate([codestream_of(get_frame(ds.PixelData, 0, number_of_frames=1))])
    refusals: list[FilmError] = []
    try:
        array, meta = decoder.as_array(ds, index=0, refusals=refusals)  # type: ignore[arg-type] # an option of ours
    except RuntimeError:
        damaged = FilmError("This DICOM file's compressed picture is damaged or incomplete; copy or download it again.")
        raise (refusals[0] if refusals else damaged) from None
    return array, str(meta["photometric_interpretation"])


def _transfer_syntax(ds: Dataset) -> uid.UID:
    if "TransferSyntaxUID" in ds.file_meta:
        return ds.file_meta.TransferSyntaxUID
    implicit, little = ds.original_encoding
    syntax = uid.ImplicitVRLittleEndian if implicit else uid.ExplicitVRLittleEndian
    ds.file_meta.TransferSyntaxUID = syntax if little else uid.ExplicitVRBigEndian
    return ds.file_meta.TransferSyntaxUID
