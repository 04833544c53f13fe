"""What others measured, where their films are the same; and why not, where they are not."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from dashboard.page.words import escape
from dashboard.roc import numbers
from dashboard.roc.colors import colors
from dashboard.roc.data import KEPT
from dashboard.roc.figures import frame
from dashboard.roc.scene import Scene
from training.evaluate.judged import Judged
from training.evaluate.published import FIGURES, Published, Verdict, may_compare
from xai.findings import finding_label

SYMBOLS = ("diamond-open", "triangle-up-open", "square-open", "cross-open", "star-open", "hexagon-open")
ROW_HEIGHT = 30  # pixels a finding
Compared = Sequence[tuple[Published, Verdict]]


def show(scene: Scene) -> None:
    """Show published AUROCs beside ours where the films are the same, and the reason where not."""
    verdicts = list(zip(FIGURES, compare_all(scene.home.stamp, scene.judged), strict=True))
    allowed = [pair for pair in verdicts if pair[1].allowed]
    refused = [pair for pair in verdicts if not pair[1].allowed]
    if allowed:
        _show_allowed(scene, allowed)
    if refused:
        title = "These may not stand beside ours." if allowed else "No published figure may stand beside these."
        st.markdown(
            f"**{title}** An AUROC depends on its films: a split with more hard ones scores lower, whatever the model."
        )
        st.markdown("\n".join(f"- {escape(verdict.why)}" for _, verdict in refused))


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def compare_all(stamp: str, _judged: Judged) -> tuple[Verdict, ...]:
    """Say of each published table whether it may stand beside ours."""
    return tuple(may_compare(one, _judged) for one in FIGURES)


def _show_allowed(scene: Scene, allowed: Compared) -> None:
    picture, sources = st.columns([1.6, 1], gap="large")
    with picture:
        st.markdown("**AUROC beside published figures on the same films**")
        st.plotly_chart(
            published_figure(scene, allowed),
            key="roc_chart_published",
            config={"displayModeBar": False},
            alt=published_words(scene, allowed),
        )
    with sources:
        st.markdown(f"**{finding_label(scene.finding)}**")
        st.markdown(published_words(scene, allowed))
        for one, verdict in allowed:
            st.caption(f"**{escape(one.key)}**: {escape(one.source)}. {escape(verdict.why)}")


def published_words(scene: Scene, allowed: Compared) -> str:
    """Give the figures of the chosen finding in words."""
    ours = f"Here {numbers.area(scene.row.auroc)} ({numbers.area_interval(scene.row.auroc)})"
    theirs = [f"{escape(one.key)} {one.aurocs[scene.finding]:.3f}" for one, _ in allowed if scene.finding in one.aurocs]
    return "; ".join([ours, *theirs]) + "."


def published_figure(scene: Scene, allowed: Compared) -> go.Figure:
    """Draw this model's AUROCs with intervals, and published ones as open marks."""
    rows = [row for row in scene.rows if not row.problem]
    names = [_name(row.finding, scene.finding) for row in rows]
    quiet = scene.colors.quiet
    figure = frame("AUROC", "", 70 + ROW_HEIGHT * len(rows))
    for symbol, (one, _) in zip(SYMBOLS, allowed, strict=False):
        figure.add_scatter(
            x=[one.aurocs.get(row.finding) for row in rows],
            y=names,
            mode="markers",
            name=one.key,
            marker={"symbol": symbol, "size": 10, "color": quiet, "line": {"width": 1.5}},
            hovertemplate=f"{one.key}: %{{x:.4f}}<extra></extra>",
        )
    shades = [colors(row.finding).finding for row in rows]
    for row, name, color in zip(rows, names, shades, strict=True):
        area = row.auroc
        figure.add_scatter(
            x=[area.value],
            y=[name],
            mode="markers",
            marker={"size": 10, "color": color},
            error_x={
                "type": "data",
                "array": [max(area.high - area.value, 0)],
                "arrayminus": [max(area.value - area.low, 0)],
                "color": color,
                "width": 0,
            },
            hovertemplate=f"{finding_label(row.finding)}: %{{x:.4f}}<extra></extra>",
            showlegend=False,
        )
    figure.update_xaxes(range=None, tickformat=".6~f", tickvals=None)
    figure.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=names[::-1],
        tickformat="",
        tickvals=None,
        title="",
        range=None,
    )
    figure.update_layout(
        margin={"l": 130, "t": 34, "b": 44, "r": 12},
        legend={"x": 0, "y": 1.0, "xanchor": "left", "yanchor": "bottom", "orientation": "h"},
    )
    return figure


def _name(finding: str, chosen: str) -> str:
    name = finding_label(finding)
    return f"<b>{name}</b>" if finding == chosen else name
