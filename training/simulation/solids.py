"""Simple solids and the lengths that rays run inside them, in closed form.

Rays run along z. Lengths are in millimetres. A solid met by every ray at most once is an ``Interval``: the depths
at which each ray enters and leaves it. Intervals can be cut from one another, which is how a heart displaces lung.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np


class Interval(NamedTuple):
    """Depths (mm) at which the ray of each pixel enters and leaves a solid; ``front >= back`` where it misses."""

    front: np.ndarray
    back: np.ndarray

    @property
    def length(self) -> np.ndarray:
        """(H, W) length of each ray inside the solid, mm."""
        return np.maximum(self.back - self.front, 0)

    def intersection(self, other: Interval) -> Interval:
        """Give the part of each ray inside both solids."""
        return Interval(np.maximum(self.front, other.front), np.minimum(self.back, other.back))

    def hull(self, other: Interval) -> Interval:
        """Give the shortest interval that holds both; a solid that a ray misses adds nothing."""
        mine, theirs = self.back > self.front, other.back > other.front
        front = np.minimum(np.where(mine, self.front, np.inf), np.where(theirs, other.front, np.inf))
        back = np.maximum(np.where(mine, self.back, -np.inf), np.where(theirs, other.back, -np.inf))
        return Interval(front, back)

    def length_outside(self, first: Interval, second: Interval) -> np.ndarray:
        """Length of each ray inside this solid but in neither of two others (inclusion and exclusion)."""
        in_first, in_second = self.intersection(first), self.intersection(second)
        both = in_first.intersection(second)
        return np.maximum(self.length - in_first.length - in_second.length + both.length, 0)


class Axes(NamedTuple):
    """World coordinates (mm) of the pixel columns and rows, at the depth of one solid."""

    x: np.ndarray
    y: np.ndarray


def ellipsoid(
    axes: Axes, centre: tuple[float, float, float], semi_axes: tuple[float, float, float], tilt: float = 0.0
) -> Interval:
    """Intersect rays with an ellipsoid.

    Parameters
    ----------
    axes
        World coordinates of columns and rows at the depth of the centre.
    centre
        x, y, z in mm.
    semi_axes
        Along x, y and z in mm, before the tilt.
    tilt
        Turn in the film's plane in radians; positive turns the x axis down.
    """
    # Plain floats, so that float32 coordinates stay float32: half the memory, twice the speed.
    (cx, cy, cz), (rx, ry, rz) = map(float, centre), map(float, semi_axes)
    dx, dy = axes.x[None, :] - cx, axes.y[:, None] - cy
    along = dx * math.cos(tilt) + dy * math.sin(tilt)
    across = dy * math.cos(tilt) - dx * math.sin(tilt)
    half = rz * np.sqrt(np.maximum(1 - (along / rx) ** 2 - (across / ry) ** 2, 0))
    return Interval(cz - half, cz + half)


def stack(
    axes: Axes,
    middle: np.ndarray,
    half_width: np.ndarray,
    half_depth: np.ndarray,
    depth: np.ndarray | float = 0.0,
    exponent: float = 2.0,
) -> Interval:
    """Intersect rays with a solid whose horizontal sections are superellipses, one for each row.

    Parameters
    ----------
    axes
        World coordinates of columns and rows.
    middle, half_width, half_depth, depth
        (H,) of each row's section, mm: its middle in x, half its width and depth, its middle in z.
    exponent
        2 is an ellipse; more is boxier.
    """
    half_width, half_depth = np.asarray(half_width, np.float32), np.asarray(half_depth, np.float32)
    width = np.maximum(half_width, 1e-3)[:, None]
    u = np.abs(axes.x[None, :] - np.asarray(middle, dtype=np.float32)[:, None]) / width
    shape = np.maximum(1 - u**exponent, 0) ** (1 / exponent)
    half = half_depth[:, None] * shape * (half_width[:, None] > 0)
    middle_z = np.broadcast_to(np.asarray(depth, dtype=np.float32), axes.y.shape)[:, None]
    return Interval(middle_z - half, middle_z + half)


def capsule(axes: Axes, start: tuple[float, float], end: tuple[float, float], radii: tuple[float, float]) -> np.ndarray:
    """Chords (H, W), mm, through a straight round limb that tapers from ``radii[0]`` to ``radii[1]``."""
    (x0, y0), (x1, y1), (r0, r1) = map(float, start), map(float, end), map(float, radii)
    dx, dy = axes.x[None, :] - x0, axes.y[:, None] - y0
    vx, vy = x1 - x0, y1 - y0
    t = np.clip((dx * vx + dy * vy) / (vx * vx + vy * vy), 0, 1)
    distance2 = (dx - t * vx) ** 2 + (dy - t * vy) ** 2
    radius = r0 + (r1 - r0) * t
    return 2 * np.sqrt(np.maximum(radius * radius - distance2, 0))


def tubes(
    size: int,
    points: np.ndarray,
    directions: np.ndarray,
    half_width: np.ndarray,
    half_depth: np.ndarray,
    wall: float = np.inf,
    core: float = 1.0,
) -> np.ndarray:
    """Chords through curved tubes, given as dense samples of their centre lines.

    Near a sample the tube is straight, so a pixel at distance d from it has the chord
    ``2 half_depth sqrt(1 - (d / half_width)^2)``; where samples overlap the longest chord counts, so that one
    tube is never added to itself. Tubes that must add up are projected in separate calls.

    Parameters
    ----------
    size
        Side of the film in pixels.
    points
        (N, 2) x and y of the samples in pixels, at most about a pixel apart along a tube.
    directions
        (N, 2) unit tangents.
    half_width
        (N,) half the width seen on the film, pixels. Tubes thinner than a pixel keep their area.
    half_depth
        (N,) half the length of the ray inside the tube at its centre line, mm.
    wall
        Thickness of a dense wall as a fraction of the half-width; infinite for a solid tube.
    core
        Density of the core relative to the wall.

    Returns
    -------
    numpy.ndarray
        (size, size) float32, mm.
    """
    if len(points) == 0:
        return np.zeros((size, size), np.float32)
    points, directions = points.astype(np.float32), directions.astype(np.float32)
    seen = np.maximum(half_width, 0.75).astype(np.float32)
    depth = (2 * half_depth * np.minimum(half_width / 0.75, 1)).astype(np.float32)
    reach = int(np.ceil(seen.max())) + 1
    near = np.all((points > -reach) & (points < size + reach), axis=1)
    points, directions, seen, depth = points[near], directions[near], seen[near], depth[near]
    offset = np.arange(-reach, reach + 1, dtype=np.int32)
    column = np.rint(points[:, 0]).astype(np.int32)[:, None, None] + offset[None, None, :]
    row = np.rint(points[:, 1]).astype(np.int32)[:, None, None] + offset[None, :, None]
    dx, dy = column - points[:, 0, None, None], row - points[:, 1, None, None]
    tx, ty = directions[:, 0, None, None], directions[:, 1, None, None]
    across2 = ((dx * ty - dy * tx) / seen[:, None, None]) ** 2
    hit = (across2 < 1) & (np.abs(dx * tx + dy * ty) <= 1.2)
    across2, which = across2[hit], np.nonzero(hit)[0]
    chord = depth[which] * np.sqrt(1 - across2)
    if np.isfinite(wall):
        inner = 1 - wall
        chord -= (1 - core) * inner * depth[which] * np.sqrt(np.maximum(1 - across2 / inner**2, 0))
    margin = 2 * reach + 2
    side = size + 2 * margin
    canvas = np.zeros(side * side, np.float32)
    np.maximum.at(canvas, ((row + margin) * side + column + margin)[hit], chord)
    return canvas.reshape(side, side)[margin:-margin, margin:-margin]


def curve(points: np.ndarray, spacing: float = 1.6) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Resample a polyline evenly.

    Parameters
    ----------
    points
        (N, 2) corners in pixels.
    spacing
        Distance between samples, pixels.

    Returns
    -------
    tuple
        (M, 2) samples, (M, 2) unit tangents, (M,) position of each sample in units of the corners' index, for
        interpolating what belongs to the corners.
    """
    steps = np.hypot(*np.diff(points, axis=0).T)
    travelled = np.concatenate([[0], np.cumsum(steps)])
    at = np.linspace(0, travelled[-1], max(int(travelled[-1] / spacing) + 1, 2))
    index = np.interp(at, travelled, np.arange(len(points)))
    samples = np.stack([np.interp(at, travelled, points[:, k]) for k in (0, 1)], axis=1)
    tangents = np.gradient(samples, axis=0)
    return samples, tangents / np.maximum(np.hypot(*tangents.T), 1e-6)[:, None], index
