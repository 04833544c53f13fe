"""No command calls anybody or writes into the home folder but for the stated cache; the app is tried in the browser."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.trap import Trap, set_trap

FILM = next((REPOSITORY / "assets" / "datasets" / "simulated" / "films").iterdir())


@pytest.fixture(scope="module")
def trap(tmp_path_factory) -> Trap:
    return set_trap(tmp_path_factory.mktemp("trap"))


@pytest.fixture(scope="module")
def work(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("work")


def run(trap: Trap, *words: object) -> None:
    command = [sys.executable, *map(str, words)]
    done = subprocess.run(command, env=trap.environment, cwd=REPOSITORY, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr


def test_the_trap_catches(trap):
    call = "import urllib.request as u; u.urlopen('http://192.0.2.1/', timeout=1)"
    done = subprocess.run([sys.executable, "-c", call], env=trap.environment, capture_output=True, text=True)
    assert done.returncode != 0
    assert "192.0.2.1" in trap.caught()
    trap.log.unlink()


COMMANDS = [  # each takes what those before it made
    ("xai", "explain", FILM, "--finding", "Effusion", "--samples", 20, "--out", "maps"),
    ("training", "simulate", "--films", 24, "--seed", 1, "--out", "films"),
    ("training", "predict", "films", "--model", "lightbox", "--out", "answers"),
    (
        *("training", "fit", "films", "--architecture", "small-resnet", "--size", 32, "--epochs", 1),
        *("--batch-size", 8, "--folds", 0, "--out", "own.keras"),
    ),
    ("training", "evaluate", "answers", "--out", "figures"),
]
IN_TURN = """
import json, sys
import training.__main__, xai.__main__
for package, *words in json.loads(sys.argv[1]):
    assert {"xai": xai, "training": training}[package].__main__.main(words) == 0, words
"""


def test_no_command_calls_anybody_and_all_leave_the_home_alone(trap, work):
    made = ("maps", "films", "answers", "own.keras", "figures")
    commands = [[str(work / word if word in made else word) for word in words] for words in COMMANDS]
    run(trap, "-c", IN_TURN, json.dumps(commands))
    assert all((work / name).exists() for name in made)
    assert trap.caught() == ""
    assert trap.written() == []
