"""What can be taken away: a report, pictures, and tables."""

from __future__ import annotations

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
from dashboard.roc.supplement import curve_table, gather, metrics
from dashboard.roc.visit import visit
from dashboard.server.session import offer
from training.evaluate.met_words import met_codes
from xai.machine import file_name


def show(scene: Scene) -> None:
    """Show a link to each thing; it is made when it is asked for, without this visitor's session."""
    asked = visit.state
    of_all = file_name(scene.home.predictions.lower())
    stem = file_name(f"{of_all}-{scene.finding.lower()}")
    things = (
        ("Report", f"{stem}.html", "text/html", lambda: report(gather(scene, asked)),
         "One file of HTML to print or send: this finding first, then every other: figures, rates and subgroups with "
         "intervals, the audit and a remedy; hashes, versions and the command. It takes a second or more a finding."),
        ("Supplement", f"{of_all}-supplement.zip", "application/zip", lambda: supplement(scene, asked),
         "The same report, and each of its numbers as CSV: metrics, subgroups, audit, remedies, curves, their "
         "origin, and other predictions side by side where some are chosen."),
        ("Figures", f"{stem}-figures.zip", "application/zip", lambda: figure_archive(scene),
         "The four figures as SVG, black on white, for slides and papers. The camera at each figure's corner keeps it "
         "as it is on the screen."),
        ("Curves", f"{stem}-curves.csv", "text/csv", lambda: _csv(curve_table(scene)),
         "The points of the ROC and precision-recall curves with their thresholds, of the band and of the "
         "calibration."),
        ("Films", f"{stem}-films.csv", "text/csv", lambda: _csv(film_table(scene)),
         "Each film: patient, split, label, probability, its cell of the confusion matrix at this threshold, and what "
         "it served for before (met): new, served to fit the model and so on, or not known."),
        ("All findings", f"{of_all}-metrics.csv", "text/csv", lambda: _csv(metrics(scene, asked)),
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


def supplement(scene: Scene, asked: State) -> bytes:
    """Pack the report and its tables."""
    held, stream = gather(scene, asked), io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.html", report(held))
        for name, table in held.tables().items():
            archive.writestr(f"{name}.csv", _csv(table))
    return stream.getvalue()


def film_table(scene: Scene) -> pd.DataFrame:
    """Give a row a film."""
    here, finding = scene.judged, scene.finding
    return pd.DataFrame(
        {
            "film": here.films["film"],
            "patient": here.films["patient"],
            "split": here.films["split"],
            "label": here.truth(finding),
            "probability": here.scores(finding),
            "outcome": here.outcome(finding, scene.threshold.value),
            "met": met_codes(here.met, here.films["patient"].notna().to_numpy(), finding),
        }
    )


def _csv(table: pd.DataFrame) -> str:
    return table.to_csv(index=False, lineterminator="\n")  # the same bytes on every system
