"""Films of a dataset that says one class of each: what is listed, counted and found."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dashboard.films.catalogue import ABSENT, MISSING, PRESENT, Catalogue, join, read_films
from dashboard.films.counts import count
from dashboard.films.counts_panel import prevalence_bars
from dashboard.films.items import export_table, summaries
from dashboard.films.search import find, outcomes, usable
from dashboard.films.state import LINK, State
from tests.dashboard.films.film_tables import NOTHING, catalogue, table
from training.predictions.table import Predictions, PredictionsFacts
from xai.findings import FINDINGS

CLASSES = ["covid", "normal", "pneumonia", None, "covid"]
SAID = {
    "covid": [0.7, 0.6, 0.1, 0.8, 0.2],
    "normal": [0.2, 0.3, 0.2, 0.1, 0.2],
    "pneumonia": [0.1, 0.1, 0.7, 0.1, 0.6],
}
SOFTMAX = {"head": {"link": "softmax"}}


def films(classes: list = CLASSES, **columns: object) -> pd.DataFrame:
    return table(len(classes), **{"class": classes}, **columns)


def answered(rows: pd.DataFrame, said: dict[str, list[float]], card: dict) -> Catalogue:
    known = read_films("made", rows)
    facts = PredictionsFacts("said", "made", ".", "model", "predict", tuple(said), card=card)
    return Catalogue("key", known, join(known, Predictions(None, facts, pd.DataFrame(said, index=known.names))))


def found(catalogue: Catalogue, **conditions: object) -> list[str]:
    asked, problems = usable(State(**conditions), catalogue)
    assert problems == []
    return catalogue.films.names[find(asked, catalogue, lambda tag: [])].tolist()


def test_only_what_is_labelled_or_answered_is_listed():
    rows = table(2, Mass=[1.0, NOTHING], Edema=[-1.0, NOTHING])
    assert catalogue(rows).listed == ("Mass", "Edema")  # uncertain is something the source says
    assert catalogue(rows, {"Effusion": [0.1, 0.2], "tb": [0.3, 0.4]}).listed == ("Effusion", "Mass", "Edema", "tb")
    assert catalogue(table(2)).listed == ()


def test_classes_stand_in_place_of_findings():
    assert catalogue(films(Pneumonia=[1, 0, 1, NOTHING, 1], Mass=0.0)).listed == ("covid", "normal", "pneumonia")
    assert catalogue(films(), {"Mass": [0.5] * 5}).listed == ("covid", "normal", "pneumonia", "Mass")


def test_a_class_that_is_a_finding_goes_by_its_name():
    two = films(["normal", "pneumonia"], Pneumonia=[0.0, 1.0])
    assert catalogue(two).listed == ("normal", "Pneumonia")
    assert catalogue(two).films.present(1) == ["Pneumonia"]
    assert catalogue(films(["normal", "pneumonia"], Pneumonia=[NOTHING, 1.0])).listed == ("normal", "pneumonia")


def test_labels_of_a_class_are_one_against_the_rest():
    of = catalogue(films())
    assert of.labels("covid").tolist() == [PRESENT, ABSENT, ABSENT, MISSING, PRESENT]
    assert of.labels("pneumonia").tolist() == [ABSENT, ABSENT, PRESENT, MISSING, ABSENT]
    assert found(of, labels=(("covid", "present"),)) == ["f0", "f4"]
    assert found(of, labels=(("covid", "missing"),)) == ["f3"]


def test_each_outcome_of_a_class_is_found():
    of = answered(films(), SAID, SOFTMAX)
    assert outcomes(of, "covid", 0.5, np.arange(5)) == ["TP", "FP", "TN", "", "FN"]
    for letters, film in {"TP": "f0", "FP": "f1", "TN": "f2", "FN": "f4"}.items():
        assert found(of, finding="covid", outcomes=(("covid", letters),)) == [film]


def test_a_softmax_is_judged_by_the_class_and_other_models_by_the_finding():
    rows = films(["covid", "normal", "viral pneumonia"], Pneumonia=[1.0, 0.0, 1.0])
    said = {"covid": [0.8, 0.1, 0.1], "normal": [0.1, 0.8, 0.1], "Pneumonia": [0.1, 0.1, 0.8]}
    softmax, others = answered(rows, said, SOFTMAX), answered(rows, said, {})
    assert softmax.labels("Pneumonia").tolist() == [ABSENT, ABSENT, PRESENT]
    assert others.labels("Pneumonia").tolist() == [PRESENT, ABSENT, PRESENT]
    assert softmax.is_class("Pneumonia") and not others.is_class("Pneumonia") and others.is_class("covid")


def test_classes_are_counted():
    of = catalogue(films())
    counts = count(of.films, np.arange(5))
    assert counts.names == ("covid", "normal", "pneumonia")
    assert (counts.present.tolist(), counts.known.tolist()) == ([2, 1, 1], [4, 4, 4])
    assert count(of.films, np.array([0, 1])).present.tolist() == [1, 1, 0]
    bars = prevalence_bars(counts, counts, counted=True).data[0]
    assert list(bars.y) == ["covid 2", "normal 1", "pneumonia 1"] and list(bars.x) == [0.5, 0.25, 0.25]


def test_findings_without_a_label_are_not_counted():
    counts = count(catalogue(table(3, Mass=[1, 0, 1], Hernia=[0, 0, NOTHING])).films, np.arange(3))
    assert counts.names == ("Mass", "Hernia")
    assert (counts.present.tolist(), counts.known.tolist()) == ([2, 0], [3, 2])


def test_a_film_is_summed_up_by_its_class_and_the_export_has_it():
    of = catalogue(films(Pneumonia=[1, 0, 1, 1, 1]))
    told = [one.findings for one in summaries(of, State(), np.arange(5))]
    assert told == ["covid", "normal", "pneumonia", "Pneumonia", "covid"]
    assert export_table(of, State(), np.arange(5), {})["class"].fillna("").tolist() == [one or "" for one in CLASSES]
    assert "class" not in export_table(catalogue(table(1)), State(), np.arange(1), {})


def test_a_class_of_any_name_survives_its_link():
    name = "opacity, 50% or more: left"
    asked = State(
        finding=name,
        outcomes=((name, "FP"), ("Mass", "TP")),
        probability=((name, 0.1, 0.5),),
        thresholds=((name, 0.4),),
    )
    assert LINK.read(LINK.write(asked)) == (asked, [])
    assert set(FINDINGS) >= {one for one, _ in LINK.read({"outcomes": "Mass:FP"})[0].outcomes}
