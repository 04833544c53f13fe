"""A page to show to others: words, pictures and lines on 1920 x 1080 units, as PNG, SVG or PDF.

Words stay words in SVG and PDF. Nothing is written smaller than `TEXT`, and no word is cut: lines are broken, between
letters where a word is wider than its place.
"""

from __future__ import annotations

import functools
import io
import re
import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from xai.written import NO_BREAK

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

WIDTH, HEIGHT = 1920, 1080
MARGIN = 48
TEXT = 24
"""The smallest letters, in units: one 45th of the height, or 12 points on a slide of 13.3 x 7.5 inches. From four times
the screen's height away the small letters are 10 minutes of arc high, twice what an eye of normal sight just reads."""
LINE = 1.22  # height of a line of text, in sizes of its letters
ASCENT = 0.98  # of that, above the line that letters stand on
SLACK = 0.98  # of a line's width that is filled: letters on whole pixels may be a little wider
SIGNS = ("DejaVu Sans",)  # comes with matplotlib; has × ² − ≥ and most alphabets
OTHER_SIGNS = ("Noto Sans CJK JP", "Noto Sans CJK SC", "WenQuanYi Zen Hei", "Microsoft YaHei", "Hiragino Sans")

BREAKS = re.compile(rf"[^\S{NO_BREAK}\u202f]+")  # spaces at which a line may end

_DRAWING = threading.RLock()  # matplotlib's settings and fonts are the whole program's


@dataclass(frozen=True)
class Form:
    """What a page can be taken away as: the end of its name, its media type, and pixels a unit."""

    suffix: str
    media: str
    scale: int


FORMS = {
    "png": Form("png", "image/png", 1),
    "png-large": Form("png", "image/png", 2),
    "svg": Form("svg", "image/svg+xml", 2),
    "pdf": Form("pdf", "application/pdf", 2),
}


@dataclass(frozen=True)
class Theme:
    """Colours of a page: of words, of what stands back, of what warns, and of the ground; contrast is 7:1 at least."""

    ink: str
    quiet: str
    warn: str
    ground: str


THEMES = {
    "dark": Theme("#ececec", "#b4bcc8", "#ffb84d", "#0e0f12"),
    "light": Theme("#1a1b1e", "#4b525c", "#7a4100", "#fafaf8"),
}


@dataclass(frozen=True)
class Box:
    """A rectangle of the page, in units from its top left corner."""

    left: float
    top: float
    width: float
    height: float

    @property
    def rounded(self) -> Box:
        """The same on whole units, where the pixels of a picture stand as they are."""
        left, top = round(self.left), round(self.top)
        return Box(left, top, max(1, round(self.width)), max(1, round(self.height)))


@dataclass(frozen=True, eq=False)
class Mark:
    """Lines on a picture.

    Attributes
    ----------
    lines : sequence of ndarray, shape (n, 2)
        Each through its points (x, y), in fractions of the picture's width and height.
    color : str
        As HTML writes it, with or without alpha.
    dashed : bool
    width : float
        In units.
    cased : bool
        On a dark edge, to be seen on any film.
    """

    lines: Sequence[np.ndarray]
    color: str
    dashed: bool = False
    width: float = 3.0
    cased: bool = True


def wrapped(text: str, width: float, size: float, bold: bool = False) -> list[str]:
    """Break a text into lines no wider than a width in units, at no space that keeps a number with its unit.

    A word that is wider is broken too.
    """
    room = SLACK * width
    lines: list[str] = []
    line = ""
    for word in BREAKS.split(text.strip()):
        longer = f"{line} {word}".lstrip()
        if extent(longer, size, bold) <= room:
            line = longer
            continue
        if line:
            lines.append(line)
        while len(word) > (fits := max(1, _letters_within(word, room, size, bold))):
            lines.append(word[:fits])
            word = word[fits:]
        line = word
    return [*lines, line] if line else lines


def height_of(lines: Sequence[str], size: float) -> float:
    """Height of lines of text, in units."""
    return LINE * size * len(lines)


def extent(text: str, size: float, bold: bool = False) -> float:
    """Width of a line of text, in units: that of its letters, though some pairs stand a little closer."""
    return size / 100 * sum(_extent(letter, bold) for letter in text)


def _letters_within(word: str, room: float, size: float, bold: bool) -> int:
    widths = size / 100 * np.cumsum([_extent(letter, bold) for letter in word])
    return int(np.searchsorted(widths, room, side="right"))


@functools.lru_cache(maxsize=4096)
def _extent(letter: str, bold: bool) -> float:
    """Width of a letter of size 100."""
    from matplotlib.textpath import text_to_path  # a second to import, and only who draws needs it

    with _DRAWING, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # a sign that no font here has is drawn as a box
        return float(text_to_path.get_text_width_height_descent(letter, font(100, bold), False)[0])


def font(size: float, bold: bool = False) -> FontProperties:
    """Give the letters of all pages, and those for other scripts where the machine has them."""
    from matplotlib.font_manager import FontProperties

    return FontProperties(family=[*SIGNS, *_other_signs()], size=size, weight="bold" if bold else "normal")


@functools.cache
def _other_signs() -> tuple[str, ...]:
    from matplotlib.font_manager import fontManager

    here = set(fontManager.get_font_names())
    return tuple(name for name in OTHER_SIGNS if name in here)


