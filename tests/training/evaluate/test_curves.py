from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from tests.training.evaluate.made_scores import noisy
from training.evaluate.histogram import score_histogram
from training.evaluate.precision_recall import average_precision, precision_recall_curve
from training.evaluate.ranked import rank
from training.evaluate.roc import area, roc_curve

CASES = [(seed, ties) for seed in range(4) for ties in (False, True)]


@pytest.mark.parametrize(("seed", "ties"), CASES)
def test_roc_is_scikit_learns(seed: int, ties: bool):
    labels, scores = noisy(seed, ties=ties)
    alarms, found, thresholds = metrics.roc_curve(labels, scores, drop_intermediate=False)
    ours = roc_curve(rank(labels, scores))
    # Ours leaves out vertices on straight lines, which change nothing.
    at = np.searchsorted(-thresholds, -ours.thresholds)
    np.testing.assert_allclose(ours.false_positive_rate, alarms[at], atol=1e-12)
    np.testing.assert_allclose(ours.true_positive_rate, found[at], atol=1e-12)
    full = np.interp(alarms, ours.false_positive_rate, ours.true_positive_rate)
    inner = np.diff(alarms, prepend=-1, append=2)
    alone = (inner[:-1] > 0) & (inner[1:] > 0)
    np.testing.assert_allclose(full[alone], found[alone], atol=1e-12)
    assert metrics.auc(ours.false_positive_rate, ours.true_positive_rate) == pytest.approx(
        metrics.roc_auc_score(labels, scores), abs=1e-12
    )


@pytest.mark.parametrize(("seed", "ties"), CASES)
def test_precision_recall_and_average_precision_are_scikit_learns(seed: int, ties: bool):
    labels, scores = noisy(seed, ties=ties)
    precision, recall, thresholds = metrics.precision_recall_curve(labels, scores)
    ours = precision_recall_curve(rank(labels, scores))
    np.testing.assert_allclose(ours.precision[::-1], precision, atol=1e-12)
    np.testing.assert_allclose(ours.recall[::-1], recall, atol=1e-12)
    np.testing.assert_array_equal(ours.thresholds[:0:-1], thresholds)
    expected = metrics.average_precision_score(labels, scores)
    assert average_precision(rank(labels, scores)) == pytest.approx(expected, abs=1e-12)
    assert ours.prevalence == labels.mean()


def test_bounded_curves_have_exact_vertices_and_the_thresholds_own():
    labels, scores = noisy(5, films=20_000, prevalence=0.05)
    ranked = rank(labels, scores)
    threshold = float(scores[labels == 1][0])
    counts = ranked.counts(threshold)
    for points in (50, 200):
        drawn, full = roc_curve(ranked, points, keep=[threshold]), roc_curve(ranked)
        assert len(drawn.thresholds) <= points + 3
        for k in range(1, len(drawn.thresholds)):
            flagged = ranked.counts(drawn.thresholds[k])
            assert drawn.true_positive_rate[k] == flagged.tp / ranked.positives
            assert drawn.false_positive_rate[k] == flagged.fp / ranked.negatives
        at = list(drawn.thresholds).index(threshold)
        assert drawn.true_positive_rate[at] == counts.tp / ranked.positives
        assert drawn.false_positive_rate[at] == counts.fp / ranked.negatives
        height = np.interp(full.false_positive_rate, drawn.false_positive_rate, drawn.true_positive_rate)
        assert np.abs(height - full.true_positive_rate).max() <= 2 / (points - 1) * 1.01
        drawn = precision_recall_curve(ranked, points, keep=[threshold])
        assert len(drawn.thresholds) <= points + 3
        at = list(drawn.thresholds).index(threshold)
        assert drawn.precision[at] == counts.tp / (counts.tp + counts.fp)


def test_a_threshold_between_scores_is_kept_as_the_vertex_it_stands_for():
    ranked = rank([0, 1, 0, 1], [0.1, 0.4, 0.6, 0.9])
    curve = roc_curve(ranked, 2, keep=[0.5])
    at = list(curve.thresholds).index(0.6)
    assert (curve.false_positive_rate[at], curve.true_positive_rate[at]) == (0.5, 0.5)


@pytest.mark.parametrize("labels", [[0, 0, 0], [1, 1, 1], [np.nan] * 3])
def test_one_kind_of_film_breaks_no_curve(labels):
    ranked = rank(np.array(labels), np.array([0.1, 0.2, 0.3]))
    curve = roc_curve(ranked, 10, keep=[0.2])
    assert np.isnan(curve.true_positive_rate).all() or np.isnan(curve.false_positive_rate).all()
    recall = precision_recall_curve(ranked, 10, keep=[0.2]).recall
    assert np.isnan(recall).all() == (ranked.positives == 0)
    assert np.isnan(area(ranked).value)
    assert np.isnan(average_precision(ranked)) == (ranked.positives == 0)
    assert score_histogram(ranked).positives.sum() == ranked.positives


@pytest.mark.parametrize("scale", ["logit", "probability"])
def test_histogram_counts_every_film_once(scale: str):
    labels, scores = noisy(1)
    scores[:3] = [0.0, 1.0, 1e-12]
    drawn = score_histogram(rank(labels, scores), 25, scale)
    assert (drawn.positives.sum(), drawn.negatives.sum()) == (labels.sum(), (1 - labels).sum())
    inside = (scores >= drawn.edges[10]) & (scores < drawn.edges[11]) & (labels == 1)
    assert drawn.positives[10] == inside.sum()
    assert (np.diff(drawn.edges) > 0).all()
