"""What a bare command line prints, and how fast it knows it."""

from __future__ import annotations

import errno
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.__main__ import COMMANDS as LIGHTBOX
from training.__main__ import COMMANDS as TRAINING
from xai.__main__ import COMMANDS as XAI
from xai.command_line import MAX_LINE, one_line, run_command

REPOSITORY = Path(__file__).resolve().parents[2]
HEAVY = ("tensorflow", "keras", "streamlit", "pandas")
WATCHED = "import sys, runpy; sys.argv[:] = sys.argv[1:]\ntry: runpy.run_module(sys.argv[0], run_name='__main__')\n"
WATCHED += f"finally: print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"


def run(*words):
    return subprocess.run([sys.executable, "-c", WATCHED, *words], cwd=REPOSITORY, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("words", "commands"),
    [(("xai",), XAI), (("training",), TRAINING), (("training", "--help"), TRAINING), (("dashboard", "-h"), LIGHTBOX)],
)
def test_without_a_command_it_lists_all_commands_with_a_line_each_and_imports_nothing_heavy(words, commands):
    done = run(*words)
    assert (done.returncode, done.stderr) == (0, "[]\n")
    listed = " ".join(done.stdout.split())
    for name, module in commands.items():
        summary = importlib.import_module(module).__doc__.split("\n", 1)[0]
        assert f"{name} {summary}" in listed


def test_an_unknown_command_is_one_line_that_names_those_there_are():
    done = run("training", "fly")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("python -m training: argument COMMAND: invalid choice: 'fly' (choose from ")


def test_only_the_command_that_is_run_is_imported():
    done = run("dashboard", "card")
    assert done.returncode == 2
    said, imported = done.stderr.splitlines()
    assert said == "lightbox card: the following arguments are required: model"
    assert imported == "[]"


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
