from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from xai.explainers.declared import Told
from xai.explainers.explanation import Explanation
from xai.pictures import figure
from xai.pictures.figure import BELOW, GROUND, MARGIN, PANEL, TITLES, panel, slide
from xai.pictures.render import SIGNED_LUT, UNSIGNED_LUT, Display, window

TOP = MARGIN + TITLES
WHOLE = (0.0, 0.0, 1.0, 1.0)
PLAIN = Display(opacity=0.0)
STRONG = Display(opacity=1.0, native=True)


def explanation(values: np.ndarray, finding: str = "Mass") -> Explanation:
    return Explanation("lime", finding, values.astype(np.float32), 0.4, -0.4, 0, 10, 0.1, {}, {})


def draw(pixels: np.ndarray, panels=(), display: Display = PLAIN, headline="Mass", footnote="made here", where=WHOLE):
    content = slide(pixels.astype(np.float32), where, panels, display, headline, footnote)
    picture = Image.open(io.BytesIO(content))
    assert picture.format == "PNG"
    return np.asarray(picture)


def at(sheet: np.ndarray, number: int, x: float, y: float) -> tuple[int, int, int]:
    """The colour at a place, in fractions, of the square number `number` of the row."""
    left = MARGIN + number * (PANEL + MARGIN)
    return tuple(int(value) for value in sheet[int(TOP + y * PANEL), int(left + x * PANEL)])


QUARTERS = np.kron([[0.2, 0.4], [0.6, 0.8]], np.ones((40, 40)))
CENTRES = [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)]


@pytest.mark.parametrize("count", [0, 1, 3, 5])
def test_the_sheet_has_a_square_for_the_film_and_each_map(count):
    maps = [explanation(np.ones((8, 8)))]
    panels = [panel("LIME", True, "logit", maps, 0, PLAIN)] * count
    sheet = draw(QUARTERS, panels)
    assert sheet.shape == (TOP + PANEL + BELOW, MARGIN + (count + 1) * (PANEL + MARGIN), 3)


def test_the_film_stands_first_in_its_window():
    display = Display(opacity=0.0, center=0.5, width=0.8, invert=True)
    sheet = draw(QUARTERS, display=display)
    wanted = window(np.array([[0.2, 0.4, 0.6, 0.8]], np.float32), 0.5, 0.8, True)[0]
    assert [at(sheet, 0, *place) for place in CENTRES] == [(int(grey),) * 3 for grey in wanted]


def test_a_film_that_is_not_square_keeps_its_shape_in_the_middle():
    sheet = draw(np.full((80, 40), 0.5))
    assert at(sheet, 0, 0.5, 0.5) == (128, 128, 128)
    assert at(sheet, 0, 0.5, 0.02) == (128, 128, 128)
    assert at(sheet, 0, 0.2, 0.5) == GROUND
    assert at(sheet, 0, 0.8, 0.5) == GROUND


@pytest.mark.parametrize(("signed", "table"), [(False, UNSIGNED_LUT), (True, SIGNED_LUT)])
def test_a_map_lies_over_its_film_in_the_renderers_colours(signed, table):
    values = np.kron([[4, 2], [3, 4]], np.ones((8, 8)))
    sheet = draw(QUARTERS, [panel("LIME", signed, "logit", [explanation(values)], 0, STRONG)], STRONG)
    for place, share in zip(CENTRES, (1, 0.5, 0.75, 1), strict=True):
        entry = int(np.rint(127.5 + 127.5 * share if signed else 255 * share))
        np.testing.assert_allclose(at(sheet, 1, *place), table[entry], atol=1)


def test_outside_what_the_model_saw_the_film_shows():
    values = np.full((8, 8), 2.0)
    maps = [panel("LIME", False, "logit", [explanation(values)], 0, STRONG)]
    sheet = draw(QUARTERS, maps, STRONG, where=(0.0, 0.0, 0.5, 1.0))
    np.testing.assert_allclose(at(sheet, 1, 0.25, 0.25), UNSIGNED_LUT[255], atol=1)
    assert at(sheet, 1, 0.75, 0.25) == at(sheet, 0, 0.75, 0.25) == (102, 102, 102)


