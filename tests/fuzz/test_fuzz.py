"""Some damaged files of each kind, and all that went wrong once; `python -m tests.fuzz` makes many more."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fuzz import cases, targets
from tests.fuzz.cases import KEPT, run_case

EACH = {"film": 60, "card": 20, "dataset": 15, "predictions": 15, "labels": 15, "model": 8}


def test_the_fuzz_knows_every_kind():
    assert set(EACH) == set(targets.TARGETS)
    assert set(KEPT) <= set(EACH)


@pytest.mark.parametrize("name", EACH)
def test_a_damaged_file_is_read_or_refused_in_one_sentence(name):
    wrong = [run_case(name, number) for number in (*range(EACH[name]), *KEPT.get(name, ()))]
    assert [str(one) for one in wrong if one] == []


def test_the_fuzz_finds_what_goes_wrong(monkeypatch):
    def fails(path):
        raise KeyError("no sentence")

    def rambles(path):
        raise ValueError("a sentence\nand another")

    for read, what in ((fails, "KeyError"), (rambles, "more than a sentence")):
        target = targets.Target(targets._damaged_film, read, lambda: (ValueError,))
        monkeypatch.setitem(targets.TARGETS, "film", target)
        found = run_case("film", 0)
        assert found is not None and what in found.what
    monkeypatch.setattr(cases, "SECONDS", -1)
    monkeypatch.setitem(targets.TARGETS, "film", targets.Target(targets._damaged_film, str, lambda: ()))
    assert "takes" in str(run_case("film", 0))


def test_a_case_is_the_same_file_each_time(tmp_path):
    for name, target in targets.TARGETS.items():
        if name == "model":
            continue  # Keras writes the time into its files
        made = []
        for turn in ("a", "b"):
            home = tmp_path / f"{name}-{turn}"
            home.mkdir()
            target.damage(home, np.random.default_rng(7))
            made.append({path.name: path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file()})
        assert made[0] == made[1]
