"""Controls of the Errors page: whose predictions, which films, which finding, which threshold."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.errors.state import NUMBER, State
from dashboard.errors.thresholds import Thresholds
from dashboard.errors.visit import visit
from dashboard.page.state import filled
from dashboard.page.visit import refuse
from dashboard.server.judging import HELP, list_predictions, named_rule, settled, split_names
from dashboard.server.last_used import first_predictions
from dashboard.server.library import Library
from training.evaluate.judged import Judged
from training.evaluate.thresholds import RULES, target_range
from xai.findings import finding_label


def choose_predictions(library: Library) -> str:
    """Show the choice of predictions; there are some."""
    names = list_predictions(library)
    if visit.state.predictions not in names:
        first = first_predictions(library, names)
        if visit.state.predictions is not None:
            refuse(f"There are no predictions “{visit.state.predictions}” here; showing {first}.")
        visit.change(predictions=first)
    return visit.bound(
        st.selectbox,
        "Predictions",
        names,
        key="predictions",
        take=lambda name: dict(vars(State(predictions=name, section=visit.state.section))),
        width=230,
        help="Whose answers are looked at. Models are compared on the ROC page.",
    )


def choose_split(whole: Judged) -> str:
    """Show the choice of films, and give it."""
    names = split_names(whole)
    chosen, problem = settled(whole, names, visit.state.split)
    if problem:
        refuse(problem)
    if chosen != visit.state.split:
        visit.change(split=None)
    visit.bound(
        st.selectbox,
        "Films",
        list(names),
        key="split",
        value=chosen,
        take=lambda split: {"split": split, "region": ()},
        format_func=lambda split: names[split].capitalize(),
        width=210,
        help=HELP,
    )
    return chosen


def choose_finding(judged: Judged) -> None:
    """Show the choice of finding."""
    visit.bound(
        st.selectbox,
        "Finding",
        list(judged.findings),
        key="finding",
        take=lambda finding: dict(vars(visit.state.of(finding))),
        format_func=finding_label,
        width=190,
        help="What the parts below are about. A click on a row of the first figure chooses it too.",
    )


def choose_rule(judged: Judged, found: Thresholds) -> None:
    """Show the thresholds of the findings, and what decides them."""
    asked = visit.state
    finding = filled(asked.finding)
    names = {key: rule.name for key, rule in RULES.items()} | {NUMBER: "By hand"}
    if finding not in judged.thresholds:
        names["card"] = "0.5, as none is named"
    else:
        names["card"] = named_rule(judged, "card").name
    visit.bound(
        st.selectbox,
        "Threshold rule",
        list(names),
        key="rule",
        take=lambda rule: _ruled(rule, found.value(finding)),
        format_func=names.get,
        width=190,
        help="  \n".join(f"**{rule.name}**: {rule.meaning}" for rule in RULES.values())
        + "  \n**By hand**: the number on the right, for this finding; the others keep the model card's.",
    )
    choose_target("target", asked.rule, asked.target)
    visit.bound(
        st.number_input,
        "Threshold",
        0.0,
        1.0,
        step=0.01,
        format="%.4f",
        key="threshold",
        value=found.value(finding),
        take=lambda value: {"rule": NUMBER, "threshold": value, "target": None},
        width=140,
        help=f"A film is flagged for {finding_label(finding)} from this probability upwards. Change it to go by hand.",
    )


def choose_target(field: str, rule: str, value: float | None) -> None:
    """Show what a rule asks for, where it asks for something."""
    usual = RULES[rule].target if rule in RULES else None
    if usual is None:
        return
    shown = usual if value is None else value
    least, most = target_range(rule)
    visit.bound(
        st.number_input,
        "a miss costs" if rule == "cost" else "at",
        least,
        most,
        step=1.0 if rule == "cost" else 0.01,
        key=field,
        value=shown,
        take=lambda number: {field: number},
        width=120,
        help=RULES[rule].meaning,
    )


def _ruled(rule: str, now: float) -> dict[str, Any]:
    return {"rule": rule, "target": None, "threshold": now if rule == NUMBER else None}
