"""Every real film beside the checkout hangs, and shows what an independent decoder shows."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from xai.films.film import FilmError, FilmFacts
from xai.films.reading import read_film

pytestmark = pytest.mark.real_films
SUFFIXES = {".png", ".jpg", ".jpeg", ".dcm"}


def sight(path: Path) -> tuple[FilmFacts | str, float]:
    """Give a film's facts and its mean difference from OpenCV's reading; or why it is refused."""
    try:
        film = read_film(path)
    except FilmError as error:
        return str(error), 0.0
    grey = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE)
    if grey is None:  # OpenCV reads no DICOM
        return film.facts, 0.0
    return film.facts, float(np.abs(film.pixels - grey / 255).mean())


@pytest.fixture(scope="module")
def sights(real_data) -> dict[Path, tuple[FilmFacts | str, float]]:
    paths = sorted(path for path in real_data.rglob("*") if path.suffix.lower() in SUFFIXES)
    with ThreadPoolExecutor(2) as pool:  # decoders release the interpreter's lock
        return dict(zip(paths, pool.map(sight, paths), strict=True))


def test_every_film_hangs(sights, real_data):
    refused = {path.name: facts for path, (facts, _) in sights.items() if isinstance(facts, str)}
    print(f"{len(sights)} films, {len(refused)} refused", *refused.items(), sep="\n")
    assert refused == {}
    folders = Counter("/".join(path.relative_to(real_data).parts[:-1]) for path in sights)
    assert folders == {
        "nih/images": 1304,
        "nih/originals": 12,
        "covid-chestxray/images": 361,
        "folders/covid": 60,
        "folders/normal": 60,
        "folders/pneumonia": 60,
        "dicom": 2,
    }


def test_films_look_as_opencv_reads_them(sights):
    # OpenCV's luma of a colour JPEG rounds otherwise than Pillow's: one level of 255 at most, on average.
    assert max(difference for _, difference in sights.values()) <= 1 / 255


def test_content_counts_and_not_the_name(sights):
    named = Counter((path.suffix.lower(), facts.format) for path, (facts, _) in sights.items())
    assert named[".jpg", "PNG"] == 12
    assert named[".dcm", "DICOM"] == 2
    assert named[".png", "JPEG"] == 0


def test_originals_are_as_bright_as_their_copies(sights, real_data):
    """Averaging alpha in would brighten the two RGBA originals by a tenth or more."""
    originals = sorted((real_data / "nih/originals").iterdir())
    with_alpha = [path for path in originals if "alpha channel dropped" in sights[path][0].notes]
    assert len(with_alpha) == 2
    for path in originals:
        original, small = read_film(path), read_film(real_data / "nih/images" / path.name)
        assert (original.facts.width, original.facts.height) == (1024, 1024)
        assert original.pixels.mean() == pytest.approx(small.pixels.mean(), abs=1e-3)
        shrunk = cv2.resize(original.pixels, (320, 320), interpolation=cv2.INTER_AREA)
        assert np.abs(shrunk - small.pixels).mean() < 0.005


def test_dicom_pair_is_each_others_negative(real_data):
    """The MONOCHROME1 file holds the same stored values as the other, relabelled."""
    fake, true = (read_film(path) for path in sorted((real_data / "dicom").iterdir(), reverse=True))
    assert fake.facts.notes == ("inverted from MONOCHROME1",)
    assert (true.facts.modality, true.facts.view, true.facts.notes) == ("CR", "PA", ())
    np.testing.assert_allclose(fake.pixels, 1 - true.pixels, atol=1e-6)


def test_identifiers_of_a_real_dicom_stay_behind(real_data):
    path = next((real_data / "dicom").glob("1.2.276*"))
    assert b"16d7f894" in path.read_bytes()
    assert "16d7f894" not in repr(vars(read_film(path)))
