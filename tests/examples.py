"""Run the examples in the docstrings of a package's public names."""

from __future__ import annotations

import doctest
from types import ModuleType

import numpy as np


def without_examples(package: ModuleType) -> list[str]:
    """Name the public functions and classes of a package that have no example."""
    public = {name: getattr(package, name) for name in package.__all__}
    return [name for name, thing in public.items() if callable(thing) and ">>>" not in (thing.__doc__ or "")]


def run_examples(package: ModuleType, **at_hand: object) -> tuple[int, str]:
    """Run all examples of a package's front door with what they take for granted.

    Gives how many there were, and what those that failed say.
    """
    report: list[str] = []
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    finder = doctest.DocTestFinder(recurse=False)
    documented = {package.__name__: package, **{name: getattr(package, name) for name in package.__all__}}
    for name, thing in documented.items():
        if name == package.__name__ or callable(thing):
            for test in finder.find(thing, name, globs={package.__name__: package, "np": np, **at_hand}):
                runner.run(test, out=report.append)
    return runner.tries, "".join(report)
