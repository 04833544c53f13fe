"""Training curves: from the log beside a model, or from its card."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.page.card_figures import at
from dashboard.page.palette import Ink
from dashboard.roc.figures import frame
from training.fitting.log import LOG_SUFFIX
from xai.cards.model_card import ModelCard

MOST_LOG_BYTES = 8 * 2**20
MOST_EPOCHS = 5000
RUNS = ("run", "fold", "network", "phase")  # columns that tell several trainings in one log apart
LOSS = "loss"
VALIDATION = ("validation_", "val_")
DASHES = ("solid", "dot", "dash", "dashdot", "longdash")


class CurvesError(ValueError):
    """A log that cannot be read; the message is one sentence."""


@dataclass(frozen=True)
class Curves:
    """What was noted while a model was trained.

    Attributes
    ----------
    table : DataFrame
        One row an epoch and run: ``epoch``, ``run``, and a column of numbers for each measure.
    source : str
        Where it stands, in words.
    """

    table: pd.DataFrame
    source: str

    @property
    def measures(self) -> list[str]:
        """Names of what was noted."""
        return [name for name in self.table.columns if name not in ("epoch", "run")]

    @property
    def losses(self) -> list[str]:
        """Those that are losses, and so share an axis."""
        return [name for name in self.measures if LOSS in name.lower()]


def read_curves(model: Path, card: ModelCard | None) -> Curves | None:
    """Give the training curves of a model; None where none are held.

    Raises
    ------
    CurvesError
        If there is a log that cannot be read.
    """
    log = model.with_name(f"{model.stem}{LOG_SUFFIX}")
    if log.is_file():
        return Curves(_table(_read(log), log.name), f"{log.name}, beside the model")
    for place in ("performance", "provenance"):
        history = at(getattr(card, place, None), "history")
        if isinstance(history, (dict, list)) and history:
            try:
                return Curves(_table(pd.DataFrame(history), "the card's history"), f"the card, {place}.history")
            except (ValueError, TypeError) as error:
                raise CurvesError("The card's training history is no table of epochs.") from error
    return None


def _read(log: Path) -> pd.DataFrame:
    try:
        if log.stat().st_size > MOST_LOG_BYTES:
            raise CurvesError(f"{log.name} is larger than {MOST_LOG_BYTES // 2**20} MiB, which no training log is.")
        return pd.read_csv(log)
    except CurvesError:
        raise
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise CurvesError(f"{log.name} is no table of epochs.") from error


def _table(raw: pd.DataFrame, what: str) -> pd.DataFrame:
    names = {str(name).strip(): name for name in raw.columns}
    told = {name: pd.to_numeric(raw[column], errors="coerce") for name, column in names.items() if name not in RUNS}
    table = pd.DataFrame({name: values for name, values in told.items() if np.isfinite(values).any()})
    runs = [raw[names[name]].astype(str).str.slice(0, 20) for name in RUNS if name in names]
    table["run"] = runs[0] if runs else ""
    for more in runs[1:]:
        table["run"] = table["run"] + " " + more
    if "epoch" not in table:
        table["epoch"] = table.groupby("run").cumcount() + 1
    table = table.dropna(subset="epoch").replace([np.inf, -np.inf], np.nan).head(MOST_EPOCHS)
    if not len(table) or table.shape[1] < 3:
        raise CurvesError(f"{what} has no numbers by epoch: expected columns such as epoch, loss, validation_loss.")
    return table


def best_epoch(curves: Curves) -> tuple[float, float] | None:
    """Give epoch and loss where the validation loss was lowest; None where it was not noted, or in several runs."""
    names = [name for name in curves.losses if name.lower().startswith(VALIDATION)]
    if not names or curves.table["run"].nunique() > 1:
        return None
    row = curves.table.iloc[int(np.nanargmin(curves.table[names[0]].to_numpy(np.float64)))]
    return float(row["epoch"]), float(row[names[0]])


def curves_figure(curves: Curves, measures: list[str], title: str, ink: Ink) -> go.Figure:
    """Draw measures by epoch: training dotted, validation solid, one shade a run."""
    figure = frame("epoch", title, 300)
    runs = curves.table["run"].unique()
    for run, rows in curves.table.groupby("run", sort=False):
        for name in measures:
            validation = name.lower().startswith(VALIDATION)
            strength = 1.0 if validation or len(measures) == 1 else 0.75
            words = name.replace("_", " ")
            figure.add_scatter(
                x=rows["epoch"],
                y=rows[name],
                mode="lines" if len(rows) > 1 else "markers",
                name=f"{words}, {run}" if len(runs) > 1 else words,
                line={
                    "color": ink.accent if validation else ink.quiet,
                    "width": 2.2 if validation else 1.8,
                    "dash": DASHES[list(runs).index(run) % len(DASHES)],
                },
                opacity=strength,
                hovertemplate="epoch %{x}: %{y:.4g}<extra></extra>",
                showlegend=1 < len(runs) * len(measures) <= 8,
            )
    best = best_epoch(curves)
    if best and LOSS in title:
        figure.add_vline(x=best[0], line={"color": ink.ink, "width": 1, "dash": "dot"})
    figure.update_xaxes(range=None, tickvals=None, tickformat="", nticks=8)
    figure.update_yaxes(range=None, tickvals=None, tickformat="", nticks=6)
    figure.update_layout(legend={"x": 0.98, "y": 0.98, "yanchor": "top"})
    return figure
