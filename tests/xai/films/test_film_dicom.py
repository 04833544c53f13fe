"""DICOM as it comes: every compression, odd bits, pixels that are not square, and what a header warns of."""

from __future__ import annotations

import io

import cv2
import imagecodecs
import numpy as np
import pytest
from pydicom import Dataset, Sequence, dcmread
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from tests.xai.films.test_film import assert_shows, dicom, gradient
from xai.films.film import FilmError
from xai.films.reading import read_film

DEEP = gradient(12)


def jpeg_lossless(levels: np.ndarray) -> bytes:
    return imagecodecs.jpeg8_encode(levels, lossless=True, bitspersample=12)


def jpeg_2000(levels: np.ndarray) -> bytes:
    return imagecodecs.jpeg2k_encode(levels, codecformat="j2k", bitspersample=12, level=0)


STREAMS = {
    JPEGExtended12Bit: (imagecodecs.jpeg8_encode(DEEP, 98, bitspersample=12), 4),
    JPEGLossless: (jpeg_lossless(DEEP), 0),
    JPEGLosslessSV1: (jpeg_lossless(DEEP), 0),
    JPEGLSLossless: (imagecodecs.jpegls_encode(DEEP), 0),
    JPEGLSNearLossless: (imagecodecs.jpegls_encode(DEEP, level=2), 2),
    JPEG2000Lossless: (jpeg_2000(DEEP), 0),
    JPEG2000: (jpeg_2000(DEEP), 0),
    HTJ2KLossless: (imagecodecs.htj2k_encode(DEEP, reversible=True), 0),
    HTJ2KLosslessRPCL: (imagecodecs.htj2k_encode(DEEP, reversible=True), 0),
    HTJ2K: (imagecodecs.htj2k_encode(DEEP, reversible=True), 0),
}


@pytest.mark.parametrize("syntax", STREAMS)
def test_every_compression_shows_what_was_compressed(syntax):
    stream, loss = STREAMS[syntax]
    film = read_film(dicom(DEEP, syntax, BitsStored=12, PixelData=encapsulate([stream])))
    assert_shows(film, DEEP / 4095, loss / 4095 + 1e-6)
    assert film.facts.notes == ()


@pytest.mark.parametrize("syntax", STREAMS)
def test_a_compressed_frame_that_is_cut_short_is_refused(syntax):
    stream, _ = STREAMS[syntax]
    for part in (0.3, 0.6, 0.95):
        with pytest.raises(FilmError, match=r"damaged or incomplete|ends before"):
            read_film(dicom(DEEP, syntax, BitsStored=12, PixelData=encapsulate([stream[: int(part * len(stream))]])))


def test_a_deflated_file_is_the_film_that_it_was():
    plain = read_film(dicom(DEEP, BitsStored=12))
    assert read_film(dicom(DEEP, DeflatedExplicitVRLittleEndian, BitsStored=12)).sha256 == plain.sha256


def test_a_frame_in_jpeg_that_is_wider_than_it_says_is_refused():
    stream = jpeg_lossless(np.hstack([DEEP, DEEP]))
    with pytest.raises(FilmError, match="64 × 48 pixels but its compressed picture is of another size"):
        read_film(dicom(DEEP, JPEGLosslessSV1, BitsStored=12, PixelData=encapsulate([stream])))


def test_rle_with_padded_segments_hangs():
    ds = dcmread(io.BytesIO(dicom(DEEP, RLELossless, BitsStored=12)))
    header, segments = np.zeros(16, "<u4"), []
    for number, plane in enumerate((DEEP >> 8, DEEP & 255)):
        header[0], header[1 + number] = 2, 64 + sum(map(len, segments))
        packed = imagecodecs.packbits_encode(plane.astype(np.uint8).tobytes())
        segments.append(packed + (b"\0" if len(packed) % 2 else b"\x80\0"))  # 80 stands for nothing
    ds.PixelData = encapsulate([header.tobytes() + b"".join(segments)])
    file = io.BytesIO()
    ds.save_as(file)
    assert_shows(read_film(file.getvalue()), DEEP / 4095)


