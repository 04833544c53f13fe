"""AUROC of every finding with its interval: of one model, of two, or beside published figures."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from dashboard.page.card_figures import Measured
from dashboard.page.palette import Ink
from dashboard.roc.figures import frame
from training.evaluate.published import Published
from xai.findings import finding_label

QUIET = {"displayModeBar": False}
ROW_HEIGHT = 27  # pixels a finding
AROUND = 84  # pixels of axis and legend
SYMBOLS = ("diamond-open", "triangle-up-open", "square-open", "star-open")
MOST_ROWS = 60  # findings drawn; the table beside has them all


def areas_figure(
    findings: Mapping[str, Measured], ink: Ink, beside: Sequence[Published] = (), height: int | None = None
) -> go.Figure:
    """Draw a model's AUROCs with their intervals, and published ones as open marks.

    Parameters
    ----------
    findings : mapping of str to Measured
        In the order wanted, from the top.
    ink : Ink
    beside : sequence of Published
    height : int, optional
        In pixels; what the rows need where not given.
    """
    drawn = dict(list(findings.items())[:MOST_ROWS])
    figure = _rows(list(drawn), height)
    for symbol, one in zip(SYMBOLS, beside, strict=False):
        figure.add_scatter(
            x=[one.aurocs.get(name) for name in drawn],
            y=_labels(drawn),
            mode="markers",
            name=one.key,
            marker={"symbol": symbol, "size": 9, "color": ink.quiet, "line": {"width": 1.5}},
            hovertemplate=f"{one.key}: %{{x:.3f}}<extra></extra>",
        )
    _dots(figure, drawn, [ink.of(name) for name in drawn], "this model")
    _coin(figure, ink)
    _fit(figure)
    return figure


def pair_figure(
    one: Mapping[str, Measured], other: Mapping[str, Measured], names: tuple[str, str], ink: Ink
) -> go.Figure:
    """Draw the AUROCs of two models, the first filled in the finding's colour, the second open."""
    labels = list(dict.fromkeys([*one, *other]))[:MOST_ROWS]
    figure = _rows(labels, None)
    shift = 0.16
    for findings, symbol, name, up in ((one, "circle", names[0], shift), (other, "circle-open", names[1], -shift)):
        kept = {label: findings[label] for label in labels if label in findings}
        rows = [len(labels) - 1 - labels.index(label) + up for label in kept]
        _dots(figure, kept, [ink.of(label) for label in kept], name, rows, symbol)
    figure.update_yaxes(
        type="linear",
        tickvals=list(range(len(labels))),
        ticktext=[plain(label) for label in reversed(labels)],
        range=[-0.6, len(labels) - 0.4],
    )
    _coin(figure, ink)
    _fit(figure)
    return figure


def _rows(names: list[str], height: int | None) -> go.Figure:
    figure = frame("AUROC", "", height or AROUND + ROW_HEIGHT * max(len(names), 3))
    figure.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=_labels(names)[::-1],
        tickformat="",
        tickvals=None,
        title="",
        range=None,
    )
    figure.update_layout(
        margin={"l": 132, "t": 30, "b": 44, "r": 12},
        legend={"x": 0, "y": 1.0, "xanchor": "left", "yanchor": "bottom", "orientation": "h"},
    )
    return figure


def _dots(
    figure: go.Figure,
    findings: Mapping[str, Measured],
    colors: list[str],
    name: str,
    rows: list[float] | None = None,
    symbol: str = "circle",
) -> None:
    places = _labels(findings) if rows is None else rows
    for place, color, (finding, found) in zip(places, colors, findings.items(), strict=True):
        if found.auroc is None:
            continue
        interval = None if found.low is None or found.high is None else (found.low, found.high)
        figure.add_scatter(
            x=[found.auroc],
            y=[place],
            mode="markers",
            name=name,
            marker={"size": 9, "color": color, "symbol": symbol, "line": {"width": 1.6, "color": color}},
            error_x={
                "type": "data",
                "array": [interval[1] - found.auroc] if interval else [0],
                "arrayminus": [found.auroc - interval[0]] if interval else [0],
                "color": color,
                "thickness": 1.6,
                "width": 0,
            },
            hovertemplate=f"{plain(finding)}: %{{x:.3f}}"
            + (f" ({interval[0]:.3f} to {interval[1]:.3f})" if interval else "")
            + "<extra></extra>",
            showlegend=False,
        )


def _coin(figure: go.Figure, ink: Ink) -> None:
    figure.add_vline(x=0.5, line={"color": ink.quiet, "width": 1, "dash": "dot"})


def _fit(figure: go.Figure) -> None:
    """Let the axis begin at a coin's 0.5, or where the lowest interval does."""
    lows = [
        value - (trace.error_x.arrayminus[0] if trace.error_x.arrayminus else 0)
        for trace in figure.data
        for value in trace.x
        if value is not None
    ]
    figure.update_xaxes(range=[min([0.48, *lows]) - 0.01, 1.01], tickvals=None, tickformat=".2f", nticks=8)


def _labels(names: Sequence[str] | Mapping[str, Measured]) -> list[str]:
    """Give short labels, each once: a card's outputs may be long, or differ by a line or a dash only."""
    labels: list[str] = []
    for name in names:
        label = plain(name)
        labels.append(label if label not in labels else f"{label[:20]} {len(labels)}")
    return labels


def plain(name: str) -> str:
    """Write an output's name such that Plotly shows it as it is: it reads tags and templates in any text."""
    return html.escape(finding_label(name)[:24]).replace("%", "%\u2060")
