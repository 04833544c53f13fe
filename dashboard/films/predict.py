"""Let a model answer films, away from the page: progress, cancel, and what came of it."""

from __future__ import annotations

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.components.waiting import states, waiting
from dashboard.films.catalogue import Catalogue
from dashboard.films.own import predict_films
from dashboard.films.visit import visit
from dashboard.page.state import filled
from dashboard.page.words import escape
from dashboard.server.awaited import Want
from dashboard.server.library import OWN
from dashboard.server.page import Page
from dashboard.server.roles import Action, offered, only
from dashboard.server.services import Services
from dashboard.server.session import page_address, this_page
from dashboard.server.store import content_key
from dashboard.server.uploads import uploads
from xai.budget import Budget

OWN_FILMS, DATASET_FILMS = "own films", "dataset films"  # what the channel calls what is waited for here
POPOVER_WIDTH = 380  # pixels


def wait_for_own(services: Services, catalogue: Catalogue) -> None:
    """Let the chosen model answer the visitor's own films, unless it has, or the visitor stopped it."""
    wants = []
    if catalogue.films.dataset == OWN and catalogue.answers is not None:
        model, films = filled(visit.state.predictions), [one.sha256 for one in uploads()]
        if count := len(_unanswered(services, model, films)):
            wants.append(_about_own(services, model, films, count))
    this_page().expect(OWN_FILMS, wants)


def _about_own(services: Services, model: str, films: list[str], count: int) -> Want:
    page, key = this_page(), content_key("own", services.model_key(model), films)

    def work(budget: Budget) -> None:
        predict_films(services, model, _unanswered(services, model, films), budget)

    ask = partial(services.long_jobs.ask, page.id, key, work, slow=True)
    return Want(key, "own", f"{model} answers {count} film{'s' if count > 1 else ''}", ask, goes_on=True)


def _unanswered(services: Services, model: str, films: list[str]) -> list[str]:
    """Give the films that are still at hand and that a model has not answered."""
    missing = [one for one in films if services.logits.get(services.logits_key(one, model)) is None]
    return [one for one in missing if services.films.get(one) is not None]


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
    if st.button(
        "Start",
        key="predict_start",
        type="primary",
        width="stretch",
        **offered(Action.PREDICT, disabled=not count or model is None),
    ):
        start(films.dataset, model)
        st.rerun()


@only(Action.PREDICT)
def start(dataset: str, model: str) -> None:
    """Let a model answer a dataset from now on, for this visitor's page to wait for."""
    st.session_state.films_predicting = (dataset, model)
    this_page().resume(_key(dataset, model))


def wait_for_dataset(services: Services) -> None:
    """Go on with the predictions that this visitor started, and show them once they are there."""
    page, started = this_page(), st.session_state.get("films_predicting")
    page.expect(DATASET_FILMS, [] if started is None else [_about_dataset(services, *started)])
    if started is None or not (ended := _ended(page)):
        return
    del st.session_state.films_predicting
    dataset, model = started
    services.long_jobs.drop(_key(dataset, model))
    if ended == "ready" and visit.state.dataset == dataset:
        visit.narrow(predictions=name_of(dataset, model))
    st.rerun()


def _about_dataset(services: Services, dataset: str, model: str) -> Want:
    library, page = services.library, this_page()
    key = _key(dataset, model)

    def work(budget: Budget) -> None:
        from training.predict import predict_dataset

        out = library.root / "predictions" / name_of(dataset, model)
        # One thread reads: this server has pages to serve meanwhile.
        predict_dataset(
            library.dataset(dataset), services.classifier(model), out, model=model, workers=1, budget=budget
        )

    ask = partial(services.long_jobs.ask_once, page.id, key, work, slow=True)
    return Want(key, "dataset", f"{model} answers {dataset}", ask, goes_on=True)


def _ended(page: Page) -> str:
    """Say whether the predictions of a dataset are there or were stopped; empty while neither is so."""
    return next((one.state for one in page.items(DATASET_FILMS) if one.state in ("ready", "cancelled")), "")


def _key(dataset: str, model: str) -> str:
    return f"predict {dataset} {model}"


def name_of(dataset: str, model: str) -> str:
    """Name the predictions that a model makes of a dataset."""
    return f"{model}-on-{dataset}"


def progress_lines(place: DeltaGenerator, place_of_failures: DeltaGenerator) -> None:
    """Show how far the models are, or why they failed; nothing where there is nothing to wait for."""
    page = this_page()
    standing = page.snapshot()
    for group in (OWN_FILMS, DATASET_FILMS):
        found = states(standing, group)
        if "ready" in found:
            st.rerun()
        if found - {"cancelled"}:
            with place_of_failures if "failed" in found else place:
                waiting(page_address(page), group, standing, help="What is answered so far stays.")
