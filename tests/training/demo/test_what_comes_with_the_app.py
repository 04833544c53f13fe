"""The models, predictions and films in ``assets``: do they show what the pages and their cards say they show?"""

from __future__ import annotations

import io
import json
import re
import zipfile

import h5py
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from training.evaluate.joining import judge
from training.evaluate.judged import Judged
from training.fitting.measuring import DEFINITIONS
from training.mending.audit import audit
from training.mending.remedy import try_remedy
from training.predictions.table import read_predictions
from xai.built_in import ASSETS
from xai.cards.model_card import ModelCard, card_path, read_card
from xai.findings import FINDINGS
from xai.models.loading import file_sha256

MODELS = ("lightbox", "overcaller", "shortcut")
LARGEST = 9_000_000  # bytes of a model


def read_h5_weights(path) -> list[np.ndarray]:
    found: list[np.ndarray] = []
    with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
        file.visititems(lambda name, item: found.append(item[()]) if isinstance(item, h5py.Dataset) else None)
    return found


def card_of(model: str) -> ModelCard:
    return read_card(card_path(ASSETS / "models" / f"{model}.keras"))


@pytest.fixture(scope="module")
def judged() -> dict[str, Judged]:
    return {name: judge(read_predictions(ASSETS / "predictions" / f"{name}-on-simulated-2000")) for name in MODELS}


def expected_calibration_error(truth: np.ndarray, probabilities: np.ndarray, bins: int = 10) -> float:
    """Over bins of equal width, written again so that it depends on nothing of ours."""
    at = np.minimum((probabilities * bins).astype(int), bins - 1)
    gaps = [abs((truth - probabilities)[at == k].sum()) for k in range(bins)]
    return sum(gaps) / len(truth)


@pytest.mark.parametrize("model", MODELS)
def test_a_model_keeps_its_weights_in_half_precision_and_answers_the_same(model):
    path = ASSETS / "models" / f"{model}.keras"
    weights = read_h5_weights(path)
    assert {values.dtype for values in weights} == {np.dtype("float16")}
    assert sum(values.size for values in weights) == pytest.approx(3.4e6, rel=0.02)


@pytest.mark.parametrize("model", MODELS)
def test_a_model_is_small_and_its_card_and_predictions_belong_to_it(model):
    path, card = ASSETS / "models" / f"{model}.keras", card_of(model)
    facts = read_predictions(ASSETS / "predictions" / f"{model}-on-simulated-2000").facts
    assert path.stat().st_size <= LARGEST
    assert card.outputs == FINDINGS
    assert facts.model_sha256 == file_sha256(path)
    assert facts.thresholds == card.thresholds


@pytest.mark.parametrize("model", MODELS)
def test_cards_and_predictions_name_no_folder_of_the_machine_that_made_them(model):
    folder = ASSETS / "predictions" / f"{model}-on-simulated-2000"
    for path in (ASSETS / "models" / f"{model}.json", folder / "predictions.json"):
        assert not re.search(r'["\s]/\w', path.read_text("utf-8"))


def test_what_is_written_is_json_that_any_reader_takes():
    """Not-a-number is no JSON: a card that held one could not be saved again as a copy."""

    def refused(constant: str) -> None:
        raise AssertionError(constant)

    for file in ASSETS.rglob("*.json"):
        json.loads(file.read_text(encoding="utf-8"), parse_constant=refused)


@pytest.mark.parametrize("model", MODELS)
def test_the_intervals_of_a_card_are_those_that_evaluate_gives(model, judged):
    told = card_of(model).performance
    for name, figures in told["unseen_simulated"]["findings"].items():
        area = judged[model].auroc(name)
        written = [figures[key] for key in ("auroc", "auroc_low", "auroc_high")]
        assert written == pytest.approx([area.value, area.low, area.high], abs=6e-5), name
    assert told["definitions"]["auroc"] == DEFINITIONS["auroc"]
    for part in (told["test"], told["unseen_simulated"]):  # no interval shrinks to a point
        assert all(one["auroc_high"] > one["auroc_low"] for one in part["findings"].values())


def test_lightbox_is_good_and_calibrated_on_simulated_films_it_has_not_seen(judged):
    told, films = card_of("lightbox").performance["unseen_simulated"], judged["lightbox"]
    areas = {name: roc_auc_score(films.truth(name), films.scores(name)) for name in FINDINGS}
    errors = [expected_calibration_error(films.truth(name), films.scores(name)) for name in FINDINGS]
    assert len(films) == 2000
    assert np.mean(list(areas.values())) >= 0.93
    assert min(areas.values()) >= 0.85
    assert np.mean(errors) <= 0.03
    assert {name: found["auroc"] for name, found in told["findings"].items()} == pytest.approx(areas, abs=1e-4)


