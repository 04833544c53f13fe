from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from training.__main__ import main
from training.datasets.table import COLUMNS, DatasetFacts, labels, read_dataset, write_dataset
from training.evaluate import auroc
from training.evaluate.joining import join, judge
from training.evaluate.ranked import EvaluateError
from training.predict.import_command import import_csv, join_csv
from training.predictions.film_names import match_films
from training.predictions.table import PredictionsError, read_predictions
from xai.cards.model_card import Threshold
from xai.findings import FINDINGS

NAMES = ("00000001_000", "00000002_000", "00000002_001", "00000003_000")


def table(films: list[str], paths: list[str], mass: list[float] | None = None) -> pd.DataFrame:
    facts = {"film": films, "path": paths, "dataset": "made", "patient": films, "view": "PA", "age": 40.0, "sex": "F"}
    values = dict.fromkeys(FINDINGS, np.nan) | {"Mass": mass or [np.nan] * len(films)}
    return pd.DataFrame(facts | {"split": None, "on_disk": [path != "" for path in paths]} | values)[list(COLUMNS)]


@pytest.fixture
def dataset(tmp_path) -> Path:
    """A dataset without a single image."""
    films = table(list(NAMES), [""] * 4, [1.0, 0.0, 1.0, 0.0])
    facts = DatasetFacts("made", str((tmp_path / "data").resolve()), "made for a test", "MIT", "none", {}, 0)
    write_dataset(tmp_path / "data", facts, films)
    return tmp_path / "data"


