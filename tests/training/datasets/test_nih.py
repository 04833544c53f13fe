from __future__ import annotations

import hashlib
import math

import numpy as np
import pandas as pd
import pytest

from tests.training.datasets.made_sources import make_nih, nih_table, picture
from training.__main__ import main
from training.datasets.facts import DatasetError
from training.datasets.nih import age_in_years, read_nih
from training.datasets.table import labels, read_dataset
from xai.films.reading import read_film
from xai.findings import FINDINGS

# The counts that the table's publishers and others give.
POSITIVES = {"Infiltration": 19894, "Effusion": 13317, "Atelectasis": 11559, "Nodule": 6331, "Mass": 5782}
POSITIVES |= {"Pneumothorax": 5302, "Consolidation": 4667, "Pleural_Thickening": 3385, "Cardiomegaly": 2776}
POSITIVES |= {"Emphysema": 2516, "Edema": 2303, "Fibrosis": 1686, "Pneumonia": 1431, "Hernia": 227}
BOXES = {"Atelectasis": 180, "Effusion": 153, "Cardiomegaly": 146, "Infiltration": 123, "Pneumonia": 120}
BOXES |= {"Pneumothorax": 98, "Mass": 85, "Nodule": 79}


@pytest.mark.parametrize(
    ("text", "years"),
    [("58", 58), (58, 58), ("058Y", 58), ("018M", 1.5), ("000D", 0), ("414", None), ("9" * 400, None), ("?", None)],
)
def test_ages_as_nih_spells_them(text, years):
    read = age_in_years(text)
    assert math.isnan(read) if years is None else read == years


def test_rows_of_the_2017_table(tmp_path):
    source = make_nih(tmp_path)
    films = read_nih(tmp_path).films.set_index("film")
    first = films.loc["00000001_000"]
    assert {name for name in FINDINGS if first[name] == 1} == {"Cardiomegaly", "Pleural_Thickening"}
    assert {name for name in FINDINGS if first[name] == 0} == set(FINDINGS) - {"Cardiomegaly", "Pleural_Thickening"}
    assert (first["source_Cardiomegaly"], first["source_Mass"]) == ("explicit", "not_mentioned")
    normal = films.loc["00000001_001"]
    assert (normal[list(FINDINGS)] == 0).all()
    assert {normal[f"source_{name}"] for name in FINDINGS} == {"implied_by_no_finding"}
    assert (films.loc["00000002_000", list(FINDINGS)] == 1).all()
    assert first["path"] == "images_001/images/00000001_000.png"
    assert (first["patient"], first["view"], first["age"], first["sex"]) == ("nih:1", "PA", 58, "M")
    assert films["age"].round(2).tolist()[1:4] == [59, 1.5, 0.02]
    assert films["age"].isna().tolist() == [False] * 4 + [True, False]
    assert films["on_disk"].tolist() == [True] * 5 + [False]
    assert films["split"].isna().tolist() == [False] * 5 + [True]
    digest = hashlib.sha256(source.table.read_bytes()).hexdigest()
    assert read_nih(tmp_path).facts.files["Data_Entry_2017.csv"] == digest


def test_commas_at_the_end_of_rows_alone_move_no_column(tmp_path):
    source = make_nih(tmp_path)
    expected = read_nih(tmp_path).films
    heading, rows = source.table.read_text().split("\n", 1)
    source.table.write_text(heading.removesuffix(",") + "\n" + rows)
    pd.testing.assert_frame_equal(read_nih(tmp_path).films, expected)


def test_the_newer_table_is_preferred(tmp_path):
    make_nih(tmp_path)
    rows = (("00000001_000.png", "Hernia", 1, "58", "M", "PA"),)
    (tmp_path / "Data_Entry_2017_v2020.csv").write_text(nih_table(rows, comma=""))
    reading = read_nih(tmp_path)
    assert reading.films["Hernia"].tolist() == [1]
    assert list(reading.facts.files) == ["Data_Entry_2017_v2020.csv", "BBox_List_2017.csv"]


def test_a_film_without_findings_in_its_list_has_no_label(tmp_path):
    source = make_nih(tmp_path)
    source.table.write_text(nih_table((("00000001_000.png", "", 1, "58", "M", "PA"),)))
    films = read_nih(tmp_path).films
    assert np.isnan(labels(films)).all()
    assert films["source_Mass"].tolist() == ["not_mentioned"]


def test_films_in_one_folder(tmp_path):
    (tmp_path / "Data_Entry_2017_v2020.csv").write_text(
        nih_table((("00000001_000.png", "Mass", 1, "58", "M", "PA"),), comma="")
    )
    picture(tmp_path / "00000001_000.png")
    assert read_nih(tmp_path).films["path"].tolist() == ["00000001_000.png"]


