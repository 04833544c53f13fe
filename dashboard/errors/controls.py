"""The case of this visitor, and controls that read from it and write to it.

The case is the one truth: a control shows what it says on every run, and changes it before the next.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard.errors.state import NUMBER, Case, read_link, write_link
from dashboard.errors.thresholds import Cuts
from dashboard.page.bound import bind
from dashboard.page.visit import arrived
from dashboard.server.judging import ALL, MEANINGS, list_predictions, parts
from dashboard.server.library import Library
from training.evaluate.judged import Judged
from training.evaluate.thresholds import RULES
from xai.findings import finding_label

SPLIT_WORDS = {ALL: "all films", "train": "training films", "validation": "validation films", "test": "test films"}
SHARES = ("sensitivity", "specificity", "ppv")


def start() -> None:
    """Read the case that the link asks for, if the visitor comes with one."""
    state = st.session_state
    state.setdefault("refused", [])
    link = st.query_params.to_dict()
    if (arrived("errors") and link) or "errors_case" not in state:
        state.errors_case, problems = read_link(link)
        state.refused = [*state.refused, *problems]


def case() -> Case:
    """Give this visitor's case."""
    return st.session_state.errors_case


def change(**changes: Any) -> None:
    """Change the case."""
    st.session_state.errors_case = case().with_(**changes)


def refuse(sentence: str) -> None:
    """Say once what could not be used."""
    st.session_state.refused = [*st.session_state.refused, sentence]


def write_permalink() -> None:
    """Keep the address such that it opens this view."""
    link = write_link(case())
    if st.query_params.to_dict() != link:
        st.query_params.from_dict(link)


def bound(control: Callable[..., Any], *arguments: Any, key: str, **options: Any) -> Any:
    """Show a control that has a value of the case, see `bind`."""
    return bind(control, *arguments, key=f"errors_{key}", change=change, **options)


def choose_predictions(library: Library) -> str:
    """Show the choice of predictions; there are some."""
    names = list_predictions(library)
    if case().predictions not in names:
        if case().predictions is not None:
            refuse(f"There are no predictions “{case().predictions}” here; showing {names[0]}.")
        change(predictions=names[0])
    return bound(
        st.selectbox,
        "Predictions",
        names,
        key="predictions",
        value=case().predictions,
        take=lambda name: dict(vars(Case(predictions=name, section=case().section))),
        width=230,
        help="Whose answers are looked at. Models are compared on the ROC page.",
    )


def choose_split(whole: Judged) -> None:
    """Show the choice of films."""
    there = parts(whole)
    if case().split not in there:
        refuse(f"None of the predicted films is in the split {case().split}; showing all.")
        change(split=ALL)
    bound(
        st.selectbox,
        "Films",
        list(there),
        key="split",
        value=case().split,
        take=lambda split: {"split": split, "region": ()},
        format_func=lambda split: f"{SPLIT_WORDS[split]} ({there[split]:,})",
        width=210,
        help="  \n".join(f"{SPLIT_WORDS[name].capitalize()}: {MEANINGS[name]}" for name in there),
    )


def choose_finding(judged: Judged) -> None:
    """Show the choice of finding."""
    bound(
        st.selectbox,
        "Finding",
        list(judged.findings),
        key="finding",
        value=case().finding,
        take=lambda finding: dict(vars(case().of(finding))),
        format_func=finding_label,
        width=190,
        help="What the parts below are about. A click on a row of the first figure chooses it too.",
    )


def choose_rule(found: Cuts) -> None:
    """Show where findings are cut, and what decides it."""
    asked = case()
    names = {key: rule.name for key, rule in RULES.items()} | {NUMBER: "By hand"}
    bound(
        st.selectbox,
        "Threshold rule",
        list(names),
        key="rule",
        value=asked.rule,
        take=lambda rule: _ruled(rule, found.value(asked.finding)),
        format_func=names.get,
        width=190,
        help="  \n".join(f"**{rule.name}**: {rule.meaning}" for rule in RULES.values())
        + "  \n**By hand**: the number on the right, for this finding; the others keep the model card's.",
    )
    choose_target("target", asked.rule, asked.target)
    bound(
        st.number_input,
        "Threshold",
        0.0,
        1.0,
        step=0.01,
        format="%.4f",
        key="threshold",
        value=found.value(asked.finding),
        take=lambda value: {"rule": NUMBER, "threshold": value, "target": None},
        width=140,
        help=f"A film is flagged for {finding_label(asked.finding)} from this probability upwards. Change it to cut by "
        "hand.",
    )


def choose_target(field: str, rule: str, value: float | None) -> None:
    """Show what a rule asks for, where it asks for something."""
    usual = RULES[rule].target if rule in RULES else None
    if usual is None:
        return
    shown = usual if value is None else value
    is_share = rule in SHARES
    bound(
        st.number_input,
        "at" if is_share else "a miss costs",
        0.01 if is_share else 0.1,
        1.0 if is_share else 1000.0,
        step=0.01 if is_share else 1.0,
        key=field,
        value=min(max(shown, 0.01 if is_share else 0.1), 1.0 if is_share else 1000.0),
        take=lambda number: {field: number},
        width=120,
        help=RULES[rule].meaning,
    )


def _ruled(rule: str, now: float) -> dict[str, Any]:
    return {"rule": rule, "target": None, "threshold": now if rule == NUMBER else None}
