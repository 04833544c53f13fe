"""Put film, findings, answers and maps into the form that the viewer in the browser shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from dashboard.compare.beside import beside_others
from dashboard.compare.glance import at_length
from dashboard.compare.truth_note import OnFilm, truth_note
from dashboard.components import payload
from dashboard.page.finding_cautions import about_finding
from dashboard.page.palette import FINDING_COLORS, OTHER_COLOR
from dashboard.page.words import alternative_text, class_verdict, cost, verdict
from dashboard.server.peaks import Common
from xai.cards.model_card import ModelCard
from xai.explainers.declared import Told
from xai.explainers.explanation import Explainer, Explanation
from xai.explainers.likeness import same_maps
from xai.films.film import Film
from xai.findings import finding_label
from xai.measures.location import MEANING
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


def masks_part(masks: Mapping[str, np.ndarray]) -> payload.Payload:
    """Exact truth of each finding, and of what else lies on the film, for the browser to outline."""
    return {name: mask.astype(np.uint8) for name, mask in masks.items()}


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


def findings_part(card: ModelCard, truth: Mapping[str, str], *, is_simulated: bool = False) -> list[payload.Payload]:
    """Threshold and truth of each output, and what is known of the model's answers about it.

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
            known=about_finding(card, name, is_simulated=is_simulated),
        )
        for name in card.outputs
    ]


def answers_part(card: ModelCard, logits: np.ndarray, truth: Mapping[str, str]) -> payload.Payload:
    """What the model answers about a film, (outputs,) logits, in numbers and sentences."""
    answered = card.probabilities(logits)
    verdicts = {}
    for name, share in zip(card.outputs, answered, strict=True):
        lead, plain = _verdict(name, float(share), card, answered, None)
        verdicts[name] = lead, _verdict(name, float(share), card, answered, truth.get(name))[1], plain
    return payload.answers_payload(
        dict(zip(card.outputs, answered, strict=True)), verdicts, top_finding(card, answered)
    )


def _verdict(name: str, share: float, card: ModelCard, answered: np.ndarray, truth: str | None) -> tuple[str, str]:
    if card.link == "softmax":
        return class_verdict(name, card, answered, truth)
    return verdict(name, share, card.threshold(name), truth)


def top_finding(card: ModelCard, answered: np.ndarray) -> str:
    """Name what to open with: the most probable class, or finding of those flagged, or of all where none is."""
    if card.link == "softmax":
        return card.outputs[int(np.argmax(answered))]
    flagged = answered >= np.array([card.threshold(name).value for name in card.outputs])
    return card.outputs[int(np.argmax(answered + flagged))]


def panel(explainer: Explainer, measured: str = "") -> payload.Payload:
    """Panel of a method, whether its maps are there or not; ``measured`` says how it stands beside the usual place."""
    return payload.panel_payload(
        explainer.name,
        title=explainer.title,
        signed=explainer.signed,
        unit=explainer.unit,
        how=f"{explainer.reading} {MEANING}",
        lies=explainer.pitfalls,
        shares=explainer.shares,
        glance=explainer.at_a_glance,
        needs=at_length(explainer, measured),
    )


def maps_part(
    explainer: type[Explainer],
    explanations: list[Explanation],
    card: ModelCard,
    truth: Mapping[str, str],
    so_far: payload.Payload | None = None,
    film: OnFilm | None = None,
    common: Mapping[str, Common] = MappingProxyType({}),
) -> payload.Payload:
    """A method's maps and the words that belong to them; those of a map that is not finished say so.

    Without ``film`` a map covers the film, of which no truth is known but presence. ``common`` are the cells in which
    nearly all films seen have their peak, by finding.
    """
    words = partial(_caption, explainer=explainer, card=card, so_far=so_far, film=film or OnFilm())
    cells = [one.cells for one in explanations if one.cells is not None]
    alike = same_maps(explanations)
    beside = {one.finding: beside_others(one, alike[one.finding], common.get(one.finding)) for one in explanations}
    return payload.maps_payload(
        np.stack([one.map for one in explanations]),
        {one.finding: words(one, truth=truth.get(one.finding), beside=beside[one.finding]) for one in explanations},
        native=np.stack(cells) if cells else None,
        pieces=explanations[0].pieces,
        unsure=_unsure(explanations),
        so_far=so_far,
    )


def _unsure(explanations: Sequence[Explanation]) -> np.ndarray | None:
    """Say of each map which pieces may as well have the other sign; None where the method does not know."""
    unsure = [found for one in explanations if (found := one.unsure) is not None]
    return np.stack(unsure).astype(np.uint8) if unsure else None


def colour_tables() -> Any:
    """The colour tables of `xai.pictures.render`, so that the browser and the downloads agree."""
    return payload.lut_payload(UNSIGNED_LUT, SIGNED_LUT)


def _caption(
    explanation: Explanation,
    *,
    explainer: type[Explainer],
    card: ModelCard,
    truth: str | None,
    so_far: payload.Payload | None,
    film: OnFilm,
    beside: Sequence[Told],
) -> payload.Payload:
    where = explanation.describe(film.footprint, film.sides_known)
    start = f"{so_far['stopped'].replace('Stopped after', 'After')} " if so_far else ""
    said = (alternative_text(explanation, explainer, card, known, where) for known in (None, truth))
    plain, told = (" ".join([start + words, *(one.meaning for one in beside)]) for words in said)
    return payload.caption(
        where,
        diagnostics=[
            payload.diagnostic(one.label, one.value, warn=one.warn, help=one.meaning)
            for one in (*explainer.tell(explanation.diagnostics), *beside)
        ],
        cost="" if so_far else cost(explanation),
        alt=told,
        truth_note=truth_note(explanation, truth, film),
        plain={"alt": plain, "truth_note": None},
    )
