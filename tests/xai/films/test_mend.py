"""A film turned, mirrored or inverted is mended by what is said of it."""

from __future__ import annotations

import numpy as np
import pytest

from xai.films.film import Film, FilmFacts
from xai.films.mend import STEPS, WAYS, Mend

PICTURE = np.array([[0.0, 0.1, 0.2], [0.3, 0.4, 0.5]])


def test_each_step_does_what_it_is_called():
    done = {step: Mend.of([step]).pixels(PICTURE).tolist() for step in STEPS}
    np.testing.assert_allclose(done["left"], [[0.2, 0.5], [0.1, 0.4], [0.0, 0.3]])
    np.testing.assert_allclose(done["right"], [[0.3, 0.0], [0.4, 0.1], [0.5, 0.2]])
    np.testing.assert_allclose(done["round"], [[0.5, 0.4, 0.3], [0.2, 0.1, 0.0]])
    np.testing.assert_allclose(done["mirror"], [[0.2, 0.1, 0.0], [0.5, 0.4, 0.3]])
    np.testing.assert_allclose(done["invert"], 1 - PICTURE)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(way.steps) or "nothing")
def test_a_step_after_another_is_both(way):
    for step in STEPS:
        np.testing.assert_allclose(way.then(step).pixels(PICTURE), Mend.of([step]).pixels(way.pixels(PICTURE)))
    assert Mend.of(way.steps) == way


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(way.steps) or "nothing")
def test_a_box_stays_around_what_it_surrounds(way):
    mask = np.zeros((50, 80), bool)
    mask[10:20, 30:70] = True
    moved = way.moved(mask)
    rows, columns = np.nonzero(moved)
    height, width = moved.shape
    around = columns.min() / width, rows.min() / height, (columns.max() + 1) / width, (rows.max() + 1) / height
    assert way.box((30 / 80, 10 / 50, 70 / 80, 20 / 50)) == pytest.approx(around)


def test_a_mended_film_is_another_film_that_says_so():
    facts = FilmFacts("PNG", 40, 50, 8, notes=("a note",), sides=("R", "L"))
    film = Film.from_pixels(np.linspace(0, 1, 2000).reshape(50, 40), facts=facts)
    turned = Mend.of(["left", "invert"]).film(film)
    assert turned.sha256 != film.sha256
    assert turned.pixels.shape == (40, 50)
    assert (turned.facts.width, turned.facts.height) == (50, 40)
    assert turned.facts.notes == (
        "a note",
        "turned a quarter to the left and inverted (black and white exchanged) here, as was asked",
    )
    back = Mend.of(["right", "invert"]).film(turned)
    np.testing.assert_allclose(back.pixels, film.pixels, atol=1e-7)
    assert Mend().film(film) is film


@pytest.mark.parametrize(
    ("steps", "sides"),
    [
        ([], ("R", "L")),
        (["mirror"], ("L", "R")),
        (["round"], ("L", "R")),
        (["round", "mirror"], ("R", "L")),
        (["left"], None),
        (["invert"], ("R", "L")),
    ],
)
def test_the_sides_go_with_the_film(steps, sides):
    assert Mend.of(steps).sides(("R", "L")) == sides
    assert Mend.of(steps).sides(None) is None
