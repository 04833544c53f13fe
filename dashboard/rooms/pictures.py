"""Pictures for phones: a film, a map laid over it, the truth around it, small enough for a mobile network."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from dashboard.compare.asked import Asked
from dashboard.compare.figure import view_of
from dashboard.compare.shown import Shown
from xai.explainers import EXPLAINERS
from xai.pictures.figure import panel
from xai.pictures.layout import Picture
from xai.pictures.view import View

SIDE = 640  # pixels of the longer side
QUALITY = 80
CASE, EDGE = 5, 2  # pixels of a line's dark edge and of the line
MEDIA = "image/webp"


def film_picture(shown: Shown, asked: Asked) -> str:
    """Name the part with the film, and with the truth of the finding where it is asked for."""
    return _offer(shown, asked, "film", lambda view: view.alone())


def twin_picture(shown: Shown, asked: Asked) -> str:
    """Name the part with the film's twin."""
    return _offer(shown, asked, f"twin without {sorted(shown.without)}", lambda view: view.of(shown.twin().pixels))


def map_picture(shown: Shown, asked: Asked, method: str, secret: str = "") -> str:
    """Name the part with a method's map of the finding, which is there; by a secret, nobody can tell the method."""

    def draw(view: View) -> Picture | None:
        made = shown.services.store.get(shown.key(method))
        if made is None:
            return None
        kind = EXPLAINERS[method]
        one = panel(kind.title, kind.signed, kind.unit, made, shown.card.index(asked.finding), view.display)
        return view.under(one.explanation, one.signed, one.span)

    return _offer(shown, asked, shown.key(method), draw, secret)


def webp(picture: Picture) -> bytes:
    """Draw a picture with its outlines and letters."""
    height, width = picture.rgb.shape[:2]
    image = Image.fromarray(picture.rgb)
    pen = ImageDraw.Draw(image)
    for mark in picture.marks:
        lines = [[tuple(point) for point in np.asarray(line) * (width, height)] for line in mark.lines]
        for color, size in (("#000000", CASE), (mark.color[:7], EDGE)) if mark.cased else ((mark.color[:7], EDGE),):
            for line in lines:
                pen.line(line, fill=color, width=size)
    for letter, place, anchor in zip(picture.letters or (), (8, width - 8), ("la", "ra"), strict=False):
        pen.text((place, 6), letter, "#ffffff", anchor=anchor, font_size=22, stroke_width=2, stroke_fill="#000000")
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=QUALITY, method=2)
    return stream.getvalue()


def _offer(shown: Shown, asked: Asked, what: str, draw: Callable[[View], Picture | None], secret: str = "") -> str:
    choices = sorted((name, value) for name, value in asked.choices.items())
    truth: list[Any] = [shown.record.recipe is not None, shown.outlined] if asked.shows_truth and shown.record else []
    about = ["phone", what, shown.sha256, shown.card.fingerprint, asked.finding, choices, truth, secret]

    def make() -> bytes | None:
        try:
            drawn = draw(_sized(view_of(shown, asked)))
        except (ValueError, OSError):  # the page itself says why a film cannot be opened
            return None
        return None if drawn is None else webp(drawn)

    return shown.services.channel.parts.offer(about, make, media=MEDIA, film=shown.upload)


def _sized(view: View) -> View:
    return View(view.pixels, view.footprint, view.display, view.canvas, view.marks, view.letters, SIDE)
