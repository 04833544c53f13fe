"""Which files are films, and what the others are: told by their first bytes and never by their name.

The one list of formats: what is read, what the uploader, the commands and the README name, and which files a folder
is searched for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from xai.files import stand_in
from xai.films.dicom import read_dicom
from xai.films.film import FilmError, FilmFacts
from xai.films.raster import read_avif, read_bmp, read_gif, read_jpeg, read_jpeg_2000, read_png, read_webp
from xai.films.tiff import read_tiff


@dataclass(frozen=True)
class Format:
    """A format that films are read from.

    Parameters
    ----------
    suffixes : tuple of str
        How such files are mostly called.
    read : callable
        The file's bytes to pixels and facts.
    """

    suffixes: tuple[str, ...]
    read: Callable[[bytes], tuple[np.ndarray, FilmFacts]]


FORMATS = {
    "PNG": Format((".png", ".apng"), read_png),
    "JPEG": Format((".jpg", ".jpeg"), read_jpeg),
    "TIFF": Format((".tif", ".tiff"), read_tiff),
    "DICOM": Format((".dcm", ".dicom"), read_dicom),
    "BMP": Format((".bmp",), read_bmp),
    "GIF": Format((".gif",), read_gif),
    "WebP": Format((".webp",), read_webp),
    "AVIF": Format((".avif",), read_avif),
    "JPEG 2000": Format((".jp2", ".j2k"), read_jpeg_2000),
}
SUFFIXES = tuple(suffix for one in FORMATS.values() for suffix in one.suffixes)
NAMES = f"{', '.join(list(FORMATS)[:-1])} or {list(FORMATS)[-1]}"

# What a file's first bytes say it is. DICOM comes first: its free 128-byte preamble may hold a TIFF header.
_FILMS = (
    (rb".{128}DICM", "DICOM"),
    (rb"\x89PNG\r\n\x1a\n", "PNG"),
    (rb"\xff\xd8\xff", "JPEG"),
    (rb"II[*+]\0|MM\0[*+]", "TIFF"),
    (rb"BM.{4}.{4}.{4}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", "BMP"),
    (rb"GIF8[79]a", "GIF"),
    (rb"RIFF.{4}WEBP", "WebP"),
    (rb".{4}ftypavi[fs]", "AVIF"),
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "JPEG 2000"),
    # No preamble: a first tag of group 0002 or 0008, then a VR in letters or a length below 64 KiB.
    (rb"[\x02\x08]\0.[\0-\x20](?:[A-Z]{2}|..\0\0)", "DICOM"),
)
_TEXT = rb"(?:\xff\xfe|\xfe\xff|[^\0-\x08\x0e-\x1f\x7f]{1,1024}\Z)"
_OTHERS = (
    (rb".{4}ftyp(?:hei[cfmsx]|hev[cmsx]|mi[af]1|msf1)", "a HEIC picture, as phones take"),
    (rb".{4}ftyp", "a video"),
    (rb"\0\0\0\x0cJXL |\xff\x0a", "a JPEG XL image"),
    (rb"II\xbc\x01", "a JPEG XR image"),
    (rb"8BPS", "a Photoshop document"),
    (rb"P[1-7]\s", "a PGM or PPM image"),
    (rb"%PDF", "a PDF document"),
    (rb"PK(?:\x03\x04|\x05\x06)", "a ZIP archive (a .keras model is one too)"),
    (rb"\x1f\x8b", "a gzip archive (a .nii.gz volume is one too)"),
    (rb"7z\xbc\xaf|Rar!", "an archive"),
    (rb"\x89HDF\r\n\x1a\n", "an HDF5 file, such as a Keras model"),
    (rb"\x93NUMPY", "a NumPy array"),
    (rb".{344}n[+i]1\0|(?:\x5c\x01\0\0|\0\0\x01\x5c)", "a NIfTI volume"),
    (rb"NRRD000", "an NRRD volume"),
    (rb"\s*(?:ObjectType|NDims)\s*=", "a MetaImage volume (MHA, MHD)"),
    (rb"(?i:[^\0-\x08\x0e-\x1f\x7f]{0,900}<svg[\s>])", "an SVG drawing"),
    (_TEXT, "text"),
)


def kind_of(data: bytes) -> str:
    """Tell a film's format by its first bytes.

    Raises
    ------
    FilmError
        If it is something else, which is named where it is known.
    """
    head = data[:1024]
    for pattern, kind in _FILMS:
        if re.match(pattern, head, re.DOTALL):
            return kind
    if found := stand_in(head):
        way = ": fetch the file itself with `git lfs pull`" if "LFS" in found else ""
        raise FilmError(f"This is {found}{way}; expected a {NAMES} file.")
    for pattern, kind in _OTHERS:
        if re.match(pattern, head, re.DOTALL):
            raise FilmError(f"This is {kind}; expected a {NAMES} file.")
    raise FilmError(f"This is not a picture that can be recognised; expected a {NAMES} file.")
