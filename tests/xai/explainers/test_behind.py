"""What stands behind a number, against films that are hidden here once more."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from xai.explainers.baselines import baseline_canvas
from xai.explainers.behind import contexts_around
from xai.explainers.gradcam import GradCAM
from xai.explainers.lime import KERNEL_WIDTH, LIME, sample_neighbourhood
from xai.explainers.regions import superpixels
from xai.explainers.shap import SHAP


def by_hand(classifier, canvas, visible, baseline):
    """The logits of a film of which some pixels are visible."""
    return classifier.logits(np.where(visible, canvas, baseline)[None])[0].astype(np.float64)


def test_limes_means_are_those_of_all_its_samples_hidden_once_more(zoo, film):
    classifier = zoo("flatten")
    canvas = classifier.prepare(film)
    method = LIME(samples=40, regions=9, design="lime")
    made = method.explain(classifier, film, seed=5)
    pieces = made[0].pieces
    baseline = baseline_canvas("blurred film", classifier, canvas, pieces)
    shown = sample_neighbourhood(40, int(pieces.max()) + 1, 5)
    again = np.array([by_hand(classifier, canvas, np.isin(pieces, np.flatnonzero(row)), baseline) for row in shown])
    for piece in (0, 3):
        found = method.behind(classifier, film, made, piece)
        inside = shown[:, piece] == 1
        np.testing.assert_allclose(found.means, [again[~inside].mean(0), again[inside].mean(0)], atol=1e-5)
        np.testing.assert_allclose(found.higher, again[inside].mean(0) - again[~inside].mean(0), atol=2e-5)
        assert found.counts == ((~inside).sum(), inside.sum())


def test_the_films_shown_of_lime_are_the_samples_that_count_most(zoo, film):
    classifier = zoo("flatten")
    canvas = classifier.prepare(film)
    method = LIME(samples=40, regions=9, design="lime")
    made = method.explain(classifier, film, seed=5)
    found = method.behind(classifier, film, made, 3)
    assert found.visible.tolist() == [True] * 4 + [False] * 4
    hidden = canvas != found.films  # where the baseline happens to be the same, nothing is seen of hiding
    assert hidden[4:, made[0].pieces == 3].mean() > 0.99
    assert not hidden[:4, made[0].pieces == 3].any()
    np.testing.assert_allclose(found.logits, classifier.logits(found.films), atol=1e-5)
    shown = sample_neighbourhood(40, int(made[0].pieces.max()) + 1, 5)[1:]
    cosine = 1 - shown.sum(1) / np.sqrt(shown.sum(1) * shown.shape[1])
    weights = np.sqrt(np.exp(-(cosine**2) / KERNEL_WIDTH**2))
    for side in (True, False):
        expected = sorted(weights[(shown[:, 3] == 1) == side])[-4:]
        np.testing.assert_allclose(sorted(found.weights[found.visible == side]), expected, rtol=1e-6)


def test_a_part_of_shap_is_tried_on_the_baseline_and_taken_from_the_film(zoo, film):
    classifier = zoo("flatten")
    canvas = classifier.prepare(film)
    method = SHAP(evaluations=60, grid=4)
    made = method.explain(classifier, film)
    pieces = made[0].pieces
    baseline = baseline_canvas("blurred film", classifier, canvas, superpixels(canvas, 60))
    for piece in (0, int(pieces.max())):
        found = method.behind(classifier, film, made, piece)
        part, nothing = pieces == piece, np.zeros(pieces.shape, bool)
        expected = [by_hand(classifier, canvas, shown, baseline) for shown in (nothing, part, ~part, ~nothing)]
        np.testing.assert_allclose(found.logits, expected, atol=1e-5)
        assert found.visible.tolist() == [False, True, False, True]
        assert found.counts == (2, 2)
        raised = (expected[1] - expected[0] + expected[3] - expected[2]) / 2
        np.testing.assert_allclose(found.higher, raised, atol=2e-5)


@pytest.mark.parametrize("grid", [2, 4])
def test_shares_of_the_whole_game_are_the_mean_over_the_films_behind_them(grid, zoo, film):
    classifier = zoo("flatten")
    method = SHAP(evaluations=20_000, grid=grid, context="all")
    made = method.explain(classifier, film)
    pieces = made[0].pieces
    assert int(pieces.max()) + 1 == grid**2
    for piece in range(0, grid**2, 3):
        found = method.behind(classifier, film, made, piece)
        assert sum(found.counts) == 2 * 2 ** (2 * np.log2(grid))
        shares = [one.map[pieces == piece].sum() for one in made]
        np.testing.assert_allclose(found.higher, shares, atol=1e-4)


def test_the_contexts_of_a_part_are_all_unions_of_what_lies_around_it():
    tree = np.array([[0, 1], [2, 3], [4, 5]])  # ((0, 1), (2, 3))
    cells = np.array([True, False, False, False])
    around = [np.array([False, True, False, False]), np.array([False, False, True, True])]
    expected = {
        tuple(np.any([np.zeros(4, bool), *chosen], axis=0))
        for count in range(3)
        for chosen in itertools.combinations(around, count)
    }
    assert {tuple(one) for one in contexts_around(cells, tree, 64)} == expected
    assert {tuple(one) for one in contexts_around(cells, tree, 2)} == {(False,) * 4, tuple(around[0])}
    pair = np.array([True, True, False, False])
    assert {tuple(one) for one in contexts_around(pair, tree, 64)} == {(False,) * 4, tuple(around[1])}


def test_what_shows_the_same_in_all_samples_has_nothing_behind_it(zoo, film):
    classifier = zoo("flat")
    method = LIME(samples=2, regions=9, design="lime")
    made = method.explain(classifier, film)
    visible = sample_neighbourhood(2, int(made[0].pieces.max()) + 1, 0)[1]
    assert method.behind(classifier, film, made, int(np.flatnonzero(visible)[0])) is None
    assert GradCAM().behind(classifier, film, GradCAM().explain(classifier, film), 0) is None
