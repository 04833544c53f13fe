"""A film as it stands on the screen, drawn for a page: through its window, under its maps, with its outlines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from xai.explainers.explanation import Explanation
from xai.pictures.layout import Picture
from xai.pictures.lines import WHOLE, Footprint, borders, rectangle
from xai.pictures.peak import peak_piece
from xai.pictures.render import Display, overlay, place, window
from xai.pictures.sheet import Mark

SIDE = 1400  # pixels of the longer side of a picture on a page of its own
PIECES = Mark((), "#ffffff8c", width=1.5, cased=False)  # borders of a method's own pieces
STRONGEST = "#ffffff"  # of the box and the outline of the strongest evidence
UNSEEN = 0.6  # how bright what the model did not see remains


@dataclass(frozen=True, eq=False)
class View:
    """A film and how it is shown.

    Attributes
    ----------
    pixels : ndarray of float32, shape (H, W)
        The film.
    footprint : tuple of float
        The part of it that the model saw.
    display : Display
    canvas : ndarray of float32, shape (h, w), or None
        The model's input, where that is shown in the film's place.
    marks : tuple of Mark
        Outlines, such as those of the truth, on all its pictures.
    letters : (str, str) or None
        Sides of the patient, where they are known.
    side : int
        Pixels of a picture's longer side.
    """

    pixels: np.ndarray
    footprint: Footprint
    display: Display
    canvas: np.ndarray | None = None
    marks: tuple[Mark, ...] = ()
    letters: tuple[str, str] | None = ("R", "L")
    side: int = SIDE

    def alone(self) -> Picture:
        """Give the film, or what stands in its place."""
        return self._picture(self._shades())

    def of(self, pixels: np.ndarray) -> Picture:
        """Give another film of the same kind, such as a twin, through the same window."""
        return self._picture(_sized(pixels, self.side))

    def under(self, explanation: Explanation, signed: bool, span: float, *, boxed: bool = False) -> Picture:
        """Lay a map over the film, with the borders of its pieces where evidence is shown as it is.

        Parameters
        ----------
        explanation : Explanation
        signed : bool
        span : float
            What its colours span.
        boxed : bool
            Draw the box and the outline of the piece around its peak; see `xai.pictures.peak`.
        """
        display = self.display
        marks: list[Mark] = []
        laid = overlay(self._shades(), explanation, self.footprint, display, signed, span)
        if display.opacity > 0:
            laid = _dimmed(laid, self.footprint)
            if display.native and explanation.pieces is not None:
                marks.append(
                    Mark(borders(explanation.pieces, self.footprint), PIECES.color, False, PIECES.width, False)
                )
        if boxed:
            marks += peak_marks(explanation.map, self.footprint)
        return Picture(laid, (*marks, *self.marks), self.letters)

    def _shades(self) -> np.ndarray:
        film = _sized(self.pixels, self.side)
        return film if self.canvas is None else place(self.canvas, self.footprint, *film.shape)

    def _picture(self, pixels: np.ndarray) -> Picture:
        display = self.display
        grey = window(pixels, display.center, display.width, display.invert)
        return Picture(np.repeat(grey[..., None], 3, axis=2), self.marks, self.letters)


def outlines(
    color: str, boxes: Sequence[Sequence[float]] = (), mask: np.ndarray | None = None, *, dashed: bool = False
) -> Mark:
    """Make the outline of a finding of boxes (x0, y0, x1, y1), in fractions of the film, and of a mask of the film."""
    lines = [rectangle(*box) for box in boxes]
    return Mark(lines if mask is None else [*lines, *borders(mask, WHOLE)], color, dashed)


def peak_marks(values: np.ndarray, footprint: Footprint) -> list[Mark]:
    """Make the outline and, dashed, the box of the piece around a map's peak; none where nothing speaks for it."""
    piece = peak_piece(values, footprint)
    if piece is None:
        return []
    left, top, width, height = piece.box(1, 1)
    around = np.concatenate([piece.outline, piece.outline[:1]])
    box = rectangle(left, top, left + width, top + height)
    return [Mark([around], STRONGEST, width=2.0), Mark([box], STRONGEST, dashed=True, width=2.0)]


def _sized(pixels: np.ndarray, side: int) -> np.ndarray:
    """Scale a film to pixels that a page can show."""
    height, width = pixels.shape
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    how = Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.LANCZOS
    scaled: np.ndarray = np.asarray(Image.fromarray(np.asarray(pixels, np.float32)).resize(size, how)).clip(0, 1)
    return scaled


def _dimmed(rgb: np.ndarray, footprint: Footprint) -> np.ndarray:
    """Make what the model did not see a little darker."""
    height, width = rgb.shape[:2]
    seen = place(np.ones((2, 2), np.float32), footprint, height, width, smooth=False) > 0
    if seen.all():
        return rgb
    dimmed: np.ndarray = np.where(seen[..., None], rgb, np.rint(UNSEEN * rgb)).astype(np.uint8)
    return dimmed
