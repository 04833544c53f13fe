"""Small files that would keep a reader busy for minutes are refused in the time of a film."""

from __future__ import annotations

import queue
import struct
import time
import zlib
from collections.abc import Iterator

import pytest
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit

from tests.xai.films.test_film import chunk, dicom, gradient, saved
from xai.films import apart, codecs
from xai.films.film import FilmError
from xai.films.reading import read_film

GREY = Image.fromarray(gradient(8))
PARTS = 600_000  # a file of them has 2 to 8 MB; at 64 MiB each kind took more than a minute
SECONDS = 5.0  # of processor, many times what is needed
NEEDED = b"\x28\0\x02\0"  # the first tag that a film's header needs


def refused(data: bytes) -> str:
    before = time.process_time()
    with pytest.raises(FilmError) as error:
        read_film(data)
    assert time.process_time() - before < SECONDS
    return str(error.value)


def gif_of_comments() -> bytes:
    plain = saved(GREY, "GIF")
    palette = 13 + 3 * (2 << (plain[10] & 7))
    return plain[:palette] + b"\x21\xfe\1a\0" * PARTS + plain[palette:]


def png_of_chunks() -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 0, 0, 0, 0))
    picture = chunk(b"IDAT", zlib.compress(bytes(65 * 64))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"prIv", b"") * PARTS + picture


def bmp_of_runs() -> bytes:
    side = 1600
    runs = b"\1\1" * (side**2 // 2)
    palette = b"".join(bytes([level] * 3 + [0]) for level in range(256))
    start = 54 + len(palette)
    file = struct.pack("<2sIHHI", b"BM", start + len(runs), 0, 0, start)
    return file + struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, len(runs), 1, 1, 256, 256) + palette + runs


def tiff_of_tiles() -> bytes:
    """Tiles of one pixel, all at the same place."""
    side = 600
    shared = 8 + 2 + 10 * 12 + 4
    tags = [(256, 4, 1, side), (257, 4, 1, side), (258, 3, 1, 32), (259, 3, 1, 1), (262, 3, 1, 1), (277, 3, 1, 1)]
    tags += [(322, 4, 1, 1), (323, 4, 1, 1), (324, 4, side**2, shared), (325, 4, side**2, shared)]
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4) + struct.pack("<I", 8) * side**2


def dicom_of_tags() -> bytes:
    return dicom(gradient(8)).replace(NEEDED, b"\x09\0\x10\x10LO\0\0" * PARTS + NEEDED, 1)


def dicom_with(tag: bytes, value: bytes) -> bytes:
    """Put an element of unknown kind in front of the picture's."""
    element = tag + b"UN\0\0" + struct.pack("<I", len(value)) + value
    return dicom(gradient(8)).replace(b"\xe0\x7f\x10\0", element + b"\xe0\x7f\x10\0", 1)


@pytest.mark.parametrize(
    ("bomb", "message"),
    [
        (gif_of_comments, "hundreds of thousands of small parts"),
        (png_of_chunks, "hundreds of thousands of small parts"),
        (bmp_of_runs, "hundreds of thousands of small parts"),
        (dicom_of_tags, "hundreds of thousands of small parts"),
        (tiff_of_tiles, "This TIFF is in 360,000 parts"),
        (lambda: dicom_with(b"\x28\0\x50\x10", b"1\\" * 10**6), "2,000,000 bytes in one element of its header"),
        (
            lambda: dicom(gradient(8), JPEGBaseline8Bit, PixelData=encapsulate([b"ab"] * 11_000)),
            "in more than 10,000 pieces",
        ),
    ],
)
def test_a_file_in_very_many_parts_is_refused(bomb, message):
    assert message in refused(bomb())


def test_a_jpeg_may_have_as_many_scans_as_its_size_allows(monkeypatch):
    """Each scan takes as long as a whole picture; a progressive JPEG of Pillow has six in grey."""
    data = saved(GREY, "JPEG", progressive=True)
    scans = data.count(b"\xff\xda")
    monkeypatch.setattr(codecs, "MOST_SCANNED", scans * GREY.width * GREY.height)
    read_film(data)
    monkeypatch.setattr(codecs, "MOST_SCANNED", scans * GREY.width * GREY.height - 1)
    assert f"has {scans} scans; at most {scans - 1} are read" in refused(data)
    tiff = saved(GREY.resize((512, 512)), "TIFF", compression="jpeg")  # in four strips
    monkeypatch.setattr(codecs, "MOST_SCANNED", 512 * 512)
    read_film(tiff)
    monkeypatch.setattr(codecs, "MOST_SCANNED", 512 * 512 - 1)
    assert "has 4 scans; at most 0 are read" in refused(tiff)


# In a process of its own


ANSWERS = """
import numpy as np
from xai.films import apart

def read(data):
    while data == b"turn for ever":
        pass
    if data == b"take all memory":
        np.ones(2**33, np.uint8)
    return plain(data)

plain, apart.read_film, apart.SECONDS = apart.read_film, read, 1
apart.answer()
"""


@pytest.fixture
def reader(monkeypatch) -> Iterator[apart._Reader]:
    """A process that reads films, and some files badly."""
    monkeypatch.setattr(apart, "_ANSWER", ANSWERS)
    monkeypatch.setattr(apart, "_idle", queue.LifoQueue())
    apart._idle.put(reader := apart._Reader())
    yield reader
    for one in (reader, apart._idle.get()):
        one.process.kill()
        one.process.wait()
        one.process.stdin.close()
        one.process.stdout.close()


@pytest.mark.skipif(apart.resource is None, reason="Windows bounds no process")
def test_a_reader_that_never_ends_is_ended_and_the_next_film_is_read(reader):
    with pytest.raises(FilmError, match="takes more memory than any film"):
        apart.read_film_apart(b"take all memory")
    with pytest.raises(FilmError, match="takes more than 30 s or crashes the decoder"):
        apart.read_film_apart(b"turn for ever")
    assert not reader.lives()
    data = saved(GREY, "PNG")
    film = apart.read_film_apart(data)
    assert film.sha256 == read_film(data).sha256
    assert film.facts == read_film(data).facts
    assert not film.pixels.flags.writeable
    with pytest.raises(FilmError, match="This is text; expected a PNG"):
        apart.read_film_apart(b"no picture")


def test_a_reader_that_was_ended_while_it_was_idle_is_started_anew(reader):
    reader.process.kill()  # as the system does where memory is short
    reader.process.wait()
    data = saved(GREY, "PNG")
    assert apart.read_film_apart(data).sha256 == read_film(data).sha256


def test_a_reader_ends_with_the_process_that_asks_it(reader):
    reader.process.stdin.close()
    assert reader.process.wait(30) == 0
