"""Small figures as SVG text: they print well, need no script and stand inside one HTML file."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.ticker import MaxNLocator

from xai.written import with_unit

Numbers = Sequence[float] | np.ndarray
Ticks = list[tuple[float, str]]
WIDTH, HEIGHT = 340, 310
LEFT, RIGHT, TOP, BOTTOM = 58, 24, 14, 44  # margins: the widest tick, such as 100 %, fits into each
LETTER = 6.2  # pixels that a letter of the figures takes, about


@dataclass
class Plot:
    """One pair of axes; each method adds a shape in data units.

    Attributes
    ----------
    x_label, y_label : str
    x_range, y_range : tuple of float
    x_ticks, y_ticks : sequence of (place, words)
    """

    x_label: str
    y_label: str
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    x_ticks: Sequence[tuple[float, str]]
    y_ticks: Sequence[tuple[float, str]]
    shapes: list[str] = field(default_factory=list)

    def line(self, x: Numbers, y: Numbers, color: str, width: float = 2, dash: str = "") -> None:
        """Add a line."""
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.shapes.append(
            f'<polyline points="{self._points(x, y)}" fill="none" stroke="{color}" stroke-width="{width}"{dashed}/>'
        )

    def area(self, x: Numbers, low: Numbers, high: Numbers, color: str) -> None:
        """Add a band."""
        outline = self._points([*x, *x[::-1]], [*high, *low[::-1]])
        self.shapes.append(f'<polygon points="{outline}" fill="{color}" opacity="0.2"/>')

    def bars(self, edges: Numbers, heights: Numbers, color: str) -> None:
        """Add bars from 0."""
        for left, right, height in zip(edges[:-1], edges[1:], heights, strict=True):
            x, y = self._x(left), self._y(height)
            self.shapes.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{self._x(right) - x:.1f}" height="{self._y(0) - y:.1f}" '
                f'fill="{color}" opacity="0.6"/>'
            )

    def dots(self, x: Numbers, y: Numbers, radii: Numbers, color: str) -> None:
        """Add dots; radii are in picture units."""
        self.shapes += [
            f'<circle cx="{self._x(one):.1f}" cy="{self._y(other):.1f}" r="{radius:.1f}" fill="{color}"/>'
            for one, other, radius in zip(x, y, radii, strict=True)
            if not math.isnan(one + other)
        ]

    def legend(self, *kinds: tuple[str, str], line: str = "") -> None:
        """Say at the top what each colour is: pairs of (words, colour); ``line`` says what an upright line is."""
        x = LEFT + 4
        for words, color in kinds:
            self.shapes.append(
                f'<rect x="{x}" y="{TOP + 2}" width="10" height="10" fill="{color}" opacity="0.6"/>'
                f'<text x="{x + 14}" y="{TOP + 11}">{html.escape(words)}</text>'
            )
            x += round(14 + LETTER * len(words) + 12)
        if line:
            self.shapes.append(
                f'<line x1="{x + 5}" x2="{x + 5}" y1="{TOP + 1}" y2="{TOP + 13}" stroke="#111" stroke-width="1.5"/>'
                f'<text x="{x + 14}" y="{TOP + 11}">{html.escape(line)}</text>'
            )

    def svg(self) -> str:
        """Give the figure."""
        bottom, left = HEIGHT - BOTTOM, LEFT
        ticks = [
            f'<text x="{self._x(at):.1f}" y="{bottom + 18}" text-anchor="middle">{html.escape(words)}</text>'
            for at, words in self.x_ticks
        ]
        ticks += [
            f'<line x1="{left}" x2="{WIDTH - RIGHT}" y1="{self._y(at):.1f}" y2="{self._y(at):.1f}" class="grid"/>'
            f'<text x="{left - 6}" y="{self._y(at) + 4:.1f}" text-anchor="end">{html.escape(words)}</text>'
            for at, words in self.y_ticks
        ]
        middle = (left + WIDTH - RIGHT) / 2, (TOP + bottom) / 2
        labels = (
            f'<text x="{middle[0]}" y="{HEIGHT - 8}" text-anchor="middle">{html.escape(self.x_label)}</text>'
            f'<text transform="translate(13 {middle[1]}) rotate(-90)" text-anchor="middle">'
            f"{html.escape(self.y_label)}</text>"
        )
        style = "<style>text{font:11px sans-serif;fill:#444}.grid{stroke:#ddd;stroke-width:.7}</style>"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
            f"{style}{''.join(ticks)}{''.join(self.shapes)}{labels}</svg>"
        )

    def _x(self, value: float) -> float:
        return LEFT + _share(value, self.x_range) * (WIDTH - LEFT - RIGHT)

    def _y(self, value: float) -> float:
        return HEIGHT - BOTTOM - _share(value, self.y_range) * (HEIGHT - TOP - BOTTOM)

    def _points(self, x: Numbers, y: Numbers) -> str:
        pairs = ((one, other) for one, other in zip(x, y, strict=True) if not math.isnan(one + other))
        return " ".join(f"{self._x(one):.1f},{self._y(other):.1f}" for one, other in pairs)


def percent_ticks(low: float, high: float, count: int = 5) -> Ticks:
    """Give ticks at round shares from ``low`` to ``high``, each written whole, so that no two read alike."""
    places = MaxNLocator(nbins=count, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    places = [float(at) for at in places if low - 1e-12 <= at <= high + 1e-12]
    digits = next((n for n in range(6) if all(abs(round(100 * at, n) - 100 * at) < 1e-9 for at in places)), 6)
    return [(at, with_unit(f"{100 * abs(at):.{digits}f}", "%")) for at in places]


def apart(ticks: Ticks, span: tuple[float, float]) -> Ticks:
    """Leave out ticks of the x axis whose words would touch those of the one before."""
    kept: Ticks = []
    for at, words in sorted(ticks):
        room = (_share(at, span) - _share(kept[-1][0], span)) * (WIDTH - LEFT - RIGHT) if kept else math.inf
        if room > LETTER * (len(words) + len(kept[-1][1]) if kept else 0) / 2 + 6:
            kept.append((at, words))
    return kept


def _share(value: float, span: tuple[float, float]) -> float:
    low, high = span
    return min(max((value - low) / (high - low), 0.0), 1.0)
