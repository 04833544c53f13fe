"""The wheel, built from a copy of the checkout and installed where nothing of the checkout may be read."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ("xai", "training", "dashboard", "assets")
SOURCES = (*PACKAGES, "requirements", "requirements.txt", "pyproject.toml", "README.md", "LICENSE")
WITHOUT = shutil.ignore_patterns("__pycache__", "*.egg-info")
# Refuses whatever a process wants to read in the checkout, apart from an environment that lies in it.
GUARD = f"""
import sys
CHECKOUT, ENVIRONMENT = {str(REPOSITORY)!r}, {sys.prefix!r}
def refuse(event, arguments):
    if event in ("open", "os.listdir", "os.scandir") and isinstance(arguments[0], str):
        if (arguments[0] + "/").startswith(CHECKOUT + "/") and not arguments[0].startswith(ENVIRONMENT):
            sys.stderr.write("READ IN THE CHECKOUT: " + arguments[0] + chr(10))
            raise PermissionError(arguments[0])
sys.addaudithook(refuse)
"""


@dataclass(frozen=True)
class Installed:
    """An installed wheel.

    Attributes
    ----------
    wheel : Path
        What was installed.
    programs : Path
        Folder of ``python`` and ``lightbox``.
    folder : Path
        An empty folder, and a new user's home.
    """

    wheel: Path
    programs: Path
    folder: Path

    def environment(self) -> dict[str, str]:
        """Give the environment of a new user."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "STREAMLIT"))}
        return {**kept, "HOME": str(self.folder), "USERPROFILE": str(self.folder), "STREAMLIT_SERVER_HEADLESS": "true"}

    def run(self, program: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run ``lightbox`` or ``python`` to its end."""
        command = [str(self.programs / program), *words]
        return subprocess.run(command, cwd=self.folder, env=self.environment(), capture_output=True, text=True)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the wheel, built from a copy, so that nothing is left in the checkout."""
    setuptools = pytest.importorskip("setuptools", "77", reason="setuptools is too old to build the wheel")
    assert setuptools
    copy, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=WITHOUT)
        else:
            shutil.copy(source, copy)
    _pip("wheel", ".", "--no-deps", "--no-build-isolation", "--wheel-dir", str(out), cwd=copy)
    (built,) = out.glob("lightbox-*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Install the wheel into a fresh environment, which borrows the installed requirements."""
    root = tmp_path_factory.mktemp("environment")
    venv.create(root, with_pip=False, symlinks=os.name != "nt")
    programs = root / ("Scripts" if os.name == "nt" else "bin")
    command = [str(programs / "python"), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())
    (packages / "borrowed.pth").write_text("\n".join(site.getsitepackages()), encoding="utf-8")
    (packages / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
    _pip("--python", str(programs / "python"), "install", "--no-deps", "--no-index", str(wheel), cwd=root)
    return Installed(wheel, programs, tmp_path_factory.mktemp("empty"))


def _pip(*words: str, cwd: Path) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
