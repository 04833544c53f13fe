"""Pages for a slide: what is on them, measured on what was drawn."""

from __future__ import annotations

import functools
import io
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import Image, ImageColor

from xai.explainers.declared import Told
from xai.explainers.explanation import Explanation
from xai.pictures import figure
from xai.pictures.figure import Text, map_cell, page, panel
from xai.pictures.layout import LEAST_PICTURE, Cell, Picture, Words, place
from xai.pictures.render import SIGNED_LUT, UNSIGNED_LUT, Display
from xai.pictures.sheet import HEIGHT, MARGIN, TEXT, THEMES, WIDTH, Box, Sheet, font, wrapped
from xai.pictures.view import View as WholeView
from xai.pictures.view import outlines

View = functools.partial(WholeView, side=300)  # small pictures are soon drawn
PLAIN = Display(opacity=0.0)
STRONG = Display(opacity=1.0, native=True)
WHOLE = (0.0, 0.0, 1.0, 1.0)
GREY = np.full((40, 40), 0.5, np.float32)
TOLD = [
    Told("Shared out", "−12.34 logit", False, ""),
    Told("Residual", "31.0 %", True, ""),
    Told("Largest rectangle that was left whole", "1,024 pixels", False, ""),
]
WHERE = "Most in the middle zone on the patient's right: 100 % of the evidence for it."
LONG = "patient00001/study1/view1 · chexpert · PA · F · 55 years · model: a network of long name · seed 999999999"
LINK = "http://127.0.0.1:8501/compare?" + "&".join(f"film=a{number}%2Fs00001" for number in range(20))


def explanation(values: np.ndarray, finding: str = "Mass", **more) -> Explanation:
    return Explanation("lime", finding, values.astype(np.float32), 0.4, -0.4, 0, 10, 0.1, {}, {}, **more)


@pytest.fixture
def sheets(monkeypatch) -> list[Sheet]:
    """Keep the pages that are drawn."""
    kept: list[Sheet] = []

    class Kept(Sheet):
        def __init__(self, *arguments) -> None:
            super().__init__(*arguments)
            kept.append(self)

    monkeypatch.setattr(figure, "Sheet", Kept)
    return kept


