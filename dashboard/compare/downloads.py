"""Take a view away: a slide, the raw maps, or the parameters that make the same maps again."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from dashboard.compare.hang import Hung
from dashboard.page.words import percent
from xai.cards.model_card import ModelCard
from xai.explainers import EXPLAINERS
from xai.explainers.archive import facts
from xai.explainers.explanation import Explanation
from xai.findings import finding_label
from xai.machine import file_name
from xai.models.preprocess import footprint
from xai.pictures.figure import panel, slide
from xai.pictures.render import Display

Results = Mapping[str, list[Explanation]]


def download_controls(
    results: Results, finding: str, hung: Hung, card: ModelCard, model_id: str, display: Mapping[str, Any]
) -> None:
    """Show the download buttons for one finding; each file is made when it is asked for."""
    k = card.index(finding)
    stem = file_name(f"{hung.record.film if hung.record else 'film'}.{finding}")
    if not results:
        st.caption("Nothing to take away yet: the maps are still being computed.")
        return
    st.download_button(
        "Figure for a slide (PNG)",
        lambda: _figure(results, k, hung, card, display),
        f"{stem}.png",
        "image/png",
        icon=":material/image:",
        on_click="ignore",
        width="stretch",
    )
    st.download_button(
        "Raw maps (NPZ)",
        lambda: _raw_maps(results, k),
        f"{stem}.npz",
        "application/octet-stream",
        icon=":material/grid_on:",
        on_click="ignore",
        width="stretch",
        help="float32, signed, in the model's input geometry, in logits; one array a method.",
    )
    st.download_button(
        "All parameters (JSON)",
        lambda: _parameters(results, k, hung, card, model_id),
        f"{stem}.json",
        "application/json",
        icon=":material/data_object:",
        on_click="ignore",
        width="stretch",
        help="Enough for somebody else to make the same maps from the same film and model.",
    )


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


def _figure(results: Results, k: int, hung: Hung, card: ModelCard, display: Mapping[str, Any]) -> bytes:
    shown = display_of(display)
    panels = []
    for method, explanations in results.items():
        kind = EXPLAINERS[method]
        told = kind.tell(explanations[k].diagnostics)
        panels.append(panel(kind.title, kind.signed, kind.unit, explanations, k, shown, told))
    one = next(iter(results.values()))[k]
    threshold = card.threshold(one.finding)
    truth = hung.truth.get(one.finding)
    headline = f"{finding_label(one.finding)}: {percent(one.probability)} (threshold {percent(threshold.value)})" + (
        f", truth: {truth}" if truth else ""
    )
    source = hung.title if hung.record else "uploaded film"
    footnote = f"{source}  |  model: {card.name}  |  seed {one.seed}  |  Lightbox, not for clinical use"
    height, width = hung.film.pixels.shape
    spread = footprint(height, width, card.input)
    return slide(hung.film.pixels, spread, panels, shown, headline, footnote)


def _raw_maps(results: Results, k: int) -> bytes:
    stream = io.BytesIO()
    arrays = {method: explanations[k].map for method, explanations in results.items()}
    made_by = json.dumps({method: facts(explanations[k]) for method, explanations in results.items()})
    np.savez_compressed(stream, allow_pickle=False, facts=np.array(made_by), **arrays)
    return stream.getvalue()


def _parameters(results: Results, k: int, hung: Hung, card: ModelCard, model_id: str) -> str:
    content = {
        "film": hung.record.film if hung.record else None,
        "dataset": hung.record.dataset if hung.record else None,
        "film_sha256": hung.film.sha256,
        "model": card.name,
        "model_sha256": model_id,
        "truth": hung.truth.get(card.outputs[k]),
        "threshold": card.threshold(card.outputs[k]).value,
        "explanations": [facts(explanations[k]) for explanations in results.values()],
    }
    return json.dumps(content, indent=2)
