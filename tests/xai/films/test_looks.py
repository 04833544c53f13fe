"""A picture that is no chest film is doubted; a chest film is not."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.conftest import REPOSITORY
from xai.films.film import Film, FilmFacts
from xai.films.looks import MOST_APART, MOST_EDGES, apart_from_chest_films, doubts_about, hard_edges
from xai.films.reading import read_film

FILMS = sorted((REPOSITORY / "assets" / "datasets" / "simulated" / "films").glob("*.png"))


def page_of_text() -> Film:
    page = Image.new("L", (600, 800), 255)
    draw = ImageDraw.Draw(page)
    for line in range(6, 780, 12):
        draw.text((10, line), "Effusion, cardiomegaly and other words that stand on a page. " * 2, fill=0)
    return Film.from_pixels(np.asarray(page, np.float32) / 255)


@pytest.mark.parametrize("file", FILMS[1::40])
def test_a_chest_film_is_not_doubted(file):
    assert doubts_about(read_film(file)) == ()


@pytest.mark.parametrize("file", FILMS[1::80])
def test_an_inverted_film_is_doubted(file):
    film = read_film(file)
    assert apart_from_chest_films(film.pixels) < 0.7
    assert apart_from_chest_films(1 - film.pixels) > MOST_APART
    (doubt,) = doubts_about(Film.from_pixels(1 - film.pixels))
    assert "turned or inverted" in doubt


def test_a_page_of_text_is_doubted():
    page = page_of_text()
    assert hard_edges(page.pixels) > MOST_EDGES
    assert any("hard edges" in doubt for doubt in doubts_about(page))


def test_noise_is_as_far_from_chest_films_as_can_be():
    noise = np.random.default_rng(0).random((320, 320), np.float32)
    assert apart_from_chest_films(noise) == pytest.approx(1, abs=0.2)


def test_what_the_reader_doubted_comes_first():
    film = read_film(FILMS[0])
    facts = FilmFacts("DICOM", 320, 320, 8, notes=("a lateral view",), doubts=("a lateral view",))
    assert doubts_about(Film.from_pixels(film.pixels, facts=facts)) == ("a lateral view",)


@pytest.mark.real_films
def test_of_real_films_few_are_doubted(real_data):
    files = sorted((real_data / "nih" / "images").glob("*.png"))[:200:4]
    assert [file.name for file in files if doubts_about(read_film(file))] == []
