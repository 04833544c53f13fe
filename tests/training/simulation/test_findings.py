"""Each finding where the literature says, and nothing else changed."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.ndimage import label

from training.simulation.findings import MODELS
from training.simulation.layers import Frame
from training.simulation.recipe import Recipe
from training.simulation.render import THRESHOLD, Sitting
from xai.findings import FINDINGS

SIZE, SEEDS = 160, range(4)
SEVERITIES = (0.2, 0.7)

# Where the literature puts each finding: boxes (lateral from, to, height from, to) in a lung's own coordinates,
# 0 to 1 from the midline to the wall and from apex to recess.
ZONES = {
    "Cardiomegaly": [(-9, 0.80, 0.25, 1.1)],
    "Emphysema": [(-9, 1.05, -0.05, 1.15)],
    "Fibrosis": [(-9, 1.05, 0.25, 1.1)],
    "Edema": [(-9, 1.05, 0.1, 1.05)],
    "Infiltration": [(-0.3, 1.05, 0.05, 1.0)],
    "Pneumonia": [(-0.3, 1.05, 0.05, 1.0)],
    "Consolidation": [(-0.3, 1.05, 0.05, 1.05)],
    "Atelectasis": [(-9, 1.05, 0.35, 1.1)],
    "Nodule": [(0.1, 1.0, 0.1, 0.8)],
    "Mass": [(-0.2, 1.1, 0.0, 0.95)],
    "Hernia": [(-9, 0.65, 0.5, 1.1)],
    "Pleural_Thickening": [(0.6, 1.1, -0.05, 1.05), (-1e5, 1.5, -0.05, 0.25)],  # the wall, or a cap on the apex
    "Effusion": [(-0.3, 1.1, 0.4, 1.1)],
    "Pneumothorax": [(0.0, 1.1, -0.1, 1.05)],
}


def in_zone(name: str, frame: Frame) -> np.ndarray:
    zone = np.zeros(frame.lateral.shape, bool)
    for low, high, top, bottom in ZONES[name]:
        across = (frame.lateral >= low) & (frame.lateral <= high)
        zone |= across & (frame.height >= top) & (frame.height <= bottom)
    return zone


@cache
def sitting(name: str, seed: int, severity: float) -> Sitting:
    sides = list(MODELS[name].sides)
    finding = (name, severity, sides[seed % len(sides)])
    return Sitting(Recipe(seed, seed, "PA", 50, "MF"[seed % 2], (finding,)), SIZE)


@cache
def mask(name: str, seed: int, severity: float) -> np.ndarray:
    return sitting(name, seed, severity).masks()[name]


CASES = [(name, seed, severity) for name in FINDINGS for seed in SEEDS for severity in SEVERITIES]


def test_every_finding_of_the_vocabulary_is_modelled():
    assert set(MODELS) == set(FINDINGS)


@pytest.mark.parametrize("name", FINDINGS)
def test_masks_lie_in_the_zone_of_the_finding(name):
    shares = []
    for seed in SEEDS:
        for severity in SEVERITIES:
            frame, found = sitting(name, seed, severity).chest().frame, mask(name, seed, severity)
            zone = in_zone(name, frame)
            assert found.any(), f"nothing to see at seed {seed}, severity {severity}"
            shares.append((zone & found).sum() / found.sum())
    assert np.mean(shares) > 0.93
    assert np.min(shares) > 0.7


@pytest.mark.parametrize("name", [name for name in FINDINGS if "left" in MODELS[name].sides])
def test_one_sided_findings_are_on_their_side(name):
    for side, sign in (("right", -1), ("left", 1)):
        here = Sitting(Recipe(3, 3, "PA", 50, "F", ((name, 0.4, side),)), SIZE)
        found, x = here.masks()[name], here.chest().frame.x
        assert ((x * sign > -8) & found).sum() / found.sum() > 0.95


@pytest.mark.parametrize("name", FINDINGS)
def test_nothing_changes_outside_the_mask(name):
    here, outside = sitting(name, 1, 0.7), ~mask(name, 1, 0.7)
    for noise in (False, True):  # the noise follows the counts, so it may differ by a hair
        change = np.abs(here.film(noise=noise) - here.film([name], noise=noise))
        assert change[outside].max() <= THRESHOLD + (0.012 if noise else 0)


def test_a_worse_finding_changes_more():
    for name in set(FINDINGS) - {"Infiltration", "Atelectasis"}:  # these change kind or place with severity
        grown = [
            np.abs(here.film(noise=False) - here.film([name], noise=False)).sum()
            for severity in (0.1, 0.95)
            for here in [sitting(name, 2, severity)]
        ]
        assert grown[1] > 1.2 * grown[0], name


def test_removing_one_finding_leaves_the_others_where_they_were():
    findings = (("Nodule", 0.6, "right"), ("Effusion", 0.5, "left"), ("Cardiomegaly", 0.5, "both"))
    whole = Sitting(Recipe(11, 4, "PA", 60, "M", findings), SIZE)
    alone = Sitting(Recipe(11, 4, "PA", 60, "M", findings[:1]), SIZE)
    np.testing.assert_array_equal(whole.masks(["Nodule"])["Nodule"], alone.masks()["Nodule"])
    twin = whole.film(["Effusion", "Cardiomegaly"])
    np.testing.assert_array_equal(twin, alone.film())


@pytest.mark.parametrize("seed", SEEDS)
def test_cardiomegaly_widens_the_heart_beyond_half_the_thorax(seed):
    here = sitting("Cardiomegaly", seed, 0.7)
    assert here.chest().anatomy.heart.width / (2 * here.chest().anatomy.cage.half_width) > 0.5
    healthy = here.chest(["Cardiomegaly"])
    assert healthy.anatomy.heart.width / (2 * healthy.anatomy.cage.half_width) < 0.5


@pytest.mark.parametrize("seed", SEEDS)
def test_emphysema_lowers_and_flattens_the_diaphragm_and_clears_the_lungs(seed):
    here = sitting("Emphysema", seed, 0.7)
    ill, healthy = here.chest(), here.chest(["Emphysema"])
    assert ill.anatomy.diaphragm.right > healthy.anatomy.diaphragm.right
    assert ill.anatomy.diaphragm.fall_right < 0.5 * healthy.anatomy.diaphragm.fall_right
    assert ill.anatomy.heart.width < healthy.anatomy.heart.width
    lungs = healthy.layers.lung > 80
    with_it, without = (here.film(gone, noise=False)[lungs].mean() for gone in ((), ["Emphysema"]))
    assert with_it < without - 0.02


@pytest.mark.parametrize("seed", SEEDS)
def test_no_vessels_beyond_the_line_of_a_pneumothorax(seed):
    layers = sitting("Pneumothorax", seed, 0.7).chest().layers
    beyond = (layers.density < 0.01) & (layers.lung > 5)
    assert beyond.any()
    assert layers.vessels[beyond].max() < 0.3


@pytest.mark.parametrize("seed", SEEDS)
def test_effusion_blunts_the_costophrenic_angle(seed):
    here = sitting("Effusion", seed, 0.4)
    side = here.recipe.findings[0][2]
    frame, layers = here.chest().frame, here.chest().layers
    dome = here.chest().anatomy.diaphragm.right if side != "left" else here.chest().anatomy.diaphragm.left
    angle = frame.on(side) & (frame.lateral > 0.9) & (frame.lateral < 1) & (np.abs(frame.y - dome - 25) < 12)
    assert layers.fill[angle].mean() > 0.8


@pytest.mark.parametrize(("name", "low", "high"), [("Nodule", 8, 31), ("Mass", 30, 95)])
def test_nodules_are_under_and_masses_over_three_centimetres(name, low, high):
    for seed in SEEDS:
        for severity in (0.0, 1.0):
            side = ("right", "left")[seed % 2]
            chest = Sitting(Recipe(seed, seed, "PA", 50, "F", ((name, severity, side),)), SIZE).chest()
            lumps, count = label(chest.layers.added > 0.5)
            largest = max(np.sum(lumps == k + 1) for k in range(count))
            mm2 = np.prod(chest.camera.field) / SIZE**2
            assert low < 2 * np.sqrt(largest * mm2 / np.pi) < high


def test_consolidation_hides_vessels():
    chest = sitting("Consolidation", 0, 0.7).chest()
    core = chest.layers.fill > 0.7
    assert core.sum() > 100
    tissue = chest.layers.density + (1 - chest.layers.density) * chest.layers.fill
    assert (1 - tissue[core]).mean() < 0.3 * (1 - chest.layers.density[core]).mean()
