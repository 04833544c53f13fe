"""Parts of a film in a few letters, for links and for what the browser asks: ``box-1a2b9cff.brush-081a2b.lime-4050``.

Places are two hexadecimal digits each, x before y: steps of a 255th of the film's width or height. A box names its left
top and right bottom corner; a brush its radius, of the film's longer side, and the points of its path; a method's name
the piece of its map under a point.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dashboard.page.kinds import Kind
from xai.explainers import EXPLAINERS
from xai.explainers.hiding import Box, Region, Shape, Stroke

STEPS = 255  # in which a film's width and height are told
LONGEST = 1200  # characters: links of 2,000 still pass through everything that carries links
BETWEEN = "."
RULE = (
    f"expected up to {LONGEST} characters of parts such as box-1a2b9cff, brush-081a2b or lime-4050, "
    "with full stops between them"
)
_PART = re.compile(r"([a-z]+)-((?:[0-9a-f]{2})+)")
METHODS = tuple(name for name, kind in EXPLAINERS.items() if kind.shares)


def read(text: str) -> tuple[Shape, ...]:
    """Read the parts that a text names; none where it is empty.

    Raises
    ------
    ValueError
        With what was expected.
    """
    if not text:
        return ()
    if len(text) > LONGEST:
        raise ValueError(RULE)
    return tuple(map(_shape, text.split(BETWEEN)))


def write(shapes: Sequence[Shape]) -> str:
    """Write what `read` reads, rounded to its steps."""
    return BETWEEN.join(map(_part, shapes))


def _shape(part: str) -> Shape:
    found = _PART.fullmatch(part)
    if found is None:
        raise ValueError(RULE)
    kind, values = found[1], [byte / STEPS for byte in bytes.fromhex(found[2])]
    if kind == "box" and len(values) == 4 and values[0] < values[2] and values[1] < values[3]:
        return Box(*values)
    if kind == "brush" and len(values) >= 3 and len(values) % 2 == 1 and values[0] > 0:
        return Stroke(values[0], tuple(zip(values[1::2], values[2::2], strict=True)))
    if kind in METHODS and len(values) == 2:
        return Region(kind, *values)
    raise ValueError(RULE)


def _part(shape: Shape) -> str:
    if isinstance(shape, Box):
        return f"box-{_digits(shape.left, shape.top, shape.right, shape.bottom)}"
    if isinstance(shape, Stroke):
        return f"brush-{_digits(shape.radius, *(value for point in shape.points for value in point))}"
    return f"{shape.method}-{_digits(shape.x, shape.y)}"


def _digits(*values: float) -> str:
    return bytes(round(STEPS * value) for value in values).hex()


def _checked(text: str) -> str:
    read(text)
    return text


AREAS = Kind(_checked)
"""A text that `read` takes, as links hold it."""