@pytest.mark.parametrize(
    "name",
    [
        "image_dfl.dcm",
        "SC_rgb_rle_16bit.dcm",
        "SC_rgb_jls_lossy_line.dcm",
        "SC_rgb_jpeg_gdcm.dcm",
        "SC_rgb_jpeg_dcmtk.dcm",
        "SC_ybr_full_422_uncompressed.dcm",
    ],
)
def test_films_that_come_with_pydicom_show_its_pixels(name):
    ds = dcmread(get_testdata_file(name, download=False))
    beside = {"SC_rgb_jls_lossy_line.dcm": "SC_rgb_rle.dcm", "SC_rgb_jpeg_gdcm.dcm": "SC_rgb_rle.dcm"}
    # Of those two pydicom alone reads only the twin that lies beside them.
    theirs = dcmread(get_testdata_file(beside.get(name, name), download=False)).pixel_array
    theirs = theirs @ [0.299, 0.587, 0.114] if theirs.ndim == 3 else apply_voi_lut(apply_modality_lut(theirs, ds), ds)
    film = read_film(get_testdata_file(name, download=False))
    assert_shows(film, theirs / (2**ds.BitsStored - 1), 2 / 255)


# Bits


def test_bits_that_do_not_begin_at_the_lowest_are_moved_there():
    shifted = (DEEP << 4) | np.uint16(5)
    assert_shows(
        read_film(dicom(shifted, BitsStored=12).replace(b"\x02\x01US\x02\x00\x0b", b"\x02\x01US\x02\x00\x0f")),
        DEEP / 4095,
    )


@pytest.mark.parametrize("signed", [False, True])
def test_32_bits_are_windowed_to_their_content(signed):
    levels = DEEP.astype(np.int32 if signed else np.uint32) - (2000 if signed else 0)
    film = read_film(dicom(levels))
    assert_shows(film, np.clip((DEEP - 20.0) / 4055, 0, 1))
    assert film.facts.bits == 32 and "fill only 0.0%" in film.facts.doubts[0]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_floating_pixels_are_windowed_to_their_content(kind):
    ds = dcmread(io.BytesIO(dicom(gradient(8))))
    del ds.PixelData, ds.BitsStored, ds.PixelRepresentation
    ds.BitsAllocated = 8 * np.dtype(kind).itemsize
    keyword = "FloatPixelData" if kind == np.float32 else "DoubleFloatPixelData"
    setattr(ds, keyword, (DEEP / 4095 - 7).astype(kind).tobytes())
    file = io.BytesIO()
    ds.save_as(file)
    film = read_film(file.getvalue())
    assert_shows(film, np.clip((DEEP - 20.0) / 4055, 0, 1), 1e-4)
    assert film.facts.doubts[0].startswith("the file does not say its range and it names no window")


