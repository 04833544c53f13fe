"""Take a view away: figures, boxes, the raw maps, or the parameters that make the same maps again.

Each file is made when the browser asks for it, from what is there by then.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from dashboard.compare.asked import Asked, read_asked
from dashboard.compare.figure import Results, Source, contact_sheet, figure
from dashboard.compare.film_sheet import Next, film_sheet
from dashboard.compare.shown import Shown
from dashboard.compare.trust_line import numbers
from dashboard.compare.trust_wants import trust_of
from dashboard.server.files import File, MakeFile
from xai.explainers.archive import facts
from xai.explainers.explanation import Explanation
from xai.machine import file_name
from xai.models.preprocess import footprint
from xai.pictures.boxes import Boxes

JSON = ("json", "application/json")


def downloads(source: Source, model_id: str, films: Sequence[tuple[Next, str]]) -> dict[str, MakeFile]:
    """Give what makes each file of a view; `read_asked` says what a browser asks with.

    While the truth is hidden, no file tells it.

    Parameters
    ----------
    source : Source
    model_id : str
        Sha256 of the model's file.
    films : sequence of (Next, str)
        Those of the contact sheet of films, from the one that hangs, with their titles.
    """
    shown = source.shown
    makers: dict[str, Callable[[Results, Asked], File | None]] = {
        "figure": lambda results, asked: _page(shown, asked, "", figure(source, results, asked)),
        "findings": lambda results, asked: _page(shown, asked, "findings", contact_sheet(source, results, asked)),
        "boxes": lambda results, asked: _file(shown, asked, "boxes", *JSON, _boxes(shown, results, asked, model_id)),
        "maps": lambda results, asked: _file(
            shown, asked, "", "npz", "application/octet-stream", _raw_maps(shown, results, asked)
        ),
        "parameters": lambda results, asked: _file(
            shown, asked, "", *JSON, _parameters(shown, model_id, results, asked)
        ),
    }
    files: dict[str, MakeFile] = {name: partial(_made, shown, make) for name, make in makers.items()}
    files["films"] = partial(_film_sheet, source, films)
    return files


def _made(shown: Shown, make: Callable[[Results, Asked], File | None], query: Mapping[str, str]) -> File | None:
    asked, results = _asked(shown, query), shown.seen()
    return make(results, asked) if asked is not None and results else None


def _film_sheet(source: Source, films: Sequence[tuple[Next, str]], query: Mapping[str, str]) -> File | None:
    asked = _asked(source.shown, query)
    drawn = film_sheet(source, films, asked) if asked is not None else None
    return None if drawn is None or asked is None else _page(source.shown, asked, "films", drawn)


def _asked(shown: Shown, query: Mapping[str, str]) -> Asked | None:
    if query.get("film", shown.sha256) != shown.sha256:  # the browser still shows the film before
        return None
    return read_asked(query, shown.card.outputs)


def _page(shown: Shown, asked: Asked, what: str, drawn: bytes) -> File:
    return _file(shown, asked, what, asked.kind.suffix, asked.kind.media, drawn)


def _file(shown: Shown, asked: Asked, what: str, suffix: str, media: str, content: bytes) -> File:
    film = _film_name(shown, asked) or "film"
    return f"{file_name('.'.join(filter(None, (film, asked.finding, what))))}.{suffix}", media, content


def _film_name(shown: Shown, asked: Asked) -> str | None:
    """Name the film, so that the name does not tell the truth where that is hidden; None for an upload."""
    if shown.record is None:
        return None
    return shown.record.film if asked.shows_truth else shown.plain


def _boxes(shown: Shown, results: Results, asked: Asked, model_id: str) -> bytes:
    film = shown.reopened()
    height, width = film.pixels.shape
    where = footprint(height, width, shown.card.input)
    boxes = Boxes()
    about = {"model": shown.card.name, "model_sha256": model_id}
    unfinished = shown.unfinished(results)
    for method, explanations in results.items():
        one = explanations[shown.card.index(asked.finding)]
        more = {"not_finished": unfinished[method]} if method in unfinished else {}
        boxes.add(_film_name(shown, asked) or "film", film, one, where, about | more)
    return json.dumps(boxes.content(), indent=2, allow_nan=False).encode()


def _raw_maps(shown: Shown, results: Results, asked: Asked) -> bytes:
    stream, k = io.BytesIO(), shown.card.index(asked.finding)
    arrays = {method: explanations[k].map for method, explanations in results.items()}
    made_by = json.dumps({method: facts(explanations[k]) for method, explanations in results.items()})
    np.savez_compressed(stream, allow_pickle=False, facts=np.array(made_by), **arrays)
    return stream.getvalue()


def _parameters(view: Shown, model_id: str, results: Results, asked: Asked) -> bytes:
    card, record, k = view.card, view.record, view.card.index(asked.finding)
    content = {
        "film": _film_name(view, asked),
        "dataset": record.dataset if record else None,
        "film_sha256": view.sha256,
        "model": card.name,
        "model_sha256": model_id,
        **({"truth": view.truth.get(card.outputs[k])} if asked.shows_truth else {}),
        "threshold": card.threshold(card.outputs[k]).value,
        "explanations": [
            {**facts(explanations[k]), **_trust(view, method, explanations, asked)}
            for method, explanations in results.items()
        ],
        **({"not_finished": unfinished} if (unfinished := view.unfinished(results)) else {}),
    }
    return json.dumps(content, indent=2).encode()


def _trust(view: Shown, method: str, explanations: Sequence[Explanation], asked: Asked) -> dict[str, Any]:
    """Give what is known of how far to trust a map; of one that is not finished nothing is."""
    if view.unfinished({method: explanations}):
        return {}
    known = trust_of(view, method, explanations)[asked.finding]
    return {"trust": numbers(known if asked.shows_truth else known.untold())}
