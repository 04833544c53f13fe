"""Imports run one way, without circles, and the pages that judge need no TensorFlow: held, and seen to be held."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.tree import copy_tree, run_python

LINTER = ("-c", "from importlinter.cli import lint_imports_command as main; main()", "--no-cache", "--no-logo")
WITHOUT_TENSORFLOW = """
import importlib, pkgutil, sys

sys.modules.update(tensorflow=None, keras=None)  # to import either is an error from here on
for name in ("dashboard", "training"):
    for module in pkgutil.walk_packages(importlib.import_module(name).__path__, f"{name}."):
        if module.name != "dashboard.main" and ".views." not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)  # but not what is run by importing it
"""
BAD = {
    "xai/films/film.py": ("training.datasets.table", "dashboard shows what training judges and xai explains"),
    "training/evaluate/rates.py": ("dashboard.page.words", "dashboard shows what training judges and xai explains"),
    "xai/pictures/render.py": ("streamlit", "Only the dashboard knows Streamlit"),
    "xai/films/dicom.py": ("xai.films.reading", "No module or folder imports what imports it"),
    "xai/cards/calibration.py": ("xai.models.preprocess", "The rooms of xai"),
    "training/evaluate/judged.py": ("training.mending.audit", "The rooms of training"),
    "dashboard/compare/hang.py": ("dashboard.films.state", "The rooms of the dashboard"),
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return copy_tree(tmp_path, "dashboard", "training", "xai", ".importlinter")


def test_imports_run_one_way_and_not_in_circles():
    checked = run_python(REPOSITORY, *LINTER)
    assert checked.returncode == 0, checked.stdout
    assert "6 kept, 0 broken" in checked.stdout


@pytest.mark.parametrize("file", BAD)
def test_an_import_that_runs_back_is_refused(tree, file):
    imported, contract = BAD[file]
    with (tree / file).open("a", encoding="utf-8") as code:
        code.write(f"\n\ndef later():\n    import {imported}\n")
    checked = run_python(tree, *LINTER)
    assert checked.returncode == 1, checked.stdout
    assert f"{contract} BROKEN" in checked.stdout


def test_judging_and_its_pages_need_no_tensorflow_to_be_imported():
    checked = run_python(REPOSITORY, "-c", WITHOUT_TENSORFLOW)
    assert checked.returncode == 0, checked.stderr


def test_a_page_that_needs_tensorflow_is_refused(tree):
    with (tree / "dashboard" / "roc" / "colors.py").open("a", encoding="utf-8") as code:
        code.write("\nimport xai.models.classifier\n")
    checked = run_python(tree, "-c", WITHOUT_TENSORFLOW)
    assert checked.returncode == 1
    assert "import of keras halted" in checked.stderr
