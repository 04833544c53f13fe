"""A picture that is no upright frontal chest film is doubted, with what would mend it; a chest film is not."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.benchmarks.odd_pictures import PAGE, page_with, share
from tests.conftest import REPOSITORY
from xai.films.film import Film, FilmFacts
from xai.films.looks import MOST_EDGES, doubts_about, hard_edges, measured, odd_looks, turned_words
from xai.films.mend import WAYS, Mend
from xai.films.reading import read_film
from xai.films.upright import CELLS, Networks, coarse_order, networks, standing

FILMS = sorted((REPOSITORY / "assets" / "datasets" / "simulated" / "films").glob("*.png"))
TURNED = [way for way in WAYS if not way.mirrored and way]


def page_of_text() -> Film:
    page = Image.new("L", (600, 800), 255)
    draw = ImageDraw.Draw(page)
    for line in range(6, 780, 12):
        draw.text((10, line), "Effusion, cardiomegaly and other words that stand on a page. " * 2, fill=0)
    return Film.from_pixels(np.asarray(page, np.float32) / 255)


def test_of_the_simulated_films_none_looks_odd():
    odd = [file.name for file in FILMS if odd_looks(read_film(file))]
    assert len(odd) == measured()["films"]["that are simulated"]["noticed"] <= 4


@pytest.mark.parametrize("way", TURNED, ids=lambda way: "-".join(way.steps))
def test_a_turned_or_inverted_film_is_noticed_with_what_mends_it(way):
    for file in FILMS[1::60]:
        film = read_film(file)
        reason, mend = odd_looks(way.film(film))
        np.testing.assert_allclose(mend.pixels(way.pixels(film.pixels)), film.pixels, atol=1e-6)
        assert reason == f"it looks {turned_words(mend)}"


def test_what_a_turned_film_is_called():
    assert turned_words(Mend.of(["round"])) == "turned upside down"
    assert turned_words(Mend.of(["left"])) == "turned on its side, its top to the right"
    assert turned_words(Mend.of(["right", "invert"])) == (
        "turned on its side, its top to the left and like a negative, black and white exchanged"
    )


def test_a_page_of_text_is_doubted():
    page = page_of_text()
    assert hard_edges(page.pixels) > MOST_EDGES
    reason, mend = odd_looks(page)
    assert not mend
    (doubt,) = doubts_about(page)
    assert re.fullmatch(
        r"hard edges lie over \d+% of the picture, as in writing and drawings, so that it may be no chest film", reason
    )
    assert doubt == f"{reason}. That the answer means anything is not known"


def test_what_is_no_chest_film_is_called_so():
    rows, columns = np.mgrid[:200, :300] / 200
    slope = Film.from_pixels(np.clip(0.5 * rows + 0.3 * columns, 0, 1))
    reason, mend = odd_looks(slope)
    assert not mend
    assert reason == "it does not look like a frontal chest film"


def test_what_the_reader_doubted_comes_first():
    film = read_film(FILMS[0])
    facts = FilmFacts("DICOM", 320, 320, 8, notes=("a lateral view",), doubts=("a lateral view",))
    assert doubts_about(Film.from_pixels(film.pixels, facts=facts)) == ("a lateral view",)
    upside_down = Film.from_pixels(film.pixels[::-1, ::-1], facts=facts)
    assert doubts_about(upside_down) == (
        "a lateral view",
        "it looks turned upside down. That the answer means anything is not known",
    )


def test_no_window_changes_how_a_film_looks():
    film = read_film(FILMS[5]).pixels
    first, second = standing(film), standing(0.2 + 0.3 * film)
    assert second.upright == pytest.approx(first.upright, abs=0.5)
    assert second.mirrored == pytest.approx(first.mirrored, abs=0.5)


def test_the_order_of_light_and_dark_in_closed_form():
    rising = np.arange(CELLS * CELLS).reshape(CELLS, CELLS) / (CELLS * CELLS)
    np.testing.assert_allclose(coarse_order(rising).ravel(), np.linspace(-1, 1, CELLS * CELLS), atol=1e-6)
    halves = np.zeros((CELLS, CELLS))
    halves[:, CELLS // 2 :] = 1
    assert set(np.unique(coarse_order(halves)).round(3)) == {-0.5, 0.5}


def test_how_a_picture_stands_in_closed_form():
    # A network whose only unit measures how much lighter the top is than the bottom.
    top = np.zeros((CELLS, CELLS), np.float32)
    top[: CELLS // 2], top[CELLS // 2 :] = 1 / CELLS**2, -1 / CELLS**2
    numbers = {}
    for name, picture in (("upright", top), ("mirrored", top.T)):
        weights = np.stack([picture.ravel(), -picture.ravel()], 1)
        numbers |= {f"{name}_in": weights, f"{name}_in_bias": np.zeros(2), f"{name}_out": np.array([8.0, -8.0])}
        numbers[f"{name}_out_bias"] = 0.0
    limits = {"turned": 0.0, "other": -1.0, "sure": 0.0, "mirrored": 2.0}
    halves = np.zeros((CELLS, CELLS))
    halves[: CELLS // 2] = 1
    found = Networks(numbers, {"limits": limits}).standing(halves)
    assert (found.upright, found.better, found.mirrored) == pytest.approx(
        (4.0, 4.0, 0.0), abs=0.01
    )  # a negative turned
    assert not (found.is_turned or found.is_other or found.is_mirrored)
    found = Networks(numbers, {"limits": limits}).standing(1 - halves)
    assert (found.upright, found.better) == pytest.approx((-4.0, 4.0), abs=0.01)
    assert found.is_turned
    found = Networks(numbers, {"limits": limits}).standing(halves.T)
    assert (found.upright, found.mirrored) == pytest.approx((0.0, 4.0), abs=0.01)


def test_what_the_networks_were_made_of_is_known():
    made = networks().made
    assert made["films"] > 4000
    assert made["allowed"] == 0.005
    assert set(made["limits"]) == {"turned", "other", "sure", "mirrored"}
    assert measured()["made"] == made, "the figures are of other networks: run tests/benchmarks/odd_pictures.py"


@pytest.mark.real_films
def test_of_real_films_few_are_doubted(real_data):
    files = sorted((real_data / "nih" / "images").glob("*.png"))[::8]
    odd = [file.name for file in files if odd_looks(read_film(file))]
    assert len(files) == 163
    assert len(odd) <= 4


@pytest.mark.real_films
def test_real_films_that_are_turned_are_noticed(real_data):
    files = sorted((real_data / "nih" / "images").glob("*.png"))[1::40]
    for way in TURNED:
        found = [odd_looks(way.film(read_film(file))) for file in files]
        assert sum(one is not None for one in found) >= len(files) - 1


def test_the_page_of_figures_is_written_from_those_that_the_app_quotes():
    page = PAGE.read_text("utf-8")
    assert page_with(page, measured()) == page
    mirrored = measured()["kinds"]["mirrored films"]
    assert f"mirrored films | {mirrored['pictures']} | {share(mirrored['noticed'], mirrored['pictures'])}" in page
