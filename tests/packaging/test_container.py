"""What the container starts, and how it is asked whether it is well, tried with the installed wheel."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from tests.packaging.conftest import REPOSITORY
from tests.packaging.test_wheel import served

pytestmark = pytest.mark.packaging
PORT = "8501"


@pytest.fixture
def commands():
    """Give the commands of the Dockerfile: that of its health check, and the one it starts."""
    text = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    health, start = (json.loads(found) for found in re.findall(r"^\s*CMD (\[.+\])$", text, re.MULTILINE))
    return health, start


def test_the_health_check_passes_while_the_app_runs_and_fails_once_it_does_not(installed, commands):
    health, start = commands
    assert start[:3] == ["lightbox", "--library", "/library"]
    assert start[3:] == ["--port", PORT, "--address", "0.0.0.0"]
    words = ("--library", str(installed.folder / "library"), "--address", "127.0.0.1")
    with served(installed, *words) as address:
        check = [word.replace(PORT, address.rsplit(":", 1)[1]) for word in health]
        assert check != health
        assert subprocess.run(check).returncode == 0
    assert subprocess.run(check, capture_output=True).returncode == 1
