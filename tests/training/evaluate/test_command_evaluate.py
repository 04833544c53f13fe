from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from training.__main__ import main
from training.datasets.marks import record
from training.datasets.table import DatasetFacts, read_dataset, write_dataset
from training.predictions.table import PredictionsFacts, write_predictions
from xai.cards.model_card import Threshold
from xai.findings import FINDINGS

COLUMNS = (
    "finding,positives,negatives,patients,auroc,auroc_low,auroc_high,average_precision,average_precision_low,"
    "average_precision_high,brier,ece,threshold,tp,fp,fn,tn,sensitivity,sensitivity_low,sensitivity_high,specificity,"
    "specificity_low,specificity_high,ppv,ppv_low,ppv_high,npv,npv_low,npv_high,prevalence,prevalence_low,"
    "prevalence_high,predicted_prevalence,predicted_prevalence_low,predicted_prevalence_high,f1"
)


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    """Emphysema as it may be, Mass without a film, Hernia unlabelled; 300 films of 150 patients, 4 unpredicted."""
    rng = np.random.default_rng(0)
    names = [f"f{k}" for k in range(304)]
    facts = {"path": "", "dataset": "made", "view": "PA", "age": 50.0, "sex": "F", "on_disk": False}
    films = pd.DataFrame({"film": names, "patient": [f"p{k // 2}" for k in range(304)], **facts})
    films["split"] = np.where(np.arange(304) < 200, "train", "test")
    films[list(FINDINGS)] = np.nan
    films["Emphysema"] = (rng.random(304) < 0.3).astype(float)
    films["Mass"] = 0.0
    dataset = tmp_path / "made"
    write_dataset(dataset, DatasetFacts("made", str(dataset), "made", "none", "none", {}, 0), films)
    table = pd.DataFrame({name: rng.random(300) for name in ("Emphysema", "Mass", "Hernia")}, names[:300])
    table["Emphysema"] = (2 * table["Emphysema"] + films["Emphysema"][:300].to_numpy()) / 3
    folder = tmp_path / "predictions"
    cut = {"Emphysema": Threshold(0.4, "so")}
    facts = PredictionsFacts("p", "made", str(dataset), "a model", "import", tuple(table.columns), cut)
    write_predictions(folder, facts, table)
    return folder


def test_unknown_patients_are_said_and_none_is_counted(predictions: Path, tmp_path: Path, capsys):
    dataset = read_dataset(tmp_path / "made")
    for patients, words in (
        ([None] * 304, "300 films whose patients are not known"),
        (["a", "a", *[None] * 302], "300 films of 1 known patients (298 of unknown ones)"),
    ):
        write_dataset(tmp_path / "made", dataset.facts, dataset.films.assign(patient=patients))
        assert main(["evaluate", str(predictions), "--out", str(tmp_path / "out")]) == 0
        said, content = capsys.readouterr().out, json.loads((tmp_path / "out" / "metrics.json").read_text())
        assert words in said and content["caution"] in said
        assert "such films are treated as independent, so that the interval may be too narrow." in content["caution"]
        assert content["caution"] in content["definitions"]["interval"]
        assert content["patients"] is None
        assert content["films_of_unknown_patients"] == patients[:300].count(None)


def test_writes_the_columns_and_what_scikit_learn_measures(predictions: Path, tmp_path: Path, capsys):
    out = tmp_path / "out"
    assert main(["evaluate", str(predictions), "--out", str(out)]) == 0
    assert (out / "metrics.csv").read_text().splitlines()[0] == COLUMNS
    table = pd.read_csv(out / "metrics.csv", index_col="finding")
    films = pd.read_parquet(tmp_path / "made" / "films.parquet")[:300]
    p = pd.read_parquet(predictions / "predictions.parquet")
    labels, scores = films["Emphysema"].to_numpy(), p["Emphysema"].to_numpy()
    flagged = scores >= 0.4
    row = table.loc["Emphysema"]
    assert row["auroc"] == pytest.approx(metrics.roc_auc_score(labels, scores), abs=1e-12)
    assert row["average_precision"] == pytest.approx(metrics.average_precision_score(labels, scores), abs=1e-12)
    assert row["brier"] == pytest.approx(metrics.brier_score_loss(labels, scores), abs=1e-12)
    assert row["ppv"] == pytest.approx(metrics.precision_score(labels, flagged), abs=1e-12)
    assert row["f1"] == pytest.approx(metrics.f1_score(labels, flagged), abs=1e-12)
    assert row["predicted_prevalence"] == pytest.approx(flagged.mean())
    assert row["threshold"] == 0.4 and row["positives"] + row["negatives"] == 300
    assert row["auroc_low"] < row["auroc"] < row["auroc_high"]
    assert table.loc["Mass", ["positives", "negatives", "prevalence"]].tolist() == [0, 300, 0]
    assert np.isnan(table.loc["Mass", "auroc"]) and table.loc["Mass", "specificity"] < 1
    assert table.loc["Hernia", ["positives", "negatives"]].tolist() == [0, 0]
    printed = capsys.readouterr().out
    assert (
        f"300 films of 150 patients: mean AUROC {row['auroc']:.3f} (95 % interval" in printed
        and "of 1 of 3 findings" in printed
        and "Mass: None of the 300" in printed
    )


