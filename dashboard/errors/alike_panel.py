"""Films that the model sees as like one that it is wrong on: whether it fails on all of a kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.errors.atlas import Atlas, chosen_controls, show_films
from dashboard.errors.features import draw, features_key, known_features
from dashboard.errors.model_panel import ask_for_features, choose_films, obstacle
from dashboard.errors.state import NEAR
from dashboard.errors.visit import visit
from dashboard.films.catalogue import UNKNOWN
from dashboard.films.gallery_panel import choose
from dashboard.films.state import OUTCOMES
from dashboard.films.state import State as FilmsState
from dashboard.page.side_by_side import INTERVAL, p_value
from dashboard.page.told import sentence_of
from dashboard.page.visit import refuse
from dashboard.page.words import escape, signed
from dashboard.server.store import content_key
from training.evaluate.alike import Fails, fails, nearest
from training.evaluate.apart import Apart
from training.evaluate.ranked import EvaluateError
from training.evaluate.rates import Share
from xai.findings import finding_label
from xai.written import with_unit

MOST_SHOWN = 24
NONE = "–"
MEANING = (
    "Near: the cosine of the model's last features, averaged over the film, as on the map of features. What films have "
    "in common for the model need not be what you see. Other films of the same patient are left out."
)
HELD = (
    "Films that are alike for a model get similar answers, so the second line compares only films that it answers as "
    "this one. Intervals are of the shares, and Newcombe's of the difference; both know that films of one patient are "
    "alike."
)


def show_alike(atlas: Atlas) -> None:
    """Show one film, those that are like it, and how many of them are judged wrongly."""
    st.subheader("Films like this one", anchor=False, help=MEANING)
    if why := obstacle(atlas):
        st.info(f"Films like one are not offered here. {escape(why)}")
        return
    film = _film(atlas)
    if film is None:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        visit.bound(st.segmented_control, "Nearest", list(NEAR), key="near", take=lambda near: {"near": near or 20})
        choose_films("Films that are looked through, drawn at random")
    _nearest_to(atlas, film)


def _film(atlas: Atlas) -> str | None:
    """Give the film in question: that of the link, or the most confident mistake."""
    film = visit.state.like
    if film is not None:
        row = atlas.catalogue.films.row(film)
        if row is None:
            refuse(f"{atlas.dataset} has no film “{film}”; showing films like the most confident mistake.")
            visit.change(like=None)
            st.rerun()
        if atlas.catalogue.films.openable[row]:
            return film
        st.info(escape(f"The picture of {film} is not on this machine, so the model cannot look at it."))
        return None
    for cell in ("FP", "FN"):
        if found := atlas.films_of(cell, only_pictures=True):
            st.caption(
                f"This is the most confident {OUTCOMES[cell]}. For another film tick it in a gallery and press “Like "
                "this one”, or open it on Films."
            )
            return found[0]
    st.info(
        "No film with a picture here is judged wrongly at this threshold. Tick a film in a gallery to see its like."
    )
    return None


def _nearest_to(atlas: Atlas, film: str) -> None:
    row = atlas.catalogue.films.row(film)
    assert row is not None  # `_film` has seen to that
    allowed = atlas.can_open & ~_of_the_same_patient(atlas, row)
    rows = draw(allowed, visit.state.map_films)
    names = atlas.judged.films["film"].to_numpy()[rows].tolist()
    services = atlas.services
    kept_as = features_key(services, atlas.source.model, atlas.dataset)
    known = known_features(services.arrays, kept_as)
    missing = [name for name in (film, *names) if name not in known]
    key = content_key(kept_as, missing)
    done = services.long_jobs.find(key)
    if missing and not (done is not None and done.state == "done"):
        ask_for_features(atlas, missing, kept_as, key)
        return
    here = [k for k, name in enumerate(names) if name in known]
    if film not in known or not here:
        st.info(escape(f"{film if film not in known else 'None of the other films'} could not be opened."))
        return
    try:
        found, similarity = nearest(np.stack([known[names[k]] for k in here]), known[film], visit.state.near)
    except EvaluateError as error:
        st.info(escape(sentence_of(error)))
        return
    near_rows = rows[np.array(here)[found]]
    _show_found(atlas, film, row, near_rows, similarity, allowed)


def _show_found(
    atlas: Atlas, film: str, row: int, near_rows: np.ndarray, similarity: np.ndarray, allowed: np.ndarray
) -> None:
    near = np.zeros(len(atlas.judged), bool)
    near[near_rows] = True
    answer = float(atlas.catalogue.probabilities(atlas.finding)[row])
    flagged = answer >= atlas.threshold
    found = fails(atlas.outcome, near, allowed & ~near, flagged, atlas.judged.patients)
    asked = FilmsState(
        dataset=atlas.dataset,
        predictions=atlas.source.predictions,
        finding=atlas.finding,
        thresholds=((atlas.finding, atlas.threshold),),
    )
    left, right = st.columns([1, 3.2], gap="large")
    with left:
        st.markdown("**This one**")
        show_films(atlas, asked, [film], "errors_gallery_this")
    with right:
        st.markdown(in_words(found, atlas.finding, flagged))
        st.dataframe(
            fails_table(found, flagged, len(near_rows)),
            hide_index=True,
            height="content",
            width="stretch",
            key="errors_fails",
            alt="How many of the films like this one are judged wrongly, against all others.",
        )
        st.caption(HELD)
    names = atlas.judged.films["film"].to_numpy()[near_rows].tolist()
    cells = atlas.outcome[near_rows]
    counts = ", ".join(f"{int((cells == cell).sum())} {cell}" for cell in OUTCOMES)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(
            f"**The {len(names)} nearest** of {min(visit.state.map_films, int(allowed.sum())):,}: {counts} · cosine "
            f"{similarity[0]:.3f} to {similarity[-1]:.3f}",
            width="content",
        )
        st.button("Choose all", key="errors_choose_alike", icon=":material/check_box:", on_click=choose, args=(names,))
    chosen_controls(atlas)
    show_films(atlas, asked, names[:MOST_SHOWN], "errors_gallery_alike")
    if len(names) > MOST_SHOWN:
        st.caption(f"The first {MOST_SHOWN} are shown.")


def in_words(found: Fails, finding: str, flagged: bool) -> str:
    """Say whether the model is wrong on more of the films like this one."""
    name = escape(finding_label(finding))
    if np.isnan(found.near.low):
        return "None of the films on one side has a label, so nothing can be said."
    if found.near.low <= 0:
        return f"**No sign that {name} is judged wrong more often on films like this one** than elsewhere."
    answered = "flags" if flagged else "does not flag"
    if found.answered.low > 0:
        more = f"Also among those that it {answered}, so that it is not the answer alone."
    else:
        more = f"Among those that it {answered} no difference is sure: it may be the answer alone."
    return f"**{name} is judged wrong more often on films like this one** than elsewhere. {more}"


def fails_table(found: Fails, flagged: bool, near: int) -> pd.DataFrame:
    """Give a row a comparison, in words."""
    lines = {
        f"all {near} nearest": found.near,
        f"those {'' if flagged else 'not '}flagged, as this one": found.answered,
    }
    return pd.DataFrame([{"judged wrongly": name, **_line(one)} for name, one in lines.items()])


def _line(one: Apart) -> dict[str, str]:
    ends = [with_unit(signed(100 * value, 1), "pts") for value in (one.low, one.high)]
    return {
        "like this one": _share(one.first),
        "all others": _share(one.second),
        "Change": NONE if np.isnan(one.low) else with_unit(signed(100 * one.difference, 1), "pts"),
        INTERVAL: NONE if np.isnan(one.low) else f"{ends[0]} to {ends[1]}",
        "p": p_value(one.p),
    }


def _share(one: Share) -> str:
    if not one.of:
        return NONE
    value = with_unit(f"{100 * one.value:.0f}", "%")
    return f"{value} ({100 * one.low:.0f} to {100 * one.high:.0f}), {one.count:,} of {one.of:,}"


def _of_the_same_patient(atlas: Atlas, row: int) -> np.ndarray:
    """Say which judged films are the film itself, or of its patient where that is known, bool (films,)."""
    patients = atlas.catalogue.films.patients
    itself = atlas.rows == row
    if patients.names[patients.codes[row]] == UNKNOWN:
        return itself
    return itself | ((atlas.rows >= 0) & (patients.codes[atlas.rows] == patients.codes[row]))
