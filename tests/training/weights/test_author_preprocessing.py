"""Films prepared as the card of an imported model says, against its authors' own steps."""

from __future__ import annotations

import dataclasses
import warnings

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage.transform import resize as scikit_image_resize

from training.weights.published import LAYOUTS, PUBLISHED
from xai.cards.model_card import InputSpec, ModelCardError
from xai.films.reading import read_film
from xai.models.preprocess import footprint, prepare

IMAGENET = np.array([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]])
SHADE = 1 / 255


def model_units(canvas, spec: InputSpec):
    """What the classifier does with a canvas: ``x = (film * multiply - mean) / std``, (H, W, channels)."""
    grey = np.repeat(canvas[..., None], spec.channels, -1)
    return (grey * spec.multiply - np.array(spec.mean)) / np.array(spec.std)


def torchvision_steps(path, short_side: int):
    """Resize(short_side), CenterCrop(224), ToTensor and Normalize, as torchvision has them for Pillow pictures."""
    picture = Image.open(path).convert("RGB")
    width, height = picture.size
    short, long = min(width, height), max(width, height)
    scaled = int(short_side * long / short)
    size = (short_side, scaled) if width <= height else (scaled, short_side)
    picture = picture.resize(size, Image.Resampling.BILINEAR)
    top, left = round((size[1] - 224) / 2.0), round((size[0] - 224) / 2.0)
    picture = picture.crop((left, top, left + 224, top + 224))
    return (np.asarray(picture) / 255 - IMAGENET[0]) / IMAGENET[1]


def torchxrayvision_steps(path, engine: str):
    """normalize(img, 255), XRayCenterCrop() and XRayResizer(224, engine)."""
    levels = np.asarray(Image.open(path))
    levels = levels[..., 0] if levels.ndim == 3 else levels
    x = ((2 * (levels.astype(np.float32) / 255) - 1.0) * 1024)[None]
    _, height, width = x.shape
    side = min(height, width)
    left, top = width // 2 - side // 2, height // 2 - side // 2
    x = x[:, top : top + side, left : left + side]
    if engine == "cv2":
        return cv2.resize(x[0], (224, 224), interpolation=cv2.INTER_AREA)[..., None]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return scikit_image_resize(x, (1, 224, 224), mode="constant", preserve_range=True)[0][..., None]


def chexnet_keras_steps(path):
    """The generator's load_image and transform_batch_images, with scikit-image's defaults of 0.13 spelled out."""
    shades = np.asarray(Image.open(path).convert("RGB")) / 255.0
    x = scikit_image_resize(shades, (224, 224), order=1, mode="constant", cval=0, anti_aliasing=False)
    return (x - IMAGENET[0]) / IMAGENET[1]


@pytest.fixture(scope="module")
def film_paths(real_data, tmp_path_factory):
    """Films of 1024 px (one of them RGBA), of 320 px, and grey ones that are not square."""
    large = sorted((real_data / "nih" / "originals").glob("*.png"))
    assert any(Image.open(path).mode == "RGBA" for path in large)
    small = sorted((real_data / "nih" / "images").glob("*.png"))[:3]
    others = sorted((real_data / "covid-chestxray" / "images").iterdir())
    oblong = [path for path in others if path.suffix in (".png", ".jpg", ".jpeg") and _is_oblong(path)][:8]
    assert len({_is_upright(path) for path in oblong}) == 2
    return large + small + oblong


def _is_oblong(path) -> bool:
    with Image.open(path) as picture:
        return picture.mode == "L" and picture.width != picture.height and not picture.getexif()


def _is_upright(path) -> bool:
    with Image.open(path) as picture:
        return picture.height > picture.width


@pytest.mark.real_films
@pytest.mark.parametrize(("name", "short_side"), [("chexnet-jrzech", 224), ("chexnet-arnoweng", 256)])
def test_torchvisions_steps(film_paths, name, short_side):
    spec = PUBLISHED[name].input
    for path in film_paths:
        found = model_units(prepare(read_film(path).pixels, spec), spec)
        # Pillow rounds to whole shades twice, after each axis: half a shade each.
        assert (np.abs(found - torchvision_steps(path, short_side)) * IMAGENET[1]).max() <= SHADE + 1e-6, path.name


@pytest.mark.real_films
@pytest.mark.parametrize(("engine", "resample"), [("skimage", "gaussian"), ("cv2", "area")])
def test_torchxrayvisions_steps(film_paths, engine, resample):
    spec = dataclasses.replace(LAYOUTS["torchxrayvision"].input, resample=resample)
    for path in film_paths:
        found = model_units(prepare(read_film(path).pixels, spec), spec)
        assert np.abs(found - torchxrayvision_steps(path, engine)).max() <= 2048 * SHADE * 0.01, path.name


@pytest.mark.real_films
def test_chexnet_keras_steps(film_paths):
    spec = LAYOUTS["chexnet-keras"].input
    for path in film_paths:
        found = model_units(prepare(read_film(path).pixels, spec), spec)
        assert (np.abs(found - chexnet_keras_steps(path)) * IMAGENET[1]).max() <= 0.01 * SHADE, path.name


def test_the_ways_to_scale_differ():
    """Otherwise a card that names the wrong one would not be noticed."""
    film = np.random.default_rng(0).random((100, 100)).astype(np.float32)
    found = [prepare(film, InputSpec(32, 1, resample=how)) for how in ("pillow", "gaussian", "linear", "area")]
    for number, one in enumerate(found):
        assert all(np.abs(one - other).max() > SHADE for other in found[number + 1 :])


def test_the_border_of_a_blurred_film_is_the_models_zero():
    white = np.ones((100, 100), np.float32)
    spec = InputSpec(20, 1, "crop-first", multiply=2048.0, mean=(1024.0,), resample="gaussian")
    found = prepare(
        np.pad(white[2:-2, 2:-2], 2), spec
    )  # a black rim, so that the film's range holds the border's shade
    assert 0.5 < found[0, 10] < found[10, 10] == 1


@pytest.mark.parametrize(
    ("spec", "shape", "expected"),
    [
        (InputSpec(224, 1, "crop", short_side=256), (256, 256), (0.0625, 0.0625, 0.9375, 0.9375)),
        (InputSpec(224, 1, "crop", short_side=448), (100, 200), (0.375, 0.25, 0.625, 0.75)),
        (InputSpec(224, 1, "crop-first"), (100, 200), (0.25, 0, 0.75, 1)),
    ],
)
def test_footprints_in_closed_form(spec, shape, expected):
    assert footprint(*shape, spec) == expected


def test_crop_first_takes_torchxrayvisions_square():
    film = np.arange(5 * 8, dtype=np.float32).reshape(5, 8)
    np.testing.assert_array_equal(prepare(film, InputSpec(8, 1, "crop-first"))[0, 0], film[0, 2])


@pytest.mark.parametrize(
    "wrong", [{"resample": "sharp"}, {"short_side": 256}, {"fit": "crop", "short_side": 100}, {"short_side": True}]
)
def test_a_wrong_spec_is_refused(wrong):
    with pytest.raises(ModelCardError, match=f"input.{list(wrong)[-1]}"):
        InputSpec(224, 1, **wrong)