def test_the_json_defines_every_column(predictions: Path, tmp_path: Path):
    assert main(["evaluate", str(predictions), "--out", str(tmp_path / "out")]) == 0
    content = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert set(COLUMNS.split(",")) <= set(content["definitions"])
    assert "Obuchowski" in content["definitions"]["interval"]
    assert (content["predictions"], content["model"]) == ("predictions", "a model")  # as its folder, and of which model
    assert content["films"] == 300 and content["films_without_prediction"] == 4
    assert content["metrics"][1]["auroc"] is None
    assert content["notes"]["Hernia"] == {"missing": 300, "problem": "No film has both a label and a prediction."} | {
        "rule": content["notes"]["Hernia"]["rule"]
    }


def test_a_split_and_a_rule(predictions: Path, tmp_path: Path):
    out = tmp_path / "out"
    rule = ["--split", "test", "--thresholds", "sensitivity", "--target", "0.8"]
    assert main(["evaluate", str(predictions), "--out", str(out), *rule]) == 0
    table = pd.read_csv(out / "metrics.csv", index_col="finding")
    assert table.loc["Emphysema", "positives"] + table.loc["Emphysema", "negatives"] == 100
    assert 0.8 <= table.loc["Emphysema", "sensitivity"] < 0.9
    assert np.isnan(table.loc["Mass", "threshold"]) and np.isnan(table.loc["Mass", "predicted_prevalence"])
    notes = json.loads((out / "metrics.json").read_text())["notes"]
    assert notes["Mass"]["no_threshold"].startswith("None of the 100")


def _refused(capsys, *arguments: str) -> str:
    assert main(["evaluate", *arguments]) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1
    return told.err


def test_bad_input_is_one_line_and_status_2(predictions: Path, tmp_path: Path, capsys):
    out = ["--out", str(tmp_path / "out")]
    assert "There is no folder" in _refused(capsys, str(tmp_path / "nowhere"), *out)
    target = ["--thresholds", "sensitivity", "--target", "7"]
    assert "must be a share above 0 and at most 1; got 7" in _refused(capsys, str(predictions), *out, *target)
    assert "is in the split validation" in _refused(capsys, str(predictions), *out, "--split", "validation")
    table = pd.read_parquet(predictions / "predictions.parquet")
    bad = {
        "two rows for the film “f0”": table.assign(film=["f0", "f0", *table["film"][2:]]),
        "gives 1.5 as the probability": table.assign(Mass=1.5),
        "None of the 300 predicted films": table.assign(film="x" + table["film"]),
        "same probability": table.assign(Emphysema=0.5, Mass=0.5, Hernia=0.5),
        "all are missing": table.assign(Emphysema=np.nan, Mass=np.nan, Hernia=np.nan),
    }
    for words, broken in bad.items():
        broken.to_parquet(predictions / "predictions.parquet", index=False)
        assert words in _refused(capsys, str(predictions), *out)
    assert not (tmp_path / "out").exists()
    assert "but got guess; the rules are card, half" in _refused(
        capsys, str(predictions), *out, "--thresholds", "guess"
    )


