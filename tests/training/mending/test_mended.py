from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from dashboard.page.card_figures import evaluations, main_evaluation
from dashboard.page.finding_cautions import about_finding
from dashboard.page.words import percent
from tests.training.mending.test_remedy import _over
from training.__main__ import main
from training.datasets.table import COLUMNS, DatasetFacts, write_dataset
from training.evaluate.joining import judge
from training.evaluate.ranked import EvaluateError
from training.mending.known import known_of
from training.mending.mended import Kept, kept, mend_card, mend_predictions, predict_again
from training.mending.remedy import Remedy, try_remedy
from training.mending.remedy_file import read_remedies, to_json
from training.predictions.table import PredictionsError, PredictionsFacts, read_predictions, write_predictions
from xai.cards.calibration import LogitMap
from xai.cards.model_card import InputSpec, ModelCard, ModelCardError, Threshold, read_card, write_card

FIGURES = {"positives": 11, "negatives": 315, "auroc": 0.8, "auroc_low": 0.7, "auroc_high": 0.9}
OLD = FIGURES | {"ece": 0.7, "sensitivity": 1.0, "specificity": 0.1, "predicted_prevalence": 0.8}
PERFORMANCE = {
    "cautions": ["as it is"],
    "test": {"films": 326, "mean_auroc": 0.8, "mean_ece": 0.6, "findings": {"Emphysema": OLD, "Mass": OLD}},
    "also": {"test": {"films": 10, "findings": {"Mass": OLD}}},
}
CARD = ModelCard("over", ("Emphysema", "Mass"), "sigmoid", "logits", InputSpec(16, 1), performance=PERFORMANCE)
REMEDY = Remedy("Emphysema", "platt", LogitMap(0.5, -1.0, rule="Platt"), Threshold(0.2, "matched"), prevalence=0.05)


def test_a_card_takes_the_remedy():
    remedy = Remedy("Emphysema", "platt", LogitMap(0.5, -1.0, rule="Platt"), Threshold(0.2, "matched"))
    card = mend_card(CARD, [Kept(remedy, "half of the films")])
    assert card.thresholds == {"Emphysema": remedy.threshold} and CARD.thresholds == {}
    z = np.array([[1.0, 1.0], [-2.0, 0.5]])
    np.testing.assert_allclose(card.probabilities(z)[:, 0], remedy.probabilities(expit(z[:, 0])), rtol=1e-9)
    np.testing.assert_allclose(card.probabilities(z)[:, 1], expit(z[:, 1]))
    assert card.provenance["remedies"][0]["origin"] == "half of the films"
    # A second remedy, fitted on the mended predictions, comes after the first.
    again = mend_card(card, [Kept(dataclasses.replace(remedy, map=LogitMap(knots=((-2.0, -3.0), (0.0, 1.0)))))])
    np.testing.assert_allclose(
        logit(again.probabilities(z)[:, 0]), LogitMap(knots=((-2.0, -3.0), (0.0, 1.0)))(z[:, 0] / 2 - 1)
    )
    assert len(again.provenance["remedies"]) == 2
    only_cut = mend_card(CARD, [Kept(dataclasses.replace(remedy, map=None))])
    assert only_cut.calibration == {} and only_cut.threshold("Emphysema").value == 0.2
    with pytest.raises(ModelCardError, match="no output “Hernia”"):
        mend_card(CARD, [Kept(dataclasses.replace(remedy, finding="Hernia"))])


