"""A finding on one page of HTML: no script, nothing to load, ready to print."""

from __future__ import annotations

import html
from datetime import date

from dashboard.roc import numbers
from dashboard.roc.colors import colors
from dashboard.roc.matrix import CELLS
from dashboard.roc.pictures import pictures
from dashboard.roc.scene import Scene
from dashboard.server.judging import warning_words
from training.evaluate.met_words import left_out_words, met_words
from training.evaluate.rates import DEFINITIONS, rates
from xai.findings import finding_label

STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; color: #1a1b1e; max-width: 920px; margin: 28px auto; padding: 0 20px; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 16px; margin: 18px 0 6px; } p { margin: 4px 0; }
.quiet { color: #555; } .figures { display: grid; grid-template-columns: repeat(4, 1fr); gap: 10px; }
.figures svg { width: 100%; } figure { margin: 0; } figcaption { font-weight: 600; font-size: 13px; }
table { border-collapse: collapse; width: 100%; } td, th { border: 1px solid #ccc; padding: 4px 8px; text-align: left; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.two { display: grid; grid-template-columns: 1fr 1.9fr; gap: 22px; align-items: start; }
@media print { body { margin: 0; font-size: 11px; } }
@media (max-width: 700px) { .figures, .two { grid-template-columns: 1fr 1fr; } }
"""
CAPTIONS = {
    "roc": "ROC with 95\u00a0% band",
    "precision-recall": "Precision and recall",
    "calibration": "Calibration",
    "scores": "Scores by truth, logit scale",
}
ROWS = (
    ("sensitivity", "Sensitivity"),
    ("specificity", "Specificity"),
    ("ppv", "PPV"),
    ("npv", "NPV"),
    ("predicted_prevalence", "Flagged"),
    ("prevalence", "Prevalence"),
)


def report(scene: Scene) -> str:
    """Write the report of a finding at the present threshold."""
    name, here = html.escape(finding_label(scene.finding)), scene.judged
    drawn = pictures(scene, colors(scene.finding, "light"))
    figures = "".join(
        f"<figure><figcaption>{CAPTIONS[key]}</figcaption>{picture}</figure>" for key, picture in drawn.items()
    )
    area, curve = scene.row.auroc, scene.curves
    rule = f" {scene.threshold.rule}" if scene.threshold.rule else ""
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{name}: {html.escape(here.model)} on {html.escape(here.dataset)}</title><style>{STYLE}</style>
<h1>{name}</h1>
<p class="quiet">Predictions {html.escape(scene.home.predictions)}: the model {html.escape(here.model)} on {len(here):,}
films {here.whose.words} of {html.escape(here.dataset)} ({html.escape(scene.home.split.replace("-", " "))}).
{html.escape(met_words(here))} {html.escape(warning_words(here, scene.home))}</p>
<p><b>AUROC {numbers.area(area)}</b> ({numbers.area_interval(area)}), average precision {curve.average_precision:.3f},
Brier score {curve.brier:.4f}, expected calibration error {curve.calibration.error:.4f}; {area.positives:,} films with
the finding, {area.negatives:,} without. {left_out_words(here, scene.finding)}</p>
<p><b>Threshold {scene.threshold.value:.4g}</b>.{html.escape(rule)} The dot and the upright lines mark it.</p>
<div class="figures">{figures}</div>
<div class="two"><div><h2>Confusion matrix</h2>{_matrix(scene)}{_others(scene)}</div>
<div><h2>At this threshold</h2>{_rates(scene)}</div></div>
<p class="quiet">Intervals hold 95\u00a0% of the time: Wilson's for shares, which takes films as independent.
{html.escape(here.interval_method)} Band:
{html.escape(curve.band.method)}. Calibration: {html.escape(curve.calibration.binning)}.</p>
<p class="quiet">Made by Lightbox on {date.today():%d %B %Y}, for teaching and research. It is not a medical device:
never use it for a diagnosis.</p></html>
"""


def _matrix(scene: Scene) -> str:
    counts = scene.counts
    cell = {key: f'<td class="number" title="{CELLS[key][0]}">{getattr(counts, key.lower()):,}</td>' for key in CELLS}
    return (
        "<table><tr><th></th><th>flagged</th><th>not flagged</th></tr>"
        f"<tr><th>has it</th>{cell['TP']}{cell['FN']}</tr><tr><th>does not</th>{cell['FP']}{cell['TN']}</tr></table>"
    )


def _rates(scene: Scene) -> str:
    found = rates(scene.counts)
    rows = "".join(
        f'<tr><th>{title}</th><td class="number">{numbers.share(getattr(found, key).value)}</td>'
        f'<td class="number">{numbers.share_interval(getattr(found, key))}</td><td>{DEFINITIONS[key]}</td></tr>'
        for key, title in ROWS
    )
    f1 = f'<tr><th>F1</th><td class="number">{found.f1:.3f}</td><td></td><td>{DEFINITIONS["f1"]}</td></tr>'
    return f"<table>{rows}{f1}</table>"


def _others(scene: Scene) -> str:
    if not scene.others:
        return ""
    rows = "".join(
        f'<tr><td>{other.name}</td><td class="number">{numbers.area(other.paired.second)}</td>'
        f'<td class="number">{other.paired.difference:+.3f}</td><td class="number">{other.paired.p:.3g}</td></tr>'
        for other in scene.others.values()
    )
    return f"<h2>Other models</h2><table><tr><th></th><th>AUROC</th><th>difference</th><th>p</th></tr>{rows}</table>"
