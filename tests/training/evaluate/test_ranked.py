from __future__ import annotations

import re

import numpy as np
import pytest

from tests.training.evaluate.made_scores import noisy
from training.evaluate.ranked import EvaluateError, rank, thin


@pytest.mark.parametrize("ties", [False, True])
def test_counts_are_those_of_counting(ties: bool):
    labels, scores = noisy(0, ties=ties)
    ranked = rank(labels, scores)
    for threshold in [0.0, 0.1, 0.25, 0.5, 1.0, 1.1, scores[3], np.nextafter(scores[3], 1)]:
        flagged = scores >= threshold
        counts = ranked.counts(threshold)
        assert (counts.tp, counts.fp) == ((flagged & (labels == 1)).sum(), (flagged & (labels == 0)).sum())
        assert (counts.fn, counts.tn) == ((~flagged & (labels == 1)).sum(), (~flagged & (labels == 0)).sum())


def test_missing_and_uncertain_labels_and_missing_scores_do_not_count():
    ranked = rank([1, 0, np.nan, -1, 1, 0], [0.9, 0.1, 0.5, 0.5, np.nan, 0.2])
    assert (ranked.positives, ranked.negatives, ranked.missing) == (1, 2, 3)
    assert ranked.scores.tolist() == [0.1, 0.2, 0.9]


@pytest.mark.parametrize(
    ("labels", "scores", "words"),
    [
        ([], [], "No film has both"),
        ([np.nan, -1], [0.1, 0.2], "No film has both"),
        ([0, 0], [0.1, 0.2], "None of the 2 labelled films has the finding"),
        ([1, 1], [0.1, 0.2], "All of the 2 labelled films have the finding"),
        ([0, 1], [0.3, 0.3], "same score, 0.3"),
        ([0, 1], [0.3, 0.4], "^$"),
    ],
)
def test_says_what_cannot_be_judged(labels, scores, words):
    ranked = rank(np.array(labels, float), np.array(scores, float))
    assert re.search(words, ranked.problem)
    assert ranked.counts(0.35).films == ranked.films


@pytest.mark.parametrize("labels", [[0, 2], [0, 0.5], [0, np.inf]])
def test_other_labels_are_refused(labels):
    with pytest.raises(EvaluateError, match=r"labels of 1, 0, -1 \(uncertain\) or none; one is (2|0.5|inf)"):
        rank(np.array(labels), np.array([0.1, 0.2]))


def test_labels_and_scores_of_different_length_are_refused():
    with pytest.raises(EvaluateError, match="one label a score"):
        rank(np.zeros(3), np.zeros(2))


def test_thinning_keeps_ends_and_what_it_is_told():
    progress = np.sort(np.random.default_rng(0).random(5000))
    chosen = thin(progress, 100, np.array([17, 4321]))
    assert {0, 17, 4321, 4999} <= set(chosen) and len(chosen) <= 104
    assert (np.diff(chosen) > 0).all()
    assert np.diff(progress[chosen]).max() <= 2 / 100
    assert thin(progress[:50], 100, np.array([], int)).tolist() == list(range(50))
