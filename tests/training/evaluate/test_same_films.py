"""Thresholds that were chosen on the films that they are judged on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from training.evaluate.judged import Judged
from training.evaluate.met import nobody_knows
from training.evaluate.same_films import FOLDS, cross_fitted, looks, same_films_words
from training.evaluate.thresholds import choose


def made(rng: np.random.Generator, positives: int, apart: float, films_each: int = 1) -> Judged:
    films = 20 * positives
    truth = np.r_[np.ones(positives), np.zeros(films - positives)]
    scores = norm.cdf(rng.normal(size=films) + apart * truth)
    patients = np.arange(films) // films_each
    table = pd.DataFrame({"patient": patients.astype(str)})
    return Judged("m", "d", ("Mass",), truth[:, None], scores[:, None], patients, table, met=nobody_knows(films))


def test_of_a_worthless_model_the_same_films_promise_what_other_patients_do_not_keep():
    rng, same, others = np.random.default_rng(0), [], []
    for _ in range(60):
        judged = made(rng, 5, 0.0)
        same.append(judged.rates("Mass", choose("youden", judged.ranked("Mass")).value).youden)
        others.append(cross_fitted(judged, "Mass", "youden").youden)
    assert np.mean(same) > 0.2 and abs(np.mean(others)) < 0.08


def test_all_films_of_a_patient_are_judged_by_a_threshold_that_other_patients_chose():
    judged = made(np.random.default_rng(1), 60, 1.0, 3)
    found = cross_fitted(judged, "Mass", "sensitivity", 0.8)
    assert (found.sensitivity.of, found.specificity.of) == (60, 1140)
    part = (np.random.default_rng(0).permutation(400) % FOLDS)[judged.patients]
    caught = 0
    for fold in range(FOLDS):
        others, here = judged.restrict(part != fold), judged.restrict(part == fold)
        cut = choose("sensitivity", others.ranked("Mass"), 0.8).value
        caught += here.ranked("Mass").counts(cut).tp
    assert found.sensitivity.count == caught


def test_it_says_how_much_too_good_and_what_others_give():
    judged = made(np.random.default_rng(2), 20, 1.0)
    words = same_films_words(judged.ranked("Mass"), cross_fitted(judged, "Mass", "f1"))
    assert words.startswith(
        "Chosen on these very films, 20 of them with the finding: its rates here tend to be much too good"
    )
    assert "Chosen on other patients, in 5 turns, sensitivity is" in words
    assert cross_fitted(made(np.random.default_rng(3), 1, 1.0), "Mass", "f1") is None


@pytest.mark.parametrize("rule", ["youden", "cost", "half", "0.5", "card", ""])
def test_a_number_and_a_card_look_at_no_film(rule: str):
    assert looks(rule) == (rule in ("youden", "cost"))
