"""The mean AUROC and its interval, on films of patients whose findings go together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from training.evaluate.bootstrap import mean_auroc_interval
from training.evaluate.judged import Judged
from training.evaluate.mean_area import difference, mean_area, measurable
from training.evaluate.roc import auroc

NAMES = ("Mass", "Edema", "Hernia")


def made(rng: np.random.Generator, patients: int = 400, apart: float = 1.0) -> Judged:
    owner = np.repeat(np.arange(patients), 1 + np.arange(patients) % 3)
    own = rng.normal(size=(patients, 1))[owner]
    labels = (rng.random((len(owner), 3)) < [0.3, 0.2, 0.1]).astype(float)
    scores = 1 / (1 + np.exp(-(apart * labels + 0.7 * own + 0.7 * rng.normal(size=labels.shape))))
    return Judged("m", "d", NAMES, labels, scores, owner, pd.DataFrame({"patient": owner.astype(str)}))


def test_it_is_the_mean_and_its_interval_is_that_of_patients_drawn_again():
    judged = made(np.random.default_rng(0))
    found = mean_area(judged, NAMES)
    areas = [roc_auc_score(judged.truth(name), judged.scores(name)) for name in NAMES]
    assert found.value == pytest.approx(np.mean(areas), abs=1e-12) and found.films == len(judged)
    low, high = mean_auroc_interval(judged.labels, judged.probabilities, judged.patients, np.random.default_rng(1))
    assert found.high - found.low == pytest.approx(high - low, rel=0.15)
    assert (found.low + found.high) / 2 == pytest.approx((low + high) / 2, abs=0.005)


def test_of_one_finding_and_one_film_a_patient_it_is_the_interval_of_an_auroc():
    rng = np.random.default_rng(2)
    labels = (rng.random((200, 1)) < 0.3).astype(float)
    scores = (labels + rng.random((200, 1))) / 2
    for values in (scores, rng.random((200, 1))):
        films = pd.DataFrame({"patient": np.arange(200).astype(str)})
        found = mean_area(Judged("m", "d", ("Mass",), labels, values, np.arange(200), films), ["Mass"])
        one = auroc(labels[:, 0], values[:, 0])
        assert (found.low, found.high) == pytest.approx((one.low, one.high), abs=0.003)


def test_what_tells_nothing_apart_cannot_be_measured():
    judged = made(np.random.default_rng(3)).with_probabilities("Hernia", np.full(799, 0.5))
    assert measurable(judged) == ("Mass", "Edema")
    assert np.isnan(mean_area(judged, ()).value) and mean_area(judged, ()).findings == ()


def test_a_difference_by_chance_alone_is_seldom_called_one():
    rng, false, seen = np.random.default_rng(5), 0, 0
    for _ in range(40):
        judged = made(rng, 120)
        half = np.broadcast_to(judged.patients[:, None] % 2 == 0, judged.labels.shape)
        _, low, high = difference(mean_area(judged, NAMES, half), mean_area(judged, NAMES, ~half))
        false += low > 0 or high < 0
        better = judged.labels * half * 0.5 + judged.probabilities * 0.5
        told = Judged("m", "d", NAMES, judged.labels, better, judged.patients, judged.films)
        seen += difference(mean_area(told, NAMES, half), mean_area(told, NAMES, ~half))[1] > 0
    assert false <= 2 and seen >= 25
