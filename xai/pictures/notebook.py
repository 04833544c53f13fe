"""Draw films and explanations where a notebook shows them: importing this is what teaches them to."""

from __future__ import annotations

import io

from PIL import Image

from xai.explainers import EXPLAINERS
from xai.explainers.declared import tell
from xai.explainers.explanation import Explanation
from xai.films.film import Film
from xai.findings import finding_label
from xai.pictures.explained import Explained
from xai.pictures.figure import PANEL, Panel, alone, slide
from xai.pictures.render import Display, colour_range, window
from xai.showing import picture_of

ROWS = 4  # findings in one picture; more would be a very long one


@picture_of.register
def film_picture(film: Film) -> bytes:
    """Draw a film, no side longer than a panel of a figure."""
    picture = Image.fromarray(window(film.pixels))
    picture.thumbnail((PANEL, PANEL), Image.Resampling.LANCZOS)
    return _png(picture)


@picture_of.register
def explanation_picture(explanation: Explanation) -> bytes:
    """Draw a map by itself: an explanation does not hold its film."""
    footnote = f"{words(explanation)}  |  not for clinical use"
    return alone(_panel(explanation), finding_label(explanation.finding), footnote)


@picture_of.register
def explained_picture(explained: Explained) -> bytes | None:
    """Draw a film beside its maps, one row a finding, at most `ROWS` of them."""
    rows = [_row(explained, finding) for finding in explained.findings[:ROWS]]
    if not rows:
        return None
    sheet = Image.new("RGB", (max(row.width for row in rows), sum(row.height for row in rows)))
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
    probability = f"{finding_label(finding)}: probability {maps[0].probability:.2f}"
    left_out = len(explained.findings) - ROWS
    more = f"; {left_out} more findings are not drawn" if left_out > 0 else ""
    notes = [f"model: {explained.model}, not for clinical use{more}", *map(words, maps)]
    row = slide(
        explained.film.pixels,
        explained.footprint,
        [_panel(one) for one in maps],
        Display(),
        probability,
        "  |  ".join(notes),
    )
    return Image.open(io.BytesIO(row))


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