def test_a_palette_is_looked_up_and_read_as_luma():
    tags = {"PhotometricInterpretation": "PALETTE COLOR"}
    curves = np.array([np.arange(256), np.arange(256)[::-1], np.arange(256)]) * 257
    for colour, curve in zip(("Red", "Green", "Blue"), curves, strict=True):
        tags[f"{colour}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        tags[f"{colour}PaletteColorLookupTableData"] = curve.astype("<u2").tobytes()
    film = read_film(dicom(gradient(8), **tags))
    index = gradient(8).astype(float)
    shown = (0.299 * index + 0.587 * (255 - index) + 0.114 * index) / 255
    ends = np.sort(shown.ravel())[[15, -16]]
    assert_shows(film, np.clip((shown - ends[0]) / (ends[1] - ends[0]), 0, 1), 0.01)


def test_a_decimal_comma_is_a_point():
    tags = {
        "BitsStored": 12,
        "WindowCenter": "900.5",
        "WindowWidth": "700.25",
        "RescaleSlope": "0.5",
        "RescaleIntercept": "0",
    }
    point = dicom(DEEP, **tags)
    comma = point.replace(b"900.5", b"900,5").replace(b"700.25", b"700,25").replace(b"0.5 ", b"0,5 ")
    assert comma != point
    assert read_film(comma).sha256 == read_film(point).sha256


# Geometry


@pytest.mark.parametrize(
    ("tags", "shape"),
    [
        ({"PixelAspectRatio": [1, 2]}, (48, 128)),
        ({"PixelAspectRatio": [2, 1]}, (96, 64)),
        ({"PixelSpacing": [0.2, 0.1]}, (96, 64)),
        ({"ImagerPixelSpacing": [0.1, 0.15]}, (48, 96)),
        ({"PixelSpacing": [0.1, 0.1], "ImagerPixelSpacing": [0.1, 0.2]}, (48, 64)),
        ({"PixelSpacing": [0, 0], "PixelAspectRatio": [1, 2]}, (48, 128)),
        ({"PixelSpacing": [0.143, 0.1431]}, (48, 64)),
    ],
)
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_pixels_that_are_not_square_become_so(tags, shape, syntax):
    film = read_film(dicom(DEEP, syntax, BitsStored=12, **tags))
    assert_shows(film, cv2.resize((DEEP / 4095).astype(np.float32), shape[::-1], interpolation=cv2.INTER_LINEAR))
    assert (film.facts.width, film.facts.height) == (64, 48)
    assert any("made square" in note for note in film.facts.notes) == (shape != (48, 64))


def test_a_pixel_that_is_too_long_is_taken_for_square_and_doubted():
    film = read_film(dicom(gradient(8), PixelSpacing=[1, 10]))
    assert film.pixels.shape == (48, 64)
    assert "1 × 10 (height × width): taken for square" in film.facts.doubts[0]


# What a header warns of


@pytest.mark.parametrize(
    ("tags", "doubt"),
    [
        ({"PresentationIntentType": "FOR PROCESSING"}, "FOR PROCESSING"),
        ({"PresentationIntentType": "FOR PRESENTATION"}, None),
        ({"BurnedInAnnotation": "YES"}, "writing is burned into the picture"),
        ({"BurnedInAnnotation": "NO"}, None),
        ({"ViewPosition": "LL"}, "a lateral view"),
        ({"ViewPosition": "RLO"}, "an oblique view"),
        ({"Modality": "OT"}, "another kind of picture (OT)"),
        ({"Modality": "SC"}, "a copy of a screen (SC)"),
        ({"Modality": ""}, "no modality in the file"),
        ({"BodyPartExamined": "HAND"}, "another part of the body"),
        ({"BodyPartExamined": "CHEST"}, None),
    ],
)
def test_a_header_that_warns_gives_a_doubt(tags, doubt):
    doubts = read_film(dicom(gradient(8), **tags)).facts.doubts
    assert [doubt] == [doubt for one in doubts if doubt and doubt in one] if doubt else doubts == ()


@pytest.mark.parametrize(
    ("tags", "sides"),
    [
        ({"PatientOrientation": ["L", "F"]}, ("R", "L")),
        ({"PatientOrientation": ["LA", "FR"]}, ("R", "L")),
        ({"PatientOrientation": ["R", "F"]}, ("L", "R")),
        ({"PatientOrientation": ["F", "R"]}, None),
        ({"PatientOrientation": ["A", "F"]}, None),
        ({"PatientOrientation": "LF"}, None),
        ({"PatientOrientation": ""}, None),
        ({"ViewPosition": "PA", "ImageLaterality": "U"}, None),
    ],
)
def test_which_side_is_which_is_known_where_the_orientation_says_so(tags, sides):
    assert read_film(dicom(gradient(8), **tags)).facts.sides == sides


@pytest.mark.parametrize(
    ("code", "view"), [("R-10206", "AP"), ("272479007", "PA"), ("399173006", "LATERAL"), ("1", None)]
)
def test_a_view_is_read_from_its_code_where_its_name_is_missing(code, view):
    item = Dataset()
    item.CodeValue = code
    assert read_film(dicom(gradient(8), ViewPosition="", ViewCodeSequence=Sequence([item]))).facts.view == view
