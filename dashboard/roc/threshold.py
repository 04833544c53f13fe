"""The threshold of a finding: by a rule, by the slider or by a typed number."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from scipy.special import expit, logit

from dashboard.page.told import sentence_of
from dashboard.page.words import escape
from dashboard.roc.numbers import probability
from dashboard.roc.state import State
from dashboard.roc.visit import visit
from dashboard.server.judging import Source, named_rule, same_films
from training.evaluate.histogram import FLOOR
from training.evaluate.judged import Judged
from training.evaluate.ranked import EvaluateError, Ranked
from training.evaluate.thresholds import RULES, choose, target_range
from xai.cards.model_card import Threshold

STEPS = 100  # of the slider, by either scale
TARGETS = {
    "sensitivity": "Share of films with the finding to find",
    "specificity": "Share of films without it to leave alone",
    "ppv": "Share of flagged films that has it",
    "cost": "False alarms that a miss is worth",
}


def settle(judged: Judged, finding: str, asked: State) -> tuple[Threshold, str]:
    """Give the threshold that is asked for.

    Returns
    -------
    threshold : Threshold
    problem : str
        Why the rule gives none, in one sentence; the threshold is then the card's, or 0.5.
    """
    if asked.threshold is not None:
        return Threshold(asked.threshold, "Set by hand."), ""
    card = judged.threshold(finding)
    try:
        return choose(rule_of(judged, finding, asked), judged.ranked(finding), asked.target, card), ""
    except EvaluateError as error:
        return card, sentence_of(error)


def rule_of(judged: Judged, finding: str, asked: State) -> str:
    """Give the rule that is on: empty where the threshold was set by hand."""
    if asked.rule == "card" or asked.rule is None:
        return "card" if finding in judged.thresholds else "half"
    return asked.rule


def grid(ranked: Ranked, *always: float) -> list[float]:
    """Give the slider's places, from all flagged to none; those named are always among them.

    Even steps on the logit scale between the scores, so that the tails are fine, and among them each hundredth of the
    films, so that no step flags many at once.
    """
    if not len(ranked.scores):
        return sorted({0.0, 0.5, 1.0, *always})
    low, high = logit(np.clip(ranked.scores[[0, -1]], FLOOR, 1 - FLOOR))
    even = expit(np.linspace(low, high + 0.05, STEPS))
    below = ranked.films - (ranked.true_positives + ranked.false_positives)[:-1]
    hundredths = np.searchsorted(below, np.linspace(0, ranked.films, STEPS), side="right") - 1
    places = np.concatenate([even, ranked.scores[hundredths], always])
    return sorted({0.0, *(float(f"{place:.3g}") for place in places if 0 < place < 1), 1.0})


def nearest(grid: list[float], threshold: float) -> float:
    """Give the slider's place nearest to a threshold.

    The places stay the same whatever the threshold: a slider with other places is another slider to the browser, and
    would let go of the keyboard at every step.
    """
    return min(grid, key=lambda place: abs(place - threshold))


def threshold_controls(home: Source, judged: Judged, finding: str, threshold: Threshold, problem: str) -> None:
    """Show the slider, the number and the rules."""
    asked = visit.state
    card = judged.thresholds.get(finding)
    places = grid(judged.ranked(finding), 0.5, *([card.value] if card else []))
    slider, number = st.columns([6, 1], vertical_alignment="bottom", gap="medium")
    with slider:
        visit.bound(
            st.select_slider,
            "Threshold: flag a film from this probability upwards",
            places,
            key=f"slider_{finding}_{st.session_state.get('roc_turn', 0)}",
            value=nearest(places, threshold.value),
            take=by_hand,
            format_func=probability_exactly,
            help="Even steps in logits, since probabilities of a rare finding crowd at 0. The arrow keys move it.",
        )
    shown = float(f"{threshold.value:.4g}")
    with number:
        visit.bound(
            st.number_input,
            "Threshold",
            0.0,
            1.0,
            step=None,
            format="%.4g",
            key=f"number_{shown:g}",  # another value is another field: see `turn_slider`
            value=shown,
            # A field that is gone may still be heard of: what it showed was nobody's wish.
            take=lambda value: {} if value == shown else _turned(by_hand(value)),
            label_visibility="collapsed",
            help="The same threshold, to type.",
        )
    rule_controls(judged, finding, asked)
    said = escape(problem) if problem else rule_words(home, judged, finding, asked, threshold)
    st.caption(f":material/warning: {said} The threshold stays at {probability(threshold.value)}." if problem else said)


def rule_controls(judged: Judged, finding: str, asked: State) -> None:
    """Show the rules as buttons, and the number that the chosen one needs."""
    has_card = finding in judged.thresholds
    rules = [rule for rule in RULES if rule != "card" or has_card]
    on = rule_of(judged, finding, asked)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="roc_rule_line"):
        for rule in rules:
            st.button(
                named_rule(judged, rule).name,
                key=f"roc_rule_{rule}",
                type="primary" if rule == on else "secondary",
                on_click=use_rule,
                args=(rule,),
                help=named_rule(judged, rule).meaning,
            )
        usual = RULES[on].target if on in TARGETS else None
        if usual is not None:
            least, most = target_range(on)
            visit.bound(
                st.number_input,
                TARGETS[on],
                least,
                most,
                step=1.0 if on == "cost" else 0.01,
                key=f"target_{on}",
                value=usual if asked.target is None else asked.target,
                take=lambda target: _turned({"target": target}),
                label_visibility="collapsed",
                width=150,
                help=f"{TARGETS[on]}.",
            )


def use_rule(rule: str) -> None:
    """Choose it by a rule."""
    turn_slider()
    visit.change(rule=rule, threshold=None, target=None)


def turn_slider() -> None:
    """Make the slider another one, whose place the browser does not know.

    The browser sends what every control shows. While it has not heard of a threshold that Python chose, it would send
    the old place with the next key, and Python would take that for the visitor's wish.
    """
    st.session_state.roc_turn = st.session_state.get("roc_turn", 0) + 1


def _turned(changes: dict[str, Any]) -> dict[str, Any]:
    """Give changes to a threshold, once the slider is another one."""
    turn_slider()
    return changes


def rule_words(home: Source, judged: Judged, finding: str, asked: State, threshold: Threshold) -> str:
    """Say where the threshold comes from."""
    on = rule_of(judged, finding, asked)
    if not on:
        return "Set by hand. The buttons choose a threshold by a rule, on the films that are judged."
    said = named_rule(judged, on).meaning
    if on == "card" and threshold.rule:
        said += f" It says: “{escape(threshold.rule)}”"
    return " ".join(filter(None, (said, same_films(judged, home, finding, on, asked.target))))


def by_hand(value: float | None) -> dict:
    """Give the changes to the state for a threshold that the visitor set; none for an empty field."""
    return {} if value is None else {"threshold": float(value), "rule": "", "target": None}


def open_finding(finding: str) -> None:
    """Show another finding large: a rule goes with the visitor, a number set by hand means nothing there."""
    asked = visit.state
    kept = {"rule": None} if asked.threshold is not None else {}
    visit.change(finding=finding, threshold=None, prevalence=None, step=0, **kept)


def probability_exactly(value: float) -> str:
    """Write a place of the slider; no two read alike."""
    return probability(value) if value in (0.0, 1.0) else f"{value:.3g}"
