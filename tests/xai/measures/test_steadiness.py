"""What maps do when the model, the film or the seed changes, and how widely they are spread."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.ndimage import sobel
from scipy.stats import entropy, spearmanr

from xai import measures

FILM = np.random.default_rng(3).uniform(0.2, 0.8, (20, 24))


def test_noise_is_as_strong_as_asked_and_stays_a_film():
    asked = []

    def explain(film, seed):
        asked.append(film)
        assert seed == 0 and film.dtype == np.float32
        return film

    found = measures.under_noise(explain, FILM, np.random.default_rng(0), sd=0.05, times=4)
    assert found.shape == (4,) and len(asked) == 5
    assert np.std([film - FILM for film in asked[1:]]) == pytest.approx(0.05, rel=0.1)
    assert found[0] == pytest.approx(spearmanr(FILM.astype(np.float32).ravel(), asked[1].ravel())[0], abs=1e-6)
    strong = measures.under_noise(explain, FILM, np.random.default_rng(0), sd=9.0, times=1)
    assert asked[-1].min() >= 0 and asked[-1].max() <= 1 and strong < found.min()


def test_seeds_are_held_against_the_first():
    maps = np.random.default_rng(1).normal(size=(3, 20, 24))
    found = measures.across_seeds(lambda film, seed: maps[seed], FILM, seeds=(2, 0, 1))
    np.testing.assert_allclose(found, [spearmanr(maps[2].ravel(), maps[k].ravel())[0] for k in (0, 1)], atol=1e-6)
    same = measures.across_seeds(lambda film, seed: maps[seed], FILM, seeds=(0, 0), likeness=measures.top_overlap)
    assert same == [1.0]


def test_a_map_that_moves_with_the_film_is_steady_and_one_that_stays_is_not():
    assert measures.under_shift(lambda film, seed: film, FILM) == pytest.approx([1, 1, 1, 1])
    stays = np.random.default_rng(2).normal(size=FILM.shape)
    found = measures.under_shift(lambda film, seed: stays, FILM, shifts=[(2, -3)])
    assert found == pytest.approx(spearmanr(stays[:-2, 3:].ravel(), stays[2:, :-3].ravel())[0], abs=1e-6)
    assert abs(found[0]) < 0.2


def test_edges_stay_when_the_model_changes_and_fail_while_noise_passes():
    edges = measures.edges(FILM)
    np.testing.assert_allclose(edges, np.sqrt(sobel(FILM, 0) ** 2 + sobel(FILM, 1) ** 2))
    rng = np.random.default_rng(4)
    curves = [measures.similarity_curve(edges, [edges, edges]) for _ in range(3)]
    assert np.array_equal(curves, np.ones((3, 2))) and not measures.passes(curves)
    first, *others = rng.normal(size=(4, 20, 24))
    noise = [measures.similarity_curve(first, [first, other]) for other in others]
    assert measures.passes(noise) and max(curve[1] for curve in noise) < 0.2


def test_similarity_is_the_larger_of_both_correlations_and_nothing_is_left_of_a_flat_map():
    first, second = np.random.default_rng(5).normal(size=(2, 20, 24))
    both = [spearmanr(*(change(one).ravel() for one in (first, second)))[0] for change in (np.array, np.abs)]
    assert measures.similarity(first, second) == pytest.approx(max(both), abs=1e-6)
    assert measures.similarity(first, -first) == 1
    assert measures.similarity(first, np.ones((20, 24))) == 0


def test_concentration_equals_what_the_papers_define():
    values = np.random.default_rng(6).normal(size=(20, 24))
    sizes = np.abs(values).ravel()
    assert measures.entropy(values) == pytest.approx(entropy(sizes / sizes.sum()), abs=1e-6)
    assert measures.effective_share(values) == pytest.approx(np.exp(entropy(sizes / sizes.sum())) / 480, abs=1e-6)
    apart = np.abs(sizes[:, None] - sizes).mean()  # Gini's mean difference, over twice the mean
    assert measures.sparseness(values) == pytest.approx(apart / (2 * sizes.mean()), abs=1e-6)


def test_an_even_map_is_wide_one_pixel_is_narrow_and_an_empty_map_neither():
    one, even, empty = np.zeros((20, 24)), -np.ones((20, 24)), np.zeros((20, 24))
    one[3, 4] = -2
    assert measures.entropy(one) == 0 and measures.entropy(even) == pytest.approx(math.log(480))
    assert measures.effective_share(one) == pytest.approx(1 / 480) and measures.effective_share(even) == pytest.approx(
        1
    )
    assert measures.sparseness(one) == pytest.approx(479 / 480) and measures.sparseness(even) == pytest.approx(0)
    assert all(math.isnan(getattr(measures, name)(empty)) for name in ("entropy", "effective_share", "sparseness"))
