"""A known picture, written in every container and depth, comes back as what it was."""

from __future__ import annotations

import copy
import hashlib
import io
import pickle
import struct
import warnings
import zlib

import cv2
import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps
from pydicom import Dataset, FileMetaDataset, dcmread
from pydicom.encaps import encapsulate
from pydicom.pixels import apply_modality_lut, apply_voi, apply_windowing
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
)

from xai.films.film import MAX_SIDE_KEPT, Film, FilmError
from xai.films.reading import read_film

HEIGHT, WIDTH = 48, 64
RAMP = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)


def gradient(bits: int) -> np.ndarray:
    """Spread every level of a depth over the picture, from 0 to 2**bits - 1."""
    return np.rint(RAMP / RAMP.max() * (2**bits - 1)).astype(np.uint8 if bits <= 8 else np.uint16)


def saved(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(samples: np.ndarray, depth: int, colour: int, *extra: bytes) -> bytes:
    """Write a PNG by the letter of the standard, independent of any library; extra chunks go before IDAT."""
    samples = samples.reshape(samples.shape[0], -1)
    if depth == 16:
        rows = [row.astype(">u2").tobytes() for row in samples]
    else:
        bits = np.unpackbits(samples.astype(np.uint8)[..., None], axis=-1)[..., 8 - depth :]
        rows = [np.packbits(row.ravel()).tobytes() for row in bits]
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    header = struct.pack(">IIBBBBB", samples.shape[1] // channels, len(rows), depth, colour, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(extra) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def dicom(stored: np.ndarray, syntax: UID = ExplicitVRLittleEndian, preamble: bool = True, **tags) -> bytes:
    """Write a DX file of the stored values; tags override what is derived from them."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    packing = syntax == RLELossless and "PixelData" not in tags
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian if packing else syntax
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1.1", "1.2.3"
    ds.Modality, ds.ViewPosition = "DX", "PA"
    ds.Rows, ds.Columns = stored.shape[:2]
    ds.SamplesPerPixel = 3 if stored.ndim == 3 else 1
    ds.PhotometricInterpretation = "RGB" if stored.ndim == 3 else "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 8 * stored.dtype.itemsize
    ds.PixelRepresentation = int(stored.dtype.kind == "i")
    if stored.ndim == 3:
        ds.PlanarConfiguration = 0
    if "BitsStored" in tags:
        ds.HighBit = max(0, tags["BitsStored"] - 1)
    for keyword, value in tags.items():
        setattr(ds, keyword, value)
    if "PixelData" not in tags:
        order = ">" if syntax == ExplicitVRBigEndian else "<"
        ds.PixelData = stored.astype(stored.dtype.newbyteorder(order)).tobytes()
        if packing:
            ds.compress(RLELossless, generate_instance_uid=False)
    ds["PixelData"].VR = "OB" if syntax.is_encapsulated or ds.BitsAllocated == 8 else "OW"
    file = io.BytesIO()
    ds.save_as(file, enforce_file_format=preamble) if preamble else ds.save_as(
        file, implicit_vr=syntax.is_implicit_VR, little_endian=syntax.is_little_endian
    )
    return file.getvalue()


def lut(data: np.ndarray, first: int, bits: int) -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [data.size, first, bits])
    item.add_new("LUTData", "OW", data.astype("<u2").tobytes())
    return item


def assert_shows(film: Film, expected: np.ndarray, tolerance: float = 1e-6) -> None:
    assert film.pixels.dtype == np.float32
    assert film.pixels.shape == expected.shape
    assert np.abs(film.pixels - expected).max() <= tolerance


# Film


def test_film_is_a_read_only_copy():
    pixels = np.zeros((40, 50))
    film = Film.from_pixels(pixels)
    pixels[0, 0] = 1
    assert film.pixels[0, 0] == 0
    for same in (film, pickle.loads(pickle.dumps(film)), copy.deepcopy(film)):
        assert same.sha256 == film.sha256
        with pytest.raises(ValueError, match="read-only"):
            same.pixels[0, 0] = 1


def test_sha256_is_of_shape_and_pixels_alone():
    flat = np.zeros((40, 50), np.float32)
    other = flat.copy()
    other[3, 4] = np.nextafter(np.float32(0), np.float32(1))
    assert Film.from_pixels(flat).sha256 == Film.from_pixels(-flat).sha256  # -0 is 0
    assert Film.from_pixels(flat).sha256 == Film.from_pixels(np.asfortranarray(flat)).sha256
    assert len({Film.from_pixels(p).sha256 for p in (flat, flat.T, other)}) == 3


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.zeros((40, 40, 3)), "two axes"),
        (np.zeros((40, 40), np.uint8), "uint8"),
        (np.zeros((31, 40)), "40 × 31"),
        (np.zeros((32, 32 * 65)), "64 times longer"),
        (np.full((40, 40), np.nan), "NaN"),
        (np.full((40, 40), 1.5), "1.5"),
        (np.full((40, 40), -0.5), "-0.5"),
    ],
)
def test_from_pixels_refuses(pixels, message):
    with pytest.raises(FilmError, match=message):
        Film.from_pixels(pixels)


def test_one_picture_in_every_container_is_one_film(tmp_path):
    grey = gradient(8)
    image = Image.fromarray(grey)
    files = [
        saved(image, "PNG"),
        saved(image.convert("RGB"), "PNG"),
        saved(image.convert("RGBA"), "PNG"),
        png(grey.astype(np.uint16) * 257, 16, 0),
        saved(image, "TIFF"),
        saved(image, "TIFF", compression="tiff_lzw"),
        dicom(grey),
        dicom(255 - grey, PhotometricInterpretation="MONOCHROME1"),
        dicom(np.dstack([grey] * 3)),
        dicom(grey, RLELossless),
    ]
    path = tmp_path / "film.txt"  # a name tells nothing
    path.write_bytes(files[0])
    films = [read_film(file) for file in [*files, path, str(path)]]
    assert len({film.sha256 for film in films}) == 1
    assert_shows(films[0], grey / 255)


# PNG


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_png_grey(depth):
    film = read_film(png(gradient(depth), depth, 0))
    assert_shows(film, gradient(depth) / (2**depth - 1))
    assert (film.facts.format, film.facts.bits, film.facts.notes) == ("PNG", depth, ())
    assert (film.facts.width, film.facts.height) == (WIDTH, HEIGHT)


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize(("colour", "channels"), [(4, 1), (2, 3), (6, 3)])
def test_png_alpha_is_dropped_and_never_averaged_in(depth, colour, channels):
    planes = [gradient(depth)] * channels
    if colour in (4, 6):
        planes.append(gradient(depth)[::-1])
    film = read_film(png(np.dstack(planes), depth, colour))
    assert_shows(film, gradient(depth) / (2**depth - 1))
    assert ("alpha channel dropped" in film.facts.notes) == (colour in (4, 6))
    assert ("colour read as luma" in film.facts.notes) == (channels == 3)


@pytest.mark.parametrize("depth", [8, 16])
def test_png_colour_is_luma(depth):
    top = 2**depth - 1
    red, green, blue = gradient(depth)[::-1], gradient(depth), gradient(depth)
    film = read_film(png(np.dstack([red, green, blue]), depth, 2))
    assert_shows(film, (0.299 * red + 0.587 * green + 0.114 * blue) / top, 1 / top)


@pytest.mark.parametrize("transparency", [(), (chunk(b"tRNS", bytes(range(200))),)])
def test_png_palette(transparency):
    order = np.random.default_rng(0).permutation(256).astype(np.uint8)
    palette = chunk(b"PLTE", np.repeat(order, 3).tobytes())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        film = read_film(png(gradient(8), 8, 3, palette, *transparency))
    assert_shows(film, order[gradient(8)] / 255)
    assert ("alpha channel dropped" in film.facts.notes) == bool(transparency)


@pytest.mark.parametrize(("top", "black", "white"), [(255, 1, 254), (4095, 20, 4075), (16383, 80, 16303)])
def test_levels_that_fill_little_of_their_range_are_shown_alike_from_every_container(top, black, white):
    levels = np.rint(RAMP / RAMP.max() * top).astype(np.uint16)
    files = [png(levels, 16, 0), saved(Image.fromarray(levels), "TIFF"), dicom(levels)]
    films = [read_film(file) for file in files]
    assert {film.sha256 for film in films} == {films[0].sha256}
    assert_shows(films[0], np.clip((levels - float(black)) / (white - black), 0, 1))
    said = f"of the file's range and it names no window: shown from {black} (black) to {white} (white)"
    for film in films:
        assert film.facts.bits == 16
        assert film.facts.doubts == film.facts.notes
        assert film.facts.doubts[0].endswith(said)


@pytest.mark.parametrize("top", [17000, 65535])
def test_levels_that_fill_a_quarter_of_their_range_are_left_as_they_are(top):
    levels = np.rint(RAMP / RAMP.max() * top).astype(np.uint16)
    for file in (png(levels, 16, 0), saved(Image.fromarray(levels), "TIFF"), dicom(levels)):
        film = read_film(file)
        assert_shows(film, levels / 65535)
        assert film.facts.doubts == film.facts.notes == ()


def test_a_few_bright_pixels_do_not_keep_a_film_dark():
    levels = np.rint(RAMP / RAMP.max() * 4000).astype(np.uint16)
    levels[0, :10] = 65535
    film = read_film(png(levels, 16, 0))
    assert 0.45 < np.median(film.pixels) < 0.55


def test_an_even_picture_is_told_to_be_one():
    film = read_film(png(np.full((48, 64), 700), 16, 0))
    assert_shows(film, np.full((48, 64), 700 / 65535))
    assert film.facts.doubts == ("all of the picture has one grey level",)


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_sbit_wins(bits):
    levels = gradient(bits)
    sbit = chunk(b"sBIT", bytes([bits]))
    spread = (levels << (16 - bits)) | (levels >> (2 * bits - 16))  # as the standard asks
    for written in (levels, spread):
        film = read_film(png(written, 16, 0, sbit))
        assert_shows(film, levels / (2**bits - 1))
        assert film.facts.bits == bits
    dark = read_film(png(gradient(8), 16, 0, chunk(b"sBIT", b"\x10")))
    assert_shows(dark, np.clip((gradient(8) - 1.0) / 253, 0, 1))
    assert dark.facts.doubts[0].startswith("grey levels fill only 0.4% of the file's range and it names no window")


# JPEG


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg(mode):
    image = Image.fromarray(gradient(8)).convert("RGB").convert(mode)
    film = read_film(saved(image, "JPEG", quality=100, subsampling=0))
    assert_shows(film, gradient(8) / 255, 3 / 255)
    assert ("colour read as luma" in film.facts.notes) == (mode != "L")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_orientation_agrees_with_pillow(kind, orientation):
    image = Image.fromarray(gradient(8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = saved(image, kind, exif=exif)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(file))))
    film = read_film(file)
    assert_shows(film, expected / 255)
    assert (film.facts.height, film.facts.width) == expected.shape


# TIFF


@pytest.mark.parametrize(
    ("byteorder", "bits", "photometric"),
    [
        (byteorder, bits, photometric)
        for byteorder in "<>"
        for bits in (8, 16)
        for photometric in ("minisblack", "miniswhite")
    ],
)
def test_tiff_unsigned(byteorder, bits, photometric):
    file = io.BytesIO()
    tifffile.imwrite(file, gradient(bits), photometric=photometric, byteorder=byteorder)
    film = read_film(file.getvalue())
    shown = gradient(bits) / (2**bits - 1)
    assert_shows(film, shown if photometric == "minisblack" else 1 - shown)


@pytest.mark.parametrize(("top", "divisor"), [(0.8, 1), (1, 1), (255, 255), (4000, 4095), (65535, 65535)])
def test_tiff_float(top, divisor):
    values = (RAMP / RAMP.max() * top).astype(np.float32)
    file = io.BytesIO()
    tifffile.imwrite(file, values)
    film = read_film(file.getvalue())
    assert_shows(film, values / divisor)
    assert film.facts.bits == 32
    assert len(film.facts.notes) == (divisor > 1)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (gradient(12).astype(np.int16) - 1000, (gradient(12) - 20.0) / 4055),
        (gradient(16).astype(np.int32) * 1000, (gradient(16) - 331.0) / (65535 - 662)),
        (gradient(12).astype(np.uint32), gradient(12) / 4095),
        (gradient(12).astype(np.float64), gradient(12) / 4095),
        (RAMP / RAMP.max() * 8 - 4, (RAMP / RAMP.max() - 0.005) / 0.99),
    ],
)
@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"tile": (16, 16), "compression": "lzw"}])
def test_tiff_of_numbers_without_a_range(values, expected, options):
    file = io.BytesIO()
    tifffile.imwrite(file, values, **options)
    film = read_film(file.getvalue())
    assert_shows(film, np.clip(expected, 0, 1), 1e-3)
    assert len(film.facts.notes) == 1


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_tiff_deep_colour_is_luma(planar):
    red, green, blue = gradient(16)[::-1], gradient(16), gradient(16)
    colours = np.dstack([red, green, blue])
    file = io.BytesIO()
    pages = colours if planar == "contig" else np.moveaxis(colours, -1, 0)
    tifffile.imwrite(file, pages, photometric="rgb", planarconfig=planar, predictor=2, compression="zlib")
    film = read_film(file.getvalue())
    assert_shows(film, (0.299 * red + 0.587 * green + 0.114 * blue) / 65535, 1 / 65535)
    assert film.facts.notes == ("colour read as luma",)


def test_tiff_with_a_thumbnail_behind_the_film():
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(gradient(8))
        writer.write(gradient(8)[::4, ::4], subfiletype=1)
    assert_shows(read_film(file.getvalue()), gradient(8) / 255)


# Other pictures


@pytest.mark.parametrize("kind", ["BMP", "GIF", "WebP", "JPEG 2000", "AVIF"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_other_pictures_hang(kind, mode):
    options = {"WebP": {"lossless": True}, "AVIF": {"quality": 100, "subsampling": "4:4:4"}}.get(kind, {})
    film = read_film(saved(Image.fromarray(gradient(8)).convert(mode), kind.replace(" ", ""), **options))
    assert_shows(film, gradient(8) / 255, 3 / 255 if kind == "AVIF" else 1 / 255)
    assert (film.facts.format, film.facts.width, film.facts.height) == (kind, WIDTH, HEIGHT)


@pytest.mark.parametrize("bits", [10, 12, 16])
@pytest.mark.parametrize("codec", ["jp2", "j2k"])
def test_jpeg_2000_keeps_its_depth(bits, codec):
    film = read_film(imagecodecs.jpeg2k_encode(gradient(bits), codecformat=codec, bitspersample=bits, level=0))
    assert_shows(film, gradient(bits) / (2**bits - 1))
    assert film.facts.bits == bits


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP", "AVIF"])
def test_of_an_animation_the_first_frame_hangs(kind):
    first = Image.fromarray(gradient(8))
    others = [first.rotate(90), first.rotate(180)]
    options = {"lossless": True} if kind == "WEBP" else {"quality": 100} if kind == "AVIF" else {}
    film = read_film(saved(first, kind, save_all=True, append_images=others, **options))
    assert_shows(film, gradient(8) / 255, 3 / 255)
    assert "the first frame of an animation" in film.facts.notes


# Size


def test_large_film_is_area_averaged():
    checks = (np.indices((1500, 2 * MAX_SIDE_KEPT)).sum(0) % 2 * 255).astype(np.uint8)  # 1-pixel checks
    film = read_film(saved(Image.fromarray(checks), "PNG", compress_level=1))
    assert_shows(film, np.full((750, MAX_SIDE_KEPT), 0.5))
    assert (film.facts.width, film.facts.height) == (2 * MAX_SIDE_KEPT, 1500)
    assert "scaled from 4096 × 1500 to 2048 × 750 px" in film.facts.notes


def test_scaling_by_a_fraction_keeps_the_mean():
    noise = np.random.default_rng(0).integers(0, 256, (2500, 2100), np.uint8)
    film = read_film(cv2.imencode(".png", noise)[1].tobytes())
    assert film.pixels.shape == (2048, 1720)
    assert film.pixels.mean() == pytest.approx(noise.mean() / 255, abs=1e-4)


# DICOM


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_dicom_twins_are_one_film(syntax, bits):
    levels = gradient(bits)
    film = read_film(dicom(levels, syntax, BitsStored=bits))
    twin = read_film(dicom(2**bits - 1 - levels, syntax, BitsStored=bits, PhotometricInterpretation="MONOCHROME1"))
    assert_shows(film, levels / (2**bits - 1))
    assert twin.sha256 == film.sha256
    assert "inverted from MONOCHROME1" in twin.facts.notes
    facts = film.facts
    assert (facts.format, facts.bits, facts.modality, facts.view) == ("DICOM", bits, "DX", "PA")
    assert (facts.width, facts.height, facts.notes) == (WIDTH, HEIGHT, ())


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_dicom_without_preamble(syntax):
    file = dicom(gradient(12), syntax, preamble=False, BitsStored=12)
    assert file[128:132] != b"DICM"
    assert_shows(read_film(file), gradient(12) / 4095)


def test_dicom_signed_and_unused_bits():
    levels = gradient(12).astype(np.int16) - 2048
    assert_shows(read_film(dicom(levels, BitsStored=12)), gradient(12) / 4095)
    overlay = gradient(12) | np.uint16(0xA000)  # bits above BitsStored once held overlays
    assert_shows(read_film(dicom(overlay, BitsStored=12)), gradient(12) / 4095)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize("slope", [1, 0.5])
def test_dicom_window_closed_form_and_pydicom(function, slope):
    tags = {"BitsStored": 12, "WindowCenter": [900, 5], "WindowWidth": [700, 6], "VOILUTFunction": function}
    tags |= {"RescaleSlope": slope, "RescaleIntercept": -20}
    file = dicom(gradient(12), **tags)
    film = read_film(file)
    x = gradient(12) * float(slope) - 20
    closed = {
        "LINEAR": np.clip((x - 899.5) / 699 + 0.5, 0, 1),
        "LINEAR_EXACT": np.clip((x - 900) / 700 + 0.5, 0, 1),
        "SIGMOID": 1 / (1 + np.exp(-4 * (x - 900) / 700)),
    }
    assert_shows(film, closed[function])
    theirs = apply_windowing(x, dcmread(io.BytesIO(file)))
    assert_shows(film, (theirs + 20) / (4095 * slope))
    assert any(note.startswith("window 900/700 from the file, the first of 2") for note in film.facts.notes)
    assert (f"rescaled by {slope:g}, intercept -20") in film.facts.notes


def test_dicom_window_before_inversion():
    tags = {"BitsStored": 12, "WindowCenter": 1000, "WindowWidth": 801}
    film = read_film(dicom(gradient(12), PhotometricInterpretation="MONOCHROME1", **tags))
    assert_shows(film, 1 - read_film(dicom(gradient(12), **tags)).pixels)


def test_dicom_empty_window_is_ignored_and_said():
    film = read_film(dicom(gradient(8), WindowCenter=0, WindowWidth=0))
    assert_shows(film, gradient(8) / 255)
    assert film.facts.notes == ("the file's window is empty (width 0): ignored",)


def test_dicom_rescale_counts_in_the_range_of_a_file():
    levels = gradient(8) // 16 + 100
    film = read_film(dicom(levels, RescaleSlope=-2, RescaleIntercept=7))
    assert_shows(film, 1 - (levels - 100) / 15)
    assert "fill only 5.9% of the file's range" in film.facts.doubts[0]
    assert film.facts.doubts[0].endswith("shown from -223 (black) to -193 (white)")


def test_dicom_flat_through_its_own_window_is_doubted_and_left_as_it_is():
    levels = gradient(8) // 16 + 100
    film = read_film(dicom(levels, WindowCenter=128, WindowWidth=256))
    assert_shows(film, levels / 255)
    assert film.facts.doubts == ("grey levels span only 5.9% of the range",)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_dicom_luts_agree_with_pydicom(syntax):
    curve, deep = (np.rint(top * np.linspace(0, 1, 3000) ** 2) for top in (4095, 65535))
    if syntax == ExplicitVRBigEndian:
        curve, deep = (one.astype(np.uint16).byteswap().astype(float) for one in (curve, deep))
    file = dicom(gradient(12), syntax, BitsStored=12, VOILUTSequence=[lut(curve, 500, 12)])
    film = read_film(file)
    theirs = apply_voi(gradient(12).astype(np.int32), dcmread(io.BytesIO(file)))
    assert_shows(film, theirs / 4095)
    assert film.facts.notes == ("VOI LUT from the file",)
    file = dicom(gradient(12), syntax, BitsStored=12, ModalityLUTSequence=[lut(deep, 500, 16)])
    theirs = apply_modality_lut(gradient(12).astype(np.int32), dcmread(io.BytesIO(file)))
    assert_shows(read_film(file), theirs / 65535)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("offset", [0, 2048])
def test_dicom_padding_is_air(photometric, offset):
    levels = gradient(12).astype(np.int32)
    padded = RAMP % 7 == 0
    levels[padded] = 4000
    levels = (levels - offset).astype(np.int16 if offset else np.uint16)
    tags = {"BitsStored": 12, "PhotometricInterpretation": photometric}
    plain = read_film(dicom(levels, **tags))
    film = read_film(dicom(levels, PixelPaddingValue=4000 - offset, **tags))
    padded = levels == 4000 - offset
    assert_shows(film, np.where(padded, 0, plain.pixels))
    assert any(note.startswith("padding (14.") for note in film.facts.notes)
    ranged = read_film(dicom(levels, PixelPaddingValue=4000 - offset, PixelPaddingRangeLimit=3900 - offset, **tags))
    assert_shows(ranged, np.where((levels >= 3900 - offset) & (levels <= 4000 - offset), 0, plain.pixels))


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_dicom_compressed_without_loss(bits):
    levels = gradient(bits)
    rle = read_film(dicom(levels, RLELossless, BitsStored=bits))
    assert_shows(rle, levels / (2**bits - 1))
    if bits != 12:  # Pillow writes JPEG 2000 at 8 or 16 bits only
        stream = saved(Image.fromarray(levels), "JPEG2000", no_jp2=True, irreversible=False)
        film = read_film(dicom(levels, JPEG2000Lossless, PixelData=encapsulate([stream])))
        assert film.sha256 == rle.sha256


def test_dicom_jpeg_baseline():
    stream = saved(Image.fromarray(gradient(8)), "JPEG", quality=100)
    film = read_film(dicom(gradient(8), JPEGBaseline8Bit, PixelData=encapsulate([stream])))
    assert film.sha256 == read_film(stream).sha256  # the same picture in two containers


def test_dicom_jpeg_colour():
    red, green, blue = gradient(8)[::-1], gradient(8), gradient(8)
    colour = np.dstack([red, green, blue])
    stream = saved(Image.fromarray(colour), "JPEG", quality=100)
    tags = {"PhotometricInterpretation": "YBR_FULL_422", "PixelData": encapsulate([stream])}
    film = read_film(dicom(colour, JPEGBaseline8Bit, **tags))
    assert_shows(film, (0.299 * red + 0.587 * green + 0.114 * blue) / 255, 3 / 255)
    assert film.facts.notes == ("colour read as luma",)


def test_dicom_colour_by_plane():
    red, green, blue = gradient(8)[::-1], gradient(8), gradient(8)
    planes = np.stack([red, green, blue])
    by_pixel = read_film(dicom(np.dstack([red, green, blue])))
    by_plane = read_film(dicom(np.dstack([red, green, blue]), PlanarConfiguration=1, PixelData=planes.tobytes()))
    assert by_plane.sha256 == by_pixel.sha256
    assert_shows(by_pixel, (0.299 * red + 0.587 * green + 0.114 * blue) / 255, 1 / 255)


@pytest.mark.parametrize(
    ("written", "shown"), [("AP", "AP"), ("LL", "LATERAL"), ("lateral", "LATERAL"), ("DOE^JOHN", None), ("", None)]
)
def test_dicom_view_is_one_of_the_standard(written, shown):
    assert read_film(dicom(gradient(8), ViewPosition=written)).facts.view == shown


def test_no_header_value_is_reachable_from_a_film():
    names = ["PatientName", "PatientID", "InstitutionName", "ReferringPhysicianName", "StudyDescription"]
    names += ["OperatorsName", "ViewPosition", "AccessionNumber", "StationName", "BodyPartExamined"]
    tags = {name: f"SECRET{index}" for index, name in enumerate(names)}
    tags |= {"PatientBirthDate": "19610203", "StudyDate": "20010203", "PatientAge": "061Y", "Modality": ""}
    film = read_film(dicom(gradient(8), WindowCenterWidthExplanation="SECRETS", **tags))
    for form in (repr(film), repr(film.facts), str(vars(film)), pickle.dumps(film).decode("latin-1")):
        for secret in ("SECRET", "19610203", "20010203", "061Y", "1.2.3"):
            assert secret not in form
    assert film.sha256 == read_film(dicom(gradient(8))).sha256
    assert film.sha256 == hashlib.sha256(b"48x64 float32\n" + film.pixels.tobytes()).hexdigest()
