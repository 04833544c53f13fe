"""What measures say of themselves: complete, with examples that run, and the same in the docs."""

from __future__ import annotations

import dataclasses
import doctest
import inspect
from pkgutil import iter_modules

import numpy as np
import pytest

import xai
from tests.xai.measures.page import PAGE, with_listed
from xai import measures

FACTS = [(family, name) for family in measures.FAMILIES for name in family.FACTS]


@pytest.mark.parametrize(("family", "name"), FACTS)
def test_a_measure_says_all_that_is_to_be_known_of_it(family, name):
    assert getattr(family, name) is getattr(measures, name) and name in measures.__all__
    facts = dataclasses.asdict(family.FACTS[name])
    assert all(facts.values())
    assert facts["asks"].endswith("?")
    sentences = ("ties", "empty", "misses", "source")
    assert all(facts[one].endswith(".") for one in sentences)


def test_the_page_in_docs_says_what_the_code_says():
    page = PAGE.read_text("utf-8")
    assert with_listed(page) == page, "python tests/xai/measures/page.py writes it anew"
    named = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    assert set(named) | set(measures.FACTS) >= {
        name for name in measures.__all__ if inspect.isfunction(getattr(measures, name)) and name != "describe"
    }


@pytest.mark.parametrize("module", [one.name for one in iter_modules(measures.__path__, "xai.measures.")])
def test_every_public_measure_has_an_example_that_runs(module):
    file = inspect.importlib.import_module(module)
    tried = doctest.testmod(file, extraglobs={"np": np, "xai": xai})
    assert tried.failed == 0
    public = [thing for name in measures.__all__ if inspect.isfunction(thing := getattr(measures, name))]
    bare = [thing.__name__ for thing in public if thing.__module__ == module and ">>>" not in thing.__doc__]
    assert bare == []