def test_a_table_without_any_film_can_still_be_judged(tmp_path):
    (tmp_path / "Data_Entry_2017.csv").write_text(
        nih_table([(f"{k:08}_000.png", "Mass", k, "058Y", "M", "PA") for k in range(40)])
    )
    films = read_nih(tmp_path).films
    assert not films["on_disk"].any()
    assert films["split"].value_counts().to_dict() == {"train": 24, "test": 10, "validation": 6}


def test_boxes_become_fractions_and_keep_their_word(tmp_path):
    make_nih(tmp_path)
    boxes = read_nih(tmp_path).boxes
    assert boxes["film"].tolist() == ["00000003_000", "00000004_000"]
    assert boxes["finding"].tolist() == ["Infiltration", "Mass"]
    assert boxes["label"].tolist() == ["Infiltrate", "Mass"]
    np.testing.assert_array_equal(boxes[["x", "y", "width", "height"]], [[0.25, 0.5, 0.125, 0.0625], [0, 0, 1, 1]])


def _many(root, films: int = 40) -> None:
    rows = [(f"{k // 2:08}_00{k % 2}.png", "Mass", k // 2, "058Y", "M", "PA") for k in range(films)]
    root.mkdir(exist_ok=True)
    (root / "Data_Entry_2017.csv").write_text(nih_table(rows))
    names = [film for film, *_ in rows]
    (root / "train_val_list.txt").write_text("\n".join(names[:30]) + "\n")
    (root / "test_list.txt").write_text("\n".join([*names[30:], "00099999_000.png"]) + "\n")


def test_the_official_lists_are_the_split_where_they_are_there(tmp_path):
    _many(tmp_path)
    reading = read_nih(tmp_path)
    films = reading.films
    assert reading.facts.policy["splits"] == "official"
    assert set(films["split"][30:]) == {"test"}
    assert films["split"][:30].value_counts().to_dict() == {"train": 24, "validation": 6}
    assert (films.groupby("patient")["split"].nunique() == 1).all()
    assert {"train_val_list.txt", "test_list.txt"} <= set(reading.facts.files)
    assert [one.count for one in reading.facts.report if one.what.startswith("names in the lists")] == [1]


def test_random_is_not_official(tmp_path):
    _many(tmp_path)
    films = read_nih(tmp_path, splits="random").films
    assert set(films["split"][:30]) == {"train", "validation", "test"}


def test_lists_of_a_reproduction(tmp_path):
    _many(tmp_path / "nih")
    lists = tmp_path / "lists"
    lists.mkdir()
    # With labels behind the names, as CheXNet's reproductions have them; one of the patients in no list.
    (lists / "train_list.txt").write_text("00000000_000.png 0 1 0\n00000000_001.png 0 0 0\n")
    (lists / "val_list.txt").write_text("00000001_000.png 0 1 0\n")
    (lists / "test.csv").write_text("Image Index,Mass\n00000002_000.png,1\n")
    films = read_nih(tmp_path / "nih", splits=str(lists)).films
    assert films["split"].tolist()[:5] == ["train", "train", "validation", films["split"][3], "test"]
    assert films["split"].notna().sum() == 4


def test_lists_that_tear_a_patient_are_refused(tmp_path):
    _many(tmp_path)
    (tmp_path / "train_list.txt").write_text("00000000_000.png\n")
    for name in ("train_val_list.txt", "test_list.txt"):
        (tmp_path / name).unlink()
    (tmp_path / "test_list.txt").write_text("00000000_001.png\n")
    with pytest.raises(DatasetError, match=r"patient “nih:0” in two splits, train .* and test"):
        read_nih(tmp_path, splits=str(tmp_path))


def test_a_film_in_two_lists_is_refused(tmp_path):
    _many(tmp_path)
    (tmp_path / "test_list.txt").write_text("00000000_000.png\n")
    with pytest.raises(DatasetError, match=r"names the film “00000000_000” in line 1, which train_val names too"):
        read_nih(tmp_path)


@pytest.mark.parametrize(("splits", "sentence"), [("official", "no official split"), ("nowhere", "no folder nowhere")])
def test_lists_that_are_absent_are_named(tmp_path, splits, sentence):
    (tmp_path / "Data_Entry_2017.csv").write_text(nih_table((("00000001_000.png", "Mass", 1, "58", "M", "PA"),)))
    with pytest.raises(DatasetError, match=sentence):
        read_nih(tmp_path, splits=splits)


def test_bad_folder_is_one_line_and_status_2(tmp_path, capsys):
    assert main(["dataset", "nih", str(tmp_path / "nowhere"), "--out", str(tmp_path / "out")]) == 2
    complaint = capsys.readouterr().err
    assert complaint.count("\n") == 1
    assert "There is no folder" in complaint
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def real(real_data, tmp_path_factory):
    out = tmp_path_factory.mktemp("nih")
    assert main(["dataset", "nih", str(real_data / "nih"), "--out", str(out)]) == 0
    return read_dataset(out)


@pytest.mark.real_films
def test_real_table_has_the_published_counts(real):
    films = real.films
    assert len(films) == 112120
    assert films["patient"].nunique() == 30805
    assert films[list(FINDINGS)].sum().astype(int).to_dict() == {name: POSITIVES[name] for name in FINDINGS}
    assert films["view"].value_counts().to_dict() == {"PA": 67310, "AP": 44810}
    assert films["sex"].value_counts().to_dict() == {"M": 63340, "F": 48780}
    assert (films["age"].min(), films["age"].max(), films["age"].isna().sum()) == (0, 95, 0)
    assert (films["source_Mass"] == "implied_by_no_finding").sum() == 60361
    assert films.groupby("view")["Edema"].sum().to_dict() == {"AP": 2027, "PA": 276}


@pytest.mark.real_films
def test_real_films_are_found_and_split(real):
    here = real.films[real.films["on_disk"]]
    assert (len(here), here["patient"].nunique()) == (1304, 1044)
    assert all(real.path(path).is_file() for path in here["path"])
    assert here.groupby("patient")["split"].nunique().max() == 1
    assert here[here["split"] == "test"][list(FINDINGS)].sum().min() >= 5
    assert here["split"].value_counts(normalize=True)["test"] == pytest.approx(0.25, abs=0.01)
    absent = [one.count for one in real.facts.report if one.what.startswith("films of the table are not on disk")]
    assert absent == [112120 - 1304]


@pytest.mark.real_films
def test_real_boxes_lie_on_labelled_films(real):
    boxes = real.boxes
    assert boxes["finding"].value_counts().to_dict() == BOXES
    assert boxes["film"].nunique() == 880
    assert set(boxes["label"]) - set(FINDINGS) == {"Infiltrate"}
    films = real.films.set_index("film")
    assert all(films.at[film, finding] == 1 for film, finding in zip(boxes["film"], boxes["finding"], strict=True))
    assert (boxes["x"] + boxes["width"]).max() <= 1
    assert (boxes["y"] + boxes["height"]).max() <= 1


@pytest.mark.real_films
def test_real_rgba_original_is_as_bright_as_its_grey_copy(real_data):
    for film in ("00000100_000", "00001369_000"):
        original, copy = (
            read_film(real_data / "nih" / kind / f"{film}.png").pixels for kind in ("originals", "images")
        )
        assert original.mean() == pytest.approx(copy.mean(), abs=0.01)


def test_findings_and_columns_however_they_are_spelled(tmp_path):
    source = make_nih(tmp_path)
    before = read_nih(tmp_path).films
    text = (
        source.table.read_text().replace("Pleural_Thickening", "Pleural Thickening").replace("No Finding", "no_finding")
    )
    heading, _, rows = text.partition("\n")
    source.table.write_text(
        heading.replace("Image Index", "image_index").replace("Patient ID", "patientId") + "\n" + rows
    )
    pd.testing.assert_frame_equal(read_nih(tmp_path).films, before)


def test_lists_of_films_in_other_encodings(tmp_path):
    make_nih(tmp_path)
    (tmp_path / "train_val_list.txt").write_bytes("00000001_000.png\r\n00000001_001.png\r\n".encode("utf-16"))
    (tmp_path / "test_list.txt").write_text("00000002_000.png\n")
    split = read_nih(tmp_path).films.set_index("film")["split"]
    assert split["00000002_000"] == "test" and set(split[["00000001_000", "00000001_001"]]) <= {"train", "validation"}


def test_all_films_of_a_patient_with_a_box_are_in_the_test(tmp_path):
    make_nih(tmp_path)
    reading = read_nih(tmp_path, splits="boxed")
    films = reading.films
    boxed = films["patient"].isin(films.loc[films["film"].isin(reading.boxes["film"]), "patient"])
    at_random = read_nih(tmp_path, splits="random").films["split"]
    assert boxed.any()
    assert set(films.loc[boxed & films["on_disk"], "split"]) == {"test"}
    pd.testing.assert_series_equal(films.loc[~boxed, "split"], at_random[~boxed])
    assert reading.facts.policy == {"reader": "nih", "splits": "boxed"}
    (tmp_path / "BBox_List_2017.csv").unlink()
    with pytest.raises(DatasetError, match="needs the list of boxes"):
        read_nih(tmp_path, splits="boxed")


def test_one_finding_against_none_are_two_classes(tmp_path):
    rows = (("Mass|Pneumonia", 1), ("Pneumonia", 2), ("No Finding", 3), ("Mass", 4), ("", 5))
    table = nih_table([(f"0000000{k}_000.png", told, k, "58", "M", "PA") for told, k in rows])
    (tmp_path / "Data_Entry_2017.csv").write_text(table)
    reading = read_nih(tmp_path, against_normal="Pneumonia")
    assert reading.films["class"].tolist() == ["pneumonia", "pneumonia", "normal"]
    assert reading.films["Pneumonia"].tolist() == [1, 1, 0]
    assert reading.facts.policy["against_normal"] == "Pneumonia"
