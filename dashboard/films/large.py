"""A film as it is shown large, with what is known to be on it outlined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from dashboard.page.palette import FINDING_COLORS, OTHER_COLOR
from dashboard.server.drawn import Box, layers
from xai.films.film import Film
from xai.findings import finding_label
from xai.models.preprocess import resize
from xai.pictures.render import window

LONGEST_SIDE = 900
DARK = (0, 0, 0)
NAME_WIDTH, NAME_HEIGHT = 150, 20  # pixels that a written name takes


def outlined(
    film: Film, boxes: Mapping[str, Sequence[Box]] | None = None, masks: Mapping[str, np.ndarray] | None = None
) -> np.ndarray:
    """Draw boxes and the edges of masks on a film, each in its finding's colour and named.

    Parameters
    ----------
    film : Film
    boxes : mapping of str to boxes, optional
        By finding, in fractions of the film.
    masks : mapping of str to bool array (H, W), optional
        By finding or object; of values above 1, each bit is a mask of its own (`dashboard.server.drawn`).

    Returns
    -------
    uint8 array (H, W, 3)
        At most `LONGEST_SIDE` a side; no shade is stretched.
    """
    height, width = film.pixels.shape
    scale = LONGEST_SIDE / max(height, width)  # small films are enlarged, so that lines and names stay fine
    height, width = round(height * scale), round(width * scale)
    picture = np.repeat(window(resize(film.pixels, height, width))[..., None], 3, axis=2)
    names: list[tuple[int, int]] = []
    for name, mask in (masks or {}).items():
        if edges := [edge for layer in layers(mask) for edge in _edges(layer, (width, height))]:
            _draw(picture, name, edges, names)
    for name, drawn in (boxes or {}).items():
        corners = np.array([[(x0, y0), (x1, y0), (x1, y1), (x0, y1)] for x0, y0, x1, y1 in drawn])
        _draw(picture, name, list(np.rint(corners * (width, height)).astype(np.int32)), names)
    return picture


def _edges(mask: np.ndarray, size: tuple[int, int]) -> list[np.ndarray]:
    """Find the outer edges of a mask as it is shown: closed lines of (x, y)."""
    enlarged = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    edges, _ = cv2.findContours((enlarged >= 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return [edge.reshape(-1, 2) for edge in edges]


def _draw(picture: np.ndarray, name: str, edges: list[np.ndarray], names: list[tuple[int, int]]) -> None:
    """Draw closed lines and a name above the uppermost; ``names`` holds the places of those written before."""
    colour = tuple(int(FINDING_COLORS.get(name, OTHER_COLOR)[at : at + 2], 16) for at in (1, 3, 5))
    x, y, _, tall = cv2.boundingRect(min(edges, key=lambda edge: edge[:, 1].min()))
    x, y = max(x, 4), y - 6 if y > NAME_HEIGHT else min(y + tall + NAME_HEIGHT, len(picture) - 6)
    while any(abs(x - left) < NAME_WIDTH and abs(y - base) < NAME_HEIGHT for left, base in names):
        y += NAME_HEIGHT
    names.append((x, y))
    for shade, thick in ((DARK, 4), (colour, 2)):  # a dark edge, to be seen on any film
        cv2.polylines(picture, edges, True, shade, thick, cv2.LINE_AA)
        cv2.putText(picture, finding_label(name), (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.6, shade, thick, cv2.LINE_AA)
