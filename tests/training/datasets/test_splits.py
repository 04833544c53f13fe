from __future__ import annotations

import numpy as np
import pytest

from training.datasets.splits import split_by_patient


def _patients(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    patients = rng.integers(200, size=400)
    return patients, rng.random((400, 5)) < [0.3, 0.2, 0.1, 0.05, 0.05]


@pytest.mark.parametrize("seed", range(8))
def test_no_patient_lies_in_two_parts(seed: int):
    patients, positives = _patients(seed)
    part = split_by_patient(patients, positives, (0.6, 0.15, 0.25), seed)
    assert set(part) == {0, 1, 2}
    assert all(len(set(part[patients == patient])) == 1 for patient in np.unique(patients))


@pytest.mark.parametrize("seed", range(8))
def test_each_finding_and_the_films_are_shared_as_asked(seed: int):
    patients, positives = _patients(seed)
    shares = np.array([0.6, 0.15, 0.25])
    part = split_by_patient(patients, positives, tuple(shares), seed)
    held = np.array([positives[part == k].sum(axis=0) for k in range(3)])
    assert np.abs(held - shares[:, None] * positives.sum(axis=0)).max() <= 4
    assert np.abs(np.bincount(part) / 400 - shares).max() < 0.02


def test_same_seed_same_split_other_seed_other_split():
    patients, positives = _patients(0)
    first, again, other = (split_by_patient(patients, positives, (0.5, 0.5), seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
