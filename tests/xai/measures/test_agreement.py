"""Two maps of one film: equal to SciPy and scikit-image, and known by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import spearmanr
from skimage.metrics import structural_similarity

from xai import measures


@pytest.mark.parametrize("levels", [None, 5])
@pytest.mark.parametrize("seed", range(3))
def test_random_maps_agree_as_other_libraries_say(seed, levels):
    rng = np.random.default_rng(seed)
    first, second = (
        rng.normal(size=(2, 32, 40)) if levels is None else rng.integers(-2, levels, (2, 32, 40)).astype(float)
    )
    assert measures.spearman(first, second) == pytest.approx(spearmanr(first.ravel(), second.ravel())[0], abs=1e-6)
    for one, other, span in ((first, second, 2), (np.abs(first), np.abs(second), 1)):
        scaled = one / np.abs(one).max(), other / np.abs(other).max()
        stock = structural_similarity(
            *scaled, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=span
        )
        assert measures.ssim(one, other) == pytest.approx(stock, abs=1e-6)
    if levels is None:
        tops = [set(np.argsort(-values.ravel())[:128]) for values in (first, second)]
        assert measures.top_overlap(first, second) == pytest.approx(len(tops[0] & tops[1]) / 128, abs=1e-6)


@pytest.mark.parametrize("measure", [measures.spearman, measures.top_overlap, measures.ssim])
def test_a_map_agrees_with_itself_at_any_scale_and_both_ways(measure):
    first, second = np.random.default_rng(0).normal(size=(2, 16, 16))
    assert measure(first, 3 * first) == pytest.approx(1)
    assert measure(first, second) == measure(second, first) < 0.5
    with pytest.raises(ValueError, match="two maps of one shape, got 16 × 16 and 8 × 8"):
        measure(first, second[:8, :8])


def test_equal_pixels_share_what_is_left_of_the_top():
    piece = np.zeros((10, 10))
    piece[:2] = 1  # twenty pixels for ten places
    assert measures.top_overlap(piece, piece) == 1
    assert measures.top_overlap(piece, np.arange(100.0)[::-1].reshape(10, 10)) == pytest.approx(0.5)
    assert measures.top_overlap(np.ones((10, 10)), piece) == pytest.approx(0.2)


def test_flat_and_empty_maps():
    values = np.random.default_rng(0).normal(size=(16, 16))
    assert math.isnan(measures.spearman(values, np.ones((16, 16))))
    assert measures.top_overlap(values, np.zeros((16, 16))) == pytest.approx(26 / 256)  # chance, of 26 pixels
    assert measures.ssim(np.zeros((16, 16)), np.zeros((16, 16))) == 1
    with pytest.raises(ValueError, match="at least 11 pixels a side"):
        measures.ssim(values[:8, :8], values[:8, :8])
