"""Films with parts hidden, answered by models whose answers are known in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import pearsonr
from sklearn.metrics import auc

from xai import measures

RNG = np.random.default_rng(5)
WEIGHTS, FILM, MAP = RNG.normal(size=(3, 18, 18))
DARK, LIGHT = np.zeros((18, 18)), np.full((18, 18), 0.5)


def linear(films: np.ndarray) -> np.ndarray:
    assert films.dtype == np.float32 and films.shape[1:] == (18, 18)
    return (films * WEIGHTS).sum(axis=(1, 2)) / 10


@pytest.mark.parametrize("baseline", [DARK, LIGHT])
@pytest.mark.parametrize("name", ["deletion", "insertion"])
def test_the_curve_is_that_of_hiding_pixel_after_pixel(name, baseline):
    start, end = (FILM, baseline) if name == "deletion" else (baseline, FILM)
    picture, expected = start.copy(), [linear(start[None].astype(np.float32))[0]]
    for pixel in np.argsort(-MAP.ravel()):
        picture.flat[pixel] = end.flat[pixel]
        expected.append(linear(picture[None].astype(np.float32))[0])
    shares = np.linspace(0, 1, 325)
    curve = getattr(measures, name)(MAP, FILM, linear, baseline, steps=324)
    np.testing.assert_allclose(curve.shares, shares)
    np.testing.assert_allclose(curve.logits, expected, atol=1e-6)
    assert curve.logit == pytest.approx(auc(shares, expected), abs=1e-6)
    assert curve.probability == pytest.approx(auc(shares, expit(expected)), abs=1e-6)
    few = getattr(measures, name)(MAP, FILM, linear, baseline, steps=12)
    np.testing.assert_allclose(few.logits, np.array(expected)[::27], atol=1e-6)


def test_the_map_of_a_linear_models_own_effects_has_the_lowest_deletion_and_the_highest_insertion():
    effects = WEIGHTS * (FILM - DARK)
    for other in (MAP, -effects):
        for name, sign in (("deletion", 1), ("insertion", -1)):
            best, worse = (getattr(measures, name)(one, FILM, linear, DARK) for one in (effects, other))
            assert sign * best.logit < sign * worse.logit and sign * best.probability < sign * worse.probability


def test_equal_pixels_are_hidden_together():
    pieces = np.repeat([[3.0], [1.0], [2.0]], 6, axis=0) * np.ones(18)
    curve = measures.deletion(pieces, FILM, linear, DARK, steps=20)
    np.testing.assert_allclose(curve.shares, [0, 1 / 3, 2 / 3, 1])
    effects = (WEIGHTS * FILM).reshape(3, -1).sum(axis=1) / 10
    np.testing.assert_allclose(
        curve.logits, effects.sum() - np.cumsum([0, effects[0], effects[2], effects[1]]), atol=1e-5
    )
    even = measures.deletion(np.ones((18, 18)), FILM, linear, DARK)
    assert even.logit == pytest.approx(effects.sum() / 2, abs=1e-5)  # what any order gives on average


def test_fidelity_is_one_for_the_effects_of_a_linear_model_and_as_scipy_has_it_for_others():
    effects = WEIGHTS * (FILM - LIGHT)
    found = measures.mu_fidelity(effects, FILM, linear, LIGHT, np.random.default_rng(0))
    assert found.logit == pytest.approx(1, abs=1e-6)
    assert measures.mu_fidelity(-effects, FILM, linear, LIGHT, np.random.default_rng(0)).logit == pytest.approx(-1)

    asked = []

    def watched(films):
        asked.append(films)
        return linear(films)

    found = measures.mu_fidelity(MAP, FILM, watched, LIGHT, np.random.default_rng(1), subsets=30)
    hidden = asked[0] != FILM.astype(np.float32)
    assert hidden.shape == (30, 18, 18) and set(hidden.sum(axis=(1, 2))) == {16 * 4}  # a fifth of 81 squares of 2 × 2
    sums, full = (hidden * MAP).sum(axis=(1, 2)), linear(FILM[None].astype(np.float32))[0]
    answers = linear(asked[0]).astype(float)
    assert found.logit == pytest.approx(pearsonr(sums, full - answers)[0], abs=1e-6)
    assert found.probability == pytest.approx(pearsonr(sums, expit(full) - expit(answers))[0], abs=1e-6)
    flat = measures.mu_fidelity(np.zeros((18, 18)), FILM, linear, LIGHT, np.random.default_rng(1))
    assert math.isnan(flat.logit) and math.isnan(flat.probability)


def test_sufficiency_is_what_the_strongest_part_alone_lacks():
    kept = np.where(np.sort(MAP.ravel())[-81] <= MAP, FILM, LIGHT)  # a quarter of 324 pixels
    whole, part = (linear(one[None].astype(np.float32))[0] for one in (FILM, kept))
    found = measures.sufficiency(MAP, FILM, linear, LIGHT, share=0.25)
    assert found.logit == pytest.approx(whole - part, abs=1e-5)
    assert found.probability == pytest.approx(expit(whole) - expit(part), abs=1e-6)
    nothing = linear(LIGHT[None].astype(np.float32))[0]  # equal pixels are shown together or not at all
    assert measures.sufficiency(np.ones((18, 18)), FILM, linear, LIGHT).logit == pytest.approx(
        whole - nothing, abs=1e-5
    )


def test_several_baselines_are_asked_for_at_once():
    both = measures.by_baseline(measures.sufficiency, MAP, FILM, linear, {"dark": DARK, "light": LIGHT}, share=0.5)
    assert both["light"].logit == measures.sufficiency(MAP, FILM, linear, LIGHT, 0.5).logit != both["dark"].logit


def test_pictures_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match="of one shape, got 18 × 18, 18 × 18, 9 × 9 pixels"):
        measures.deletion(np.ones((9, 9)), FILM, linear, DARK)
