"""Pages to show to others: a film beside its maps for a slide, or several findings on one sheet, as on the screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dashboard.compare import light_box, twin
from dashboard.compare.asked import Asked
from dashboard.compare.shown import Shown
from dashboard.page.finding_cautions import about_finding
from dashboard.page.palette import FINDING_COLORS, OTHER_COLOR
from dashboard.page.words import percent
from xai.explainers import EXPLAINERS
from xai.explainers.declared import Told
from xai.explainers.explanation import Explanation
from xai.findings import finding_label
from xai.models.preprocess import footprint, prepare
from xai.pictures.figure import NOTICE, Text, map_cell, page, panel
from xai.pictures.layout import Cell, Picture, Words
from xai.pictures.render import is_hatched
from xai.pictures.sheet import Mark
from xai.pictures.view import View, outlines
from xai.written import with_unit

Results = Mapping[str, Sequence[Explanation]]
SMALL = 500  # pixels of a picture's longer side on a sheet of many
MOST_FINDINGS = 14
HATCHED = "Hatched: whether a region speaks for or against is not sure, at 95 %."
NO_LINK = "An uploaded film: no link opens it."


@dataclass(frozen=True)
class Source:
    """What figures are made of.

    Attributes
    ----------
    shown : Shown
    title, plain_title : str
        Of the film, with the truth shown and hidden.
    link : callable
        Gives the query of the address that shows a finding and a display, and the changes; see `Page.link`.
    """

    shown: Shown
    title: str
    plain_title: str
    link: Callable[[Mapping[str, Any]], tuple[str, dict[str, Any]]]


def figure(source: Source, results: Results, asked: Asked) -> bytes:
    """Draw the film, its twin where there is one, and each method's map of one finding."""
    shown, finding, logits = source.shown, asked.finding, logits_of(results)
    view = view_of(shown, asked)
    cells = [
        Cell("Film" if view.canvas is None else "Model's input", (view.alone(),)),
        *_twin_cells(shown, view, logits, asked),
    ]
    told = [truths(shown, asked)] if asked.shows_truth else []
    for method, explanations in results.items():
        cell, alternative = _map_cell(shown, view, method, explanations, asked)
        cells.append(cell)
        told.append(alternative)
    lead, rest = answer(shown, logits, finding, asked)
    is_simulated = shown.record is not None and shown.record.recipe is not None
    known, _ = about_finding(shown.card, finding, is_simulated=is_simulated)
    rest = " ".join([rest, known, *hatched(results, (finding,), asked)])
    text = Text(lead, rest, notes=notes(source, results, asked))
    return page(cells, text, " ".join([f"{lead}, {rest}", *told, *text.notes]), theme=asked.theme, form=asked.form)


def contact_sheet(source: Source, results: Results, asked: Asked) -> bytes:
    """Draw the film and each method's maps of several findings, all small on one page."""
    shown, card = source.shown, source.shown.card
    findings = (asked.findings or (asked.finding,))[:MOST_FINDINGS]
    plain, logits = replace(view_of(shown, asked), side=SMALL), logits_of(results)
    cells = [Cell("Film", (replace(plain, marks=()).alone(),))]
    for finding in findings:
        view = replace(plain, marks=_truth_marks(shown, finding) if asked.shows_truth else ())
        cells.append(
            Cell(outcome(shown, logits, finding, asked), small_maps(view, results, card.index(finding), asked))
        )
    count = f"{len(findings)} {'finding' if len(findings) == 1 else 'findings'}"
    text = Text(f"{count} on one film", legend(results, asked), notes=notes(source, results, asked))
    told = " ".join([*(cell.title + "." for cell in cells[1:]), text.answer, *text.notes])
    return page(cells, text, told, theme=asked.theme, form=asked.form)


