"""Figures of the audit. Colours hold on a dark and on a light page."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.page.cause_names import CAUSE_NAMES
from dashboard.page.words import PERCENT_TICKS, percent
from training.mending.audit import Audit, Contribution
from training.mending.remedy import Trial
from xai.findings import finding_label
from xai.written import with_unit

FLAGGED, TRUE, UNDER, FADED = "#dd7a1f", "#8b93a1", "#4f93d8", "rgba(139, 147, 161, 0.45)"
ROW = 29  # pixels of a row of bars
SAME = {"marker": {"opacity": 1}}  # a click chooses a row; it fades no other
QUIET = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}


def dumbbell(table: pd.DataFrame, chosen: str) -> go.Figure:
    """Draw how many films have each finding and how many are flagged, worst first; the chosen one is marked.

    Parameters
    ----------
    table : DataFrame
        Of `training.evaluate.prevalence.prevalences`; findings that cannot be judged left out.
    chosen : str
    """
    names = [finding_label(name) for name in table["finding"]]
    most = float(table[["prevalence", "predicted_prevalence"]].max().max())
    rows = go.Bar(  # what is clicked where no dot is
        y=names,
        x=[most * 1.03] * len(table),
        orientation="h",
        marker={"color": "rgba(0, 0, 0, 0)"},
        customdata=np.asarray(table[["finding"]]),
        hoverinfo="none",
        showlegend=False,
        unselected=SAME,
    )
    figure = go.Figure(rows)
    for over, colour in ((True, FLAGGED), (False, UNDER)):
        rows = (table["excess"] > 0) == over
        figure.add_scatter(
            x=_segments(table.loc[rows, "prevalence"], table.loc[rows, "predicted_prevalence"]),
            y=[at for name, here in zip(names, rows, strict=True) if here for at in (name, name, None)],
            mode="lines",
            line={"width": 5, "color": colour},
            opacity=0.55,
            hoverinfo="skip",
            showlegend=False,
        )
    for column, low, high, name, colour, symbol in (
        ("prevalence", "prevalence_low", "prevalence_high", "have it", TRUE, "line-ns"),
        ("predicted_prevalence", "predicted_low", "predicted_high", "are flagged", FLAGGED, "circle"),
    ):
        worth = table[column]
        figure.add_scatter(
            x=worth,
            y=names,
            name=name,
            mode="markers",
            marker={
                "symbol": symbol,
                "size": 17 if symbol == "line-ns" else 13,
                "color": colour,
                "line": {"width": 4 if symbol == "line-ns" else 0, "color": colour},
            },
            error_x={
                "array": table[high] - worth,
                "arrayminus": worth - table[low],
                "thickness": 1,
                "width": 0,
                "color": FADED,
            },
            customdata=np.column_stack([table["finding"], table[low], table[high]]),
            unselected=SAME,
            hovertemplate="<b>%{y}</b><br>%{x:.2%} of the films "
            + name
            + " (95\u00a0%: %{customdata[1]:.2%} to %{customdata[2]:.2%})<extra></extra>",
        )
    for name, ratio in zip(names, table["ratio"], strict=True):
        figure.add_annotation(x=1, xref="paper", xanchor="left", xshift=8, y=name, text=times(ratio), showarrow=False)
    if chosen in set(table["finding"]):
        row = list(table["finding"]).index(chosen)
        figure.add_shape(
            type="rect",
            layer="below",
            xref="paper",
            x0=0,
            x1=1.16,
            y0=row - 0.5,
            y1=row + 0.5,
            line_width=0,
            fillcolor=FLAGGED,
            opacity=0.14,
        )
    figure.update_layout(
        height=ROW * len(table) + 70,
        margin={"l": 0, "r": 58, "t": 30, "b": 26},
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "itemclick": False, "itemdoubleclick": False},
        dragmode=False,
        clickmode="event+select",
    )
    figure.update_xaxes(tickformat=PERCENT_TICKS, range=[0, most * 1.03], fixedrange=True, zeroline=False, nticks=7)
    in_rows(figure, names)
    return figure


def waterfall(audit: Audit) -> go.Figure:
    """Draw the way from what is flagged to what is there, one part a step."""
    levels = [audit.predicted_prevalence]
    for part in audit.contributions:
        levels.append(levels[-1] - part.share)
    names = ["Flagged now", *(CAUSE_NAMES[part.cause] for part in audit.contributions), "Have the finding"]
    shades = [
        FLAGGED if part.cause == audit.main else FADED if part.share >= 0 else UNDER for part in audit.contributions
    ]
    starts = [0.0, *(min(pair) for pair in pairwise(levels)), 0.0]
    lengths = [levels[0], *(abs(part.share) for part in audit.contributions), audit.prevalence]
    texts = [percent(levels[0]), *(taken_away(part, "<br>") for part in audit.contributions), percent(audit.prevalence)]
    figure = go.Figure(
        go.Bar(
            y=names,
            x=lengths,
            base=starts,
            orientation="h",
            marker={"color": [FLAGGED, *shades, TRUE], "line": {"width": 0}},
            text=texts,
            textposition="outside",
            textfont={"size": 13},
            cliponaxis=False,
            customdata=["flagged", *(_broken(part.why) for part in audit.contributions), "labelled so"],
            hovertemplate="<b>%{y}</b>: %{text}<br>%{customdata}<extra></extra>",
        )
    )
    for row, level in enumerate(levels):
        figure.add_shape(
            type="line", x0=level, x1=level, y0=row, y1=row + 1, line={"color": TRUE, "width": 1, "dash": "dot"}
        )
    figure.update_layout(
        height=40 * len(names) + 40, margin={"l": 0, "r": 8, "t": 4, "b": 26}, showlegend=False, bargap=0.36
    )
    most = max(*levels, *(start + length for start, length in zip(starts, lengths, strict=True)))
    figure.update_xaxes(tickformat=PERCENT_TICKS, range=[min(0, *starts), most * 1.01], fixedrange=True, zeroline=False)
    figure.update_xaxes(nticks=7, domain=[0, 0.72])  # the rest is for what is written beside the bars
    in_rows(figure, names)
    return figure


def co_occurrence_bars(table: pd.DataFrame, words: str) -> go.Figure:
    """Draw what else the films of a cell carry, beside how often all films do."""
    names = [finding_label(name) for name in table["finding"]]
    figure = go.Figure(
        go.Bar(
            y=names,
            x=table["share"],
            orientation="h",
            marker={"color": FLAGGED, "opacity": 0.75, "line": {"width": 0}},
            error_x={
                "array": table["high"] - table["share"],
                "arrayminus": table["share"] - table["low"],
                "thickness": 1,
                "width": 3,
                "color": TRUE,
            },
            customdata=table[["count", "of", "base"]].to_numpy(),
            hovertemplate="<b>%{y}</b><br>%{customdata[0]:,} of %{customdata[1]:,} "
            + words
            + ": %{x:.1%}<br>of all films %{customdata[2]:.1%}<extra></extra>",
        )
    )
    _base_line(figure, table["base"], names)
    for name, lift in zip(names, table["lift"], strict=True):
        figure.add_annotation(x=1, xref="paper", xanchor="left", xshift=8, y=name, text=times(lift), showarrow=False)
    figure.update_layout(
        height=24 * len(names) + 34, margin={"l": 0, "r": 58, "t": 4, "b": 26}, showlegend=False, bargap=0.4
    )
    figure.update_xaxes(tickformat=PERCENT_TICKS, rangemode="tozero", fixedrange=True, zeroline=False, nticks=6)
    in_rows(figure, names)
    return figure


def before_after(trial: Trial) -> go.Figure:
    """Draw the share flagged before and after a remedy against the share that has the finding."""
    before, after = trial.before.rates, trial.after.rates
    truth = after.prevalence.value
    shares = [before.predicted_prevalence, after.predicted_prevalence, after.prevalence]
    words = ("Flagged before", "Flagged after", "Have the finding")
    names = [f"{name}  <b>{percent(one.value)}</b>" for name, one in zip(words, shares, strict=True)]
    figure = go.Figure(
        go.Bar(
            y=names,
            x=[one.value for one in shares],
            orientation="h",
            marker={"color": [FADED, FLAGGED, TRUE], "line": {"width": 0}},
            error_x={
                "array": [one.high - one.value for one in shares],
                "arrayminus": [one.value - one.low for one in shares],
                "thickness": 1,
                "width": 3,
                "color": TRUE,
            },
            hovertemplate="%{y}: %{x:.2%}<extra></extra>",
        )
    )
    figure.add_vrect(x0=0.8 * truth, x1=1.2 * truth, fillcolor=TRUE, opacity=0.22, line_width=0)
    figure.update_layout(height=150, margin={"l": 0, "r": 8, "t": 4, "b": 24}, showlegend=False, bargap=0.35)
    most = max(one.high for one in shares)
    figure.update_xaxes(tickformat=PERCENT_TICKS, range=[0, most * 1.04], fixedrange=True, zeroline=False, nticks=6)
    in_rows(figure, names)
    return figure


def times(ratio: float) -> str:
    """Write how many times as often: ``6.9 ×``; nothing where it is no number."""
    if not math.isfinite(ratio):
        return ""
    return f"{ratio:.0f} ×" if ratio >= 9.95 else f"{ratio:.1f} ×" if ratio >= 0.095 else f"{ratio:.2f} ×"


def taken_away(part: Contribution, between: str = " ") -> str:
    """Write by how many points a part lowers the flagged share once it is undone, with its interval."""
    ends = [points(-end).split("\u00a0")[0] for end in (part.high, part.low)]
    return f"{points(-part.share)}{between}({ends[0]} to {ends[1]})"


def points(share: float) -> str:
    """Write a difference of shares in percentage points, signed."""
    size = 100 * abs(share)
    digits = 0 if size >= 9.95 else 1 if size >= 0.095 or size == 0 else 2
    words = with_unit(f"{size:.{digits}f}", "pts")
    return words if size < 0.005 else ("−" if share < 0 else "+") + words


def _segments(starts: pd.Series, ends: pd.Series) -> list[float | None]:
    return [one for pair in zip(starts, ends, strict=True) for one in (*pair, None)]


def _base_line(figure: go.Figure, base: pd.Series, names: list[str]) -> None:
    figure.add_scatter(
        x=base,
        y=names,
        mode="markers",
        marker={"symbol": "line-ns", "size": 14, "line": {"width": 3, "color": TRUE}},
        hoverinfo="skip",
    )


def in_rows(figure: go.Figure, names: list[str]) -> None:
    """Put rows in this order, the first on top, and waste no room."""
    figure.update_yaxes(
        categoryorder="array",
        categoryarray=names,
        range=[len(names) - 0.4, -0.6],
        showgrid=False,
        ticksuffix="  ",
        automargin=True,
        fixedrange=True,
        tickfont={"size": 13},
    )


def _broken(sentence: str, width: int = 70) -> str:
    """Break a sentence for a box that does not."""
    lines: list[str] = []
    line = ""
    for word in sentence.split():
        if len(line) + len(word) > width:
            lines, line = [*lines, line], ""
        line = f"{line} {word}".strip()
    return "<br>".join([*lines, line])
