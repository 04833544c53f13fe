from __future__ import annotations

import io
import json
from dataclasses import fields, replace

import numpy as np
import pytest

from xai.explainers.archive import ARRAYS, facts, pack, unpack
from xai.explainers.explanation import Explanation


def explanation(finding: str = "Mass", seed: int = 0, **changes: object) -> Explanation:
    rng = np.random.default_rng(seed)
    made = Explanation(
        method="lime",
        finding=finding,
        map=rng.normal(size=(8, 6)).astype(np.float32),
        probability=0.3,
        logit=-0.847,
        seed=seed,
        evaluations=1000,
        seconds=1.25,
        parameters={"samples": 1000, "baseline": "blurred film"},
        diagnostics={"r2": 0.61, "residual_share": None, "layer": "größe", "cells": [2, 3], "empty": False},
    )
    return replace(made, **changes)


PIECES = np.arange(48, dtype=np.uint16).reshape(8, 6) * 1000
CELLS = np.array([[0.5, -1e-30, 3e30]], np.float32)


@pytest.mark.parametrize(
    "parts",
    [{}, {"pieces": PIECES}, {"cells": CELLS}, {"pieces": PIECES, "cells": CELLS}, {"answers": CELLS[0]}],
    ids=str,
)
def test_what_is_packed_comes_back_bit_by_bit(parts):
    made = [explanation(finding, seed, **parts) for seed, finding in enumerate(("Mass", "Hernia", "Edema"))]
    got = unpack(pack(made))
    assert len(got) == 3
    for one, other in zip(got, made, strict=True):
        for field in fields(Explanation):
            value, wanted = getattr(one, field.name), getattr(other, field.name)
            if field.name in ARRAYS:
                np.testing.assert_array_equal(value, wanted)
                assert getattr(value, "dtype", None) == getattr(wanted, "dtype", None)
            else:
                assert value == wanted
                assert type(value) is type(wanted)


def test_anybody_can_read_the_file_without_this_project():
    made = [explanation("Mass"), explanation("Hernia", 1)]
    archive = np.load(io.BytesIO(pack(made)), allow_pickle=False)
    np.testing.assert_array_equal(archive["maps"], np.stack([one.map for one in made]))
    known = json.loads(str(archive["facts"]))
    assert [one["finding"] for one in known] == ["Mass", "Hernia"]
    assert known[0]["parameters"] == {"samples": 1000, "baseline": "blurred film"}


def test_facts_are_everything_but_the_arrays():
    known = facts(explanation(pieces=PIECES))
    assert set(known) == {field.name for field in fields(Explanation)} - set(ARRAYS)
    assert json.loads(json.dumps(known)) == known


def test_a_number_that_json_does_not_have_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        pack([explanation(diagnostics={"r2": float("nan")})])


def spoilt(**changes: np.ndarray) -> bytes:
    archive = dict(np.load(io.BytesIO(pack([explanation(), explanation("Hernia")]))))
    stream = io.BytesIO()
    np.savez(stream, **{name: value for name, value in (archive | changes).items() if value is not None})
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 a torn archive",
        pack([explanation()])[:-100],
        spoilt(maps=None),
        spoilt(facts=None),
        spoilt(facts=np.array("{")),
        spoilt(facts=np.array("[]")),
        spoilt(facts=np.array('[{"method": "lime"}, {"method": "lime"}]')),
        spoilt(facts=np.array('[{"unknown": 1}, {"unknown": 2}]')),
        spoilt(maps=np.zeros((5, 2, 2), np.float32)),
    ],
    ids=["empty", "torn", "cut", "no maps", "no facts", "no JSON", "too few", "fields missing", "unknown", "too many"],
)
def test_other_bytes_are_refused_in_one_sentence(content):
    with pytest.raises(ValueError, match="no archive of explanations"):
        unpack(content)


def test_a_pickle_is_never_loaded():
    class Trap:
        def __reduce__(self) -> tuple:
            return pytest.fail, ("a pickle ran",)

    stream = io.BytesIO()
    np.savez(stream, maps=np.array([Trap()], dtype=object), facts=np.array("[]"))
    with pytest.raises(ValueError, match="no archive of explanations"):
        unpack(stream.getvalue())
