"""The map of films by the model's own features."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard.errors.atlas import Atlas, show_films
from dashboard.errors.atlas_figures import feature_map
from dashboard.errors.features import compute_features, features_key, inside, known_features, sample
from dashboard.errors.maps_wanted import obstacle, opener
from dashboard.errors.state import simplified
from dashboard.errors.visit import visit
from dashboard.films.gallery_panel import choose
from dashboard.page.told import sentence_of
from dashboard.page.words import escape
from dashboard.server.started import is_started, start_job, wait_for
from dashboard.server.store import content_key
from training.evaluate.atlas import Projection, project
from training.evaluate.ranked import EvaluateError
from xai.budget import Budget
from xai.findings import finding_label

MOST_SHOWN = 12


def show_map(atlas: Atlas) -> None:
    """Show films by the model's own features, and those that the visitor outlines."""
    st.subheader(
        "Films as the model sees them",
        anchor=False,
        help="Each dot is a film, placed by the two directions in which the model's last features, averaged over the "
        "film, differ most (principal components). Films that are far apart here are far apart for the model; films "
        "that are close may still differ in other directions.",
    )
    if why := obstacle(atlas):
        st.info(f"The map of features is not offered here. {escape(why)}")
        return
    choose_films("Films on the map, of all four outcomes alike as far as there are any")
    rows = sample(atlas.outcome, atlas.can_open, visit.state.map_films)
    names = atlas.judged.films["film"].to_numpy()[rows].tolist()
    services = atlas.services
    kept_as = features_key(services, atlas.source.model, atlas.dataset)
    known = known_features(atlas.services.arrays, kept_as)
    missing = [name for name in names if name not in known]
    key = content_key(kept_as, missing)
    done = services.long_jobs.find(key)
    if missing and not (done is not None and done.state == "done"):
        ask_for_features(atlas, missing, kept_as, key)
        return
    here = [k for k, name in enumerate(names) if name in known]
    if len(here) < len(names):
        st.caption(f"{len(names) - len(here)} films could not be opened and are left out.")
    try:
        found = _projected(content_key(kept_as, [names[k] for k in here]), [known[names[k]] for k in here])
    except EvaluateError as error:
        st.info(escape(sentence_of(error)))
        return
    _draw(atlas, found, atlas.outcome[rows[here]], [names[k] for k in here])


def choose_films(label: str) -> None:
    """Show the choice of how many films have their features computed."""
    visit.bound(
        st.slider,
        label,
        20,
        2000,
        step=20,
        key="map_films",
        value=max(visit.state.map_films, 20),
        take=lambda count: {"map_films": count, "region": ()},
        width=420,
    )


def ask_for_features(atlas: Atlas, missing: list[str], kept_as: str, key: str) -> None:
    """Offer to compute the features of films that have none yet, or show how far that is.

    Parameters
    ----------
    atlas : Atlas
    missing : list of str
        Films.
    kept_as : str
        What `features_key` gives.
    key : str
        Of the job.
    """
    if not is_started(key):
        st.button(
            f"Compute features of {len(missing):,} films",
            key="errors_features",
            icon=":material/play_arrow:",
            on_click=start_job,
            args=(atlas.services, key),
            help="In the background, with the model. Stopped and started again, it goes on where it was.",
        )
        return
    opens = {name: opener(atlas, name) for name in missing}

    def work(budget: Budget) -> None:
        compute_features(atlas.services.classifier(atlas.source.model), opens, atlas.services.arrays, kept_as, budget)

    wait_for(atlas.services, key, f"Features of {len(missing):,} films", work)


@st.cache_resource(max_entries=16, show_spinner=False)
def _projected(key: str, _features: list[np.ndarray]) -> Projection:
    return project(np.stack(_features))


def _draw(atlas: Atlas, found: Projection, outcome: np.ndarray, names: list[str]) -> None:
    corners = np.array(visit.state.region) if visit.state.region else None
    left, right = st.columns([1.25, 1], gap="large")
    with left:
        st.plotly_chart(
            feature_map(found.points, outcome, names, corners),
            key=f"errors_map_{content_key(names)[:12]}",
            config={"displaylogo": False, "scrollZoom": False, "modeBarButtonsToRemove": ["toImage", "autoScale2d"]},
            on_select=lambda: _outlined(f"errors_map_{content_key(names)[:12]}"),
            selection_mode=("lasso", "box"),
            alt=f"{len(names)} films by the model's features, coloured by outcome.",
        )
        st.caption(
            f"The axes hold {found.explained[0]:.0%} and {found.explained[1]:.0%} of what differs between these films. "
            "Draw around films to open them."
        )
    with right:
        if corners is None:
            st.info("Draw around films on the map, with the lasso or the box: they are shown here.")
            return
        chosen_here = [name for name, here in zip(names, inside(found.points, corners), strict=True) if here]
        _inside(atlas, chosen_here, outcome[inside(found.points, corners)])


def _outlined(key: str) -> None:
    drawn = st.session_state[key].selection
    if drawn.lasso:
        corners = list(zip(drawn.lasso[-1]["x"], drawn.lasso[-1]["y"], strict=True))
    elif drawn.box:
        (x0, x1), (y0, y1) = drawn.box[-1]["x"], drawn.box[-1]["y"]
        corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    else:
        return  # the figure forgets what was drawn when it is drawn anew; the state does not
    if len(corners) > 2:
        visit.change(region=simplified(corners))


def _inside(atlas: Atlas, names: list[str], outcome: np.ndarray) -> None:
    counts = ", ".join(f"{int((outcome == cell).sum())} {cell}" for cell in ("TP", "FP", "FN", "TN"))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{len(names):,} films** inside: {counts}", width="content")
        st.button("Clear", key="errors_clear", icon=":material/close:", on_click=visit.change, kwargs={"region": ()})
        st.button(
            "Choose all",
            key="errors_choose",
            icon=":material/check_box:",
            on_click=choose,
            args=(names,),
            disabled=not names,
            help=f"To tag, note or compare them, with the buttons above {finding_label(atlas.finding)}'s galleries.",
        )
    if not names:
        st.caption("No film of the map lies inside; draw again.")
        return
    show_films(atlas, atlas.any_films, names[:MOST_SHOWN], "errors_gallery_map")
    if len(names) > MOST_SHOWN:
        st.caption(f"The first {MOST_SHOWN} are shown.")
