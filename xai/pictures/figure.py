"""One picture for a slide: a film beside its maps, with everything that a reader needs to place it."""

from __future__ import annotations

import functools
import importlib.util
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from xai.explainers.declared import Told
from xai.explainers.explanation import Explanation
from xai.measures.frame import WHOLE, Footprint
from xai.pictures.render import Display, colour, colour_range, overlay, window

PANEL = 480
NARROWER = 0.9  # a wide font's letters, to take as little room as Pillow's
MARGIN = 24
BELOW = 290  # pixels under the pictures: colour bars, what is said of the maps, the footnote
TITLES = 78  # pixels above them: the headline and the panels' titles
INK, QUIET, GROUND = (238, 238, 238), (170, 174, 180), (14, 15, 18)


@dataclass(frozen=True, eq=False)
class Panel:
    """One map of the figure: its title and sign, the explanation, what its colours span, and how good it is.

    ``footprint`` is the part of the film that it covers, None where that is not known.
    """

    title: str
    signed: bool
    unit: str
    explanation: Explanation
    span: float
    told: Sequence[Told] = ()
    footprint: Footprint | None = WHOLE


def panel(
    title: str,
    signed: bool,
    unit: str,
    all_findings: Sequence[Explanation],
    k: int,
    display: Display,
    told: Sequence[Told] = (),
) -> Panel:
    """Make the panel of one finding out of the explanations of all; ``told`` are its diagnostics in words."""
    span = colour_range(all_findings[k], all_findings, display.scale)
    return Panel(title, signed, unit, all_findings[k], span, told)


def slide(
    pixels: np.ndarray,
    footprint: Footprint,
    panels: Sequence[Panel],
    display: Display,
    headline: str,
    footnote: str,
) -> bytes:
    """Draw a film and its maps in one row.

    Parameters
    ----------
    pixels : ndarray of float32, shape (H, W)
        The film.
    footprint : tuple of float
        The part of it that the model saw.
    panels : sequence of Panel
    display : Display
    headline, footnote : str
        What the row shows; what made it.

    Returns
    -------
    bytes
        A PNG.
    """
    grey = window(pixels, display.center, display.width, display.invert)
    pictures: list[tuple[str, np.ndarray, Panel | None]] = [("Film", np.repeat(grey[..., None], 3, 2), None)]
    for one in panels:
        laid = overlay(pixels, one.explanation, footprint, display, one.signed, one.span)
        pictures.append((one.title, laid, replace(one, footprint=footprint)))
    return _sheet(pictures, headline, footnote)


def alone(one: Panel, headline: str, footnote: str) -> bytes:
    """Draw a map without its film, with the legend and the words of `slide`; a PNG."""
    unplaced = replace(one, footprint=None)
    return _sheet([(one.title, colour(one.explanation.map, one.span, one.signed), unplaced)], headline, footnote)


def _sheet(pictures: Sequence[tuple[str, np.ndarray, Panel | None]], headline: str, footnote: str) -> bytes:
    """Put titled pictures in one row, with a legend below those that are maps."""
    width = MARGIN + len(pictures) * (PANEL + MARGIN)
    sheet = Image.new("RGB", (width, MARGIN + TITLES + PANEL + BELOW), GROUND)
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, MARGIN), headline, INK, _font(26))
    top = MARGIN + TITLES
    for number, (title, rgb, one) in enumerate(pictures):
        left = MARGIN + number * (PANEL + MARGIN)
        _paste(sheet, draw, rgb, left, top, title)
        if one is not None:
            _legend(sheet, draw, one, left, top + PANEL + 10)
    words = _wrapped(footnote, width - 2 * MARGIN, _font(15))
    draw.text((MARGIN, sheet.height - MARGIN), words, QUIET, _font(15), anchor="ld")
    stream = io.BytesIO()
    sheet.save(stream, "PNG")
    return stream.getvalue()


def _paste(sheet: Image.Image, draw: ImageDraw.ImageDraw, rgb: np.ndarray, left: int, top: int, title: str) -> None:
    """Put a picture into its square, aspect kept, with its title above and the sides named."""
    draw.text((left, top - 28), title, INK, _font(19))
    picture = Image.fromarray(rgb)
    scale = PANEL / max(picture.size)
    picture = picture.resize([max(1, round(extent * scale)) for extent in picture.size], Image.Resampling.LANCZOS)
    x, y = left + (PANEL - picture.width) // 2, top + (PANEL - picture.height) // 2
    sheet.paste(picture, (x, y))
    for letter, at in (("R", x + 8), ("L", x + picture.width - 20)):
        draw.text((at, y + 8), letter, QUIET, _font(16))


def _legend(sheet: Image.Image, draw: ImageDraw.ImageDraw, one: Panel, left: int, top: int) -> None:
    """Draw a colour bar with its ends in numbers, and say where the evidence lies and how good the map is."""
    line = np.linspace(-1 if one.signed else 0, 1, PANEL, dtype=np.float32)[None].repeat(12, 0)
    sheet.paste(Image.fromarray(colour(line, 1.0, one.signed)), (left, top))
    low = f"{-one.span:.3g}" if one.signed else "0"
    draw.text((left, top + 16), low, QUIET, _font(14))
    high = f"{one.span:.3g} {one.unit}"
    draw.text((left + PANEL - draw.textlength(high, _font(14)), top + 16), high, QUIET, _font(14))
    where = _wrapped(one.explanation.describe(one.footprint), PANEL, _font(15))
    draw.text((left, top + 40), where, INK, _font(15))
    _, _, _, bottom = draw.textbbox((left, top + 40), where, _font(15))
    quality = " · ".join(f"{'! ' if told.warn else ''}{told.label} {told.value}" for told in one.told)
    draw.text((left, bottom + 6), _wrapped(quality, PANEL, _font(14)), QUIET, _font(14))


def _wrapped(text: str, width: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """Break a text into lines that are no wider than ``width`` pixels."""
    lines = [""]
    for word in text.split(" "):  # at no space that keeps a number and its unit together
        longer = f"{lines[-1]} {word}".lstrip()
        if font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines).lstrip()


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Give matplotlib's own font, which has signs such as × and ² that Pillow's lacks; Pillow's where it is missing."""
    found = importlib.util.find_spec("matplotlib")
    for folder in (found.submodule_search_locations or ()) if found else ():
        file = Path(folder) / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
        if file.is_file():
            return ImageFont.truetype(str(file), round(size * NARROWER))
    return ImageFont.load_default(size)
