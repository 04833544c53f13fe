"""Take a view away: a slide, the raw maps, or the parameters that make the same maps again.

Each file is made when the browser asks for it, from what is there by then.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from dashboard.compare.shown import Shown
from dashboard.compare.state import checked_choices
from dashboard.page.words import percent
from dashboard.server.files import File, MakeFile
from xai.explainers import EXPLAINERS
from xai.explainers.archive import facts
from xai.explainers.explanation import Explanation
from xai.findings import finding_label
from xai.machine import file_name
from xai.models.preprocess import footprint
from xai.pictures.figure import panel, slide
from xai.pictures.render import Display

Results = Mapping[str, list[Explanation]]


def downloads(shown: Shown, title: str, plain_title: str, model_id: str) -> dict[str, MakeFile]:
    """Give what makes each file of a view; a browser asks with ``finding`` and ``display``.

    While the truth is hidden, no file tells it.

    Parameters
    ----------
    shown : Shown
    title, plain_title : str
        Of the film, with the truth shown and hidden.
    model_id : str
        Sha256 of the model's file.
    """
    return {
        "figure": partial(_file, shown, "png", "image/png", partial(_figure, shown, title, plain_title)),
        "maps": partial(_file, shown, "npz", "application/octet-stream", _raw_maps),
        "parameters": partial(_file, shown, "json", "application/json", partial(_parameters, shown, model_id)),
    }


def _file(
    shown: Shown,
    suffix: str,
    media: str,
    make: Callable[[Results, int, Mapping[str, str]], bytes],
    asked: Mapping[str, str],
) -> File | None:
    finding, results, told = asked.get("finding"), shown.ready(), _choices(asked)["truth"]
    if asked.get("film", shown.sha256) != shown.sha256:  # the browser still shows the film before
        return None
    if finding not in shown.card.outputs or not results:
        return None
    stem = file_name(f"{shown.record.film if told and shown.record else shown.plain}.{finding}")
    return f"{stem}.{suffix}", media, make(results, shown.card.index(finding), asked)


def display_of(display: Mapping[str, Any]) -> Display:
    """Turn the viewer's settings into those of the renderer."""
    shown = display["opacity"] if display["overlay"] else 0.0
    return Display(
        shown,
        display["hide_weakest"],
        display["scale"],
        display["evidence"] == "native",
        display["center"],
        display["width"],
        display["invert"],
    )


def _choices(asked: Mapping[str, str]) -> dict[str, Any]:
    """Give the display that the browser showed when it asked."""
    try:
        return checked_choices(json.loads(asked.get("display", "{}")))
    except (ValueError, TypeError, AttributeError, RecursionError):  # the address was changed by hand
        raise ValueError("The file cannot be made: its address asks for a display that there is not.") from None


def _figure(view: Shown, title: str, plain_title: str, results: Results, k: int, asked: Mapping[str, str]) -> bytes:
    choices = _choices(asked)
    shown, is_told = display_of(choices), choices["truth"]
    card, film = view.card, view.reopened()
    panels = []
    for method, explanations in results.items():
        kind = EXPLAINERS[method]
        told = kind.tell(explanations[k].diagnostics)
        panels.append(panel(kind.title, kind.signed, kind.unit, explanations, k, shown, told))
    one = next(iter(results.values()))[k]
    threshold = card.threshold(one.finding)
    truth = view.truth.get(one.finding) if is_told else None
    headline = f"{finding_label(one.finding)}: {percent(one.probability)} (threshold {percent(threshold.value)})" + (
        f", truth: {truth}" if truth else ""
    )
    source = (title if is_told else plain_title) if view.record else "uploaded film"
    footnote = f"{source}  |  model: {card.name}  |  seed {one.seed}  |  Lightbox, not for clinical use"
    height, width = film.pixels.shape
    spread = footprint(height, width, card.input)
    return slide(film.pixels, spread, panels, shown, headline, footnote)


def _raw_maps(results: Results, k: int, asked: Mapping[str, str]) -> bytes:
    stream = io.BytesIO()
    arrays = {method: explanations[k].map for method, explanations in results.items()}
    made_by = json.dumps({method: facts(explanations[k]) for method, explanations in results.items()})
    np.savez_compressed(stream, allow_pickle=False, facts=np.array(made_by), **arrays)
    return stream.getvalue()


def _parameters(view: Shown, model_id: str, results: Results, k: int, asked: Mapping[str, str]) -> bytes:
    card, record, told = view.card, view.record, _choices(asked)["truth"]
    content = {
        "film": (record.film if told else view.plain) if record else None,
        "dataset": record.dataset if record else None,
        "film_sha256": view.sha256,
        "model": card.name,
        "model_sha256": model_id,
        **({"truth": view.truth.get(card.outputs[k])} if told else {}),
        "threshold": card.threshold(card.outputs[k]).value,
        "explanations": [facts(explanations[k]) for explanations in results.values()],
    }
    return json.dumps(content, indent=2).encode()
