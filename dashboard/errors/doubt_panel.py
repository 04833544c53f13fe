"""Labels in doubt: which films the model reads otherwise than their label says, and how often it would be right."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.components.download import download
from dashboard.errors.atlas import Atlas, chosen_controls, open_in_films, show_films
from dashboard.errors.state import State
from dashboard.errors.visit import visit
from dashboard.films.state import State as FilmsState
from dashboard.films.state import films_of
from dashboard.page.state import filled
from dashboard.page.words import escape, percent
from dashboard.server.judging import Source
from dashboard.server.session import offer
from training.evaluate.doubt import LABELS, Doubts, doubt_table, judged_doubts, out_of_sample
from training.evaluate.doubt_simulated import FIRST, behind, simulate
from training.evaluate.judged import Judged
from training.evaluate.subgroups import SMALL
from xai.findings import finding_label
from xai.machine import file_name

IN_GALLERY = 12
SUPPOSED = (0.0, 0.005, 0.01, 0.02, 0.05)  # shares of all labels that may be wrong
NONE = "–"
MEANING = (
    "A label is in doubt where the model disagrees with it as strongly as it agrees, on average, with films that are "
    "labelled the other way. Who is right, only an expert who looks at the film can say: a wrong label and a film that "
    "the model cannot read look alike."
)
METHOD = (
    "Confident learning (Northcutt, Jiang and Chuang, 2021), each finding for itself: the model is sure of a class "
    "from the mean probability that it gives films with that label. **Counted as wrong** takes it at its word wherever "
    "it is sure, so it counts labels as wrong even where none is; the table beside the films says how many. The "
    "interval is for other patients, not for that. A model that says too much of a finding doubts more of its labels: "
    "mend it first."
)
WOULD_BE = (
    "Simulated with as many films, as many labelled and the same AUROC, if so many of all labels were wrong at random. "
    "How many are wrong, nobody knows from predictions and labels. Real labels may be wrong more often on films that "
    "are hard to read, which is not simulated. “Cannot be”: with so many wrong labels no model could have this AUROC."
)


def show_doubts(judged: Judged, told: Source, atlas: Atlas | None) -> None:
    """Show how many labels of each finding are in doubt, and the films of the chosen one.

    Parameters
    ----------
    judged : Judged
    told : Source
    atlas : Atlas or None
        To show films with; None where they are in no dataset of the library.
    """
    finding = filled(visit.state.finding)
    name = finding_label(finding)
    st.subheader(f"Labels in doubt: {name}", anchor=False, help=METHOD)
    st.markdown(MEANING)
    if warning := out_of_sample(judged, finding):
        st.warning(escape(warning), icon=":material/warning:")
    measured = _measured(told.stamp, judged)
    found = measured[finding]
    if found.problem:
        st.info(escape(found.problem))
    else:
        _choose_label(found)
        left, right = st.columns([1.25, 1], gap="large")
        with right:
            _show_worth(judged, finding, found)
        with left:
            _show_films(judged, told, found, atlas)
    st.divider()
    _show_all(judged, told, measured)


def _show_all(judged: Judged, told: Source, measured: dict[str, Doubts]) -> None:
    title, button = st.columns([5, 1], vertical_alignment="bottom")
    title.subheader("All findings", anchor=False, help=METHOD)
    with button:
        file = file_name(f"{told.predictions.lower()}-doubts.csv")
        download(
            "Doubts",
            offer("doubts", file, "text/csv", lambda: all_doubts(judged)),
            key="errors_get_doubts",
            width="stretch",
            help="One row a film and finding whose label is in doubt: the label, the probability, self-confidence and "
            "normalised margin, and what the film served for (met).",
        )
    st.dataframe(
        doubts_table(measured),
        hide_index=True,
        height="content",
        key="errors_doubts",
        alt="How many labels of each finding are in doubt, and how many confident learning counts as wrong.",
    )


def all_doubts(judged: Judged) -> str:
    """Write the films in doubt of every finding as CSV."""
    tables = [doubt_table(judged, name) for name in judged.findings]
    return pd.concat(tables).to_csv(index=False, lineterminator="\n")


def doubts_table(measured: dict[str, Doubts]) -> pd.DataFrame:
    """Give a row a finding, in words."""
    rows = []
    for name, found in measured.items():
        row: dict[str, object] = {"finding": finding_label(name)}
        for label in LABELS:
            side = getattr(found, label)
            row[f"labelled {label}"] = side.films
            row[f"{label}, in doubt"] = None if found.problem else side.share.count
            row[f"{label}, counted as wrong"] = _counted(*side.wrong)
        rows.append(row)
    return pd.DataFrame(rows)


def doubted_films(told: Source, finding: str, found: Doubts, label: str, pictures: bool = False) -> FilmsState:
    """Ask the Films page for the films with a label that are in doubt, the most doubtful first."""
    span = (0.0, found.sure_absent) if label == "present" else (found.sure_present, 1.0)
    return FilmsState(
        dataset=told.dataset,
        predictions=told.predictions,
        finding=finding,
        labels=((finding, label),),
        probability=((finding, *span),),
        **films_of(told.split),
        image="here" if pictures else "",
        sort="unlikely" if label == "present" else "likely",
    )


def worth_table(judged: Judged, finding: str, label: str) -> pd.DataFrame:
    """Say what the doubts would be worth, a row a supposed share of wrong labels."""
    ranked = judged.ranked(finding)
    area = judged.auroc(finding).value
    films, labelled = ranked.films, ranked.prevalence
    rows = []
    for wrong in SUPPOSED:
        worth = _simulated(round(area, 3), round(labelled, 4), wrong, films)
        doubted, right, found, first = worth[label] if worth else (math.nan,) * 4
        rows.append(
            {
                "if wrong": percent(wrong) if wrong else "none",
                "in doubt": f"{doubted:,.0f}" if worth else "cannot be",
                "of them wrong": _share(right),
                f"of the first {FIRST}": _share(first),
                "wrong ones found": _share(found),
            }
        )
    return pd.DataFrame(rows)


@st.cache_resource(max_entries=16, show_spinner=False)
def _measured(stamp: str, _judged: Judged) -> dict[str, Doubts]:
    return {name: judged_doubts(_judged, name) for name in _judged.findings}


@st.cache_data(max_entries=256, show_spinner=False)
def _simulated(area: float, labelled: float, wrong: float, films: int) -> dict[str, tuple[float, ...]] | None:
    truth = behind(area, labelled, wrong)
    if truth is None:
        return None
    found = simulate(truth, films, np.random.default_rng(0)).found
    return {name: (one.doubted, one.precision, one.recall, one.first_precision) for name, one in found.items()}


def _choose_label(found: Doubts) -> None:
    counts = {label: len(found.doubted[label]) for label in LABELS}
    visit.bound(
        st.segmented_control,
        "Which label",
        list(LABELS),
        key="label",
        take=lambda label: {"label": label or State.label},
        format_func=lambda label: f"Labelled {label}: {counts[label]:,} in doubt",
        label_visibility="collapsed",
    )


def _show_worth(judged: Judged, finding: str, found: Doubts) -> None:
    label, area, ranked = visit.state.label, judged.auroc(finding), judged.ranked(finding)
    st.markdown("**How often would such a doubt be right?**")
    if min(ranked.positives, ranked.negatives) < SMALL or not area.value > 0.5:
        st.info(f"Not known: that needs {SMALL} films of either kind, and an AUROC above 0.5.")
        return
    st.dataframe(
        worth_table(judged, finding, label),
        hide_index=True,
        height="content",
        key="errors_worth",
        alt="What the doubts would be worth if a share of the labels were wrong.",
    )
    st.caption(
        f"Here {len(found.doubted[label]):,} are in doubt, AUROC {area.value:.3f}, {percent(ranked.prevalence)} of "
        f"{ranked.films:,} films are labelled present. {WOULD_BE}"
    )


def _show_films(judged: Judged, told: Source, found: Doubts, atlas: Atlas | None) -> None:
    finding, label = filled(visit.state.finding), visit.state.label
    rows = found.doubted[label]
    if not len(rows):
        st.info(f"No label “{label}” is in doubt.")
        return
    st.caption(_rule(found, label))
    if atlas is None:
        st.info("The films lie outside this library, so they cannot be shown; the table above can be downloaded.")
        return
    asked = doubted_films(told, finding, found, label, visit.state.pictures)
    names = [str(atlas.catalogue.films.names[row]) for row in atlas.shared.find(asked, atlas.catalogue, atlas.notebook)]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button(
            f"All {len(names):,}",
            key="errors_all_doubts",
            icon=":material/grid_view:",
            disabled=not names,
            help="Open all of them on the Films page, the most doubtful first.",
        ):
            open_in_films(asked)
        with_picture = int(atlas.can_open[rows].sum())
        if with_picture < len(rows) or visit.state.pictures:
            visit.bound(st.toggle, f"Only the {with_picture:,} with a picture here", key="pictures")
    chosen_controls(atlas)
    if not names:
        st.info("None of them has a picture on this machine; switch “Only …” off to see which they are.")
        return
    met = ~judged.met.new(finding) & ~judged.met.unknown
    if count := int(met[rows].sum()):
        st.caption(f"{count:,} of them the model has met; the downloaded table says which.")
    show_films(atlas, asked, names[:IN_GALLERY], "errors_gallery_doubts")
    if len(names) > IN_GALLERY:
        st.caption(f"The {IN_GALLERY} most doubtful are shown; a click opens a film large.")


def _rule(found: Doubts, label: str) -> str:
    if label == "present":
        mean, other = percent(found.sure_absent), "absent"
        return f"Labelled present, with at most {mean}: the mean probability of films that are labelled {other}."
    mean, other = percent(found.sure_present), "present"
    return f"Labelled absent, with at least {mean}: the mean probability of films that are labelled {other}."


def _counted(value: float, low: float, high: float) -> str:
    return NONE if math.isnan(value) else f"{value:,.0f} ({low:,.0f} to {high:,.0f})"


def _share(value: float) -> str:
    return NONE if math.isnan(value) else percent(value)
