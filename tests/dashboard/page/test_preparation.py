"""How a film is prepared, in words."""

from __future__ import annotations

import pytest

from dashboard.page.preparation import CONTRASTS, FITS, resample_words
from xai.cards import input_spec
from xai.cards.input_spec import RESAMPLES


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