def small_maps(view: View, results: Results, k: int, asked: Asked) -> tuple[Picture, ...]:
    """Draw each method's map of an output over the film."""
    pictures = []
    for method, explanations in results.items():
        kind = EXPLAINERS[method]
        one = panel(kind.title, kind.signed, kind.unit, explanations, k, view.display)
        pictures.append(view.under(one.explanation, one.signed, one.span, boxed=asked.boxed))
    return tuple(pictures)


def view_of(shown: Shown, asked: Asked) -> View:
    """Give the film as it stands on the screen."""
    film, card = shown.reopened(), shown.card
    height, width = film.pixels.shape
    canvas = prepare(film.pixels, card.input).clip(0, 1) if asked.choices["picture"] == "input" else None
    marks = _truth_marks(shown, asked.finding) if asked.shows_truth else ()
    return View(film.pixels, footprint(height, width, card.input), asked.display, canvas, marks, shown.sides)


def answer(shown: Shown, logits: np.ndarray, finding: str, asked: Asked) -> tuple[str, str]:
    """Say what the model answers, in the words of the page."""
    said = light_box.answers_part(shown.card, logits, _told(shown, asked))["verdicts"][finding]
    rest = said["rest"].lstrip(", ")
    return said["lead"], rest[:1].upper() + rest[1:]


def outcome(shown: Shown, logits: np.ndarray, finding: str, asked: Asked) -> str:
    """Say in a few words what the model answers about a finding, and the truth where it is shown."""
    card = shown.card
    share = float(card.probabilities(logits)[card.index(finding)])
    words = [f"{finding_label(finding)}: {percent(share)}"]
    if card.link == "sigmoid" or finding in card.thresholds:
        words.append("flagged" if share >= card.threshold(finding).value else "not flagged")
    if truth := _told(shown, asked).get(finding):
        words.append(f"truth: {truth}")
    return ", ".join(words)


def legend(results: Results, asked: Asked) -> str:
    """Say which maps stand side by side, and what their colours mean."""
    signed = [EXPLAINERS[method].title for method in results if EXPLAINERS[method].signed]
    others = [EXPLAINERS[method].title for method in results if not EXPLAINERS[method].signed]
    words = [f"From the left: {', '.join(EXPLAINERS[method].title for method in results)}."]
    if signed:
        words.append(f"{' and '.join(signed)}: orange speaks for the finding, blue against it.")
    if others:
        words.append(f"{' and '.join(others)}: the brighter, the more speaks for it.")
    words += hatched(results, asked.findings or (asked.finding,), asked)
    shared = "One scale of colours for all findings of a method." if asked.display.scale == "all" else ""
    return " ".join([*words, shared or "Each map has a scale of colours of its own."])


def hatched(results: Results, findings: Sequence[str], asked: Asked) -> list[str]:
    """Say what hatching means, where a map of these findings is hatched."""
    maps = (one for explanations in results.values() for one in explanations if one.finding in findings)
    return [HATCHED] if any(is_hatched(one, asked.display) for one in maps) else []


def notes(source: Source, results: Results, asked: Asked) -> tuple[str, ...]:
    """Say below the pictures what made them, how they are shown and where to find them."""
    shown = source.shown
    missing = [EXPLAINERS[method].title for method in shown.parameters if method not in results]
    title = source.title if asked.shows_truth else source.plain_title
    made = [title, f"model: {shown.card.name}", f"seed {shown.seed}", *_display_words(asked)]
    whole = "" if shown.record is None else " (the link makes the whole)"
    made += [f"{EXPLAINERS[method].title} {so_far}{whole}" for method, so_far in shown.unfinished(results).items()]
    if missing:
        made.append(f"{', '.join(missing)} {'was' if len(missing) == 1 else 'were'} not there yet")
    return " · ".join(made), f"{NOTICE}.", _address(source, asked)


def truths(shown: Shown, asked: Asked) -> str:
    """Say the truth of the finding, for who cannot see its outline."""
    truth = shown.truth.get(asked.finding)
    return f"Truth: {truth}." if truth else "Truth: not known."


