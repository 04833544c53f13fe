"""A lesson on paper: one HTML file, ready to print, with the pictures of its steps on Compare.

It has no script and nothing to load. What the speaker alone reads is never in it, and a step shows no more than it
reveals on the screen: no truth before its turn, and maps without names where they have none. Answers have a page of
their own.
"""

from __future__ import annotations

import base64
import functools
import io
import string
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from urllib.parse import urlencode

from jinja2 import Environment, StrictUndefined, Template
from PIL import Image

from dashboard.compare.asked import Asked
from dashboard.compare.figure import Source, figure, small_maps, view_of
from dashboard.compare.hang import Hung
from dashboard.compare.shown import Shown
from dashboard.compare.state import LINK
from dashboard.components.display import DISPLAY
from dashboard.lessons.lesson import Lesson, Step
from dashboard.lessons.strip import written
from dashboard.lessons.text import html
from dashboard.server.services import Services
from training.datasets.facts import DatasetError
from xai.cards.model_card import ModelCardError
from xai.explainers import EXPLAINERS
from xai.films.film import FilmError
from xai.models.library import DEFAULT_MODEL
from xai.pictures.layout import Picture
from xai.pictures.view import View

TEMPLATE = Path(__file__).with_suffix(".html")
FORM = "png"
SIDE = 500  # pixels of a picture without words
LETTERS = string.ascii_uppercase  # what maps without names are called, as on the screen
BEFORE_MAPS, AFTER_THE_TRUTH = ("film", "question", "answer"), ("truth", "twin")
NOT_YET = "Its maps were not made yet: open this step once in the app, then take the handout again."
NO_FILM = "Its film or its model is not in this library."


@dataclass(frozen=True)
class Drawn:
    """The pictures of a step, or why there are none.

    Attributes
    ----------
    pictures : tuple of (str, str)
        What stands above each, and the picture in base64.
    methods : tuple of str
        Whose maps are on them, where that is said.
    missing : str
        Why there is no picture; empty for a step that is not on Compare.
    """

    pictures: tuple[tuple[str, str], ...] = ()
    methods: tuple[str, ...] = ()
    missing: str = ""


def handout(services: Services, lesson: Lesson) -> str:
    """Write the handout; all that is put into it is escaped."""
    drawn = [draw(services, step) for step in lesson.steps]
    methods = dict.fromkeys(name for one in drawn for name in one.methods)
    return _template().render(
        lesson=lesson,
        steps=list(zip(lesson.steps, drawn, strict=True)),
        methods=[EXPLAINERS[name] for name in methods],
        today=f"{date.today():%d %B %Y}",
    )


def draw(services: Services, step: Step) -> Drawn:
    """Draw what a step shows of its film at first, with those of its maps that are there."""
    if step.view.page != "compare" or "film" not in step.view.query:
        return Drawn()
    state, _ = LINK.read(step.view.query)
    dataset, _, name = (state.film or "").partition("/")
    model = state.model or DEFAULT_MODEL
    try:
        record, card = services.library.record(dataset, name), services.library.card(model)
        hung = Hung.mended(services.film(dataset, name), f"{name} · {dataset}", record, steps=state.mend)
    except (DatasetError, FilmError, ModelCardError, OSError):
        return Drawn(missing=NO_FILM)
    shown = Shown.of(services, "", state, hung, model, card)
    choices = {**DISPLAY, **state.display}
    choices["truth"] = not state.blind and (choices["truth"] if not step.reveal else step.reveal in AFTER_THE_TRUTH)
    asked = Asked(state.finding or "", (), choices, FORM, "light", boxed=False, address="")
    if step.reveal in BEFORE_MAPS:
        return Drawn((("", _png(_small(shown, asked).alone())),))
    results = dict(list(shown.ready().items())[: 1 if step.reveal == "map" else None])
    if not results or (state.blind and len(results) < len(state.methods)):
        return Drawn(missing=NOT_YET)
    if state.finding not in card.outputs:
        likeliest = max(card.outputs, key=lambda one: next(iter(results.values()))[card.index(one)].logit)
        asked = replace(asked, finding=likeliest)
    if state.blind:
        maps = small_maps(_small(shown, asked), results, card.index(asked.finding), asked)
        return Drawn(tuple((f"Map {LETTERS[k]}", _png(one)) for k, one in enumerate(maps)))
    source = Source(shown, hung.title, hung.title, lambda changes: (urlencode(step.view.query), dict(changes)))
    return Drawn((("", base64.b64encode(figure(source, results, asked)).decode()),), tuple(results))


def _small(shown: Shown, asked: Asked) -> View:
    return replace(view_of(shown, asked), side=SIDE, marks=())


def _png(picture: Picture) -> str:
    file = io.BytesIO()
    Image.fromarray(picture.rgb).save(file, "png")
    return base64.b64encode(file.getvalue()).decode()


@functools.cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"text": lambda text: html(written(text)), "filled": written}
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