def test_a_mended_card_holds_what_was_measured_after_and_where_from(tmp_path: Path):
    trial = try_remedy(_over(6000), "Emphysema", "platt")
    card = mend_card(CARD, [kept(trial, "over-on-made", "made", "half of the films")])
    write_card(card, tmp_path / "over.json")
    card = read_card(tmp_path / "over.json")
    old, after = evaluations(card)["test"], evaluations(card)["mended"]
    figures = after.findings["Emphysema"]
    assert (figures.auroc, figures.positives) == (round(trial.after.auroc.value, 4), trial.shown_positives)
    assert figures.sensitivity == round(trial.after.rates.sensitivity.value, 4)
    assert figures.specificity == round(trial.after.rates.specificity.value, 4)
    assert figures.ece == round(trial.after.ece, 4)
    written = card.performance["mended"]["findings"]["Emphysema"]
    for figures_of, outcome in ((written, trial.after), (written["before"], trial.before)):
        assert figures_of["mean_probability"] == round(outcome.mean_probability, 4)
        assert figures_of["predicted_prevalence"] == round(outcome.rates.predicted_prevalence.value, 4)
        assert figures_of["predicted_prevalence"] != figures_of["mean_probability"]
    where = f"{trial.shown_films} films {trial.shown_whose.words} of made, by the predictions over-on-made"
    assert where in after.meaning
    # Of the films that were measured before, only what a rising map leaves as it was.
    assert old.findings["Emphysema"].auroc == 0.8 and old.findings["Emphysema"].sensitivity is None
    assert old.findings["Emphysema"].ece is None and old.mean.ece is None
    assert "Emphysema was mended since" in old.meaning
    assert old.findings["Mass"].sensitivity == 1.0 and "mended" not in evaluations(card)["also.test"].meaning
    assert after.films == trial.shown_films
    lead, rest = about_finding(card, "Emphysema")
    assert f"on {trial.shown_films:,} films (films kept from remedies)" in lead
    assert f"{percent(trial.after.rates.sensitivity.value)} of those with it are flagged" in rest
    assert "on 326 test films" in about_finding(card, "Mass")[0]
    assert main_evaluation(card).key == "test" and "Mended since for Emphysema" in card.summary
    assert CARD.performance["test"]["findings"]["Emphysema"] == OLD
    assert card.performance["mended"]["findings"]["Emphysema"]["before"]["ece"] == round(trial.before.ece, 4)


def test_an_old_file_that_calls_its_mean_probability_a_predicted_prevalence_is_read_by_its_name(tmp_path: Path):
    old = {"films": 9, "predicted_prevalence": 0.0153, "before": {"predicted_prevalence": 0.0241}}
    new = {"predicted_prevalence": 0.02, "mean_probability": 0.0153, "before": {"predicted_prevalence": 0.148}}
    new["before"]["mean_probability"] = 0.0241
    facts = PredictionsFacts("over-on-made", "made", ".", "over", "import", ("Emphysema",))
    (tmp_path / "remedy.json").write_text(to_json(facts, [Kept(REMEDY, "", old), Kept(REMEDY, "", new)]))
    read = [one.measured for one in read_remedies(tmp_path / "remedy.json")]
    assert read == [{"films": 9, "mean_probability": 0.0153, "before": {"mean_probability": 0.0241}}, new]


def test_a_second_finding_joins_the_first_and_a_second_remedy_takes_its_place():
    first = kept(try_remedy(_over(6000), "Emphysema", "platt"), "one", "made")
    again = kept(try_remedy(_over(6000), "Emphysema", "weighting"), "two", "made")
    mass = Kept(dataclasses.replace(REMEDY, finding="Mass"), "", {**FIGURES, "measured_on": "9 films"})
    card = mend_card(mend_card(CARD, [first, mass]), [again])
    assert set(card.performance["mended"]["findings"]) == {"Emphysema", "Mass"}
    assert "two" in card.performance["mended"]["films_are"] and "one" not in card.performance["mended"]["films_are"]
    assert card.summary == "Mended since for Emphysema, Mass: what is said of it was before."
    assert known_of({"calibration": {"Emphysema": {}}, "provenance": card.provenance}, "Emphysema").trained == 0.05