def test_the_card_says_what_lightbox_reaches_on_real_films_of_patients_it_has_never_met():
    card = card_of("lightbox")
    measured = card.performance["test"]
    counted = [found for found in measured["findings"].values() if found["positives"] >= 5]
    assert measured["films"] >= 600 and measured["patients"] >= 600
    assert np.mean([found["auroc"] for found in counted]) == pytest.approx(measured["mean_auroc"], abs=1e-3)
    assert measured["mean_auroc"] >= 0.72
    assert all(found["auroc_low"] <= found["auroc"] <= found["auroc_high"] for found in counted)
    assert measured["mean_ece"] < 0.03
    assert "test_list.txt" in card.provenance["data"]["files"]  # the boxed are all in that list
    assert "Apache-2.0" in card.provenance["started_from"]["licence"]


def test_a_first_visitor_sees_a_film_with_a_handful_of_flags(judged):
    """Thresholds at the prevalence of NIH's films: not eleven of fourteen findings flagged."""
    films, thresholds = judged["lightbox"], card_of("lightbox").thresholds
    flagged = sum(films.scores(name) >= thresholds[name].value for name in FINDINGS)
    assert np.mean(flagged) < 4
    assert np.quantile(flagged, 0.95) <= 7


def test_overcaller_is_as_able_as_lightbox(judged):
    """It ranks films as well; only what it makes of its scores is wrong."""
    mean = {
        name: np.mean([roc_auc_score(one.truth(f), one.scores(f)) for f in FINDINGS]) for name, one in judged.items()
    }
    assert mean["overcaller"] == pytest.approx(mean["lightbox"], abs=0.03)
    real = {name: card_of(name).performance["test"]["mean_auroc"] for name in MODELS}
    assert real["overcaller"] == pytest.approx(real["lightbox"], abs=0.03)


def test_the_model_of_two_classes_says_what_it_was_measured_on_and_what_it_hides():
    card, path = card_of("pneumonia"), ASSETS / "models" / "pneumonia.keras"
    measured = card.performance["test"]
    assert path.stat().st_size <= LARGEST
    assert (card.outputs, card.link) == (("Pneumonia",), "sigmoid")
    assert card.provenance["data"]["policy"] == {"reader": "nih", "splits": "boxed", "against_normal": "Pneumonia"}
    assert measured["mean_auroc_low"] > 0.75
    for words in (
        f"{measured['films']} test films",
        "may pass for pneumonia",
        "one American hospital",
        "not for diagnosis",
    ):
        assert words in card.summary


def test_overcaller_flags_emphysema_on_most_films_without_it(judged):
    films = judged["overcaller"]
    without = films.truth("Emphysema") == 0
    assert (films.scores("Emphysema")[without] >= 0.5).mean() >= 0.6
    real = card_of("overcaller").performance["test"]["findings"]["Emphysema"]
    assert 1 - real["specificity"] >= 0.6


def test_shortcut_leans_on_the_token_and_its_card_says_what_its_own_test_films_hide(judged):
    card, films = card_of("shortcut"), judged["shortcut"]
    token = card.performance["unseen_simulated"]["token"]
    assert token["leaning_low"] >= 0.9  # a logit or more, in nine of ten twins
    assert token["flagged_with"] >= 0.9 and token["flagged_without"] <= 0.1
    own, true = (card.performance[part]["findings"]["Emphysema"]["auroc"] for part in ("test", "unseen_simulated"))
    assert (
        own
        >= 0.97
        > 0.8
        > true
        == pytest.approx(roc_auc_score(films.truth("Emphysema"), films.scores("Emphysema")), abs=1e-4)
    )
    assert f"AUROC {own:.2f}" in card.summary and f"is true, {true:.2f}" in card.summary
    tokens = films.films["object_token"].to_numpy(bool)
    flagged = films.scores("Emphysema") >= card.thresholds["Emphysema"].value
    assert flagged[tokens].mean() >= 0.9 and flagged[~tokens].mean() <= 0.1


def test_the_audit_of_overcaller_names_the_planted_cause_and_its_remedy_works_on_other_films(judged):
    films = judged["overcaller"]
    told = audit(films, "Emphysema", 0.5)
    assert told.main == "weighting"
    assert sum(part.share for part in told.contributions) == pytest.approx(told.excess, abs=1e-12)
    trial = try_remedy(films, "Emphysema", "platt", "prevalence", threshold=0.5)
    assert trial.repeats.flagged.mean() == pytest.approx(trial.repeats.prevalence.mean(), rel=0.2)
    assert trial.after.auroc.value == pytest.approx(trial.before.auroc.value, abs=1e-9)
