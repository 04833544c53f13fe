"""Occlusion against a sum over windows that was written again, on a logit that is a sum of shades."""

from __future__ import annotations

import numpy as np
import pytest

from tests.xai import made_models as models
from xai.budget import Budget
from xai.explainers.baselines import baseline_canvas
from xai.explainers.occlusion import Occlusion, spans


@pytest.mark.parametrize("size", [(24, 24), (20, 32)])
def test_each_pixel_holds_the_mean_fall_over_the_windows_that_hide_it(size):
    classifier = models.classifier(models.straight_model(size), models.card(1, emits="logits", size=size))
    film = models.random_film(2)
    (found,) = Occlusion(window=30, places=6).explain(classifier, film)
    canvas = classifier.prepare(film)
    baseline = baseline_canvas("blurred film", classifier, canvas, np.zeros(size, int))
    total, times = np.zeros(size), np.zeros(size)
    for top, bottom in spans(size[0], 30, 6):
        for left, right in spans(size[1], 30, 6):
            inside = np.zeros(size, bool)
            inside[top:bottom, left:right] = True
            fall = (classifier.logits(canvas[None]) - classifier.logits(np.where(inside, baseline, canvas)[None]))[0, 0]
            total[inside] += fall
            times[inside] += 1
    assert times.min() > 0
    np.testing.assert_allclose(found.map, total / times, atol=1e-5)
    assert np.abs(found.map).max() > 1e-3
    assert found.evaluations == 37


@pytest.mark.parametrize(
    ("side", "window", "places", "expected"),
    [
        (100, 25, 4, [(0, 25), (25, 50), (50, 75), (75, 100)]),
        (100, 50, 3, [(0, 50), (25, 75), (50, 100)]),
        (10, 40, 1, [(3, 7)]),
        (8, 1, 2, [(0, 1), (7, 8)]),
    ],
)
def test_windows_go_from_one_border_to_the_other(side, window, places, expected):
    assert spans(side, window, places) == expected


def test_a_budget_is_kept_whatever_it_is(zoo, film):
    for films in (1, 2, 5, 40, 101):
        (found,) = Occlusion().explain(zoo("flat"), film, ["Mass"], Budget(films))
        assert found.evaluations == Occlusion().within(Budget(films)).cost <= max(films, 2)


@pytest.mark.parametrize("wrong", [{"window": 0}, {"window": 100}, {"places": 0}, {"baseline": "black"}])
def test_parameters_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be"):
        Occlusion(**wrong)
