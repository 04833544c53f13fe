"""Folders of classes: a model of one class or several, which explains like any other."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import log_softmax, softmax

from tests.training.made_films import make_classes, make_dataset, tiny
from training.__main__ import main
from training.datasets.table import DatasetError, read_dataset
from training.fitting.heads import calibrate
from training.fitting.problem import Problem, choose_problem
from training.networks.architectures import ARCHITECTURES
from xai.cards.model_card import read_card
from xai.findings import FINDINGS

OPTIONS = ["--architecture", "tiny", "--size", "32", "--batch-size", "8", "--epochs", "12", "--learning-rate", "0.02"]


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    monkeypatch.setitem(ARCHITECTURES, "tiny", tiny)


def _dataset(folder: Path, *classes: str, films: int = 60) -> Path:
    make_classes(folder / "films", classes, films)
    assert main(["dataset", "folders", str(folder / "films"), "--out", str(folder / "dataset")]) == 0
    return folder / "dataset"


def _problem(folder: Path, head: str = "auto", also: Path | None = None) -> Problem:
    films = read_dataset(folder).films
    others = read_dataset(also).films if also else films[:0]
    return choose_problem(films, others, np.flatnonzero(films["split"] != "test"), head)


def test_two_classes_give_one_output_that_is_the_finding(tmp_path):
    folder = _dataset(tmp_path, "NORMAL", "PNEUMONIA")
    films = read_dataset(folder).films
    problem = _problem(folder)
    assert (problem.outputs, problem.head) == (("Pneumonia",), "sigmoid")
    np.testing.assert_array_equal(problem.truth[:, 0], films["class"] == "PNEUMONIA")
    both = _problem(folder, "softmax")
    assert (both.outputs, both.head) == (("NORMAL", "Pneumonia"), "softmax")
    np.testing.assert_array_equal(both.truth.sum(axis=1), 1)
    assert _problem(folder, "findings").outputs == ("Pneumonia",)


def test_three_classes_give_a_softmax_whose_names_claim_no_finding_of_two_classes(tmp_path):
    folder = _dataset(tmp_path, "covid", "normal", "pneumonia")
    films = read_dataset(folder).films
    assert (films.loc[films["class"] == "covid", "Pneumonia"] == 1).all()  # so "Pneumonia" is not this class
    problem = _problem(folder)
    assert (problem.outputs, problem.head) == (("covid", "normal", "pneumonia"), "softmax")
    assert _problem(folder, "sigmoid").head == "sigmoid"


def test_one_class_or_other_labels_are_one_sentence(tmp_path):
    three = _dataset(tmp_path / "three", "covid", "normal", "pneumonia")
    with pytest.raises(DatasetError, match="one class only: every film is “normal”"):
        _problem(_dataset(tmp_path / "one", "normal", films=12))
    with pytest.raises(DatasetError, match="are of “viral”; the classes here are covid, normal, pneumonia"):
        _problem(three, also=_dataset(tmp_path / "other", "normal", "viral", films=12))
    made = make_dataset(tmp_path / "made", films=20)
    with pytest.raises(DatasetError, match="are of “no class”"):
        _problem(three, also=made)
    with pytest.raises(DatasetError, match="--head softmax needs a dataset with classes"):
        _problem(made, "softmax")
    with pytest.raises(DatasetError, match="has no label for Effusion, Mass"):
        _problem(made, also=_dataset(tmp_path / "two", "Hernia", "Fibrosis", films=12))


def test_softmax_calibration_makes_mean_probabilities_the_shares():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(400, 3)) * 3
    truth = np.eye(3)[[rng.choice(3, p=p) for p in softmax(logits / 2 + [0, 1, -1], axis=1)]]
    problem = Problem(("a", "b", "c"), "softmax", truth, truth[:0])
    found = calibrate(problem, truth, logits)
    assert found.slope == pytest.approx(0.5, abs=0.1)
    probabilities = problem.probabilities(found.slope * logits + found.intercepts)
    np.testing.assert_allclose(probabilities.mean(axis=0), truth.mean(axis=0), atol=1e-4)
    before, after = (-(truth * log_softmax(z, axis=1)).sum(1).mean() for z in (logits, np.log(probabilities)))
    assert after < before


def test_an_output_without_both_kinds_of_films_is_left_as_it_is():
    rng = np.random.default_rng(1)
    truth = np.column_stack([rng.random(100) < 0.3, np.zeros(100)]).astype(float)
    problem = Problem(("a", "b"), "sigmoid", truth, truth[:0])
    found = calibrate(problem, truth, rng.normal(size=(100, 2)))
    assert found.intercepts[1] == 0 and np.isfinite(found.intercepts).all()


@pytest.mark.parametrize(
    ("classes", "outputs"),
    [(("normal", "pneumonia"), ("Pneumonia",)), (("covid", "normal", "pneumonia"), ("covid", "normal", "pneumonia"))],
)
def test_a_model_of_classes_is_trained_and_explained(tmp_path, classes, outputs):
    from xai.budget import Budget
    from xai.explainers import DEFAULT_METHODS, EXPLAINERS
    from xai.films.reading import read_film
    from xai.models.classifier import Classifier

    folder, out = _dataset(tmp_path, *classes), tmp_path / "m.keras"
    assert main(["fit", str(folder), "--out", str(out), *OPTIONS, "--hold-out", "validation"]) == 0
    card = read_card(out.with_suffix(".json"))
    assert card.outputs == outputs
    assert card.link == ("sigmoid" if len(outputs) == 1 else "softmax")
    assert card.performance["test"]["mean_auroc"] > 0.8
    assert card.provenance["also_learned"] is None  # folders know of no view, sex or age
    told = card.performance
    assert (
        told["test"]["patients"] is told["splits"]["train"]["patients"] is None
    )  # names such as normal-003 tell nobody
    assert told["test"]["films_of_unknown_patients"] == told["test"]["films"]
    assert "not all of patients that are known" in card.summary and "other patients" not in card.summary
    assert told["definitions"]["test"].startswith("Films that nothing was trained")
    assert any("Patients are not known: such films are treated as independent" in one for one in told["cautions"])
    classifier = Classifier.load(out)
    films = read_dataset(folder).films
    tested = films[films["split"] == "test"]
    canvases = np.stack([classifier.prepare(read_film(folder.parent / "films" / path)) for path in tested["path"]])
    probabilities = card.probabilities(classifier.logits(canvases))
    if len(outputs) > 1:
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
        right = np.array(outputs)[probabilities.argmax(axis=1)] == tested["class"].str.replace("pneumonia", outputs[-1])
        assert right.mean() > 0.6
    measured = card.performance["test"]["findings"][outputs[-1]]
    truth = (tested["class"] == "pneumonia").to_numpy()
    flagged = probabilities[:, -1] >= card.threshold(outputs[-1]).value
    assert measured["sensitivity"] == pytest.approx(flagged[truth].mean(), abs=1e-4)
    film = read_film(folder.parent / "films" / tested["path"].iloc[0])
    for method in DEFAULT_METHODS:
        explanations = EXPLAINERS[method]().explain(classifier, film, budget=Budget(evaluations=40))
        assert [one.finding for one in explanations] == list(outputs)
        for one in explanations:
            assert one.map.shape == (32, 32) and np.isfinite(one.map).all()
            assert one.probability == pytest.approx(probabilities[0, outputs.index(one.finding)], abs=1e-5)
    assert set(FINDINGS) & set(outputs) == ({"Pneumonia"} if len(outputs) == 1 else set())
    assert pd.read_csv(out.with_suffix(".training.csv"))["epoch"].tolist() == list(range(1, 13))


@pytest.mark.real_films
@pytest.mark.parametrize(
    ("classes", "outputs"),
    [(("normal", "pneumonia"), ("Pneumonia",)), (("covid", "normal", "pneumonia"), ("covid", "normal", "pneumonia"))],
)
def test_real_folders(real_data, tmp_path, classes, outputs):
    from xai.explainers import EXPLAINERS
    from xai.films.reading import read_film
    from xai.models.classifier import Classifier

    if not (real_data / "folders").is_dir():
        pytest.skip("no folders of classes among the real films")
    root = tmp_path / "root"
    for name in classes:
        (root / name).mkdir(parents=True)
        for file in sorted((real_data / "folders" / name).iterdir())[:24]:
            shutil.copyfile(file, root / name / file.name)
    assert main(["dataset", "folders", str(root), "--out", str(tmp_path / "dataset")]) == 0
    out = tmp_path / "m.keras"
    options = [*OPTIONS, "--epochs", "2", "--hold-out", "validation"]
    assert main(["fit", str(tmp_path / "dataset"), "--out", str(out), *options]) == 0
    classifier = Classifier.load(out)
    assert classifier.card.outputs == outputs
    assert sum(part["films"] for part in classifier.card.performance["splits"].values()) == 24 * len(classes)
    film = read_film(next((root / "pneumonia").iterdir()))
    explanations = EXPLAINERS["gradcam"]().explain(classifier, film)
    assert [one.finding for one in explanations] == list(outputs)
    assert all(np.isfinite(one.map).all() for one in explanations)
