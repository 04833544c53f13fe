"""Make pictures: window a film, colour a map, lay one over the other. The only place where a map is normalised.

The rule, here and in the browser: the range r is the largest |value| of the map (or of all findings of the method).
Colour is looked up at value / r. Opacity grows with |value| and is full from half of r on. The weakest share of the
non-zero values can be hidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from xai.explainers.explanation import Explanation

UNSIGNED_LUT = (
    cv2.applyColorMap(np.arange(256, dtype=np.uint8)[:, None], cv2.COLORMAP_INFERNO).reshape(256, 3)[:, ::-1].copy()
)
_DIVERGING = np.array([(8, 81, 196), (86, 156, 235), (190, 205, 220), (248, 168, 72), (226, 94, 0)], np.float32)
SIGNED_LUT = (
    np.stack([np.interp(np.linspace(0, 4, 256), np.arange(5), _DIVERGING[:, channel]) for channel in range(3)], axis=1)
    .round()
    .astype(np.uint8)
)
HATCHES = 28  # lines across a picture; on the screen they are as far apart
HATCH_EDGE, HATCH_CORE = 0.18, 0.08  # of the way from one to the next
HATCH_STRENGTH = 0.5


@dataclass(frozen=True)
class Display:
    """How a film and its maps are shown; changes nothing about what the model sees or a map says.

    Attributes
    ----------
    opacity : float
        Of the strongest evidence, 0 to 1.
    hide_weakest : float
        Percentile of the non-zero |values| below which a map is hidden.
    scale : {"finding", "all"}
        Whether colours span this finding's own map, or all findings of the method.
    native : bool
        Show the evidence at the resolution at which it exists.
    center, width : float
        Window of the film, in its [0, 1].
    invert : bool
        Show dense parts dark.
    hatched : bool
        Hatch the pieces of a map whose sign is not sure, where the method knows.
    """

    opacity: float = 0.6
    hide_weakest: float = 0.0
    scale: str = "finding"
    native: bool = False
    center: float = 0.5
    width: float = 1.0
    invert: bool = False
    hatched: bool = False


def window(pixels: np.ndarray, center: float = 0.5, width: float = 1.0, invert: bool = False) -> np.ndarray:
    """Window a film for the eye.

    Parameters
    ----------
    pixels : ndarray of float, shape (H, W)
        In [0, 1].
    center, width : float
        The shades from ``center - width / 2`` (black) to ``center + width / 2`` (white) are spread over the screen's.
    invert : bool
        Show dense parts dark.

    Returns
    -------
    ndarray of uint8, shape (H, W)
    """
    shades = np.clip((pixels - (center - width / 2)) / max(width, 1e-6), 0, 1)
    return np.rint(255 * (1 - shades if invert else shades)).astype(np.uint8)


def colour_range(
    explanation: Explanation, siblings: Sequence[Explanation] = (), scale: str = "finding", native: bool = False
) -> float:
    """Largest |value| that the colours span: of this map, or of all findings of its method; of its cells if native."""
    maps = [explanation, *siblings] if scale == "all" else [explanation]
    return float(max(np.abs(shown_values(one, native)).max() for one in maps))


def shown_values(explanation: Explanation, native: bool) -> np.ndarray:
    """Give the map, or the cells that it was made of where they are asked for and there are any."""
    return explanation.cells if native and explanation.cells is not None else explanation.map


def colour(values: np.ndarray, span: float, signed: bool) -> np.ndarray:
    """Colour a map: uint8 (H, W, 3). Signed maps are symmetric about 0: blue against, orange for."""
    coloured: np.ndarray = _table(signed)[_levels(values, span, signed)]
    return coloured


def _table(signed: bool) -> np.ndarray:
    return SIGNED_LUT if signed else UNSIGNED_LUT


def _levels(values: np.ndarray, span: float, signed: bool) -> np.ndarray:
    """Give the row of its table that each value's colour stands in."""
    share = values / span if span > 0 else np.zeros_like(values)
    levels: np.ndarray = np.rint(np.clip(127.5 + 127.5 * share if signed else 255 * share, 0, 255)).astype(np.uint8)
    return levels


def opacity(values: np.ndarray, span: float, strongest: float, hide_weakest: float = 0.0) -> np.ndarray:
    """Opacity of each pixel of a map, float (H, W) in [0, strongest]."""
    size = np.abs(values)
    if span <= 0 or not size.any():
        return np.zeros_like(size)
    alpha = strongest * np.minimum(1, 2 * size / span)
    return np.where(size < weakest_shown(values, hide_weakest), 0, alpha)


