"""Tables that are not what they should be: one sentence each, with the row."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.training.datasets.made_sources import MAKERS, rewrite
from training.__main__ import main
from training.datasets.facts import DatasetError

BOXES = "BBox_List_2017.csv"
FILMS, SPLIT = "mimic-cxr-2.0.0-metadata.csv.gz", "mimic-cxr-2.0.0-split.csv.gz"

# Table to damage ("" for the label table), what to write for what in it ("" for nothing: the third row is written
# twice), and what is said.
DAMAGES = {
    "nih": (
        ("", "Finding Labels", "Labels", r"lacks the columns Finding Labels"),
        ("", "", "", r"row 8: the film “00000002_000\.png” already has row 4"),
        ("", "|Hernia", "|Scoliosis", r"row 4: the finding “Scoliosis” is none of NIH's"),
        ("", "Mass|Nodule,0,4", "No Finding|Nodule,0,4", r"row 6: “No Finding\|Nodule” says No Finding and"),
        ("", "|Hernia", "|{0}{value}", r"row 4: the finding “\{0\}.*” is none"),
        ("", "00000004_000.png", "../../x.png", r"row 6: the path “\.\./\.\./x\.png” leaves the root"),
        ("", "00000004_000.png", "/x.png", r"row 6: the path “/x\.png” leaves the root"),
        (BOXES, "256,512", "256,1512", r"row 2: the box on “00000003_000\.png” is none in 1024"),
        (BOXES, "256,512", "a,b", r"row 2: the box on “00000003_000\.png” is none in 1024"),
        (BOXES, "Mass", "Scoliosis", r"row 3: the finding “Scoliosis” is none of NIH's"),
    ),
    "chexpert": (
        ("", "Edema", "Oedema", r"lacks the columns Edema; it has Path, Sex"),
        ("", "", "", r"row 7: the film “train/patient00002/.*” already has row 4"),
        ("", "-1.0", "2.0", r"row 2: \w.* is “2\.0”; expected 1, 0, -1 or blank"),
        ("", "-1.0", "maybe", r"row 2: \w.* is “maybe”; expected 1, 0, -1 or blank"),
        ("", "small/", "small/../../", r"row 2: the path .* leaves the root"),
        ("", "train/patient00002", "x", r"row 4: the path is “.*”; expected one such as train/patient00001"),
    ),
    "mimic": (
        ("", "Pneumonia", "P", r"lacks the columns Pneumonia; it has subject_id"),
        ("", "", "", r"row 18: the study 50000002 already has a row"),
        ("", "-1.0", "0.5", r"row 2: \w.* is “0\.5”; expected 1, 0, -1 or blank"),
        (FILMS, "", "", r"row 19: the film “00000002-.*” already has row 4"),
        (FILMS, "00000001-00000001", "../../00000001", r"row 3: “\.\./\.\./00000001.*” is no dicom_id"),
        (FILMS, ",10000001,", ",../../etc,", r"row 3: “\.\./\.\./etc” is no subject_id"),
        (SPLIT, "", "", r"row 19: the film “00000002-.*” already has row 4"),
    ),
    "covid": (
        ("", "finding", "diagnosis", r"lacks the columns finding; it has patientid"),
        ("", "", "", r"row \d+: the film “images/film2\.jpg” already has row 4"),
        ("", "No Finding", "Scoliosis", r"row 2: the finding “Scoliosis” holds “scoliosis”, which"),
        ("", "film5.jpg", "../../film5.jpg", r"row 7: the path .* leaves the root"),
        ("", "images,film5", "/etc,film5", r"row 7: the path “/etc/film5\.jpg” leaves the root"),
    ),
}
CASES = [pytest.param(maker, *case, id=f"{maker} {case[2]}") for maker, cases in DAMAGES.items() for case in cases]


def _damage(text: str, old: str, new: str) -> str:
    if not old:
        lines = text.splitlines()
        return "\n".join([*lines, lines[3]]) + "\n"
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(("maker", "name", "old", "new", "sentence"), CASES)
def test_one_sentence_with_the_row(maker, name, old, new, sentence, tmp_path, capsys):
    source = MAKERS[maker](tmp_path / "source")
    rewrite(source.root / name if name else source.table, lambda text: _damage(text, old, new))
    with pytest.raises(DatasetError, match=sentence):
        source.read(source.root)
    assert main(["dataset", *source.command, str(source.root), "--out", str(tmp_path / "out")]) == 2
    complaint = capsys.readouterr().err
    assert complaint.count("\n") == 1
    assert re.search(sentence, complaint)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("maker", DAMAGES)
def test_no_label_table(maker, tmp_path):
    source = MAKERS[maker](tmp_path / "source")
    for file in source.table.parent.glob("*.csv*"):
        if file.name != BOXES:
            file.unlink()
    with pytest.raises(DatasetError, match=r"holds no (label table|table mimic)"):
        source.read(source.root)


@pytest.mark.parametrize("maker", DAMAGES)
@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\n\n\n", b'"a', b"{}"])
def test_a_table_that_is_none(maker, content, tmp_path):
    source = MAKERS[maker](tmp_path / "source")
    source.table.write_bytes(content)
    with pytest.raises(DatasetError, match=re.escape(str(source.table))):
        source.read(source.root)


@pytest.mark.parametrize("maker", ["nih", "chexpert", "covid"])
def test_rows_without_a_film_are_left_out_and_counted(maker, tmp_path):
    source = MAKERS[maker](tmp_path / "source")
    before = source.read(source.root)
    rewrite(source.table, lambda text: _blank_line_after(text, 2))
    after = source.read(source.root)
    assert after.films["film"].tolist() == before.films["film"].tolist()
    remarks = [one for one in after.facts.report if "without film" in one.what]
    assert [(one.count, one.example, one.left_out) for one in remarks] == [(1, "4", True)]


def test_rows_are_counted_as_a_spreadsheet_does(tmp_path):
    source = MAKERS["chexpert"](tmp_path / "source")
    rewrite(source.table, lambda text: _blank_line_after(text, 1).replace("train/patient00003", "x"))
    with pytest.raises(DatasetError, match=r"train\.csv, row 7"):
        source.read(source.root)


def _blank_line_after(text: str, row: int) -> str:
    lines = text.splitlines()
    return "\n".join([*lines[: row + 1], "", *lines[row + 1 :]]) + "\n"


def test_a_root_that_is_a_file_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="There is no folder"):
        MAKERS["nih"](tmp_path / "source").read(tmp_path / "file")


@pytest.mark.parametrize("maker", DAMAGES)
def test_cells_beyond_the_heading_are_not_dropped(maker, tmp_path):
    source = MAKERS[maker](tmp_path / "source")
    rewrite(source.table, lambda text: text.replace(text.splitlines()[1], text.splitlines()[1] + ",x,y,z", 1))
    with pytest.raises(DatasetError, match="rows with more cells than its heading has columns"):
        source.read(source.root)


@pytest.mark.parametrize("maker", DAMAGES)
def test_a_heading_without_rows_makes_no_dataset(maker, tmp_path, capsys):
    source = MAKERS[maker](tmp_path / "source")
    rewrite(source.table, lambda text: text.splitlines()[0] + "\n")
    assert main(["dataset", *source.command, str(source.root), "--out", str(tmp_path / "out")]) == 2
    assert "has no rows below its heading" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("maker", DAMAGES)
def test_rows_that_name_no_film_make_no_dataset(maker, tmp_path):
    source = MAKERS[maker](tmp_path / "source")
    for table in source.table.parent.glob("*.csv*"):
        if table.name != BOXES:
            rewrite(table, lambda text: text.splitlines()[0] + "\n" + "," * text.splitlines()[0].count(",") + "\n")
    with pytest.raises(DatasetError, match=r"has no film|row 2: there is no study_id"):
        source.read(source.root)


@pytest.mark.parametrize("maker", DAMAGES)
def test_an_endless_heading_is_not_parsed_nor_repeated(maker, tmp_path):
    source = MAKERS[maker](tmp_path / "source")
    rewrite(source.table, lambda text: ",".join(f"c{k}" for k in range(50_000)) + "\n1\n")
    with pytest.raises(DatasetError, match="its heading has more than 200,000 characters"):
        source.read(source.root)


def test_only_the_first_columns_are_listed(tmp_path):
    source = MAKERS["nih"](tmp_path / "source")
    rewrite(source.table, lambda text: ",".join(f"c{k}" for k in range(2_000)) + "\n1\n")
    with pytest.raises(DatasetError, match=r"it has c0, .*, c29, …\.$"):
        source.read(source.root)


def test_another_column_in_place_of_the_findings_takes_no_memory(tmp_path):
    """One column a word would be 1.6 GB here."""
    source = MAKERS["nih"](tmp_path / "source")
    text = "\n".join(f"{k:08}_000.png,word {k},0,{k},058Y,M,PA,1,1,1,1," for k in range(40_000))
    rewrite(source.table, lambda table: table.splitlines()[0] + "\n" + text + "\n")
    with pytest.raises(DatasetError, match="row 2: the finding “word 0” is none of NIH's"):
        source.read(source.root)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_are_not_opened_and_names_that_are_no_text_are_left_out(tmp_path):
    source = MAKERS["folders"](tmp_path / "source")
    before = source.read(source.root)
    folder = source.root / Path(before.films["path"].iloc[0]).parent
    os.mkfifo(folder / "pipe.png")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.png")).write_bytes(b"")
    after = source.read(source.root)
    assert after.films["film"].tolist() == before.films["film"].tolist()
    told = [(one.count, one.left_out) for one in after.facts.report if one.what.startswith("pipes, devices")]
    assert told == [(2, True)]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_table_that_is_a_pipe_is_no_table(tmp_path):
    source = MAKERS["nih"](tmp_path / "source")
    source.table.unlink()
    os.mkfifo(source.table)
    with pytest.raises(DatasetError, match="holds no label table"):
        source.read(source.root)


def test_a_name_that_steers_a_terminal_is_refused(tmp_path, capsys):
    source = MAKERS["films"](tmp_path / "source")
    out = tmp_path / "out"
    assert main(["dataset", "films", str(source.root), "--out", str(out), "--name", "a\x1b[31m"]) == 2
    complaint = capsys.readouterr().err
    assert "The dataset cannot be called “a�[31m”" in complaint
    assert "\x1b" not in complaint
    assert not out.exists()
