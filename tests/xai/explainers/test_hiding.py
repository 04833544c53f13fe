"""Hiding by hand: the pixels that shapes cover, and that they are hidden as the methods hide them."""

from __future__ import annotations

import numpy as np
import pytest

from xai.cards.input_spec import InputSpec
from xai.explainers.baselines import BASELINES, baseline_canvas
from xai.explainers.halving import cell_index
from xai.explainers.hiding import Box, Grid, Region, Stroke, hidden_canvas, hidden_pixels
from xai.explainers.lime import LIME, sample_neighbourhood
from xai.explainers.regions import superpixels

WHOLE = Grid((8, 8), (80, 80), (0, 0, 1, 1))
LEFT = np.arange(64).reshape(8, 8) % 8 < 4


def test_a_box_hides_the_pixels_whose_middle_it_covers():
    hidden = hidden_pixels([Box(0.25, 0.5, 0.5, 1)], WHOLE, {})
    assert np.argwhere(hidden).tolist() == [[row, column] for row in range(4, 8) for column in (2, 3)]
    assert not hidden_pixels([Box(0.26, 0.26, 0.30, 0.30)], WHOLE, {}).any()  # between the middles of pixels


def test_halves_of_a_film_hide_every_pixel_once():
    left, right = (hidden_pixels([box], WHOLE, {}) for box in (Box(0, 0, 0.5, 1), Box(0.5, 0, 1, 1)))
    np.testing.assert_array_equal(left, ~right)
    np.testing.assert_array_equal(left, LEFT)


def test_shapes_add_up():
    hidden = hidden_pixels([Box(0, 0, 0.5, 1), Box(0.5, 0, 1, 1)], WHOLE, {})
    assert hidden.all()


def test_a_brush_hides_what_is_nearer_to_its_path_than_its_radius():
    (touched,) = np.nonzero(hidden_pixels([Stroke(0.05, ((0.1, 0.31), (0.9, 0.31)))], WHOLE, {}).any(axis=1))
    assert touched.tolist() == [2]
    dot = hidden_pixels([Stroke(0.07, ((0.0625, 0.0625),))], WHOLE, {})
    assert np.argwhere(dot).tolist() == [[0, 0]]


def test_a_brush_is_round_on_a_film_that_is_not_square():
    grid = Grid((100, 100), (50, 100), (0, 0, 1, 1))  # twice as wide as high
    hidden = hidden_pixels([Stroke(0.1, ((0.5, 0.5),))], grid, {})
    rows, columns = (np.count_nonzero(hidden.any(axis=axis)) for axis in (1, 0))
    assert (rows, columns) == (40, 20)


@pytest.mark.parametrize(
    ("fit", "film", "columns"),
    [
        ("crop", (40, 80), 8),  # the model sees the middle half of the width: all of it lies under the box
        ("pad", (80, 40), 4),  # the film fills the middle half of the input; no air is hidden
        ("stretch", (40, 80), 4),
    ],
)
def test_a_shape_is_the_same_place_of_the_film_whatever_the_model_sees_of_it(fit, film, columns):
    grid = Grid.of(film, InputSpec(8, 1, fit=fit))
    box = Box(0.25, 0, 0.75, 1) if fit != "pad" else Box(0, 0, 1, 1)
    hidden = hidden_pixels([box], grid, {})
    assert hidden.any(axis=0).sum() == columns
    assert hidden.any(axis=1).all()


def test_a_piece_of_a_map_is_hidden_whole_by_any_point_on_it():
    pieces = np.where(LEFT, 3, 7)
    for x in (0.0, 0.2, 0.49):
        np.testing.assert_array_equal(hidden_pixels([Region("lime", x, 0.9)], WHOLE, {"lime": pieces}), LEFT)
    np.testing.assert_array_equal(hidden_pixels([Region("lime", 1.0, 1.0)], WHOLE, {"lime": pieces}), ~LEFT)
    outside = Grid.of((40, 80), InputSpec(8, 1, fit="crop"))
    assert not hidden_pixels([Region("lime", 0.1, 0.5)], outside, {"lime": pieces}).any()


@pytest.mark.parametrize("baseline", [name for name in BASELINES if name != "dataset mean"])
def test_hiding_all_of_a_film_leaves_the_baseline(baseline, zoo, film):
    classifier = zoo("flat")
    canvas = classifier.prepare(film)
    expected = baseline_canvas(baseline, classifier, canvas, superpixels(canvas, 60))
    everything = np.ones(canvas.shape, bool)
    np.testing.assert_array_equal(hidden_canvas(classifier, canvas, everything, baseline), expected)
    np.testing.assert_array_equal(hidden_canvas(classifier, canvas, ~everything, baseline), canvas)


def test_hiding_regions_by_hand_gives_the_logits_of_limes_own_samples(zoo, film):
    classifier = zoo("flatten")
    canvas = classifier.prepare(film)
    height, width = film.pixels.shape
    grid = Grid.of((height, width), classifier.card.input)
    found = LIME(samples=6, regions=12, design="lime").explain(classifier, film, seed=4)
    pieces = found[0].pieces
    shown = sample_neighbourhood(6, int(pieces.max()) + 1, 4)
    x, y = grid.centres()
    for sample in range(6):
        points = [np.argwhere(pieces == region)[0] for region in np.flatnonzero(shown[sample] == 0)]
        shapes = [Region("lime", x[column], y[row]) for row, column in points]
        hidden = hidden_pixels(shapes, grid, {"lime": pieces})
        logits = classifier.logits(hidden_canvas(classifier, canvas, hidden, "blurred film")[None])[0]
        np.testing.assert_allclose(logits, [one.answers[sample] for one in found], atol=1e-5)


def test_a_box_as_large_as_a_cell_of_shap_hides_that_cell(zoo, film):
    grid = Grid.of(film.pixels.shape, zoo("flat").card.input)
    cells = cell_index(grid.shape, 4)
    for row, column in ((0, 0), (2, 3)):
        box = Box(column / 4, row / 4, (column + 1) / 4, (row + 1) / 4)
        np.testing.assert_array_equal(hidden_pixels([box], grid, {}), cells == 4 * row + column)
