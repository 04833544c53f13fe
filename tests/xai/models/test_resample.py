"""Scaling a film as the libraries do that models were trained with, against those libraries' own front doors."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image

from xai.backend import keras, tf
from xai.cards.input_spec import KERNELS, RESAMPLES, InputSpec, sides
from xai.models.preprocess import prepare
from xai.models.resample import resize

SHAPES = [((61, 47), (32, 32)), ((200, 333), (31, 57)), ((20, 17), (45, 64)), ((64, 64), (32, 48))]


def picture(shape, seed: int = 0) -> np.ndarray:
    """Shades of 0 to 255: noise beside edges, where kernels differ most."""
    rng = np.random.default_rng(seed)
    shades = rng.integers(0, 256, shape)
    shades[: shape[0] // 2] = np.where(rng.random((shape[0] // 2, 1)) < 0.5, 0, 255)
    return shades.astype(np.uint8)


def prepared(shades: np.ndarray, size, how: str, **spec) -> np.ndarray:
    """As a model gets it, in shades of 0 to 255."""
    return 255 * prepare(shades.astype(np.float32) / np.float32(255), InputSpec(size, 1, resample=how, **spec))


@pytest.fixture(params=SHAPES, ids=str)
def shapes(request):
    return request.param


@pytest.mark.parametrize(
    ("how", "interpolation"),
    [
        ("nearest", "nearest"),
        ("pillow-nearest", "nearest"),
        ("antialiased", "bilinear"),
        ("pillow-bilinear", "bilinear"),
        ("bicubic", "bicubic"),
        ("lanczos", "lanczos"),
        ("pillow-box", "box"),
        ("pillow-hamming", "hamming"),
    ],
)
def test_keras_load_img_to_the_last_bit(how, interpolation, shapes, tmp_path):
    before, size = shapes
    Image.fromarray(shades := picture(before)).save(path := tmp_path / "film.png")
    loaded = keras.utils.load_img(path, color_mode="grayscale", target_size=size, interpolation=interpolation)
    np.testing.assert_array_equal(np.rint(prepared(shades, size, how, bits=8)), np.asarray(loaded))


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos"])
def test_grey_before_or_after_scaling_is_the_same(interpolation, shapes, tmp_path):
    before, size = shapes
    colour = np.repeat(picture(before)[..., None], 3, axis=2)
    Image.fromarray(colour).save(path := tmp_path / "film.png")
    first = keras.utils.load_img(path, color_mode="grayscale", target_size=size, interpolation=interpolation)
    last = keras.utils.load_img(path, color_mode="rgb", target_size=size, interpolation=interpolation).convert("L")
    np.testing.assert_array_equal(np.asarray(first), np.asarray(last))


@pytest.mark.parametrize("kernel", KERNELS["tensorflow"])
def test_tensorflows_resize_to_the_last_bit(kernel, shapes):
    before, size = shapes
    film = picture(before).astype(np.float32) / np.float32(255)
    method, antialias = kernel.removesuffix("-antialias"), kernel.endswith("-antialias")
    expected = tf.image.resize(film[..., None], size, method, antialias=antialias)[..., 0]
    np.testing.assert_array_equal(resize(film, *size, f"tensorflow-{kernel}"), expected)


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"])
def test_keras_resizing_layer(interpolation, antialias, shapes):
    """Shades of 0 to 255 as a Keras pipeline has them: the same but for the rounding of single precision."""
    before, size = shapes
    how = f"tensorflow-{interpolation}{'-antialias' if antialias and interpolation != 'nearest' else ''}"
    layer = keras.layers.Resizing(*size, interpolation=interpolation, antialias=antialias)
    expected = np.asarray(layer(picture(before)[None, ..., None].astype(np.float32)))[0, ..., 0]
    np.testing.assert_allclose(prepared(picture(before), size, how), expected, atol=2e-4)
    if interpolation == "bilinear" and not antialias:
        np.testing.assert_allclose(prepared(picture(before), size, "bilinear"), expected, atol=2e-4)


@pytest.mark.parametrize("option", ["crop", "pad"])
@pytest.mark.parametrize("before", [(61, 48), (48, 61), (200, 333), (40, 40)])
@pytest.mark.parametrize("size", [32, (31, 57), (57, 31)], ids=str)
def test_keras_crops_and_pads_to_the_proportion(option, before, size):
    layer = keras.layers.Resizing(*sides(size), **{f"{option}_to_aspect_ratio": True})
    expected = np.asarray(layer(picture(before)[..., None].astype(np.float32)))[..., 0]
    found = prepared(picture(before), size, "bilinear", fit=f"keras-{option}")
    np.testing.assert_allclose(found, expected, atol=2e-4)


@pytest.mark.parametrize("before", [(61, 48), (48, 61), (200, 333)])
def test_keras_load_img_keeps_the_proportion(before, tmp_path):
    Image.fromarray(shades := picture(before)).save(path := tmp_path / "film.png")
    loaded = keras.utils.load_img(path, "grayscale", target_size=(32, 40), keep_aspect_ratio=True)
    found = prepared(shades, (32, 40), "nearest", fit="keras-crop", bits=8)
    np.testing.assert_array_equal(np.rint(found), np.asarray(loaded))


@pytest.mark.parametrize(
    ("how", "flag"),
    [
        ("opencv-nearest", cv2.INTER_NEAREST),
        ("opencv-linear", cv2.INTER_LINEAR),
        ("opencv-cubic", cv2.INTER_CUBIC),
        ("opencv-area", cv2.INTER_AREA),
        ("area", cv2.INTER_AREA),
        ("opencv-lanczos", cv2.INTER_LANCZOS4),
    ],
)
def test_opencv_in_8_bits_to_the_last_bit_and_in_floats(how, flag, shapes):
    before, size = shapes
    shades = picture(before)
    expected = cv2.resize(shades, size[::-1], interpolation=flag)
    np.testing.assert_array_equal(np.rint(prepared(shades, size, how, bits=8)), expected)
    in_floats = cv2.resize(shades.astype(np.float32), size[::-1], interpolation=flag)
    np.testing.assert_allclose(prepared(shades, size, how), in_floats, atol=2e-4)


@pytest.mark.parametrize(
    ("how", "options", "tolerance"),
    [
        ("antialiased", {"mode": "bilinear", "antialias": True}, 1e-3),
        ("bicubic", {"mode": "bicubic", "antialias": True}, 1e-3),
        ("bilinear", {"mode": "bilinear"}, 1e-3),
        ("opencv-linear", {"mode": "bilinear"}, 1e-2),
        ("opencv-cubic", {"mode": "bicubic"}, 1e-2),
        ("opencv-nearest", {"mode": "nearest"}, 0),
    ],
)
def test_torchvision_on_tensors(how, options, tolerance, shapes):
    """torchvision's `Resize` of a tensor is `interpolate`; torchvision itself is not needed for it."""
    torch = pytest.importorskip("torch")
    before, size = shapes
    tensor = torch.from_numpy(picture(before).astype(np.float32))[None, None]
    expected = torch.nn.functional.interpolate(tensor, size, **options).numpy()[0, 0]
    np.testing.assert_allclose(prepared(picture(before), size, how), expected, atol=tolerance)


def test_in_8_bits_a_picture_is_rounded_as_it_is_scaled():
    film = np.float32([[0.5004, 0.2]])
    for bits, expected in ((None, 0.5004), (8, 128 / 255)):
        spec = InputSpec((8, 8), 1, resample="nearest", bits=bits)
        assert prepare(film, spec)[0, 0] == pytest.approx(expected, abs=1e-7)


def test_the_old_names_are_what_they_were():
    film = picture((61, 47)).astype(np.float32) / np.float32(255)
    bilinear = np.asarray(Image.fromarray(film).resize((32, 32), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(resize(film, 32, 32), np.clip(bilinear, film.min(), film.max()))
    area = cv2.resize(film, (32, 32), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(resize(film, 32, 32, "area"), np.clip(area, film.min(), film.max()))


@pytest.mark.parametrize("how", RESAMPLES)
def test_every_name_keeps_an_even_film_even(how):
    for bits in (None, 8):
        spec = InputSpec((24, 40), 1, resample=how, bits=bits, mean=(0.6,))  # gaussian reads what lies around from mean
        np.testing.assert_allclose(prepare(np.full((50, 33), 0.6, np.float32), spec), 0.6, atol=1e-5)
