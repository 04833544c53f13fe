"""One page for a slide: a film beside its maps, or a sheet of several, with all that a reader needs to place them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xai.explainers.declared import Told
from xai.explainers.explanation import Explanation
from xai.pictures.layout import BAR, GAP, TITLE, WITHIN, Bar, Cell, Picture, Placed, Words, place
from xai.pictures.render import Display, colour, colour_range, weakest_shown
from xai.pictures.sheet import FORMS, HEIGHT, MARGIN, TEXT, THEMES, WIDTH, Box, Sheet, height_of, wrapped

HEADLINE, ANSWER = 46, 30
HIDDEN = 24  # grey of a colour bar where the weakest is hidden, as on the screen
MINUS = "−"
NOTICE = "Lightbox: for teaching and research, not for clinical use"


@dataclass(frozen=True, eq=False)
class Panel:
    """One map of the figure: its title and sign, the explanation, what its colours span, and how good it is."""

    title: str
    signed: bool
    unit: str
    explanation: Explanation
    span: float
    told: Sequence[Told] = ()


@dataclass(frozen=True)
class Text:
    """What stands around the pictures of a page.

    Attributes
    ----------
    headline, answer : str
        What is shown, and what the model says of it.
    cautions : tuple of str
        Why not to believe it.
    notes : tuple of str
        Below the pictures: what made them, and where to find them again.
    """

    headline: str
    answer: str = ""
    cautions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


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
    span = colour_range(all_findings[k], all_findings, display.scale, display.native)
    return Panel(title, signed, unit, all_findings[k], span, told)


def map_cell(one: Panel, picture: Picture, display: Display, where: str) -> Cell:
    """Put a map's picture together with its colour bar, where its evidence lies, and how good it is.

    Parameters
    ----------
    one : Panel
    picture : Picture
        The map, over its film or alone.
    display : Display
    where : str
        Where its evidence lies, in a sentence.
    """
    warnings = [Words(f"! {told.label}: {told.value}", warns=True) for told in one.told if told.warn]
    quality = " · ".join(f"{told.label} {told.value}" for told in one.told if not told.warn)
    words = [*warnings, Words(where), *([Words(quality)] if quality else [])]
    return Cell(one.title, (picture,), bar(one, display), tuple(words))


def bar(one: Panel, display: Display) -> Bar:
    """Make the colour bar of a map; its ends say what they stand for."""
    share = np.linspace(-1 if one.signed else 0, 1, 256, dtype=np.float32)
    colors = colour(share[None], 1.0, one.signed)[0]
    colors[np.abs(share) * one.span < weakest_shown(one.explanation.map, display.hide_weakest)] = HIDDEN
    end = significant(one.span)
    high = f"for: +{end} {one.unit}" if one.signed else f"for: {end} {one.unit}"
    if one.span == 0:
        return Bar(colors, "no evidence", "")
    return Bar(colors, f"{MINUS}{end}: against" if one.signed else "0", high.strip())


def significant(value: float) -> str:
    """Write a number with three significant digits, never in powers of ten."""
    return str(np.format_float_positional(value, precision=3, fractional=False, trim="-"))


def page(cells: Sequence[Cell], text: Text, description: str, *, theme: str = "dark", form: str = "png") -> bytes:
    """Draw a page of titled pictures.

    Parameters
    ----------
    cells : sequence of Cell
        At least one.
    text : Text
    description : str
        What the page shows, for who cannot see it; the headline is its title.
    theme : str
        One of `THEMES`.
    form : str
        One of `FORMS`.
    """
    sheet = Sheet(THEMES[theme], FORMS[form].scale)
    top = _head(sheet, text)
    bottom = _foot(sheet, text.notes)
    for one in place(cells, Box(MARGIN, top, WIDTH - 2 * MARGIN, bottom - top)):
        _draw(sheet, one)
    return sheet.content(form, text.headline, description)


def _head(sheet: Sheet, text: Text) -> float:
    """Write what stands above the pictures; gives where they may begin."""
    width, theme = WIDTH - 2 * MARGIN, sheet.theme
    top = sheet.words(wrapped(text.headline, width, HEADLINE, True), MARGIN, MARGIN / 2, HEADLINE, theme.ink, bold=True)
    top = sheet.words(wrapped(text.answer, width, ANSWER), MARGIN, top, ANSWER, theme.ink)
    for caution in text.cautions:
        top = sheet.words(wrapped(f"! {caution}", width, ANSWER), MARGIN, top, ANSWER, theme.warn)
    return top + GAP / 2


def _foot(sheet: Sheet, notes: Sequence[str]) -> float:
    """Write what stands below the pictures; gives where they must end."""
    lines = [line for note in notes for line in wrapped(note, WIDTH - 2 * MARGIN, TEXT)]
    top = HEIGHT - MARGIN / 2 - height_of(lines, TEXT)
    sheet.words(lines, MARGIN, top, TEXT, sheet.theme.quiet)
    return top - GAP / 2


def _draw(sheet: Sheet, one: Placed) -> None:
    cell, theme = one.cell, sheet.theme
    sheet.words(one.title, one.left, one.top, TITLE, theme.ink, bold=True)
    for picture, box in zip(cell.pictures, one.boxes, strict=True):
        sheet.picture(picture.rgb, box, picture.marks, picture.letters)
    top = one.below
    if cell.bar is not None:
        sheet.image(cell.bar.colors[None], Box(one.left, top, one.width, BAR), smooth=False)
        top += BAR + WITHIN / 2
        for low, high in one.ends:
            sheet.words([low], one.left, top, TEXT, theme.quiet)
            sheet.words([high], one.left + one.width, top, TEXT, theme.quiet, side="right")
            top += height_of([low], TEXT)
        top += WITHIN / 2
    for lines, warns in one.paragraphs:
        top = sheet.words(lines, one.left, top, TEXT, theme.warn if warns else theme.ink) + WITHIN
