"""One finding large: four figures, the threshold that moves them, and what it means."""

from __future__ import annotations

from importlib import import_module

import plotly.graph_objects as go
import streamlit as st

from dashboard.page.glossary import explained
from dashboard.page.state import filled
from dashboard.page.words import escape
from dashboard.roc import figures, numbers
from dashboard.roc.matrix import show_matrix, show_rates, show_why
from dashboard.roc.scene import Scene, make_scene
from dashboard.roc.state import GROUPINGS, LINK, PANELS
from dashboard.roc.threshold import threshold_controls
from dashboard.roc.visit import visit
from dashboard.server.judging import Source
from dashboard.server.library import Library
from training.evaluate.judged import Judged
from training.evaluate.met_words import left_out_words
from xai.findings import finding_label

TITLES = {
    "roc": ("ROC", "Every threshold is a point: the share found against the share of false alarms."),
    "pr": ("Precision and recall", "The same points asked otherwise: of the flagged films, how many have it?"),
    "calibration": ("Calibration", "Of films given 10\u00a0%, do 10\u00a0% have it? On the dotted line, yes."),
    "scores": (
        "Scores by truth",
        "Where the two kinds of film lie, with the threshold. Each adds up to 100\u00a0%.",
    ),
}


@st.fragment
def show_finding(library: Library, home: Source, here: Judged) -> None:
    """Show the chosen finding; a moved threshold runs nothing but this."""
    finding = filled(visit.state.finding)
    ranked = here.ranked(finding)
    title = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    title.subheader(finding_label(finding), anchor=False, width="content")
    if ranked.problem:
        st.info(f"{ranked.problem} There is no curve to draw: choose another finding above.", icon=":material/info:")
        visit.write_permalink()
        return
    scene = make_scene(library, home, here, finding)
    title.caption(said := headline(scene), help=explained(said))
    threshold_controls(home, here, finding, scene.threshold, scene.problem)
    show_figures(scene)
    matrix, told = st.columns(2, gap="large")
    with matrix:
        show_matrix(home, finding, scene.threshold.value, scene.counts)
    with told:
        show_rates(scene.rates, scene.judged.share_method)
        show_why(home.predictions, finding, visit.state)
    choose_panel()
    for sentence in scene.refused:
        st.warning(escape(sentence))
    import_module(f"dashboard.roc.panels.{visit.state.panel}").show(scene)
    visit.write_permalink()


def headline(scene: Scene) -> str:
    """Say how good the ranking is, threshold aside."""
    area, ranked, drawn = scene.row.auroc, scene.ranked, scene.curves
    missing = f" · {left_out}" if (left_out := left_out_words(scene.judged, scene.finding)) else ""
    return (
        f"AUROC **{numbers.area(area)}** ({numbers.area_interval(area)}) · average precision "
        f"**{drawn.average_precision:.3f}**, a coin's is {drawn.precision_recall.prevalence:.3f} · "
        f"Brier score {drawn.brier:.4f} · {ranked.positives:,} films with it, {ranked.negatives:,} without{missing}"
    )


def four_figures(scene: Scene) -> dict[str, go.Figure]:
    """Draw the four figures."""
    rocs = {other.name: other.roc for other in scene.others.values()}
    prs = {other.name: other.precision_recall for other in scene.others.values()}
    drawn, threshold, shades = scene.curves, scene.threshold.value, scene.colors
    return {
        "roc": figures.roc_figure(drawn, scene.counts, rocs, shades),
        "pr": figures.precision_recall_figure(drawn, scene.counts, prs, shades),
        "calibration": figures.calibration_figure(drawn.calibration, threshold, shades),
        "scores": figures.histogram_figure(drawn.histogram, threshold, shades),
    }


def show_figures(scene: Scene) -> None:
    """Show the four figures side by side."""
    drawn = four_figures(scene)
    for column, (name, figure) in zip(st.columns(4, gap="small"), drawn.items(), strict=True):
        title, meaning = TITLES[name]
        with column:
            with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"roc_title_{name}"):
                st.markdown(f"**{title}**", help=meaning, width="content")
                if name == "calibration":
                    choose_groups()
            chart(figure, f"{scene.finding}-{name}", alternative(scene, name))


def chart(figure: go.Figure, name: str, alt: str) -> None:
    """Show a figure; the button at its corner keeps it as a vector picture."""
    config = {
        "displaylogo": False,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"format": "svg", "filename": name.lower()},
    }
    st.plotly_chart(figure, key=f"roc_chart_{name.rsplit('-', 1)[-1]}", config=config, alt=alt)


def alternative(scene: Scene, name: str) -> str:
    """Describe a figure to somebody who cannot see it."""
    found = scene.rates
    at = f"at the threshold {numbers.probability(scene.threshold.value)}"
    said = {
        "roc": f"ROC curve, AUROC {numbers.area(scene.row.auroc)}; {at} sensitivity "
        f"{numbers.share(found.sensitivity.value)}, specificity {numbers.share(found.specificity.value)}",
        "pr": f"Precision against recall, average precision {scene.curves.average_precision:.3f}; {at} PPV "
        f"{numbers.share(found.ppv.value)}",
        "calibration": f"Calibration curve, expected calibration error {scene.curves.calibration.error:.3f}",
        "scores": f"Histogram of probabilities by truth; {at} {numbers.share(found.predicted_prevalence.value)} are "
        "flagged",
    }
    return f"{finding_label(scene.finding)}. {said[name]}."


def choose_panel() -> None:
    """Show the choice of panel."""
    visit.bound(
        st.segmented_control,
        "More",
        list(PANELS),
        key="panel",
        take=lambda panel: {"panel": panel or LINK.default.panel, "slice": None},
        format_func=PANELS.get,
        label_visibility="collapsed",
    )


def choose_groups() -> None:
    """Show how films are grouped for the calibration curve, and change it."""
    now, other = visit.state.groups, next(one for one in GROUPINGS if one != visit.state.groups)
    st.button(
        GROUPINGS[now],
        key="roc_groups_turn",
        type="tertiary",
        icon=":material/swap_horiz:",
        on_click=lambda: visit.change(groups=other),
        help=f"Films are put in groups: {GROUPINGS[now]}. Click for {GROUPINGS[other]}.",
    )
