"""The four figures of a finding as SVG, for the report and for slides."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from dashboard.roc.colors import Colors
from dashboard.roc.figures import LOGIT_TICKS
from dashboard.roc.numbers import probability
from dashboard.roc.scene import Scene
from dashboard.roc.svg import Plot, Ticks, apart, percent_ticks
from training.evaluate.histogram import FLOOR

SHARES = percent_ticks(0, 1)
FEWEST_TICKS = 3
DASHES = ("6 3", "2 3", "8 3 2 3", "10 4")
UNIT = (0.0, 1.0)


def pictures(scene: Scene, colors: Colors) -> dict[str, str]:
    """Draw the four figures by name."""
    return {
        "roc": _roc(scene, colors),
        "precision-recall": _precision_recall(scene, colors),
        "calibration": _calibration(scene, colors),
        "scores": _scores(scene, colors),
    }


def _roc(scene: Scene, colors: Colors) -> str:
    plot = Plot("1 − specificity: false alarms", "sensitivity: found", UNIT, UNIT, SHARES, SHARES)
    band, curve, counts = scene.curves.band, scene.curves.roc, scene.counts
    plot.area(band.false_positive_rate, band.low, band.high, colors.finding)
    plot.line([0, 1], [0, 1], colors.quiet, 1, "2 3")
    for dash, other in zip(DASHES, scene.others.values(), strict=False):
        plot.line(other.roc.false_positive_rate, other.roc.true_positive_rate, colors.quiet, 1.5, dash)
    plot.line(curve.false_positive_rate, curve.true_positive_rate, colors.finding)
    plot.dots([counts.fp / (counts.fp + counts.tn)], [counts.tp / (counts.tp + counts.fn)], [5], colors.ink)
    return plot.svg()


def _precision_recall(scene: Scene, colors: Colors) -> str:
    plot = Plot("recall: sensitivity", "precision: PPV", UNIT, UNIT, SHARES, SHARES)
    curve, counts = scene.curves.precision_recall, scene.counts
    plot.line([0, 1], [curve.prevalence] * 2, colors.quiet, 1, "2 3")
    for dash, other in zip(DASHES, scene.others.values(), strict=False):
        plot.line(*_stairs(other.precision_recall.recall, other.precision_recall.precision), colors.quiet, 1.5, dash)
    plot.line(*_stairs(curve.recall, curve.precision), colors.finding)
    if counts.tp + counts.fp:
        plot.dots([counts.tp / (counts.tp + counts.fn)], [counts.tp / (counts.tp + counts.fp)], [5], colors.ink)
    return plot.svg()


def _stairs(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Precision jumps where a film with the finding is reached, and holds up to there."""
    return np.repeat(x, 2)[:-1], np.repeat(y, 2)[1:]


def _calibration(scene: Scene, colors: Colors) -> str:
    curve = scene.curves.calibration
    if not len(curve.films):
        return Plot("predicted probability", "share that has it", UNIT, UNIT, SHARES, SHARES).svg()
    reach = min(1.0, 1.08 * float(max(np.max(curve.predicted), np.max(curve.high))))
    ticks = percent_ticks(0, reach)
    plot = Plot("predicted probability", "share that has it", (0, reach), (0, reach), ticks, ticks)
    plot.line([0, reach], [0, reach], colors.quiet, 1, "2 3")
    for x, low, high in zip(curve.predicted, curve.low, curve.high, strict=True):
        plot.line([x, x], [low, high], colors.finding, 1.2)
    plot.line(curve.predicted, curve.observed, colors.finding, 1.5)
    plot.dots(curve.predicted, curve.observed, 3 + 3 * np.sqrt(curve.films / curve.films.max()), colors.finding)
    if scene.threshold.value <= reach:
        plot.line([scene.threshold.value] * 2, [0, reach], colors.ink, 1.5)
    return plot.svg()


def _scores(scene: Scene, colors: Colors) -> str:
    histogram = scene.curves.histogram
    edges = logit(np.clip(histogram.edges, FLOOR, 1 - FLOOR))
    kinds = ((histogram.negatives, colors.quiet), (histogram.positives, colors.finding))
    heights = [films / max(films.sum(), 1) for films, _ in kinds]
    highest = float(max(np.max(one) for one in heights))
    reach = 1.2 * highest  # room for the legend
    plot = Plot(
        "predicted probability, logit scale",
        "share of its films",
        (edges[0], edges[-1]),
        (0, reach),
        _logit_ticks(edges[0], edges[-1]),
        percent_ticks(0, highest, 4),
    )
    for height, (_, color) in zip(heights, kinds, strict=True):
        plot.bars(edges, height, color)
    at = float(logit(np.clip(scene.threshold.value, FLOOR, 1 - FLOOR)))
    plot.line([at, at], [0, highest], colors.ink, 1.5)
    plot.legend(("without it", colors.quiet), ("with it", colors.finding), line="threshold")
    return plot.svg()


def _logit_ticks(low: float, high: float) -> Ticks:
    """Give ticks of probabilities on the logit scale; even ones where the usual ones lie outside."""
    usual = [(float(logit(at)), probability(at)) for at in LOGIT_TICKS if low <= logit(at) <= high]
    if len(usual) < FEWEST_TICKS:
        even = [at for at, _ in percent_ticks(float(expit(low)), float(expit(high))) if 0 < at < 1]
        usual = [(float(logit(at)), f"{at:.4g}") for at in even]
    return apart(usual, (low, high))
