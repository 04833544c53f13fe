"""Subgroups: does it work as well for everybody."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard.page.glossary import explained
from dashboard.roc import numbers
from dashboard.roc.data import Group, groups
from dashboard.roc.figures import frame
from dashboard.roc.scene import Scene
from training.evaluate.rates import Share
from training.evaluate.subgroups import SMALL

MEANING = (
    "The same threshold for every group. A group whose interval lies away from the line of all films is worth a look; "
    "of many groups some do by chance. AUROC compares films inside a group only: a model can rank well in each and "
    "still flag one group far more often."
)
TITLES = {"view": "View", "sex": "Sex", "age": "Age", "dataset": "Dataset", "all": ""}


def show(scene: Scene) -> None:
    """Show AUROC and rates by group."""
    with st.spinner("Measuring each group …", show_time=False):
        measured = groups(scene.home.stamp, scene.finding, scene.judged)
    if len(measured) == 1:
        st.info("These films have one view, sex, age band and dataset, or do not say: there are no groups to compare.")
        return
    picture, table = st.columns([1, 1.9], gap="small")
    with picture:
        st.markdown("**AUROC**, with 95\u00a0% interval")
        st.plotly_chart(
            interval_figure(measured, scene),
            key="roc_chart_groups",
            config={"displayModeBar": False},
            alt="AUROC of each group: "
            + "; ".join(
                f"{_name(one)} {numbers.area(one.auroc)} ({numbers.area_interval(one.auroc)})" for one in measured
            ),
        )
    with table:
        st.markdown("**At this threshold**, with 95\u00a0% interval", help=f"Intervals: {scene.judged.share_method}.")
        st.dataframe(
            group_table(measured, scene.threshold.value),
            hide_index=True,
            width="stretch",
            height="content",
            key="roc_groups",
        )
    small = [f"{_name(one)}: {one.caution}" for one in measured if one.caution]
    if small:
        st.warning(
            f"Little can be said of groups with fewer than {SMALL} films of either kind. " + " ".join(small),
            icon=":material/warning:",
        )
    st.caption(f"{MEANING} {scene.judged.whose.caution}".rstrip(), help=explained(MEANING))


def group_table(measured: tuple[Group, ...], threshold: float) -> pd.DataFrame:
    """Give a row a group, in words."""
    rows = []
    for one in measured:
        found = one.by_patient.rates(threshold)
        rows.append(
            {
                "group": f"⚠ {_name(one)}" if one.caution else _name(one),
                "films": one.ranked.films,
                "have it": _with_interval(found.prevalence),
                "flagged": _with_interval(found.predicted_prevalence),
                "sensitivity": _with_interval(found.sensitivity),
                "specificity": _with_interval(found.specificity),
                "PPV": _with_interval(found.ppv),
            }
        )
    return pd.DataFrame(rows)


def interval_figure(measured: tuple[Group, ...], scene: Scene) -> go.Figure:
    """Draw the AUROC of each group as a point with its interval; small groups stand back."""
    colors = scene.colors
    shown = [one for one in measured if not math.isnan(one.auroc.value)]
    figure = frame("AUROC", "", _height(measured))
    names = [_name(one) for one in measured]
    whole = measured[0].auroc
    figure.add_vline(x=whole.value, line={"color": colors.quiet, "width": 1, "dash": "dot"})
    for small in (False, True):
        some = [one for one in shown if bool(one.caution) == small]
        color = colors.quiet if small else colors.finding
        figure.add_scatter(
            x=[one.auroc.value for one in some],
            y=[_name(one) for one in some],
            mode="markers",
            marker={"color": color, "size": 9, "symbol": "circle-open" if small else "circle"},
            error_x={
                "type": "data",
                "array": [_gap(one.auroc.high, one.auroc.value) for one in some],
                "arrayminus": [_gap(one.auroc.value, one.auroc.low) for one in some],
                "color": color,
                "thickness": 1.6,
                "width": 0,
            },
            hovertemplate="%{y}<br>AUROC %{x:.3f}<extra></extra>",
            showlegend=False,
        )
    ends = [one.auroc.low for one in shown if not (one.caution or math.isnan(one.auroc.low))] or [0.5]
    low = min(0.5, *ends) if min(ends) < 0.5 else max(0.4, min(ends) - 0.05)
    figure.update_xaxes(range=[low, 1.0], tickformat=".2f", tickvals=None, nticks=6)
    figure.update_yaxes(
        range=[len(names) - 0.4, -0.6],
        type="category",
        categoryorder="array",
        categoryarray=names,
        tickvals=None,
        tickformat="",
        title="",
    )
    figure.update_layout(margin={"l": 120, "t": 34, "b": 44, "r": 12})
    return figure


def _gap(high: float, low: float) -> float:
    return 0.0 if math.isnan(high - low) else max(0.0, high - low)


def _height(measured: tuple[Group, ...]) -> int:
    return 38 + 35 * len(measured) + 42


def _name(one: Group) -> str:
    names = {"F": "female", "M": "male"}
    return "all films" if one.by == "all" else f"{TITLES[one.by]}: {names.get(one.name, one.name)}"


def _with_interval(share: Share) -> str:
    if math.isnan(share.value):
        return numbers.NONE
    digits = 1 if share.high < 0.1 else 0
    return f"{numbers.share(share.value)} ({100 * share.low:.{digits}f}–{100 * share.high:.{digits}f})"
