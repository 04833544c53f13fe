"""One film large: what is on it, what the model says, what was written about it, and where to go from here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.components.gallery import gallery
from dashboard.films.catalogue import MISSING, PRESENT, UNKNOWN, Catalogue
from dashboard.films.gallery_panel import items, picture_addresses
from dashboard.films.handover import compare
from dashboard.films.items import Page, facts, summaries
from dashboard.films.large import outlined
from dashboard.films.met import film_met
from dashboard.films.notes import LONGEST_NOTE, MOST_TAGS, Notebook, NotesError, Remark
from dashboard.films.search import outcomes, threshold_of
from dashboard.films.services import FilmServices
from dashboard.films.state import OUTCOMES
from dashboard.films.visit import visit
from dashboard.films.walk import FilmsWalk, place
from dashboard.page.kinds import shortest
from dashboard.page.told import sentence_of
from dashboard.page.words import escape
from dashboard.server.library import OWN
from dashboard.server.services import Services
from dashboard.server.uploads import show_upload
from training.datasets.table import PROVENANCE, DatasetError
from xai.films.film import Film, FilmError
from xai.findings import finding_label

ERRORS_PAGE = "views/errors.py"
WIDTH = 1160  # pixels
MOST_SIBLINGS = 12
SIBLING_SIDE = 84
WORDS = {PRESENT: "present", 0: "absent", MISSING: "no label"}
SIMULATED = "Exact outlines, from the simulation"


def close() -> None:
    """Put the film away, and remember which one it was."""
    st.session_state.films_last = visit.state.film
    visit.change(film=None)


@st.dialog("Film", width=WIDTH, position="right", on_dismiss=close)
def drawer(services: Services, catalogue: Catalogue, rows: np.ndarray, notebook: Notebook) -> None:
    """Show the film that is asked for."""
    asked = visit.state
    if asked.film is None:
        st.rerun()  # what was clicked in here put the film away
    row = catalogue.films.row(asked.film)
    if row is None:
        st.warning(escape(f"{catalogue.films.dataset} has no film “{asked.film}”."))
        return
    visit.write_permalink()
    _heading(catalogue, rows, row)
    picture, words = st.columns([0.44, 0.56], gap="medium")
    with picture:
        _picture(services, catalogue, row)
    with words:
        _answers(catalogue, row)
        if said := film_met(catalogue, row):
            st.caption(escape(said))
        _alike(catalogue, row)
        _written(catalogue, notebook, row)
    _siblings(services, catalogue, notebook, row)


def _heading(catalogue: Catalogue, rows: np.ndarray, row: int) -> None:
    films, asked = catalogue.films, visit.state
    film = str(films.names[row])
    stands = place(catalogue, rows, film, only_openable=False)
    title, before, after, explain = st.columns([6, 1, 1, 3], vertical_alignment="center", gap="small")
    where = f"{stands.number:,} of {stands.count:,}" if stands else "outside the current filter"
    title.markdown(f"**{escape(str(films.titles[row]))}**  \n{escape(' · '.join([*facts(catalogue, row), where]))}")
    for side, label, icon in (
        (before, "before", ":material/chevron_left:"),
        (after, "after", ":material/chevron_right:"),
    ):
        target = getattr(stands, label) if stands else None
        side.button(
            f"Film {label}",
            key=f"film_{label}",
            icon=icon,
            disabled=target is None,
            on_click=visit.change,
            kwargs={"film": target},
            width="stretch",
            help=f"The film {label} this one, in the current order; an arrow key does the same.",
        )
    with explain:
        if st.button(
            "Explain",
            key="film_explain",
            type="primary",
            icon=":material/compare:",
            width="stretch",
            disabled=not films.openable[row],
            help="Hang this film on the Compare page, with what the model saw in it.",
        ):
            st.session_state.films_last = film
            visit.change(film=None)
            compare(catalogue, FilmsWalk(films.dataset, asked.with_(film=None)), film)


def _alike(catalogue: Catalogue, row: int) -> None:
    """Offer the films that the model sees as like this one, on the Errors page."""
    asked, answers = visit.state, catalogue.answers
    finding = asked.finding
    if answers is None or finding is None or not catalogue.has_answers(finding) or catalogue.films.dataset == OWN:
        return
    film = str(catalogue.films.names[row])
    if st.button(
        "Films like this one",
        key="film_alike",
        icon=":material/hub:",
        disabled=not catalogue.films.openable[row],
        help=f"On Errors: films that the model sees as like it, and how many are judged wrong for "
        f"{finding_label(finding)}.",
    ):
        st.session_state.films_last = film
        visit.change(film=None)
        link = {"predictions": answers.name, "finding": finding, "section": "alike", "like": film}
        if finding in dict(asked.thresholds):
            link |= {"rule": "number", "threshold": shortest(dict(asked.thresholds)[finding])}
        st.switch_page(ERRORS_PAGE, query_params=link)


def _picture(services: Services, catalogue: Catalogue, row: int) -> None:
    shared = services.of(FilmServices)
    films = catalogue.films
    film, dataset = str(films.names[row]), films.dataset
    if not films.openable[row]:
        path = films.table["path"].iloc[row] or "an unknown place"
        st.info(escape(f"The picture of this film is not on this machine; it belongs at {path} in its dataset."))
        return
    try:
        opened = _open(services, dataset, film)
        boxes = {} if dataset == OWN else shared.library.boxes(dataset, film)
        masks = {} if dataset == OWN else shared.library.masks(dataset, film)
        who = "" if dataset == OWN else shared.library.drawings(dataset).readers(film)
    except (DatasetError, FilmError, OSError) as error:
        st.error(escape(sentence_of(error)))
        return
    drawn = bool(boxes or masks)
    shown = st.session_state.get("films_outlines", True) and drawn
    if dataset == OWN:
        show_upload(services, film, "large", outlined, f"Film {films.titles[row]}")
    else:
        picture = outlined(opened, boxes if shown else None, masks if shown else None)
        st.image(picture, width="stretch", output_format="PNG", alt=f"Film {films.titles[row]}")
    if drawn:
        what = f"Drawn by {who}" if who else "Boxes drawn by radiologists" if boxes else SIMULATED
        st.toggle(what, key="films_outlines_toggle", value=shown, on_change=_toggle_outlines)
    else:
        st.caption("Nobody has outlined anything on this film.")


def _toggle_outlines() -> None:
    st.session_state.films_outlines = st.session_state.films_outlines_toggle


def _open(services: Services, dataset: str, film: str) -> Film:
    if dataset != OWN:
        return services.film(dataset, film)
    opened = services.films.get(film)
    if opened is None:
        raise FilmError("This film was put away to save memory; upload it again.")
    return opened


def answers_of(catalogue: Catalogue, row: int) -> pd.DataFrame:
    """Give what is known and what the model says of each finding on a film; the most probable first."""
    lines = []
    for finding in catalogue.listed:
        label = int(catalogue.labels(finding)[row])
        source = f"source_{finding}"
        told = catalogue.films.table[source].iloc[row] if source in catalogue.films.table else None
        word = "uncertain" if catalogue.uncertain(finding)[row] and label == MISSING else WORDS[label]
        why = _class_words(catalogue, row) if catalogue.is_class(finding) else PROVENANCE.get(str(told), "")
        line: dict[str, Any] = {"Finding": finding_label(finding), "Label": word, "Why": why}
        if catalogue.has_answers(finding):
            threshold = threshold_of(visit.state, catalogue, finding)
            p = float(catalogue.probabilities(finding)[row])
            letters = outcomes(catalogue, finding, threshold, np.array([row]))[0]
            flagged = "" if np.isnan(p) else "flagged" if p >= threshold else "not flagged"
            line |= {"Probability": p, "Threshold": threshold, "So": OUTCOMES.get(letters, flagged)}
        lines.append(line)
    table = pd.DataFrame(lines)
    return table.sort_values("Probability", ascending=False, kind="stable") if "Probability" in table else table


def _class_words(catalogue: Catalogue, row: int) -> str:
    code = catalogue.films.classes.codes[row]
    return f"class {catalogue.films.classes.names[code]}" if code >= 0 else "no class"


def _answers(catalogue: Catalogue, row: int) -> None:
    table = answers_of(catalogue, row)
    shares = [name for name in ("Probability", "Threshold") if name in table]
    table[shares] *= 100
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        column_order=[str(name) for name in table if name != "Why"] + ["Why"],
        column_config={
            "Finding": st.column_config.TextColumn("Finding", width=128),
            "Label": st.column_config.TextColumn("Label", width=64),
            "Probability": st.column_config.ProgressColumn(
                "Probability", min_value=0, max_value=100, format="%.0f\u00a0%%", width=92
            ),
            "Threshold": st.column_config.NumberColumn("Threshold", format="%.1f\u00a0%%", width=72),
            "So": st.column_config.TextColumn("Outcome", width=98, help="The model against the label."),
            "Why": st.column_config.TextColumn("Source of the label", width=300),
        },
        alt="Labels and probabilities of this film, a line for each finding.",
    )


def _written(catalogue: Catalogue, notebook: Notebook, row: int) -> None:
    films = catalogue.films
    film, dataset = str(films.names[row]), films.dataset
    known = notebook.remarks(dataset, [film]).get(film, Remark())
    key = f"{dataset}/{film}/{notebook.version()}"
    tags = st.multiselect(
        "Tags",
        sorted({*notebook.tags(dataset), *known.tags}),
        list(known.tags),
        key=f"film_tags_{key}",
        accept_new_options=True,
        max_selections=MOST_TAGS,
        placeholder="Choose a tag or write a new one",
        label_visibility="collapsed",
    )
    note = st.text_area(
        "Note",
        known.note,
        max_chars=LONGEST_NOTE,
        key=f"film_note_{key}",
        height=68,
        placeholder="A note, for everyone who uses this library" if dataset != OWN else "A note, for this visit",
        label_visibility="collapsed",
    )
    try:
        for tag in set(tags) - set(known.tags):
            notebook.add_tag(dataset, [film], tag)
        for tag in set(known.tags) - set(tags):
            notebook.remove_tag(dataset, [film], tag)
        if note.strip() != known.note:
            notebook.set_note(dataset, [film], note)
    except NotesError as error:
        st.error(escape(sentence_of(error)))


def _siblings(services: Services, catalogue: Catalogue, notebook: Notebook, row: int) -> None:
    films = catalogue.films
    patient = films.patients.names[films.patients.codes[row]]
    if patient == UNKNOWN:
        st.caption("Its patient is not known.")
        return
    others = np.flatnonzero(films.patients.codes == films.patients.codes[row])
    others = others[others != row]
    if not len(others):
        st.caption(escape(f"This is the only film of patient {patient}."))
        return
    words, button = st.columns([5, 2], vertical_alignment="center")
    words.markdown(f"{len(others)} other film{'s' if len(others) > 1 else ''} of patient **{escape(patient)}**")
    button.button(
        "All of this patient", key="film_patient", width="stretch", on_click=visit.narrow, kwargs={"patient": patient}
    )
    near = Page(others[:MOST_SIBLINGS], 1, 1)
    remarks = notebook.remarks(films.dataset, [str(films.names[other]) for other in near.rows])
    gallery(
        items(summaries(catalogue, visit.state, near.rows, remarks), picture_addresses(services, catalogue, near)),
        side=SIBLING_SIDE,
        key="film_siblings",
        can_choose=False,
        on_opened_change=lambda: visit.change(film=st.session_state.film_siblings.opened),
    )
    if len(others) > MOST_SIBLINGS:
        st.caption(f"The first {MOST_SIBLINGS} are shown.")
