"""Let a model answer films, away from the page: progress, cancel, and what came of it."""

from __future__ import annotations

import streamlit as st

from dashboard.films.catalogue import Catalogue
from dashboard.films.own import predict_films
from dashboard.films.services import FilmServices
from dashboard.films.visit import visit
from dashboard.page.state import filled
from dashboard.page.words import escape
from dashboard.server.jobs import Job
from dashboard.server.library import OWN
from dashboard.server.services import Services
from dashboard.server.session import visitor
from dashboard.server.uploads import uploads
from xai.budget import Budget

POLL_SECONDS = 0.5
POPOVER_WIDTH = 380  # pixels


def ask_about_own(services: Services, catalogue: Catalogue) -> dict[str, Job]:
    """Let the chosen model answer the visitor's own films, unless it has, or the visitor stopped it."""
    shared = services.of(FilmServices)
    if catalogue.films.dataset != OWN or catalogue.answers is None:
        return {}
    model = filled(visit.state.predictions)
    wanted = [one.sha256 for one in uploads() if services.logits.get(services.logits_key(one.sha256, model)) is None]
    wanted = [sha256 for sha256 in wanted if services.films.get(sha256) is not None]
    key = f"own {model} {' '.join(wanted)}"
    if not wanted or key in _stopped():
        return {}
    words = f"{model} answers {len(wanted)} film{'s' if len(wanted) > 1 else ''}"
    return {
        words: shared.jobs.ask(visitor(), key, lambda budget: predict_films(services, model, wanted, budget), slow=True)
    }


def predict_controls(services: Services, catalogue: Catalogue) -> None:
    """Offer to let a model answer the whole dataset."""
    if catalogue.films.dataset == OWN:
        st.caption("Your own films are answered by the model that is chosen on the left.")
        return
    with st.container(width=POPOVER_WIDTH):
        _start_controls(services, catalogue)


def _start_controls(services: Services, catalogue: Catalogue) -> None:
    films = catalogue.films
    model = st.selectbox("Model", list(services.library.models()), key="predict_model")
    count = int(films.openable.sum())
    st.caption(
        f"The model answers the {count:,} films of {escape(films.dataset)} that have a picture, in the background. "
        "Stopped and started again, it goes on where it was. `python -m training predict` does the same, and on a "
        "cluster."
    )
    if st.button("Start", key="predict_start", type="primary", disabled=not count or model is None, width="stretch"):
        st.session_state.films_predicting = (films.dataset, model)
        st.rerun()


def ask_about_dataset(services: Services) -> dict[str, Job]:
    """Go on with the predictions that this visitor started, and show them once they are there."""
    shared = services.of(FilmServices)
    started = st.session_state.get("films_predicting")
    if started is None:
        return {}
    dataset, model = started
    key = f"predict {dataset} {model}"
    job = shared.jobs.find(key)
    if job is not None and job.state == "done":
        del st.session_state.films_predicting
        if visit.state.dataset == dataset:
            visit.narrow(predictions=name_of(dataset, model))
        st.rerun()

    def work(budget: Budget) -> None:
        from training.predict import predict_dataset

        out = shared.library.root / "predictions" / name_of(dataset, model)
        # One thread reads: this server has pages to serve meanwhile.
        predict_dataset(
            shared.library.dataset(dataset), services.classifier(model), out, model=model, workers=1, budget=budget
        )

    return {f"{model} answers {dataset}": shared.jobs.ask(visitor(), key, work, slow=True)}


def name_of(dataset: str, model: str) -> str:
    """Name the predictions that a model makes of a dataset."""
    return f"{model}-on-{dataset}"


def progress_line(shared: FilmServices, jobs: dict[str, Job], others: list[Job]) -> None:
    """Show how far jobs are, with a way to stop them; nothing where there is nothing to wait for.

    Parameters
    ----------
    shared : FilmServices
    jobs : dict of str to Job
        By what to say of them.
    others : list of Job
        Jobs without a line of their own that are waited for too.
    """
    shared.jobs.keep_only(visitor(), [job.key for job in (*jobs.values(), *others)])
    if jobs:
        st.fragment(_line, run_every=POLL_SECONDS)(shared, jobs, others)


def failures(shared: FilmServices, jobs: dict[str, Job]) -> dict[str, Job]:
    """Say which jobs failed and why, and give the others."""
    for words, job in jobs.items():
        if job.state == "failed":
            said, button = st.columns([6, 1], vertical_alignment="center", gap="small")
            said.error(escape(f"{words}: {job.error}"))
            if button.button("Try again", key="predict_again", width="stretch"):
                shared.jobs.drop(job.key)
                st.rerun()
    return {words: job for words, job in jobs.items() if job.state != "failed"}


def _line(shared: FilmServices, jobs: dict[str, Job], others: list[Job]) -> None:
    shared.jobs.keep_only(visitor(), [job.key for job in (*jobs.values(), *others)])
    if any(job.ended for job in jobs.values()):
        st.rerun()
    progress = sum(job.progress for job in jobs.values()) / len(jobs)
    waiting = all(job.state == "waiting" for job in jobs.values())
    words, button = st.columns([6, 1], vertical_alignment="center", gap="small")
    words.progress(progress, ("Waiting: " if waiting else "") + " · ".join(map(escape, jobs)) + "…")
    if button.button("", key="predict_cancel", icon=":material/close:", help="Stop. What is answered so far stays."):
        _stopped().update(job.key for job in jobs.values())
        st.session_state.pop("films_predicting", None)
        st.rerun()


def _stopped() -> set[str]:
    return st.session_state.setdefault("films_stopped", set())
