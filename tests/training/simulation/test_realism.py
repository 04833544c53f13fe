"""Simulated films without finding against real ones: how alike are they, as numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.stats import wasserstein_distance

from training.simulation.recipe import Recipe
from training.simulation.render import render

SIDE = 128
pytestmark = pytest.mark.real_films


def stretched(film: Image.Image) -> np.ndarray:
    grey = np.asarray(film.convert("L").resize((SIDE, SIDE), Image.LANCZOS), dtype=np.float32)
    low, high = np.percentile(grey, (1, 99))
    return np.clip((grey - low) / max(high - low, 1e-6), 0, 1)


@pytest.fixture(scope="module")
def real(real_data) -> np.ndarray:
    table = pd.read_csv(real_data / "nih" / "Data_Entry_2017_v2020.csv.gz")
    table = table[(table["Finding Labels"] == "No Finding") & (table["View Position"] == "PA")]
    paths = [real_data / "nih" / "images" / name for name in table["Image Index"]]
    return np.stack([stretched(Image.open(path)) for path in paths if path.exists()])


@pytest.fixture(scope="module")
def simulated() -> np.ndarray:
    rng = np.random.default_rng(0)
    films = []
    for seed in range(40):
        recipe = Recipe(seed, seed, "PA", int(rng.integers(20, 80)), "MF"[seed % 2], (), ("marker",))
        films.append(stretched(Image.fromarray(np.round(render(recipe) * 255).astype(np.uint8))))
    return np.stack(films)


def slope(film: np.ndarray) -> float:
    power = np.abs(np.fft.fftshift(np.fft.fft2(film - film.mean()))) ** 2
    y, x = np.indices(power.shape) - SIDE // 2
    radius = np.hypot(x, y).astype(int).ravel()
    profile = np.bincount(radius, power.ravel()) / np.bincount(radius)
    k = np.arange(4, 49)
    return np.polyfit(np.log(k), np.log(profile[k]), 1)[0]


def test_the_mean_film_is_a_chest(real, simulated):
    assert np.corrcoef(real.mean(axis=0).ravel(), simulated.mean(axis=0).ravel())[0, 1] >= 0.90


def test_films_vary_where_real_ones_vary(real, simulated):
    assert np.corrcoef(real.std(axis=0).ravel(), simulated.std(axis=0).ravel())[0, 1] >= 0.60


def test_detail_falls_off_with_frequency_as_in_real_films(real, simulated):
    ours, theirs = (np.mean([slope(film) for film in films]) for films in (simulated, real))
    assert ours == pytest.approx(theirs, rel=0.15)


def test_grey_values_are_spread_as_in_real_films(real, simulated):
    assert wasserstein_distance(simulated[:, ::4, ::4].ravel(), real[:, ::4, ::4].ravel()) <= 0.05
