"""Whatever bytes come in, out comes a film or one sentence: never a traceback, half a picture or a full memory."""

from __future__ import annotations

import gzip
import io
import multiprocessing
import os
import re
import struct
import tracemalloc
import warnings
import zipfile
import zlib
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import h5py
import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageFile
from pydicom.encaps import encapsulate
from pydicom.uid import (
    MPEG2MPML,
    UID,
    DeflatedExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSLossless,
    RLELossless,
)

from tests.xai.films.test_film import chunk, dicom, gradient, png, saved
from xai.films.film import MAX_BYTES, FilmError
from xai.films.formats import NAMES
from xai.films.reading import read_film


def tiff(array: np.ndarray, **options) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, array, **options)
    return file.getvalue()


STATUS = Path("/proc/self/status")
GREY = Image.fromarray(gradient(8))
JPEG_STREAM = saved(GREY, "JPEG", quality=90)
JPEG_LS_STREAM = imagecodecs.jpegls_encode(gradient(8))
J2K_STREAM = saved(GREY, "JPEG2000", no_jp2=True)
WHOLE = {
    "PNG": saved(GREY, "PNG"),
    "PNG 16": png(gradient(16), 16, 0),
    "PNG 16 RGBA": png(np.dstack([gradient(16)] * 4), 16, 6),
    "JPEG": JPEG_STREAM,
    "JPEG progressive": saved(GREY, "JPEG", progressive=True),
    "TIFF": saved(GREY, "TIFF"),
    "TIFF LZW": saved(GREY, "TIFF", compression="tiff_lzw"),
    "DICOM": dicom(gradient(12), BitsStored=12, WindowCenter=2000, WindowWidth=3000),
    "DICOM bare": dicom(gradient(8), preamble=False),
    "DICOM RLE": dicom(gradient(16), RLELossless),
    "DICOM JPEG": dicom(gradient(8), JPEGBaseline8Bit, PixelData=encapsulate([JPEG_STREAM])),
    "DICOM J2K": dicom(gradient(8), JPEG2000Lossless, PixelData=encapsulate([J2K_STREAM])),
    "DICOM JPEG-LS": dicom(
        gradient(8), JPEGLSLossless, PixelData=encapsulate([imagecodecs.jpegls_encode(gradient(8))])
    ),
    "DICOM deflated": dicom(gradient(8), DeflatedExplicitVRLittleEndian),
    "GIF": saved(GREY, "GIF"),
    "WebP": saved(GREY, "WEBP"),
    "BMP": saved(GREY, "BMP"),
    "AVIF": saved(GREY, "AVIF"),
    "JPEG 2000": saved(GREY, "JPEG2000"),
    "TIFF signed": tiff(gradient(8).astype(np.int16), compression="zlib"),
}


def refusal(source) -> str:
    with pytest.raises(FilmError) as caught:
        read_film(source)
    message = str(caught.value)
    assert re.fullmatch(r"[A-Z][^\n]*\.", message), message  # a sentence, on one line
    return message


def foreign() -> dict[str, bytes]:
    hdf5, zipped = io.BytesIO(), io.BytesIO()
    h5py.File(hdf5, "w").close()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("config.json", "{}")
    array = io.BytesIO()
    np.save(array, gradient(8))
    return {
        "empty": b"",
        "text": "Ein Röntgenbild.\n".encode(),
        "text ": b"patient,finding\r\n1,Effusion\r\n" * 100,
        "HEIC": b"\0\0\0\x18ftypheic" + bytes(40),
        "video": b"\0\0\0\x18ftypisom" + bytes(40),
        "JPEG XL": b"\xff\x0a" + bytes(range(128, 168)),
        "SVG": b"<?xml version='1.0'?>\n<svg width='9'></svg>",
        "web page": b"<!DOCTYPE html>\n<html></html>",
        "Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
        "PGM": b"P5\n48 64\n255\n" + bytes(48 * 64),
        "NRRD": b"NRRD0004\ntype: short\n" + bytes(40),
        "MetaImage": b"ObjectType = Image\nNDims = 3\n" + bytes(40),
        "PDF": saved(GREY, "PDF"),
        "ZIP": zipped.getvalue(),
        "gzip": gzip.compress(b"volume"),
        "HDF5": hdf5.getvalue(),
        "NumPy": array.getvalue(),
        "NIfTI": bytes(344) + b"n+1\0" + bytes(100),
        "recognised": bytes(range(256)) * 4,
    }


