"""What is drawn in a contest: the film alone, and the film with its truth and where everybody pointed."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from xai.films.film import Film
from xai.pictures.render import window

SIDE = 720  # pixels of the longer side
BLACK, WHITE, TRUTH = (0, 0, 0), (255, 255, 255), (86, 214, 190)
RADIUS = 11

Place = tuple[float, float]


def film_alone(film: Film) -> np.ndarray:
    """Give a film as it is seen: uint8 (H, W, 3)."""
    height, width = film.pixels.shape
    scale = SIDE / max(height, width)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small = cv2.resize(film.pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return np.repeat(window(small)[..., None], 3, axis=-1)


def film_with_marks(film: Film, truth: np.ndarray, own: Place | None, others: Mapping[str, Place]) -> np.ndarray:
    """Draw the truth's outline, a cross where the visitor pointed, and a letter where each of the others did.

    Parameters
    ----------
    film : Film
    truth : bool array (H, W)
    own : (float, float) or None
        Fractions of the film's width and height.
    others : mapping of str to (float, float)
        By letter.
    """
    picture = np.ascontiguousarray(film_alone(film))
    height, width = picture.shape[:2]
    mask = cv2.resize(truth.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for shade, thickness in ((BLACK, 5), (TRUTH, 2)):
        cv2.drawContours(picture, outlines, -1, shade, thickness)
    for letter, (x, y) in others.items():
        _letter(picture, letter, (int(x * width), int(y * height)))
    if own is not None:
        _cross(picture, (int(own[0] * width), int(own[1] * height)))
    return picture


def _letter(picture: np.ndarray, letter: str, at: tuple[int, int]) -> None:
    cv2.circle(picture, at, RADIUS + 1, BLACK, -1, cv2.LINE_AA)
    cv2.circle(picture, at, RADIUS, WHITE, -1, cv2.LINE_AA)
    (across, down), _ = cv2.getTextSize(letter, cv2.FONT_HERSHEY_SIMPLEX, 0.55, 2)
    start = at[0] - across // 2, at[1] + down // 2
    cv2.putText(picture, letter, start, cv2.FONT_HERSHEY_SIMPLEX, 0.55, BLACK, 2, cv2.LINE_AA)


def _cross(picture: np.ndarray, at: tuple[int, int]) -> None:
    for shade, thickness in ((BLACK, 6), (WHITE, 2)):
        cv2.drawMarker(picture, at, shade, cv2.MARKER_CROSS, 26, thickness, cv2.LINE_AA)
