"""Where a model comes from: the commit of the code that made it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from training.fitting import provenance


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    return subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Give a git repository with one commit, which the module lies in."""
    if shutil.which("git") is None:
        pytest.skip("no git on this machine")
    (tmp_path / "theirs.txt").write_text("a", encoding="utf-8")
    (tmp_path / "provenance.py").write_text("b", encoding="utf-8")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "theirs.txt")
    git(tmp_path, "commit", "-qm", "theirs")
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "provenance.py"))
    return tmp_path


def test_code_installed_into_another_project_has_no_commit(repository):
    assert provenance.commit() is None


def test_the_commit_of_tracked_code_is_given_and_marked_where_the_code_was_changed(repository):
    (repository / "fitting").mkdir()
    (repository / "fitting" / "provenance.py").write_text("b", encoding="utf-8")
    provenance.__file__ = str(repository / "fitting" / "provenance.py")
    git(repository, "add", "fitting")
    git(repository, "commit", "-qm", "ours")
    head = git(repository, "rev-parse", "HEAD").strip()
    assert provenance.commit() == head
    Path(provenance.__file__).write_text("c", encoding="utf-8")
    assert provenance.commit() == head + "+"
