"""How far a method is ahead: intervals that hold what they say also where patients are few."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from training.benchmark import league
from training.benchmark.league import FEWEST_PATIENTS, beside_the_prior, drawn_interval


@pytest.mark.parametrize("patients", [12, 15, 40])
def test_an_interval_of_few_patients_holds_the_mean_about_as_often_as_it_says(patients, monkeypatch):
    monkeypatch.setattr(league, "DRAWS", 600)
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(600):
        values = rng.choice([-1.0, 0.0, 1.0], patients, p=[0.2, 0.5, 0.3]) - 0.1  # leads in pointing, of mean 0
        low, high = drawn_interval(values, np.arange(patients), rng)
        held += low <= 0 <= high
    assert 0.93 <= held / 600 <= 0.98


def test_one_patient_has_no_interval():
    assert all(map(math.isnan, drawn_interval(np.array([0.1, 0.4]), np.zeros(2), np.random.default_rng(0))))


def test_a_lead_over_few_patients_has_no_interval_however_many_their_films():
    def scores(patients: int) -> pd.DataFrame:
        rows = [
            {
                "film": f"f{k}",
                "patient": f"p{k % patients}",
                "finding": "Mass",
                "method": method,
                **dict.fromkeys(names, v),
            }
            for k in range(12)
            for method, v in (("shap", 0.5 + k / 100), (league.PRIOR, 0.3))
        ]
        return pd.DataFrame(rows)

    names = league.SWAPPED
    few, enough = (
        beside_the_prior(scores(count), [], np.random.default_rng(0))
        for count in (FEWEST_PATIENTS - 1, FEWEST_PATIENTS)
    )
    assert few["low"].isna().all() and few["ahead"].notna().all()
    assert (enough["low"] > 0).all() and (enough["low"] < enough["ahead"]).all()
