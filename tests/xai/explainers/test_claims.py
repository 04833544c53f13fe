"""What maps say of a part of a film, against models and maps of which that is known."""

from __future__ import annotations

import numpy as np
import pytest

from tests.xai import made_models as models
from tests.xai.explainers.test_shap import linear_classifier
from xai.explainers.claims import claimed_change, evidence_in
from xai.explainers.explanation import Explanation
from xai.explainers.gradcam import GradCAM
from xai.explainers.hiding import hidden_canvas
from xai.explainers.lime import LIME
from xai.explainers.shap import SHAP

PIECES = np.repeat([[0, 0, 1, 1]], 4, axis=0).astype(np.uint16)


def made(values: np.ndarray, pieces: np.ndarray | None = None) -> Explanation:
    return Explanation("x", "Mass", values.astype(np.float32), 0.5, 0.0, 0, 1, 0.1, {}, pieces=pieces)


def test_shap_keeps_its_promise_for_any_part_of_a_linear_model():
    rng = np.random.default_rng(3)
    classifier = linear_classifier(rng.normal(0, 1, (16, 16)))
    film = models.random_film(5, 40, 40)
    canvas = classifier.prepare(film)
    (found,) = SHAP(evaluations=100_000, grid=16).explain(classifier, film)
    for _ in range(5):
        hidden = rng.random((16, 16)) < 0.3
        changed = hidden_canvas(classifier, canvas, hidden, "blurred film")
        here, there = classifier.logits(np.stack([canvas, changed]))[:, 0]
        assert claimed_change(SHAP, found, hidden) == pytest.approx(float(there - here), abs=1e-4)


def test_a_region_of_lime_counts_by_the_share_of_it_that_is_hidden():
    one = made(np.where(PIECES == 0, 0.8, -0.2), PIECES)
    hidden = np.zeros((4, 4), bool)
    assert claimed_change(LIME, one, hidden) == 0
    hidden[:, 0] = True  # half of the first region
    assert claimed_change(LIME, one, hidden) == pytest.approx(-0.4)
    hidden[:2, 2] = True  # and a quarter of the second
    assert claimed_change(LIME, one, hidden) == pytest.approx(-0.4 + 0.05)
    assert claimed_change(LIME, one, ~np.zeros((4, 4), bool)) == pytest.approx(-0.6)


def test_a_map_that_is_no_logits_promises_nothing_and_has_evidence_there():
    one = made(np.where(PIECES == 0, 3.0, -1.0) * [[1], [0], [0], [0]])
    hidden = PIECES == 0
    assert claimed_change(GradCAM, one, hidden) is None
    assert evidence_in(one, hidden) == 1
    hidden[:, 0] = False
    assert evidence_in(one, hidden) == 0.5
    assert evidence_in(made(-np.ones((4, 4))), hidden) is None