def test_a_column_that_tells_nothing_apart_does_not_count_in_the_mean(predictions: Path, tmp_path: Path, capsys):
    dataset = read_dataset(tmp_path / "made")
    films = dataset.films.assign(Mass=np.arange(304) % 2, Hernia=np.arange(304) % 3 == 0)
    write_dataset(tmp_path / "made", dataset.facts, films.astype({"Mass": float, "Hernia": float}))
    table = pd.read_parquet(predictions / "predictions.parquet").assign(Mass=0.3)
    table.to_parquet(predictions / "predictions.parquet", index=False)
    assert main(["evaluate", str(predictions), "--out", str(tmp_path / "out")]) == 0
    areas = pd.read_csv(tmp_path / "out" / "metrics.csv", index_col="finding")["auroc"]
    told = json.loads((tmp_path / "out" / "metrics.json").read_text())["mean_auroc"]
    assert areas["Mass"] == 0.5 and told["findings"] == ["Emphysema", "Hernia"]
    assert told["value"] == pytest.approx(areas[["Emphysema", "Hernia"]].mean(), abs=1e-12)
    assert told["low"] < told["value"] < told["high"]
    printed = capsys.readouterr().out
    assert "of 2 of 3 findings" in printed and "Mass: All 300 films have the same score, 0.3" in printed


