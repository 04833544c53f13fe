"""The blind test on the page: no model is named, in words, links or pictures, until the visitor has answered."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from dashboard.page.glossary import explained
from dashboard.page.words import percent
from dashboard.server.services import Services
from dashboard.trust.blind import (
    CLEAN,
    FILMS,
    LEANING,
    NOTHING,
    OPEN,
    Trial,
    answered,
    draw_trials,
    judge_answers,
)
from dashboard.trust.lab import films_of, methods_of, open_lab, told_apart
from dashboard.trust.lab_panel import choose_method, show_absent, show_other_models
from dashboard.trust.lab_words import needed
from dashboard.trust.pictures import Shown, laid, picture_address, show_pictures
from dashboard.trust.subject import Subject
from dashboard.trust.visit import visit
from training.benchmark.shortcut_files import CLAIM_FILE, Lab, Pictured
from training.benchmark.telling import threshold
from xai.explainers import EXPLAINERS
from xai.findings import finding_label
from xai.written import counted

CHOICES = {CLEAN: "clean", LEANING: "cheats"}
WIDTH = 165  # pixels of a film: two beside each other on a telephone
HIGHEST_SEED = 10**6


def show_blind(subject: Subject) -> None:
    """Show the test, or once all films are answered and the visitor asks, its result."""
    lab = open_lab()
    if lab is None:
        show_absent()
        return
    show_other_models(subject, lab)
    films = films_of(lab)
    if len(films) < FILMS:
        st.info(f"A test needs {FILMS} films with maps; these results hold {len(films)}.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        method = choose_method(lab, answers=NOTHING, ended=False)
        st.button("Other films", icon=":material/shuffle:", key="trust_blind_other", on_click=_draw_again)
    trials = draw_trials(visit.state.seed, method, list(films))
    said = _task(lab, method)
    st.markdown(said, help=explained(said))
    is_complete = OPEN not in visit.state.answers
    ended = visit.state.ended and is_complete
    with st.container(horizontal=True, gap="small", key="trust_blind_films"):
        for number, trial in enumerate(trials):
            with st.container(width=WIDTH, gap=None):
                _show_trial(subject.services, lab, films[trial.place], number, trial, method, ended)
    if ended:
        show_result(lab, trials, films, method)
        return
    left = visit.state.answers.count(OPEN)
    st.button(
        "Show the truth",
        type="primary",
        key="trust_blind_end",
        disabled=not is_complete,
        on_click=visit.change,
        kwargs={"ended": True},
        help=None if is_complete else f"{counted(left, 'film')} still without an answer.",
    )


def _task(lab: Lab, method: str) -> str:
    finding, thing = finding_label(lab.claim["finding"]).lower(), lab.claim["thing"]
    return (
        f"{FILMS} films with {finding} and a {thing} on them, and {EXPLAINERS[method].title}'s map of that finding. "
        f"Six maps are by a clean model, six by one that cheats: it goes by the {thing}. Which are which? "
        f"{EXPLAINERS[method].reading}"
    )


def _draw_again() -> None:
    visit.change(seed=int(np.random.default_rng().integers(HIGHEST_SEED)), answers=NOTHING, ended=False)


def _show_trial(
    services: Services, lab: Lab, film: Pictured, number: int, trial: Trial, method: str, ended: bool
) -> None:
    model = lab.models[trial.leans]
    title = f"Film {number + 1}"
    stamp = (lab.folder / CLAIM_FILE).stat().st_mtime
    draw = partial(laid, film.canvas, film.maps[model, method], EXPLAINERS[method].signed)
    empty = "" if film.maps[model, method].any() else "The map is empty."
    truth = _truth(lab, number, trial) if ended else ""
    said = " ".join(filter(None, (empty, truth)))
    address = picture_address(services, ["blind", stamp, film.film, model, method], draw)
    caption = f"{title}. {said}" if said else title
    show_pictures([Shown(address, caption, f"{title} with its map. {said}".strip())], WIDTH - 10, beside=1)
    answer = visit.state.answers[number]
    visit.bound(
        st.radio,
        f"{title}: this model",
        list(CHOICES),
        key=f"answer_{number}",
        value=None if answer == OPEN else answer,
        take=lambda given: {"answers": answered(visit.state.answers, number, given), "ended": False},
        format_func=CHOICES.get,
        horizontal=True,
        disabled=ended,
        label_visibility="collapsed",
    )


def _truth(lab: Lab, number: int, trial: Trial) -> str:
    is_right = (visit.state.answers[number] == LEANING) == trial.leans
    who = f"{lab.models[trial.leans]}, which {'cheats' if trial.leans else 'is clean'}"
    return f"{'Right' if is_right else 'Wrong'}: it is {who}."


def show_result(lab: Lab, trials: list[Trial], films: dict[int, Pictured], method: str) -> None:
    """Say how many answers are right, how much that is worth, and how well the map alone does."""
    outcome = judge_answers(trials, visit.state.answers)
    clean, leaning = lab.models
    st.markdown(
        f"**{outcome.right} of {FILMS} right.** Who guesses and calls {counted(outcome.said, 'film')} cheating gets as "
        f"many right or more in {percent(outcome.chance)} of all tests. The clean model is **{clean}**, the one that "
        f"cheats **{leaning}**."
    )
    told = told_apart(lab)
    st.markdown(_by_rule(lab, trials, method))
    films_measured = counted(int(told["films_measured"].iloc[0]), "film")
    said = (
        f"**How well each method's map alone tells the two apart**, by the share of its evidence on the "
        f"{lab.claim['thing']}: AUROC over {films_measured}, and how many films one needs to be right 95\u00a0% of the "
        "time."
    )
    st.markdown(said, help=explained(said))
    for name in methods_of(lab):
        st.markdown(f"- {method_score(told.loc[name], name)}")


def _by_rule(lab: Lab, trials: list[Trial], method: str) -> str:
    """Say how a rule does on the very films, which goes by the share on the object and has not seen them."""
    rows = lab.evidence[lab.evidence["method"] == method].pivot(index="film", columns="model", values="share")
    clean, leaning = lab.models
    others = rows[~rows.index.isin([one.place for one in trials])]
    if others.empty:
        return ""
    limit = threshold(others[clean].to_numpy(), others[leaning].to_numpy())
    shares = [float(rows[lab.models[one.leans]][one.place]) for one in trials]
    right = sum((share > limit) == one.leans for share, one in zip(shares, trials, strict=True))
    return (
        f"A rule that asks only how much of the evidence lies on the {lab.claim['thing']} gets {right} of {FILMS} "
        "right; its threshold was chosen on other films."
    )


def method_score(row: Any, method: str) -> str:
    """Say how well a method's maps tell the models apart, with its interval, and how many films one needs."""
    area = f"{row.auroc:.2f} ({row.auroc_low:.2f} to {row.auroc_high:.2f})"
    return f"{EXPLAINERS[method].title}: {area}; films needed: {needed(row)}."
