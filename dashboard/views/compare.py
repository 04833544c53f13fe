"""Compare: a film beside what each method says the model saw in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from dashboard.compare import light_box
from dashboard.compare.controls import CONTROLS
from dashboard.compare.downloads import download_controls
from dashboard.compare.hang import Hung, current_film, hang, hang_controls, neighbours, walk_line
from dashboard.compare.model_choice import choose_model, show_no_card, usable_card
from dashboard.compare.model_facts import model_facts
from dashboard.compare.progress import progress_line
from dashboard.compare.state import State
from dashboard.compare.twin import twin_panel
from dashboard.compare.visit import visit
from dashboard.components.viewer import DISPLAY, viewer
from dashboard.page.refused import show_refused
from dashboard.page.visit import visitor
from dashboard.page.words import class_verdict, escape, outputs_word, verdict
from dashboard.server.engine_words import engine_words
from dashboard.server.jobs import Job
from dashboard.server.services import Request, Services
from xai.cards.model_card import ModelCard
from xai.explainers import EXPLAINERS
from xai.explainers.explanation import Explanation
from xai.findings import finding_label

LIGHT_BOX = "light_box"
MODEL_WIDTH = 170  # pixels, of the choice of model
# A long name must not push everything below it down; the viewer shows it in full.
TITLE_STYLE = """<style>
.st-key-film_title h5 { font-size: 1.1rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
</style>"""


def start() -> None:
    """Take the state that the link asks for, where a visitor comes with one."""
    st.session_state.setdefault("cancelled", set())
    if visit.start() and visit.state.film is not None:
        st.session_state.upload = None


@dataclass(frozen=True)
class Asked:
    """One method that the visitor wants to see: its request, and what came of it; None if it was cancelled."""

    request: Request
    answer: Job | list[Explanation] | None


def ask(services: Services, state: State, hung: Hung, model: str) -> dict[str, Asked]:
    """Ask for each method's maps, unless the visitor cancelled them."""
    asked = {}
    for method in state.methods:
        request = Request(hung.film, model, method, state.parameters(method), state.seed, hung.record is not None)
        answer: Job | list[Explanation] | None = services.found(request)
        if answer is None and services.explanation_key(request) not in st.session_state.cancelled:
            answer = services.explain(visitor(), request)
        asked[method] = Asked(request, answer)
    return asked


def answers(services: Services, hung: Hung, model: str, asked: dict[str, Asked]) -> np.ndarray | Job:
    """Give the model's logits for the film; explanations that were kept hold them, so that nothing is loaded."""
    for one in asked.values():
        if isinstance(one.answer, list):
            return np.array([explanation.logit for explanation in one.answer])
    return services.predict(visitor(), hung.film, model)


def panel_part(services: Services, asked: Asked, card: ModelCard, hung: Hung) -> dict[str, Any]:
    """Give the viewer's panel of one method, whatever state it is in."""
    kind, answer = EXPLAINERS[asked.request.method], asked.answer
    if isinstance(answer, list):
        name = ["panel", services.explanation_key(asked.request), sorted(hung.truth.items()), thresholds(card)]
        return services.part(name, lambda: light_box.ready_panel(kind, answer, card, hung.truth))
    if answer is None:
        return light_box.waiting_panel(kind, "cancelled", "Cancelled.")
    if answer.state == "failed":
        return light_box.waiting_panel(kind, "failed", answer.error or "")
    return light_box.waiting_panel(kind, "waiting", "Being computed…")


def mask_parts(services: Services, hung: Hung, card: ModelCard) -> dict[str, Any]:
    """Give the exact truth of a simulated film, for the viewer to outline."""
    record = hung.record
    if record is None or record.recipe is None:
        return {}
    name = ["masks", record.recipe.to_json(), list(card.outputs)]
    return services.part(name, lambda: light_box.masks_part(services.library.masks(record.dataset, record.film), card))


def boxes(services: Services, hung: Hung) -> dict[str, Any]:
    """Give the boxes that radiologists drew on this film, for the viewer to outline."""
    return services.library.boxes(hung.record.dataset, hung.record.film) if hung.record else {}


def thresholds(card: ModelCard) -> list[float]:
    """Threshold of each output: part of what a panel's words depend on."""
    return [card.threshold(name).value for name in card.outputs]


def top_finding(card: ModelCard, answered: np.ndarray | None) -> str:
    """Name what to open with: the most probable class, or finding of those flagged, or of all where none is."""
    if answered is None:
        return card.outputs[0]
    if card.link == "softmax":
        return card.outputs[int(np.argmax(answered))]
    flagged = answered >= np.array(thresholds(card))
    return card.outputs[int(np.argmax(answered + flagged))]


def take_over(field: str) -> None:
    """Note what the visitor chose in the viewer."""
    chosen = st.session_state[LIGHT_BOX][field]
    if chosen is None:
        return  # a light box that was put up anew: nobody has chosen in it
    visit.change(**({"finding": chosen["name"]} if field == "selected" else {"display": chosen}))


def write_permalink(hung: Hung, card: ModelCard) -> None:
    """Keep the address such that it opens this view; an upload is in nobody's address, nor what the model has not."""
    film = f"{hung.record.dataset}/{hung.record.film}" if hung.record else None
    finding = visit.state.finding if visit.state.finding in card.outputs else None
    visit.write_permalink(visit.state.with_(film=film, finding=finding))


def step(label: str, target: Any, icon: str, letter: str) -> None:
    """Show a button that goes to the film before or after, also by a key."""
    if st.button("", icon=icon, key=label, disabled=target is None, shortcut=letter, help=f"{label} film"):
        hang(target)
        st.rerun()


def show_control(name: str, place: Any, hung: Hung | None) -> None:
    """Show a control behind its button; one that needs a film only where one hangs."""
    control = CONTROLS[name]
    is_usable = control.is_usable(hung)
    if hung is not None or is_usable:
        disabled = not is_usable
        with place.popover(
            control.LABEL, icon=control.ICON, key=name, width="stretch", disabled=disabled, help=control.HELP
        ):
            visit.put(control.show(visit.state, hung))


def toolbar(services: Services) -> tuple[Hung | None, str, ModelCard | None, Any]:
    """Show one line of controls.

    Returns
    -------
    hung, model, card
        What hangs, under which model; None where there is none that can be used.
    save : container
        Place of the downloads, filled once the maps are known.
    """
    line = st.container(horizontal=True, vertical_alignment="center", gap="small")
    title = line.container(width="stretch", key="film_title")
    st.html(TITLE_STYLE)
    back, before, after, films = (line.container(width="content") for _ in range(4))
    chooser = line.container(width=MODEL_WIDTH)
    about = line.container(width="content")
    places = {name: line.container(width="content") for name in CONTROLS}
    save = line.container(width="content")
    with films.popover("Hang films", icon=":material/add_photo_alternate:", key="films", width="stretch"):
        hang_controls(services)
    with chooser:
        model = choose_model(services, visit.state)
    card = usable_card(services, model)
    if card is not None:
        with about.popover("About", icon=":material/info:", key="about", width="stretch"):
            model_facts(card, engine_words(services, model))
    hung = current_film(services, visit.state)
    if hung is not None:
        title.markdown(f"##### {escape(hung.title)}")
        earlier, later = neighbours(services, visit.state, hung)
        with back:
            walk_line(services, hung)
        with before:
            step("Previous", earlier, ":material/chevron_left:", "B")
        with after:
            step("Next", later, ":material/chevron_right:", "F")
    for name, place in places.items():
        show_control(name, place, hung)
    return hung, model, card, save.popover("Save", icon=":material/download:", key="save", width="stretch")


def show_verdict(
    card: ModelCard, finding: str, answered: np.ndarray | None, logits: np.ndarray | Job, hung: Hung
) -> None:
    """Say what the model answers about the finding, or why it does not."""
    if answered is not None and card.link == "softmax":
        st.markdown(class_verdict(finding, card, answered, hung.truth.get(finding)))
    elif answered is not None:
        p = float(answered[card.index(finding)])
        st.markdown(verdict(finding, p, card.threshold(finding), hung.truth.get(finding)))
    elif isinstance(logits, Job) and logits.state == "failed":
        st.error(f"The model cannot be used: {escape(logits.error or '')}")
    else:
        st.markdown(f"**{escape(card.name)}** has not answered yet.")


def about_model(card: ModelCard) -> str:
    """Say what the model is, in its card's own words."""
    return escape(f"{card.name}: {card.summary}" if card.summary else f"The card of {card.name} has no summary.")


def compare(services: Services) -> None:
    """Show the page."""
    start()
    hung, model, card, save = toolbar(services)
    show_refused()
    if card is None:
        show_no_card(services, model)
    if hung is None:
        st.info("Nothing hangs here yet. “Hang films” takes PNG, JPEG, TIFF and DICOM files, several at once.")
    if hung is None or card is None:
        return
    state = visit.state
    asked = ask(services, state, hung, model)
    logits = answers(services, hung, model, asked)
    answered = None if isinstance(logits, Job) else card.probabilities(logits)
    finding = state.finding if state.finding in card.outputs else top_finding(card, answered)
    if state.finding not in (None, finding):
        st.warning(escape(f"{card.name} has no output “{state.finding}”; showing {finding_label(finding)}."))
    jobs = {EXPLAINERS[method].title: one.answer for method, one in asked.items() if isinstance(one.answer, Job)}
    if isinstance(logits, Job):
        jobs["the probabilities"] = logits
    unfinished = {name for name, job in jobs.items() if not job.ended}  # as far as the words and panels below know
    show_verdict(card, finding, answered, logits, hung)
    panels = [panel_part(services, one, card, hung) for one in asked.values()]
    twin, waiting = twin_panel(services, state, hung, model, card, answered)
    if twin is not None:
        panels.insert(0, twin)
    if waiting is not None:
        jobs["the twin"] = waiting
    is_stopped = any(one.answer is None for one in asked.values())
    cancelled = st.session_state.cancelled
    progress_line(services, visitor(), jobs, unfinished, cancelled, is_stopped, about_model(card))
    display = {**DISPLAY, **state.display}
    viewer(
        {
            "film": services.part(
                ["film", hung.film.sha256, hung.title], lambda: light_box.film_part(hung.film, hung.title)
            ),
            "input": services.part(
                ["input", hung.film.sha256, card.fingerprint], lambda: light_box.input_part(hung.film, card)
            ),
            "findings": light_box.findings_part(card, answered, hung.truth),
            "outputs": outputs_word(card),
            "panels": panels,
            "luts": light_box.colour_tables(),
            "truth": boxes(services, hung),
            "masks": mask_parts(services, hung, card),
            "selected": finding,
            "display": display,
        },
        key=LIGHT_BOX,
        on_selected_change=lambda: take_over("selected"),
        on_display_change=lambda: take_over("display"),
    )
    with save:
        ready = {method: one.answer for method, one in asked.items() if isinstance(one.answer, list)}
        download_controls(ready, finding, hung, card, services.library.model_id(model), display)
    write_permalink(hung, card)


compare(st.session_state.services)
