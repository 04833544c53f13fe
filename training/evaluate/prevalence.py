"""How often each finding is there, and how often it is flagged."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from training.evaluate.judged import Judged
from training.evaluate.rates import rates


def prevalences(judged: Judged, thresholds: Mapping[str, float]) -> pd.DataFrame:
    """Compare how often each finding is there with how often it is flagged, worst first.

    Returns
    -------
    DataFrame
        One row a finding: ``finding, films, positives, prevalence, prevalence_low, prevalence_high,
        predicted_prevalence, predicted_low, predicted_high, excess, ratio, sensitivity, ppv, problem``. Intervals know
        the films' patients; ``excess`` is predicted less true, ``ratio`` the one over the other.
    """
    rows = []
    for finding in judged.findings:
        ranked = judged.ranked(finding)
        films, threshold = judged.by_patient(finding), thresholds[finding]
        true, found = films.prevalence, rates(ranked.counts(threshold))
        predicted = films.shares(threshold, ["predicted_prevalence"])["predicted_prevalence"]
        rows.append(
            {
                "finding": finding,
                "films": ranked.films,
                "positives": ranked.positives,
                "prevalence": true.value,
                "prevalence_low": true.low,
                "prevalence_high": true.high,
                "predicted_prevalence": predicted.value,
                "predicted_low": predicted.low,
                "predicted_high": predicted.high,
                "excess": predicted.value - true.value,
                "ratio": predicted.value / true.value if true.value else math.nan,
                "sensitivity": found.sensitivity.value,
                "ppv": found.ppv.value,
                "problem": ranked.problem,
            }
        )
    return pd.DataFrame(rows).sort_values("excess", ascending=False, ignore_index=True, na_position="last")
