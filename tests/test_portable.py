"""The packages run wherever Python runs: what only some systems have is guarded, and files are read the same way."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY

PACKAGES = ("xai", "training", "dashboard")
ABSENT = ("fcntl", "resource", "pwd", "grp", "termios")  # on Windows
OPENERS = ("open", "read_text", "write_text")
NO_TEXT = ("Image.open(", "shared.open(", "opener.open(", "os.open(", "archive.open(")

IMPORT_ALL = """
import importlib, sys
absent, modules = sys.argv[1].split(), sys.argv[2].split()
sys.modules.update(dict.fromkeys(absent))
wrong = []
for name in modules:
    try:
        importlib.import_module(name)
    except ImportError as error:
        wrong.append(f"{name}: {error}")
print("\\n".join([*wrong, f"{len(modules)} modules, {len(wrong)} cannot be imported"]))
"""


def sources() -> list[Path]:
    found = [path for package in PACKAGES for path in sorted((REPOSITORY / package).rglob("*.py"))]
    return [path.relative_to(REPOSITORY) for path in found]


def is_run_as_a_script(path: Path) -> bool:
    """Whether importing a file would run a command or show a page."""
    return path.name == "__main__.py" or path == Path("dashboard/main.py") or path.parent == Path("dashboard/views")


def test_every_module_is_imported_without_what_windows_lacks():
    modules = [".".join(path.with_suffix("").parts) for path in sources() if not is_run_as_a_script(path)]
    assert len(modules) > 200
    command = [sys.executable, "-c", IMPORT_ALL, " ".join(ABSENT), " ".join(modules)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout.splitlines()[-1:] == [f"{len(modules)} modules, 0 cannot be imported"], done.stdout + done.stderr


def is_text_without_encoding(call: ast.Call) -> bool:
    """Whether a call opens a file as text and leaves the encoding to the system."""
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name not in OPENERS or "encoding" in {one.arg for one in call.keywords}:
        return False
    given = [*call.args[:2], *(one.value for one in call.keywords if one.arg == "mode")]
    modes = [one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return name != "open" or not any("b" in mode and len(mode) <= 3 for mode in modes)


def test_text_is_read_and_written_in_an_encoding_that_is_named():
    found = []
    for path in sources():
        text = (REPOSITORY / path).read_text(encoding="utf-8")
        calls = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
        for call in filter(is_text_without_encoding, calls):
            line = ast.get_source_segment(text, call)
            if not line.startswith(NO_TEXT):
                found.append(f"{path}:{call.lineno}: {line}")
    assert found == []
