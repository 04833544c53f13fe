"""Tables as people have them: encodings, packings, separators, numbers; and bounds while they are read."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile

import numpy as np
import pandas as pd
import pytest

from training.datasets import text_table
from training.datasets.facts import DatasetError
from training.datasets.rows import read_csv
from training.datasets.text_table import TableError, as_numbers, column_key, is_blank, read_text_table

TEXT = "film,Größe,who\na,1,Zoë\nb,2,\n"


def written(folder, data: bytes | str, name: str = "table.csv"):
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def refusal(path) -> str:
    with pytest.raises(TableError) as refused:
        read_text_table(path)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_encodings(tmp_path, encoding):
    table = read_text_table(written(tmp_path, TEXT.encode(encoding)))
    assert table.columns.tolist() == ["film", "Größe", "who"]
    assert table.fillna("").to_numpy().tolist() == [["a", "1", "Zoë"], ["b", "2", ""]]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress], ids=["gzip", "bzip2", "xz"])
def test_packed_whatever_it_is_called(tmp_path, pack):
    table = read_text_table(written(tmp_path, pack(TEXT.encode())))
    assert table["who"].tolist()[0] == "Zoë"


def test_a_zip_of_one_table_is_read_and_others_are_named(tmp_path):
    path = tmp_path / "table.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inside/table.csv", TEXT)
    assert read_text_table(path)["film"].tolist() == ["a", "b"]
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("other.csv", TEXT)
    assert refusal(path) == "it is a zip of 2 files; expected one table"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "")
    assert refusal(path) == "it is a workbook, not text: save the sheet as CSV"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators(tmp_path, separator):
    table = read_text_table(written(tmp_path, TEXT.replace(",", separator)))
    assert table.shape == (2, 3)


def test_a_line_that_names_the_separator_is_no_heading(tmp_path):
    assert read_text_table(written(tmp_path, "sep=;\r\na;b,c\r\n1;2\r\n")).columns.tolist() == ["a", "b,c"]


def test_line_breaks_and_separators_in_quotes(tmp_path):
    table = read_text_table(written(tmp_path, '"the\nfilm","a;b;c"\n"x\ny","1"\n\nz,2\n'))
    assert table.columns.tolist() == ["the\nfilm", "a;b;c"]
    assert table.fillna("").to_numpy().tolist() == [["x\ny", "1"], ["", ""], ["z", "2"]]


def test_columns_without_a_name(tmp_path):
    table = read_text_table(written(tmp_path, ",film,,\n0,a,,\n1,b,,\n"))
    assert table.columns.tolist() == ["column 1 (no name)", "film"]
    assert table["film"].tolist() == ["a", "b"]


def test_lines_that_end_as_macintoshes_once_ended_them(tmp_path):
    assert read_text_table(written(tmp_path, "a,b\r1,2\r3,4\r"))["b"].tolist() == ["2", "4"]


def test_separators_at_the_end_of_all_lines_but_the_heading(tmp_path):
    assert read_text_table(written(tmp_path, "a,b\n1,2,\n3,4,\n")).to_numpy().tolist() == [["1", "2"], ["3", "4"]]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("a,b,a\n1,2,3\n", "it has two columns named a"),
        ("a,b\n1,2,3\n4,5,6\n", "it has rows with more cells than its heading has columns"),
        ("a,b\n1,2\n4,5,6\n", "Expected 2 fields in line 3, saw 3"),
        ('a,b\n1,"2\n' + "3,4\n" * 50, "a cell begins with a quotation mark and never ends"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "it holds no text"),
        ("", "it is empty"),
        ("<!DOCTYPE html>\n<html></html>\n", "it is a web page, not a table: save the table itself"),
        (gzip.compress(TEXT.encode())[:-12], "Compressed file ended before the end-of-stream marker was reached"),
    ],
)
def test_what_is_no_table_is_named(tmp_path, data, words):
    assert words in refusal(written(tmp_path, data))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress], ids=["plain", "gz", "bz2", "xz"])
def test_a_table_that_unpacks_without_end_is_bounded_while_it_is_read(tmp_path, monkeypatch, pack):
    monkeypatch.setattr(text_table, "MAX_BYTES", 2**20)
    path = written(tmp_path, pack(b"film,Mass\n" + b"a,0.5\n" * 2**19))
    assert refusal(path) == "it holds more than 1 MiB of text"


def test_more_cells_than_memory_holds_are_counted_before_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(text_table, "MAX_CELLS", 10_000)
    assert refusal(written(tmp_path, "a,b\n" + "," * 20_000 + "\n")) == "it has more than 10,000 cells"


def test_a_row_of_a_million_cells_is_refused(tmp_path):
    assert refusal(written(tmp_path, "a,b\n1,2" + ",3" * 10**6 + "\n")) == "it has a row of more than 100,000 cells"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.25", 0.25),
        ("0,25", 0.25),
        (",5", 0.5),
        ("9,7e-05", 9.7e-05),
        ("1,0E+00", 1.0),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("1 234,5", 1234.5),
        ("1'234.5", 1234.5),
        ("25%", 0.25),
        ("2,5 %", 0.025),
        ("\u22121", -1.0),
        (" 1 ", 1.0),
    ],
)
def test_numbers_as_people_write_them(text, number):
    assert as_numbers(pd.Series([text])).tolist() == [pytest.approx(number, rel=1e-12)]


@pytest.mark.parametrize("text", ["high", "1,2,3", "1_000", "0x10", "-", "1.2.3", "12 34", "%", ",", "1,234,567.8.9"])
def test_what_is_no_number(text):
    assert np.isnan(as_numbers(pd.Series([text]))).all()


def test_blank_is_what_says_that_there_is_no_number():
    cells = pd.Series(["", " ", "NA", "n/a", "NaN", "None", "null", "-", "?", None, "0", "no", "high"])
    assert is_blank(cells).tolist() == [True] * 10 + [False] * 3


def test_columns_are_found_whatever_their_case_blanks_and_underscores(tmp_path):
    for name in ("Pleural Thickening", "pleural_thickening", "Pleural_Thickening", "PLEURAL-THICKENING"):
        assert column_key(name) == "pleuralthickening"
        path = written(tmp_path, f"Image_index,{name}\na,1\n")
        table = read_csv(path, ("Image Index", "Pleural_Thickening"))
        assert table.columns.tolist() == ["Image Index", "Pleural_Thickening"]
    path = written(tmp_path, "Edema,edema\n1,1\n")
    with pytest.raises(DatasetError, match="two columns for Edema: Edema and edema"):
        read_csv(path, ("Edema",))


def test_lines_are_counted_while_a_file_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(text_table, "_as_utf8", None)  # which is not reached
    for end in (b"\n", b"\r"):
        (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"film,Mass" + end * (text_table.MAX_LINES + 1)))
        with pytest.raises(TableError, match=r"it has more than 5,000,000 lines"):
            read_text_table(tmp_path / "a.csv.gz")
