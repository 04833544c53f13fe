"""What if: the finding is rarer elsewhere, a miss costs more."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from dashboard.page.words import PERCENT_TICKS
from dashboard.roc import numbers
from dashboard.roc.colors import Colors, see_through
from dashboard.roc.figures import frame
from dashboard.roc.scene import Scene
from dashboard.roc.visit import visit
from training.evaluate.decision import decision_curve, expected_cost
from training.evaluate.ranked import Counts
from training.evaluate.rates import npv_at, ppv_at
from training.evaluate.thresholds import choose
from xai.written import with_unit

PLACES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
MISSES = (0.5, 1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 500)
PEOPLE = 1000
HEIGHT = 240


def show(scene: Scene) -> None:
    """Show the PPV at another prevalence, and the cost of a threshold."""
    prevalence, cost = st.columns(2, gap="large")
    with prevalence:
        _another_prevalence(scene)
    with cost:
        _cost(scene)


def _another_prevalence(scene: Scene) -> None:
    here = scene.ranked.prevalence
    asked = here if visit.state.prevalence is None else visit.state.prevalence
    visit.bound(
        st.select_slider,
        "**Another place**: how common is the finding there?",
        sorted({*PLACES, here, asked}),
        key=f"prevalence_{scene.finding}",
        value=asked,
        take=lambda value: {"prevalence": None if value == here else float(value)},
        format_func=lambda value: with_unit(f"{100 * value:.3g}", "%") + (" (here)" if value == here else ""),
        help="Sensitivity and specificity are kept, PPV and NPV follow from Bayes' rule. That they are kept is an "
        "assumption: sicker patients are often easier to tell.",
    )
    st.markdown(natural_frequencies(scene.counts, asked))
    variance = scene.judged.by_patient(scene.finding).ppv_variance(scene.threshold.value)
    value = ppv_at(scene.counts, asked)[0]
    st.caption(ppv_words(scene, asked))
    st.plotly_chart(
        prevalence_figure(scene.counts, here, asked, scene.colors, variance),
        key="roc_chart_prevalence",
        config={"displayModeBar": False},
        alt=f"PPV by prevalence; at {numbers.share(asked)} it is {numbers.share(value)}.",
    )


def ppv_words(scene: Scene, prevalence: float) -> str:
    """Give PPV and NPV at a prevalence; here they are what the tiles show, elsewhere the interval is another one."""
    npv = npv_at(scene.counts, prevalence)
    if prevalence == scene.ranked.prevalence:
        ppv, whence = scene.rates.ppv, "here the interval counts flagged films, as the tile above does; elsewhere it is"
        value, low, high = ppv.value, ppv.low, ppv.high
    else:
        variance = scene.judged.by_patient(scene.finding).ppv_variance(scene.threshold.value)
        value, low, high = ppv_at(scene.counts, prevalence, variance)
        whence = "its interval is"
    return (
        f"PPV there **{numbers.share(value)}** ({numbers.interval(low, high)}), NPV **{numbers.share(npv)}**. "
        f"The curve below shows the PPV at every prevalence, with this threshold; {whence} that of the curve's band, "
        "from sensitivity and specificity (delta method, Mercaldo 2007)."
    )


def natural_frequencies(counts: Counts, prevalence: float) -> str:
    """Say what the threshold does to a thousand films, in whole films (Gigerenzer, 1995)."""
    with_it = round(PEOPLE * prevalence, 1)
    found = with_it * counts.tp / (counts.tp + counts.fn)
    alarms = (PEOPLE - with_it) * counts.fp / (counts.fp + counts.tn)
    said = f"Of **{PEOPLE:,} films, {_films(with_it)} have it**: {_films(found)} are flagged and "
    said += f"{_films(with_it - found)} missed. Of the {_films(PEOPLE - with_it)} others, {_films(alarms)} are flagged "
    total = found + alarms
    return said + f"too. So **{_films(found)} of {_films(total)} flagged films have it**."


def _films(count: float) -> str:
    return f"{count:,.0f}" if count >= 10 or count == 0 else f"{count:.1f}"


def prevalence_figure(
    counts: Counts, here: float, asked: float, colors: Colors, variance: float | None = None
) -> go.Figure:
    """Draw the PPV against the prevalence, with its interval, here and there."""
    grid = np.geomspace(0.001, 0.9, 80)
    values, lows, highs = np.array([ppv_at(counts, one, variance) for one in grid]).T
    figure = frame("prevalence", "PPV", HEIGHT)
    edge = {"mode": "lines", "line_width": 0, "hoverinfo": "skip", "showlegend": False}
    figure.add_scatter(x=grid, y=highs, **edge)
    figure.add_scatter(x=grid, y=lows, fill="tonexty", fillcolor=see_through(colors.finding, 0.2), **edge)
    line = {"color": colors.finding, "width": 2.4}
    hover = "prevalence %{x:.1%}<br>PPV %{y:.1%}<extra></extra>"
    figure.add_scatter(x=grid, y=values, mode="lines", line=line, hovertemplate=hover, showlegend=False)
    for at, name, filled in ((here, "here", False), (asked, "there", True)):
        marker = {
            "size": 11,
            "color": colors.ink if filled else colors.paper,
            "line": {"color": colors.ink, "width": 2},
        }
        figure.add_scatter(
            x=[at], y=[ppv_at(counts, at)[0]], mode="markers", name=name, marker=marker, hovertemplate=hover
        )
    ticks = [0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.9]
    figure.update_xaxes(
        type="log", range=[-3.05, 0], tickvals=ticks, ticktext=[with_unit(f"{100 * tick:g}", "%") for tick in ticks]
    )
    figure.update_layout(legend={"x": 0.02, "y": 0.98, "xanchor": "left", "yanchor": "top"})
    return figure


def _cost(scene: Scene) -> None:
    miss = visit.state.miss
    visit.bound(
        st.select_slider,
        "**Costs**: how many false alarms is a missed film worth?",
        sorted({*map(float, MISSES), miss}),
        key="miss",
        value=miss,
        take=lambda value: {"miss": float(value)},
        format_func=lambda value: f"{value:g}",
        help="No data can tell: it is a judgement about harm. The rule “Cost” above takes the same number.",
    )
    prevalence = visit.state.prevalence
    now = PEOPLE * expected_cost(scene.counts, miss, 1.0, prevalence)
    best = choose("cost", scene.ranked, _equivalent(miss, scene, prevalence)).value
    least = PEOPLE * expected_cost(scene.ranked.counts(best), miss, 1.0, prevalence)
    share = scene.ranked.prevalence if prevalence is None else prevalence
    nobody, everybody = PEOPLE * share * miss, PEOPLE * (1 - share)
    st.markdown(
        f"Per {PEOPLE:,} films this threshold costs as much as **{_films(now)} false alarms**. The cheapest threshold "
        f"for these very films is **{numbers.probability(best)}**, at {_films(least)}; flagging nothing costs "
        f"{_films(nobody)}, everything {_films(everybody)}."
    )
    st.caption(
        "Net benefit below: films found per film read, less false alarms at the threshold's own rate of exchange. A "
        "model is worth using where its line is above both others. It takes probabilities at their word."
    )
    st.plotly_chart(
        benefit_figure(scene, prevalence),
        key="roc_chart_benefit",
        config={"displayModeBar": False},
        alt="Decision curve: net benefit of the model, of flagging all and of flagging none, by threshold.",
    )


def _equivalent(miss: float, scene: Scene, prevalence: float | None) -> float:
    """Give the cost of a miss that would choose the same threshold at the prevalence of these films."""
    if prevalence is None:
        return miss
    here = scene.ranked.prevalence
    return miss * prevalence / (1 - prevalence) * (1 - here) / here


def benefit_figure(scene: Scene, prevalence: float | None) -> go.Figure:
    """Draw net benefit by threshold: the model, all flagged, none flagged."""
    share = scene.ranked.prevalence if prevalence is None else prevalence
    reach = min(0.9, max(4 * share, 1.2 * scene.threshold.value, 0.02))
    curve = decision_curve(scene.ranked, np.linspace(reach / 200, reach, 160), prevalence)
    figure = frame("threshold probability", "net benefit", HEIGHT)
    colors = scene.colors
    figure.add_scatter(
        x=curve.thresholds, y=curve.all_flagged, name="flag all", line={"color": colors.quiet, "dash": "dash"}
    )
    figure.add_scatter(
        x=curve.thresholds,
        y=np.zeros(len(curve.thresholds)),
        name="flag none",
        line={"color": colors.quiet, "width": 1},
    )
    figure.add_scatter(x=curve.thresholds, y=curve.model, name="model", line={"color": colors.finding, "width": 2.4})
    figure.update_traces(mode="lines", hovertemplate="%{x:.3g}: %{y:.4f}<extra></extra>")
    threshold = scene.threshold.value
    if 0 < threshold < 1 and threshold <= reach and not math.isnan(share):
        figure.add_vline(x=threshold, line={"color": colors.ink, "width": 2})
    figure.update_xaxes(range=[0, reach], tickformat=PERCENT_TICKS, tickvals=None, nticks=6)
    figure.update_yaxes(tickvals=None, nticks=5, range=[-0.35 * share, 1.08 * share], tickformat=".3~f")
    figure.update_layout(legend={"x": 0.98, "y": 0.98, "yanchor": "top"})
    return figure
