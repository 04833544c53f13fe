"""Compare: a film beside what each method says the model saw in it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlencode

import streamlit as st

from dashboard.compare import behind, hand, light_box
from dashboard.compare.arrival import hang_what_is_named, show_lost
from dashboard.compare.controls import CONTROLS
from dashboard.compare.downloads import downloads
from dashboard.compare.figure import Source
from dashboard.compare.film_alone import film_alone, film_words
from dashboard.compare.film_sheet import MOST_FILMS, Next
from dashboard.compare.hang import (
    Hung,
    current_film,
    hang,
    hang_controls,
    is_in_walk,
    neighbours,
    times_hung,
    walk_line,
)
from dashboard.compare.introduction import questions_part
from dashboard.compare.line import films_from_here
from dashboard.compare.met import met_line
from dashboard.compare.model_choice import choose_model, show_no_card, usable_card
from dashboard.compare.model_facts import model_facts
from dashboard.compare.odd import mend_controls, show_odd
from dashboard.compare.recipes import recipe_controls
from dashboard.compare.several import beside_part, rows, second_model, wants_beside
from dashboard.compare.shown import Shown
from dashboard.compare.state import State, checked_choices, checked_hand
from dashboard.compare.trust_wants import trust_wants
from dashboard.compare.truth import both_ways, hide_by_switch
from dashboard.compare.visit import visit
from dashboard.components.viewer import DISPLAY, viewer
from dashboard.films.walk import FilmsWalk
from dashboard.page.refused import show_refused
from dashboard.page.told import sentence_of
from dashboard.page.visit import in_every_link, refuse
from dashboard.page.words import escape, outputs_word
from dashboard.server.engine_words import engine_words
from dashboard.server.looking import looking_once
from dashboard.server.page import Page
from dashboard.server.services import Services
from dashboard.server.session import page_address, this_page
from dashboard.server.uploads import Upload, uploads
from training.datasets.facts import DatasetError
from xai.cards.model_card import ModelCard
from xai.explainers.baselines import settled
from xai.films.formats import NAMES

LIGHT_BOX = "light_box"
GROUP = "compare"  # what the channel calls what is waited for here
MODEL_WIDTH = 170  # pixels, of the choice of model
LOADING = "Loading TensorFlow and the model, a few seconds the first time…"
# A long name must not push everything below it down; the viewer shows it in full. On a phone the line takes few rows.
# Nor must the buttons that go on by a key be wider than their letter: their names are heard, not seen.
TITLE_STYLE = """<style>
.st-key-Previous button p, .st-key-Next button p {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
}
.st-key-Previous button::after { content: "B" / ""; }
.st-key-Next button::after { content: "F" / ""; }
.st-key-Previous button::after, .st-key-Next button::after { padding-left: 0.3rem; font-size: 0.75rem; opacity: 0.8; }
.st-key-film_title h5 { font-size: 1.1rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.st-key-odd, .st-key-doubted { /* no less loud than the answer below */
  padding: 0.35rem 0.7rem; border-radius: 4px; background: color-mix(in srgb, orange 18%, transparent);
}
@media (max-width: 640px) {
  .st-key-film_line { gap: 0.3rem; }
  .st-key-film_line button { min-height: 2rem; padding: 0 0.4rem; }
  .st-key-film_title h5 { padding: 0; }
}
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
        hang_what_is_named()
    elif chosen:
        visit.change(**chosen)
    take_walk()
    return count


def take_walk() -> None:
    """Take the walk that the state asks for; say why where there is none."""
    session, query = st.session_state, visit.state.walk
    session.walk = None
    if not query:
        return
    try:
        session.walk = FilmsWalk.read(query, session.setdefault("held_walks", {}))
    except ValueError as error:
        visit.change(walk="")
        if not session.get("upload_is_lost"):  # the walk was of the same films
            refuse(f"The walk through several films was left out: {sentence_of(error).rstrip('.')}.")


def go_back() -> None:
    """Show what the visitor went back to with the browser's own button."""
    query = st.session_state[LIGHT_BOX].back
    this_page().take_chosen()  # was chosen on the view that the visitor has left
    visit.follow({name: values[0] for name, values in parse_qs(query or "").items()})
    st.session_state.went_back = True
    hang_what_is_named()


def show_twin() -> None:
    """Show the twin that the sentence under a map offers."""
    name = st.session_state[LIGHT_BOX].twin
    if isinstance(name, str):
        visit.change(without=(name,))


def boxes(services: Services, hung: Hung) -> dict[str, Any]:
    """Give the boxes that radiologists drew on this film, for the viewer to outline; none where they are damaged."""
    try:
        drawn = services.library.boxes(hung.record.dataset, hung.record.film) if hung.record else {}
        if hung.record and not drawn:  # masks are looked at too, so that it is said here if one is damaged
            services.library.masks(hung.record.dataset, hung.record.film)
        return hung.mend.boxes(drawn)
    except DatasetError as error:
        st.warning(escape(sentence_of(error)))
        return {}


def drawn_by(services: Services, hung: Hung) -> dict[str, str]:
    """Say who drew each finding on this film, where its source names them."""
    try:
        return services.library.drawings(hung.record.dataset).who(hung.record.film) if hung.record else {}
    except DatasetError:  # `boxes` says so
        return {}


def link_state(services: Services, hung: Hung, card: ModelCard | None, state: State) -> State:
    """Give what the address says: of an upload only that one hangs, and nothing that the model has not."""
    film = f"{hung.record.dataset}/{hung.record.film}" if hung.record else None
    upload = 0 if hung.record else uploads().index(st.session_state.upload) + 1
    finding = state.finding if card is None or state.finding in card.outputs else None
    walk = state.walk if is_in_walk(services, hung) else ""
    return state.with_(film=film, upload=upload, finding=finding, walk=walk, mend=hung.mend.steps)


def changed_link(
    state: State, card: ModelCard | None, kept: Mapping[str, str], changes: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Give the query of the address after a choice in the browser, and the choice; ValueError for one there is not."""
    if unknown := set(changes) - {"finding", "display", "hidden", "shows"}:
        raise ValueError(f"{', '.join(unknown)} cannot be chosen here")
    if "finding" in changes and (card is None or changes["finding"] not in card.outputs):
        raise ValueError("the model has no such output")
    checked = {name: checked_choices(value) if name == "display" else value for name, value in changes.items()}
    checked |= checked_hand({name: value for name, value in changes.items() if name in ("hidden", "shows")})
    return urlencode({**visit.link.write(state.with_(**checked)), **kept}), checked


def step(label: str, target: Any, icon: str, letter: str) -> None:
    """Show a button that goes to the film before or after, also by a key."""
    if st.button(f"{label} film", icon=icon, key=label, disabled=target is None, help=f"{label} film, key {letter}"):
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


def show_title(place: Any, hung: Hung) -> None:
    """Name the film above its light box; where its name may tell the truth, both ways."""
    if not hung.alias:
        place.markdown(f"##### {escape(hung.title)}")
        return
    for one, words in zip(both_ways(place, "title"), (hung.title, hung.plain_title), strict=True):
        one.markdown(f"##### {escape(words)}")


def toolbar(services: Services) -> tuple[Hung | None, str, ModelCard | None]:
    """Show one line of controls.

    Returns
    -------
    hung, model, card
        What hangs, under which model; None where there is none that can be used.
    """
    line = st.container(horizontal=True, vertical_alignment="center", gap="small", key="film_line")
    title = line.container(width="stretch", key="film_title")
    st.html(TITLE_STYLE)
    hide_by_switch()
    back, before, after = (line.container(width="content") for _ in range(3))
    films = line.container(width="content", key="hang_films")
    chooser = line.container(width=MODEL_WIDTH)
    about = line.container(width="content")
    places = {name: line.container(width="content") for name in CONTROLS}
    key = f"films_{times_hung()}"  # what was hung is not to lie below it: another key is closed
    with films.popover("Hang films", icon=":material/add_photo_alternate:", key=key, width="stretch"):
        hang_controls(services)
        mend_controls(visit.state)
    with chooser:
        model = choose_model(services, visit.state)
    card = usable_card(services, model)
    hung = current_film(services, visit.state)
    if card is not None:
        with about.popover("About", icon=":material/info:", key="about", width="stretch"):
            model_facts(card, engine_words(services, model))
            if hung is not None:
                st.caption(met_line(services.library, model, card, hung.record))
            recipe_controls(services, model, card, hung)
    if hung is not None:
        show_title(title, hung)
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
    """Say whose maps these are; what the model is good at on average says nothing of the finding at hand."""
    return f"The model is {card.name}: “About” says what it is."


def compare(services: Services) -> None:
    """Show the page."""
    page = this_page()
    st.session_state.setdefault("came_by_link", bool(st.query_params))
    heard = start(page)
    hung, model, card = toolbar(services)
    show_refused()
    show_lost()
    if hung is None:
        if card is None:
            show_no_card(services, model, None)
        st.info(f"Nothing hangs here yet. “Hang films” takes {NAMES} files, several at once.")
        return
    state = visit.state
    in_link = link_state(services, hung, card, state)
    page.link = partial(changed_link, in_link, card, in_every_link())
    show = partial(viewer, key=LIGHT_BOX, on_back_change=go_back, on_twin_change=show_twin)
    if card is None:
        page.note, page.questions = str, {}
        channel = {**told(page, state, heard), "standing": page.expect(GROUP, []), "model": model}
        show_no_card(services, model, hung, lambda: show(film_alone(services, hung, channel)))
    else:
        show(light_box_of(services, page, hung, model, card, told(page, state, heard)))
    if not st.session_state.pop("went_back", False):  # the browser has put the address there, and may be further by now
        visit.write_permalink(in_link)


def told(page: Page, state: State, heard: int) -> dict[str, Any]:
    """Give what the viewer needs of the page's channel, and how it shows a film."""
    return {"display": {**DISPLAY, **state.display}, "heard": heard, "page": page_address(page), "group": GROUP}


def light_box_of(
    services: Services, page: Page, hung: Hung, model: str, card: ModelCard, channel: Mapping[str, Any]
) -> dict[str, Any]:
    """Give the viewer a film with what a model says of it, and offer what can be taken away."""
    state = visit.state
    if state.finding not in (None, *card.outputs):
        st.warning(escape(f"{card.name} has no output “{state.finding}”; showing the most probable."))
    doubted = show_odd(hung)
    shown = Shown.of(services, page.id, state, hung, model, card)
    second = second_model(shown, state, hung)
    # The first film hangs before anything loads TensorFlow, which takes the processor from all else.
    standing = page.expect(
        GROUP, [*shown.wants(), *trust_wants(shown), *wants_beside(second)], asks=services.has_models or page.is_heard
    )
    page.note = lambda: "" if services.has_models else LOADING
    page.questions = {one.GROUP: partial(one.wants, shown) for one in (hand, behind)}
    films = films_from_here(services, hung, MOST_FILMS)
    titled = [(Next.of(one), one.title if isinstance(one, Upload) else one.partition("/")[2]) for one in films]
    assert page.link is not None  # `compare` has set it
    source = Source(shown, hung.title, hung.plain_title, page.link)
    for name, make in downloads(source, services.library.model_id(model), titled).items():
        page.files.offer(name, make)
    return {
        **film_words(hung, shown.film()),
        "input": {"part": shown.input()},
        "findings": light_box.findings_part(card, hung.truth, is_simulated=hung.is_simulated),
        "outputs": outputs_word(card),
        "panels": shown.panels(),
        "luts": light_box.colour_tables(),
        "truth": boxes(services, hung),
        "drawn_by": drawn_by(services, hung),
        "masks": None if (masks := shown.masks()) is None else {"part": masks},
        "selected": state.finding if state.finding in card.outputs else None,
        "without": list(shown.without),
        "model": card.name,
        "about": about_model(card),
        "hand": {"areas": state.hidden, "shows": settled(state.shows, shown.card), "baselines": hand.baselines(shown)},
        "standing": standing,
        "films": len(films),
        "questions": questions_part(),
        "introduces": not st.session_state.came_by_link,
        "grid": rows(state, card),
        "beside": beside_part(second, hung),
        "blind": state.blind,
        "doubted": doubted,
        "lesson": st.session_state.get("stage"),
        **channel,
    }


with looking_once():
    compare(st.session_state.services)
