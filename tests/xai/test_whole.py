from __future__ import annotations

import errno
import sys

import pytest

from xai.command_line import MAX_LINE, one_line, run_command
from xai.whole import write_whole


def full(path):
    path.write_text("half")
    raise OSError(errno.ENOSPC, "No space left on device")


def test_all_files_are_written_or_none(tmp_path):
    write_whole(tmp_path / "new", {"a": lambda path: path.write_text("1"), "b": lambda path: path.write_text("2")})
    assert {path.name: path.read_text() for path in (tmp_path / "new").iterdir()} == {"a": "1", "b": "2"}
    for folder in ("new", "other"):
        with pytest.raises(OSError, match="No space"):
            write_whole(tmp_path / folder, {"a": lambda path: path.write_text("3"), "b": full})
    assert {path.name: path.read_text() for path in (tmp_path / "new").iterdir()} == {"a": "1", "b": "2"}
    assert not (tmp_path / "other").exists()


def test_a_line_is_one_short_and_steers_no_terminal():
    assert one_line("a\n  b\x1b[31m\x00 \ud800 é") == "a b�[31m� � é"
    line = one_line("start " + "x" * 10**6 + " end")
    assert len(line) < MAX_LINE + 10 and line.startswith("start ") and line.endswith(" end")


class Command:
    """A command that fails."""

    @staticmethod
    def add_arguments(parser):
        pass


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (ValueError("bad \x1b[31m"), 2, "p: bad �[31m\n"),
        (FileExistsError(errno.EEXIST, "File exists", "/x"), 2, "p: /x cannot be read or written (File exists).\n"),
        (OSError(errno.ENOSPC, "No space"), 2, "p: There is no room left on the disk for what was to be written.\n"),
        (MemoryError(), 2, "p: There is not enough memory for this.\n"),
        (KeyboardInterrupt(), 130, "p: stopped.\n"),
    ],
)
def test_what_goes_wrong_is_one_line(error, status, line, capsys, monkeypatch):
    def fail(options):
        raise error

    monkeypatch.setattr(Command, "run", staticmethod(fail), raising=False)
    monkeypatch.setitem(sys.modules, "failing", Command)
    assert run_command("p", "about", {"go": "failing"}, ["go"]) == status
    assert capsys.readouterr().err == line
