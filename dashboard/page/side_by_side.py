"""Two sets of probabilities side by side, as a table: what is missed first, then what each measure becomes."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from dashboard.page.words import signed, to_tenth
from training.evaluate.side_by_side import Change, SideBySide, disagree
from xai.written import with_unit

NAMES = {
    "predicted_prevalence": "Flagged",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "PPV",
    "mean_probability": "Mean probability",
    "brier": "Brier score",
}
INTERVAL = "95\u00a0% interval"
NONE = "–"


def table(found: SideBySide, names: tuple[str, str], errors: tuple[float, float]) -> pd.DataFrame:
    """Give a row a measure: of the first, of the second, and the second less the first.

    Parameters
    ----------
    found : SideBySide
    names : (str, str)
        Heads of the two columns.
    errors : (float, float)
        Expected calibration error of either.
    """
    prevalence = found.positives / found.films if found.films else math.nan
    rows = [
        _row("Missed films with it", [f"{missed:,} of {found.positives:,}" for missed in found.missed], _missed(found)),
        *(_row(name, *_written(found.changes[measure])) for measure, name in NAMES.items()),
        _row("Calibration error", [f"{error:.4f}" for error in errors], {"Change": signed(errors[1] - errors[0], 4)}),
        _row("Threshold", [f"{threshold:.4g}" for threshold in found.thresholds], {}),
        _row("Have the finding", [_share(prevalence)] * 2, {}),
    ]
    return pd.DataFrame(rows).rename(columns={"first": names[0], "second": names[1]}).fillna("")


def numbers(finding: str, found: SideBySide, names: tuple[str, str], errors: tuple[float, float]) -> pd.DataFrame:
    """Give what `table` gives as numbers, with the names of both in columns of their own; NaN where there is none."""
    prevalence = found.positives / found.films if found.films else math.nan
    rows = [
        ("missed", *found.missed, found.missed[1] - found.missed[0], math.nan, math.nan, math.nan, found.positives),
        *(
            (name, one.first, one.second, one.difference, one.low, one.high, one.p, one.of)
            for name, one in found.changes.items()
        ),
        ("ece", *errors, errors[1] - errors[0], math.nan, math.nan, math.nan, found.films),
        ("threshold", *found.thresholds, *[math.nan] * 4, found.films),
        ("prevalence", prevalence, prevalence, *[math.nan] * 4, found.films),
    ]
    columns = ["measure", "of_first", "of_second", "change", "low", "high", "p", "films"]
    table = pd.DataFrame(rows, columns=columns)
    return pd.concat(
        [pd.DataFrame({"finding": finding, "first": names[0], "second": names[1]}, table.index), table], axis=1
    )


def as_csv(table: pd.DataFrame) -> str:
    """Write a table such that its bytes are the same on every system."""
    return table.to_csv(index=False, lineterminator="\n")


def differ(found: SideBySide) -> str:
    """Say where interval and p disagree on whether there is a change, and why they can; empty where they do not."""
    held: list[str] = []
    left_out: list[str] = []
    for measure in disagree(found):
        one = found.changes[measure]
        (held if one.low <= 0 <= one.high else left_out).append(NAMES[measure])
    said = []
    if held:
        said.append(
            f"{' and '.join(held)}: the interval holds 0 beside a p below 0.05. They can differ: the interval is "
            "cautious, the wider of two; p is that of a test by itself."
        )
    if left_out:
        said.append(
            f"{' and '.join(left_out)}: the interval leaves out 0 beside a p of 0.05 or more. So few patients are "
            "judged differently that tossing coins could do as much; go by p."
        )
    return " ".join(said)


def p_value(p: float) -> str:
    """Write a p value."""
    if math.isnan(p):
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _row(name: str, values: list[str], change: Mapping[str, str]) -> dict[str, str]:
    return {"": name, "first": values[0], "second": values[1], **{"Change": "", INTERVAL: "", "p": ""}, **change}


def _missed(found: SideBySide) -> dict[str, str]:
    return {"Change": f"{found.missed[1] - found.missed[0]:+,}".replace("-", "−").replace("+0", "0")}


def _written(one: Change) -> tuple[list[str], dict[str, str]]:
    if one.measure == "brier":
        values = [NONE if math.isnan(value) else f"{value:.4f}" for value in (one.first, one.second)]
        ends = [signed(end, 4) for end in (one.difference, one.low, one.high)]
    else:
        values = [_share(value) for value in (one.first, one.second)]
        ends = [signed(100 * end, 1) for end in (one.difference, one.low, one.high)]
        ends[0], ends[2] = with_unit(ends[0], "pts"), with_unit(ends[2], "pts")
    difference = NONE if math.isnan(one.difference) else ends[0]
    interval = NONE if math.isnan(one.low) else f"{ends[1]} to {ends[2]}"
    return values, {"Change": difference, INTERVAL: interval, "p": p_value(one.p)}


def _share(value: float) -> str:
    return NONE if math.isnan(value) else to_tenth(value)
