"""Outputs that are classes: each judged against the rest."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from training.__main__ import main
from training.datasets.table import COLUMNS, DatasetFacts, complete, write_dataset
from training.evaluate.atlas import contrast
from training.evaluate.classes import class_names, class_truths, finding_of_class, is_softmax, truths
from training.evaluate.joining import join, judge
from training.predictions.table import PredictionsFacts, read_predictions, write_predictions
from xai.cards.model_card import Threshold
from xai.findings import FINDINGS

CLASSES = ("covid", "normal", "pneumonia")
SOFTMAX = {"head": {"link": "softmax", "emits": "logits"}}


def films_of(classes: list, **columns: object) -> pd.DataFrame:
    rows = pd.DataFrame(dict.fromkeys(COLUMNS, None), index=range(len(classes)))
    names = [f"f{k}" for k in range(len(classes))]
    rows = rows.assign(film=names, path="", dataset="made", patient=names, age=np.nan, on_disk=False)
    return complete(rows.assign(**dict.fromkeys(FINDINGS, np.nan)).assign(**{"class": classes}, **columns), "made")


def answered(count: int, seed: int = 0) -> tuple[list[str], pd.DataFrame]:
    """Classes of some films, and a softmax that knows a little of them."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(3, size=count)
    said = rng.dirichlet(np.ones(3), count) + 0.4 * np.eye(3)[truth]
    names = [f"f{k}" for k in range(count)]
    return [CLASSES[k] for k in truth], pd.DataFrame(said / said.sum(axis=1, keepdims=True), names, list(CLASSES))


@pytest.mark.parametrize("seed", range(3))
def test_each_class_is_judged_against_the_rest_as_scikit_learn_does(seed):
    classes, said = answered(90, seed)
    judged = join(said, films_of(classes), softmax=True)
    assert judged.findings == judged.classes == CLASSES
    np.testing.assert_array_equal(judged.labels.sum(axis=1), 1)
    found = [judged.auroc(name).value for name in CLASSES]
    # One-vs-rest of all classes at once; scikit-learn takes them in alphabetical order, as they are here.
    assert found == pytest.approx(roc_auc_score(classes, said, multi_class="ovr", average=None))


def test_a_film_without_a_class_is_left_out():
    classes, said = answered(60)
    gaps = [None, np.nan, "", *classes[3:]]
    judged = join(said, films_of(gaps), softmax=True)
    assert np.isnan(judged.labels[:3]).all() and not np.isnan(judged.labels[3:]).any()
    for name in CLASSES:
        assert (judged.ranked(name).films, judged.ranked(name).missing) == (57, 3)
        expected = roc_auc_score([one == name for one in classes[3:]], said[name].iloc[3:])
        assert judged.auroc(name).value == pytest.approx(expected)


def test_a_finding_is_judged_by_its_column_but_by_the_class_in_a_softmax():
    films = films_of(["covid", "normal", "viral pneumonia"], Pneumonia=[1.0, 0.0, 1.0])
    outputs = ("covid", "normal", "Pneumonia")
    alone, together = truths(films, outputs), truths(films, outputs, softmax=True)
    assert alone["Pneumonia"].tolist() == [1, 0, 1] and together["Pneumonia"].tolist() == [0, 0, 1]
    for told in (alone, together):
        assert told["covid"].tolist() == [1, 0, 0] and told["normal"].tolist() == [0, 1, 0]
    assert list(class_truths(films, outputs)) == ["covid", "normal"]


def test_a_softmax_of_findings_keeps_their_columns_where_there_are_no_classes():
    films = films_of([None, None], Mass=[1.0, 0.0], Effusion=[1.0, np.nan])
    told = truths(films, ("Mass", "Effusion", "normal"), softmax=True)
    np.testing.assert_array_equal(told["Effusion"], [1, np.nan])
    assert list(told) == ["Mass", "Effusion"] and class_names(films) == () == class_names(films.drop(columns="class"))


def test_what_is_neither_finding_nor_class_is_named_and_left_out():
    said = pd.DataFrame({"covid": [0.2, 0.9], "tb": [0.1, 0.3], "Mass": [0.7, 0.4]}, ["f0", "f1"])
    judged = join(said, films_of(["normal", "covid"], Mass=[0.0, 1.0]))
    assert (judged.findings, judged.classes, judged.unjudged) == (("covid", "Mass"), ("covid",), ("tb",))
    assert join(said, films_of(["normal", "covid"]), softmax=True).unjudged == ("tb", "Mass")


def test_names_that_differ_in_their_spelling_only_are_one_class_where_no_other_is_meant():
    assert truths(films_of(["COVID_19", "normal"]), ("Covid-19",))["Covid-19"].tolist() == [1, 0]
    assert truths(films_of(["COVID", "covid"]), ("COVID", "covid"))["covid"].tolist() == [0, 1]


@pytest.mark.parametrize("card", [{}, {"head": "softmax"}, {"head": {"link": "sigmoid"}}, {"head": None}])
def test_only_a_card_that_says_so_is_a_softmax(card):
    assert is_softmax(SOFTMAX) and not is_softmax(card)


def test_the_finding_of_a_class():
    assert finding_of_class("Viral_Pneumonia") == "Pneumonia" == finding_of_class("covid-19")
    assert finding_of_class("normal") is None and finding_of_class("tuberculosis") is None


def test_classes_that_are_no_text_are_none():
    assert class_names(films_of([1.0, 2.0])) == () and class_names(films_of(["b", ["a"], "A"])) == ("A", "b")


def test_evaluate_measures_a_class_model(tmp_path: Path, capsys):
    classes, said = answered(80)
    write_dataset(
        tmp_path / "made", DatasetFacts("made", str(tmp_path), "made", "none", "none", {}, 0), films_of(classes)
    )
    said["tb"] = 0.5
    cuts = {"covid": Threshold(0.4, "so")}
    facts = PredictionsFacts("p", "made", str(tmp_path / "made"), "m", "predict", tuple(said), cuts, card=SOFTMAX)
    write_predictions(tmp_path / "p", facts, said)
    assert main(["evaluate", str(tmp_path / "p"), "--out", str(tmp_path / "out")]) == 0
    told = capsys.readouterr().out
    assert "of 3 of 3 classes" in told and "made says nothing of them: tb" in told
    content = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert (content["classes"], content["outputs_not_judged"]) == (list(CLASSES), ["tb"])
    assert [row["threshold"] for row in content["metrics"]] == [0.4, 0.5, 0.5]
    flagged = said["covid"] >= 0.4
    covid = np.array(classes) == "covid"
    assert content["metrics"][0]["sensitivity"] == pytest.approx(flagged[covid].mean())
    assert judge(read_predictions(tmp_path / "p")).classes == CLASSES


def test_the_other_classes_are_no_trait_of_a_class():
    classes, said = answered(120)
    views = np.where(np.arange(120) % 2, "AP", "PA")
    judged = join(said, films_of(classes, view=views), softmax=True)
    assert set(contrast(judged, "covid", 0.3, "FP", "TP")["trait"]) == {"view"}
    assert contrast(join(said, films_of(classes), softmax=True), "covid", 0.3, "FP", "TP").empty
