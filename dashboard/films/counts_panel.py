"""What the films found hold: how many, how often each finding, and which findings come together."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from dashboard.films.catalogue import Catalogue
from dashboard.films.counts import Counts
from dashboard.page.palette import FINDING_COLORS, OTHER_COLOR
from dashboard.page.words import PERCENT_TICKS, escape, percent
from xai.findings import FINDINGS, finding_label

BAR_HEIGHT, BARS_FRAME, MAP_HEIGHT = 22.5, 25, 290  # pixels: of one bar, of what is around them, of the map
ABBREVIATED = ("Ate", "Car", "Eff", "Inf", "Mas", "Nod", "Pna", "Ptx", "Con", "Ede", "Emp", "Fib", "PlT", "Her")
SHORT = dict(zip(FINDINGS, ABBREVIATED, strict=True))
QUIET = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}
FADED = "#8b93a1"


def show_counts(catalogue: Catalogue, here: Counts, everywhere: Counts) -> None:
    """Show counts of the films found beside those of the whole dataset."""
    if not everywhere.known.any():
        st.caption("These films have no labels, so there is nothing to count.")
        return
    classes = bool(catalogue.films.classes.names)
    what = "How many films are of each class" if classes else "How often each finding is present"
    st.plotly_chart(
        prevalence_bars(here, everywhere, counted=classes),
        key="films_bars",
        config=QUIET,
        alt=f"{what}: " + said(here, everywhere),
    )
    st.caption(
        f"{what}. Bar: among the films found; line: in all of the dataset.",
        help="Share of the films with a label of that finding. A label that the dataset does not have counts neither "
        "way, so each finding has its own number of films; it stands under the pointer.",
    )
    shares = here.overlap[~np.eye(len(here.names), dtype=bool)]
    if classes:
        nameless = here.films - int(here.known.max())
        st.caption("A film is of one class." + (f" {nameless:,} of these have none." if nameless else ""))
    elif np.isnan(shares).all() or not np.nanmax(shares):
        st.caption("No two findings come together on these films.")
    else:
        st.plotly_chart(
            overlap_map(here), key="films_together", config=QUIET, alt="Which findings come together on these films."
        )
        st.caption(
            f"Which findings come together. Brightest: {percent(float(np.nanmax(shares)))} of the films with the "
            "finding on the left also show the one below.",
        )
    if catalogue.answers is not None and catalogue.answers.strangers:
        st.caption(
            escape(
                f"{catalogue.answers.strangers:,} predictions are of films that this dataset does not have; they are "
                "not shown."
            )
        )


def prevalence_bars(here: Counts, everywhere: Counts, counted: bool = False) -> go.Figure:
    """Draw prevalence here as bars, in the findings' colours, and everywhere as a line across each.

    ``counted`` writes the number of films beside each name.
    """
    names = [
        finding_label(name) + (f" {number:,}" if counted else "")
        for name, number in zip(here.names, here.present, strict=True)
    ]
    told = np.column_stack([here.present, here.known, everywhere.present, everywhere.known])
    bars = go.Bar(
        y=names,
        x=here.prevalence,
        orientation="h",
        marker={"color": [FINDING_COLORS.get(name, OTHER_COLOR) for name in here.names], "line": {"width": 0}},
        customdata=told,
        hovertemplate="<b>%{y}</b><br>here %{x:.1%}: %{customdata[0]:,} of %{customdata[1]:,} labelled films"
        "<br>in all %{customdata[2]:,} of %{customdata[3]:,}<extra></extra>",
    )
    lines = go.Scatter(
        y=names,
        x=everywhere.prevalence,
        mode="markers",
        marker={"symbol": "line-ns", "size": 13, "line": {"width": 2, "color": FADED}},
        hoverinfo="skip",
    )
    figure = go.Figure([bars, lines])
    height = BARS_FRAME + BAR_HEIGHT * len(names)
    figure.update_layout(height=height, margin={"l": 0, "r": 8, "t": 4, "b": 22}, showlegend=False, bargap=0.38)
    rows = [len(names) - 0.4, -0.6]  # the first on top, and no room wasted
    figure.update_yaxes(range=rows, showgrid=False, ticksuffix="  ", automargin=True, fixedrange=True)
    figure.update_xaxes(tickformat=PERCENT_TICKS, rangemode="tozero", nticks=5, fixedrange=True, zeroline=False)
    return figure


def overlap_map(here: Counts) -> go.Figure:
    """Draw, for each finding's films, the share that has each other finding."""
    names = [finding_label(name) for name in here.names]
    share = here.overlap
    np.fill_diagonal(share, np.nan)
    figure = go.Figure(
        go.Heatmap(
            z=share,
            x=[SHORT[name] for name in here.names],
            y=names,
            customdata=np.dstack([here.together, np.broadcast_to(here.present[:, None], share.shape)]),
            colorscale="Cividis",
            zmin=0,
            hoverongaps=False,
            text=np.broadcast_to(np.array(names)[None, :], share.shape),
            hovertemplate="%{z:.0%} of the films with <b>%{y}</b><br>also show <b>%{text}</b>"
            "<br>%{customdata[0]:,} of %{customdata[1]:,}<extra></extra>",
            showscale=False,
            xgap=1,
            ygap=1,
        )
    )
    small = {"size": 10}
    figure.update_layout(height=MAP_HEIGHT, margin={"l": 0, "r": 0, "t": 4, "b": 0})
    figure.update_xaxes(tickangle=-90, tickfont=small, automargin=True, fixedrange=True, showgrid=False, dtick=1)
    figure.update_yaxes(autorange="reversed", tickfont=small, automargin=True, fixedrange=True, showgrid=False, dtick=1)
    return figure


def said(here: Counts, everywhere: Counts) -> str:
    """Give the bars in words, for a screen reader."""
    return ", ".join(
        f"{finding_label(name)} {percent(one)} here, {percent(other)} in all"
        for name, one, other in zip(here.names, here.prevalence, everywhere.prevalence, strict=True)
        if not np.isnan(one)
    )
