"""Gaps, other scales, and what the model learned from, in somebody else's table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit, softmax

from tests.training.predict.test_import_predictions import table
from training.__main__ import main
from training.datasets.table import DatasetFacts, read_dataset, write_dataset
from training.evaluate.few_values import few_values
from training.predict.columns import choose_columns
from training.predict.import_command import import_csv, join_csv
from training.predictions.table import PredictionsError, read_predictions

NAMES = [f"f{k}" for k in range(8)]
SHARES = np.array([0.97, 0.8, 0.6, 0.4, 0.3, 0.2, 0.1, 0.02])


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    films = table(NAMES, [""] * 8, [1.0, 0.0] * 4).assign(**{"class": ["covid", "normal"] * 4})
    facts = DatasetFacts("made", str(tmp_path), "made here", "none", "none", {}, 0)
    write_dataset(tmp_path / "made", facts, films.assign(split=["train"] * 4 + ["test"] * 4))
    return tmp_path / "made"


def csv_of(folder: Path, **columns: object) -> Path:
    path = folder / "theirs.csv"
    pd.DataFrame({"film": NAMES, **columns}).to_csv(path, index=False)
    return path


def test_one_empty_cell_is_one_missing_prediction(dataset, tmp_path, capsys):
    csv = csv_of(tmp_path, Mass=[None, *SHARES[1:]], Edema=SHARES, age=50, Emphysma=SHARES)
    command = ["import-predictions", str(csv), "--dataset", str(dataset), "--out", str(tmp_path / "out")]
    assert main([*command, "--thresholds", "0.5"]) == 0
    told = capsys.readouterr().err
    assert "1 cell holds no number: this probability is missing." in told
    assert "Columns that are not read: age, Emphysma." in told
    table = read_predictions(tmp_path / "out").table
    assert np.isnan(table.loc["f0", "Mass"]) and table.loc["f0", "Edema"] == 0.97 and len(table) == 8
    assert main(["evaluate", str(tmp_path / "out"), "--out", str(tmp_path / "figures")]) == 0
    assert "columns of the imported table that were not read: age, Emphysma" in capsys.readouterr().out
    metrics = pd.read_csv(tmp_path / "figures" / "metrics.csv", index_col="finding")
    assert metrics.loc["Mass", "positives"] + metrics.loc["Mass", "negatives"] == 7


def test_answers_of_yes_and_no_and_a_constant_are_named(dataset, tmp_path, capsys):
    answers = [1, 0, 0, 1, 0, 0, 1, 1]
    csv = csv_of(tmp_path, Mass=answers, Edema=answers, Hernia=[0.3] * 8, Nodule=SHARES, Fibrosis=[0.9, 0.1] * 4)
    assert main(["import-predictions", str(csv), "--dataset", str(dataset), "--out", str(tmp_path / "out")]) == 0
    told = capsys.readouterr().err
    assert "Mass, Edema and Fibrosis have only two values each: a ROC curve then has one point between" in told
    assert "Hernia is 0.3 on all 8 films: it tells nothing apart." in told
    assert few_values({"Mass": np.array([*answers, np.nan])}) == [
        "Mass has only two values, 0 and 1: a ROC curve then has one point between its ends, and there is nothing to "
        "calibrate."
    ]
    assert few_values({"Nodule": SHARES, "Mass": np.array([0.0, 1.0])}) == []


def test_percentages_and_logits_are_asked_about_and_read(dataset, tmp_path):
    films = read_dataset(dataset).films
    for scale, numbers, looks in (("percent", 100 * SHARES, "percentages"), ("logit", logit(SHARES), "logits")):
        csv = csv_of(tmp_path, Mass=numbers, Edema=numbers)
        with pytest.raises(PredictionsError, match=rf"look like {looks}: say --scale {scale} if they are"):
            join_csv(csv, films)
        made, _ = import_csv(csv, read_dataset(dataset), tmp_path / scale, scale=scale)
        np.testing.assert_allclose(made.table["Mass"], SHARES, rtol=1e-12)
        assert made.facts.notes["scale"] == scale


def test_a_single_cell_outside_is_named_with_its_row(dataset, tmp_path):
    csv = csv_of(tmp_path, Mass=[*SHARES[:7], 1.2], Edema=SHARES)
    with pytest.raises(PredictionsError, match=r"has “1\.2” for Mass in row 9; expected a number from 0 to 1"):
        join_csv(csv, read_dataset(dataset).films)
    csv = csv_of(tmp_path, Mass=["much", *logit(SHARES[1:])])
    with pytest.raises(PredictionsError, match="has “much” for Mass in row 2"):
        join_csv(csv, read_dataset(dataset).films, "logit")


def test_percentages_of_classes_add_up_too(dataset, tmp_path):
    csv = csv_of(tmp_path, covid=100 * SHARES, normal=100 * (1 - SHARES))
    found = join_csv(csv, read_dataset(dataset).films, "percent")
    assert found.are_classes and found.table["normal"].tolist() == pytest.approx(1 - SHARES)


def test_logits_of_classes_go_through_their_softmax(dataset, tmp_path):
    logits = np.random.default_rng(0).normal(0, 3, (8, 2))
    csv = csv_of(tmp_path, covid=logits[:, 0], normal=logits[:, 1])
    found = join_csv(csv, read_dataset(dataset).films, "logit")
    np.testing.assert_allclose(found.table.to_numpy(), softmax(logits, axis=1))


def test_who_imports_can_say_what_the_model_learned_from(dataset, tmp_path, capsys):
    csv = csv_of(tmp_path, Mass=SHARES)
    command = ["import-predictions", str(csv), "--dataset", str(dataset), "--out", str(tmp_path / "out")]
    for told, words in ((["train"], "4 films"), (["none"], "8 films")):
        assert main([*command, "--learned-from", *told]) == 0
        capsys.readouterr()
        assert main(["evaluate", str(tmp_path / "out"), "--out", str(tmp_path / "figures")]) == 0
        printed = capsys.readouterr().out
        assert printed.startswith(words) and "patients that it has never met" in printed


def test_thresholds_of_a_file(dataset, tmp_path):
    (tmp_path / "at.csv").write_text("finding,threshold\nMass,0.35\n")
    csv = csv_of(tmp_path, Mass=SHARES, Edema=SHARES)
    made, _ = import_csv(csv, read_dataset(dataset), tmp_path / "a", threshold=str(tmp_path / "at.csv"))
    assert {name: one.value for name, one in made.facts.thresholds.items()} == {"Mass": 0.35}
    made, _ = import_csv(csv, read_dataset(dataset), tmp_path / "b", threshold="cost", target=3.0)
    assert "Cost, a miss as 3 false alarms" in made.facts.thresholds["Mass"].rule
    with pytest.raises(PredictionsError, match="An imported file has no card"):
        import_csv(csv, read_dataset(dataset), tmp_path / "c", threshold="card")
    (tmp_path / "at.csv").write_text("finding,threshold\nHernia,0.35\n")
    with pytest.raises(PredictionsError, match=r"at\.csv names a threshold for none of Mass, Edema"):
        import_csv(csv, read_dataset(dataset), tmp_path / "d", threshold=str(tmp_path / "at.csv"))


CLASSES = ("covid", "normal", "pneumonia")


def columns_of(*names: str, shares: tuple[float, ...] = (0.5, 0.3, 0.2), classes: tuple[str, ...] = CLASSES):
    rows = pd.DataFrame({name: [str(share)] * 3 for name, share in zip(names, shares, strict=False)})
    return choose_columns(rows, classes, "theirs.csv")


@pytest.mark.parametrize("strange", ["class_0", "tuberculosis", "Edema"])
def test_a_softmax_with_a_class_that_the_dataset_has_not_is_refused(strange: str):
    with pytest.raises(PredictionsError, match=f"add up to one.* but {strange} is none of the dataset's classes covid"):
        columns_of("normal", "pneumonia", strange)


def test_a_softmax_with_a_class_that_is_no_finding_is_refused_where_a_dataset_has_no_classes():
    with pytest.raises(PredictionsError, match=r"add up to one.* but covid, normal are no finding, and"):
        columns_of("covid", "normal", "pneumonia", classes=())
    assert columns_of("Mass", "Edema", "pneumonia", classes=()).outputs.keys() == {"Mass", "Edema", "Pneumonia"}
    assert columns_of("pneumonia", classes=()).outputs == {"Pneumonia": "pneumonia"}


def test_a_column_of_exactly_a_class_is_that_class_and_a_finding_beside_findings():
    assert columns_of("pneumonia").are_classes
    assert columns_of("normal", "pneumonia", shares=(0.9, 0.7)).are_classes
    beside = columns_of("Pneumonia", "Edema", "normal", shares=(0.9, 0.7, 0.1))
    assert not beside.are_classes and list(beside.outputs) == ["Pneumonia", "Edema", "normal"]
    assert columns_of("Pneumonia").outputs == {"Pneumonia": "Pneumonia"}


def test_a_finding_that_several_classes_are_about_is_judged_against_the_others():
    found = columns_of(
        "normal", "Pneumonia", shares=(0.4, 0.6), classes=("bacterial pneumonia", "normal", "viral pneumonia")
    )
    assert found.are_classes and set(found.outputs) == {"normal", "Pneumonia"}
