"""The audit: which findings are over-predicted, why one of them is, and what its false positives carry."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.errors import figures, sentences
from dashboard.errors.known import show_known, visitors_word
from dashboard.errors.state import BESIDE
from dashboard.errors.thresholds import Thresholds
from dashboard.errors.visit import visit
from dashboard.page.cause_names import CAUSE_NAMES
from dashboard.page.glossary import explained
from dashboard.page.state import filled
from dashboard.page.told import sentence_of
from dashboard.page.words import escape, to_tenth
from training.evaluate.co_occurrence import co_occurrence
from training.evaluate.judged import Judged
from training.evaluate.ranked import EvaluateError
from training.mending.audit import CAUSES, ORDER, Audit, Prepared, decompose, prepare
from training.mending.known import Known
from xai.findings import finding_label

WHOSE_WORDS = {"FP": "False positives", "positives": "All films with the label"}
MOST_SHOWN = 8


def show_audit(judged: Judged, stamp: str, found: Thresholds, table: pd.DataFrame) -> None:
    """Show all findings, and beside them why the chosen one is flagged as often as it is."""
    left, right = st.columns([1, 1.12], gap="large")
    with left:
        _all_findings(table, judged.share_method)
    with right:
        _one_finding(judged, stamp, found)


def show_co_occurrence(judged: Judged, found: Thresholds) -> None:
    """Show what else the false positives carry, or all films with the label."""
    finding = filled(visit.state.finding)
    about = (co_occurrence.__doc__ or "").split("\n\n")[1].replace("\n", " ")
    st.subheader("What the label means", anchor=False, help=about)
    visit.bound(
        st.segmented_control,
        "Whose other findings",
        BESIDE,
        key="beside",
        take=lambda whose: {"beside": whose or "FP"},
        format_func=WHOSE_WORDS.get,
        label_visibility="collapsed",
    )
    table = co_occurrence(judged, finding, found.value(finding), visit.state.beside)
    told = sentences.co_occurrence(finding, table, visit.state.beside)
    shown = table[table["of"] > 0].head(MOST_SHOWN)
    words, picture = st.columns([1, 1.5], gap="large")
    words.markdown(told)
    if not shown["count"].any():
        return
    words.caption(
        f"Bar: among these {table['of'].max():,} films, with its 95\u00a0% interval; grey line: among all films; at "
        "the right: how many times as often. Above, a finding is named where q is below 0.05: the p value of Fisher's "
        "exact test against the other films, weakened as far as films of one patient are alike, and corrected for all "
        "comparisons (Benjamini and Hochberg, 1995)."
    )
    picture.plotly_chart(
        figures.co_occurrence_bars(shown, WHOSE_WORDS[visit.state.beside].lower()),
        key="errors_beside_bars",
        config=figures.QUIET,
        alt=f"What else these films carry. {told}",
    )


def _all_findings(table: pd.DataFrame, method: str) -> None:
    st.subheader("Predicted against true prevalence", anchor=False)
    known = table[(table["films"] > 0) & (table["positives"] > 0)]
    if len(known):
        st.plotly_chart(
            figures.dumbbell(known, filled(visit.state.finding)),
            key=f"errors_all_{visit.state.finding}",
            config=figures.QUIET,
            on_select=_clicked,
            selection_mode="points",
            alt="; ".join(
                f"{finding_label(name)}: {to_tenth(there)} have it, {to_tenth(flagged)} flagged"
                for name, there, flagged in known[["finding", "prevalence", "predicted_prevalence"]].to_numpy()
            ),
        )
    st.caption(
        "Worst first. Grey line: share of films that have the finding; dot: share that is flagged; at the right: how "
        "many times as many. Click a row to choose it.",
        help="Predicted prevalence against true prevalence at the current thresholds. The thin lines are 95\u00a0% "
        f"intervals ({method}); films without a label or a probability of a finding do not count for it.",
    )
    for name, problem in table.loc[~table["finding"].isin(known["finding"]), ["finding", "problem"]].to_numpy():
        st.caption(escape(f"{finding_label(name)} is left out: {problem or 'no film has it.'}"))


def _clicked() -> None:
    chosen = st.session_state.get(f"errors_all_{visit.state.finding}")
    points = chosen.selection.points if chosen else []
    if points and (finding := points[0]["customdata"][0]) != visit.state.finding:
        visit.change(**vars(visit.state.of(finding)))


def _one_finding(judged: Judged, stamp: str, found: Thresholds) -> None:
    finding = filled(visit.state.finding)
    st.subheader(f"Where the flags for {finding_label(finding)} come from", anchor=False)
    try:
        prepared = _prepared(stamp, finding, visitors_word(), judged)
        told = decompose(prepared, found.value(finding), found.rules[finding], visit.state.keep)
    except EvaluateError as error:
        st.info(escape(sentence_of(error)))
        return
    st.markdown(headline := sentences.headline(finding, told), help=explained(headline))
    if words := sentences.cause(told):
        st.markdown(words)
    st.plotly_chart(
        figures.waterfall(told),
        key="errors_waterfall",
        config=figures.QUIET,
        alt="From the flagged share to the share that has the finding: "
        + ", ".join(f"{CAUSE_NAMES[part.cause]} {figures.taken_away(part)}" for part in told.contributions),
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.popover("What each part means", icon=":material/help:"):
            _definitions(told)
        if (remedy := sentences.MENDS.get(told.main)) is not None and told.reason != "chance":
            st.button(
                remedy[1],
                icon=":material/healing:",
                key="errors_try",
                on_click=_mend,
                args=(remedy[0],),
                help="Sets the remedy for this cause below, fitted on some of the films and shown on the others.",
            )
        _keep_control(told)
    show_known(judged, told)
    st.caption(limits := sentences.limits(told), help=explained(limits))


def _mend(remedy: str) -> None:
    visit.change(remedy=remedy, rule_after="prevalence")  # the old threshold means nothing on mended probabilities
    st.toast("Set. What it does stands below, where the finding is mended.", icon=":material/healing:")


def _keep_control(told: Audit) -> None:
    keeps = visit.state.keep is not None
    visit.bound(
        st.toggle,
        "Must still find",
        key="keeps",
        value=keeps,
        take=lambda on: {"keep": min(max(round(told.sensitivity, 2), 0.5), 0.99) if on else None},
        help="Without it, the last part compares with flagging from a probability of 0.5 up, which for a rare finding "
        "misses many films. With it, the audit asks: if so many of the films with the finding must be found, what "
        "cannot be mended?",
    )
    if keeps:
        visit.bound(
            st.slider,
            "of the films with the finding",
            0.01,
            1.0,
            step=0.01,
            key="keep",
            format="percent",
            width=220,
        )


def _definitions(told: Audit) -> None:
    for part in told.contributions:
        st.markdown(
            f"**{CAUSE_NAMES[part.cause]}**, {figures.taken_away(part)}. {CAUSES[part.cause]} :gray[{escape(part.why)}]"
        )
    st.caption(
        f"{ORDER} An orange or grey bar: undoing this flags fewer films; a blue one: more. The "
        "parts add up to the whole excess."
    )


@st.cache_resource(max_entries=32, show_spinner=False)
def _prepared(stamp: str, finding: str, said: Known, _judged: Judged) -> Prepared:
    return prepare(_judged, finding, said=said)