def test_a_common_scale_spans_all_findings():
    maps = [explanation(np.full((8, 8), 1.0)), explanation(np.full((8, 8), -4.0), "Hernia")]
    assert panel("LIME", True, "logit", maps, 0, Display(scale="finding")).span == 1.0
    assert panel("LIME", True, "logit", maps, 0, Display(scale="all")).span == 4.0


def test_the_colour_bar_runs_from_end_to_end():
    values = np.full((8, 8), 2.0)
    sheet = draw(QUARTERS, [panel("LIME", True, "logit", [explanation(values)], 0, STRONG)], STRONG)
    bar = sheet[TOP + PANEL + 15, MARGIN + PANEL + MARGIN :][:PANEL]
    np.testing.assert_array_equal(bar[0], SIGNED_LUT[0])
    np.testing.assert_array_equal(bar[-1], SIGNED_LUT[255])


def ink(sheet: np.ndarray, top: int, bottom: int) -> np.ndarray:
    """Where something is written, across the sheet."""
    return np.flatnonzero((np.abs(sheet[top:bottom].astype(int) - GROUND) > 40).any(axis=(0, 2)))


LONG = "patient00001/study1/view1 · chexpert · PA · F · 55 years  |  model: a network of long name  |  seed 999999999"


TOLD = [
    Told("Shared out", "−12.34 logit", False, ""),
    Told("Residual", "nothing to share", True, ""),
    Told("Largest rectangle that was left whole", "1,024 pixels", False, ""),
]


@pytest.mark.parametrize("count", [1, 3])
def test_long_words_stay_on_the_sheet(count):
    corner = np.zeros((9, 9))
    corner[3:6, :3] = 1  # whose zone has the longest name
    maps = [panel("LIME", True, "logit per unit of activation", [explanation(corner)], 0, PLAIN, TOLD)]
    headline = "Pleural thickening: 81 % (threshold 34 %), truth: present"
    sheet = draw(QUARTERS, maps * count, headline=headline, footnote=LONG)
    whole = ink(sheet, 0, sheet.shape[0])
    assert whole.min() >= MARGIN - 1
    assert whole.max() < sheet.shape[1] - MARGIN
    for number in range(1, count + 1):  # a legend keeps to its own square
        left = MARGIN + number * (PANEL + MARGIN)
        gap = sheet[TOP + PANEL + 8 : TOP + PANEL + 140, left - MARGIN + 1 : left - 1]
        assert (gap == GROUND).all()


def test_a_footnote_that_is_wrapped_lies_below_the_legend():
    one, wrapped = draw(QUARTERS, footnote="short"), draw(QUARTERS, footnote=LONG)
    rows = np.flatnonzero((np.abs(wrapped.astype(int) - GROUND) > 40).any(axis=(1, 2)))
    assert rows.max() < wrapped.shape[0] - MARGIN // 2
    assert (wrapped[TOP + PANEL : TOP + PANEL + 90] == GROUND).all()
    assert (wrapped[TOP + PANEL + 90 :] != one[TOP + PANEL + 90 :]).any()


def test_words_in_any_script_are_drawn():
    plain, other = draw(QUARTERS, footnote=""), draw(QUARTERS, footnote="Größe · µ − ²")
    assert not np.array_equal(plain, other)


def test_the_figure_tells_how_good_a_map_is():
    maps = [explanation(np.ones((8, 8)))]
    bare, told = (draw(QUARTERS, [panel("LIME", True, "logit", maps, 0, PLAIN, words)]) for words in ([], TOLD[:1]))
    changed = np.flatnonzero((bare != told).any(axis=(1, 2))) - TOP - PANEL
    assert changed.min() > 50 and changed.max() - changed.min() < 20  # one line, below where it lies


@pytest.mark.parametrize("sign", "×²·≥–−“”…°µ→é")
def test_the_font_has_the_signs_that_methods_and_cards_use(sign):
    font = figure._font(20)
    missing = font.getmask("\U000fffff")  # a letter that no font has
    assert bytes(font.getmask(sign)) != bytes(missing)