def text_boxes(sheet: Sheet) -> list[tuple[str, float, float, float, float]]:
    """Each line of text that was written, with left, top, right and bottom in units."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    renderer = FigureCanvasAgg(sheet.figure).get_renderer()
    scale = sheet.figure.dpi / 72
    boxes = []
    for one in sheet.page.texts:
        if one.get_text():
            box = one.get_window_extent(renderer)
            boxes.append((one.get_text(), *(np.array([box.x0, box.y0, box.x1, box.y1]) / scale)))
    return [(text, x0, HEIGHT - y1, x1, HEIGHT - y0) for text, x0, y0, x1, y1 in boxes]


def image_boxes(sheet: Sheet) -> list[tuple[float, float, float, float]]:
    return [(x0, y1, x1, y0) for x0, x1, y0, y1 in (image.get_extent() for image in sheet.page.images)]


def overlap(one, other) -> bool:
    (a, b, c, d), (e, f, g, h) = one, other
    return min(c, g) - max(a, e) > 1 and min(d, h) - max(b, f) > 1


def cells(count: int, shape=(40, 40), told=TOLD, twin: bool = False) -> list[Cell]:
    view = View(np.full(shape, 0.5, np.float32), WHOLE, PLAIN)
    one = panel("LIME", True, "logit per unit of activation", [explanation(np.ones((9, 9)))], 0, PLAIN, told)
    maps = [map_cell(one, view.alone(), PLAIN, WHERE)] * count
    more = [Cell("Twin without pneumonia, mass", (view.alone(),), None, (Words("Without it: 26 %. " * 4),))] * twin
    return [Cell("Film", (view.alone(),)), *more, *maps]


@pytest.mark.parametrize(
    ("form", "theme", "size"), [("png", "light", (1920, 1080)), ("png-large", "dark", (3840, 2160))]
)
def test_a_page_is_a_picture_of_the_whole_slide_in_its_theme(form, theme, size):
    drawn = page(cells(1), Text("Mass"), "told", theme=theme, form=form)
    with Image.open(io.BytesIO(drawn)) as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", size)
        assert picture.getpixel((3, 3)) == ImageColor.getrgb(THEMES[theme].ground)
        assert picture.text["Title"] == "Mass" and picture.text["Description"] == "told"


def luminance(color: str) -> float:
    channels = np.array(ImageColor.getrgb(color)) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_words_stand_out_from_the_ground_seven_to_one(theme):
    ground = luminance(theme.ground)
    for color in (theme.ink, theme.quiet, theme.warn):
        low, high = sorted([luminance(color), ground])
        assert (high + 0.05) / (low + 0.05) >= 7, color


def test_words_stay_words_in_an_svg_and_are_told_to_who_cannot_see_it():
    drawn = page(cells(1), Text("R² − × ≥ <Mass> $x$", notes=(LONG,)), "A & B", form="svg").decode()
    root = ElementTree.fromstring(drawn)
    name = {"svg": "http://www.w3.org/2000/svg"}
    assert root.get("viewBox") == "0 0 1920 1080" and root.get("role") == "img"
    assert root.findtext("svg:title", None, name) == "R² − × ≥ <Mass> $x$"
    assert root.findtext("svg:desc", None, name) == "A & B"
    words = [one.text for one in root.iterfind(".//svg:text", name)]
    assert "R² − × ≥ <Mass> $x$" in words and "LIME" in words
    sizes = [float(size) for size in re.findall(r"font(?:-size)?: (?:\w+ )*([\d.]+)px", drawn)]
    assert len(sizes) >= len(words) and min(sizes) >= TEXT
    pictures = root.findall(".//svg:image", name)
    link = "{http://www.w3.org/1999/xlink}href"
    assert len(pictures) == 3 and all(one.get(link).startswith("data:image/png;base64,") for one in pictures)


def test_a_pdf_is_one_page_with_its_letters_in_it():
    drawn = page(cells(1), Text("Mass"), "told", form="pdf")
    assert drawn.startswith(b"%PDF") and b"/MediaBox [ 0 0 1920 1080 ]" in drawn
    assert b"/FontFile2" in drawn and drawn.count(b"/Type /Page\n") + drawn.count(b"/Type /Page ") == 1


@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_the_same_page_is_the_same_bytes(form):
    one, other = (page(cells(1), Text("Mass"), "told", form=form) for _ in range(2))
    assert one == other


CASES = {
    "one map": {"count": 1},
    "three maps": {"count": 3},
    "three and a twin": {"count": 3, "twin": True},
    "all methods and a twin": {"count": 5, "twin": True},
    "a wide film": {"count": 3, "shape": (32, 900)},
    "a tall film": {"count": 3, "shape": (900, 32)},
}


@pytest.mark.parametrize("long", [False, True], ids=["short", "long"])
@pytest.mark.parametrize("case", CASES)
def test_no_word_is_cut_small_or_over_another_thing(sheets, case, long):
    text = Text("Mass: 94 %", "flagged", ("it may be no better than guessing.",), (LONG,))
    if long:
        text = Text("W" * 80 + ": > 99.9 %", "above its threshold. " * 6, ("a caution " * 20,), ("a" * 255, LONG, LINK))
    page(cells(**CASES[case]), text, "told")
    (sheet,) = sheets
    words, pictures = text_boxes(sheet), image_boxes(sheet)
    assert min(one.get_fontsize() for one in sheet.page.texts) >= TEXT
    assert len(pictures) == 1 + 2 * CASES[case]["count"] + CASES[case].get("twin", False)
    for _, left, top, right, bottom in words:
        assert left >= MARGIN - 1 and right <= WIDTH - MARGIN + 1 and top >= 0 and bottom <= HEIGHT
    beside = [one[1:] for one in words if one[0] not in "RL"]
    assert not any(overlap(one, other) for number, one in enumerate(beside) for other in beside[:number])
    assert not any(overlap(one, other) for one in beside for other in pictures)
    assert not any(overlap(one, other) for number, one in enumerate(pictures) for other in pictures[:number])
    written = "".join(text for text, *_ in words).replace(" ", "")
    for wanted in (text.headline, text.answer, *text.cautions, *text.notes, "Residual: 31.0 %"):
        assert wanted.replace(" ", "") in written, wanted


def test_where_room_is_short_the_last_words_give_way_and_warnings_never():
    room = Box(0, 0, WIDTH, 700)
    few, many = (place(cells(count, twin=True), room) for count in (1, 5))
    said = [[" ".join(lines) for lines, _ in one.paragraphs] for one in (few[-1], many[-1])]
    assert any("Largest rectangle" in one for one in said[0]) and not any("Largest rectangle" in one for one in said[1])
    assert "! Residual: 31.0 %" in said[0] and "! Residual: 31.0 %" in said[1]
    assert all(max(box.width, box.height) >= LEAST_PICTURE for one in few for box in one.boxes)


@pytest.mark.parametrize("count", [1, 2, 6, 14])
@pytest.mark.parametrize("pictures", [1, 3])
def test_a_sheet_of_many_cells_stays_within_its_room(count, pictures):
    picture = Picture(np.zeros((50, 40, 3), np.uint8))
    room = Box(48, 150, WIDTH - 96, 800)
    placed = place([Cell(f"Pleural thickening {k}: 100 %, flagged", (picture,) * pictures) for k in range(count)], room)
    boxes = [box for one in placed for box in one.boxes]
    assert len(boxes) == count * pictures
    for box in boxes:
        assert box.left >= room.left - 1 and box.left + box.width <= room.left + room.width + 1
        assert box.top >= room.top and box.top + box.height <= room.top + room.height + 1
        assert box.width / box.height == pytest.approx(0.8, rel=0.03)


def at(drawn: bytes, sheet: Sheet, number: int, x: float, y: float) -> tuple[int, ...]:
    """The colour at a place of a picture, in fractions of it."""
    left, top, right, bottom = image_boxes(sheet)[number]
    with Image.open(io.BytesIO(drawn)) as picture:
        return picture.getpixel((int(left + x * (right - left)), int(top + y * (bottom - top))))


def drawn_view(view: WholeView, values: np.ndarray, sheets, signed: bool = True, **more) -> bytes:
    one = panel("LIME", signed, "logit", [explanation(values, **more)], 0, view.display)
    cell = map_cell(one, view.under(one.explanation, signed, one.span), view.display, WHERE)
    return page([Cell("Film", (view.alone(),)), cell], Text("Mass"), "told")


def test_the_film_stands_in_its_window(sheets):
    quarters = np.kron([[0.2, 0.4], [0.6, 0.8]], np.ones((40, 40))).astype(np.float32)
    view = View(quarters, WHOLE, Display(opacity=0.0, center=0.5, width=0.8, invert=True), letters=None)
    drawn = drawn_view(view, np.ones((8, 8)), sheets)
    for place_, shade in zip(
        [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)], (0.2, 0.4, 0.6, 0.8), strict=True
    ):
        wanted = 255 * (1 - (shade - 0.1) / 0.8)
        np.testing.assert_allclose(at(drawn, sheets[0], 0, *place_), wanted, atol=1)
        assert at(drawn, sheets[0], 1, *place_) == at(drawn, sheets[0], 0, *place_)  # the overlay is off


@pytest.mark.parametrize(("signed", "table"), [(False, UNSIGNED_LUT), (True, SIGNED_LUT)])
def test_a_map_lies_over_its_film_in_the_renderers_colours(sheets, signed, table):
    values = np.kron([[4, 2], [3, 4]], np.ones((8, 8)))
    drawn = drawn_view(View(GREY, WHOLE, STRONG), values, sheets, signed)
    for place_, share in zip([(0.25, 0.25), (0.75, 0.25), (0.25, 0.75)], (1, 0.5, 0.75), strict=True):
        entry = int(np.rint(127.5 + 127.5 * share if signed else 255 * share))
        np.testing.assert_allclose(at(drawn, sheets[0], 1, *place_), table[entry], atol=1)


def test_what_the_model_did_not_see_is_darker_under_a_map_only(sheets):
    view = View(GREY, (0.0, 0.0, 0.5, 1.0), STRONG)
    drawn = drawn_view(view, np.ones((8, 8)), sheets)
    assert at(drawn, sheets[0], 1, 0.75, 0.5) == (77, 77, 77) and at(drawn, sheets[0], 0, 0.75, 0.5) == (128,) * 3
    np.testing.assert_allclose(at(drawn, sheets[0], 1, 0.25, 0.5), SIGNED_LUT[255], atol=1)


def test_the_truth_is_outlined_in_its_colour_on_every_picture(sheets):
    mask = np.zeros((40, 40), bool)
    mask[10:30, 10:20] = True
    marks = (outlines("#ff6f91", [(0.6, 0.2, 0.9, 0.8)], mask),)
    drawn = drawn_view(View(GREY, WHOLE, PLAIN, marks=marks), np.ones((8, 8)), sheets)
    for number in (0, 1):
        for x, y in ((0.25, 0.5), (0.5, 0.5), (0.375, 0.25), (0.375, 0.75), (0.6, 0.5), (0.75, 0.8)):
            np.testing.assert_allclose(at(drawn, sheets[0], number, x, y), ImageColor.getrgb("#ff6f91"), atol=12)
        assert at(drawn, sheets[0], number, 0.375, 0.5) == at(drawn, sheets[0], number, 0.05, 0.5) == (128,) * 3


def test_the_borders_of_pieces_show_where_evidence_is_shown_as_it_is(sheets):
    halves = np.zeros((8, 8), np.uint16)
    halves[:, 4:] = 1
    for display, seen in ((Display(opacity=0.01, native=True), True), (Display(opacity=0.01), False)):
        drawn = drawn_view(View(GREY, WHOLE, display), np.ones((8, 8)), sheets, pieces=halves)
        bright = at(drawn, sheets[-1], 1, 0.5, 0.5)[0] - at(drawn, sheets[-1], 1, 0.3, 0.5)[0]
        assert (bright > 30) == seen


def test_the_models_input_stands_in_the_films_place_where_it_is_shown(sheets):
    view = View(GREY, (0.0, 0.0, 0.5, 1.0), PLAIN, canvas=np.full((8, 8), 0.8, np.float32))
    drawn = drawn_view(view, np.ones((8, 8)), sheets)
    assert at(drawn, sheets[0], 0, 0.25, 0.5) == (204, 204, 204) and at(drawn, sheets[0], 0, 0.75, 0.5) == (0, 0, 0)


def test_the_box_of_the_strongest_evidence_is_drawn_on_demand():
    values = np.zeros((10, 10))
    values[2:5, 3:7] = 1
    view = View(GREY, WHOLE, PLAIN)
    plain, boxed = (view.under(explanation(values), True, 1.0, boxed=boxed).marks for boxed in (False, True))
    assert plain == () and [mark.dashed for mark in boxed] == [False, True]
    np.testing.assert_allclose(np.ptp(boxed[1].lines[0], axis=0), (0.4, 0.3))


def test_a_common_scale_spans_all_findings_and_native_evidence_its_cells():
    maps = [explanation(np.full((8, 8), 1.0), cells=np.float32([[3]])), explanation(np.full((8, 8), -4.0), "Hernia")]
    assert panel("LIME", True, "logit", maps, 0, Display(scale="finding")).span == 1.0
    assert panel("LIME", True, "logit", maps, 0, Display(scale="all")).span == 4.0
    assert panel("LIME", True, "logit", maps, 0, Display(native=True)).span == 3.0


def test_a_colour_bar_runs_from_end_to_end_and_its_ends_say_what_they_mean():
    maps = [explanation(np.arange(64).reshape(8, 8) - 63)]
    signed = figure.bar(panel("LIME", True, "logit per region", maps, 0, PLAIN), PLAIN)
    np.testing.assert_array_equal(signed.colors, SIGNED_LUT)
    assert (signed.low, signed.high) == ("−63: against", "for: +63 logit per region")
    hidden = Display(hide_weakest=50)
    unsigned = figure.bar(panel("CAM", False, "logit", maps, 0, hidden), hidden)
    assert (unsigned.low, unsigned.high) == ("0", "for: 63 logit")
    assert (unsigned.colors[:120] == figure.HIDDEN).all() and (unsigned.colors[140:] == UNSIGNED_LUT[140:]).all()
    nothing = figure.bar(panel("CAM", False, "logit", [explanation(np.zeros((8, 8)))], 0, PLAIN), PLAIN)
    assert (nothing.low, nothing.high) == ("no evidence", "")


@pytest.mark.parametrize(
    ("value", "written"), [(0.0000123456, "0.0000123"), (0.42, "0.42"), (12.345, "12.3"), (3.0, "3")]
)
def test_numbers_have_three_digits_and_no_powers_of_ten(value, written):
    assert figure.significant(value) == written


def test_a_word_that_is_wider_than_its_place_is_broken_and_whole():
    lines = wrapped("see " + LINK, 300, TEXT)
    assert "".join(lines).replace(" ", "") == "see" + LINK and len(lines) > 5
    assert wrapped("", 300, TEXT) == []


@pytest.mark.parametrize("sign", "×²·≥–−“”…°µ→é●○")
def test_the_font_has_the_signs_that_methods_and_cards_use(sign):
    from matplotlib.font_manager import findfont, get_font

    assert get_font(findfont(font(TEXT))).get_char_index(ord(sign)) > 0


def test_no_line_ends_between_a_number_and_its_unit():
    text = " ".join(["It lies here with", "29\u00a0%", "of all."] * 9)
    for width in range(120, 600, 40):
        lines = wrapped(text, width, TEXT)
        assert " ".join(lines) == text
        assert not [line for line in lines if line.startswith("%") or line.endswith("29")]
