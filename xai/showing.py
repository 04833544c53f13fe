"""How things show themselves in a notebook: the ground floor holds the place, `xai.pictures` knows the drawing.

IPython looks for ``_repr_png_`` on a class, and a film must not import what draws films. So the class asks
`picture_of`, and `xai.pictures.notebook` registers there what it can draw; ``import xai`` brings both together.
"""

from __future__ import annotations

import functools


@functools.singledispatch
def picture_of(thing: object) -> bytes | None:
    """Draw something as a PNG; None where nobody has said how, and IPython then shows its words."""
    return None
