"""Figures of the atlas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.errors.figures import FADED, FLAGGED, TRUE, in_rows
from dashboard.films.state import OUTCOMES
from dashboard.page.palette import outcome_colors
from dashboard.page.words import PERCENT_TICKS


def traits_plot(table: pd.DataFrame, names: list[str], cell: str, against: str) -> go.Figure:
    """Draw by how much the share of a trait differs between two cells, with intervals; what may be chance is faded."""
    sure = table["q"] < 0.05
    own = outcome_colors()[cell]
    colours = np.where(sure, own, FADED)
    figure = go.Figure()
    for here in (False, True):
        rows = (sure == here).to_numpy()
        part = table[rows]
        figure.add_scatter(
            x=part["difference"],
            y=[name for name, shown in zip(names, rows, strict=True) if shown],
            mode="markers",
            marker={"size": 11, "color": colours[rows], "line": {"width": 0}},
            error_x={
                "array": part["high"] - part["difference"],
                "arrayminus": part["difference"] - part["low"],
                "thickness": 2,
                "width": 0,
                "color": own if here else FADED,
            },
            customdata=part[["count", "of", "share", "against_count", "against_of", "against_share", "q"]].to_numpy(),
            hovertemplate=f"<b>%{{y}}</b><br>{OUTCOMES[cell]}s: %{{customdata[0]:,}} of %{{customdata[1]:,}}, "
            f"%{{customdata[2]:.1%}}<br>{OUTCOMES[against]}s: %{{customdata[3]:,}} of %{{customdata[4]:,}}, "
            "%{customdata[5]:.1%}<br>q = %{customdata[6]:.2g}<extra></extra>",
        )
    for name, q in zip(names, table["q"], strict=True):
        words = "q < 0.001" if q < 0.001 else f"q = {q:.2g}"
        figure.add_annotation(x=1, xref="paper", xanchor="left", xshift=8, y=name, text=words, showarrow=False)
    figure.add_vline(x=0, line={"color": TRUE, "width": 1})
    figure.update_layout(height=26 * len(names) + 34, margin={"l": 0, "r": 80, "t": 4, "b": 26}, showlegend=False)
    figure.update_xaxes(tickformat="+" + PERCENT_TICKS, fixedrange=True, zeroline=False, nticks=7)
    in_rows(figure, names)
    return figure


def feature_map(points: np.ndarray, outcomes: np.ndarray, films: list[str], corners: np.ndarray | None) -> go.Figure:
    """Draw films by the model's own features, coloured by outcome; ``corners`` outline what was chosen."""
    figure = go.Figure()
    for outcome, colour in outcome_colors().items():
        here = outcomes == outcome
        if not here.any():
            continue
        figure.add_scatter(
            x=points[here, 0],
            y=points[here, 1],
            mode="markers",
            name=f"{OUTCOMES[outcome]}, {here.sum():,}",
            marker={"size": 8, "color": colour, "opacity": 0.6 if outcome == "TN" else 0.9, "line": {"width": 0}},
            customdata=np.asarray(films, object)[here],
            hovertemplate="%{customdata}<extra>" + OUTCOMES[outcome] + "</extra>",
        )
    if corners is not None:
        outline = np.vstack([corners, corners[:1]])
        figure.add_scatter(
            x=outline[:, 0],
            y=outline[:, 1],
            mode="lines",
            line={"color": FLAGGED, "width": 2, "dash": "dot"},
            hoverinfo="skip",
            showlegend=False,
        )
    figure.update_layout(
        height=440,
        margin={"l": 0, "r": 0, "t": 34, "b": 30},
        dragmode="lasso",
        legend={"orientation": "h", "x": 0, "y": -0.02, "yanchor": "top"},
    )
    figure.update_xaxes(showticklabels=False, showgrid=False, zeroline=False)
    figure.update_yaxes(showticklabels=False, showgrid=False, zeroline=False, scaleanchor="x")
    return figure
