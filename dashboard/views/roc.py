"""ROC: how well a model tells each finding apart, and what a threshold makes of it."""

from __future__ import annotations

import streamlit as st

from dashboard.page.glossary import explained
from dashboard.page.refused import show_refused
from dashboard.page.state import filled
from dashboard.page.told import sentence_of
from dashboard.page.visit import refuse
from dashboard.page.words import escape
from dashboard.roc.data import order, overview
from dashboard.roc.finding import show_finding
from dashboard.roc.matrix import STYLE
from dashboard.roc.multiples import show_multiples
from dashboard.roc.state import MOST_COMPARED, SORTS
from dashboard.roc.threshold import open_finding, settle
from dashboard.roc.visit import visit
from dashboard.server.judging import (
    HELP,
    JUDGING_ERRORS,
    Source,
    judged,
    list_predictions,
    outputs_words,
    settled,
    source,
    split_names,
    warning_words,
)
from dashboard.server.last_used import first_predictions, note_used
from dashboard.server.library import Library
from training.evaluate.judged import Judged
from training.evaluate.met_words import left_out_films, met_words

NOTHING = """There are no predictions yet, and this page works from them.

Make some with `python -m training predict DATASET --model NAME --out LIBRARY/predictions/NAME`,
or bring somebody else's numbers with `python -m training import-predictions CSV --dataset DATASET --out
LIBRARY/predictions/NAME`. Then reload this page. It needs no images and no model."""


def choose_predictions(library: Library) -> str | None:
    """Show whose predictions are judged; None, and what to do on the page, where there are none."""
    names = list_predictions(library)
    if not names:
        st.info(NOTHING, icon=":material/info:")
        return None
    asked = visit.state
    if asked.predictions not in names:
        first = first_predictions(library, names)
        if asked.predictions is not None:
            said = f"There are no predictions “{asked.predictions}” here; showing {first}."
            refuse(said)
        visit.change(predictions=first)
    visit.bound(
        st.selectbox,
        "Predictions",
        names,
        key="predictions",
        take=lambda name: {"predictions": name, "models": (), "threshold": None, "rule": None, "split": None},
        label_visibility="collapsed",
        width=230,
        help="Which model's answers to which films are judged.",
    )
    return visit.state.predictions


def choose_split(whole: Judged) -> str:
    """Show which films are judged, and give that choice."""
    names = split_names(whole)
    chosen, problem = settled(whole, names, visit.state.split)
    if problem:
        refuse(problem)
    if chosen != visit.state.split:
        visit.change(split=None)
    visit.bound(
        st.segmented_control,
        "Films",
        list(names),
        key="split",
        value=chosen,
        take=lambda split: {"split": split},
        format_func=lambda split: names[split].capitalize(),
        label_visibility="collapsed",
        help=HELP,
    )
    return chosen


def choose_others(library: Library, home: Source) -> None:
    """Show which other models stand on the same axes."""
    same = library.predictions(home.dataset) if home.dataset else {}
    others = [name for name in same if name != home.predictions]
    kept = tuple(name for name in visit.state.models if name in others)
    if lost := [name for name in visit.state.models if name not in others]:
        refuse(
            f"{' and '.join(f'“{name}”' for name in lost)} cannot be compared: not among predictions of these films."
        )
        visit.change(models=kept)
    if others:
        visit.bound(
            st.multiselect,
            "Compare with",
            others,
            key="models",
            value=list(kept),
            take=lambda names: {"models": tuple(names), **({"panel": "models"} if names else {})},
            label_visibility="collapsed",
            placeholder="Compare with …",
            max_selections=MOST_COMPARED,
            width=230,
            help="Other predictions of the same dataset, on the same axes.",
        )


def choose_order() -> None:
    """Show the order of the overview."""
    visit.bound(
        st.selectbox,
        "Order",
        list(SORTS),
        key="sort",
        format_func=SORTS.get,
        label_visibility="collapsed",
        width=200,
        help="Order of the findings below. Over-flagged: share flagged at the chosen rule, less share that has it.",
    )


def judged_words(here: Judged, home: Source) -> str:
    """Say what is judged, and what that means."""
    patients = f" {here.whose.words}" if here.patients_repeat or here.whose.unknown else ""
    named = here.model in home.predictions
    model = "" if named else f" (model {escape(here.model)})"
    dataset = escape(home.dataset or here.dataset)
    said = f"**{escape(home.predictions)}**{model} on {len(here):,} films{patients} of **{dataset}**. "
    said += escape(" ".join(filter(None, (met_words(here), left_out_films(here)))))
    if here.unpredicted:
        said += f" {here.unpredicted:,} films of the dataset have no prediction and are left out."
    if here.unlabelled:
        said += f" {here.unlabelled:,} predictions match no film and are left out."
    return " ".join(filter(None, (said, here.whose.caution, escape(outputs_words(here)))))


def roc(library: Library) -> None:
    """Show the page."""
    visit.start()
    st.html(STYLE)
    line = st.container(horizontal=True, vertical_alignment="center", gap="small")
    with line:
        name = choose_predictions(library)
    if name is None:
        return
    try:
        whole = judged(library, name)
        with line:
            split = choose_split(whole)
        here, home = judged(library, name, split), source(library, name, split)
        note_used(home.dataset, name)
    except JUDGING_ERRORS as error:
        show_refused()
        st.error(escape(sentence_of(error)), icon=":material/error:")
        return
    with line:
        choose_others(library, home)
        st.space("stretch")
        choose_order()
    show_refused()
    st.caption(told := judged_words(here, home), help=explained(told))
    if warning := warning_words(here, home):
        st.warning(escape(warning), icon=":material/warning:")
    rows = overview(home.stamp, here)
    ordered = order(rows, visit.state.sort, flagged_shares(here))
    if visit.state.finding not in here.findings:
        if visit.state.finding is not None:
            st.warning(escape(f"{visit.state.finding} is not judged here; showing {ordered[0].finding}."))
        visit.change(finding=ordered[0].finding)
    show_multiples(ordered, filled(visit.state.finding), open_finding)
    show_finding(library, home, here)
    visit.write_permalink()


def flagged_shares(here: Judged) -> dict[str, float]:
    """Share of films flagged by finding at the present rule; only worked out where the order needs it."""
    if visit.state.sort != "excess":
        return {}
    asked = visit.state if visit.state.threshold is None else visit.state.with_(threshold=None, rule=None)
    shares = {}
    for finding in here.findings:
        ranked = here.ranked(finding)
        counts = ranked.counts(settle(here, finding, asked)[0].value)
        shares[finding] = (counts.tp + counts.fp) / max(counts.films, 1)
    return shares


roc(st.session_state.services.library)
