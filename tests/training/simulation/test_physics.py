"""Streams, camera and exposure."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from training.simulation.camera import Camera
from training.simulation.exposure import Scout, characteristic, collimate, draw_exposure, expose, turned
from training.simulation.streams import stream, texture
from training.simulation.vessels import TAPER, grow_tree


def camera(**changes) -> Camera:
    return replace(Camera(200, (400.0, 400.0), (0.0, 130.0), 1700.0, True, 0.0), **changes)


def test_streams_differ_by_name_and_repeat():
    assert stream(3, "ribs").random() == stream(3, "ribs").random()
    assert stream(3, "ribs").random() != stream(3, "spine").random()
    assert stream(3, "ribs").random() != stream(4, "ribs").random()


@pytest.mark.parametrize("slope", [0.0, 2.0, 3.0])
def test_a_texture_has_the_spectrum_that_was_asked_for(slope):
    power = 0
    for seed in range(6):
        power = power + np.abs(np.fft.fft2(texture(stream(seed, "t"), 256, slope))) ** 2
    radius = np.hypot(*np.meshgrid(np.fft.fftfreq(256, 1 / 256), np.fft.fftfreq(256, 1 / 256))).astype(int)
    k = np.arange(4, 100)
    profile = np.array([power[radius == r].mean() for r in k])
    assert -np.polyfit(np.log(k), np.log(profile), 1)[0] == pytest.approx(slope, abs=0.15)


def test_the_heart_is_larger_on_an_ap_film():
    front = -80.0
    assert camera().magnification(front) == pytest.approx(1700 / 1780)
    assert camera(posterior=False, focus=1000.0).magnification(front) == pytest.approx(1000 / 920)


@pytest.mark.parametrize("z", [-80.0, 0.0, 60.0])
def test_axes_and_pixels_are_each_others_inverse(z):
    view = camera(rotation=0.1, centre=(5.0, 120.0))
    axes = view.axes(z)
    points = np.column_stack([axes.x, axes.y, np.full(200, z)])
    np.testing.assert_allclose(view.pixels(points), np.column_stack([np.arange(200)] * 2), atol=1e-3)


def test_without_scatter_the_signal_is_the_attenuation():
    exposure = replace(draw_exposure(1, "PA"), edges=0.0, tilt=0.0, gamma=1.0, ceiling=1.0, collimation=(0, 0, 0, 0))
    scout = Scout(np.zeros((200, 200)), low=1.0, high=4.0)
    attenuation = np.linspace(0, 5, 200)[None, :].repeat(200, axis=0)
    film = expose(attenuation, scout, exposure, camera(), 1, noise=False)
    np.testing.assert_allclose(film, characteristic((attenuation - 1) / 3, exposure.contrast), atol=1e-6)


def test_noise_grows_as_the_square_root_of_counts():
    exposure = replace(
        draw_exposure(1, "PA"), edges=0.0, tilt=0.0, gamma=1.0, ceiling=1.0, photons=1e5, collimation=(0, 0, 0, 0)
    )
    scout = Scout(np.zeros((320, 320)), low=-8.0, high=16.0)
    noisy = {}
    for attenuation in (1.0, 3.0):
        flat = np.full((320, 320), attenuation)
        difference = [expose(flat, scout, exposure, camera(size=320), 1, noise=n) for n in (True, False)]
        slope = np.gradient(
            characteristic((attenuation + np.array([-0.01, 0, 0.01]) + 8) / 24, exposure.contrast), 0.01
        )
        noisy[attenuation] = (difference[0] - difference[1]).std() / slope[1]
        assert noisy[attenuation] == pytest.approx(np.exp(attenuation / 2) / np.sqrt(1e5), rel=0.05)


def test_the_characteristic_curve_rises_from_black_to_white():
    curve = characteristic(np.linspace(-0.2, 1.2, 50), 3.5)
    assert np.all(np.diff(curve) >= 0)
    assert characteristic(np.array([0.0, 1.0]), 3.5) == pytest.approx([0, 1])


def test_a_film_is_turned_the_same_way_twice():
    image = np.random.default_rng(0).random((90, 90)).astype(np.float32)
    assert np.array_equal(turned(image, 3.0), turned(image, 3.0))
    np.testing.assert_allclose(turned(image, 0.0), image, atol=1e-5)


def test_collimation_blanks_the_rim():
    exposure = replace(draw_exposure(1, "PA"), collimation=(0.1, 0.2, 0.0, 0.05), border=1.0)
    framed = collimate(np.zeros((100, 100)), exposure)
    assert framed[:, :10].min() == 1 and framed[:20].min() == 1 and framed[95:].min() == 1
    assert framed[20:95, 10:].max() == 0


def test_vessels_fork_by_murrays_law():
    tree = grow_tree(stream(5, "vessels"), 1.0)
    for (_, parents), (_, children) in pairwise(tree):
        cubes = (children[:, 0] ** 3).reshape(-1, 2).sum(axis=1)
        np.testing.assert_allclose(cubes, TAPER**3 * parents[:, 0] ** 3, rtol=1e-6)
