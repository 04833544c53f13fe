"""The shortcut lab: a clean model and one that leans on an object, side by side on the same films."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from dashboard.page.glossary import explained
from dashboard.page.visit import refuse
from dashboard.page.words import percent, signed, to_tenth
from dashboard.server.services import Services
from dashboard.trust.lab import (
    ABSENT,
    COMMAND,
    films_of,
    flagged,
    methods_of,
    open_lab,
    other_models,
    told_apart,
)
from dashboard.trust.lab_words import flags_sentence, flags_table, methods_table, origin, verdict
from dashboard.trust.pictures import Shown, laid, picture_address, show_pictures
from dashboard.trust.subject import Subject
from dashboard.trust.visit import visit
from training.benchmark.shortcut import around, with_and_without
from training.benchmark.shortcut_files import CLAIM_FILE, Lab, Pictured
from xai.explainers import EXPLAINERS
from xai.findings import finding_label
from xai.models.preprocess import prepare

LEAST = 240  # pixels of a picture


def show_lab(subject: Subject) -> None:
    """Show both models side by side on a film, then over all films."""
    lab = open_lab()
    if lab is None:
        show_absent()
        return
    show_other_models(subject, lab)
    usable = set(lab.models) <= set(subject.library.models())
    if usable:
        flags = flagged(lab, subject.library)
        st.markdown(flags_sentence(lab, flags))
    show_film(subject.services, lab)
    st.subheader("Over all films", anchor=False)
    told = told_apart(lab)
    area = float(lab.answers["area"].mean())
    for row in told.loc[methods_of(lab)].itertuples():
        st.markdown(f"- {verdict(lab, row, area)}")
    st.dataframe(methods_table(lab, told), hide_index=True)
    if usable:
        st.dataframe(flags_table(lab, flags), hide_index=True)
    said = origin(lab, int(told["films_measured"].iloc[0]))
    st.caption(said, help=explained(said))


def show_absent() -> None:
    """Say that the results are not there, and how to make them."""
    st.info(ABSENT)
    st.code(COMMAND, language="bash")


def show_other_models(subject: Subject, lab: Lab) -> None:
    """Warn where a model of today is not the one that was measured."""
    if other := other_models(lab, subject.library):
        names = " and ".join(other)
        st.warning(f"These results are of another version of {names} than the one that is here.")


def choose_method(lab: Lab, key: str = "method", **also: object) -> str:
    """Show the choice of the method; fill it in where the state leaves it open."""
    methods = methods_of(lab)
    if visit.state.method not in methods:
        if visit.state.method is not None:
            refuse(f"There are no maps of the method “{visit.state.method}” here; showing {methods[0]}.")
        visit.change(method=methods[0])
    method: str = visit.bound(
        st.selectbox,
        "Method",
        methods,
        key=key,
        value=visit.state.method,
        take=lambda name: {"method": name, **also},
        format_func=lambda name: EXPLAINERS[name].title,
        width=190,
    )
    return method


def show_film(services: Services, lab: Lab) -> None:
    """Show a film, its twin, and both models' maps of it."""
    films = films_of(lab)
    places = list(films)
    if visit.state.place not in films:
        if visit.state.place is not None:
            refuse("The film that the link names is not among those of the lab; showing its first.")
        visit.change(place=places[0])
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        place = visit.bound(
            st.selectbox,
            "Film",
            places,
            key="place",
            width=150,
            format_func=lambda one: f"Film {places.index(one) + 1}",
        )
        method = choose_method(lab)
    show_pictures(_pictures(services, lab, films[place], method), LEAST, beside=2)


def _pictures(services: Services, lab: Lab, film: Pictured, method: str) -> list[Shown]:
    claim = lab.claim
    thing, box = claim["thing"], around(film.inside)
    stamp = (lab.folder / CLAIM_FILE).stat().st_mtime
    offered = partial(picture_address, services)
    shown = [
        Shown(
            offered(["lab", stamp, film.film], lambda: laid(film.canvas, None, False, box)),
            f"The film. The box is the {thing}'s place.",
            f"A simulated chest film with {finding_label(claim['finding']).lower()}; the {thing} is framed.",
        ),
        Shown(
            offered(["lab twin", stamp, film.film], partial(_twin, lab, film)),
            f"Its twin without the {thing}.",
            f"The same film without the {thing}; its place is framed.",
        ),
    ]
    for model in lab.models:
        values = film.maps[model, method]
        words = f"{model}: {_share(lab, film, model, method)} {_answers(lab, film, model)}"
        draw = partial(laid, film.canvas, values, EXPLAINERS[method].signed, box)
        shown.append(
            Shown(
                offered(["lab map", stamp, film.film, model, method], draw),
                words,
                f"{EXPLAINERS[method].title} by {words}",
            )
        )
    return shown


def _twin(lab: Lab, film: Pictured) -> np.ndarray:
    from xai.cards.model_card import card_path, read_card
    from xai.models.library import find_model

    _, twin = with_and_without(lab.question, film.film)
    card = read_card(card_path(find_model(lab.models[0])))
    return laid(prepare(twin.pixels, card.input), None, False, around(film.inside))


def _share(lab: Lab, film: Pictured, model: str, method: str) -> str:
    rows = lab.evidence
    row = rows[(rows["film"] == film.film) & (rows["model"] == model) & (rows["method"] == method)].iloc[0]
    if not film.maps[model, method].any():
        return "the map is empty."
    return f"{to_tenth(float(row['share']))} of the evidence on the {lab.claim['thing']}."


def _answers(lab: Lab, film: Pictured, model: str) -> str:
    rows = lab.answers
    row = rows[(rows["film"] == film.film) & (rows["model"] == model)].iloc[0]
    before, after = (1 / (1 + np.exp(-row[name])) for name in ("logit", "logit_without"))
    change = signed(float(row["logit_without"] - row["logit"]))
    return f"Says {percent(before)}, and {percent(after)} without it (logit {change})."
