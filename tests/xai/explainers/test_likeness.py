"""Whether two findings' maps are one map."""

from __future__ import annotations

import numpy as np
import pytest

from xai.explainers.explanation import Explanation
from xai.explainers.likeness import ONE_MAP, same_maps


def maps_of(**maps: np.ndarray) -> list[Explanation]:
    return [Explanation("x", name, values.astype(np.float32), 0.5, 0.0, 0, 1, 0.1, {}) for name, values in maps.items()]


def test_maps_that_differ_by_scale_and_level_alone_are_one():
    values = np.random.default_rng(0).random((12, 10))
    found = same_maps(maps_of(Mass=values, Edema=3 * values + 2, Hernia=-values, Nodule=np.roll(values, 5)))
    assert found["Mass"] == pytest.approx({"Edema": 1.0})
    assert found["Edema"] == pytest.approx({"Mass": 1.0})
    assert found["Hernia"] == found["Nodule"] == {}


def test_the_correlation_is_numpys_and_the_most_alike_stand_first():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(16, 16))
    near, nearer = (values + noise * rng.normal(size=(16, 16)) for noise in (0.25, 0.1))
    found = same_maps(maps_of(Mass=values, Edema=near, Hernia=nearer))
    expected = {
        name: np.corrcoef(values.ravel(), one.ravel())[0, 1] for name, one in (("Hernia", nearer), ("Edema", near))
    }
    assert list(found["Mass"]) == ["Hernia", "Edema"]
    assert found["Mass"] == pytest.approx(expected, abs=1e-6)
    assert min(expected.values()) > ONE_MAP
    assert same_maps(maps_of(Mass=values, Edema=near), least=0.99)["Mass"] == {}


def test_maps_without_evidence_are_like_no_other():
    even, empty = np.full((8, 8), 0.3), np.zeros((8, 8))
    assert same_maps(maps_of(Mass=even, Edema=even, Hernia=empty, Nodule=empty)) == {
        name: {} for name in ("Mass", "Edema", "Hernia", "Nodule")
    }
