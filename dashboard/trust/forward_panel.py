"""Do maps help, on the page: films with the model's answer to learn from, ten to foresee it on, and how that went."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard.page.forward_words import NOT_TRUTH, caution, chosen, covers, gain, meaning, task
from dashboard.page.glossary import explained
from dashboard.page.told import sentence_of
from dashboard.page.words import escape
from dashboard.server.judging import JUDGING_ERRORS
from dashboard.server.started import is_started, start_job, wait_for
from dashboard.trust.blind_panel import HIGHEST_SEED
from dashboard.trust.cell_films import COMPARE_PAGE, film_link
from dashboard.trust.forward import (
    NONE,
    Answers,
    Experiment,
    answers_of,
    is_right,
    largest_pool,
    open_experiment,
    outcome,
)
from dashboard.trust.league_table import finding_title
from dashboard.trust.pictures import Shown, laid, picture_address, show_pictures
from dashboard.trust.said import FLAGGED, NOT_FLAGGED, OPEN, UNSAID, said_of
from dashboard.trust.subject import Subject
from dashboard.trust.visit import visit
from dashboard.trust.with_room import ask_room, forward_question, room_of
from training.benchmark.forward import FILMS, Asked, Trial
from training.benchmark.league import ALL
from xai.budget import Budget
from xai.explainers import EXPLAINERS
from xai.films.film import FilmError
from xai.written import counted, percent

FIRST = "gradcam"  # the method where none is chosen: its maps are there at once
ROOM_WAITS = "trust_forward_room_waits"
SEEN = "trust_forward_seen"
AGAIN = "You have seen the answers to these films: what you remember counts as foreseen."
ANEW = {"said": UNSAID, "begun": False}
SAYS = {FLAGGED: "Flagged", NOT_FLAGGED: "Not flagged"}
SIDE = 380  # pixels of a film that is asked about
LESSON = 250


def show_forward(subject: Subject) -> None:
    """Show the films to learn from, the film whose turn it is, or how all went."""
    answers = answers_of(subject)
    findings = answers.findings if answers else []
    if answers is None or not findings:
        st.info(
            NONE if answers is None else "This model flags too few films, or leaves too few unflagged, to ask about."
        )
        return
    finding, method = _choose(findings)
    try:
        _offer_room(subject, answers, finding, method)
        experiment = open_experiment(subject, answers, finding, method, visit.state.seed)
        if _are_made(experiment):
            _show(experiment)
    except (ValueError, FilmError, *JUDGING_ERRORS) as error:
        st.session_state.pop(ROOM_WAITS, None)
        st.warning(escape(sentence_of(error)))


def _offer_room(subject: Subject, answers: Answers, finding: str, method: str) -> None:
    """Offer who holds a room to run the experiment with it, once the maps of its films are made."""
    services = subject.services
    room = room_of(services)
    if room is None:
        return
    films = largest_pool(answers.of(finding))
    told = f"Everybody in your room foresees {FILMS} of {films} films on the phone, half of them with maps."
    if st.button("Ask the room", icon=":material/groups:", key="trust_forward_room", help=told):
        st.session_state[ROOM_WAITS] = finding, method
    if st.session_state.get(ROOM_WAITS) != (finding, method):
        return
    experiment = open_experiment(subject, answers, finding, method, visit.state.seed, films)
    if _are_made(experiment):
        del st.session_state[ROOM_WAITS]
        ask_room(services, room, forward_question(experiment))


def _choose(findings: list[str]) -> tuple[str, str]:
    finding = visit.state.finding if visit.state.finding in findings else findings[0]
    method = visit.state.method if visit.state.method in EXPLAINERS else FIRST
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        visit.bound(
            st.selectbox,
            "Finding",
            findings,
            key="finding",
            value=finding,
            take=lambda name: {"finding": name or ALL, **ANEW},
            format_func=finding_title,
            width=200,
            help="What the model is asked about. First the one on which it is right and wrong in most ways.",
        )
        visit.bound(
            st.selectbox,
            "Maps by",
            list(EXPLAINERS),
            key="method",
            value=method,
            take=lambda name: {"method": name, **ANEW},
            format_func=lambda name: EXPLAINERS[name].title,
            width=200,
            help="Whose maps are shown with half of the films. With a control, maps should not help.",
        )
        st.button("Other films", icon=":material/shuffle:", key="trust_forward_other", on_click=_draw_again)
    return finding, method


def _are_made(experiment: Experiment) -> bool:
    """Say whether all maps are there; else have them made, at once where that is quick, and show how far they are."""
    maps, films = experiment.maps, experiment.films
    missing = maps.missing(films)
    if not missing:
        return True
    services, key = experiment.subject.services, f"forward {maps.name_of(' '.join(films))}"
    begun = st.session_state.setdefault("trust_forward_begun", {})
    if maps.explainer().quick and key not in begun:
        begun[key] = None
        start_job(services, key)
    if is_started(key):
        opens = {film: lambda film=film: services.film(experiment.dataset, film) for film in films}

        def work(budget: Budget) -> None:
            maps.make(opens, budget)

        wait_for(services, key, f"{maps.title} of {counted(len(missing), 'film')}", work)
        return False
    cost = f"up to {maps.cost:,} evaluations each" if maps.cost > 1 else "one pass each"
    st.caption(f"{counted(len(missing), 'map')} to make first, {cost}; they are kept.")
    st.button(
        maps.asked(len(missing)), key=f"trust_forward_make_{len(films)}", on_click=start_job, args=(services, key)
    )
    return False


def _show(experiment: Experiment) -> None:
    said, trials = visit.state.said, experiment.trials()
    if OPEN not in said:
        _show_end(experiment, trials, said)
    elif visit.state.begun:
        _ask(experiment, trials, said)
    else:
        _show_lessons(experiment)


def _show_lessons(experiment: Experiment) -> None:
    finding = finding_title(experiment.finding).lower()
    title = EXPLAINERS[experiment.method].title
    asked_of = task(escape(experiment.subject.model), finding, experiment.threshold, title)
    told = f"**What will the model answer?** {asked_of}"
    st.markdown(told, help=explained(told, EXPLAINERS[experiment.method].reading))
    with st.container(horizontal=True, gap="small"):
        for asked in experiment.pool.lessons:
            words = "flagged" if asked.flagged else "not flagged"
            share = percent(experiment.maps.known([asked.film])[asked.film].probability)
            is_wrong = asked.flagged != asked.present
            truth = f"{'wrong' if is_wrong else 'right'}: the film shows {finding if asked.present else 'none'}"
            with st.container(width=2 * LESSON + 20):
                _pictures(experiment, asked, f"The model: {words} ({share}), {truth}.", LESSON, with_map=True, beside=2)
    st.caption(
        f"{EXPLAINERS[experiment.method].reading} Colours tell parts of one map apart, not one map from another. "
        f"{_chosen(experiment)} The link of this page gives everybody the same films with the same maps."
    )
    if _is_again(experiment):
        st.caption(AGAIN)
    st.button("Begin", type="primary", key="trust_forward_begin", on_click=visit.change, kwargs={"begun": True})


def _ask(experiment: Experiment, trials: list[Trial], said: str) -> None:
    number = said.index(OPEN)
    trial = trials[number]
    finding = finding_title(experiment.finding).lower()
    arm = f"With its map by {EXPLAINERS[experiment.method].title}." if trial.with_map else "Without a map."
    st.markdown(f"**Film {number + 1} of {FILMS}. Will the model flag {finding}?** {arm}")
    with st.container(horizontal=True, gap="small"):
        for letter, words in SAYS.items():
            st.button(
                words,
                key=f"trust_forward_{letter}",
                on_click=visit.change,
                kwargs={"said": said_of(said, number, letter)},
            )
    with st.container(horizontal=True, gap="small"):
        _pictures(experiment, trial.asked, f"Film {number + 1}", SIDE, with_map=trial.with_map)


def _pictures(
    experiment: Experiment, asked: Asked, caption: str, side: int, *, with_map: bool, beside: int = 1
) -> None:
    """Show a film and its map; nothing in them or their names tells the model's answer.

    On a telephone the map stands below, so that a film is as wide without one.
    """
    made = experiment.maps.get(asked.film)
    if made is None:
        st.caption(f"{caption}: its map could not be made.")
        return
    services, key = experiment.subject.services, experiment.maps.name_of(asked.film)
    film = picture_address(services, ["forward film", key], lambda: laid(made.canvas, None, signed=False))
    shown = [Shown(film, caption, caption)]
    if with_map:
        signed = experiment.maps.explainer.signed
        over = picture_address(services, ["forward map", key], lambda: laid(made.canvas, made.values, signed))
        empty = "" if made.values.any() else " It is empty."
        title = f"Its map by {experiment.maps.title}.{empty}"
        shown.append(Shown(over, title, title))
    if beside > 1:
        show_pictures(shown, side - 20, beside=beside)
        return
    for one in shown:
        with st.container(width=side):
            show_pictures([one], side - 20, beside=1)


def _show_end(experiment: Experiment, trials: list[Trial], said: str) -> None:
    found = outcome([("you", trials, said)])
    right = {
        arm: sum(
            is_right(trial.asked, letter) for trial, letter in zip(trials, said, strict=True) if trial.with_map == arm
        )
        for arm in (True, False)
    }
    st.markdown(
        f"**You foresaw {sum(right.values())} of {FILMS} answers:** {right[True]} of {FILMS // 2} with maps, "
        f"{right[False]} of {FILMS // 2} without. The difference is {gain(found)}. {meaning(found)}",
        help=explained("95\u00a0% interval"),
    )
    st.caption(f"{caution()} {covers(found)} {NOT_TRUTH} {_chosen(experiment)}")
    if _is_again(experiment):
        st.caption(AGAIN)
    rows = [_row(number, trial, said[number]) for number, trial in enumerate(trials)]
    st.dataframe(rows, hide_index=True, width="content", key="trust_forward_table")
    with st.container(horizontal=True, gap="small"):
        st.button("Other films", icon=":material/shuffle:", key="trust_forward_more", on_click=_draw_again)
        st.button("The same again", key="trust_forward_same", on_click=_again, args=(experiment,), help=AGAIN)
    with st.container(horizontal=True, gap="small"):
        for number, trial in enumerate(trials):
            st.page_link(
                COMPARE_PAGE,
                label=f"Film {number + 1} on Compare",
                query_params=film_link(
                    experiment.dataset,
                    experiment.subject.model,
                    trial.asked.film,
                    experiment.finding,
                    experiment.method,
                ),
            )


def _row(number: int, trial: Trial, letter: str) -> dict[str, object]:
    return {
        "Film": number + 1,
        "Map": "with" if trial.with_map else "without",
        "You": SAYS[letter].lower(),
        "The model": SAYS[FLAGGED if trial.asked.flagged else NOT_FLAGGED].lower(),
        "Foreseen": "yes" if is_right(trial.asked, letter) else "no",
        "The finding": "present" if trial.asked.present else "absent",
    }


def _chosen(experiment: Experiment) -> str:
    return chosen(experiment.pool, experiment.wrong, experiment.known)


def _about(experiment: Experiment) -> tuple[object, ...]:
    return experiment.subject.model, experiment.finding, experiment.method, experiment.seed


def _again(experiment: Experiment) -> None:
    st.session_state[SEEN] = _about(experiment)
    visit.change(**ANEW)


def _is_again(experiment: Experiment) -> bool:
    """Whether the answers to these films were on this page before."""
    return st.session_state.get(SEEN) == _about(experiment)


def _draw_again() -> None:
    visit.change(seed=int(np.random.default_rng().integers(HIGHEST_SEED)), **ANEW)