def test_films_that_the_model_met_are_left_out_unless_all_are_asked_for(predictions: Path, tmp_path: Path, capsys):
    facts, films = tmp_path / "predictions" / "predictions.json", read_dataset(tmp_path / "made").films
    content = json.loads(facts.read_text())
    content["card"] = {"provenance": {"used": [record(films[films["split"] == "train"], ["fit"])]}}
    facts.write_text(json.dumps(content))
    out = ["--out", str(tmp_path / "out")]
    assert main(["evaluate", str(predictions), *out]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("100 films of 50 patients")
    assert "All 100 films are of 50 patients that it has never met." in printed
    assert "Films left out: 200 that it has met. --split all takes them in." in printed and "warning" not in printed
    told = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert told["split"] == "never-met" and told["met"]["never_met"] == 100
    assert told["films_left_out"] == {"met": 200, "unknown": 0}
    assert main(["evaluate", str(predictions), *out, "--split", "all"]) == 0
    printed, told = capsys.readouterr().out, json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert "warning: The model has met 200 of these 300 films, and films that it has met usually flatter" in printed
    assert "on the 100 that it has never met." in printed
    assert told["met"]["fit"] == 200 and told["split"] == "all"
    assert told["films_left_out"] == {}


def test_of_a_model_without_a_card_nothing_is_concluded_from_the_split(predictions: Path, tmp_path: Path, capsys):
    assert main(["evaluate", str(predictions), "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert "Whether it was fitted on any of these films is not known" in printed and "warning" not in printed


def test_thresholds_are_a_number_a_rule_or_a_file(predictions: Path, tmp_path: Path, capsys):
    file = tmp_path / "mine.csv"
    file.write_text("Finding;Threshold\nEmphysema;0,25\n")
    out = tmp_path / "out"

    def measured(*words: str) -> tuple[pd.DataFrame, str]:
        assert main(["evaluate", str(predictions), "--out", str(out), "--thresholds", *words]) == 0
        return pd.read_csv(out / "metrics.csv", index_col="finding"), capsys.readouterr().out

    table, printed = measured("0.3")
    assert table["threshold"].tolist() == [0.3, 0.3, 0.3] and "thresholds: 0.3, the same for every finding" in printed
    table, printed = measured(str(file))
    assert table.loc["Emphysema", "threshold"] == 0.25 and np.isnan(table.loc["Mass", "threshold"])
    assert (
        "mine.csv names no threshold for Hernia"
        in json.loads((out / "metrics.json").read_text())["notes"]["Hernia"]["no_threshold"]
    )
    assert "chosen on these very films" not in printed
    _, printed = measured("cost")
    assert "They were chosen on these very films" in printed and "the rates tend to be too good" in printed
    note = json.loads((out / "metrics.json").read_text())["notes"]["Emphysema"]
    assert note["chosen_here"].startswith("Chosen on these very films,") and "problem" not in note
    assert 0 < note["on_other_patients"]["sensitivity"]["low"] < note["on_other_patients"]["sensitivity"]["high"] <= 1
    assert "thresholds: Cost, a miss as 10 false alarms" in printed
    _, printed = measured("cost", "--target", "3")
    assert "thresholds: Cost, a miss as 3 false alarms" in printed


def test_a_slice_is_measured_against_the_rest_at_the_same_thresholds(predictions: Path, tmp_path: Path, capsys):
    dataset, out = read_dataset(tmp_path / "made"), tmp_path / "out"
    ages = np.arange(304.0)  # the last four films have no prediction; percentiles are among all
    write_dataset(dataset.folder, dataset.facts, dataset.films.assign(age=ages, view=["AP", "PA"] * 152))
    asked = ["--slice", "age=p50..", "--slice", "view=AP"]
    assert main(["evaluate", str(predictions), "--out", str(out), "--split", "all", *asked]) == 0
    assert "slice.csv: films with age: at least percentile 50; view: AP against all others" in capsys.readouterr().out
    table = pd.read_csv(out / "slice.csv").set_index(["finding", "measure"])
    labels, scores = dataset.films["Emphysema"][:300].to_numpy(), pd.read_parquet(predictions / "predictions.parquet")
    here = (ages[:300] >= 151.5) & (np.arange(300) % 2 == 0)
    row = table.loc[("Emphysema", "auroc")]
    for side, films in (("slice", here), ("rest", ~here)):
        assert row[side] == pytest.approx(metrics.roc_auc_score(labels[films], scores["Emphysema"][films]), abs=1e-12)
    flagged = (scores["Emphysema"] >= 0.4).to_numpy()
    row = table.loc[("Emphysema", "sensitivity")]
    assert row["slice"] == pytest.approx(flagged[here & (labels == 1)].mean())
    assert row["threshold"] == 0.4 and row["difference"] == pytest.approx(row["slice"] - row["rest"])
    content = json.loads((out / "metrics.json").read_text())
    assert content["slice"] == ["age=p50..", "view=AP"]
    assert set(content["definitions"]["slice.csv"]) == {"finding", "measure", *row.index, "intervals"}
    assert content["films"] == 300  # the other table is of all films


@pytest.mark.parametrize(
    "asked, words",
    [("height=3", "has no column “height”"), ("view=XX", "No film has view “XX”"), ("view", "is no condition")],
)
def test_a_slice_that_cannot_be_asked_for_is_refused_in_one_line(
    predictions: Path, tmp_path: Path, capsys, asked, words
):
    arguments = ["evaluate", str(predictions), "--out", str(tmp_path / "out"), "--slice", asked]
    try:
        status = main(arguments)
    except SystemExit as error:
        status = error.code
    assert status == 2 and words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_where_nothing_names_a_threshold_that_is_said(predictions: Path, tmp_path: Path, capsys):
    facts, out = predictions / "predictions.json", tmp_path / "out"
    content = json.loads(facts.read_text())

    def said(**changes) -> tuple[str, str]:
        facts.write_text(json.dumps(content | changes))
        assert main(["evaluate", str(predictions), "--out", str(out)]) == 0
        return capsys.readouterr().out, json.loads((out / "metrics.json").read_text())["thresholds"]

    printed, told = said(thresholds={})
    assert told == "0.5 for every finding, since neither a model card nor the predictions name any"
    assert f"thresholds: {told}" in printed and "chosen on these" not in printed
    _, told = said()
    assert told == "Those that the predictions were imported with; 0.5 for Mass, Hernia, of which they name none"
    _, told = said(card={"name": "a model"})
    assert told == "Model card; 0.5 for Mass, Hernia, of which they name none"
    printed, _ = said(notes={"thresholds_chosen_by": "youden"})
    assert "They were chosen on these very films" in printed


def test_films_that_a_remedy_was_fitted_on_are_not_called_missing(predictions: Path, tmp_path: Path):
    dataset = read_dataset(tmp_path / "made")
    films = dataset.films[:100]
    facts = predictions / "predictions.json"
    used = [record(dataset.films[200:240], ["fit"])]
    remedy = {"finding": "Emphysema", "used": record(films, ["mend"], finding="Emphysema")}
    content = json.loads(facts.read_text()) | {"card": {"provenance": {"used": used, "remedies": [remedy]}}}
    facts.write_text(json.dumps(content))
    assert main(["evaluate", str(predictions), "--out", str(tmp_path / "out")]) == 0
    notes = json.loads((tmp_path / "out" / "metrics.json").read_text())["notes"]
    assert notes["Emphysema"]["missing"] == 0
    assert notes["Emphysema"]["left_out_since_a_remedy_was_fitted_on_them"] == 100
    assert notes["Mass"]["missing"] == 0 and notes["Hernia"]["missing"] == 260