@pytest.fixture
def imported(tmp_path: Path) -> Path:
    """Predictions that somebody else made of 400 films, far too high."""
    rng = np.random.default_rng(0)
    films, truth = [f"f{k}" for k in range(400)], (rng.random(400) < 0.1).astype(float)
    table = pd.DataFrame(dict.fromkeys(COLUMNS, np.nan), index=range(400))
    table = table.assign(film=films, path="", dataset="made", patient=films, Emphysema=truth, on_disk=False)
    write_dataset(tmp_path / "made", DatasetFacts("made", str(tmp_path), "here", "none", "none", {}, 0), table)
    z = 1.5 * (rng.normal(size=400) + 1.5 * truth) - 1.1 + logit(0.1) + 3
    said = pd.DataFrame({"Emphysema": expit(z), "Mass": 0.5}, index=pd.Index(films, name="film"))
    facts = PredictionsFacts("theirs", "made", str(tmp_path / "made"), "theirs", "import", ("Emphysema", "Mass"))
    write_predictions(tmp_path / "theirs", facts, said)
    return tmp_path


def test_predictions_are_mended_from_the_command_line(imported: Path, capsys):
    before = read_predictions(imported / "theirs")
    files = [imported / "one.json", imported / "two.json"]
    for file, finding in zip(files, ("Emphysema", "Mass"), strict=True):
        remedy = Remedy(finding, "prior", LogitMap(intercept=-3.0), Threshold(0.3, "so"))
        file.write_text(to_json(before.facts, [Kept(remedy, "by hand")]), encoding="utf-8")
    command = ["mend", str(imported / "theirs"), "--remedy", *map(str, files), "--out"]
    assert main([*command, str(imported / "mended")]) == 0
    made = read_predictions(imported / "mended")
    np.testing.assert_allclose(made.table["Emphysema"], expit(logit(before.table["Emphysema"]) - 3))
    assert made.facts.thresholds == {"Emphysema": Threshold(0.3, "so"), "Mass": Threshold(0.3, "so")}
    assert made.facts.notes["mended"] == {"from": "theirs", "findings": ["Emphysema", "Mass"]}
    assert made.open_dataset().facts.name == "made"
    truth = made.open_dataset().films["Emphysema"].to_numpy()
    missed = [int(((one.table["Emphysema"] < at) & (truth == 1)).sum()) for one, at in ((before, 0.5), (made, 0.3))]
    told = capsys.readouterr().out
    assert f"Emphysema: missed {missed[0]} -> {missed[1]} of {int(truth.sum())}, flagged" in told
    assert "Mass: mended; no film has a label of it" in told or "made has no labels of it" in told
    # Nothing that was predicted is lost, and no remedy is taken twice.
    assert main([*command, str(imported / "theirs")]) == 2
    assert "choose another folder" in capsys.readouterr().err
    again = ["mend", str(imported / "mended"), "--remedy", str(files[0]), "--out", str(imported / "twice")]
    assert main(again) == 2 and "with this very remedy for Emphysema before" in capsys.readouterr().err
    assert not (imported / "twice").exists()
    for pair in ([files[0], files[0]], files[:1] * 3):
        assert (
            main(["mend", str(imported / "theirs"), "--remedy", *map(str, pair), "--out", str(imported / "two")]) == 2
        )
        assert f"There are {len(pair)} remedies for Emphysema: give one" in capsys.readouterr().err
    assert not (imported / "two").exists()
    # In other words it is the same remedy; another one is for whoever fitted it on these.
    content = json.loads(files[0].read_text())
    files[0].write_text(json.dumps(content | {"fitted": "elsewhere"}))
    assert main(again) == 2 and "with this very remedy for Emphysema before" in capsys.readouterr().err
    content["threshold"]["value"] = 0.4
    files[0].write_text(json.dumps(content))
    assert main(again) == 0
    assert "Emphysema: mended before in mended; right only where" in capsys.readouterr().err


def test_a_remedy_for_another_model_is_said(imported: Path, capsys):
    other = dataclasses.replace(read_predictions(imported / "theirs").facts, model="another")
    (imported / "one.json").write_text(to_json(other, [Kept(REMEDY)]), encoding="utf-8")
    arguments = ["mend", str(imported / "theirs"), "--remedy", str(imported / "one.json"), "--out"]
    assert main([*arguments, str(imported / "mended")]) == 0
    assert "fitted on predictions of another, these are of theirs" in capsys.readouterr().err


