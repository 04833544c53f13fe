"""The figure of claims against effects."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from dashboard.page.palette import theme_ink
from xai.findings import finding_label


def scatter(twins: pd.DataFrame, *, is_share: bool, chosen: str | None) -> go.Figure:
    """Draw a point a finding of a film: what the map claims, and what the finding does.

    Parameters
    ----------
    twins : DataFrame
        Of one method: film, finding, claimed, effect.
    is_share : bool
        Whether a claim is a share of the evidence; else both are logits, and a line is drawn where they are equal.
    chosen : str or None
        Name of the film whose points are ringed.
    """
    ink, figure = theme_ink(), go.Figure()
    if not is_share and len(twins):
        both = twins[["claimed", "effect"]].to_numpy(float)
        line = {"color": ink.quiet, "width": 1, "dash": "dot"}
        ends = [both.min(), both.max()]
        figure.add_scatter(x=ends, y=ends, mode="lines", line=line, hoverinfo="skip", showlegend=False)
    for finding, part in twins.groupby("finding", sort=False):
        figure.add_scatter(
            x=part["claimed"],
            y=part["effect"],
            mode="markers",
            name=finding_label(str(finding)),
            marker={"size": 8, "color": ink.of(str(finding)), "opacity": 0.8, "line": {"width": 0}},
            unselected={"marker": {"opacity": 0.8}},
            customdata=part[["film"]].to_numpy(),
            hovertemplate=f"<b>%{{customdata[0]}}</b>, {finding_label(str(finding))}<br>claimed "
            f"{'%{x:.0%}' if is_share else '%{x:.2f}'}<br>effect %{{y:.2f}} logits<extra></extra>",
        )
    ringed = twins[twins["film"] == chosen]
    figure.add_scatter(
        x=ringed["claimed"],
        y=ringed["effect"],
        mode="markers",
        marker={"symbol": "circle-open", "size": 16, "color": ink.ink, "line": {"width": 3}},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.add_hline(y=0, line={"color": ink.quiet, "width": 1})
    figure.update_layout(
        height=440,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        dragmode=False,
        clickmode="event+select",
        legend={"orientation": "h", "x": 0, "y": -0.16, "yanchor": "top", "font": {"size": 11}},
    )
    claimed = (
        "Claimed: share of the evidence at the finding's place"
        if is_share
        else "Claimed at the finding's place, logits"
    )
    figure.update_xaxes(title=claimed, tickformat=".0%" if is_share else None, fixedrange=True, zeroline=False)
    figure.update_yaxes(title="Effect: film less twin, logits", fixedrange=True, zeroline=False)
    return figure
