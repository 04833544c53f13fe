"""What the sanity check found of a film's maps, in words, in a curve, and in files to take away."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dashboard.page.words import signed
from dashboard.trust.pictures import laid
from dashboard.trust.strip import Asked
from training.benchmark.sanity import EDGES, GRADIENT, Strip
from xai.explainers import EXPLAINERS
from xai.measures.sanity import LIMIT
from xai.pictures.figure import NOTICE, Text, page
from xai.pictures.layout import Cell, Picture

TITLES = {GRADIENT: "Plain gradient", EDGES: "Edges of the film"}
COLORS = ("#dd7a1f", "#4f93d8", "#8b93a1")
DASHES = ("solid", "dash", "dot")
PASSES = "passes: the map follows the weights. It may still point at the wrong place."
FAILS = "does not pass: most of the map stays although the model knows nothing any more."
NOT_KNOWN = "not known: the trained model's map is empty, so there is nothing that could stay."


def title_of(name: str) -> str:
    """Name what made a map."""
    return TITLES[name] if name in TITLES else EXPLAINERS[name].title


def verdict(strip: Strip, name: str) -> str:
    """Say whether a map follows the model's weights, with the number behind it."""
    curve, passes = strip.curve(name), strip.passes(name)
    if curve is None or passes is None:
        return f"**{title_of(name)}** {NOT_KNOWN}"
    empty = " The random model's map is empty, which counts as 0." if strip.empty(name)[-1] else ""
    number = f"Similarity {written(curve[-1])} once all layers are random, the limit is {LIMIT:g}.{empty}"
    return f"**{title_of(name)}** {PASSES if passes else FAILS} {number}"


def stage_words(strip: Strip, stage: int) -> str:
    """Say how much of the model is random at a stage."""
    if not strip.layers[stage]:
        return "trained"
    whole = strip.layers[-1]
    return "all random" if strip.layers[stage] == whole else f"{strip.layers[stage]} of {whole} layers"


def similarity_words(strip: Strip, name: str, stage: int) -> str:
    """Say how similar a map is to the trained model's."""
    if strip.empty(name)[stage]:
        return "empty"
    curve = strip.curve(name)
    return "not known" if curve is None else f"similarity {written(curve[stage])}"


def written(value: float) -> str:
    """Write a similarity, which may be below 0."""
    return f"{value:.2f}" if value >= 0 else signed(value)


def curves(strip: Strip) -> go.Figure:
    """Draw the similarity of each kind of map to its own at the start."""
    figure = go.Figure()
    at = [stage_words(strip, stage) for stage in range(len(strip.layers))]
    names = sorted(strip.maps, key=lambda name: [*TITLES].index(name) if name in TITLES else -1)
    for name, color, dash in zip(names, COLORS, DASHES, strict=True):
        if (curve := strip.curve(name)) is not None:
            line = {"color": color, "width": 3, "dash": dash}
            figure.add_scatter(x=at, y=curve, name=title_of(name), mode="lines+markers", line=line)
    figure.add_hline(LIMIT, line={"color": "#8b93a1", "dash": "dash", "width": 1})
    figure.update_layout(
        height=260,
        margin={"l": 0, "r": 0, "t": 10, "b": 0},
        yaxis={"title": "similarity", "range": [-0.1, 1.05], "fixedrange": True, "tickvals": [0, LIMIT, 0.5, 1]},
        xaxis={"fixedrange": True},
        legend={"orientation": "h", "y": 1.15},
        hovermode="x unified",
    )
    return figure


def as_json(asked: Asked, strip: Strip) -> str:
    """Write what was found, for other programs."""
    said: dict[str, Any] = {
        "model": asked.model,
        "model_id": asked.services.library.model_id(asked.model),
        "dataset": asked.dataset,
        "film": asked.film,
        "finding": asked.finding,
        "layers_at_random": strip.layers,
        "limit": LIMIT,
        "maps": {},
    }
    for name in strip.maps:
        curve = strip.curve(name)
        said["maps"][name] = {
            "similarity": None if curve is None else [round(float(value), 4) for value in curve],
            "empty": strip.empty(name).tolist(),
            "passes": strip.passes(name),
        }
    return json.dumps(said, indent=2) + "\n"


def as_npz(strip: Strip) -> bytes:
    """Write the raw maps."""
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, layers=np.array(strip.layers), canvas=strip.canvas, **strip.maps)
    return stream.getvalue()


def as_page(asked: Asked, strip: Strip, theme: str) -> bytes:
    """Draw the strip as a page, PNG."""
    cells = [
        Cell(
            f"{title_of(name)}, {stage_words(strip, stage)}: {similarity_words(strip, name, stage)}",
            (Picture(laid(strip.canvas, strip.maps[name][stage], is_signed(name))),),
        )
        for name in (asked.method, GRADIENT, EDGES)
        for stage in range(len(strip.layers))
    ]
    said = verdict(strip, asked.method).replace("**", "")
    notes = (f"{asked.model}, {asked.dataset}/{asked.film}. Each map has its own scale.", NOTICE)
    text = Text(f"{title_of(asked.method)} of {asked.finding} while the model is made random", said, notes=notes)
    return page(cells, text, f"{said} {' '.join(f'{cell.title}.' for cell in cells)}", theme=theme)


def is_signed(name: str) -> bool:
    """Say whether a map can speak against the finding."""
    return name in EXPLAINERS and EXPLAINERS[name].signed
