"""RISE against the covariance of masks in closed form, on a logit that is a sum of shades."""

from __future__ import annotations

import numpy as np
import pytest

from tests.xai import made_models as models
from xai.budget import Budget
from xai.explainers.baselines import baseline_canvas
from xai.explainers.rise import RISE, soft_mask

SIDE = 32
GRID = 4
CELL = SIDE // GRID


@pytest.fixture(scope="module")
def straight():
    """A classifier whose logit is a weighted sum of shades."""
    return models.classifier(models.straight_model((SIDE, SIDE)), models.card(1, emits="logits", size=SIDE))


def covariance_along(side: int, cell: int) -> np.ndarray:
    """Mean over shifts of the products of tent weights of two pixels, without drawing a mask: (side, side)."""
    found = np.zeros((side, side))
    for shift in range(cell):
        at = (np.arange(side) + 0.5 + shift - cell / 2 + (cell + 1) // 2) / cell
        centres = np.arange(-1, side // cell + 4)
        weights = np.maximum(0, 1 - np.abs(at[:, None] - centres[None]))
        found += weights @ weights.T
    return found / cell


def test_masks_have_the_mean_and_the_covariance_of_tents_at_every_pixel():
    rng = np.random.default_rng(0)
    masks = np.stack([soft_mask(rng, GRID, (SIDE, SIDE)) for _ in range(6000)])
    assert masks.min() >= 0 and masks.max() <= 1
    assert np.abs(masks.mean(axis=0) - 0.5).max() < 0.04
    row = masks[:, 5, :] - 0.5
    expected = 0.25 * covariance_along(SIDE, CELL)[5, 5] * covariance_along(SIDE, CELL)
    assert np.abs(row.T @ row / len(row) - expected).max() < 0.02


def test_a_straight_logit_gives_the_covariance_of_masks_with_it(straight):
    film = models.random_film(3, SIDE, SIDE)
    (found,) = RISE(samples=6000, grid=GRID).explain(straight, film, seed=1)
    canvas = straight.prepare(film)
    gain = canvas - baseline_canvas("blurred film", straight, canvas, np.zeros(canvas.shape, int))
    rest = np.zeros_like(canvas)
    base = straight.logits(rest[None])[0, 0]
    slope = np.zeros_like(canvas)
    probes = np.eye(SIDE * SIDE, dtype=np.float32).reshape(-1, SIDE, SIDE)
    slope.ravel()[:] = straight.logits(probes)[:, 0] - base
    along = covariance_along(SIDE, CELL)
    expected = along @ (slope * gain) @ along.T / along.diagonal().mean() ** 2
    assert np.corrcoef(found.map.ravel(), expected.ravel())[0, 1] > 0.98
    assert np.polyfit(expected.ravel(), found.map.ravel(), 1)[0] == pytest.approx(1, abs=0.06)


def test_stability_is_high_with_many_masks_and_not_known_of_one_pair(straight):
    film = models.random_film(3, SIDE, SIDE)
    (many,) = RISE(samples=4000, grid=GRID).explain(straight, film)
    (few,) = RISE(samples=2, grid=GRID).explain(straight, film)
    assert many.diagnostics["rank_stability"] > 0.9
    assert few.diagnostics["rank_stability"] is None
    assert few.evaluations == 3


def test_a_budget_is_kept_whatever_it_is(straight):
    film = models.random_film(0, SIDE, SIDE)
    for films in (1, 2, 7, 40):
        (found,) = RISE().explain(straight, film, budget=Budget(films))
        assert found.evaluations == RISE().within(Budget(films)).cost <= max(films, 2) + 1


@pytest.mark.parametrize("wrong", [{"samples": 1}, {"grid": 1}, {"grid": 65}, {"baseline": "black"}, {"samples": 2.5}])
def test_parameters_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be"):
        RISE(**wrong)
