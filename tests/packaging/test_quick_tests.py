"""The tests that `.ci/run` repeats on other Pythons do without TensorFlow, which is not installed there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COLLECT = """
import sys
sys.modules |= dict.fromkeys(["tensorflow", "keras", "openvino", "shap", "lime", "numba"])
import pytest
sys.exit(pytest.main(["--collect-only", "-qq", "-n0", *sys.argv[1:]]))
"""


def quick_tests() -> list[str]:
    listed = re.search(r"^quick=\(.*?\n(.*?)^\)", (ROOT / ".ci/run").read_text(), re.DOTALL | re.MULTILINE)
    assert listed
    return listed[1].split()


def test_the_quick_tests_can_be_read_without_tensorflow_and_what_needs_it():
    assert len(quick_tests()) > 5
    result = subprocess.run([sys.executable, "-c", COLLECT, *quick_tests()], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout[-2000:]
