from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.training.evaluate.made_scores import made, noisy
from training.evaluate.joining import join
from training.evaluate.ranked import EvaluateError
from training.evaluate.roc import auroc, clustered_auroc
from training.predictions.table import PredictionsError
from xai.findings import FINDINGS


def _films(names: list[str], **columns: object) -> pd.DataFrame:
    facts = {"patient": names, "dataset": "made", "view": "PA", "age": 50.0, "sex": "F", "split": None}
    return pd.DataFrame({"film": names, **facts, **dict.fromkeys(FINDINGS, 0.0), **columns})


def _table(names: list[str], **columns: object) -> pd.DataFrame:
    return pd.DataFrame({"Emphysema": np.linspace(0.1, 0.9, len(names)), **columns}, index=names)


def test_rows_meet_by_name_whatever_their_order():
    films = _films(["a", "b", "c", "d"], Emphysema=[0.0, 1.0, np.nan, -1.0])
    judged = join(_table(["d", "x", "b", "a", "y"], Mass=[0.1, 0.2, 0.3, 0.4, 0.5]), films)
    assert judged.films["film"].tolist() == ["a", "b", "d"]
    assert judged.findings == ("Emphysema", "Mass")
    np.testing.assert_array_equal(judged.labels[:, 0], [0, 1, np.nan])
    np.testing.assert_allclose(judged.probabilities[:, 0], [0.7, 0.5, 0.1])
    np.testing.assert_allclose(judged.scores("Mass"), [0.4, 0.3, 0.1])
    assert (judged.unpredicted, judged.unlabelled, len(judged)) == (1, 2, 3)


def test_outputs_that_are_no_findings_are_not_judged():
    judged = join(_table(["a", "b"], Covid=[0.5, 2.0]), _films(["a", "b"]))
    assert judged.findings == ("Emphysema",)
    with pytest.raises(EvaluateError, match="Covid is not judged here; Emphysema are"):
        judged.truth("Covid")


@pytest.mark.parametrize(
    ("table", "films", "words"),
    [
        (
            _table(["x", "y"]),
            _films(["a"]),
            "None of the 2 predicted films is in the dataset.*such as “x”.*such as “a”",
        ),
        (_table(["a", "a"]), _films(["a"]), "predictions of model has two rows for the film “a”"),
        (_table(["a", "b"]), _films(["a", "b", "b"]), "dataset dataset has two rows for the film “b”"),
        (pd.DataFrame({"Covid": [0.1]}, ["a"]), _films(["a"]), "no output that is a finding; its outputs are Covid"),
        (
            pd.DataFrame({"tb": [0.1]}, ["a"]),
            _films(["a"], **{"class": ["covid"]}),
            r"no output that is a finding or a class of dataset \(covid\); its outputs are tb",
        ),
        (_table(["a", "b"], Emphysema=[0.1, 1.01]), _films(["a", "b"]), "gives 1.01 as the probability of Emphysema"),
        (_table(["a", "b"], Emphysema=[-0.2, 1.0]), _films(["a", "b"]), "expected numbers from 0 to 1"),
        (_table(["a", "b"], Emphysema=[np.nan] * 2), _films(["a", "b"]), "no probability for any of the 2 films"),
        (_table(["a", "b"], Emphysema=[0.4, 0.4]), _films(["a", "b"]), "all 2 films the same probability"),
        (_table([]), _films(["a"]), "None of the 0 predicted films"),
    ],
)
def test_what_cannot_be_joined_says_so_in_a_sentence(table: pd.DataFrame, films: pd.DataFrame, words: str):
    with pytest.raises((EvaluateError, PredictionsError), match=words) as caught:
        join(table, films)
    assert str(caught.value).count("\n") == 0


def test_one_finding_that_says_nothing_leaves_the_others():
    labels, p = noisy(0)
    scores = np.column_stack([p, np.full(400, 0.5), np.full(400, np.nan)])
    judged = made(scores, np.column_stack([labels, labels, labels]))
    assert judged.cautions() == {
        "Effusion": "All 400 films have the same score, 0.5: it tells nothing apart.",
        "Mass": "No film has both a label and a prediction.",
    }
    assert judged.auroc("Effusion").value == 0.5 and judged.auroc("Emphysema").value > 0.7


def test_intervals_know_of_patients_with_several_films():
    labels, p = noisy(0)
    once, families = made(p, labels), made(p, labels, np.arange(400) // 4)
    assert not once.patients_repeat and once.auroc("Emphysema") == auroc(labels, p)
    assert families.patients_repeat and families.patient_count == 100
    assert families.auroc("Emphysema") == clustered_auroc(labels, p, np.arange(400) // 4)
    assert "DeLong" in once.interval_method and "Obuchowski" in families.interval_method


def test_a_film_without_a_patient_stands_alone_and_counts_no_patient():
    judged = made(*reversed(noisy(0, films=4)), patients=np.array(["a", None, "a", None], object))
    assert judged.patients[0] == judged.patients[2] and judged.patient_count == 1


def test_outcome_by_film():
    judged = made([0.9, 0.9, 0.1, 0.1, 0.9, np.nan], [1, 0, 1, 0, np.nan, 1])
    assert judged.outcome("Emphysema", 0.5).tolist() == ["TP", "FP", "FN", "TN", "", ""]
    assert judged.outcome("Emphysema", 0.9).tolist()[0] == "TP"


def test_a_split_and_a_part():
    labels, p = noisy(0, films=6)
    judged = made(p, labels, split=["train", "test", None, "test", "train", "test"])
    part = judged.in_split("test")
    assert part.films["film"].tolist() == ["f1", "f3", "f5"]
    np.testing.assert_array_equal(part.scores("Emphysema"), p[[1, 3, 5]])
    assert part.ranked("Emphysema").films == 3 and judged.ranked("Emphysema").films == 6
    with pytest.raises(EvaluateError, match="None of the 6 predicted films is in the split validation"):
        judged.in_split("validation")
    with pytest.raises(EvaluateError, match="no split “holdout”; the splits are train"):
        judged.in_split("holdout")


def test_other_probabilities_leave_the_original():
    labels, p = noisy(0)
    judged = made(p, labels)
    before = judged.ranked("Emphysema")
    changed = judged.with_probabilities("Emphysema", 1 - p)
    assert changed.auroc("Emphysema").value == pytest.approx(1 - judged.auroc("Emphysema").value)
    assert judged.ranked("Emphysema") is before
