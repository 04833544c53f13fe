"""Display rules, in closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from xai.explainers.explanation import Explanation
from xai.pictures.render import (
    SIGNED_LUT,
    UNSIGNED_LUT,
    Display,
    colour,
    colour_range,
    hatch_mask,
    is_hatched,
    opacity,
    overlay,
    place,
    window,
)

WHOLE = (0.0, 0.0, 1.0, 1.0)


def explanation(values, cells=None):
    return Explanation("m", "f", np.asarray(values, np.float32), 0.5, 0.0, 0, 1, 0.1, {}, cells=cells)


@pytest.mark.parametrize(
    ("shade", "center", "width", "invert", "grey"),
    [
        (0.0, 0.5, 1.0, False, 0),
        (1.0, 0.5, 1.0, False, 255),
        (0.5, 0.5, 1.0, False, 128),
        (0.5, 0.5, 0.2, True, 128),
        (0.4, 0.5, 0.2, False, 0),
        (0.6, 0.5, 0.2, False, 255),
        (0.55, 0.5, 0.2, False, 191),
        (0.6, 0.5, 0.2, True, 0),
        (0.7, 0.5, 0.0, False, 255),
    ],
)
def test_a_window_spreads_its_shades_over_the_screens(shade, center, width, invert, grey):
    assert abs(int(window(np.full((1, 1), shade), center, width, invert)[0, 0]) - grey) <= 1


def test_the_range_is_that_of_this_map_or_of_all():
    one, other = explanation([[1, -3]]), explanation([[7, 0]])
    assert colour_range(one, [other]) == 3
    assert colour_range(one, [other], "all") == 7


def test_signed_colours_are_symmetric_about_nothing():
    found = colour(np.array([[-2.0, 0, 2.0]]), 2, signed=True)[0]
    np.testing.assert_array_equal(found[0], SIGNED_LUT[0])
    np.testing.assert_array_equal(found[2], SIGNED_LUT[255])
    np.testing.assert_array_equal(found[1], SIGNED_LUT[128])
    assert found[0][2] > found[0][0] and found[2][0] > found[2][2]  # blue against, orange for


def test_unsigned_colours_start_at_nothing():
    found = colour(np.array([[0.0, 1.0, 2.0]]), 2, signed=False)[0]
    np.testing.assert_array_equal(found, UNSIGNED_LUT[[0, 128, 255]])


def test_opacity_is_full_from_half_of_the_range_on():
    found = opacity(np.array([[0.0, 1, -2, 4, -8]]), 8, 0.6)
    np.testing.assert_allclose(found, [[0, 0.15, 0.3, 0.6, 0.6]])


def test_the_cut_hides_the_weakest_share_of_what_is_there():
    values = np.concatenate([np.zeros(50), np.arange(1, 101)])[None]
    shown = opacity(values, 100, 1.0, hide_weakest=90) > 0
    assert (values[shown] > 90).all() and shown.sum() == 10


def test_an_empty_map_shows_the_film_alone():
    film = np.linspace(0, 1, 48 * 40, dtype=np.float32).reshape(48, 40)
    found = overlay(film, explanation(np.zeros((8, 8))), WHOLE, Display(), signed=True)
    np.testing.assert_array_equal(found, np.repeat(window(film)[..., None], 3, axis=-1))


def test_an_overlay_blends_film_and_colour():
    film = np.full((16, 16), 0.2, np.float32)
    found = overlay(film, explanation(np.ones((16, 16))), WHOLE, Display(opacity=0.5), signed=False)
    expected = np.rint(0.5 * 51 + 0.5 * UNSIGNED_LUT[255].astype(float))
    np.testing.assert_allclose(found[8, 8], expected, atol=1)


def test_native_shows_the_cells():
    cells = np.array([[0, 1], [0, 0]], np.float32)
    one = explanation(np.ones((16, 16)), cells)
    found = overlay(np.zeros((16, 16), np.float32), one, WHOLE, Display(opacity=1, native=True), signed=False)
    assert (found[:8, 8:] == UNSIGNED_LUT[255]).all()
    assert not found[8:].any() and not found[:8, :8].any()


@pytest.mark.parametrize(
    ("footprint", "inside"),
    [
        (WHOLE, np.s_[:, :]),
        ((0.25, 0.0, 0.75, 1.0), np.s_[:, 10:30]),  # cropped: nothing was seen beside it
        ((0.0, 0.25, 1.0, 0.75), np.s_[5:15, :]),
    ],
)
def test_a_map_lies_where_the_model_looked(footprint, inside):
    found = place(np.ones((8, 8), np.float32), footprint, 20, 40)
    expected = np.zeros((20, 40))
    expected[inside] = 1
    np.testing.assert_allclose(found, expected)


def test_a_map_of_a_padded_film_loses_the_air():
    """The square was 40 x 40 with the film in rows 10 to 30."""
    values = np.arange(40, dtype=np.float32)[:, None].repeat(40, axis=1)
    np.testing.assert_allclose(place(values, (0.0, -0.5, 1.0, 1.5), 20, 40), values[10:30])


@pytest.mark.parametrize("height", [31, 50, 51, 97])
@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_odd_sizes_have_no_gaps(height, fit):
    from xai.cards.model_card import InputSpec
    from xai.models.preprocess import footprint

    found = place(np.ones((8, 8), np.float32), footprint(height, 60, InputSpec(8, 1, fit)), height, 60)
    assert found.shape == (height, 60)
    expected = height * 60 if fit == "pad" else min(height, 60) ** 2
    assert abs(found.sum() - expected) <= 60


def test_pieces_whose_sign_is_not_sure_are_hatched_where_they_are_shown():
    values = np.repeat([[2.0, 0.5, 0.0, 1.0]], 3, axis=0)
    pieces = np.repeat(np.arange(4, dtype=np.uint16)[None], 3, axis=0)
    errors = np.array([1.0, 1.0, 1.0, np.inf], np.float32)  # 2 is more than 1.96 of them, 0.5 is not; of 1 nobody knows
    one = replace(explanation(values), pieces=pieces, errors=errors)
    assert one.unsure.tolist() == [False, True, True, True]
    assert hatch_mask(one)[0].tolist() == [0, 1, 1, 1]
    film = np.full((120, 160), 0.5, np.float32)
    plain, hatched = (
        overlay(film, one, WHOLE, Display(native=True, hatched=on), signed=True).astype(int) for on in (False, True)
    )
    changed = (plain != hatched).any(axis=2)
    assert [changed[:, 40 * k : 40 * k + 40].any() for k in range(4)] == [False, True, False, True]
    column = (hatched - plain).mean(axis=2)[:, 40:80]
    assert column.min() < -40 and column.max() > 40  # dark and light, to be seen on any grey
    assert 0.1 < changed[:, 40:80].mean() < 0.3
    shown = {"as it is": {}, "none": {"hide_weakest": 95.0}, "clear": {"opacity": 0.0}, "off": {"hatched": False}}
    told = {name: is_hatched(one, Display(**{"hatched": True, **how})) for name, how in shown.items()}
    assert told == {"as it is": True, "none": False, "clear": False, "off": False}  # of the strongest the sign is sure
    assert hatch_mask(replace(one, errors=None)) is None
    assert hatch_mask(replace(one, errors=np.zeros(4, np.float32))) is None  # exact, that of nothing too
