from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from training.evaluate.hidden_regions import LINES, PLACES, REGIONS, hidden, masks, without_lines

SIDE = 100


def drawn(*lines: tuple[tuple[int, int], tuple[int, int]], width: int = 3) -> np.ndarray:
    """A grey film with a soft slope, and bright lines on it."""
    film = np.tile(np.linspace(0.2, 0.5, SIDE, dtype=np.float32), (SIDE, 1))
    for start, end in lines:
        cv2.line(film, start, end, 0.9, width)
    return film


def test_places_are_as_large_as_they_say_and_none_lies_on_another():
    places = masks((SIDE, SIDE))
    areas = {name: mask.mean() for name, mask in places.items()}
    assert areas["upper left corner"] == pytest.approx(0.2**2)
    assert areas["lower border"] == pytest.approx(0.1 * 0.6)
    covered = np.sum(list(places.values()), axis=0)
    assert covered.max() == 1
    assert covered[20:-20, 20:-20].sum() == 0
    assert places["upper right corner"][:20, 80:].all()
    assert places["left border"][20:80, :10].all()


def test_places_are_those_of_the_film_however_much_of_it_the_model_sees():
    middle = masks((SIDE, SIDE), (0.25, 0.25, 0.75, 0.75))
    assert not np.any(list(middle.values()))  # a crop that shows no edge of the film
    padded = masks((SIDE, 2 * SIDE), (-0.5, 0.0, 1.5, 1.0))  # air on both sides of a film
    assert not np.any([mask[:, :50] | mask[:, -50:] for mask in padded.values()])
    assert padded["upper left corner"][:20, 50:70].all()


def test_each_film_differs_from_the_first_in_its_own_region_alone():
    film, baseline = drawn(((30, 30), (60, 70))), np.zeros((SIDE, SIDE), np.float32)
    films, places = hidden(film, baseline=baseline), masks(film.shape)
    assert films.shape == (len(REGIONS), SIDE, SIDE)
    for name, one in zip(PLACES, films, strict=False):
        assert np.array_equal(one != film, places[name])
        assert (one[places[name]] == 0).all()
    changed = films[REGIONS.index(LINES)] != film
    assert changed.any()
    assert not changed[np.logical_or.reduce(list(places.values()))].any()


def test_a_corner_shows_the_blurred_film_where_nothing_else_is_asked_for():
    film = drawn(((2, 2), (12, 12)))  # a clip
    corner = hidden(film)[REGIONS.index("upper left corner")][:20, :20]
    assert np.array_equal(corner, gaussian_filter(film, 10, mode="nearest")[:20, :20])
    assert np.ptp(corner) < 0.2 * np.ptp(film[:20, :20])


def test_a_long_bright_line_is_filled_from_beside_it():
    bare, lined = drawn(), drawn(((30, 25), (65, 75)))
    left = np.abs(without_lines(lined) - bare)
    assert np.abs(lined - bare).max() > 0.4
    assert left.max() < 0.05


@pytest.mark.parametrize(
    ("what", "film"),
    [
        ("nothing", drawn()),
        ("a short line, as a clip", drawn(((45, 45), (55, 55)))),
        ("what is wide, as a heart", drawn(((30, 25), (65, 75)), width=20)),
        ("a dark line", 1 - drawn(((30, 25), (65, 75)))),
    ],
)
def test_what_is_no_long_bright_line_stays(what, film):
    assert np.array_equal(without_lines(film), film), what
