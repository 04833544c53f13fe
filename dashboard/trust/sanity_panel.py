"""Sanity: does a method's map follow the model, or only the film? The strip from trained to random, with its curve."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from dashboard.components.download import download
from dashboard.page.glossary import explained
from dashboard.page.palette import theme_ink
from dashboard.page.state import filled
from dashboard.page.told import sentence_of
from dashboard.page.visit import refuse
from dashboard.page.words import escape
from dashboard.server.library import OWN
from dashboard.server.session import offer
from dashboard.server.started import is_started, start_job, wait_for
from dashboard.server.uploads import uploads
from dashboard.trust.pictures import Shown, laid, picture_address, show_pictures
from dashboard.trust.sanity_films import show_over_films
from dashboard.trust.sanity_words import (
    as_json,
    as_npz,
    as_page,
    curves,
    is_signed,
    similarity_words,
    stage_words,
    title_of,
    verdict,
)
from dashboard.trust.strip import Asked
from dashboard.trust.subject import Subject
from dashboard.trust.visit import visit
from training.benchmark.league import ALL
from training.benchmark.sanity import EDGES, FILMS, GRADIENT, STAGES, Strip
from xai.cards.model_card import ModelCardError
from xai.explainers import EXPLAINERS
from xai.findings import finding_label
from xai.measures.sanity import LIMIT

HOW = (
    f"The weights of more and more layers are shuffled, from the last one on, in {STAGES} steps; the film is explained "
    "anew each time. Similarity is the rank correlation with the trained model's map, with its signs or without them, "
    f"whichever is larger. A map passes that is below {LIMIT:g} at the end; other shuffled weights give somewhat other "
    "numbers. **What that shows:** the map depends on what the model has learned. **What it does not show:** that it "
    "is right. Noise passes too."
)
WARNING = {
    GRADIENT: "The plain gradient is a warning: much of it stays while the last layers are random already.",
    EDGES: "Edges of the film know no model. A check that let them pass would be worth nothing.",
}
OF_AN_UPLOAD = "This strip of your own film stays in this server's memory, and is forgotten when you leave."
BRING = "Films that you bring on Compare or Films can be chosen here too, under “your films”."
MOST_LISTED = 2000  # films in the choice
LEAST = 120  # pixels of a picture
QUIET = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}


def show_sanity(subject: Subject) -> None:
    """Show the strip of a film, or what it takes to make it."""
    st.caption(HOW, help=explained(HOW))
    show_over_films(subject)
    st.subheader("One film", anchor=False)
    if (asked := choose(subject)) is None:
        return
    st.caption(OF_AN_UPLOAD if asked.upload else BRING)
    strip = asked.get()
    if strip is not None:
        show_strip(asked, strip)
        return
    key = asked.key
    if is_started(key):
        words = f"{title_of(asked.method)} by {STAGES + 1} models"
        wait_for(subject.services, key, words, asked.make)
        return
    cost = EXPLAINERS[asked.method]().cost
    st.button(
        f"Make {subject.model} random",
        key="trust_sanity_make",
        icon=":material/play_arrow:",
        on_click=start_job,
        args=(subject.services, key),
        help="On copies of the model, in the background; the strip is kept.",
    )
    each = f"up to {cost:,} films" if cost > 1 else "one film"
    st.caption(
        f"{STAGES} copies of the model are made random and adjusted on {FILMS} films of {escape(asked.others)}; each "
        f"of the {STAGES + 1} maps sends {each} through a model."
    )


def choose(subject: Subject) -> Asked | None:
    """Show the choice of film, finding and method; None where there is no film."""
    library, state = subject.library, visit.state
    datasets = [name for name in library.datasets() if len(library.films(name))]
    if not datasets:
        st.info("There is no film yet. The Films page says how to bring some.")
        return None
    own = {one.sha256: one.title for one in uploads()}
    dataset = _known("dataset", state.dataset, [*datasets, *([OWN] if own else [])], "dataset")
    films = list(own) if dataset == OWN else library.films(dataset).index
    known = state.film if state.film in films else None
    if state.film is not None and known is None:
        refuse(f"There is no film “{state.film}” in {dataset}; showing its first.")
    film = known or str(films[0])
    try:
        outputs = list(library.card(subject.model).outputs)
    except ModelCardError as error:
        st.warning(escape(sentence_of(error)))
        return None
    finding = _known("finding", None if state.finding == ALL else state.finding, outputs, "output of this model")
    method = _known("method", state.method, list(EXPLAINERS), "method")
    visit.change(dataset=dataset, film=film, finding=finding, method=method)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        visit.bound(
            st.selectbox,
            "Dataset",
            [*datasets, *([OWN] if own else [])],
            key="dataset",
            width=180,
            take=lambda name: {"dataset": name, "film": None},
        )
        listed = list(dict.fromkeys([film, *map(str, films[:MOST_LISTED])]))
        visit.bound(
            st.selectbox, "Film", sorted(listed), key="film", width=180, format_func=lambda name: own.get(name, name)
        )
        visit.bound(
            st.selectbox, "Finding", outputs, key="finding", width=190, format_func=lambda name: finding_label(name)
        )
        visit.bound(
            st.selectbox,
            "Method",
            list(EXPLAINERS),
            key="method",
            width=170,
            format_func=lambda name: EXPLAINERS[name].title,
        )
    others = datasets[0] if dataset == OWN else dataset
    return Asked(subject.services, subject.model, dataset, film, finding, method, others)


def _known(name: str, asked: str | None, choices: list[str], what: str) -> str:
    """Give what was asked for, or the first that there is, and say so."""
    if asked is not None and asked not in choices:
        refuse(f"There is no {what} “{asked}”; showing {choices[0]}.")
    return filled(asked) if asked in choices else choices[0]


def show_strip(asked: Asked, strip: Strip) -> None:
    """Show the maps of the method, and below them what warns, and the curve."""
    for name in (asked.method, GRADIENT, EDGES):
        st.markdown(verdict(strip, name), help=WARNING.get(name))
        show_pictures([_shown(asked, strip, name, stage) for stage in range(len(strip.layers))], LEAST)
    st.plotly_chart(curves(strip), config=QUIET, key="trust_sanity_curves")
    st.caption("Each map has its own colour scale. " + " ".join(WARNING.values()))
    _files(asked, strip)


def _shown(asked: Asked, strip: Strip, name: str, stage: int) -> Shown:
    words = f"{stage_words(strip, stage)}: {similarity_words(strip, name, stage)}"

    def draw() -> np.ndarray | None:
        kept = asked.get()
        return None if kept is None else laid(kept.canvas, kept.maps[name][stage], is_signed(name))

    address = picture_address(asked.services, ["strip", asked.key, name, stage], draw, asked.upload)
    return Shown(address, words, f"{title_of(name)} of {finding_label(asked.finding)}, {words}")


def _files(asked: Asked, strip: Strip) -> None:
    theme = "dark" if theme_ink().is_dark else "light"
    stem = f"sanity_{asked.method}"
    with st.container(horizontal=True, gap="small"):
        for label, ending, media, make in (
            ("Page", "png", "image/png", partial(as_page, asked, strip, theme)),
            ("JSON", "json", "application/json", partial(as_json, asked, strip)),
            ("Raw maps", "npz", "application/octet-stream", partial(as_npz, strip)),
        ):
            address = offer(f"sanity.{ending}", f"{stem}.{ending}", media, make)
            download(label, address, key=f"trust_sanity_{ending}")
