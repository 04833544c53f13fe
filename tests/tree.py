"""A copy of the code, for tests that change it as a contributor would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY

PACKAGES = ("dashboard", "training", "xai")
LINKED = ("assets",)  # large, and nobody changes it


def tracked(*places: str) -> list[str]:
    """The files under some places that belong to the project, relative to its root, sorted."""
    listed = subprocess.run(
        # whoever owns the folder: in a container it is often another user
        [
            "git",
            "-c",
            "safe.directory=*",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
            "--",
            *places,
        ],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
    )
    names = listed.stdout.decode().split("\0")
    return sorted(name for name in names if name and (REPOSITORY / name).is_file())


def copy_tree(folder: Path, *places: str) -> Path:
    """Copy what belongs to the project, and link what is large."""
    for name in tracked(*(places or PACKAGES)):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((REPOSITORY / name).read_bytes())
    for name in LINKED:
        (folder / name).symlink_to(REPOSITORY / name)
    return folder


def run_python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a copy, which alone is on its path."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
    )
