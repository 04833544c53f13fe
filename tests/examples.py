"""What is said of a package's public names: to editors by imports, to readers by examples that run."""

from __future__ import annotations

import ast
import doctest
import inspect
from types import ModuleType

import numpy as np


def told_to_editors(package: ModuleType) -> list[str]:
    """Name what a package imports for editors and type checkers alone."""
    blocks = [one for one in ast.parse(inspect.getsource(package)).body if isinstance(one, ast.If)]
    imports = [one for block in blocks for one in block.body if isinstance(one, ast.ImportFrom)]
    return [alias.name for one in imports for alias in one.names]


def without_examples(package: ModuleType) -> list[str]:
    """Name the public functions and classes of a package that have no example."""
    public = {name: getattr(package, name) for name in package.__all__}
    return [name for name, thing in public.items() if callable(thing) and ">>>" not in (thing.__doc__ or "")]


def run_examples(package: ModuleType) -> tuple[int, str]:
    """Run all examples of a package's front door: how many there were, and what those that failed say.

    Those of the package itself come first; what they name, such as ``model``, is at hand in all others.
    """
    report: list[str] = []
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    finder = doctest.DocTestFinder(recurse=False)
    at_hand = {package.__name__: package, "np": np}
    for name, thing in [("", package), *((name, getattr(package, name)) for name in package.__all__)]:
        for test in finder.find(thing, name or package.__name__, globs=at_hand):
            runner.run(test, out=report.append, clear_globs=False)
            if thing is package:
                at_hand = test.globs
    return runner.tries, "".join(report)