# What it is not


@pytest.mark.parametrize(("name", "data"), foreign().items())
def test_other_files_are_named(tmp_path, name, data):
    path = tmp_path / "film.png"
    path.write_bytes(data)
    for source in (data, path):
        message = refusal(source)
        assert name.strip() in message
        assert f"expected a {NAMES} file" in message


def test_paths_that_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    assert "not a regular file" in refusal(tmp_path / "pipe.png")
    assert "not a regular file" in refusal(tmp_path)
    assert "No such file" in refusal(tmp_path / "absent.png")
    assert "cannot be opened" in refusal("film\0.png")


def test_size_of_the_file_is_checked_before_it_is_read(tmp_path):
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.truncate(50 * MAX_BYTES)  # sparse
    tracemalloc.start()
    assert "larger than 64 MiB" in refusal(path)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()
    assert "larger than 64 MiB" in refusal(bytes(MAX_BYTES + 1))


# Incomplete and damaged


@pytest.mark.parametrize("kind", WHOLE)
def test_truncated_file_is_refused_or_complete(kind):
    """Cutting trailing bytes that carry no picture may leave a film; then it is the same film."""
    whole = WHOLE[kind]
    film = read_film(whole)
    cuts = np.unique(np.linspace(1, len(whole) - 1, 60).astype(int))
    refused = 0
    for cut in cuts:
        try:
            assert read_film(whole[:cut]).sha256 == film.sha256, f"half a picture from {cut} of {len(whole)} bytes"
        except FilmError:
            refused += 1
    assert refused >= len(cuts) * 2 // 3


@pytest.mark.parametrize("kind", ["PNG", "PNG 16 RGBA", "JPEG", "JPEG progressive", "TIFF", "DICOM"])
def test_half_a_file_says_that_it_ends_early(kind):
    tail = len(WHOLE[kind]) // 2 if kind != "TIFF" else 200
    assert "ends before the picture is complete" in refusal(WHOLE[kind][:-tail])


def test_png_with_a_wrong_bit_is_refused():
    damaged = bytearray(WHOLE["PNG"])
    damaged[len(damaged) // 2] ^= 1
    assert "checksum" in refusal(bytes(damaged))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", WHOLE)
def test_fuzzed_files_give_a_film_or_a_film_error(kind):
    rng = np.random.default_rng(zlib.crc32(kind.encode()))
    whole = np.frombuffer(WHOLE[kind], np.uint8)
    head = 132 if kind.startswith("DICOM") and kind != "DICOM bare" else 8
    for round_ in range(60):
        data = whole.copy()
        if round_ % 3 == 0:  # the right magic, then noise
            data[head:] = rng.integers(0, 256, data.size - head)
        else:  # a few wrong bytes, mostly in the headers
            end = data.size if round_ % 3 == 1 else min(data.size, head + 400)
            where = rng.integers(head, end, 1 + round_ // 6)
            data[where] = rng.integers(0, 256, where.size)
        try:
            pixels = read_film(data.tobytes()).pixels
        except FilmError:
            continue
        assert np.isfinite(pixels).all()
        assert 0 <= pixels.min() <= pixels.max() <= 1


# Bombs


SIDE = 30000


def enlarged(found: re.Match[bytes]) -> bytes:
    return found[1] + SIDE.to_bytes(2) * 2


JPEG_BOMB = re.sub(rb"(?s)(\xff\xc0\0\x0b\x08).{4}", enlarged, JPEG_STREAM)


def png_bomb() -> bytes:
    header = chunk(b"IHDR", SIDE.to_bytes(4) * 2 + b"\x08\0\0\0\0")
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(10**6))) + chunk(b"IEND", b"")


