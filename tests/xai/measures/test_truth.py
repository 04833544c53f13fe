"""A map against the truth: known by hand, and equal to scikit-learn and scikit-image on random maps."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from skimage.filters import threshold_otsu
from sklearn.metrics import average_precision_score, jaccard_score, roc_auc_score

from xai import measures
from xai.explainers.explanation import Explanation
from xai.explainers.gradcam import upsample

AGAINST_TRUTH = ("pointing", "energy", "iou", "iou_otsu", "auroc", "average_precision")


def drawn(seed: int, side: int = 24, levels: int | None = None):
    """A signed random map, with ties where it has few levels, and a random truth."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(side, side)) if levels is None else rng.integers(-2, levels, (side, side))
    return values, rng.random((side, side)) < 0.2


@pytest.mark.parametrize("levels", [None, 6])
@pytest.mark.parametrize("seed", range(5))
def test_random_maps_score_as_other_libraries_score_them(seed, levels):
    values, truth = drawn(seed, levels=levels)
    assert measures.auroc(values, truth) == pytest.approx(roc_auc_score(truth.ravel(), values.ravel()), abs=1e-6)
    expected = average_precision_score(truth.ravel(), values.ravel())
    assert measures.average_precision(values, truth) == pytest.approx(expected, abs=1e-6)
    positive = np.maximum(values, 0).astype(float)
    found = positive > threshold_otsu(positive)
    assert measures.iou_otsu(values, truth) == pytest.approx(jaccard_score(truth.ravel(), found.ravel()), abs=1e-6)
    assert measures.energy(values, truth) == pytest.approx(np.average(truth, weights=positive), abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_the_matched_area_is_that_of_the_truth(seed):
    values, truth = drawn(seed)
    strongest = np.zeros(truth.size, bool)
    strongest[np.argsort(-values.ravel())[: truth.sum()]] = True
    assert measures.iou(values, truth) == pytest.approx(jaccard_score(truth.ravel(), strongest), abs=1e-6)
    assert measures.pointing(values, truth) == float(truth.ravel()[np.argmax(values)])


def test_pixels_that_are_equal_share_the_chance():
    truth = np.zeros((4, 5), bool)
    truth[1, :4] = True
    even = np.full((4, 5), 0.3)
    assert measures.pointing(even, truth) == measures.energy(even, truth) == pytest.approx(4 / 20)
    assert measures.iou(even, truth) == pytest.approx(0.8 / (8 - 0.8))  # four fifths of a pixel are expected inside
    assert measures.auroc(even, truth) == 0.5
    piece = np.zeros((4, 5))
    piece[1:3, 3:] = 2.0  # one of the four pixels of the strongest piece lies inside
    assert measures.pointing(piece, truth) == pytest.approx(1 / 4)
    assert measures.pointing(piece * (1 + 1e-7 * np.arange(5)), truth) == pytest.approx(1 / 4)  # rounding is a tie
    piece[0, 0] = 3
    assert measures.iou(piece, truth) == pytest.approx(0.75 / (8 - 0.75))  # three pixels are left to the piece


@pytest.mark.parametrize("corner", [(0, 0), (0, 7), (7, 0), (3, 4)])
def test_a_map_of_cells_points_at_the_middle_of_its_strongest_cell_also_at_the_border(corner):
    cells = np.zeros((8, 8), np.float32)
    cells[corner] = 1
    values = upsample(cells, (128, 128))
    truth = np.zeros((128, 128), bool)
    y, x = (16 * place for place in corner)
    truth[y + 5 : y + 11, x + 5 : x + 11] = True  # in the middle of the cell; at the border the map is flat around it
    made = Explanation("gradcam", "Mass", values, 0.5, 0.0, 0, 1, 0.0, {}, cells=cells)
    assert measures.pointing(made, truth) == measures.pointing(values, truth, cells) == 1
    if corner == (0, 0):
        assert measures.pointing(values, truth) < 0.2
    cells[4, 1] = 1
    assert measures.pointing(upsample(cells, (128, 128)), truth, cells) == 0.5


@pytest.mark.parametrize("name", AGAINST_TRUTH)
def test_an_empty_truth_is_no_miss_and_an_empty_map_finds_nothing(name):
    measure = getattr(measures, name)
    values, truth = drawn(0)
    assert math.isnan(measure(values, np.zeros_like(truth)))
    without = {"auroc": 0.5, "average_precision": truth.mean()}.get(name, 0)
    assert measure(np.zeros(truth.shape), truth) == pytest.approx(without)
    whole = measure(np.abs(values), np.ones_like(truth))
    assert math.isnan(whole) if name == "auroc" else 0 < whole <= 1 + 1e-12


@pytest.mark.parametrize("name", AGAINST_TRUTH)
def test_a_map_that_is_the_truth_has_the_best_score_and_only_rank_or_share_count(name):
    measure = getattr(measures, name)
    values, truth = drawn(1)
    assert measure(truth.astype(float), truth) == 1
    assert measure(7.5 * values, truth) == pytest.approx(measure(values, truth))
    before = values.copy()
    measure(values, truth.astype(np.uint8))
    np.testing.assert_array_equal(values, before)


def test_what_is_no_map_or_of_another_shape_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match=r"expected a truth of 4 × 5 pixels, as the map has, got 8 × 8: .*on_map"):
        measures.energy(np.ones((4, 5)), np.ones((8, 8), bool))
    with pytest.raises(ValueError, match="NaN or infinity"):
        measures.auroc([[1, np.nan]], [[True, False]])
    with pytest.raises(ValueError, match=r"expected a map \(H, W\), got an array of shape \(3,\)"):
        measures.iou([1, 2, 3], [True, False, True])


def test_the_truth_of_a_film_is_put_where_the_map_lies():
    truth = np.zeros((320, 320), bool)
    truth[80:160, 200:280] = True
    assert np.array_equal(measures.on_map(truth, (128, 128)), cv2.resize(truth.astype(np.uint8), (128, 128)) > 0.5)
    padded = measures.on_map(truth, (40, 80), (-0.5, 0, 1.5, 1))  # air on either side
    assert np.array_equal(np.argwhere(padded)[[0, -1]], [[10, 45], [19, 54]])
    assert not measures.on_map(truth, (16, 16), (0, 0.6, 1, 1)).any()  # the map does not reach there
    point = np.zeros((320, 320), bool)
    point[101, 202] = True
    assert np.array_equal(np.argwhere(measures.on_map(point, (8, 16))), [[2, 10]])
