"""The four large figures of a finding, each with a marker at the threshold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import plotly.graph_objects as go
from scipy.special import logit

from dashboard.page.words import PERCENT_TICKS
from dashboard.roc.colors import Colors, see_through
from dashboard.roc.data import Curves
from dashboard.roc.numbers import probability, share
from training.evaluate.calibration import CalibrationCurve
from training.evaluate.histogram import FLOOR, Histogram
from training.evaluate.precision_recall import PrecisionRecallCurve
from training.evaluate.ranked import Counts
from training.evaluate.roc import RocCurve

HEIGHT = 300
DASHES = ("dash", "dot", "dashdot", "longdash")
LOGIT_TICKS = (1e-4, 0.01, 0.1, 0.5, 0.9, 0.99, 0.9999)


def roc_figure(drawn: Curves, counts: Counts, others: Mapping[str, RocCurve], colors: Colors) -> go.Figure:
    """Draw the ROC curve with its band, the chance line, other models, and the threshold's point."""
    figure = frame("1 − specificity: false alarms", "sensitivity: found")
    band = drawn.band
    around = see_through(colors.finding, 0.2)
    quiet = {"mode": "lines", "line_width": 0, "hoverinfo": "skip", "showlegend": False}
    figure.add_scatter(x=band.false_positive_rate, y=band.high, **quiet)
    figure.add_scatter(
        x=band.false_positive_rate, y=band.low, fill="tonexty", fillcolor=around, name="95\u00a0% band", **quiet
    )
    chance(figure, colors, [0, 1], [0, 1], "a coin")
    for dash, (name, curve) in zip(DASHES, others.items(), strict=False):
        _line(figure, curve.false_positive_rate, curve.true_positive_rate, name, colors.quiet, dash)
    _line(figure, drawn.roc.false_positive_rate, drawn.roc.true_positive_rate, "this model", colors.finding)
    figure.data[-1].update(
        customdata=np.minimum(drawn.roc.thresholds, 1),
        hovertemplate="threshold %{customdata:.3g}<br>found %{y:.1%}, false alarms %{x:.1%}<extra></extra>",
    )
    mark(figure, colors, _rate(counts.fp, counts.tn), _rate(counts.tp, counts.fn))
    return figure


def precision_recall_figure(
    drawn: Curves, counts: Counts, others: Mapping[str, PrecisionRecallCurve], colors: Colors
) -> go.Figure:
    """Draw precision against recall, the prevalence line, other models, and the threshold's point."""
    figure = frame("recall: sensitivity", "precision: PPV")
    prevalence = drawn.precision_recall.prevalence
    chance(figure, colors, [0, 1], [prevalence, prevalence], "prevalence")
    for dash, (name, curve) in zip(DASHES, others.items(), strict=False):
        _line(figure, curve.recall, curve.precision, name, colors.quiet, dash, "vh")
    curve = drawn.precision_recall
    _line(figure, curve.recall, curve.precision, "this model", colors.finding, shape="vh")
    figure.data[-1].update(
        customdata=np.minimum(curve.thresholds, 1),
        hovertemplate="threshold %{customdata:.3g}<br>found %{x:.1%}, PPV %{y:.1%}<extra></extra>",
    )
    mark(figure, colors, _rate(counts.tp, counts.fn), _rate(counts.tp, counts.fp))
    figure.update_layout(showlegend=False)  # the dashes are those of the ROC curve beside it
    said = f"prevalence {share(prevalence)}"
    figure.add_annotation(
        x=0, y=prevalence, text=said, xanchor="left", yanchor="bottom", showarrow=False, font_color=colors.quiet
    )
    return figure


def calibration_figure(curve: CalibrationCurve, threshold: float, colors: Colors) -> go.Figure:
    """Draw observed against predicted shares, the films a group, and the threshold."""
    figure = frame("predicted probability", "share that has it")
    if not len(curve.films):
        return figure
    reach = min(1.0, 1.08 * float(max(np.max(curve.predicted), np.max(curve.high))))
    chance(figure, colors, [0, reach], [0, reach], "true probabilities")
    size = 4 + 6 * np.sqrt(curve.films / curve.films.max())
    figure.add_scatter(
        x=curve.predicted,
        y=curve.observed,
        mode="lines+markers",
        line={"color": colors.finding, "width": 1.5},
        marker={"color": colors.finding, "size": size},
        error_y={
            "type": "data",
            "array": curve.high - curve.observed,
            "arrayminus": curve.observed - curve.low,
            "color": colors.finding,
            "thickness": 1.2,
            "width": 0,
        },
        customdata=np.stack([curve.films, curve.from_probability, curve.to_probability], axis=1),
        hovertemplate="%{customdata[0]:,} films from %{customdata[1]:.3g} to %{customdata[2]:.3g}<br>"
        "predicted %{x:.1%}, observed %{y:.1%}<extra></extra>",
        showlegend=False,
    )
    axis = {"range": [-0.02 * reach, reach], "tickformat": PERCENT_TICKS, "tickvals": None, "nticks": 5}
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    stand(figure, colors, threshold, reach)
    return figure


