"""Scalings of the shades, against those who gave them their names."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.xai import made_models as models
from xai.backend import keras, tf
from xai.cards.input_spec import SCALINGS, InputSpec
from xai.models.units import model_units

SHADES = np.random.default_rng(0).integers(0, 256, (2, 12, 20)).astype(np.float32)
COLOUR = np.repeat(SHADES[..., None], 3, axis=3)


def scaled(name: str, channels: int = 3) -> np.ndarray:
    spec = InputSpec((12, 20), channels, **SCALINGS[name])
    return model_units(tf.constant(SHADES / np.float32(255)), spec).numpy()


@pytest.mark.parametrize(
    ("name", "preprocess"),
    [
        ("-1 to 1", keras.applications.mobilenet_v2.preprocess_input),
        ("imagenet", keras.applications.densenet.preprocess_input),
        ("caffe", keras.applications.vgg16.preprocess_input),
    ],
)
def test_what_keras_applications_call_preprocess_input(name, preprocess):
    np.testing.assert_allclose(scaled(name), preprocess(COLOUR.copy()), rtol=1e-5, atol=2e-5)


def test_plain_shades_and_torchxrayvisions():
    np.testing.assert_allclose(scaled("0 to 1"), COLOUR / 255, atol=1e-6)
    np.testing.assert_allclose(scaled("0 to 255"), COLOUR, atol=1e-4)
    np.testing.assert_allclose(scaled("torchxrayvision", 1)[..., 0], (2 * SHADES / 255 - 1) * 1024, atol=1e-3)


@pytest.mark.parametrize("channels", [1, 3])
def test_each_film_standardised_as_tensorflow_and_keras_do_it(channels):
    found = scaled("per film", channels)
    for film, canvas in zip(SHADES, found, strict=True):
        picture = np.repeat(film[..., None], channels, axis=2)
        expected = tf.image.per_image_standardization(picture).numpy()
        np.testing.assert_allclose(canvas, expected, atol=1e-4)
        generator = (picture / 255 - (picture / 255).mean()) / ((picture / 255).std() + 1e-6)  # ImageDataGenerator
        np.testing.assert_allclose(canvas, generator, atol=1e-4)


def test_a_model_of_standardised_films_answers_a_brighter_film_the_same(zoo_model):
    card = models.card(standardise=True)
    classifier = models.classifier(zoo_model("flat"), card)
    film = models.random_film().pixels[:24, :24] / 2
    same = classifier.logits(np.stack([film, film + 0.3, film * 1.7]))
    np.testing.assert_allclose(same[1:], same[[0, 0]], atol=1e-3)
    plain = models.classifier(zoo_model("flat"), replace(card, input=replace(card.input, standardise=False)))
    assert np.abs(np.diff(plain.logits(np.stack([film, film + 0.3])), axis=0)).max() > 0.05
