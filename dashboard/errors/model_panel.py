"""What needs the model itself: where it looked on average, and the map of its own features."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from dashboard.errors import mean_map
from dashboard.errors.atlas import Atlas, show_films
from dashboard.errors.atlas_figures import feature_map
from dashboard.errors.atlas_panel import choose_cell
from dashboard.errors.features import compute_features, features_key, inside, known_features, sample
from dashboard.errors.saving import home_of
from dashboard.errors.state import CELLS, simplified
from dashboard.errors.visit import visit
from dashboard.errors.waiting import start_job, started, wait_for
from dashboard.films.gallery_panel import choose
from dashboard.films.state import State as FilmsState
from dashboard.page.words import escape
from dashboard.server.store import content_key
from training.evaluate.atlas import Projection, project
from training.evaluate.ranked import EvaluateError
from xai.budget import Budget
from xai.films.film import Film
from xai.findings import finding_label

MOST_SHOWN = 12
READING = (
    "Each film's Grad-CAM is taken as shares of its own sum, so that every film weighs the same, and the mean is laid "
    "over the mean film, as the model sees them. Bright: more of the evidence; both have one scale. On the right: "
    "orange where the {films} hold more of it, blue where the true positives do. A mean hides single films: open some "
    "before you believe it."
)


def obstacle(atlas: Atlas) -> str:
    """Say why nothing that needs the model can be offered; empty where it can."""
    facts = atlas.shared.library.read_predictions(atlas.source.predictions).facts
    if not atlas.can_open.any():
        return f"This needs pictures, and none of the {len(atlas.judged):,} films has its picture on this machine."
    return home_of(atlas.shared.library, facts).why


def show_mean_maps(atlas: Atlas) -> None:
    """Show the mean Grad-CAM of wrongly judged films beside that of true positives."""
    st.subheader("Where the model looked", anchor=False)
    if why := obstacle(atlas):
        st.info(f"The mean Grad-CAM is not offered here. {escape(why)}")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        choose_cell("mean_map_cell")
        visit.bound(
            st.slider,
            "Films of either kind, the most confident",
            4,
            128,
            step=4,
            key="mean_films",
            value=min(visit.state.mean_films, 128),
            width=300,
        )
    cells = (visit.state.cell, "TP")
    films = {cell: atlas.films_of(cell, only_pictures=True)[: visit.state.mean_films] for cell in cells}
    empty = [cell for cell in cells if not films[cell]]
    if empty:
        names = {**CELLS, "TP": "true positives"}
        st.info(f"None of the {names[empty[0]]} has a picture here, so there is nothing to compare.")
        return
    services, model, stamp = atlas.services, atlas.source.model, atlas.shared.library.dataset_stamp(atlas.dataset)
    key = content_key("mean map of all layers", services.model_key(model), atlas.dataset, stamp, atlas.finding, films)
    kept = atlas.services.arrays.get(key)
    found = mean_map.from_arrays(kept, cells) if kept else None
    if found is not None:
        _show_pictures(found, cells)
    elif key in started():
        opens = {cell: [_opener(atlas, name) for name in names] for cell, names in films.items()}

        def work(budget: Budget) -> None:
            made = mean_map.mean_maps(services.classifier(model), opens, atlas.finding, budget)
            atlas.services.arrays.put(key, mean_map.to_arrays(made))

        wait_for(services, key, f"Grad-CAM of {sum(map(len, films.values()))} films", work)
    else:
        count = sum(map(len, films.values()))
        st.button(
            f"Compute {count} maps",
            key="errors_mean_map",
            icon=":material/play_arrow:",
            on_click=start_job,
            args=(services, key),
            help="In the background, with the model; what was computed is kept.",
        )


def _show_pictures(found: dict[str, mean_map.MeanMap], cells: tuple[str, str]) -> None:
    first, second = found[cells[0]], found[cells[1]]
    titles = [
        f"{CELLS[cells[0]].capitalize()}, {first.films} films",
        f"True positives, {second.films} films",
        "The first less the second",
    ]
    for column, title, picture in zip(
        st.columns(3, gap="small"), titles, mean_map.pictures(first, second), strict=True
    ):
        column.image(picture, output_format="PNG", width="stretch", alt=f"Mean Grad-CAM: {title}")
        column.caption(title)
    st.caption(READING.format(films=CELLS[cells[0]]))
    empty, broken = first.empty + second.empty, first.broken + second.broken
    if empty or broken:
        st.caption(
            f"{empty} maps are empty, nothing speaks for the finding there, and count in the mean film only; "
            f"{broken} films could not be opened and are left out."
        )


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
    visit.bound(
        st.slider,
        "Films on the map, of all four outcomes alike as far as there are any",
        20,
        2000,
        step=20,
        key="map_films",
        value=max(visit.state.map_films, 20),
        take=lambda count: {"map_films": count, "region": ()},
        width=420,
    )
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
        st.info(escape(str(error)))
        return
    _draw(atlas, found, atlas.outcome[rows[here]], [names[k] for k in here])


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
    if key not in started():
        st.button(
            f"Compute features of {len(missing):,} films",
            key="errors_features",
            icon=":material/play_arrow:",
            on_click=start_job,
            args=(atlas.services, key),
            help="In the background, with the model. Stopped and started again, it goes on where it was.",
        )
        return
    opens = {name: _opener(atlas, name) for name in missing}

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
    asked = FilmsState(
        dataset=atlas.dataset,
        predictions=atlas.source.predictions,
        finding=atlas.finding,
        thresholds=((atlas.finding, atlas.threshold),),
    )
    show_films(atlas, asked, names[:MOST_SHOWN], "errors_gallery_map")
    if len(names) > MOST_SHOWN:
        st.caption(f"The first {MOST_SHOWN} are shown.")


def _opener(atlas: Atlas, name: str) -> Callable[[], Film]:
    return lambda: atlas.services.film(atlas.dataset, name)
