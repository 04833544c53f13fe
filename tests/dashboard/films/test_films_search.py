"""What is found, against the same questions asked of a table film by film."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from dashboard.films.catalogue import ABSENT, MISSING, PRESENT, join, read_films
from dashboard.films.counts import count
from dashboard.films.search import find, matching, outcomes, usable
from dashboard.films.state import State
from tests.dashboard.films.film_tables import NOTHING, catalogue, random_catalogue, table
from training.predictions.table import Predictions, PredictionsFacts
from xai.findings import FINDINGS


def found(asked: State, of, tagged=lambda tag: []) -> list[str]:
    kept, problems = usable(asked, of)
    assert problems == []
    return [str(of.films.names[row]) for row in find(kept, of, tagged)]


@pytest.fixture
def four():
    """One film of each outcome at 0.5, and two that have none."""
    films = table(6, Mass=[1.0, 0.0, 1.0, 0.0, NOTHING, 1.0])
    return catalogue(films, {"Mass": [0.9, 0.8, 0.2, 0.1, 0.7, NOTHING]})


@pytest.mark.parametrize(("letters", "film"), [("TP", "f0"), ("FP", "f1"), ("FN", "f2"), ("TN", "f3")])
def test_each_outcome_is_one_film(four, letters, film):
    assert found(State(outcomes=(("Mass", letters),)), four) == [film]


def test_outcomes_by_film(four):
    assert outcomes(four, "Mass", 0.5, np.arange(6)) == ["TP", "FP", "FN", "TN", "", ""]


def test_a_film_on_the_threshold_is_flagged(four):
    asked = State(flags=(("Mass", "yes"),), thresholds=(("Mass", 0.2),))
    assert found(asked, four) == ["f0", "f1", "f2", "f4"]
    assert found(asked.with_(thresholds=(("Mass", np.nextafter(0.2, 1)),)), four) == ["f0", "f1", "f4"]


def test_the_link_s_threshold_moves_outcomes_and_the_predictions_keep_theirs(four):
    assert found(State(outcomes=(("Mass", "FP"),), thresholds=(("Mass", 0.85),)), four) == []
    assert four.threshold("Mass") == 0.5


def test_states_of_a_label_where_the_source_is_uncertain():
    """Uncertain is what the source says; present and absent are what the table made of it."""
    films = table(
        5,
        Edema=[1.0, 0.0, -1.0, NOTHING, 1.0],
        source_Edema=["explicit", "explicit", "uncertain", "not_mentioned", "uncertain"],
    )
    of = catalogue(films)
    states = {state: found(State(labels=(("Edema", state),)), of) for state in ("present", "absent", "uncertain")}
    assert states == {"present": ["f0", "f4"], "absent": ["f1"], "uncertain": ["f2", "f4"]}
    assert found(State(labels=(("Edema", "missing"),)), of) == ["f3"]
    assert found(State(labels=(("Edema", "missing"), ("Edema", "absent"))), of) == ["f1", "f3"]


@pytest.mark.parametrize("seed", range(5))
def test_many_conditions_at_once_agree_with_asking_film_by_film(seed):
    of = random_catalogue(2000, seed)
    asked = State(
        labels=(("Mass", "present"), ("Mass", "missing")),
        flags=(("Mass", "no"),),
        outcomes=(("Emphysema", "FP"), ("Emphysema", "TN")),
        probability=(("Emphysema", 0.1, 0.8),),
        thresholds=(("Mass", 0.7),),
        view=("PA", "unknown"),
        sex=("F", "M"),
        age=(10.0, 90.0),
        name="F1",
        image="here",
    )
    rows = of.films.table.to_dict("records")
    p = {name: of.probabilities(name) for name in ("Mass", "Emphysema")}

    def meets(k: int) -> bool:
        row = rows[k]
        mass, emphysema = p["Mass"][k], p["Emphysema"][k]
        flagged = emphysema >= 0.4
        return (
            (row["Mass"] == 1 or (np.isnan(row["Mass"]) and row["source_Mass"] != "uncertain"))
            and mass < 0.7
            and row["Emphysema"] == 0
            and (flagged or emphysema < 0.4)
            and 0.1 <= emphysema <= 0.8
            and (row["view"] == "PA" or not isinstance(row["view"], str))
            and isinstance(row["sex"], str)
            and 10 <= row["age"] <= 90
            and "f1" in row["film"]
            and row["on_disk"]
        )

    expected = [f"f{k}" for k in range(2000) if meets(k)]
    assert expected
    assert found(asked, of) == expected


def test_an_exact_patient_is_that_patient_and_a_part_is_all_that_have_it():
    of = catalogue(table(3, patient=["nih:1", "nih:10", "nih:2"]))
    assert found(State(patient="nih:1"), of) == ["f0"]
    assert found(State(patient="h:1"), of) == ["f0", "f1"]


def test_a_name_is_no_pattern():
    of = catalogue(table(3, film=["a.b", "axb", "A.B<c>"]))
    assert found(State(name="a.b"), of) == ["a.b", "A.B<c>"]
    assert found(State(name=".*"), of) == []


def test_a_film_needs_all_of_the_tags():
    of = catalogue(table(3))
    carried = {"x": ["f0", "f1", "gone"], "y": ["f1", "f2"]}
    assert found(State(tags=("x", "y")), of, carried.__getitem__) == ["f1"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("likely", ["f0", "f1", "f4", "f2", "f3", "f5"]),
        ("unlikely", ["f3", "f2", "f4", "f1", "f0", "f5"]),
        ("findings", ["f0", "f2", "f5", "f1", "f3", "f4"]),
        ("table", ["f0", "f1", "f2", "f3", "f4", "f5"]),
    ],
)
def test_orders_of_films_without_ties(four, sort, expected):
    assert found(State(sort=sort, finding="Mass"), four) == expected


@pytest.mark.parametrize(
    ("sort", "measure"),
    [
        ("error", lambda p, label: -abs(p - label)),
        ("mistakes", lambda p, label: (logit(p) - logit(0.4)) * (2 * label - 1)),
        ("uncertainty", lambda p, label: abs(logit(p) - logit(0.4))),
    ],
)
def test_orders_follow_their_definition_and_films_without_an_answer_come_last(sort, measure):
    of = random_catalogue(300, 1)
    label = np.where(of.labels("Mass") == MISSING, np.nan, of.labels("Mass"))
    if sort == "uncertainty":
        label = np.zeros(300)  # it asks no label
    values = measure(of.probabilities("Mass"), label)
    rows = find(State(sort=sort, finding="Mass"), of, lambda tag: [])
    known = int((~np.isnan(values)).sum())
    assert 0 < known < 300
    assert np.isnan(values[rows[known:]]).all()
    assert (np.diff(values[rows[:known]]) >= 0).all()
    np.testing.assert_array_equal(np.sort(rows), np.arange(300))


def test_confident_mistakes_are_measured_from_the_threshold():
    films = table(2, Mass=[0.0, 1.0])
    of = catalogue(films, {"Mass": [0.30, 0.01]}, cut=0.05)
    # By plain error the miss leads (0.99 against 0.30); from a threshold of 0.05 the false alarm is further off.
    assert found(State(finding="Mass", sort="error"), of) == ["f1", "f0"]
    assert found(State(finding="Mass", sort="mistakes"), of) == ["f0", "f1"]


def test_probabilities_of_nought_and_one_have_a_place():
    of = catalogue(table(3, Mass=[1.0, 1.0, 1.0]), {"Mass": [0.0, 1.0, 0.4]})
    assert found(State(finding="Mass", sort="mistakes"), of) == ["f0", "f2", "f1"]


def test_a_sample_is_drawn_of_what_was_found_and_stays_the_same():
    of = random_catalogue(300, 0)
    everything = found(State(image="here"), of)
    sample = found(State(image="here", sample=20, seed=4), of)
    assert len(sample) == len(set(sample)) == 20
    assert set(sample) <= set(everything)
    assert sample == found(State(image="here", sample=20, seed=4), of)
    assert sample != found(State(image="here", sample=20, seed=5), of)
    assert found(State(image="here", sample=10_000), of) == everything


def test_every_film_is_as_likely_to_be_drawn():
    of = catalogue(table(10))
    drawn = np.zeros(10)
    for seed in range(600):
        drawn[find(State(sample=3, seed=seed), of, lambda tag: [])] += 1
    assert np.abs(drawn / 600 - 0.3).max() < 4 * np.sqrt(0.3 * 0.7 / 600)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (State(finding="Plague"), "There is no finding “Plague” in made"),
        (State(labels=(("Plague", "present"),)), "There is no finding “Plague” in made"),
        (State(outcomes=(("Edema", "FP"),)), "The predictions said say nothing of “Edema”"),
        (State(view=("SIDEWAYS",)), "made has no view “SIDEWAYS”; it has unknown"),
        (State(sort="likely"), "choose predictions and a finding"),
        (State(sort="error", finding="Edema"), "choose predictions and a finding"),
    ],
)
def test_what_a_catalogue_cannot_answer_is_left_out_in_words(four, asked, said):
    kept, problems = usable(asked, four)
    assert len(problems) == 1
    assert said in problems[0]
    assert matching(kept, four, lambda tag: []).all()
    assert usable(kept, four) == (kept, [])


def test_without_predictions_nothing_can_be_asked_about_them():
    of = catalogue(table(2))
    asked = State(outcomes=(("Mass", "FP"),), flags=(("Mass", "yes"),), sort="likely", finding="Mass")
    kept, problems = usable(asked, of)
    assert kept == State(finding="Mass")
    assert problems[0] == "Whatever asks about predictions was left out: no predictions are chosen."


def test_predictions_are_joined_by_name_and_strangers_are_counted():
    films = read_films("made", table(3).iloc[[2, 0]])
    said = pd.DataFrame({"Mass": [0.7, 0.6]}, index=["f2", "elsewhere"])
    answers = join(films, Predictions(None, PredictionsFacts("x", "made", ".", "m", "import", ("Mass",)), said))
    np.testing.assert_array_equal(answers.probabilities, [[0.7, np.nan]])
    assert answers.strangers == 1


@pytest.mark.parametrize("seed", range(3))
def test_counts_agree_with_counting_film_by_film(seed):
    of = random_catalogue(200, seed)
    rows = np.random.default_rng(seed).permutation(200)[:77]
    counts = count(of.films, rows)
    some = of.films.table.iloc[rows]
    assert counts.films == 77
    assert counts.patients == some["patient"].nunique()
    for k, finding in enumerate(FINDINGS):
        assert counts.present[k] == (some[finding] == 1).sum()
        assert counts.known[k] == some[finding].isin([0, 1]).sum()
        assert counts.prevalence[k] == pytest.approx(counts.present[k] / counts.known[k])
        for j, other in enumerate(FINDINGS):
            assert counts.together[k, j] == ((some[finding] == 1) & (some[other] == 1)).sum()
    np.testing.assert_allclose(np.diag(counts.overlap), 1)


def test_counts_of_nothing_are_nothing():
    of = catalogue(table(2, patient=["", ""]))
    counts = count(of.films, np.arange(0))
    assert (counts.films, counts.patients) == (0, 0)
    assert np.isnan(counts.prevalence).all()
    assert np.isnan(counts.overlap).all()
    assert count(of.films, np.arange(2)).patients == 0  # nobody knows whose they are


def test_labels_are_kept_apart_from_missing_ones():
    of = catalogue(table(4, Mass=[1.0, 0.0, -1.0, NOTHING]))
    assert of.labels("Mass").tolist() == [PRESENT, ABSENT, MISSING, MISSING]
