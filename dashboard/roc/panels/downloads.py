"""What can be taken away: a report, pictures, and tables."""

from __future__ import annotations

import dataclasses
import io
import zipfile

import pandas as pd
import streamlit as st

from dashboard.components.download import download
from dashboard.roc.colors import colors
from dashboard.roc.pictures import pictures
from dashboard.roc.report import report
from dashboard.roc.scene import Scene
from dashboard.roc.state import State
from dashboard.roc.threshold import rule_of
from dashboard.roc.visit import visit
from dashboard.server.session import offer
from training.evaluate.command import measure
from xai.machine import file_name


def show(scene: Scene) -> None:
    """Show a link to each thing; it is made when it is asked for, without this visitor's session."""
    asked = visit.state
    of_all = file_name(scene.home.predictions.lower())
    stem = file_name(f"{of_all}-{scene.finding.lower()}")
    things = (
        ("Report", f"{stem}.html", "text/html", lambda: report(scene),
         "One page of HTML to print or send: the four figures, the confusion matrix, the rates and what they mean."),
        ("Figures", f"{stem}-figures.zip", "application/zip", lambda: figure_archive(scene),
         "The four figures as SVG, black on white, for slides and papers. The camera at each figure's corner keeps it "
         "as it is on the screen."),
        ("Curves", f"{stem}-curves.csv", "text/csv", lambda: _csv(curve_table(scene)),
         "The points of the ROC and precision-recall curves, with their thresholds."),
        ("Films", f"{stem}-films.csv", "text/csv", lambda: _csv(film_table(scene)),
         "Each film: label, probability, and its cell of the confusion matrix at this threshold."),
        ("All findings", f"{of_all}-metrics.csv", "text/csv", lambda: metrics(scene, asked),
         "One row a finding at this rule, as `python -m training evaluate` writes it. A threshold set by hand counts "
         "for its own finding only; the card's, or 0.5, for the others."),
    )  # fmt: skip
    for name, file, mime, make, meaning in things:
        button, words = st.columns([1, 5], vertical_alignment="center", gap="medium")
        with button:
            download(name, offer(name, file, mime, make), key=f"roc_get_{name}", width="stretch")
        words.caption(meaning)


def figure_archive(scene: Scene) -> bytes:
    """Pack the four figures."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, picture in pictures(scene, colors(scene.finding, "light")).items():
            archive.writestr(f"{name}.svg", picture)
    return stream.getvalue()


def curve_table(scene: Scene) -> pd.DataFrame:
    """Give the points of both curves, as they are drawn."""
    roc, pr = scene.curves.roc, scene.curves.precision_recall
    first = {"curve": "roc", "threshold": roc.thresholds, "x": roc.false_positive_rate, "y": roc.true_positive_rate}
    second = {"curve": "precision_recall", "threshold": pr.thresholds, "x": pr.recall, "y": pr.precision}
    return pd.concat([pd.DataFrame(first), pd.DataFrame(second)], ignore_index=True)


def film_table(scene: Scene) -> pd.DataFrame:
    """Give a row a film."""
    here, finding = scene.judged, scene.finding
    return pd.DataFrame(
        {
            "film": here.films["film"],
            "label": here.truth(finding),
            "probability": here.scores(finding),
            "outcome": here.outcome(finding, scene.threshold.value),
        }
    )


def metrics(scene: Scene, asked: State) -> str:
    """Give a row a finding."""
    here, rule = scene.judged, rule_of(scene.judged, scene.finding, asked)
    if not rule:
        here = dataclasses.replace(here, thresholds={**here.thresholds, scene.finding: scene.threshold})
    return _csv(measure(here, rule or "card", asked.target)[0])


def _csv(table: pd.DataFrame) -> str:
    return table.to_csv(index=False, lineterminator="\n")  # the same bytes on every system
