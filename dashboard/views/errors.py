"""Errors: which findings a model over-predicts, why, what mends it, and what its wrong films have in common."""

from __future__ import annotations

import streamlit as st

from dashboard.errors.atlas import Atlas
from dashboard.errors.atlas_panel import show_galleries, show_traits
from dashboard.errors.audit_panel import show_audit, show_co_occurrence
from dashboard.errors.controls import choose_finding, choose_predictions, choose_rule, choose_split
from dashboard.errors.doubt_panel import show_doubts
from dashboard.errors.remedy_panel import show_remedies
from dashboard.errors.slice_panel import show_slices
from dashboard.errors.state import NUMBER, SECTIONS
from dashboard.errors.thresholds import Thresholds, choose_thresholds
from dashboard.errors.together_panel import show_together
from dashboard.errors.visit import visit
from dashboard.films.services import FilmServices
from dashboard.page.glossary import explained
from dashboard.page.refused import show_refused
from dashboard.page.state import filled
from dashboard.page.told import sentence_of
from dashboard.page.visit import refuse
from dashboard.page.words import escape
from dashboard.server.judging import (
    JUDGING_ERRORS,
    Source,
    judged,
    list_predictions,
    outputs_words,
    same_films,
    source,
    warning_words,
)
from dashboard.server.last_used import note_used
from dashboard.server.services import Services
from training.evaluate.judged import Judged
from training.evaluate.met_words import left_out_films, met_words
from training.evaluate.prevalence import prevalences
from training.evaluate.ranked import EvaluateError
from xai.findings import finding_label

NO_PREDICTIONS = """There are no predictions yet, so there are no errors to look at.

- `python -m training predict DATASET --model NAME --out LIBRARY/predictions/NAME` lets a model answer a dataset; so
  does **Predict** on the Films page.
- `python -m training import-predictions CSV --dataset DATASET --out LIBRARY/predictions/NAME` reads somebody else's,
  such as those that NIH's CheXNet was published with.
"""
OUTSIDE = (
    "The films of these predictions lie outside this library, so they cannot be shown. Put their dataset's folder into "
    "the library's datasets/."
)


def errors(services: Services) -> None:
    """Show the page."""
    visit.start()
    library = services.library
    if not list_predictions(library):
        show_refused()
        st.info(NO_PREDICTIONS)
        return
    line = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    with line:
        name = choose_predictions(library)
        try:
            split = choose_split(judged(library, name))
            films, told = judged(library, name, split), source(library, name, split)
            note_used(told.dataset, name)
        except JUDGING_ERRORS as error:
            st.error(escape(sentence_of(error)))
            visit.write_permalink()
            return
    found = _settle(films)
    with line:
        choose_finding(films)
        choose_rule(films, found)
    show_refused()
    visit.bound(
        st.segmented_control,
        "Part",
        list(SECTIONS),
        key="section",
        take=lambda section: {"section": section or "audit", "slice": None},
        format_func=SECTIONS.get,
        label_visibility="collapsed",
    )
    said = met_words(films), left_out_films(films), outputs_words(films), films.whose.caution
    st.caption(escape(" ".join(filter(None, said))))
    if warning := warning_words(films, told):
        st.warning(escape(warning), icon=":material/warning:")
    finding = filled(visit.state.finding)
    if chosen := same_films(films, told, finding, found.rules[finding], visit.state.target):
        st.caption(f"{escape(finding_label(finding))}'s threshold: {escape(chosen)}", help=explained(chosen))
    if problem := found.problems.get(finding):
        stands_in = "The threshold that came with the predictions" if finding in films.thresholds else "0.5"
        st.warning(f"{stands_in} stands in. {escape(problem)}")
    shown = {"audit": _audit, "atlas": _atlas, "doubts": _doubts, "slices": _slices, "alike": _alike, "alarm": _alarm}
    shown[visit.state.section](services, films, told, found)
    visit.write_permalink()


def _settle(films: Judged) -> Thresholds:
    """Fill in the finding where the state leaves it open or names one that is not judged, and choose all thresholds."""
    if visit.state.finding is not None and visit.state.finding not in films.findings:
        named = ", ".join(map(finding_label, films.findings))
        refuse(f"“{visit.state.finding}” is not judged here; {named} are. Showing the one that is over-predicted most.")
        visit.change(finding=None)
    if visit.state.finding is None:
        if visit.state.rule == NUMBER:
            visit.change(rule="card", threshold=None)
        worst = prevalences(films, choose_thresholds(films, visit.state).values())
        visit.change(finding=worst["finding"].iloc[0])
    return choose_thresholds(films, visit.state)


def _audit(services: Services, films: Judged, told: Source, found: Thresholds) -> None:
    table = prevalences(films, found.values())
    show_audit(films, told.stamp, found, table)
    st.divider()
    try:
        films.ranked(filled(visit.state.finding))
        show_remedies(services.library, films, told.stamp, found, told.predictions)
        show_together(services.library, films, told.stamp, found, table, told.predictions)
    except EvaluateError as error:
        st.info(escape(sentence_of(error)))
    st.divider()
    show_co_occurrence(films, found)


def _atlas(services: Services, films: Judged, told: Source, found: Thresholds) -> None:
    if (atlas := _opened(services, films, told, found)) is None:
        st.info(OUTSIDE)
        return
    from dashboard.errors.groups_panel import show_groups
    from dashboard.errors.mean_panel import show_mean_maps
    from dashboard.errors.model_panel import show_map  # scipy.stats and scikit-learn, for this only
    from dashboard.errors.sheet_panel import show_sheet

    show_galleries(atlas)
    st.divider()
    show_traits(atlas)
    st.divider()
    show_sheet(atlas)
    st.divider()
    show_mean_maps(atlas)
    st.divider()
    show_groups(atlas)
    st.divider()
    show_map(atlas)


def _doubts(services: Services, films: Judged, told: Source, found: Thresholds) -> None:
    show_doubts(films, told, _opened(services, films, told, found))


def _slices(services: Services, films: Judged, told: Source, found: Thresholds) -> None:
    finding = filled(visit.state.finding)
    show_slices(services.of(FilmServices), told, films, finding, found.value(finding))


def _alike(services: Services, films: Judged, told: Source, found: Thresholds) -> None:
    from dashboard.errors.alike_panel import show_alike  # scipy.stats, for this only

    if (atlas := _opened(services, films, told, found)) is None:
        st.info(OUTSIDE)
        return
    show_alike(atlas)


def _alarm(services: Services, films: Judged, told: Source, found: Thresholds) -> None:
    from dashboard.errors.alarm_panel import show_alarm  # draws maps, for this only

    if (atlas := _opened(services, films, told, found)) is None:
        st.info(OUTSIDE)
        return
    show_alarm(atlas)


def _opened(services: Services, films: Judged, told: Source, found: Thresholds) -> Atlas | None:
    """Give what films are shown with; None where they lie outside of the library."""
    if told.dataset is None:
        return None
    shared = services.of(FilmServices)
    catalogue = shared.open(told.dataset, told.predictions)
    return Atlas(services, catalogue, films, told, visit.state, found.value(filled(visit.state.finding)))


errors(st.session_state.services)
