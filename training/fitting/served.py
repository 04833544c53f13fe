"""What the films of a training served for, for the card: to fit, to stop, to calibrate, to choose thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from training.datasets.marks import record
from training.fitting.recipe import Recipe

if TYPE_CHECKING:
    from training.fitting.films import Films
    from training.fitting.scheme import Fitted


def served(fitted: Fitted, films: Films, also: Films, recipe: Recipe) -> list[dict[str, Any]]:
    """Give a record of the films behind each thing that was decided; see `training.evaluate.met`."""
    learned = pd.concat([films.table.iloc[fitted.learned], also.table.iloc[also.in_splits("train")]])
    facts = [record(learned, ["fit"])]
    if len(fitted.held_out):
        chosen = films.table.iloc[fitted.held_out]
        watched = recipe.hold_out == "validation" and (recipe.patience or recipe.schedule == "plateau")
        stops = ["stop"] if watched else []
        facts.append(record(chosen, [*stops, "calibration", "thresholds"]))
        if len(checked := also.in_splits("validation")):
            facts.append(record(also.table.iloc[checked], ["calibration"]))
    return facts
