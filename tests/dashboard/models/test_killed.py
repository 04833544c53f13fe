from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.skipif(sys.platform == "win32", reason="no process is forked there")
def test_a_library_is_whole_whenever_import_delete_restore_or_a_remedy_is_killed_and_the_next_try_works():
    command = [sys.executable, "-m", "tests.dashboard.models.killed"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    steps = dict(line.split() for line in done.stdout.splitlines())
    assert list(steps) == ["bring_in", "throw_away", "bring_back", "mend", "copy_and_mend"]
    assert min(map(int, steps.values())) >= 8  # changes that each was killed before
