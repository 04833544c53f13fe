"""A card for a model without one: prefilled from its file, tried on films as it is written, saved beside the model."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.compare.drafts import Drafts, doubts, may_be_written, save_card
from dashboard.components.download import download
from dashboard.page.preparation import CONTRASTS, FITS, resample_words
from dashboard.page.told import sentence_of
from dashboard.page.words import escape, percent
from dashboard.server.roles import Action, offered
from dashboard.server.services import Services
from dashboard.server.session import offer
from training.datasets.table import DatasetError
from xai.cards.input_spec import MAX_SIDE, RESAMPLES, SCALINGS, Contrast, InputSpec, input_to_dict
from xai.cards.model_card import EMITS, LINKS, ModelCard, ModelCardError, card_from_dict, card_path, card_to_dict
from xai.films.film import Film, FilmError
from xai.findings import finding_label
from xai.models.probes import probe_canvases

Named = tuple[str, Film]

HEADS = tuple((link, emits) for link in LINKS for emits in EMITS)
OWN_NUMBERS = "numbers of its own"
AS_IT_IS = "left as it is"
FILMS = 3  # that a card is tried on
MADE_UP_SIDE = 256
WHY = """The card says what the outputs mean and how the film must be prepared. A starter holds what can be read from
the model; whoever trained it completes the rest. Write it here, or on the command line with the outputs’ names."""


def card_form(services: Services, path: Path, hung: Named | None = None) -> None:
    """Show the way to a card for a model without one.

    Parameters
    ----------
    services : Services
    path : Path
        The model file.
    hung : (str, Film), optional
        Title and film that the visitor looks at; the card is tried on it first.
    """
    st.markdown(WHY)
    st.code(f"python -m xai card {path.name} --outputs NAME ...", language=None)
    opened = f"card_form_{path}"
    if st.button("Write a starter card", icon=":material/edit_document:", disabled=opened in st.session_state):
        st.session_state[opened] = True
        st.rerun()
    if opened not in st.session_state:
        return
    drafts = services.of(Drafts)
    try:
        with st.spinner("Reading the model…"):
            starter = drafts.starter(path)
        card = card_from_dict(_fields(starter, f"card_{path.stem}"))
        films = sample_films(services, hung)
        with st.spinner("Asking the model…"):
            answers = drafts.answers(path, card, [film for _, film in films])
    except (ValueError, OSError) as error:
        st.error(escape(sentence_of(error)))
        return
    _show_answers(card, [name for name, _ in films], answers)
    _keep(services, card, path)


def sample_films(services: Services, hung: Named | None) -> list[Named]:
    """Give films to try a card on: the one that hangs, some of the library's, and made-up ones where there are few."""
    films = [] if hung is None else [hung]
    for dataset in services.library.datasets():
        try:
            names = services.library.films(dataset).index
        except DatasetError:
            continue
        for name in dict.fromkeys([*names[:1], *names[len(names) // 2 :][:1], *names[-1:]]):
            try:
                film = services.film(dataset, name)
            except (DatasetError, FilmError, OSError):
                continue
            if len(films) < FILMS and film.sha256 not in {other.sha256 for _, other in films}:
                films.append((f"{name} · {dataset}", film))
    made_up = probe_canvases(MADE_UP_SIDE)[[0, 1, 3]]
    films += [(f"made up, {k}", Film.from_pixels(canvas)) for k, canvas in enumerate(made_up, 1)]
    return films[:FILMS]


def _fields(starter: ModelCard, key: str) -> dict[str, Any]:
    """Show the fields of a card, and give it as its JSON would have it."""
    left, right = st.columns(2, gap="medium")
    with left:
        name = st.text_input("Name", starter.name, key=f"{key}_name")
        outputs = st.text_area(
            "Outputs, one a line, in the order of training", "\n".join(starter.outputs), key=f"{key}_outputs"
        )
        link, emits = st.selectbox(
            "Head",
            HEADS,
            index=HEADS.index((starter.link, starter.emits)),
            format_func=lambda head: f"{head[0]}, the model gives {head[1]}",
            key=f"{key}_head",
        )
        summary = st.text_area("Summary", starter.summary, key=f"{key}_summary")
    with right:
        spec = _input_fields(starter.input, key)
    return card_to_dict(starter) | {
        "name": name,
        "outputs": [line.strip() for line in outputs.splitlines() if line.strip()],
        "head": {"link": link, "emits": emits},
        "summary": summary,
        "input": spec,
    }


def _input_fields(spec: InputSpec, key: str) -> dict[str, Any]:
    """Show how a film becomes the input, and give it as a card's JSON has it."""
    first, second, third = st.columns(3)
    height = first.number_input("Height", 8, MAX_SIDE, spec.shape[0], key=f"{key}_height")
    width = second.number_input("Width", 8, MAX_SIDE, spec.shape[1], key=f"{key}_width")
    channels = third.selectbox("Channels", (1, 3), index=(1, 3).index(spec.channels), key=f"{key}_channels")
    fit = st.selectbox("The film is", list(FITS), format_func=FITS.__getitem__, key=f"{key}_fit")
    resample = st.selectbox(
        "Its size is scaled by",
        RESAMPLES,
        index=RESAMPLES.index(spec.resample),
        format_func=lambda one: f"{one}: {resample_words(one)}",
        key=f"{key}_resample",
    )
    bits = st.checkbox(
        "In 256 shades",
        key=f"{key}_bits",
        help="Films were 8-bit pictures while they were scaled: Pillow and OpenCV then round what they give.",
    )
    how = st.selectbox(
        "Its contrast is",
        [AS_IT_IS, *CONTRASTS],
        format_func=lambda one: CONTRASTS.get(one, one),
        key=f"{key}_contrast",
    )
    shades = _shade_fields(spec, channels, key)
    size = height if height == width else (height, width)
    made = dataclasses.replace(spec, size=size, channels=channels, fit=fit, resample=resample, bits=8 if bits else None)
    contrast = None if how == AS_IT_IS else Contrast(how)
    return input_to_dict(dataclasses.replace(made, contrast=contrast)) | shades


def _shade_fields(spec: InputSpec, channels: int, key: str) -> dict[str, Any]:
    """Show how the shades are scaled: by a usual name, or by numbers."""
    names = [name for name, fields in SCALINGS.items() if len(fields.get("mean", (0,))) <= channels]
    usual = [name for name in names if SCALINGS[name].get("multiply", 1.0) == spec.multiply]
    chosen = st.selectbox("Its shades are scaled to", [*names, OWN_NUMBERS], names.index(usual[0]), key=f"{key}_shades")
    if chosen != OWN_NUMBERS:
        fields = {"multiply": 1.0, "mean": (0.0,), "std": (1.0,), "standardise": False} | SCALINGS[chosen]
        return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}
    st.caption("x = (film × multiply − mean) / std, film in [0, 1]; one number, or one a channel, parted by commas.")
    places = zip(st.columns(3), ("multiply", "mean", "std"), ("1", "0", "1"), strict=True)
    typed = {name: place.text_input(name, usual, key=f"{key}_{name}") for place, name, usual in places}
    (multiply, *_), mean, std = (_numbers(name, text) for name, text in typed.items())
    return {"multiply": multiply, "mean": mean, "std": std}


def _numbers(name: str, text: str) -> list[float]:
    try:
        return [float(number) for number in text.split(",")]
    except ValueError as error:
        raise ModelCardError(
            f"input.{name} must be a number, or one a channel, parted by commas; it is “{text}”."
        ) from error


def _show_answers(card: ModelCard, films: Sequence[str], answers: np.ndarray) -> None:
    """Show what the model says of some films under this card, and what speaks against it."""
    columns = {film: [percent(float(p)) for p in row] for film, row in zip(films, answers, strict=True)}
    st.markdown("**What the model answers under this card**")
    outputs = [finding_label(name) for name in card.outputs]
    st.dataframe(pd.DataFrame({"Output": outputs, **columns}), hide_index=True, height="content")
    for doubt in doubts(answers):
        st.warning(doubt, icon=":material/warning:")


def _keep(services: Services, card: ModelCard, path: Path) -> None:
    """Save the card beside its model, where that may be written, or give it away."""
    place = card_path(path)
    if may_be_written(services.library, path):
        if st.button(
            "Save the card",
            type="primary",
            icon=":material/save:",
            key=f"card_{path.stem}_save",
            **offered(Action.CHANGE_CARDS),
        ):
            try:
                save_card(card, path)
            except (ModelCardError, OSError) as error:
                st.error(escape(sentence_of(error)))
                return
            st.session_state.pop(f"card_form_{path}")
            st.rerun()
        return
    st.caption(f"The folder of this model cannot be written from here: put {escape(place.name)} into it yourself.")
    text = json.dumps(card_to_dict(card), indent=2, ensure_ascii=False) + "\n"
    address = offer("starter-card", place.name, "application/json", lambda: text)
    download("The card (JSON)", address, key=f"card_{path.stem}_download", icon="data_object")
