"""What people drew on films: who drew what, from each source that tells it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from tests.training.datasets.made_sources import (
    PADCHEST_STUDIES,
    make_chexpert,
    make_padchest_gr,
    make_rsna,
    make_vindr,
    picture,
    rewrite,
)
from training.__main__ import main
from training.datasets.boxes import BOX_COLUMNS, box_table, drawing, drawings, judge_of, who_drew
from training.datasets.chexpert import read_chexpert
from training.datasets.facts import DatasetError
from training.datasets.padchest_gr import read_padchest_gr
from training.datasets.rle import encode
from training.datasets.rsna import read_rsna
from training.datasets.table import read_dataset
from training.datasets.vindr import read_vindr

VALID, TEST = "patient64541_study1_view1_frontal", "patient64741_study1_view1_frontal"
HEART = np.zeros((40, 30), bool)
HEART[20:30, 5:20] = True
EMPTY = np.zeros((40, 30), bool)


def rle(mask: np.ndarray) -> dict:
    return {"size": list(mask.shape), "counts": encode(mask)}


@pytest.fixture
def chexlocalize(tmp_path):
    """CheXpert with CheXlocalize beside it: masks of validation and test films, outlines of the benchmark."""
    source = make_chexpert(tmp_path / "source")
    folder = source.root / "CheXpert"
    picture(folder / "test" / "patient64741" / "study1" / "view1_frontal.jpg")
    labels = pd.read_csv(source.root / "CheXpert-v1.0 batch 1 (validate & csv)" / "valid.csv").assign(
        Path="test/patient64741/study1/view1_frontal.jpg", Cardiomegaly=1.0
    )
    labels.drop(columns=["Sex", "Age", "Frontal/Lateral", "AP/PA"]).to_csv(folder / "test_labels.csv", index=False)
    drawn = source.root / "CheXlocalize"
    drawn.mkdir()
    masks = {"Cardiomegaly": rle(HEART), "Airspace Opacity": rle(HEART), "Edema": rle(EMPTY)}
    (drawn / "gt_segmentations_test.json").write_text(json.dumps({TEST: masks, "patient1_study1_view1_frontal": masks}))
    (drawn / "gt_segmentations_val.json").write_text(json.dumps({VALID: {"Pleural Effusion": rle(HEART)}}))
    outline = [[5, 20], [14, 20], [14, 29], [5, 29]]
    (drawn / "hb_annotations_test.json").write_text(
        json.dumps({TEST: {"img_size": [40, 30], "Cardiomegaly": [outline]}})
    )
    return source


def test_chexlocalize_is_read_with_chexpert_as_masks_of_two_readers(chexlocalize, tmp_path):
    assert main(["dataset", "chexpert", str(chexlocalize.root), "--out", str(tmp_path / "out")]) == 0
    dataset = read_dataset(tmp_path / "out")
    boxes = dataset.boxes
    assert tuple(boxes.columns) == BOX_COLUMNS
    told = boxes[["film", "finding", "label", "reader"]].to_numpy().tolist()
    test, valid = (one.replace("_", "/", 2) for one in (TEST, VALID))
    assert told == [
        [valid, "Effusion", "Pleural Effusion", "ground truth"],
        [test, "Cardiomegaly", "Cardiomegaly", "ground truth"],
        [test, "Cardiomegaly", "Cardiomegaly", "human benchmark"],
    ]
    np.testing.assert_allclose(boxes.loc[0, ["x", "y", "width", "height"]].tolist(), [5 / 30, 0.5, 0.5, 0.25])
    both = drawings(boxes[boxes["film"] == test], 120)
    np.testing.assert_array_equal(both["ground truth"], np.kron(HEART, np.ones((3, 4), bool)))
    assert both["human benchmark"].sum() == 10 * 10 * 12  # columns 5 to 14, edges included as Pillow draws them
    said = {one.what: one.count for one in dataset.facts.report}
    assert [said[what] for what in said if what.startswith("masks of Airspace Opacity")] == [1]
    assert said["films drawn on that are not in the table, left out"] == 1
    assert dataset.facts.policy["truth"] == "ground truth" and "gt_segmentations_val.json" in dataset.facts.files
    assert "Saporta" in dataset.facts.citation


def test_the_download_of_chexlocalize_alone_is_a_dataset_too(tmp_path):
    folder = tmp_path / "CheXpert"
    picture(folder / "val" / "patient64541" / "study1" / "view1_frontal.jpg")
    row = dict.fromkeys(("No Finding", "Enlarged Cardiomediastinum", "Lung Opacity", "Lung Lesion", "Edema"), 0.0)
    row |= dict.fromkeys(("Consolidation", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion"), 0.0)
    row |= dict.fromkeys(("Pleural Other", "Fracture", "Support Devices"), 0.0) | {"Cardiomegaly": 1.0}
    path = "CheXpert-v1.0/valid/patient64541/study1/view1_frontal.jpg"
    pd.DataFrame([{"Path": path, **row}]).to_csv(folder / "val_labels.csv", index=False)
    (tmp_path / "gt_segmentations_val.json").write_text(json.dumps({VALID: {"Cardiomegaly": rle(HEART)}}))
    reading = read_chexpert(tmp_path)
    assert reading.films[["path", "on_disk", "split"]].iloc[0].tolist() == [
        "CheXpert/val/patient64541/study1/view1_frontal.jpg",
        True,
        "validation",
    ]
    assert reading.boxes["finding"].tolist() == ["Cardiomegaly"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([1], "gt_segmentations_val.json as a whole is list; expected an object"),
        ({"patient1": {}}, "calls a film “patient1”; expected names such as"),
        ({VALID: []}, f"{VALID} in gt_segmentations_val.json is list; expected an object"),
        ({VALID: {"Heart": rle(HEART)}}, "Heart of .* is none of CheXlocalize's pathologies"),
        ({VALID: {"Edema": 7}}, "Edema of .* is int; expected an object"),
        ({VALID: {"Edema": {"size": [9, 9], "counts": "12"}}}, "cannot be read: its runs have 3 pixels, not 9 × 9"),
        ({VALID: {"Edema": {"size": [10**6, 10**6], "counts": "12"}}}, "at most 40 million are read"),
        ({VALID: {"Edema": [[[1, 2], [3, 4]]]}}, "img_size of Edema of .* is None; expected 2 numbers"),
        (
            {VALID: {"Edema": [[[1, "x"]]], "img_size": [9, 9]}},
            r"A point of Edema .* is \[1, 'x'\]; expected 2 numbers",
        ),
        ({VALID: {"Edema": [], "img_size": [10**5, 10**5]}}, "expected 1 to 40 million pixels"),
        ({VALID: {"Edema": [[[1, 1], [1e12, 5]]], "img_size": [9, 9]}}, "lies far off the film"),
        ('{"a": 1, "a": 2}', "it names “a” twice in one object"),
        ("[" * 100_000, "nested too deep|cannot be read as JSON"),
        ("no JSON", "cannot be read as JSON"),
    ],
)
def test_drawings_that_are_not_as_published_are_refused_in_one_sentence(chexlocalize, content, said):
    file = chexlocalize.root / "CheXlocalize" / "gt_segmentations_val.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(DatasetError, match=said) as error:
        read_chexpert(chexlocalize.root)
    assert "\n" not in str(error.value)


def test_three_readers_of_vindr_keep_their_boxes_and_the_label_is_what_most_saw(tmp_path):
    reading = read_vindr(make_vindr(tmp_path).root)
    films, boxes = reading.films.set_index("film"), reading.boxes
    assert films.loc["a1", "read_by"] == "R10|R8|R9" and films.loc["t1", "read_by"] == "consensus of five"
    assert films["Effusion"].to_dict() == {"a1": 1, "b2": 0, "c3": 0, "d4": 0, "t1": 0, "t2": 0}
    assert films.loc["b2", ["Cardiomegaly", "source_Cardiomegaly"]].isna().tolist() == [True, False]
    assert films.loc["b2", "source_Cardiomegaly"] == "uncertain"  # one in three
    assert films.loc[["a1", "c3"], "Mass"].isna().tolist() == [True, False] and films.loc["d4", "Nodule"] == 0
    assert films.loc["a1", "Pneumonia"] == 1 and films.loc["c3", "Hernia"] == 0 and np.isnan(films.loc["a1", "Hernia"])
    assert films.loc["c3", "source_Hernia"] == "implied_by_no_finding"
    own = boxes[boxes["film"] == "a1"]
    assert own[["finding", "label", "reader"]].to_numpy().tolist() == [
        ["Effusion", "Pleural effusion", "R8"],
        ["Effusion", "Pleural effusion", "R9"],
    ]
    np.testing.assert_allclose(own[["x", "y", "width", "height"]], [[0.1, 0.1, 0.4, 0.4], [0.1, 0.1, 0.4, 0.2]])
    over = boxes[boxes["film"] == "b2"].iloc[0]
    assert over["x"] + over["width"] == 1
    assert boxes["film"].tolist() == ["a1", "a1", "b2", "t1"]
    assert films["split"].loc[["t1", "t2"]].tolist() == ["test", "test"]
    assert set(films["split"].iloc[:4]) <= {"train", "validation"}


def test_kaggles_table_of_vindr_tells_how_large_films_were_that_are_smaller_now(tmp_path):
    rows = ["image_id,class_name,class_id,rad_id,x_min,y_min,x_max,y_max", "k1,Cardiomegaly,3,R4,100,200,300,400"]
    (tmp_path / "train.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "train_meta.csv").write_text("image_id,dim0,dim1\nk1,800,1000\n")
    picture(tmp_path / "train" / "k1.png")
    boxes = read_vindr(tmp_path).boxes
    np.testing.assert_allclose(boxes[["x", "y", "width", "height"]], [[0.1, 0.25, 0.2, 0.25]])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Cardiomegaly", "Big heart", "row 8: the class “Big heart” is none of VinDr-CXR's."),
        ("50.2", "500", "film “b2”: the box of Cardiomegaly does not lie on the film."),
        ("50.2", "far", "film “b2”: the box of Cardiomegaly does not lie on the film."),
        ("50.2", "", "row 8: Cardiomegaly has no box; expected x_min, y_min, x_max and y_max."),
        ("R10,Cardio", ",Cardio", "row 8: there is no rad_id."),
        ("R10,Cardio", "A|B,Cardio", "the reader “A|B” has | in the name."),
        ("x_max", "right", "lacks the columns x_max"),
        ("b2,R8,No finding,,", "b2,R8,No finding,1,", "row 6: No finding has a box; expected none."),
        ("b2,R8", "../b2,R8", "the path “../b2” leaves the root"),
    ],
)
def test_a_table_of_vindr_that_is_odd_is_refused_by_row(tmp_path, old, new, said):
    source = make_vindr(tmp_path)
    rewrite(source.table, lambda text: text.replace(old, new))
    with pytest.raises(DatasetError) as error:
        read_vindr(source.root)
    assert said in str(error.value) and "\n" not in str(error.value)


def test_padchest_gr_has_two_readers_patients_and_labels_only_where_a_report_speaks(tmp_path):
    reading = read_padchest_gr(make_padchest_gr(tmp_path).root)
    films, boxes = reading.films.set_index("film"), reading.boxes
    assert films["patient"].tolist() == ["padchest:1", "padchest:2", "padchest:3"]
    assert films["split"].tolist() == ["validation", "test", "train"] and films["sex"].tolist() == ["F", "M", "F"]
    assert films["Effusion"].fillna(-1).tolist() == [1, 0, -1] and films["Hernia"].fillna(-1).tolist() == [-1, 0, 1]
    assert boxes["reader"].tolist() == ["first reader", "second reader"]
    np.testing.assert_allclose(boxes[["y", "height"]], [[0.5, 0.4], [0.6, 0.4]])
    assert who_drew(boxes["reader"]) == "two readers: first reader, second reader"
    (tmp_path / "master_table.csv.zip").unlink()
    alone = read_padchest_gr(tmp_path)
    assert alone.facts.policy["splits"] == "random" and alone.films["patient"].isna().all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda study: {}, "study 1 has no ImageID"),
        (lambda study: study | {"ImageID": 7}, "ImageID of study 1 is int; expected text"),
        (lambda study: study | {"ImageID": "../x.png"}, "leaves the root"),
        (lambda study: study | {"ImageID": "300_02-094-102.png"}, "two studies of the film “300_02-094-102”"),
        (lambda study: study | {"findings": {}}, "findings of the film .* is dict; expected a list"),
        (lambda study: study | {"findings": [7]}, "a finding of .* is int; expected an object"),
        (lambda study: study | {"findings": [{}]}, "has no abnormal"),
        (lambda study: study | {"findings": [{"abnormal": "yes"}]}, "is str; expected true or false"),
        (lambda study: boxed(study, [[0, 0, 1]]), r"A box of pleural effusion .* is \[0, 0, 1\]; expected 4 numbers"),
        (lambda study: boxed(study, [[0, 0, 1, "1"]]), "expected 4 numbers"),
        (lambda study: boxed(study, [[0, 0, 1, float("nan")]]), "expected 4 numbers"),
        (lambda study: boxed(study, [[10, 20, 300, 400]]), "the box of pleural effusion does not lie on the film"),
    ],
)
def test_a_report_that_is_not_as_published_is_refused_with_its_film(tmp_path, change, said):
    source = make_padchest_gr(tmp_path)
    source.table.write_text(json.dumps([change(PADCHEST_STUDIES[0]), *PADCHEST_STUDIES[1:]]))
    with pytest.raises(DatasetError, match=said) as error:
        read_padchest_gr(source.root)
    assert "\n" not in str(error.value)


def boxed(study: dict, boxes: list) -> dict:
    return study | {"findings": [{"abnormal": True, "labels": ["pleural effusion"], "boxes": boxes}]}


def test_films_of_rsna_are_those_of_nih_where_the_mapping_says_which(tmp_path):
    reading = read_rsna(make_rsna(tmp_path).root)
    films, boxes = reading.films.set_index("film"), reading.boxes
    assert films["patient"].fillna("?").to_dict() == {"u1": "nih:1", "u2": "nih:2", "u3": "nih:3", "u4": "?"}
    assert films["Pneumonia"].tolist() == [1, 0, 1, 0]
    assert films.loc["u2", "Mass"] == 0 and films.loc[["u1", "u4"], "Mass"].isna().all()
    np.testing.assert_allclose(boxes["x"] * 1024, [264, 562, 0])
    assert set(boxes["finding"]) == {"Pneumonia"} and set(boxes["reader"]) == {"adjudicated"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("u2,,,,,0", "u2,,,,,1", "row 4: “u2” has Target 1 and no box; expected one."),
        ("u2,,,,,0", "u2,1,1,1,1,0", "row 4: “u2” has Target 0 and a box; expected none."),
        ("u2,,,,,0", "u1,,,,,0", "“u1” has rows with Target 0 and with Target 1"),
        ("u2,,,,,0", "u2,,,,,maybe", "row 4: Target is “maybe”; expected 0, 1 or blank."),
        ("1024,512", "2048,512", "film “u3”: the box of Lung Opacity does not lie on the film."),
        ("Target", "Goal", "lacks the columns Target"),
    ],
)
def test_a_table_of_rsna_that_is_odd_is_refused_by_row(tmp_path, old, new, said):
    source = make_rsna(tmp_path)
    rewrite(source.table, lambda text: text.replace(old, new))
    with pytest.raises(DatasetError) as error:
        read_rsna(source.root)
    assert said in str(error.value) and "\n" not in str(error.value)


def test_a_damaged_mask_in_a_dataset_is_named_when_it_is_drawn():
    row = {"film": "f", "finding": "Mass", "x": 0.0, "y": 0.0, "width": 1.0, "height": 1.0, "label": "Mass"}
    boxes = box_table([row | {"reader": "R1", "mask": "12", "mask_height": 9, "mask_width": 9}])
    with pytest.raises(DatasetError, match="The mask of Mass on “f” cannot be read: its runs have 3 pixels"):
        drawing(boxes)


def test_the_judge_is_whom_the_source_names_or_by_turns_one_who_drew():
    assert judge_of("f", ["a", "b"], {"truth": "b"}) == "b" and judge_of("f", ["a"], {"truth": "b"}) is None
    turns = [judge_of(f"film {k}", ["b", "a", "c", "a"], {}) for k in range(300)]
    assert turns == [judge_of(f"film {k}", ["c", "b", "a"], {}) for k in range(300)]
    assert all(70 < turns.count(one) < 130 for one in "abc")