def tiff_bomb() -> bytes:
    tags = {256: SIDE, 257: SIDE, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: SIDE, 279: SIDE**2}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4)


def dicom_bomb(syntax: UID, frame: bytes) -> bytes:
    return dicom(gradient(8), syntax, PixelData=encapsulate([frame]))


def j2k_bomb() -> bytes:
    stream = bytearray(J2K_STREAM)
    stream[8:16] = stream[24:32] = SIDE.to_bytes(4) * 2  # the sizes of the picture and of its tile
    return dicom_bomb(JPEG2000Lossless, bytes(stream))


def jpeg_ls_bomb() -> bytes:
    return dicom_bomb(JPEGLSLossless, re.sub(rb"(?s)(\xff\xf7\0\x0b\x08).{4}", enlarged, JPEG_LS_STREAM))


def deflate_bomb() -> bytes:
    whole = WHOLE["DICOM deflated"]
    packer = zlib.compressobj(1, wbits=-zlib.MAX_WBITS)
    zeros = b"".join(packer.compress(bytes(2**20)) for _ in range(300))
    return whole[: 144 + int.from_bytes(whole[140:144], "little")] + zeros + packer.flush()


def many_scans() -> bytes:
    return JPEG_STREAM.replace(b"\xff\xd9", b"\xff\xda\0\x08\1\1\0\0\x3f\0" * 2000 + b"\xff\xd9")


def rle_bomb() -> bytes:
    header = np.array([1, 64] + [0] * 14, "<u4").tobytes()
    return dicom_bomb(RLELossless, header + b"\x81\0" * 2**22)  # two bytes stand for 128: 512 MiB


@pytest.mark.parametrize(
    ("bomb", "message"),
    [
        (png_bomb, "30000 × 30000"),
        (lambda: JPEG_BOMB, "30000 × 30000"),
        (tiff_bomb, "30000 × 30000"),
        (lambda: dicom(gradient(8), Rows=SIDE, Columns=SIDE), "30000 × 30000"),
        (lambda: dicom_bomb(JPEGBaseline8Bit, JPEG_BOMB), "another size"),
        (jpeg_ls_bomb, "another size"),
        (j2k_bomb, "30000 × 30000"),
        (rle_bomb, "not as long as its picture"),
        (deflate_bomb, "64 MiB once inflated"),
        (many_scans, "2,001 scans"),
    ],
)
def test_bombs_are_refused_before_they_are_decoded(fresh_process, bomb, message):
    data = bomb()
    said, grown = fresh_process.submit(refusal_and_growth, data).result()
    assert message in said
    assert grown < 2**24 + 3 * len(data)


@pytest.fixture(scope="module")
def fresh_process():
    if not STATUS.is_file():
        pytest.skip("a process's peak memory is read from /proc, which this system has not")
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def refusal_and_growth(data: bytes) -> tuple[str, int]:
    """Give the refusal, and by how many bytes the process's peak grew; decoders' own buffers count too."""
    for kind in ("PNG", "JPEG", "TIFF", "DICOM J2K", "DICOM RLE"):
        read_film(WHOLE[kind])  # so that no import is measured
    before = peak_memory()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Pillow would warn of a bomb, from a picture of 89 million pixels on
        return refusal(data), peak_memory() - before


def peak_memory() -> int:
    return 1024 * int(re.search(r"VmHWM:\s+(\d+)", STATUS.read_text())[1])