def csv_of(folder: Path, text: str, name: str = "theirs.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def joined(dataset: Path, text: str):
    return join_csv(csv_of(dataset.parent, text), read_dataset(dataset).films)


def refusal(dataset: Path, text: str) -> str:
    with pytest.raises(PredictionsError) as refused:
        joined(dataset, text)
    sentence = str(refused.value)
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize(
    "header",
    [
        "film,Mass,Pleural_Thickening",
        "Image Index,prob_Mass,prob_Pleural_Thickening",
        "filename,mass,pleural thickening",
        "dicom_id,PROB_MASS,Prob Pleural Thickening",
        "\ufeffPath,Mass,Pleural-Thickening",
        "image_path,prob_Mass,prob_pleuralthickening",
    ],
)
def test_columns_under_the_names_that_people_give_them(dataset, header):
    found = joined(dataset, f"{header}\n00000002_001.png,0.25,0.5\n00000001_000.png,1,0\n").table
    assert list(found.index) == ["00000002_001", "00000001_000"]
    assert list(found.columns) == ["Mass", "Pleural_Thickening"]
    assert found.to_numpy().tolist() == [[0.25, 0.5], [1.0, 0.0]]


def test_marked_columns_win_over_labels_of_the_same_name(dataset):
    made = joined(dataset, "film,Mass,prob_Mass,label_Edema,Edema\n00000001_000,1,0.125,0,1\n")
    assert made.table.to_dict("list") == {"Mass": [0.125]}
    assert made.ignored == ("Mass", "label_Edema", "Edema")


@pytest.mark.parametrize("other", ["pred_Mass", "Mass_pred", "mass prob", "p_Mass", "score_Mass"])
def test_labels_are_not_read_as_predictions(dataset, other):
    rows = "\n00000001_000,1,0.7\n00000002_000,0,0.6\n00000002_001,1,0.2\n"
    sentence = refusal(dataset, f"film,Mass,{other}{rows}")
    assert "own labels in the column Mass" in sentence and f"prediction in {other}: name the" in sentence
    assert joined(dataset, f"film,Mass,weight{rows}").table["Mass"].tolist() == [1, 0, 1]
    assert joined(dataset, f"film,Mass,{other}{rows.replace(',1,', ',0.9,')}").table["Mass"].tolist() == [0.9, 0, 0.9]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators(dataset, separator):
    text = separator.join(["film", "Mass", "Edema"]) + "\n" + separator.join(["00000001_000", "0.25", "1e-3"]) + "\n"
    assert joined(dataset, text).table.to_numpy().tolist() == [[0.25, 0.001]]


def test_decimal_commas_between_semicolons(dataset):
    assert joined(dataset, "film;Mass\n00000001_000;0,25\n").table["Mass"].tolist() == [0.25]


def test_gzip(dataset, tmp_path):
    path = tmp_path / "theirs.csv.gz"
    path.write_bytes(gzip.compress(b"film,Mass\n00000001_000,0.5\n"))
    made, _ = import_csv(path, read_dataset(dataset), tmp_path / "out")
    assert made.facts.model == "theirs" and made.table.loc["00000001_000", "Mass"] == 0.5
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(PredictionsError, match=r"theirs\.csv\.gz cannot be read as a CSV"):
        join_csv(path, read_dataset(dataset).films)


def test_names_with_folders_and_endings():
    films = table(
        ["p1_s1_v1", "p1_s2_v1", "02aa804e-bde0afdd", "x.1"],
        ["train/p1/s1/view1_frontal.jpg", "train/p1/s2/view1_frontal.jpg", "files/p10/s5/02aa804e-bde0afdd.jpg", ""],
    )
    meant = {
        "p1_s1_v1": "p1_s1_v1",
        "CheXpert-v1.0-small/train/p1/s2/view1_frontal.jpg": "p1_s2_v1",
        "train\\p1\\s1\\view1_frontal.JPG": "p1_s1_v1",
        "/mnt/disk/train/p1/s1/view1_frontal": "p1_s1_v1",
        "view1_frontal.jpg": None,  # two films
        "02aa804e-bde0afdd.dcm": "02aa804e-bde0afdd",
        "elsewhere/02aa804e-bde0afdd": "02aa804e-bde0afdd",
        " x.1 ": "x.1",
        "x": None,
        "": None,
        "/": None,
    }
    found = match_films(pd.Series(list(meant)), films)
    assert [None if pd.isna(film) else film for film in found] == list(meant.values())


def test_a_folder_that_contradicts_the_films_path_means_another_film():
    films = table(["0", "1", "b/2", "c/2"], ["set/covid/0.jpg", "1.jpg", "b/2.jpg", "c/2.jpg"])
    meant = {
        "normal/0.jpg": None,
        "/data/set/normal/0.jpg": None,
        "other/covid/0.jpg": None,
        "covid/0.jpg": "0",
        "Covid/0.jpg": "0",
        "/data/set/covid/0.jpg": "0",
        "0.jpg": "0",
        "./0.jpg": "0",
        "anywhere/1.jpg": "1",
        "b/2": "b/2",
        "a/2.jpg": None,
    }
    found = match_films(pd.Series(list(meant), index=range(3, 3 + len(meant))), films)
    assert [None if pd.isna(film) else film for film in found] == list(meant.values())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("film,Mass\n00000001_000,0.5\n00000002_000,1.5\n", "“1.5” for Mass in row 3; expected a number from 0 to 1"),
        ("film,Mass\n00000001_000,-0.1\n", "“-0.1” for Mass in row 2"),
        ("film,Mass\n00000001_000,inf\n", "“inf” for Mass in row 2"),
        ("film,Mass\n00000001_000,high\n", "“high” for Mass in row 2"),
        (
            "film,Mass\n00000001_000.png,0.1\n00000002_000,0.2\nimages/00000001_000.png,0.1\n",
            "two rows for the film “00000001_000”: rows 2 and 4",
        ),
        ("film,Mass\nother.png,0.5\n", "such as “other.png”, the dataset such as “00000001_000”"),
        ("who,Mass\n00000001_000,0.5\n", "no column that names the film; expected one such as film"),
        ("film,Score\n00000001_000,0.5\n", "no column of a finding; expected names such as Atelectasis or prob_"),
        ("film,Mass,mass\n00000001_000,0.5,0.5\n", "two columns for Mass: Mass and mass"),
        ("film,Mass\n", "has no rows"),
        ("", "cannot be read as a CSV (it is empty)."),
        (" \n\n", "cannot be read as a CSV (it is empty)."),
        ("\n<!DOCTYPE html>\n<html><body>film,Mass</body></html>\n", "(it is a web page, not a table: save the table"),
        ("film,Mass\n00000001_000,0.5,7,8\n", "rows with more cells than its heading has columns"),
        ("film,Mass\n00000001_000,0.5\n00000002_000,0.5,7\n", "cannot be read as a CSV"),
        ("film,Mass,Mass\n00000001_000,0.5,0.5\n", "two columns named Mass"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(dataset, text, sentence):
    assert sentence in refusal(dataset, text)


def test_not_text_at_all(dataset, tmp_path):
    for name, data in (("a.csv", b"\x89PNG\r\n\x1a\n\xff\xfe"), ("b.csv.gz", b"\x1f\x8bno gzip")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(PredictionsError, match="cannot be read as a CSV"):
            join_csv(tmp_path / name, read_dataset(dataset).films)
    with pytest.raises(PredictionsError, match="There is no file"):
        join_csv(tmp_path / "none.csv", read_dataset(dataset).films)


def test_the_command_reports_what_found_no_partner(dataset, tmp_path, capsys):
    csv = csv_of(tmp_path, "film,Mass\n00000001_000,0.5\nstranger.png,0.1\n00000003_000,0.2\n")
    out = tmp_path / "out"
    command = ["import-predictions", str(csv), "--dataset", str(dataset), "--out", str(out), "--model", "Theirs"]
    assert main(command) == 0
    said = capsys.readouterr()
    assert said.out == "2 films of made, 1 finding\n"
    assert "1 row matches no film: stranger.png." in said.err
    assert "no column for Atelectasis, Cardiomegaly" in said.err
    made = read_predictions(out)
    assert (made.facts.name, made.facts.model, made.facts.source) == ("Theirs-on-made", "Theirs", "import")
    assert made.facts.outputs == ("Mass",) and made.facts.thresholds == {} and made.facts.card == {}
    assert made.facts.notes["unmatched_rows"] == ["stranger.png"]
    assert made.facts.notes["rows_without_film"] == 1 and made.facts.notes["films_without_row"] == 2
    assert made.table["Mass"].to_dict() == {"00000001_000": 0.5, "00000003_000": 0.2}

    csv.write_text("film,Mass\n00000001_000,2\n")
    assert main(command) == 2
    assert capsys.readouterr().err == (
        "python -m training: theirs.csv has “2” for Mass in row 2; expected a number from 0 to 1.\n"
    )
    assert read_predictions(out).table["Mass"].tolist() == [0.5, 0.2]


def test_thresholds(dataset, tmp_path):
    rows = "".join(f"{name},{value},0.5\n" for name, value in zip(NAMES, (0.8, 0.6, 0.7, 0.1), strict=True))
    csv = csv_of(tmp_path, f"film,Mass,Edema\n{rows}")
    made, _ = import_csv(csv, read_dataset(dataset), tmp_path / "a", threshold="youden")
    # Labels 1, 0, 1, 0: between 0.6 and 0.7 all are right. Edema is not labelled, so it has no threshold.
    assert {name: cut.value for name, cut in made.facts.thresholds.items()} == {"Mass": pytest.approx(0.65)}
    assert judge(made).chosen_here("Mass") == "youden" and judge(made).chosen_here("Edema") == ""
    made, _ = import_csv(csv, read_dataset(dataset), tmp_path / "b", threshold="0.25")
    assert set(made.facts.thresholds) == {"Mass", "Edema"}
    assert made.facts.thresholds["Edema"] == Threshold(0.25, "0.25, the same for every finding")
    assert judge(made).chosen_here("Mass") == ""
    for rule in ("1.5", "best", "nan"):
        with pytest.raises(EvaluateError, match="Expected a number from 0 to 1, a rule, or a file"):
            import_csv(csv, read_dataset(dataset), tmp_path / "c", threshold=rule)


CLASSES = ("covid", "normal", "pneumonia")


def of_classes(classes: tuple[str, ...] = CLASSES, films: int = 12) -> pd.DataFrame:
    """Films of a class each, in turn."""
    names = [f"f{k}" for k in range(films)]
    return table(names, [""] * films).assign(**{"class": [classes[k % len(classes)] for k in range(films)]})


def softmax(header: str, shares: tuple[float, ...] = (0.5, 0.3, 0.2)) -> str:
    """A row a film, whose own class has the first share, the next one the second and so on."""
    rows = [f"f{k}," + ",".join(f"{shares[(place - k) % 3]}" for place in range(3)) for k in range(12)]
    return "\n".join([header, *rows]) + "\n"


@pytest.mark.parametrize(
    "header",
    ["film,covid,normal,pneumonia", "film,COVID-19,Healthy,Pneumonia", "film,prob_covid,prob_normal,prob_pneumonia"],
)
def test_classes_of_a_dataset_are_judged_against_each_other(tmp_path, header):
    films = of_classes()
    made = join_csv(csv_of(tmp_path, softmax(header)), films)
    assert made.are_classes and made.ignored == ()
    assert list(made.table.columns) == list(CLASSES)
    judged = join(made.table, films, softmax=made.are_classes)
    # A film of covid is no pneumonia here, though its label says so.
    assert judged.truth("pneumonia").tolist() == [0, 0, 1] * 4
    assert [judged.auroc(name).value for name in CLASSES] == [1, 1, 1]


def test_classes_stay_classes_in_the_folder_and_on_the_way_to_the_pages(tmp_path):
    films = of_classes(("covid", "normal", "Pneumonia"))  # which is a finding's name, too
    facts = DatasetFacts("made", str(tmp_path.resolve()), "made for a test", "MIT", "none", {}, 0)
    write_dataset(tmp_path / "data", facts, films)
    csv = csv_of(tmp_path, softmax("film,covid,normal,pneumonia"))
    made, _ = import_csv(csv, read_dataset(tmp_path / "data"), tmp_path / "out", threshold="youden")
    judged = judge(read_predictions(tmp_path / "out"))
    assert judged.findings == judged.classes == ("covid", "normal", "Pneumonia")
    assert judged.truth("Pneumonia").tolist() == [0, 0, 1] * 4
    assert {name: one.value for name, one in made.facts.thresholds.items()} == dict.fromkeys(
        judged.findings, pytest.approx(0.4)
    )


def test_one_class_beside_findings_is_read_beside_them(tmp_path):
    made = join_csv(csv_of(tmp_path, "film,Mass,covid,Pneumonia\nf0,0.9,0.8,0.7\n"), of_classes())
    assert not made.are_classes
    assert made.table.to_dict("list") == {"Mass": [0.9], "Pneumonia": [0.7], "covid": [0.8]}


def test_columns_that_match_nothing_are_refused_with_what_there_is(tmp_path):
    with pytest.raises(PredictionsError, match="or the classes covid, normal, pneumonia, but its other"):
        join_csv(csv_of(tmp_path, "film,who,what\nf0,0.9,0.8\n"), of_classes())


def test_every_column_that_is_not_read_is_named(dataset, tmp_path, capsys):
    csv = csv_of(tmp_path, ",film,Mass,Score,Mass (label),note,\n0,00000001_000,0.5,1,1,x,\n")
    assert main(["import-predictions", str(csv), "--dataset", str(dataset), "--out", str(tmp_path / "out")]) == 0
    assert "Columns that are not read: column 1 (no name), Score, Mass (label), note." in capsys.readouterr().err
    ignored = read_predictions(tmp_path / "out").facts.notes["ignored_columns"]
    assert ignored == ["column 1 (no name)", "Score", "Mass (label)", "note"]


def test_films_in_a_column_without_a_name(dataset):
    assert joined(dataset, ",Mass\n00000001_000,0.5\n").table["Mass"].to_dict() == {"00000001_000": 0.5}
    assert "no column that names the film" in refusal(dataset, ",Mass\n0,0.5\n")


@pytest.mark.parametrize("cell", ["0,25", "25 %", "25%", "2.5e-1", "2,5E-01", " 0.25 "])
def test_numbers_as_people_write_them(dataset, cell):
    assert joined(dataset, f'film;Mass\n00000001_000;"{cell}"\n').table["Mass"].tolist() == [0.25]


def test_a_cell_without_a_number_is_a_missing_probability_and_counted(dataset, tmp_path, capsys):
    csv = csv_of(tmp_path, "film,Mass,Edema\n00000001_000,0.5,NA\n00000002_000,,n/a\n00000003_000,0.25\n")
    assert main(["import-predictions", str(csv), "--dataset", str(dataset), "--out", str(tmp_path / "out")]) == 0
    assert "4 cells hold no number: these probabilities are missing." in capsys.readouterr().err
    assert read_predictions(tmp_path / "out").table["Mass"].fillna(-1).tolist() == [0.5, -1, 0.25]


def test_rows_are_counted_as_a_spreadsheet_does(dataset):
    text = 'film,note,Mass\n00000001_000,"two\nlines",0.5\n\n00000002_000,,2\n'
    assert "“2” for Mass in row 4" in refusal(dataset, text)


def test_other_encodings(dataset, tmp_path):
    for encoding in ("utf-16", "cp1252"):
        (tmp_path / "theirs.csv").write_bytes("film;Größe;Mass\n00000001_000;ä;0,5\n".encode(encoding))
        found = join_csv(tmp_path / "theirs.csv", read_dataset(dataset).films)
        assert found.table["Mass"].tolist() == [0.5] and found.ignored == ("Größe",)


def test_import_needs_no_tensorflow(dataset, tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name == "xai.backend" or name.startswith(("training", "xai"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    monkeypatch.setitem(sys.modules, "keras", None)
    from training.__main__ import main as fresh

    csv = csv_of(tmp_path, "film,Mass\n00000001_000,0.5\n")
    assert fresh(["import-predictions", str(csv), "--dataset", str(dataset), "--out", str(tmp_path / "out")]) == 0


@pytest.mark.real_films
def test_the_published_chexnet_predictions_give_the_published_figures(real_data, tmp_path):
    assert main(["dataset", "nih", str(real_data / "nih"), "--out", str(tmp_path / "nih")]) == 0
    csv = real_data / "nih" / "chexnet" / "preds.csv"
    made, found = import_csv(csv, read_dataset(tmp_path / "nih"), tmp_path / "out")
    assert len(made.table) == 22_433 and made.facts.outputs == FINDINGS and found.rows_without_film == ()
    truth = labels(made.open_dataset().films.set_index("film").loc[made.table.index])
    published = pd.read_csv(real_data / "nih" / "chexnet" / "aucs.csv").set_index("label")["auc"]
    for k, finding in enumerate(FINDINGS):
        measured = auroc(truth[:, k], made.table[finding].to_numpy()).value
        assert round(measured, 4) == round(published[finding], 4)
