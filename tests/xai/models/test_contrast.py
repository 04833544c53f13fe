"""Contrast as published chest models had it, against OpenCV and in closed form."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.xai import made_models as models
from xai.cards.input_spec import Contrast, InputSpec
from xai.models.preprocess import prepare

FILM = np.rint(models.random_film(3, 70, 50).pixels * 120 + 60).astype(np.uint8)


def prepared(contrast: Contrast, size=(32, 40), shades: np.ndarray = FILM, **spec) -> np.ndarray:
    pixels = shades.astype(np.float32) / np.float32(255)
    return prepare(pixels, InputSpec(size, 1, contrast=contrast, **spec)) * 255


def test_stretched_from_the_darkest_to_the_brightest_pixel():
    found = prepared(Contrast("stretch"), FILM.shape)
    low, high = int(FILM.min()), int(FILM.max())
    np.testing.assert_allclose(found, 255.0 * (FILM.astype(float) - low) / (high - low), atol=1e-3)


def test_stretched_between_percentiles_and_cut_there():
    found = prepared(Contrast("stretch", low=5, high=90), FILM.shape)
    low, high = np.percentile(FILM, (5, 90))
    np.testing.assert_allclose(found, np.clip(255.0 * (FILM.astype(float) - low) / (high - low), 0, 255), atol=1e-2)


@pytest.mark.parametrize("how", ["stretch", "equalise", "clahe"])
def test_an_even_film_stays_finite(how):
    assert np.isfinite(prepared(Contrast(how), shades=np.full((20, 20), 77, np.uint8))).all()


@pytest.mark.parametrize(
    ("contrast", "opencv"),
    [
        (Contrast("equalise"), cv2.equalizeHist),
        (Contrast("clahe"), cv2.createCLAHE(2.0, (8, 8)).apply),
        (Contrast("clahe", clip=40.0, tiles=4), cv2.createCLAHE(40.0, (4, 4)).apply),
    ],
)
def test_equalised_before_or_after_scaling_as_opencv_does(contrast, opencv):
    before = cv2.resize(opencv(FILM), (40, 32))
    found = prepared(contrast, resample="opencv-linear", bits=8)
    np.testing.assert_array_equal(np.rint(found), before)
    after = opencv(cv2.resize(FILM, (40, 32)))
    contrast = Contrast(**{**vars(contrast), "order": "after"})
    np.testing.assert_array_equal(np.rint(prepared(contrast, resample="opencv-linear", bits=8)), after)
    assert (before != after).mean() > 0.1
