"""How a film is prepared, in words."""

from __future__ import annotations

import pytest

from dashboard.models.panels.card import input_words
from dashboard.page.preparation import CONTRASTS, FITS, resample_words
from tests.xai import made_models as models
from xai.cards import input_spec
from xai.cards.input_spec import RESAMPLES, Contrast


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nearest", "Pillow nearest (Keras’ load_img, ImageDataGenerator)"),
        ("pillow", "Pillow bilinear (torchvision, and Pillow’s bilinear)"),
        ("opencv-linear", "OpenCV linear (cv2.resize’s own choice)"),
        ("gaussian", "scikit-image gaussian (scikit-image’s own choice)"),
        ("tensorflow-bicubic-antialias", "TensorFlow bicubic-antialias"),
    ],
)
def test_a_scaling_is_told_with_its_library_and_who_uses_it(name, words):
    assert resample_words(name) == words


def test_there_are_words_for_everything_that_a_card_may_say():
    assert tuple(FITS) == input_spec.FITS
    assert tuple(CONTRASTS) == input_spec.CONTRASTS
    assert all(resample_words(name) for name in RESAMPLES)


def test_an_input_is_told_in_full():
    spec = {"size": (96, 160), "channels": 3, "fit": "pad", "resample": "nearest", "bits": 8, "standardise": True}
    assert input_words(models.card(contrast=Contrast("clahe", "after"), **spec)) == (
        "96 × 160 pixels, three equal channels: the film is padded with air to that proportion. Its size is scaled by "
        "Pillow nearest (Keras’ load_img, ImageDataGenerator), in 256 shades. Its contrast is made even tile by tile "
        "(CLAHE) after that. Its own mean is taken off its shades, and they are divided by its own deviation."
    )
