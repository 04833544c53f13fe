"""Put film, findings and maps into the form that the viewer in the browser shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dashboard.components import payload
from dashboard.page.palette import FINDING_COLORS, OTHER_COLOR
from dashboard.page.words import alternative_text, cost
from xai.cards.model_card import ModelCard
from xai.explainers.explanation import Explainer, Explanation
from xai.films.film import Film
from xai.findings import finding_label
from xai.measures import describe
from xai.models.preprocess import footprint, prepare, resize
from xai.pictures.render import SIGNED_LUT, UNSIGNED_LUT

LONGEST_SIDE = 1024  # of the film on the screen; zooming further shows no more than that
STEPS = 4095  # maps go to the browser in this many steps, finer than its 255 colours


def film_part(film: Film, title: str) -> payload.Payload:
    """Film and window presets for the browser."""
    return payload.film_payload(
        film.sha256, shades(film), title=title, alt=f"Chest film {title}", windows=windows(film.pixels)
    )


def shades(film: Film) -> np.ndarray:
    """A film as the browser gets it: at most `LONGEST_SIDE` a side, uint8, or uint16 where the file had more bits."""
    height, width = film.pixels.shape
    scale = min(1.0, LONGEST_SIDE / max(height, width))
    pixels = resize(film.pixels, round(height * scale), round(width * scale))
    deep = film.facts.bits > 8
    return np.rint(pixels * (65535 if deep else 255)).astype(np.uint16 if deep else np.uint8)


def twin_part(title: str, pixels: np.ndarray, captions: Mapping[str, str]) -> payload.Payload:
    """Panel of a twin film, with what to say of it for each finding."""
    return payload.picture_payload("twin", title=title, pixels=pixels, captions=captions)


def masks_part(masks: Mapping[str, np.ndarray], card: ModelCard) -> dict[str, payload.Payload]:
    """Exact truth of each finding that the model answers, for the browser to outline."""
    return {name: payload.encode(mask.astype(np.uint8)) for name, mask in masks.items() if name in card.outputs}


def windows(pixels: np.ndarray) -> list[tuple[str, float, float]]:
    """Window presets from a film's own shades: name, centre, width."""
    low, dark, middle, bright, high = np.percentile(pixels, (1, 20, 50, 80, 99))
    spans = {
        "Full range": (0.0, 1.0),
        "Film's own range": (low, high),
        "Lungs": (low, max(middle, dark + 0.05)),
        "Heart and spine": (middle, max(high, bright + 0.05)),
    }
    return [(name, min(float(a + b) / 2, 1.0), max(float(b - a), 0.02)) for name, (a, b) in spans.items()]


def input_part(film: Film, card: ModelCard) -> payload.Payload:
    """The model's own input, and the part of the film that it shows."""
    canvas = prepare(film.pixels, card.input)
    height, width = film.pixels.shape
    return payload.input_payload(
        np.rint(255 * canvas.clip(0, 1)).astype(np.uint8), footprint(height, width, card.input)
    )


def findings_part(card: ModelCard, answers: np.ndarray | None, truth: Mapping[str, str]) -> list[payload.Payload]:
    """Probability, threshold and truth of each output; None for probabilities that are not there yet.

    Classes share 100 %, so that no threshold is assumed for them: only those that the card names are shown.
    """
    thresholds = card.thresholds if card.link == "softmax" else {name: card.threshold(name) for name in card.outputs}
    return [
        payload.finding_payload(
            name,
            label=finding_label(name),
            color=FINDING_COLORS.get(name, OTHER_COLOR),
            probability=None if answers is None else float(answers[k]),
            threshold=thresholds[name].value if name in thresholds else None,
            truth=truth.get(name),
        )
        for k, name in enumerate(card.outputs)
    ]


def ready_panel(
    explainer: type[Explainer], explanations: list[Explanation], card: ModelCard, truth: Mapping[str, str]
) -> payload.Payload:
    """Panel of a method whose maps are there."""
    cells = [_in_steps(one.cells) for one in explanations if one.cells is not None]
    return payload.panel_payload(
        explainer.name,
        title=explainer.title,
        signed=explainer.signed,
        state="ready",
        maps=np.stack([_in_steps(one.map) for one in explanations]),
        native=np.stack(cells) if cells else None,
        pieces=explanations[0].pieces,
        unit=explainer.unit,
        captions={one.finding: _caption(one, explainer, card, truth.get(one.finding)) for one in explanations},
        how=explainer.reading,
        lies=explainer.pitfalls,
    )


def waiting_panel(explainer: type[Explainer], state: str, message: str) -> payload.Payload:
    """Panel of a method whose maps are not there: waiting, running, failed or cancelled."""
    return payload.panel_payload(
        explainer.name,
        title=explainer.title,
        signed=explainer.signed,
        state=state,
        message=message,
        unit=explainer.unit,
        how=explainer.reading,
        lies=explainer.pitfalls,
    )


def colour_tables() -> Any:
    """The colour tables of `xai.pictures.render`, so that the browser and the downloads agree."""
    return payload.lut_payload(UNSIGNED_LUT, SIGNED_LUT)


def _in_steps(values: np.ndarray) -> np.ndarray:
    """Round a map to `STEPS` steps of its largest value: it packs to less than half and looks the same."""
    largest = float(np.abs(values).max())
    return values if largest == 0 else (np.rint(values / largest * STEPS) * (largest / STEPS)).astype(np.float32)


def _caption(
    explanation: Explanation, explainer: type[Explainer], card: ModelCard, truth: str | None
) -> payload.Payload:
    return payload.caption(
        describe(explanation.map),
        diagnostics=[
            payload.diagnostic(one.label, one.value, warn=one.warn, help=one.meaning)
            for one in explainer.tell(explanation.diagnostics)
        ],
        cost=cost(explanation),
        alt=alternative_text(explanation, explainer, card, truth),
    )