def _map_cell(
    shown: Shown, view: View, method: str, explanations: Sequence[Explanation], asked: Asked
) -> tuple[Cell, str]:
    """Make the cell of a map, and the text for who cannot see it."""
    kind, k = EXPLAINERS[method], shown.card.index(asked.finding)
    part = light_box.maps_part(kind, list(explanations), shown.card, _told(shown, asked), film=shown.on_film())
    caption = part["captions"][asked.finding]
    told = [Told(one["label"], one["value"], one["warn"], one["help"]) for one in caption["diagnostics"]]
    one = panel(kind.title, kind.signed, kind.unit, explanations, k, view.display, told)
    picture = view.under(one.explanation, one.signed, one.span, boxed=asked.boxed)
    so_far = [f"Only {words}." for words in shown.unfinished({method: explanations}).values()]
    where = " ".join([*so_far, caption["where"]])
    if asked.shows_truth and caption["truth_note"]:
        where += f" {caption['truth_note']['sentence']}"
    return map_cell(one, picture, view.display, where), " ".join([*so_far, caption["alt"]])


def _twin_cells(shown: Shown, view: View, logits: np.ndarray, asked: Asked) -> list[Cell]:
    """Make the cell of the twin; its title would tell the truth where that is hidden."""
    if not shown.without or shown.record is None:
        return []
    film = shown.twin()
    after = shown.services.logits.get(shown.services.logits_key(film.sha256, shown.model))
    words: tuple[Words, ...] = ()
    if after is not None and asked.shows_truth:
        said = twin.captions_part(shown.card, logits, after, shown.without)
        words = (Words(said["captions"][asked.finding]["where"]),)
    elif after is not None:
        words = (Words(percent(float(shown.card.probabilities(after)[shown.card.index(asked.finding)]))),)
    return [Cell(twin.title(shown.without) if asked.shows_truth else "Twin", (view.of(film.pixels),), None, words)]


def _truth_marks(shown: Shown, finding: str) -> tuple[Mark, ...]:
    """Outline what is known of a finding: boxes that people drew, or what the simulation changed."""
    record = shown.record
    if record is None:
        return ()
    boxes = shown.mend.boxes(shown.services.library.boxes(record.dataset, record.film)).get(finding, ())
    mask = shown.services.library.masks(record.dataset, record.film).get(finding)
    mask = None if mask is None else shown.mend.moved(mask)
    return (outlines(FINDING_COLORS.get(finding, OTHER_COLOR), boxes, mask),)


def _display_words(asked: Asked) -> list[str]:
    """Say what of the display is not as usual."""
    choices, display = asked.choices, asked.display
    words = {
        f"overlay {with_unit(f'{100 * display.opacity:.0f}', '%')} opaque": choices["overlay"],
        "overlay off": not choices["overlay"],
        f"weakest {with_unit(f'{display.hide_weakest:.0f}', '%')} hidden": display.hide_weakest > 0,
        "evidence at its own resolution": display.native,
        "colours span all findings": display.scale == "all",
        f"window {display.center:.2f} wide {display.width:.2f}": (display.center, display.width) != (0.5, 1.0),
        "inverted": display.invert,
        "dashed: box of each map's strongest evidence, at least half of its peak": asked.boxed,
    }
    return [said for said, holds in words.items() if holds]


def _address(source: Source, asked: Asked) -> str:
    if source.shown.record is None:
        return NO_LINK
    query, _ = source.link({"finding": asked.finding, "display": asked.choices})
    return f"{asked.address}?{query}"


def logits_of(results: Results) -> np.ndarray:
    """Give the model's answer, (outputs,): every map knows it."""
    return np.array([one.logit for one in next(iter(results.values()))])


def _told(shown: Shown, asked: Asked) -> Mapping[str, str]:
    """Give the truth where the page shows it."""
    return shown.truth if asked.shows_truth else {}
