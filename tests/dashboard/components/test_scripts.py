from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def test_typescript_and_eslint_find_nothing_in_the_scripts():
    npm = shutil.which("npm")
    if npm is None or not (ROOT / "node_modules").is_dir():
        pytest.skip("the scripts' checkers are not installed: npm ci")
    checked = subprocess.run([npm, "run", "--silent", "check"], cwd=ROOT, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
