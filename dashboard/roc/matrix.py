"""The confusion matrix, whose cells open their films, and the rates that it gives."""

from __future__ import annotations

import math
from collections.abc import Mapping

import streamlit as st

from dashboard.films.state import LINK as FILMS_LINK
from dashboard.films.state import State as FilmsState
from dashboard.films.state import films_of
from dashboard.page.link import link_to
from dashboard.page.palette import outcome_colors
from dashboard.roc import numbers
from dashboard.roc.state import State
from dashboard.server.judging import Source
from training.evaluate.ranked import Counts
from training.evaluate.rates import DEFINITIONS, Rates, Share

FILMS_PAGE = "views/films.py"
ERRORS_PAGE = "views/errors.py"
CELLS = {
    "TP": ("true positives", "flagged, and has it"),
    "FN": ("false negatives", "missed: not flagged, but has it"),
    "FP": ("false positives", "false alarms: flagged, but does not have it"),
    "TN": ("true negatives", "left alone, and does not have it"),
}
STYLE = """<style>
[class*="st-key-roc_cell_"] { padding: 0.55rem 0.8rem; min-height: 5.2rem; gap: 0.1rem; }
[class*="st-key-roc_cell_"] [data-testid="stPageLink"] a { padding: 0; min-height: 0; }
[class*="st-key-roc_cell_"] [data-testid="stPageLink"] p { font-size: 1.35rem; font-weight: 600; }
.st-key-roc_cell_TP, .st-key-roc_cell_TN { background: color-mix(in srgb, var(--st-text-color, #888) 4%, transparent); }
.st-key-roc_rates [data-testid="stMetricValue"] { font-size: 1.5rem; }
.st-key-roc_rates [data-testid="stMetricDelta"] { font-size: 0.8rem; }
.st-key-roc_rule_line { row-gap: 0.4rem; }
.st-key-roc_rule_line button { min-height: 2.1rem; padding: 0 0.8rem; border-radius: 1.2rem; }
[class*="st-key-roc_title_"] { min-height: 2.2rem; flex-wrap: nowrap; }
[class*="st-key-roc_title_"] button { min-height: 1.6rem; font-size: 0.85rem; opacity: 0.85; }
[class*="st-key-roc_title_"] button p { font-size: inherit; }
</style>"""


def edges(colors: Mapping[str, str]) -> str:
    """Give the style that marks the cells of both kinds of error."""
    rules = (f".st-key-roc_cell_{cell} {{ border-color: {colors[cell]}aa; }}" for cell in ("FP", "FN"))
    return f"<style>{' '.join(rules)}</style>"


def films_link(source: Source, finding: str, cell: str, threshold: float) -> dict[str, str]:
    """Give the link of the Films page that shows the films of a cell."""
    asked = FilmsState(
        dataset=source.dataset,
        predictions=source.predictions,
        finding=finding,
        outcomes=((finding, cell),),
        thresholds=((finding, threshold),),
        **films_of(source.split),
        sort="mistakes" if cell in ("FP", "FN") else "likely",
    )
    return FILMS_LINK.write(asked)


def errors_link(predictions: str, finding: str, asked: State) -> dict[str, str]:
    """Give the link of the Errors page that asks why these very films are judged as they are."""
    by_hand = asked.threshold is not None
    return link_to(
        predictions=predictions,
        finding=finding,
        split=asked.split,
        rule="number" if by_hand else asked.rule,
        target=asked.target,
        threshold=asked.threshold,
    )


def show_why(predictions: str, finding: str, asked: State) -> None:
    """Offer the Errors page at the same finding, films and threshold."""
    st.page_link(
        ERRORS_PAGE,
        label="Why? Errors",
        icon=":material/troubleshoot:",
        query_params=errors_link(predictions, finding, asked),
        help="On Errors, at this threshold: why as many are flagged as are, what mends it, and what the wrong "
        "films have in common.",
    )


def show_matrix(source: Source, finding: str, threshold: float, counts: Counts) -> None:
    """Show the four cells; each opens its films in the Films page."""
    st.html(edges(outcome_colors()))
    st.markdown("**Confusion matrix** · a number opens its films")
    head = st.columns(2, gap="small")
    head[0].caption("flagged")
    head[1].caption("not flagged")
    for row in (("TP", "FN"), ("FP", "TN")):
        for column, cell in zip(st.columns(2, gap="small"), row, strict=True):
            with column.container(border=True, height="stretch", key=f"roc_cell_{cell}"):
                _cell(source, finding, cell, threshold, getattr(counts, cell.lower()))
    if source.dataset is None:
        st.caption("These films lie in no dataset of this library, so they cannot be opened here.")


def _cell(source: Source, finding: str, cell: str, threshold: float, count: int) -> None:
    name, meaning = CELLS[cell]
    if source.dataset is None or not count:
        st.markdown(f"**{count:,}** {name}")
    else:
        st.page_link(
            FILMS_PAGE,
            label=f"{count:,}",
            icon=":material/grid_view:",
            icon_position="right",
            query_params=films_link(source, finding, cell, threshold),
            help=f"Open these {count:,} {name} in Films.",
        )
        st.markdown(name)
    st.caption(meaning)


def show_rates(found: Rates, method: str) -> None:
    """Show sensitivity, specificity, predictive values, F1 and the flagged share, each with its interval."""
    flagged, prevalence = found.predicted_prevalence, found.prevalence
    ratio = flagged.value / prevalence.value if prevalence.value else math.nan
    tiles = [
        ("Sensitivity", found.sensitivity, "sensitivity"),
        ("PPV", found.ppv, "ppv"),
        ("Flagged", flagged, "predicted_prevalence"),
        ("Specificity", found.specificity, "specificity"),
        ("NPV", found.npv, "npv"),
        ("Have it", prevalence, "prevalence"),
    ]
    with st.container(key="roc_rates"):
        st.markdown("**At this threshold** · with 95\u00a0% intervals", help=f"Intervals: {method}.")
        for row in (tiles[:3], tiles[3:]):
            for column, (label, value, key) in zip(st.columns(3, gap="small"), row, strict=True):
                with column:
                    _tile(label, value, DEFINITIONS[key])
        f1 = numbers.NONE if math.isnan(found.f1) else f"{found.f1:.3f}"
        st.caption(
            f"F1 {f1} · Youden {found.youden:.3f} · it flags {numbers.times(ratio)} as many films as have it.",
            help=f"F1: {DEFINITIONS['f1']} Youden: {DEFINITIONS['youden']}",
        )


def _tile(label: str, value: Share, help: str) -> None:
    ends = numbers.share_interval(value)
    told = f"{value.count:,} of {value.of:,}"
    st.metric(
        label,
        numbers.share(value.value),
        delta=ends,
        delta_color="off",
        delta_arrow="off",
        help=f"{help} Here {told}.",
    )