# Pictures that are no film


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (tiff(np.full((40, 40), np.nan, np.float32)), "NaN"),
        (tiff(np.full((40, 40), np.inf, np.float32)), "infinite"),
        (tiff(np.full((40, 40), np.nan, np.float64)), "NaN"),
        (tiff(np.zeros((40, 40), np.complex64)), "no plain grey or colour picture"),
        (tiff(np.zeros((40, 40, 3), np.int16), photometric="rgb"), "colours are not read"),
        (tiff(np.zeros((3, 40, 40), np.uint8), photometric="minisblack"), "more than one page"),
        (saved(GREY.resize((31, 31)), "PNG"), "31 × 31"),
        (saved(GREY.resize((4000, 40)), "PNG"), "4000 × 40"),
    ],
)
def test_pictures_that_are_no_film(data, message):
    assert message in refusal(data)


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ({"Modality": "CT"}, "a CT slice; Lightbox hangs chest radiographs"),
        ({"Modality": "MR"}, "an MR slice"),
        ({"Modality": "MG"}, "a mammogram"),
        ({"Modality": "OPT"}, "modality OPT"),
        ({"Modality": "DOE^JOHN"}, "unknown modality"),
        ({"NumberOfFrames": 3}, "3 frames"),
        ({"PixelData": b""}, "no pixel data"),
        ({"PixelData": bytes(100)}, "ends before the picture is complete"),
        ({"Rows": 16}, "64 × 16"),
        ({"Rows": 0}, "64 × 0"),
        ({"Rows": None}, "does not say its Rows"),
        ({"BitsStored": 12}, "12 bits stored in 8"),
        ({"BitsStored": 0, "HighBit": 0}, "0 bits stored"),
        ({"HighBit": 3}, "layout"),
        ({"BitsAllocated": 64, "BitsStored": 64}, "64 bits stored"),
        ({"PhotometricInterpretation": "HSV"}, "layout"),
        ({"RescaleSlope": 0, "RescaleIntercept": 0}, "no range of grey"),
        ({"RescaleSlope": "1e400", "RescaleIntercept": 0}, "no range of grey"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_dicom_that_is_no_film(tags, message):
    assert message in refusal(dicom(gradient(8), **tags))


def test_unread_compression_is_named_with_a_way_out():
    message = refusal(dicom(gradient(12), MPEG2MPML, BitsStored=12, PixelData=encapsulate([bytes(100)])))
    assert MPEG2MPML.name in message
    assert "gdcmconv --raw" in message


@pytest.mark.parametrize("syntax", [JPEGLSLossless, JPEGExtended12Bit])
def test_a_damaged_stream_is_told_from_one_that_is_not_read(syntax):
    stream = b"\xff\xd8\xff\xf7" + bytes(94) + b"\xff\xd9"
    message = refusal(dicom(gradient(12), syntax, BitsStored=12, PixelData=encapsulate([stream])))
    assert "damaged" in message


def test_a_box_without_a_length_does_not_hold_the_reader_up():
    boxes = b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(64)
    assert "JPEG 2000 file is damaged" in refusal(boxes)
    assert "damaged" in refusal(dicom_bomb(JPEG2000Lossless, boxes))
    film = read_film(dicom_bomb(JPEG2000Lossless, boxes + J2K_STREAM))
    assert film.sha256 == read_film(WHOLE["DICOM J2K"]).sha256


def test_a_number_that_is_none_is_named():
    for written in (b"twelve", b"1e", b"--8 "):
        data = dicom(gradient(8), WindowCenter="111111", WindowWidth="80").replace(b"111111", written.ljust(6))
        assert "WindowCenter is not written as a number" in refusal(data)


def test_header_values_do_not_leak_through_errors():
    for tags in ({"Modality": "DOE^JOHN"}, {"WindowCenter": 1, "WindowWidth": 1}, {"PixelData": b"12"}):
        assert "DOE" not in refusal(dicom(gradient(8), PatientName="DOE^JOHN", RescaleSlope=0, **tags))


# Good neighbours


def test_reading_in_threads_agrees_and_changes_no_global_state(capfd):
    settings = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, warnings.filters[:]
    files = [*WHOLE.values(), *(whole[: len(whole) // 2] for whole in WHOLE.values())]

    def outcome(data: bytes) -> str:
        try:
            return read_film(data).sha256
        except FilmError as error:
            return str(error)

    alone = [outcome(data) for data in files]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(outcome, files * 4)) == alone * 4
    assert settings == (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, warnings.filters[:])
    assert capfd.readouterr() == ("", "")


def test_running_out_of_memory_is_not_the_files_fault(monkeypatch):
    def exhausted(*_):
        raise MemoryError

    monkeypatch.setattr("xai.films.raster.PngImageFile", exhausted)
    with pytest.raises(MemoryError):
        read_film(WHOLE["PNG"])
