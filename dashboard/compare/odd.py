"""Say above the answer when a film looks like nothing that the model should be asked about, and offer what mends it."""

from __future__ import annotations

import streamlit as st

from dashboard.compare.hang import Hung
from dashboard.compare.state import OF_ONE_FILM, State
from dashboard.compare.visit import visit
from dashboard.page.words import escape
from xai.cards.model_card import ModelCard
from xai.films.looks import UNKNOWN, measured, odd_looks
from xai.films.mend import STEPS, Mend

_LABELS = {
    "left": "Turn left",
    "round": "Turn upside down",
    "right": "Turn right",
    "mirror": "Mirror",
    "invert": "Invert",
}
OTHER_SCREENS = (
    "Of photographs of screens that another generator made, 33 of 54 were noticed, and 0 of 14 in which the film "
    "filled the picture."
)
_OFFERS = {"left": "Turn it upright", "round": "Turn it upright", "right": "Turn it upright", "mirror": "Mirror it"}


def show_odd(hung: Hung) -> bool:
    """Say what makes one doubt an answer about this film, what was done to it and what could be; or nothing.

    Returns
    -------
    bool
        Whether anything makes one doubt it.
    """
    if hung.film.facts.doubts:
        line = st.container(key="doubted")
        line.markdown(f":material/report: **Doubt this answer**: {escape('; '.join(hung.film.facts.doubts))}.")
    if hung.mend:
        _show_mended(hung.mend)
    if looks := odd_looks(hung.film):
        _show_looks(*looks)
    return bool(hung.film.facts.doubts or looks)


def mend_controls(state: State) -> None:
    """Show what can be done to the film that hangs before the model reads it."""
    visit.bound(
        st.pills,
        "Turn or invert the film that hangs",
        STEPS,
        key="mend",
        value=list(Mend.of(state.mend).steps),
        take=lambda chosen: {**OF_ONE_FILM, "mend": Mend.of(chosen).steps},
        selection_mode="multi",
        format_func=_LABELS.get,
        help="The model reads the film as it is shown then, and the address says so; the file stays as it was.",
    )


def mended(mend: Mend) -> str:
    """Say that a film hangs otherwise than it came, and how."""
    return f"The film is {mend} here, as was asked; its file is as it was."


def likeness_part(card: ModelCard, distance: float) -> dict[str, str]:
    """Say of a film's distance from those that the model learned from that it is large; nothing where it is not."""
    doubt = card.seen.doubt(distance) if card.seen else ""
    return {"sentence": f"{_sentence(doubt)} {UNKNOWN}." if doubt else ""}


def _show_looks(reason: str, mend: Mend) -> None:
    line = st.container(horizontal=True, vertical_alignment="center", gap="small", key="odd")
    line.markdown(f":material/report: **{escape(_sentence(reason))}** {UNKNOWN}.", help=_how_often())
    if mend and line.button(_offer(mend), icon=":material/restart_alt:", key="odd_mend", width="content"):
        _do(mend)


def _show_mended(mend: Mend) -> None:
    line = st.container(horizontal=True, vertical_alignment="center", gap="small", key="mended")
    line.markdown(f":material/info: {mended(mend)}")
    if line.button("As it came", icon=":material/undo:", key="odd_undo", width="content"):
        visit.change(**OF_ONE_FILM)
        st.rerun()


def _do(mend: Mend) -> None:
    visit.change(**{**OF_ONE_FILM, "mend": Mend.of((*visit.state.mend, *mend.steps)).steps})
    st.rerun()


def _offer(mend: Mend) -> str:
    offers = [_OFFERS[step] for step in mend.steps if step in _OFFERS]
    return f"{offers[0]} and invert it" if offers and mend.inverted else (offers or ["Invert it"])[0]


def _how_often() -> str:
    """Say how often the check of pictures is right, in the figures that were measured."""
    found = measured()["kinds"]
    told = ", ".join(
        f"{one['noticed'] / one['pictures']:.0%} of {one['pictures']:,} {name}" for name, one in found.items()
    )
    real = measured()["real"]
    rate = real["noticed"] / real["pictures"]
    return (
        f"Told from light and dark alone, without the model. Of {real['pictures']:,} real films that took no part in "
        f"making the check it doubts {rate:.1%}; it notices {told}. Made pictures come from the generator that "
        f"learning used: their shares are the most that can be hoped for. {OTHER_SCREENS}"
    )


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."
