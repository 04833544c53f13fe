from __future__ import annotations

import numpy as np
import pytest

from training.simulation.solids import Axes, Interval, capsule, curve, ellipsoid, stack, tubes


@pytest.fixture
def axes() -> Axes:
    grid = (np.arange(200, dtype=np.float32) - 99.5) * 0.5
    return Axes(grid, grid)


def test_chords_of_a_ball_have_the_length_of_geometry(axes):
    ball = ellipsoid(axes, (0, 0, 7), (30, 30, 30))
    distance2 = axes.x[None, :] ** 2 + axes.y[:, None] ** 2
    np.testing.assert_allclose(ball.length, 2 * np.sqrt(np.maximum(900 - distance2, 0)), atol=1e-3)
    np.testing.assert_allclose((ball.front + ball.back) / 2, 7, atol=1e-4)


@pytest.mark.parametrize("tilt", [0.0, 0.6, -1.2])
def test_chords_of_an_ellipsoid_add_up_to_its_volume(axes, tilt):
    chords = ellipsoid(axes, (4, -3, 0), (30, 18, 11), tilt).length
    assert chords.sum() * 0.25 == pytest.approx(4 / 3 * np.pi * 30 * 18 * 11, rel=2e-3)


def test_a_stack_of_equal_ellipses_is_an_elliptic_cylinder(axes):
    n = len(axes.y)
    solid = stack(axes, np.full(n, 5.0), np.full(n, 20.0), np.full(n, 8.0))
    expected = 16 * np.sqrt(np.maximum(1 - ((axes.x - 5) / 20) ** 2, 0))
    np.testing.assert_allclose(solid.length, np.tile(expected, (n, 1)), atol=1e-3)


def test_what_two_solids_leave_of_a_third_agrees_with_counting_along_the_ray():
    rng = np.random.default_rng(1)
    ends = np.sort(rng.uniform(-50, 50, (3, 500, 2)), axis=2)
    ends[1, :50] = ends[1, :50, ::-1]  # some rays miss the second solid
    body, first, second = (Interval(e[:, 0], e[:, 1]) for e in ends)
    z = np.linspace(-50, 50, 20001)

    def inside(solid: Interval) -> np.ndarray:
        return (z > solid.front[:, None]) & (z < solid.back[:, None])

    counted = (inside(body) & ~inside(first) & ~inside(second)).mean(axis=1) * 100
    np.testing.assert_allclose(body.length_outside(first, second), counted, atol=0.03)


def test_the_hull_ignores_a_solid_that_the_ray_misses():
    hull = Interval(np.array([0.0, 5.0]), np.array([4.0, 5.0])).hull(
        Interval(np.array([6.0, 1.0]), np.array([9.0, 2.0]))
    )
    np.testing.assert_allclose(hull.front, [0, 1])
    np.testing.assert_allclose(hull.back, [9, 2])


def test_a_capsule_is_as_thick_as_its_radius_says(axes):
    limb = capsule(axes, (-20, 0), (20, 0), (10, 5))
    assert limb[100, 100] == pytest.approx(15, abs=0.2)  # halfway: radius 7.5
    assert limb[100, 199] == 0


@pytest.mark.parametrize("angle", [0.0, 0.5, 1.3])
def test_a_straight_tube_has_the_cross_section_of_an_ellipse(angle):
    direction = np.array([np.cos(angle), np.sin(angle)])
    points = np.array([100.3, 100.4]) + np.linspace(-80, 80, 110)[:, None] * direction
    n = len(points)
    chords = tubes(200, points, np.tile(direction, (n, 1)), np.full(n, 6.0), np.full(n, 4.0))
    assert chords.max() == pytest.approx(8.0, rel=0.02)
    grid = np.indices((200, 200)) - 100
    along = np.abs(grid[1] * direction[0] + grid[0] * direction[1])
    assert chords[along < 50].sum() / 100 == pytest.approx(np.pi * 6 * 4, rel=0.03)


def test_a_tube_thinner_than_a_pixel_keeps_its_area():
    points = np.column_stack([np.arange(20, 180), np.full(160, 100.3)])
    direction = np.tile([1.0, 0.0], (160, 1))
    areas = [
        tubes(200, points, direction, np.full(160, r), np.full(160, 1.0))[:, 50:150].sum() / 100 for r in (0.2, 0.4)
    ]
    assert areas[1] == pytest.approx(2 * areas[0], rel=1e-3)


def test_a_hollow_tube_is_brightest_at_its_walls():
    points = np.column_stack([np.arange(20, 180), np.full(160, 100.0)])
    pipe = tubes(200, points, np.tile([1.0, 0.0], (160, 1)), np.full(160, 10.0), np.full(160, 10.0), wall=0.2, core=0.0)
    profile = pipe[90:111, 100]
    assert profile[10] == pytest.approx(4.0, abs=0.05)  # 20 across the pipe less 16 across its hollow
    assert profile[2] > 2 * profile[10]


def test_a_curve_is_resampled_evenly():
    samples, tangents, index = curve(np.array([[0.0, 0.0], [30.0, 0.0], [30.0, 40.0]]), spacing=1.0)
    assert np.hypot(*np.diff(samples, axis=0).T).max() <= 1.01
    np.testing.assert_allclose(np.hypot(*tangents.T), 1, atol=1e-6)
    assert index[0] == 0 and index[-1] == 2
