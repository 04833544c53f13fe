"""``docs/raising-versions.md`` names every private part of other packages that the code relies on, and it is there."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

from tests.packaging.conftest import REPOSITORY

PAGE = (REPOSITORY / "docs" / "raising-versions.md").read_text(encoding="utf-8")
FILES = [path for package in ("xai", "training", "dashboard") for path in sorted((REPOSITORY / package).rglob("*.py"))]
TREES = {path.relative_to(REPOSITORY).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
PRIVATE = re.compile(
    r"keras\.src|tensorflow\.python|streamlit\.(?!testing)|lime\.|shap\.|openvino\.|numba\.|(^|\.)_[a-z]"
)
PRIVATE_NAME = re.compile(r"_(?!(?:replace|asdict|fields)$)[A-Za-z]")  # but for those that named tuples promise
OURS = {"xai", "training", "dashboard", "self", "cls"}


def names_that_are_ours() -> set[str]:
    """Everything that the code itself defines under a private name."""
    found = set()
    for node in (node for tree in TREES.values() for node in ast.walk(tree)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and root(node) == "self":
            found.add(node.attr)
    return found


def root(node: ast.AST) -> str:
    """Give the first name of ``a.b.c``."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def relied_on(tree: ast.AST, ours: set[str]) -> Iterator[str]:
    """Private modules that are imported, private attributes that are read, and attributes of packages that are set."""
    packages = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            packages |= {(name.asname or name.name).split(".")[0] for name in node.names}
            yield from (name.name for name in node.names if PRIVATE.search(name.name))
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] not in OURS:
            yield from (node.module for _ in range(bool(PRIVATE.search(node.module))))
        elif isinstance(node, ast.ImportFrom) and node.module == "xai.backend":
            packages |= {name.name for name in node.names}
    for node in ast.walk(tree):  # another name for a part of a package
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Attribute) and root(node.value) in packages:
            packages.add(ast.unparse(node.target))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and root(node) not in OURS:
            is_set = (
                isinstance(node.ctx, ast.Store) and root(node) in packages and "session_state" not in ast.unparse(node)
            )
            if is_set or (PRIVATE_NAME.match(node.attr) and node.attr not in ours):
                yield node.attr
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("getattr", "hasattr"):
            name = node.args[1]
            if isinstance(name, ast.Constant) and PRIVATE_NAME.match(name.value) and name.value not in ours:
                yield name.value


def private_parts() -> set[tuple[str, str]]:
    ours = names_that_are_ours()
    return {(file, name) for file, tree in TREES.items() for name in relied_on(tree, ours)}


def test_the_search_finds_what_is_known_to_be_private():
    assert private_parts() >= {
        ("xai/models/graph.py", "_run_through_graph"),
        ("xai/models/graph.py", "_keras_history"),
        ("xai/models/engines/on_tensorflow.py", "tensorflow.python.framework.convert_to_constants"),
        ("xai/explainers/halving.py", "_jit_build_partition_tree"),
        ("xai/explainers/halving.py", "DISABLE_JIT"),
        ("dashboard/server/services.py", "clear_session"),
        ("training/weights/torch_pickle.py", "_Unpickler"),
        ("dashboard/start.py", "streamlit.web"),
    }


def test_every_private_part_is_on_the_page_with_the_file_that_relies_on_it():
    rows = [line for line in PAGE.splitlines() if line.startswith("|")]
    missing = [
        f"{file}: {name}"
        for file, name in sorted(private_parts())
        if not any(f"`{file}`" in row and name in row for row in rows)
    ]
    assert missing == []


def test_every_file_and_test_on_the_page_is_there():
    named = re.findall(r"`((?:xai|training|dashboard|tests|\.ci|docs)/[^`]+|[\w.-]+\.(?:txt|toml|md))`", PAGE)
    assert len(named) > 20
    for name in named:
        path, _, test = name.partition("::")
        assert (REPOSITORY / path).exists(), name
        if test:
            assert f"def {test}(" in (REPOSITORY / path).read_text(encoding="utf-8"), name


def test_every_row_names_a_test():
    rows = [line for line in PAGE.splitlines() if line.startswith("|") and "---" not in line and "| file |" not in line]
    assert len(rows) > 10
    assert [row for row in rows if "`tests/" not in row] == []


def test_what_the_styles_call_parts_of_streamlits_page_is_still_called_so():
    text = "".join(path.read_text(encoding="utf-8") for path in FILES)
    parts = set(re.findall(r"(?:data-testid=[\"']*|\.)(st[A-Z]\w+)", text))
    assert {"stMainBlockContainer", "stPageLink"} <= parts
    folder = Path(importlib.util.find_spec("streamlit").origin).parent / "static"
    scripts = "".join(path.read_text(encoding="utf-8", errors="ignore") for path in folder.rglob("*.js"))
    assert [part for part in sorted(parts) if part not in scripts] == []
