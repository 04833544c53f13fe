"""A film's way into the model's square, against the formulas of Pillow and torchvision."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.xai import made_models as models
from xai.cards.model_card import InputSpec
from xai.models.preprocess import footprint, prepare, resize

SHAPES = [(60, 52), (52, 60), (64, 64), (200, 90), (33, 97), (257, 256)]


def torchvision_resize_and_crop(pixels, size):
    """`Resize(size)` and `CenterCrop(size)` as torchvision's functional code has them, on a Pillow picture."""
    height, width = pixels.shape
    short, long = min(height, width), max(height, width)
    new_long = int(size * long / short)
    new_height, new_width = (size, new_long) if height <= width else (new_long, size)
    picture = Image.fromarray(pixels).resize((new_width, new_height), Image.Resampling.BILINEAR)
    top, left = round((new_height - size) / 2.0), round((new_width - size) / 2.0)
    return np.asarray(picture.crop((left, top, left + size, top + size)))


@pytest.mark.parametrize("shape", SHAPES)
def test_crop_is_torchvisions(shape):
    pixels = models.random_film(1, *shape).pixels
    found = prepare(pixels, InputSpec(32, 1, "crop"))
    np.testing.assert_allclose(found, torchvision_resize_and_crop(pixels, 32), atol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_stretch_is_pillows(shape):
    pixels = models.random_film(1, *shape).pixels
    expected = np.asarray(Image.fromarray(pixels).resize((32, 32), Image.Resampling.BILINEAR))
    np.testing.assert_allclose(prepare(pixels, InputSpec(32, 1)), expected, atol=1e-6)


@pytest.mark.parametrize(("shape", "rows", "columns"), [((40, 80), (10, 30), (0, 40)), ((80, 40), (0, 40), (10, 30))])
def test_pad_adds_air_to_the_short_side(shape, rows, columns):
    found = prepare(np.full(shape, 0.5, np.float32), InputSpec(40, 1, "pad"))
    inside = np.zeros((40, 40), bool)
    inside[rows[0] : rows[1], columns[0] : columns[1]] = True
    interior = np.abs(found - 0.5) < 1e-6
    assert (interior & ~inside).sum() == 0
    assert interior.sum() >= 0.85 * inside.sum()  # antialiasing blends the border rows
    np.testing.assert_allclose(found.sum(), 0.5 * inside.sum(), rtol=1e-3)


@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_square_stays_in_the_films_range(fit, shape):
    pixels = np.random.default_rng(0).random(shape).astype(np.float32) * 0.5 + 0.25
    found = prepare(pixels, InputSpec(48, 1, fit))
    assert found.shape == (48, 48) and found.dtype == np.float32
    assert found.max() <= pixels.max() and found.min() >= (0 if fit == "pad" else pixels.min())


def test_a_film_of_the_right_size_is_copied():
    pixels = np.random.default_rng(0).random((32, 32)).astype(np.float32)
    found = prepare(pixels, InputSpec(32, 1))
    np.testing.assert_array_equal(found, pixels)
    assert not np.shares_memory(found, pixels)
    np.testing.assert_array_equal(resize(pixels, 32, 32), pixels)


@pytest.mark.parametrize(
    ("fit", "shape", "expected"),
    [
        ("stretch", (50, 100), (0, 0, 1, 1)),
        ("crop", (50, 100), (0.25, 0, 0.75, 1)),
        ("crop", (100, 50), (0, 0.25, 1, 0.75)),
        ("pad", (50, 100), (0, -0.5, 1, 1.5)),
        ("pad", (100, 50), (-0.5, 0, 1.5, 1)),
        ("pad", (60, 60), (0, 0, 1, 1)),
    ],
)
def test_the_footprint_in_closed_form(fit, shape, expected):
    assert footprint(*shape, InputSpec(32, 1, fit)) == expected


@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
def test_a_point_lies_where_the_footprint_says(fit):
    """A bright dot on the film is found in the square at the place that the footprint gives it."""
    pixels = np.zeros((90, 150), np.float32)
    pixels[30:33, 60:63] = 1
    row, column = np.unravel_index(prepare(pixels, InputSpec(64, 1, fit)).argmax(), (64, 64))
    x0, y0, x1, y1 = footprint(90, 150, InputSpec(64, 1, fit))
    assert column + 0.5 == pytest.approx((61.5 / 150 - x0) / (x1 - x0) * 64, abs=1)
    assert row + 0.5 == pytest.approx((31.5 / 90 - y0) / (y1 - y0) * 64, abs=1)
