"""The report on a model's predictions as one file of HTML: no script, nothing to load, ready to print."""

from __future__ import annotations

import functools
import math
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from dashboard.roc import numbers
from dashboard.roc.supplement import Supplement, group_name
from dashboard.server.judging import warning_words
from training.evaluate.command import COLUMNS
from training.evaluate.met_words import left_out_films, met_words
from training.evaluate.rates import DEFINITIONS
from training.evaluate.side_by_side import METHOD
from xai.findings import finding_label

TEMPLATE = Path(__file__).with_suffix(".html")
CAPTIONS = {
    "roc": "ROC with 95\u00a0% band",
    "precision-recall": "Precision and recall",
    "calibration": "Calibration, with 95\u00a0% intervals",
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


def report(held: Supplement) -> str:
    """Write the report; all that is put into it is escaped, but for the figures."""
    chosen = held.chosen
    said = met_words(chosen.judged), left_out_films(chosen.judged), warning_words(chosen.judged, chosen.home)
    card = chosen.judged.card.get("provenance") or {}
    return _template().render(
        chosen=chosen,
        name=finding_label(chosen.finding),
        met_words=" ".join(filter(None, said)),
        metrics=held.metrics.to_dict("records"),
        parts=held.parts,
        left_out=held.left_out,
        origin=held.origin,
        remedies=card.get("remedies") or [],
        captions=CAPTIONS,
        rows=ROWS,
        columns=COLUMNS,
        definitions=DEFINITIONS,
        side_by_side_method=METHOD,
        today=f"{date.today():%d %B %Y}",
    )


@functools.cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "share": lambda value: numbers.NONE if pd.isna(value) else numbers.share(value),
        "shares": lambda ends: "" if pd.isna(ends[0]) else numbers.interval(*ends),
        "ends": numbers.share_interval,
        "area": lambda value: numbers.NONE if math.isnan(value) else f"{value:.3f}",
        "areas": lambda ends: numbers.ends(*ends),
        "digits": _digits,
        "count": lambda value: numbers.NONE if pd.isna(value) else f"{value:,}",
        "finding": finding_label,
        "group": group_name,
        "drawn": Markup,  # SVG of our own, whose words are escaped
    }
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8"))


def _digits(value: Any, digits: int) -> str:
    return numbers.NONE if pd.isna(value) else f"{value:.{digits}g}"
