from __future__ import annotations

import hashlib
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.__main__ import main
from training.datasets.nih import age_in_years, read_nih
from training.datasets.table import COLUMNS, DatasetError, read_dataset
from xai.findings import FINDINGS

HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],"
)


def _folder(root: Path, rows: list[str]) -> Path:
    (root / "images_001" / "images").mkdir(parents=True)
    (root / "Data_Entry_2017.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    return root


def _film(root: Path, name: str) -> None:
    Image.fromarray(np.zeros((40, 40), np.uint8)).save(root / "images_001" / "images" / name)


@pytest.mark.parametrize(
    ("text", "years"), [("58", 58), (58, 58), ("058Y", 58), ("018M", 1.5), ("000D", 0), ("414", None), ("?", None)]
)
def test_ages_as_nih_spells_them(text, years):
    read = age_in_years(text)
    assert math.isnan(read) if years is None else read == years


def test_columns_of_the_2017_table(tmp_path):
    rows = [
        "00000001_000.png,Cardiomegaly|Pleural_Thickening,0,1,058Y,M,PA,2682,2749,0.143,0.143,",
        "00000001_001.png,No Finding,1,1,058Y,M,AP,2682,2749,0.143,0.143,",
        "00000002_000.png,No Finding,0,2,414Y,F,PA,2682,2749,0.143,0.143,",
    ]
    root = _folder(tmp_path, rows)
    _film(root, "00000001_000.png")
    _film(root, "00000002_000.png")
    facts, films = read_nih(root)
    assert tuple(films.columns) == COLUMNS
    first = films.iloc[0]
    assert {name for name in FINDINGS if first[name] == 1} == {"Cardiomegaly", "Pleural_Thickening"}
    assert films.loc[1:, list(FINDINGS)].to_numpy().sum() == 0
    assert (first["film"], first["path"]) == ("00000001_000", "images_001/images/00000001_000.png")
    assert (first["patient"], first["view"], first["age"], first["sex"]) == ("nih:1", "PA", 58, "M")
    assert films["on_disk"].tolist() == [True, False, True]
    assert films["split"].isna().tolist() == [False, True, False]
    table = root / "Data_Entry_2017.csv"
    assert facts.files == {table.name: hashlib.sha256(table.read_bytes()).hexdigest()}


def test_what_is_not_nih_is_named(tmp_path):
    with pytest.raises(DatasetError, match="holds no label table"):
        read_nih(tmp_path)
    root = _folder(tmp_path, ["00000001_000.png,Scoliosis,0,1,58,M,PA,1,1,1,1,"])
    with pytest.raises(DatasetError, match="does not have: Scoliosis"):
        read_nih(root)
    (root / "Data_Entry_2017.csv").write_text(f"{HEADER}\n00000001_000.png,Mass,0,1,58,M,PA,1,1,1,1,\n")
    with pytest.raises(DatasetError, match="holds no film"):
        read_nih(root)


def test_bad_folder_is_one_line_and_status_2(tmp_path, capsys):
    assert main(["dataset", "nih", str(tmp_path / "nowhere"), "--out", str(tmp_path / "out")]) == 2
    complaint = capsys.readouterr().err
    assert complaint.count("\n") == 1
    assert "There is no folder" in complaint
    assert not (tmp_path / "out").exists()


@pytest.mark.real_films
def test_real_table(real_data, tmp_path, capsys):
    assert main(["dataset", "nih", str(real_data / "nih"), "--out", str(tmp_path)]) == 0
    assert "112120 films in the table, 1304 on disk, 1044 patients" in capsys.readouterr().out
    dataset = read_dataset(tmp_path)
    # The counts that the table's publishers and others give.
    whole = {"Infiltration": 19894, "Effusion": 13317, "Atelectasis": 11559, "Nodule": 6331, "Mass": 5782}
    whole |= {"Pneumothorax": 5302, "Consolidation": 4667, "Pleural_Thickening": 3385, "Cardiomegaly": 2776}
    whole |= {"Emphysema": 2516, "Edema": 2303, "Fibrosis": 1686, "Pneumonia": 1431, "Hernia": 227}
    assert dataset.films[list(FINDINGS)].sum().astype(int).to_dict() == {name: whole[name] for name in FINDINGS}
    assert dataset.films["view"].value_counts().to_dict() == {"PA": 67310, "AP": 44810}
    here = dataset.films[dataset.films["on_disk"]]
    assert all(dataset.path(path).is_file() for path in here["path"])
    assert here.groupby("patient")["split"].nunique().max() == 1
    assert here[here["split"] == "test"][list(FINDINGS)].sum().min() >= 5
    assert here["split"].value_counts(normalize=True)["test"] == pytest.approx(0.25, abs=0.01)
