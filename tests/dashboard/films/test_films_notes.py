from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dashboard.films.notes import LONGEST_NOTE, LONGEST_TAG, MOST_AT_ONCE, Notebook, NotesError, Remark


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "library" / "notes.sqlite"


@pytest.fixture
def notebook(path: Path) -> Notebook:
    return Notebook(path)


def test_reading_makes_no_file(notebook, path):
    assert (notebook.tags("d"), notebook.views(), notebook.remarks("d", ["a"])) == ({}, {}, {})
    assert not path.parent.exists()


def test_what_was_written_is_there_after_a_restart(notebook, path):
    notebook.add_tag("d", ["a", "b"], "  look   again ")
    notebook.set_note("d", ["a"], " clip on the left \n")
    notebook.save_view("misses", {"outcomes": "Mass:FN"})
    again = Notebook(path)
    assert again.tags("d") == {"look again": 2}
    assert again.tagged("d", "look again") == ["a", "b"]
    assert again.remarks("d", ["a", "b", "c"]) == {
        "a": Remark(("look again",), "clip on the left"),
        "b": Remark(("look again",), ""),
    }
    assert again.views() == {"misses": {"outcomes": "Mass:FN"}}
    assert again.tags("another dataset") == {}


def test_tags_and_notes_come_off(notebook):
    notebook.add_tag("d", ["a"], "x")
    notebook.add_tag("d", ["a"], "x")
    notebook.remove_tag("d", ["a", "b"], "x")
    notebook.set_note("d", ["a"], "words")
    notebook.set_note("d", ["a"], "  ")
    notebook.save_view("v", {})
    notebook.remove_view("v")
    assert (notebook.remarks("d", ["a"]), notebook.views()) == ({}, {})


def test_several_visitors_and_two_servers_write_at_once(path):
    books = [Notebook(path), Notebook(path)]

    def write(number: int) -> None:
        books[number % 2].add_tag("d", [f"film {number}"], f"tag {number % 5}")
        books[number % 2].set_note("d", [f"film {number}"], f"note {number}")

    with ThreadPoolExecutor(8) as visitors:
        list(visitors.map(write, range(120)))
    for book in books:
        assert sum(book.tags("d").values()) == 120
        remarks = book.remarks("d", [f"film {k}" for k in range(120)])
        assert remarks == {f"film {k}": Remark((f"tag {k % 5}",), f"note {k}") for k in range(120)}


def test_the_version_changes_with_every_write_here_or_elsewhere(path):
    here, there = Notebook(path), Notebook(path)
    here.add_tag("d", ["a"], "x")
    seen = {here.version()}
    here.add_tag("d", ["b"], "x")
    seen.add(here.version())
    there.add_tag("d", ["c"], "x")
    seen.add(here.version())
    assert len(seen) == 3
    assert here.version() in seen


@pytest.mark.parametrize("tag", ["", "   ", "a,b", "x" * (LONGEST_TAG + 1), "a\x00b", "\u202eab"])
def test_a_tag_that_is_none_is_refused(notebook, path, tag):
    with pytest.raises(NotesError, match="tag"):
        notebook.add_tag("d", ["a"], tag)
    assert not path.exists()


def test_lengths_and_numbers_are_bounded(notebook):
    with pytest.raises(NotesError, match=f"at most {LONGEST_NOTE:,} characters, not {LONGEST_NOTE + 1:,}"):
        notebook.set_note("d", ["a"], "x" * (LONGEST_NOTE + 1))
    with pytest.raises(NotesError, match=f"At most {MOST_AT_ONCE:,} films"):
        notebook.add_tag("d", map(str, range(MOST_AT_ONCE + 1)), "x")
    with pytest.raises(NotesError, match="name of a view"):
        notebook.save_view("\n", {})


def test_a_view_is_not_overwritten_by_chance(notebook):
    notebook.save_view("mine", {"sex": "F"})
    with pytest.raises(NotesError, match="already a view “mine”"):
        notebook.save_view("mine", {"sex": "M"})
    assert notebook.views() == {"mine": {"sex": "F"}}


def test_words_are_words(notebook):
    """Nothing in a tag or a film's name is read as SQL."""
    hostile = "'); DROP TABLE tags; --"
    notebook.add_tag(hostile, [hostile, "%"], hostile)
    assert notebook.tagged(hostile, hostile) == ["%", hostile]
    assert notebook.tagged(hostile, "%") == []


def test_many_films_are_asked_about_at_once(notebook):
    films = [str(k) for k in range(3000)]
    notebook.add_tag("d", films, "x")
    assert set(notebook.remarks("d", films)) == set(films)


def test_a_notebook_in_memory_leaves_nothing(tmp_path, contents):
    book = Notebook(None)
    book.add_tag("d", ["a"], "x")
    assert book.tags("d") == {"x": 1}
    assert contents(tmp_path) == {}


def test_a_damaged_file_is_one_sentence(path):
    path.parent.mkdir()
    path.write_bytes(b"no database at all, but long enough to look at" * 10)
    with pytest.raises(NotesError, match="Tags and notes cannot be read"):
        Notebook(path).tags("d")


def test_the_file_is_in_write_ahead_mode(notebook, path):
    notebook.add_tag("d", ["a"], "x")
    with sqlite3.connect(path) as reader:
        assert reader.execute("PRAGMA journal_mode").fetchone() == ("wal",)