class Sheet:
    """One page; what is drawn on it keeps its order.

    Parameters
    ----------
    theme : Theme
    scale : int
        Pixels a unit that pictures are drawn with.
    """

    def __init__(self, theme: Theme, scale: int = 1) -> None:
        from matplotlib.figure import Figure

        self.theme = theme
        self.scale = scale
        # A point is a unit, so that sizes of letters and lines are what they say in SVG and PDF too.
        self.figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72), dpi=72, facecolor=theme.ground)
        self.page = self.figure.add_axes((0, 0, 1, 1))
        self.page.axis("off")
        self.page.set(xlim=(0, WIDTH), ylim=(HEIGHT, 0))

    def words(
        self,
        lines: Sequence[str],
        at: float,
        top: float,
        size: float,
        color: str,
        *,
        bold: bool = False,
        side: Literal["left", "right"] = "left",
    ) -> float:
        """Write lines of text that begin, or on the right end, at a place; gives the bottom of the last."""
        for line in lines:
            baseline = top + ASCENT * size
            letters = font(size, bold)
            self.page.text(at, baseline, line, color=color, ha=side, fontproperties=letters, parse_math=False)
            top += LINE * size
        return top

    def picture(
        self, rgb: np.ndarray, box: Box, marks: Sequence[Mark] = (), letters: tuple[str, str] | None = None
    ) -> None:
        """Put a picture into its place, lines over it, and letters into its upper corners."""
        self.image(rgb, box)
        for mark in marks:
            self._lines(mark, box)
        if letters and box.width > 4 * TEXT:
            self._corners(letters, box)

    def image(self, rgb: np.ndarray, box: Box, *, smooth: bool = True) -> None:
        """Fill a rectangle with an array, uint8 (H, W, 3), scaled to the pixels of the page."""
        how = Image.Resampling.LANCZOS if smooth else Image.Resampling.NEAREST
        size = max(1, round(box.width * self.scale)), max(1, round(box.height * self.scale))
        pixels = np.asarray(Image.fromarray(rgb).resize(size, how))
        right, bottom = box.left + box.width, box.top + box.height
        self.page.imshow(pixels, extent=(box.left, right, bottom, box.top), interpolation="none", aspect="auto")
        self.page.set(xlim=(0, WIDTH), ylim=(HEIGHT, 0))  # which imshow changes

    def content(self, form: str, title: str, description: str) -> bytes:
        """Give the page as one of `FORMS`, with what it is and what it shows in words for who cannot see it."""
        import matplotlib

        settings: Any = {"svg.fonttype": "none", "svg.hashsalt": "lightbox", "pdf.fonttype": 42}
        with _DRAWING, matplotlib.rc_context(settings), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph")
            if FORMS[form].suffix == "png":
                return self._png(title, description)
            return self._drawn(FORMS[form].suffix, title, description)

    def _png(self, title: str, description: str) -> bytes:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        self.figure.set_dpi(72 * self.scale)
        canvas: Any = FigureCanvasAgg(self.figure)  # whose methods have no types
        canvas.draw()
        told = PngInfo()
        for name, words in (("Title", title), ("Description", description), ("Software", "Lightbox")):
            told.add_itxt(name, words)
        stream = io.BytesIO()
        Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3]).save(stream, "PNG", pnginfo=told)
        return stream.getvalue()

    def _drawn(self, kind: str, title: str, description: str) -> bytes:
        told: dict[str, Any] = {
            "svg": {"Title": title, "Description": description, "Creator": "Lightbox", "Date": None},
            "pdf": {"Title": title, "Subject": description, "Creator": "Lightbox", "CreationDate": None},
        }
        stream = io.BytesIO()
        self.figure.savefig(stream, format=kind, dpi=72 * self.scale, facecolor=self.theme.ground, metadata=told[kind])
        content = stream.getvalue()
        return _described(content, description) if kind == "svg" else content

    def _lines(self, mark: Mark, box: Box) -> None:
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path

        if not mark.lines:
            return
        corner, size = (box.left, box.top), (box.width, box.height)
        path = Path.make_compound_path(*(Path(np.asarray(line) * size + corner) for line in mark.lines))
        casing = [("#000000bf", mark.width + 2, "-")] if mark.cased else []
        dashes = (0, (2.5, 2)) if mark.dashed else "-"
        for color, width, style in [*casing, (mark.color, mark.width, dashes)]:
            patch = PathPatch(path, fill=False, edgecolor=color, linewidth=width, linestyle=style, capstyle="butt")
            self.page.add_patch(patch)
            patch.set_clip_box(self._clip(box))  # once it is on the page, which clips it to itself

    def _clip(self, box: Box) -> Any:
        from matplotlib.transforms import Bbox, TransformedBbox

        corners = [[box.left, box.top + box.height], [box.left + box.width, box.top]]
        return TransformedBbox(Bbox(corners), self.page.transData)

    def _corners(self, letters: tuple[str, str], box: Box) -> None:
        from matplotlib.patheffects import withStroke

        for letter, at, side in ((letters[0], box.left + 8, "left"), (letters[1], box.left + box.width - 8, "right")):
            self.page.text(
                at,
                box.top + 6 + ASCENT * TEXT,
                letter,
                color="#ececec",
                ha=side,
                fontproperties=font(TEXT),
                path_effects=[withStroke(linewidth=3, foreground="#000000")],
            )


def _described(svg: bytes, description: str) -> bytes:
    """Say in an SVG what is read aloud: matplotlib writes the title so, and the description for catalogues only."""
    head, title, rest = svg.partition(b"</title>")
    head = head.replace(b"<svg ", b'<svg role="img" ', 1)
    return head + title + f"\n <desc>{escape(description, quote=False)}</desc>".encode() + rest
