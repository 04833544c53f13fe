"""A lesson on paper: one HTML file, ready to print, with the pictures of its steps on Compare.

It has no script and nothing to load. What the speaker alone reads is never in it.
"""

from __future__ import annotations

import base64
import functools
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import urlencode

from jinja2 import Environment, StrictUndefined, Template

from dashboard.compare.asked import Asked
from dashboard.compare.figure import Source, figure
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

TEMPLATE = Path(__file__).with_suffix(".html")
FORM = "png"
NOT_YET = "Its maps were not made yet: open this step once in the app, then take the handout again."
NO_FILM = "Its film or its model is not in this library."


@dataclass(frozen=True)
class Drawn:
    """The picture of a step, or why there is none.

    Attributes
    ----------
    png : str
        In base64; empty where there is none.
    methods : tuple of str
        Whose maps are on it.
    missing : str
        Why there is no picture; empty for a step that is not on Compare.
    """

    png: str = ""
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
    """Draw the film of a step with those of its maps that are there, as the download of Compare does."""
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
    results = shown.ready()
    if not results:
        return Drawn(missing=NOT_YET)
    first = max(card.outputs, key=lambda one: next(iter(results.values()))[card.index(one)].logit)
    finding = state.finding if state.finding in card.outputs else first
    choices = {**DISPLAY, **state.display, "truth": True}
    asked = Asked(finding, (), choices, FORM, "light", boxed=False, address="")
    source = Source(shown, hung.title, hung.title, lambda changes: (urlencode(step.view.query), dict(changes)))
    return Drawn(base64.b64encode(figure(source, results, asked)).decode(), tuple(results))


@functools.cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"text": lambda text: html(written(text)), "filled": written}
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
