"""Compare: a film beside what each method says the model saw in it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlencode

import streamlit as st

from dashboard.compare import light_box
from dashboard.compare.controls import CONTROLS
from dashboard.compare.downloads import downloads
from dashboard.compare.hang import Hung, current_film, hang, hang_controls, neighbours, walk_line
from dashboard.compare.model_choice import choose_model, show_no_card, usable_card
from dashboard.compare.model_facts import model_facts
from dashboard.compare.odd import mend_controls, show_odd
from dashboard.compare.recipes import recipe_controls
from dashboard.compare.shown import Shown
from dashboard.compare.state import State, checked_choices
from dashboard.compare.visit import visit
from dashboard.components import payload
from dashboard.components.viewer import DISPLAY, viewer
from dashboard.page.refused import show_refused
from dashboard.page.words import escape, outputs_word
from dashboard.server.engine_words import engine_words
from dashboard.server.page import Page
from dashboard.server.services import Services
from dashboard.server.session import page_address, this_page
from training.datasets.facts import DatasetError
from xai.cards.model_card import ModelCard
from xai.films.formats import NAMES

LIGHT_BOX = "light_box"
GROUP = "compare"  # what the channel calls what is waited for here
MODEL_WIDTH = 170  # pixels, of the choice of model
LOADING = "Loading TensorFlow and the model, a few seconds the first time…"
# A long name must not push everything below it down; the viewer shows it in full.
TITLE_STYLE = """<style>
.st-key-film_title h5 { font-size: 1.1rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
</style>"""


def start(page: Page) -> int:
    """Take the state that the link asks for, where a visitor comes with one, or what was chosen in the browser.

    Returns
    -------
    int
        Choices in the browser so far: it leads until Python knows its last one.
    """
    chosen, count = page.take_chosen()
    if visit.start():
        if visit.state.film is not None:
            st.session_state.upload = None
    elif chosen:
        visit.change(**chosen)
    return count


def go_back() -> None:
    """Show what the visitor went back to with the browser's own button."""
    query = st.session_state[LIGHT_BOX].back
    this_page().take_chosen()  # was chosen on the view that the visitor has left
    visit.follow({name: values[0] for name, values in parse_qs(query or "").items()})
    st.session_state.went_back = True
    if visit.state.film is not None:
        st.session_state.upload = None


def boxes(services: Services, hung: Hung) -> dict[str, Any]:
    """Give the boxes that radiologists drew on this film, for the viewer to outline; none where they are damaged."""
    try:
        drawn = services.library.boxes(hung.record.dataset, hung.record.film) if hung.record else {}
        return {finding: [hung.mend.box(one) for one in boxes] for finding, boxes in drawn.items()}
    except DatasetError as error:
        st.warning(escape(str(error)))
        return {}


def link_state(hung: Hung, card: ModelCard, state: State) -> State:
    """Give what the address says: an upload is in nobody's address, nor what the model has not."""
    film = f"{hung.record.dataset}/{hung.record.film}" if hung.record else None
    finding = state.finding if state.finding in card.outputs else None
    return state.with_(film=film, finding=finding, mend=hung.mend.steps)


def changed_link(state: State, card: ModelCard, changes: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Give the query of the address after a choice in the browser, and the choice; ValueError for one there is not."""
    if unknown := set(changes) - {"finding", "display"}:
        raise ValueError(f"{', '.join(unknown)} cannot be chosen here")
    if "finding" in changes and changes["finding"] not in card.outputs:
        raise ValueError("the model has no such output")
    checked = {name: checked_choices(value) if name == "display" else value for name, value in changes.items()}
    return urlencode(visit.link.write(state.with_(**checked))), checked


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


def toolbar(services: Services) -> tuple[Hung | None, str, ModelCard | None]:
    """Show one line of controls.

    Returns
    -------
    hung, model, card
        What hangs, under which model; None where there is none that can be used.
    """
    line = st.container(horizontal=True, vertical_alignment="center", gap="small")
    title = line.container(width="stretch", key="film_title")
    st.html(TITLE_STYLE)
    back, before, after, films = (line.container(width="content") for _ in range(4))
    chooser = line.container(width=MODEL_WIDTH)
    about = line.container(width="content")
    places = {name: line.container(width="content") for name in CONTROLS}
    with films.popover("Hang films", icon=":material/add_photo_alternate:", key="films", width="stretch"):
        hang_controls(services)
        mend_controls(visit.state)
    with chooser:
        model = choose_model(services, visit.state)
    card = usable_card(services, model)
    hung = current_film(services, visit.state)
    if card is not None:
        with about.popover("About", icon=":material/info:", key="about", width="stretch"):
            model_facts(card, engine_words(services, model))
            recipe_controls(services, model, card, hung)
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
    return hung, model, card


def about_model(card: ModelCard) -> str:
    """Say what the model is, in its card's own words."""
    return f"{card.name}: {card.summary}" if card.summary else f"The card of {card.name} has no summary."


def compare(services: Services) -> None:
    """Show the page."""
    page = this_page()
    heard = start(page)
    hung, model, card = toolbar(services)
    show_refused()
    if card is None:
        show_no_card(services, model, hung)
    if hung is None:
        st.info(f"Nothing hangs here yet. “Hang films” takes {NAMES} files, several at once.")
    if hung is None or card is None:
        return
    state = visit.state
    if state.finding not in (None, *card.outputs):
        st.warning(escape(f"{card.name} has no output “{state.finding}”; showing the most probable."))
    show_odd(hung)
    shown = Shown.of(services, page.id, state, hung, model, card)
    standing = page.expect(GROUP, shown.wants())
    page.note = lambda: "" if services.has_models else LOADING
    in_link = link_state(hung, card, state)
    page.link = partial(changed_link, in_link, card)
    for name, make in downloads(shown, hung.title, services.library.model_id(model)).items():
        page.files.offer(name, make)
    viewer(
        {
            "film": payload.film_payload(
                hung.film.sha256,
                title=hung.title,
                alt=f"Chest film {hung.title}",
                part=shown.film(),
                sides=hung.sides,
            ),
            "input": {"part": shown.input()},
            "findings": light_box.findings_part(card, hung.truth),
            "outputs": outputs_word(card),
            "panels": shown.panels(),
            "luts": light_box.colour_tables(),
            "truth": boxes(services, hung),
            "masks": None if (masks := shown.masks()) is None else {"part": masks},
            "selected": state.finding if state.finding in card.outputs else None,
            "display": {**DISPLAY, **state.display},
            "heard": heard,
            "model": card.name,
            "about": about_model(card),
            "page": page_address(page),
            "group": GROUP,
            "standing": standing,
        },
        key=LIGHT_BOX,
        on_back_change=go_back,
    )
    if not st.session_state.pop("went_back", False):  # the browser has put the address there, and may be further by now
        visit.write_permalink(in_link)


compare(st.session_state.services)