def histogram_figure(histogram: Histogram, threshold: float, colors: Colors) -> go.Figure:
    """Draw how probabilities are spread among films with and without the finding, on the logit scale."""
    figure = frame("predicted probability, logit scale", "share of its films")
    edges = logit(np.clip(histogram.edges, FLOOR, 1 - FLOOR))
    middles, widths = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    kinds = (("without it", histogram.negatives, colors.quiet), ("with it", histogram.positives, colors.finding))
    spans = [f"{probability(low)} to {probability(high)}" for low, high in pairwise(histogram.edges)]
    for name, films, color in kinds:
        figure.add_bar(
            x=middles,
            y=films / max(films.sum(), 1),
            width=widths,
            name=name,
            marker={"color": see_through(color, 0.62), "line_width": 0},
            customdata=np.stack([films.astype(str), np.array(spans)], axis=1),
            hovertemplate=f"%{{customdata[0]}} films {name}<br>from %{{customdata[1]}}<extra></extra>",
            showlegend=True,
        )
    ticks = [tick for tick in LOGIT_TICKS if edges[0] - 0.6 <= logit(tick) <= edges[-1] + 0.6]
    words = [probability(tick) for tick in ticks]
    figure.update_xaxes(tickvals=[logit(tick) for tick in ticks], ticktext=words, tickangle=0)
    margin = 0.04 * (edges[-1] - edges[0])
    low, high = edges[0] - margin, edges[-1] + margin
    figure.update_xaxes(range=[low, high])
    tallest = max(1e-9, *(np.max(films / max(films.sum(), 1)) for _, films, _ in kinds))
    figure.update_yaxes(tickformat=PERCENT_TICKS, range=[0, 1.05 * tallest], tickvals=None, nticks=5)
    above = {"x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "orientation": "h"}  # clear of the line
    figure.update_layout(barmode="overlay", bargap=0, legend=above)
    at = float(logit(np.clip(threshold, FLOOR, 1 - FLOOR)))
    line(figure, colors, min(max(at, low), high))
    return figure


def frame(x: str, y: str, height: int = HEIGHT) -> go.Figure:
    """Give an empty figure of two shares from 0 to 1."""
    axis: dict[str, Any] = {
        "range": [-0.02, 1.02],
        "tickvals": [0, 0.25, 0.5, 0.75, 1],
        "tickformat": ".0%",
        "zeroline": False,
        "fixedrange": True,
    }
    return go.Figure(
        layout={
            "height": height,
            "margin": {"l": 52, "r": 18, "t": 26, "b": 44},
            "xaxis": axis | {"title": {"text": x, "standoff": 6}},
            "yaxis": axis | {"title": {"text": y, "standoff": 6}},
            "showlegend": True,
            "legend": {"x": 0.98, "y": 0.02, "xanchor": "right", "yanchor": "bottom", "bgcolor": "rgba(0,0,0,0)"},
            "hovermode": "closest",
            "dragmode": False,
        }
    )


def chance(figure: go.Figure, colors: Colors, x: list[float], y: list[float], name: str) -> None:
    """Draw the line that a model which knows nothing would have, or a perfectly calibrated one."""
    figure.add_scatter(
        x=x, y=y, mode="lines", name=name, line={"color": colors.quiet, "width": 1, "dash": "dot"}, hoverinfo="name"
    )
    figure.data[-1].showlegend = False


def mark(figure: go.Figure, colors: Colors, x: float, y: float) -> None:
    """Put the threshold's point on a curve."""
    figure.add_scatter(
        x=[x],
        y=[y],
        mode="markers",
        name="threshold",
        marker={"color": colors.ink, "size": 12, "line": {"color": colors.paper, "width": 2}},
        hovertemplate="at the threshold<extra></extra>",
        showlegend=False,
    )


def stand(figure: go.Figure, colors: Colors, threshold: float, reach: float) -> None:
    """Draw the threshold on a probability axis; beyond its end an arrow says where it is."""
    if threshold <= reach:
        line(figure, colors, threshold)
        return
    figure.add_annotation(
        x=reach, y=0.04 * reach, text=f"threshold {probability(threshold)} →", xanchor="right", showarrow=False
    )


def line(figure: go.Figure, colors: Colors, at: float) -> None:
    """Draw the threshold as an upright line."""
    figure.add_vline(x=at, line={"color": colors.ink, "width": 2})


def _line(
    figure: go.Figure, x: np.ndarray, y: np.ndarray, name: str, color: str, dash: str = "solid", shape: str = "linear"
) -> None:
    figure.add_scatter(
        x=np.round(x, 5),
        y=np.round(y, 5),
        mode="lines",
        name=name,
        line={"color": color, "width": 2.4 if dash == "solid" else 1.6, "dash": dash, "shape": shape},
        hovertemplate=f"{name}<br>%{{x:.1%}}, %{{y:.1%}}<extra></extra>",
        showlegend=dash != "solid",
    )


def _rate(part: int, rest: int) -> float:
    return part / (part + rest) if part + rest else math.nan
