"""Put film, findings, answers and maps into the form that the viewer in the browser shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from dashboard.compare.beside import beside_others
from dashboard.components import payload
from dashboard.page.palette import FINDING_COLORS, OTHER_COLOR
from dashboard.page.words import alternative_text, class_verdict, cost, verdict
from dashboard.server.peaks import Common
from xai.cards.model_card import ModelCard
from xai.explainers.declared import Told
from xai.explainers.explanation import Explainer, Explanation
from xai.explainers.likeness import same_maps
from xai.films.film import Film
from xai.findings import finding_label
from xai.measures import describe
from xai.models.preprocess import footprint, prepare, resize
from xai.pictures.render import SIGNED_LUT, UNSIGNED_LUT

LONGEST_SIDE = 1024  # of the film on the screen; zooming further shows no more than that


def film_pixels(film: Film) -> payload.Payload:
    """Shades of a film and its window presets."""
    return payload.film_pixels(shades(film), windows(film.pixels))


def shades(film: Film) -> np.ndarray:
    """A film as the browser gets it: at most `LONGEST_SIDE` a side, uint8, or uint16 where the file had more bits."""
    height, width = film.pixels.shape
    scale = min(1.0, LONGEST_SIDE / max(height, width))
    pixels = resize(film.pixels, round(height * scale), round(width * scale))
    deep = film.facts.bits > 8
    return np.rint(pixels * (65535 if deep else 255)).astype(np.uint16 if deep else np.uint8)


def masks_part(masks: Mapping[str, np.ndarray], card: ModelCard) -> payload.Payload:
    """Exact truth of each finding that the model answers, for the browser to outline."""
    return {name: mask.astype(np.uint8) for name, mask in masks.items() if name in card.outputs}


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


def findings_part(card: ModelCard, truth: Mapping[str, str]) -> list[payload.Payload]:
    """Threshold and truth of each output.

    Classes share 100 %, so that no threshold is assumed for them: only those that the card names are shown.
    """
    thresholds = card.thresholds if card.link == "softmax" else {name: card.threshold(name) for name in card.outputs}
    return [
        payload.finding_payload(
            name,
            label=finding_label(name),
            color=FINDING_COLORS.get(name, OTHER_COLOR),
            threshold=thresholds[name].value if name in thresholds else None,
            truth=truth.get(name),
        )
        for name in card.outputs
    ]


def answers_part(card: ModelCard, logits: np.ndarray, truth: Mapping[str, str]) -> payload.Payload:
    """What the model answers about a film, (outputs,) logits, in numbers and sentences."""
    answered = card.probabilities(logits)
    verdicts = {}
    for name, share in zip(card.outputs, answered, strict=True):
        if card.link == "softmax":
            verdicts[name] = class_verdict(name, card, answered, truth.get(name))
        else:
            verdicts[name] = verdict(name, float(share), card.threshold(name), truth.get(name))
    return payload.answers_payload(
        dict(zip(card.outputs, answered, strict=True)), verdicts, top_finding(card, answered)
    )


def top_finding(card: ModelCard, answered: np.ndarray) -> str:
    """Name what to open with: the most probable class, or finding of those flagged, or of all where none is."""
    if card.link == "softmax":
        return card.outputs[int(np.argmax(answered))]
    flagged = answered >= np.array([card.threshold(name).value for name in card.outputs])
    return card.outputs[int(np.argmax(answered + flagged))]


def panel(explainer: type[Explainer]) -> payload.Payload:
    """Panel of a method, whether its maps are there or not."""
    return payload.panel_payload(
        explainer.name,
        title=explainer.title,
        signed=explainer.signed,
        unit=explainer.unit,
        how=explainer.reading,
        lies=explainer.pitfalls,
        shares=explainer.shares,
    )


def maps_part(
    explainer: type[Explainer],
    explanations: list[Explanation],
    card: ModelCard,
    truth: Mapping[str, str],
    first_look: str = "",
    common: Mapping[str, Common] = MappingProxyType({}),
) -> payload.Payload:
    """A method's maps and the words that belong to them; a first look says that it is one.

    ``common`` are the cells in which nearly all films seen have their peak, by finding.
    """
    cells = [one.cells for one in explanations if one.cells is not None]
    alike = same_maps(explanations)
    beside = {one.finding: beside_others(one, alike[one.finding], common.get(one.finding)) for one in explanations}
    return payload.maps_payload(
        np.stack([one.map for one in explanations]),
        {
            one.finding: _caption(one, explainer, card, truth.get(one.finding), first_look, beside[one.finding])
            for one in explanations
        },
        native=np.stack(cells) if cells else None,
        pieces=explanations[0].pieces,
    )


def colour_tables() -> Any:
    """The colour tables of `xai.pictures.render`, so that the browser and the downloads agree."""
    return payload.lut_payload(UNSIGNED_LUT, SIGNED_LUT)


def _caption(
    explanation: Explanation,
    explainer: type[Explainer],
    card: ModelCard,
    truth: str | None,
    first_look: str,
    beside: Sequence[Told],
) -> payload.Payload:
    alt = " ".join([alternative_text(explanation, explainer, card, truth), *(one.meaning for one in beside)])
    return payload.caption(
        describe(explanation.map),
        diagnostics=[
            payload.diagnostic(one.label, one.value, warn=one.warn, help=one.meaning)
            for one in (*explainer.tell(explanation.diagnostics), *beside)
        ],
        cost=first_look or cost(explanation),
        alt=f"{first_look} {alt}" if first_look else alt,
    )
