"""Narrow the films down: a panel of conditions about one finding, and one about the films themselves."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.films.catalogue import Catalogue, Facet
from dashboard.films.chips import SEXES, chips
from dashboard.films.column_filter import column_filter
from dashboard.films.notes import Notebook
from dashboard.films.search import describe_threshold, threshold_of
from dashboard.films.state import (
    FLAGS,
    IMAGES,
    MET,
    MOST_SAMPLED,
    NEEDS_ANSWERS,
    OLDEST,
    OUTCOMES,
    SORTS,
    STATES,
    State,
)
from dashboard.films.visit import visit
from dashboard.page.kinds import LONGEST_NAME
from dashboard.page.words import escape
from xai.findings import finding_label

MOST_PILLS = 6  # names that are shown side by side; more go into a list


def finding_filters(catalogue: Catalogue) -> None:
    """Show conditions about the chosen finding."""
    asked = visit.state
    finding = asked.finding
    if finding is None:
        visit.bound(
            st.selectbox,
            "Finding",
            catalogue.listed,
            key="finding_to_filter",
            value=None,
            take=lambda chosen: {"finding": chosen},
            format_func=finding_label,
            placeholder="Choose a finding",
            help="To filter by its label, by what the model says, and by where the two disagree.",
        )
        return
    _states("Label", "labels", STATES, finding, asked, help="What the dataset says. Alternatives, if several.")
    if not catalogue.has_answers(finding):
        st.caption("Choose predictions to filter by what a model says.")
        return
    _states("The model", "flags", FLAGS, finding, asked, help="Flagged: its probability reaches the threshold.")
    _states("Outcome", "outcomes", OUTCOMES, finding, asked, help="The model against the dataset's label.")
    spans = {name: (least, most) for name, least, most in asked.probability}
    elsewhere = tuple(one for one in asked.probability if one[0] != finding)

    def take_span(span: tuple[float, float]) -> dict:
        least, most = map(float, span)
        return {"probability": elsewhere if (least, most) == (0, 1) else (*elsewhere, (finding, least, most))}

    visit.bound(
        st.slider,
        "Probability",
        0.0,
        1.0,
        step=0.01,
        key=f"p_{finding}",
        value=spans.get(finding, (0.0, 1.0)),
        take=take_span,
    )
    others = tuple(one for one in asked.thresholds if one[0] != finding)
    visit.bound(
        st.number_input,
        "Threshold",
        0.0,
        1.0,
        step=0.01,
        format="%.4g",
        key=f"threshold_{finding}",
        value=threshold_of(asked, catalogue, finding),
        take=lambda chosen: {"thresholds": others if chosen is None else (*others, (finding, float(chosen)))},
        help="The threshold on this page; the predictions keep theirs.",
    )
    st.caption(escape(describe_threshold(asked, catalogue, finding)))


def film_filters(catalogue: Catalogue, notebook: Notebook) -> None:
    """Show conditions about the films and their patients."""
    asked, films = visit.state, catalogue.films
    for name, facet in films.facets.items():
        if len(facet.names) > 1 or getattr(asked, name):
            _facet(name, facet, getattr(asked, name))
    visit.bound(
        st.slider,
        "Age",
        0,
        OLDEST,
        key="age",
        value=tuple(map(int, asked.age or (0, OLDEST))),
        take=lambda span: {"age": None if tuple(span) == (0, OLDEST) else tuple(map(float, span))},
        help="Films without an age are in no narrower range.",
    )
    for name, label, example in (("patient", "Patient", "name or a part of it"), ("name", "Film", "part of its name")):
        visit.bound(
            st.text_input,
            label,
            key=name,
            value=getattr(asked, name),
            take=lambda text, name=name: {name: _printable(text)},
            placeholder=example,
            max_chars=100,
        )
    visit.bound(
        st.segmented_control,
        "Picture",
        list(IMAGES),
        key="image",
        value=asked.image or None,
        take=lambda chosen: {"image": chosen or ""},
        format_func=IMAGES.get,
    )
    known = catalogue.answers is not None and catalogue.answers.met is not None and catalogue.answers.met.known
    if known or asked.met:
        visit.bound(
            st.pills,
            "The model",
            list(MET),
            key="met",
            value=asked.met or None,
            take=lambda chosen: {"met": chosen or ""},
            format_func=lambda one: MET[one].capitalize(),
            help="Met: the film, or another of its patient, served to fit, stop, calibrate or mend the model or to "
            "choose its thresholds.",
        )
    column_filter(catalogue)
    tags = notebook.tags(films.dataset)
    if tags or asked.tags:
        visit.bound(
            st.multiselect,
            "Tags",
            sorted({*tags, *asked.tags}),
            key="tags",
            value=list(asked.tags),
            take=lambda chosen: {"tags": tuple(chosen)},
            format_func=lambda tag: f"{tag} ({tags.get(tag, 0)})",
            help="Films that carry all of these.",
        )


def order_controls(catalogue: Catalogue) -> None:
    """Show the choice of order, and of a random sample."""
    asked = visit.state
    ready = asked.finding is not None and catalogue.has_answers(asked.finding)
    visit.bound(
        st.radio,
        "Order",
        [name for name in SORTS if ready or name not in NEEDS_ANSWERS],
        key="sort",
        format_func=SORTS.get,
        help="Error: |probability - label|. Confident mistakes: on the wrong side of the threshold, and furthest from "
        "it in logits. Nearest to the threshold: in logits.",
    )
    if not ready:
        st.caption("With predictions and a finding there are orders by probability, error and uncertainty too.")
    visit.bound(
        st.number_input,
        "Sample at random",
        0,
        MOST_SAMPLED,
        key="sample",
        take=lambda size: {"sample": int(size or 0)},
        help="So many of the films found, every one as likely as any other; 0 takes all.",
    )
    visit.bound(
        st.number_input,
        "Seed",
        0,
        999_999_999,
        key="seed",
        take=lambda seed: {"seed": int(seed or 0)},
        disabled=not asked.sample,
        help="The same seed draws the same films.",
    )


def chip_line() -> None:
    """Show each condition as a button that removes it."""
    found = chips(visit.state)
    for number, chip in enumerate(found):
        st.button(
            escape(chip.words),
            key=f"chip_{number}",
            icon=":material/close:",
            icon_position="right",
            on_click=visit.narrow,
            kwargs=chip.without,
            help="Remove this condition.",
        )
    if len(found) > 1:
        everything = {name: value for chip in found for name, value in chip.without.items()}
        cleared = {name: type(value)() if isinstance(value, tuple) else value for name, value in everything.items()}
        st.button("Clear all", key="chips_clear", type="tertiary", on_click=visit.narrow, kwargs=cleared)


def _states(label: str, field: str, words: dict[str, str], finding: str, asked: State, help: str) -> None:
    others = tuple(one for one in getattr(asked, field) if one[0] != finding)
    visit.bound(
        st.pills,
        label,
        list(words),
        key=f"{field}_{finding}",
        value=list(asked.states(field, finding)),
        take=lambda chosen: {field: (*others, *((finding, state) for state in chosen))},
        selection_mode="multi",
        format_func=lambda state: words[state].capitalize(),
        help=help,
    )


def _facet(name: str, facet: Facet, wanted: tuple[str, ...]) -> None:
    common: dict[str, Any] = {"key": name, "value": list(wanted), "take": lambda chosen: {name: tuple(chosen)}}

    def said(value: str) -> str:
        return SEXES.get(value, value).capitalize() if name == "sex" else value

    if len(facet.names) > MOST_PILLS:
        visit.bound(st.multiselect, name.capitalize(), facet.names, format_func=said, **common)
    else:
        options: dict[str, Any] = {"selection_mode": "multi", "format_func": lambda value: escape(said(value))}
        visit.bound(st.pills, name.capitalize(), facet.names, **options, **common)


def _printable(text: str) -> str:
    """Keep what a link can hold."""
    return "".join(letter for letter in text.strip() if letter.isprintable())[:LONGEST_NAME]
