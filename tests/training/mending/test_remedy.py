from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, logit

from tests.training.evaluate.made_scores import binormal, made
from training.evaluate.patient_split import films_to_fit
from training.evaluate.prevalence import prevalences
from training.evaluate.ranked import EvaluateError
from training.mending.calibrate import METHODS, correct_prior
from training.mending.remedy import FEW_FILMS, REPEATS, try_remedy
from training.mending.together import mend_together, over_flagged
from xai.cards.card_versions import card_versions, save_card_version
from xai.cards.model_card import InputSpec, ModelCard, Threshold, read_card, write_card

CARD = ModelCard("over", ("Emphysema", "Mass"), "sigmoid", "logits", InputSpec(16, 1))


def _over(films: int = 30_000, weight: float = 20.0):
    """A calibrated model of a rare finding, lifted as a weighted loss lifts it."""
    labels, z = binormal(np.random.default_rng(0), films, 0.05, 1.8)
    judged = made(expit(z + math.log(weight)), labels, np.arange(films) // 3)
    card = {"prevalence": {"Emphysema": 0.05}, "provenance": {"positive_weight": {"Emphysema": weight}}}
    return dataclasses.replace(judged, card=card)


@pytest.mark.parametrize("share", [0.5, 0.25, 0.8])
@pytest.mark.parametrize("seed", [0, 1])
def test_parts_share_no_patient_and_are_alike(share: float, seed: int):
    rng = np.random.default_rng(seed)
    patients = rng.integers(0, 900, 3000)
    positive, p = rng.random(3000) < 0.05, rng.random(3000)
    fit = films_to_fit(patients, positive, p, share, seed)
    assert not set(patients[fit]) & set(patients[~fit])
    assert len(set(patients[fit])) / len(set(patients)) == pytest.approx(share, abs=0.002)
    assert positive[fit].sum() / positive.sum() == pytest.approx(share, abs=0.05)
    assert p[fit].mean() == pytest.approx(p.mean(), abs=0.03)
    np.testing.assert_array_equal(fit, films_to_fit(patients, positive, p, share, seed))
    assert (fit != films_to_fit(patients, positive, p, share, seed + 10)).any()


@pytest.mark.parametrize("method", [name for name in METHODS if name not in ("none", "temperature")])
def test_remedies_bring_probabilities_and_flags_to_the_truth(method: str):
    before_and_after = try_remedy(_over(), "Emphysema", method, here=0.05)
    before, after = before_and_after.before, before_and_after.after
    assert before.rates.predicted_prevalence.value > 3 * before.rates.prevalence.value
    assert after.rates.predicted_prevalence.value == pytest.approx(after.rates.prevalence.value, rel=0.2)
    assert after.auroc.value == pytest.approx(before.auroc.value, abs=1e-9)
    if method != "prior":  # the shift here is not of prevalence
        assert after.ece < 0.006 < 0.1 < before.ece and after.brier < before.brier
        assert after.mean_probability == pytest.approx(after.rates.prevalence.value, rel=0.08)


def test_prior_correction_mends_a_shift_of_prevalence():
    labels, z = binormal(np.random.default_rng(3), 30_000, 0.05, 1.8)
    judged = made(expit(z + logit(0.4) - logit(0.05)), labels)
    found = try_remedy(judged, "Emphysema", "prior", trained=0.4)
    assert found.after.ece < 0.006 < 0.1 < found.before.ece
    assert found.remedy.map.intercept == pytest.approx(logit(0.05) - logit(0.4), abs=0.06)


def test_a_threshold_alone_leaves_the_probabilities():
    found = try_remedy(_over(), "Emphysema", "none", "prevalence")
    assert found.remedy.map is None and found.after.brier == found.before.brier
    assert found.after.rates.predicted_prevalence.value == pytest.approx(found.after.rates.prevalence.value, rel=0.2)


def test_an_empty_rule_keeps_the_number():
    found = try_remedy(_over(), "Emphysema", "weighting", "", threshold=0.3)
    assert found.before.threshold == found.after.threshold == found.remedy.threshold.value == 0.3
    assert found.after.rates.predicted_prevalence.value < found.before.rates.predicted_prevalence.value


def test_it_is_shown_on_films_that_it_was_not_fitted_on():
    judged = _over(6000)
    found = try_remedy(judged, "Emphysema", "platt", seed=4)
    fit = films_to_fit(judged.patients, judged.truth("Emphysema") == 1, judged.scores("Emphysema"), 0.5, 4)
    assert (found.fitted_films, found.shown_films) == (fit.sum(), (~fit).sum())
    shown = judged.restrict(~fit)
    counts = shown.ranked("Emphysema").counts(0.5)
    assert found.before.rates.sensitivity.count == counts.tp
    mended = shown.with_probabilities("Emphysema", found.remedy.probabilities(shown.scores("Emphysema")))
    counts = mended.ranked("Emphysema").counts(found.remedy.threshold.value)
    assert found.after.rates.sensitivity.count == counts.tp
    assert found.fitted_positives + found.shown_positives == judged.ranked("Emphysema").positives


def test_warns_where_isotonic_has_too_few():
    assert "isotonic wants about 1000" in try_remedy(_over(6000), "Emphysema", "isotonic").remedy.cautions[0]
    assert try_remedy(_over(60_000), "Emphysema", "isotonic").remedy.cautions == ()


@pytest.mark.parametrize(
    ("labels", "options", "words"),
    [
        ([0, 1, 0, 1], {"method": "magic"}, "no remedy “magic”; the remedies are none, weighting"),
        ([0, 1, 0, 1], {"share": 1.0}, "between 0 and 1; it is 1"),
        ([0, 0, 0, 0], {}, "films of both kinds to fit on; of those to fit on: None of the 2"),
        ([0, 0, 0, 1], {}, "films of both kinds to"),
        ([0, 1, 0, 1], {"method": "weighting"}, "does not say how often the loss counted films with Emphysema"),
        ([0, 1, 0, 1], {"method": "weighting", "weight": 0}, "must be above 0; it is 0"),
        ([0, 1, 0, 1], {"method": "prior"}, "does not say how many training films had Emphysema"),
        ([0, 1, 0, 1], {"method": "prior", "trained": 1.0}, "between 0 and 1 in training; it is 1"),
        ([0, 1, 0, 1], {"method": "platt", "rule": "worst"}, "no rule “worst”"),
    ],
)
def test_what_cannot_be_mended_says_so(labels: list, options: dict, words: str):
    judged = made([0.1, 0.2, 0.3, 0.4], labels)
    with pytest.raises(EvaluateError, match=words):
        try_remedy(judged, "Emphysema", **options)


def test_a_fit_that_hits_its_stop_says_so():
    # Far too high, and no number to divide by sets that right.
    stopped = try_remedy(_over(6000, weight=3000.0), "Emphysema", "temperature")
    assert stopped.remedy.map.slope == 0.01
    assert stopped.remedy.cautions[0].startswith("The fit hit its stop, a temperature of 100")
    reversed_films = made(1 - expit(np.linspace(-3, 3, 400)), np.repeat([0.0, 1.0], 200))
    assert "a slope of 0.01" in try_remedy(reversed_films, "Emphysema", "platt").remedy.cautions[-1]


def test_before_and_after_are_the_same_films_one_by_one():
    found = try_remedy(_over(6000), "Emphysema", "platt")
    both = found.side_by_side
    assert both.films == found.shown_films and both.thresholds == (0.5, found.remedy.threshold.value)
    for name in ("sensitivity", "specificity", "ppv", "predicted_prevalence"):
        one = both.changes[name]
        assert one.first == pytest.approx(getattr(found.before.rates, name).value)
        assert one.second == pytest.approx(getattr(found.after.rates, name).value)
    assert both.changes["brier"].second == pytest.approx(found.after.brier)
    found_then, found_now = (one.rates.sensitivity.count for one in (found.before, found.after))
    assert both.missed == (both.positives - found_then, both.positives - found_now)


def test_all_findings_that_are_flagged_too_often_are_mended_together():
    rng = np.random.default_rng(0)
    labels, z = (np.column_stack(each) for each in zip(*(binormal(rng, 6000, 0.1, 1.5) for _ in range(3)), strict=True))
    judged = made(expit(z + np.array([3.0, 0.0, 2.0])), labels)
    thresholds = dict.fromkeys(judged.findings, 0.5)
    names = over_flagged(prevalences(judged, thresholds))
    assert names == ["Emphysema", "Mass"]
    found = mend_together(judged, names, thresholds, "platt", "prevalence")
    assert list(found.trials) == names and not found.problems
    for name, trial in found.trials.items():
        alone = try_remedy(judged, name, "platt", "prevalence", threshold=0.5)
        assert trial.remedy == alone.remedy and trial.after.ece == alone.after.ece and trial.repeats is None
    own = mend_together(judged, names, thresholds, "weighting", "", own={"Mass": {"weight": 5.0}})
    assert own.trials["Mass"].remedy == try_remedy(judged, "Mass", "weighting", "", threshold=0.5, weight=5.0).remedy
    assert list(own.trials) == ["Mass"] and "Emphysema" in own.problems
    by_prior = {"Mass": {"trained": 0.6, "here": 0.2}}
    priors = mend_together(judged, names, thresholds, "prior", "half", own=by_prior).trials["Mass"]
    assert priors.remedy.map == correct_prior(0.6, 0.2)
    none = mend_together(judged, names, thresholds, "weighting")
    assert not none.trials and "does not say how often the loss counted" in none.problems["Mass"]


def test_versions_of_a_card_are_kept(tmp_path: Path):
    path = tmp_path / "over.json"
    write_card(CARD, path)
    original = path.read_bytes()
    second = dataclasses.replace(CARD, thresholds={"Mass": Threshold(0.1, "so")})
    third = dataclasses.replace(CARD, thresholds={"Mass": Threshold(0.2, "so")})
    assert save_card_version(path, second) == tmp_path / "over.v1.json"
    between = path.read_bytes()
    assert save_card_version(path, third) == tmp_path / "over.v2.json"
    assert (tmp_path / "over.v1.json").read_bytes() == original
    assert (tmp_path / "over.v2.json").read_bytes() == between
    assert read_card(path).thresholds == third.thresholds
    assert read_card(path).provenance["card_version"] == {"version": 3, "before": "over.v2.json"}
    assert card_versions(path) == [tmp_path / "over.v1.json", tmp_path / "over.v2.json"]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["over.json", "over.v1.json", "over.v2.json"]


def test_another_models_versions_are_not_this_ones(tmp_path: Path):
    for name in ("over.json", "over.v2.json", "over.vX.json", "over.v1.old.json", "overall.v7.json"):
        (tmp_path / name).write_text(json.dumps({}))
    assert [one.name for one in card_versions(tmp_path / "over.json")] == ["over.v2.json"]
    write_card(CARD, tmp_path / "over.json")
    assert save_card_version(tmp_path / "over.json", CARD).name == "over.v3.json"


def test_a_card_that_is_not_there_is_not_replaced(tmp_path: Path):
    with pytest.raises(OSError, match=r"over\.json"):
        save_card_version(tmp_path / "over.json", CARD)
    assert not card_versions(tmp_path / "over.json")


def test_a_remedy_is_tried_again_on_other_lots_where_films_are_few():
    few = _over(2000)
    found = try_remedy(few, "Emphysema", "platt", "prevalence", seed=3).repeats
    assert len(found.flagged) == len(found.prevalence) == REPEATS
    assert found.flagged.mean() == pytest.approx(found.prevalence.mean(), rel=0.1)
    assert np.ptp(found.flagged) > 0
    one = try_remedy(few, "Emphysema", "platt", "prevalence", seed=4).after.rates  # its first other lot
    assert found.flagged[0] == pytest.approx(one.predicted_prevalence.value, abs=1e-12)
    assert found.prevalence[0] == pytest.approx(one.prevalence.value, abs=1e-12)
    assert try_remedy(_over(FEW_FILMS + 1), "Emphysema", "platt").repeats is None
