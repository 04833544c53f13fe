"""Draw films and explanations where a notebook shows them: importing this is what teaches them to."""

from __future__ import annotations

import io

from PIL import Image

from xai.explainers import EXPLAINERS
from xai.explainers.declared import tell
from xai.explainers.explanation import Explanation
from xai.films.film import AS_HUNG, Film
from xai.findings import finding_label
from xai.pictures.explained import Explained
from xai.pictures.figure import NOTICE, Panel, Text, map_cell, page
from xai.pictures.layout import Cell, Picture
from xai.pictures.render import Display, colour, colour_range, window
from xai.pictures.view import View
from xai.showing import picture_of

SIDE = 480  # pixels of a film's longer side
ROWS = 4  # findings in one picture; more would be a very long one


@picture_of.register
def film_picture(film: Film) -> bytes:
    """Draw a film, no side longer than `SIDE`."""
    picture = Image.fromarray(window(film.pixels))
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return _png(picture)


@picture_of.register
def explanation_picture(explanation: Explanation) -> bytes:
    """Draw a map by itself: an explanation does not hold its film."""
    one = _panel(explanation)
    picture = Picture(colour(explanation.map, one.span, one.signed))
    cell = map_cell(one, picture, Display(), explanation.describe(None, sides_known=False))
    notes = (words(explanation), NOTICE)
    return page([cell], Text(finding_label(explanation.finding), notes=notes), repr(explanation))


@picture_of.register
def explained_picture(explained: Explained) -> bytes | None:
    """Draw a film beside its maps, one row a finding, at most `ROWS` of them."""
    rows = [_row(explained, finding) for finding in explained.findings[:ROWS]]
    if not rows:
        return None
    sheet = Image.new("RGB", (rows[0].width, sum(row.height for row in rows)))
    top = 0
    for row in rows:
        sheet.paste(row, (0, top))
        top += row.height
    return _png(sheet)


def words(explanation: Explanation) -> str:
    """Say what an explanation cost, on one line; how good it is stands under the map."""
    known = EXPLAINERS.get(explanation.method)
    title = known.title if known else explanation.method
    return f"{title}: films through the model {explanation.evaluations:,}, seed {explanation.seed}"


def _row(explained: Explained, finding: str) -> Image.Image:
    maps = [one for one in explained if one.finding == finding]
    left_out = len(explained.findings) - ROWS
    more = f"; {left_out} more findings are not drawn" if left_out > 0 else ""
    sides = explained.film.facts.sides
    view = View(explained.film.pixels, explained.footprint, Display(), letters=sides)
    cells = [Cell("Film", (view.alone(),))]
    for one in map(_panel, maps):
        picture = view.under(one.explanation, one.signed, one.span)
        where = one.explanation.describe(explained.footprint, sides == AS_HUNG)
        cells.append(map_cell(one, picture, view.display, where))
    text = Text(
        f"{finding_label(finding)}: probability {maps[0].probability:.2f}",
        notes=(" · ".join(map(words, maps)), f"model: {explained.model}{more} · {NOTICE}"),
    )
    return Image.open(io.BytesIO(page(cells, text, repr(explained))))


def _panel(explanation: Explanation) -> Panel:
    """Make a panel of a map; of a method that is not one of ours, what the map itself shows."""
    span = colour_range(explanation)
    method = EXPLAINERS.get(explanation.method)
    if method is None:
        told = tell((), explanation.diagnostics)
        return Panel(explanation.method, bool((explanation.map < 0).any()), "", explanation, span, told)
    return Panel(method.title, method.signed, method.unit, explanation, span, method.tell(explanation.diagnostics))


def _png(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()
