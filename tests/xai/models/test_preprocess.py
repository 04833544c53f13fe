"""A film's way into the model's input, against the formulas of Pillow and torchvision."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.xai import made_models as models
from xai.cards.input_spec import FITS, InputSpec
from xai.models.preprocess import footprint, prepare, resize

SIZES = [32, (32, 48), (48, 32)]
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


@pytest.mark.parametrize("fit", ["stretch", "crop", "crop-first", "pad"])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_input_stays_in_the_films_range(fit, size, shape):
    pixels = np.random.default_rng(0).random(shape).astype(np.float32) * 0.5 + 0.25
    found = prepare(pixels, spec := InputSpec(size, 1, fit))
    assert found.shape == spec.shape and found.dtype == np.float32
    assert found.max() <= pixels.max() and found.min() >= (0 if fit == "pad" else pixels.min())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [(32, 48), (48, 32)])
def test_a_crop_that_is_not_square_is_torchvisions(shape, size):
    """`Resize` by the factor at which the film just covers the input, then `CenterCrop`."""
    pixels = models.random_film(1, *shape).pixels
    scale = max(size[0] / shape[0], size[1] / shape[1])
    height, width = (max(int(extent * scale + 1e-9), side) for extent, side in zip(shape, size, strict=True))
    scaled = np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR))
    top, left = round((height - size[0]) / 2), round((width - size[1]) / 2)
    expected = scaled[top : top + size[0], left : left + size[1]]
    np.testing.assert_allclose(prepare(pixels, InputSpec(size, 1, "crop")), expected, atol=1e-6)


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


@pytest.mark.parametrize(
    ("fit", "size", "shape", "expected"),
    [
        ("stretch", (32, 64), (50, 50), (0, 0, 1, 1)),
        ("crop", (32, 64), (50, 50), (0, 0.25, 1, 0.75)),
        ("crop", (64, 32), (50, 50), (0.25, 0, 0.75, 1)),
        ("crop-first", (32, 64), (100, 50), (0, 0.375, 1, 0.625)),
        ("crop", (32, 64), (50, 100), (0, 0, 1, 1)),
        ("pad", (32, 64), (50, 50), (-0.5, 0, 1.5, 1)),
        ("pad", (64, 32), (50, 50), (0, -0.5, 1, 1.5)),
        ("pad", (32, 64), (100, 50), (-1.5, 0, 2.5, 1)),
    ],
)
def test_the_footprint_of_an_input_that_is_not_square(fit, size, shape, expected):
    assert footprint(*shape, InputSpec(size, 1, fit)) == expected


def test_the_short_side_is_scaled_beyond_an_input_that_is_not_square():
    spec = InputSpec((32, 64), 1, "crop", short_side=80)
    pixels = models.random_film(1, 100, 150).pixels
    scaled = resize(pixels, 80, 120)
    np.testing.assert_array_equal(prepare(pixels, spec), scaled[24:56, 28:92])
    assert footprint(100, 150, spec) == pytest.approx((28 / 120, 0.3, 92 / 120, 0.7))


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("size", [64, (48, 80), (80, 48), (96, 160), (160, 96)], ids=str)
@pytest.mark.parametrize(("shape", "at"), [((90, 150), (46, 70)), ((150, 90), (70, 46)), ((120, 120), (55, 66))])
def test_a_point_lies_where_the_footprint_says(fit, size, shape, at):
    """A bright dot on the film is found in the input at the place that the footprint gives it."""
    spec = InputSpec(size, 1, fit)
    pixels = np.zeros(shape, np.float32)
    pixels[at[0] - 1 : at[0] + 2, at[1] - 1 : at[1] + 2] = 1
    canvas = prepare(pixels, spec)
    assert canvas.shape == spec.shape
    x0, y0, x1, y1 = footprint(*shape, spec)
    middle = [float((np.indices(spec.shape)[axis] * canvas).sum() / canvas.sum()) + 0.5 for axis in (0, 1)]
    expected = [((at[0] + 0.5) / shape[0] - y0) / (y1 - y0), ((at[1] + 0.5) / shape[1] - x0) / (x1 - x0)]
    assert middle == pytest.approx([share * side for share, side in zip(expected, spec.shape, strict=True)], abs=1)