def test_films_that_a_taken_remedy_was_fitted_on_are_known_in_what_it_mends(imported: Path):
    before = read_predictions(imported / "theirs")
    trial = try_remedy(judge(before), "Emphysema")
    (imported / "one.json").write_text(to_json(before.facts, [Kept(trial.remedy)]), encoding="utf-8")
    assert mend_predictions(before, read_remedies(imported / "one.json"), imported / "mended")
    met = judge(read_predictions(imported / "mended")).met
    assert int(met.mended["Emphysema"].sum()) == trial.fitted_films == 200 and not met.new("Emphysema").any()


def test_a_remedy_file_gives_back_what_was_written(tmp_path: Path):
    trial = try_remedy(_over(6000), "Emphysema", "isotonic")
    facts = PredictionsFacts("p", "made", ".", "over", "predict", ("Emphysema",))
    one = kept(trial, "p", "made", "half of the films")
    (tmp_path / "one.json").write_text(to_json(facts, [one]), encoding="utf-8")
    (tmp_path / "both.json").write_text(to_json(facts, [one, Kept(REMEDY, "x")]), encoding="utf-8")
    (read,) = read_remedies(tmp_path / "one.json")
    assert read == Kept(dataclasses.replace(trial.remedy, cautions=()), "half of the films", one.measured)
    assert [kept.remedy.finding for kept in read_remedies(tmp_path / "both.json")] == ["Emphysema", "Emphysema"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is not valid JSON"),
        ("[]", "holds no remedy"),
        ("[1]", "holds no remedy: expected an object"),
        (json.dumps({"finding": "Mass"}), "names no threshold for Mass"),
        (json.dumps({"finding": "Mass", "threshold": {"value": 7}}), r"a threshold must lie in \[0, 1\]"),
        (
            json.dumps({"finding": "Mass", "threshold": {"value": 0.5}, "calibration": {"slope": -1}}),
            "slope must be a number above 0",
        ),
    ],
)
def test_a_file_that_holds_no_remedy_says_so(tmp_path: Path, content: str, words: str):
    (tmp_path / "one.json").write_text(content, encoding="utf-8")
    with pytest.raises(EvaluateError, match=words):
        read_remedies(tmp_path / "one.json")
    with pytest.raises(EvaluateError, match="There is no file"):
        read_remedies(tmp_path / "gone.json")


def test_an_output_that_is_not_there_is_not_mended(imported: Path):
    remedy = dataclasses.replace(REMEDY, finding="Hernia")
    with pytest.raises(PredictionsError, match="no output “Hernia”; it has Emphysema, Mass"):
        mend_predictions(read_predictions(imported / "theirs"), [Kept(remedy)], imported / "mended")


def test_another_version_of_a_card_predicts_as_the_model_would(imported: Path):
    bent = LogitMap(0.5, 1.0, knots=((-2.0, -4.0), (0.0, 1.0), (3.0, 2.0)))
    card = dataclasses.replace(CARD, performance={}, calibration={"Emphysema": bent})
    read = read_predictions(imported / "theirs")
    first = predict_again(read, card, "over", imported / "first")
    np.testing.assert_allclose(first.table["Emphysema"], expit(bent(logit(read.table["Emphysema"]))), rtol=1e-9)
    back = predict_again(first, dataclasses.replace(card, calibration={}), "over", imported / "back")
    np.testing.assert_allclose(back.table["Emphysema"], read.table["Emphysema"], rtol=1e-9)
    assert first.facts.notes["mended"]["findings"] == ["Emphysema"] and first.facts.model == "over"
    assert not {"mean_film", "seen"} & set(first.facts.card)  # large, and they change no answer
    np.testing.assert_array_equal(back.table["Mass"], read.table["Mass"])
