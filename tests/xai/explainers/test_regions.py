"""Regions and what hides them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from tests.xai import made_models as models
from tests.xai.cards.test_model_card import grey_png
from xai.budget import Budget
from xai.explainers import EXPLAINERS
from xai.explainers.baselines import BASELINES, baseline_canvas
from xai.explainers.regions import region_means, superpixels
from xai.models.loading import ModelError


@pytest.mark.parametrize("count", [5, 20, 60])
def test_regions_are_numbered_without_gaps_and_near_the_number_asked_for(count):
    regions = superpixels(models.random_film(0, 96, 96).pixels, count)
    assert regions.shape == (96, 96) and regions.dtype == np.uint16
    numbers = np.unique(regions)
    np.testing.assert_array_equal(numbers, np.arange(len(numbers)))
    assert count / 2 <= len(numbers) <= 2 * count


def test_regions_are_the_same_every_time():
    canvas = models.random_film(0, 64, 64).pixels
    np.testing.assert_array_equal(superpixels(canvas, 30), superpixels(canvas, 30))


def test_regions_follow_an_edge():
    canvas = np.zeros((64, 64), np.float32)
    canvas[:, 37:] = 1
    for region in np.unique(superpixels(canvas, 16)):
        inside = canvas[superpixels(canvas, 16) == region]
        assert inside.mean() < 0.15 or inside.mean() > 0.85


@pytest.mark.parametrize("shade", [0.0, 0.5, 1.0])
def test_an_even_film_is_cut_too(shade):
    assert len(np.unique(superpixels(np.full((64, 64), shade, np.float32), 16))) > 4


def test_the_means_of_regions():
    values = np.array([[1, 2], [3, 6]], np.float32)
    np.testing.assert_allclose(region_means(values, np.array([[0, 0], [1, 1]])), [1.5, 4.5])


def test_baselines_are_what_they_are_called(zoo):
    canvas = np.ascontiguousarray(models.random_film(0, 64, 64).pixels[:24, :24])
    regions = superpixels(canvas, 12)
    blurred = baseline_canvas("blurred film", zoo("flat"), canvas, regions)
    np.testing.assert_allclose(blurred, gaussian_filter(canvas, 2.4, mode="nearest"), atol=1e-6)
    mosaic = baseline_canvas("region mean", zoo("flat"), canvas, regions)
    for region in np.unique(regions):
        np.testing.assert_allclose(mosaic[regions == region], canvas[regions == region].mean(), rtol=1e-5)


def test_no_baseline_is_black(zoo):
    canvas = np.full((24, 24), 0.6, np.float32)
    for name in set(BASELINES) - {"dataset mean"}:
        np.testing.assert_allclose(baseline_canvas(name, zoo("flat"), canvas, superpixels(canvas, 12)), 0.6, rtol=1e-5)


def test_a_baseline_that_is_not_to_be_had_says_why(zoo):
    canvas = np.zeros((24, 24), np.float32)
    with pytest.raises(ModelError, match="holds no mean_film"):
        baseline_canvas("dataset mean", zoo("flat"), canvas, canvas.astype(int))
    with pytest.raises(ValueError, match="no baseline “black”: choose one of automatic, blurred film, region"):
        baseline_canvas("black", zoo("flat"), canvas, canvas.astype(int))


@pytest.mark.parametrize("method", ["shap", "lime"])
def test_the_automatic_baseline_is_the_dataset_mean_where_a_card_has_one_and_the_map_names_it(method, zoo_model, film):
    mean = replace(models.card(), mean_film=grey_png(np.full((4, 4), 51, np.uint8)))
    kind = EXPLAINERS[method]
    for card, baseline in ((models.card(), "blurred film"), (mean, "dataset mean")):
        classifier = models.classifier(zoo_model("flat"), card)
        usual, named = (
            one.explain(classifier, film, ["Mass"], Budget(evaluations=40))[0]
            for one in (kind(baseline="automatic"), kind(baseline=baseline))
        )
        assert usual.baseline == named.baseline == baseline
        np.testing.assert_array_equal(usual.map, named.map)


@pytest.mark.parametrize("method", ["shap", "lime", "rise", "occlusion"])
def test_only_the_method_of_which_it_was_confirmed_hides_with_the_dataset_mean_by_default(method):
    assert EXPLAINERS[method]().baseline == ("automatic" if method == "lime" else "blurred film")