def weakest_shown(values: np.ndarray, hide_weakest: float) -> float:
    """Least |value| of a map that is shown."""
    size = np.abs(values[values != 0])
    return float(np.percentile(size, hide_weakest)) if hide_weakest > 0 and size.size else 0.0


def overlay(
    pixels: np.ndarray,
    explanation: Explanation,
    footprint: tuple[float, float, float, float],
    display: Display,
    signed: bool,
    span: float | None = None,
) -> np.ndarray:
    """Lay a map over its film.

    Parameters
    ----------
    pixels : ndarray of float32, shape (H, W)
        The film.
    explanation : Explanation
        Its map lies in the model's geometry.
    footprint : tuple of float
        The part of the film that the model saw; see `xai.models.preprocess.footprint`.
    display : Display
    signed : bool
        Whether the method's maps are signed.
    span : float, optional
        What the colours span; the map's own largest |value| without it.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
    """
    span = colour_range(explanation, native=display.native) if span is None else span
    height, width = pixels.shape
    grey = window(pixels, display.center, display.width, display.invert)
    smooth = not display.native
    values = shown_values(explanation, display.native)
    placed = place(values, footprint, height, width, smooth)
    levels, table = _levels(placed, span, signed), _table(signed).astype(np.float32)
    alpha = opacity(placed, span, display.opacity, display.hide_weakest)
    below = grey * (1 - alpha)
    mixed = np.empty((height, width, 3), np.float32)
    for channel in range(3):  # one after the other takes half the time of all at once
        mixed[..., channel] = np.rint(below + table[:, channel].take(levels) * alpha)
    if display.hatched and display.opacity > 0 and (unsure := hatch_mask(explanation)) is not None:
        _hatch(mixed, place(unsure, footprint, height, width, smooth=False) * (alpha > 0))
    return mixed.astype(np.uint8)


def hatch_mask(explanation: Explanation) -> np.ndarray | None:
    """Say where a map's sign is not sure: float32 (H, W), 1 there; None where it is sure everywhere, or not known."""
    unsure, pieces = explanation.unsure, explanation.pieces
    if unsure is None or pieces is None or not unsure.any():
        return None
    mask: np.ndarray = unsure.astype(np.float32)[pieces]
    return mask


def is_hatched(explanation: Explanation, display: Display) -> bool:
    """Say whether a map is hatched anywhere: where its sign is not sure, and what is shown of it is not hidden."""
    unsure, size = hatch_mask(explanation), np.abs(explanation.map)
    if unsure is None or not display.hatched or display.opacity == 0:
        return False
    least = weakest_shown(explanation.map, display.hide_weakest)
    return bool(((unsure > 0) & (size > 0) & (size >= least)).any())


def _hatch(rgb: np.ndarray, mask: np.ndarray) -> None:
    """Draw thin lines into a picture (H, W, 3) where a mask is 1, falling to the right: light ones on dark edges."""
    height, width = rgb.shape[:2]
    apart = max(height, width) / HATCHES
    away = np.abs((np.arange(width)[None] - np.arange(height)[:, None]) % apart / apart - 0.5)  # from a line's middle
    shade = np.where(away < HATCH_CORE / 2, 255.0, 0.0)
    part = HATCH_STRENGTH * (mask > 0) * (away < HATCH_EDGE / 2)
    rgb += (shade[..., None] - rgb) * part[..., None]


def place(
    values: np.ndarray, footprint: tuple[float, float, float, float], height: int, width: int, smooth: bool = True
) -> np.ndarray:
    """Put a map where it belongs on a film of ``height`` x ``width``; 0 where the model saw nothing."""
    x0, y0, x1, y1 = footprint
    left, right = round(x0 * width), round(x1 * width)
    top, bottom = round(y0 * height), round(y1 * height)
    how = Image.Resampling.BILINEAR if smooth else Image.Resampling.NEAREST
    scaled = np.asarray(Image.fromarray(values).resize((right - left, bottom - top), how))
    film = np.zeros((height, width), np.float32)
    inside = np.s_[max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)]
    film[inside] = scaled[max(-top, 0) :, max(-left, 0) :][: film[inside].shape[0], : film[inside].shape[1]]
    return film
