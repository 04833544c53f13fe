from __future__ import annotations

import io
import re
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from dashboard.page.told import UNEXPECTED, sentence_of, without_paths
from tests.conftest import REPOSITORY
from xai.cards.model_card import read_card
from xai.films.film import Film, FilmError
from xai.models.errors import ModelError
from xai.saving import save


def raised(act) -> BaseException:
    with pytest.raises(Exception) as caught:  # of any kind
        act()
    return caught.value


def test_what_the_app_says_itself_is_said():
    def act():
        raise FilmError("This is no picture:\nexpected PNG.")

    assert sentence_of(raised(act)) == "This is no picture: expected PNG."


def test_so_is_a_plain_error_that_a_line_of_the_app_raised():
    error = raised(lambda: save(Film.from_pixels(np.zeros((64, 64), np.float32)), Path("film.txt")))
    assert type(error) is ValueError
    assert sentence_of(error) == "expected a file that ends in .npz or .png, got film.txt"


@pytest.mark.parametrize(
    "act",
    [
        lambda: int("x"),
        lambda: h5py.File(io.BytesIO(b"nothing"), "r").create_group("a\0b"),
        lambda: pd.read_csv(io.StringIO("a,b\n1\n2,3,4,5")),
        lambda: pd.DataFrame({"a": [1]}).set_index("b"),
    ],
)
def test_what_another_package_says_is_for_the_log(act):
    assert sentence_of(raised(act)) == UNEXPECTED


def test_a_file_that_cannot_be_read_is_not_named_by_its_path():
    error = raised(lambda: (REPOSITORY / "nowhere" / "film.png").read_bytes())
    assert sentence_of(error) == "A file could not be read or written: No such file or directory."


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/home/ada/films/table.csv has no column film.", "table.csv has no column film."),
        ("“/srv/library” is no folder", "“library” is no folder"),
        (r"C:\Users\Ada\films\a.png is empty.", "a.png is empty."),
        ("[Errno 13] Permission denied: '/var/lib/x/notes.sqlite'", "[Errno 13] Permission denied: 'notes.sqlite'"),
        ("put it into the library's models/ folder", "put it into the library's models/ folder"),
        ("and/or 3/4 of https://example.org/a/b", "and/or 3/4 of https://example.org/a/b"),
        ("The film <b>a</b> has no label.", "The film <b>a</b> has no label."),
        ("height × width / channels", "height × width / channels"),
    ],
)
def test_files_are_named_by_their_last_part(text, told):
    assert without_paths(text) == told


def test_a_long_text_is_cut():
    said = sentence_of(ModelError("word " * 1000))
    assert len(said) <= 1001
    assert said.endswith("word…")


def test_no_page_and_no_answer_gives_the_text_of_an_error_as_it_is():
    raw = re.compile(r"(st\.\w+|escape|_sentence|refuse|append)\(.*(str\(error\)|\{error\})|\berror ?= ?str\(error\)")
    found = [
        f"{path.relative_to(REPOSITORY)}:{number}"
        for path in sorted((REPOSITORY / "dashboard").rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if raw.search(line) and path.name != "link.py"  # where the text is the link's own
    ]
    assert found == []


def test_what_another_package_said_is_taken_out_of_what_the_app_says(tmp_path):
    (tmp_path / "dataset.json").write_text("{}", encoding="utf-8")
    (tmp_path / "films.parquet").write_bytes(b"no table")

    def act():
        try:
            pq.read_table(tmp_path / "films.parquet")
        except ValueError as error:
            raise FilmError(f"{tmp_path} cannot be read ({error}).") from error

    assert sentence_of(raised(act)) == f"{tmp_path.name} cannot be read."


def test_what_python_says_of_a_card_helps_to_mend_it(tmp_path):
    card = tmp_path / "own.json"
    card.write_text('{"name": }', encoding="utf-8")
    assert sentence_of(raised(lambda: read_card(card))) == (
        "own.json is not valid JSON (Expecting value: line 1 column 10 (char 9))."
    )
