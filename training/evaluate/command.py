"""Measure predictions against the labels of their dataset.

Writes ``metrics.csv``, one row a finding, and ``metrics.json``, the same with the definition of each column.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import pandas as pd

from training.datasets.patients import count_patients
from training.datasets.table import Dataset
from training.evaluate.calibration import BINS, brier_score, calibration_curve
from training.evaluate.conditions import Condition, meets, read_condition
from training.evaluate.joining import judge
from training.evaluate.judged import CHOICES, Judged
from training.evaluate.mean_area import METHOD as MEAN_METHOD
from training.evaluate.mean_area import MeanArea, mean_area, measurable
from training.evaluate.met_words import flattered, left_out_films, met_facts, met_words
from training.evaluate.precision_recall import clustered_average_precision
from training.evaluate.ranked import EvaluateError, Ranked
from training.evaluate.rates import DEFINITIONS
from training.evaluate.same_films import cross_fitted, looks, same_films_words
from training.evaluate.wanted_thresholds import FILE_HELP, Wanted, wanted_thresholds
from training.predictions.table import read_predictions
from xai.files import write_files
from xai.findings import finding_label

COUNTS = ("tp", "fp", "fn", "tn")
SHARES = ("sensitivity", "specificity", "ppv", "npv", "prevalence", "predicted_prevalence")
PRECISION = ("average_precision", "average_precision_low", "average_precision_high")


def _with_ends(share: str) -> dict[str, str]:
    return {
        share: DEFINITIONS[share],
        f"{share}_low": "Lower end of its 95 % interval; how it was made stands under interval.",
        f"{share}_high": "Upper end.",
    }


COLUMNS = {
    "finding": "One of the 14 findings, or a class of the dataset, judged against its other classes.",
    "positives": "Films with the finding, among those with a label and a probability.",
    "negatives": "Films without it.",
    "patients": "Patients of these films; empty where not all are known.",
    "auroc": "Chance that a film with the finding scores above one without; ties count half.",
    "auroc_low": "Lower end of its 95 % interval; how it was made stands under interval.",
    "auroc_high": "Upper end.",
    "average_precision": "Mean of precision over the steps of recall, without interpolation.",
    "average_precision_low": "Lower end of its 95 % interval.",
    "average_precision_high": "Upper end.",
    "brier": "Mean squared difference between probability and truth.",
    "ece": "Expected calibration error: mean gap between predicted and observed share, in up to "
    f"{BINS} groups of equal number of films.",
    "threshold": "Probability from which a film is flagged.",
    "tp": "Films with the finding that are flagged.",
    "fp": "Films without it that are flagged.",
    "fn": "Films with it that are not flagged.",
    "tn": "Films without it that are not flagged.",
    **{column: words for name in SHARES for column, words in _with_ends(name).items()},
    "f1": DEFINITIONS["f1"],
}


def measure(
    judged: Judged, rule: str | Wanted = "card", target: float | None = None
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Measure every finding.

    Parameters
    ----------
    judged : Judged
    rule, target
        How thresholds are chosen; see `training.evaluate.wanted_thresholds`.

    Returns
    -------
    table : DataFrame
        One row a finding with the columns `COLUMNS`; NaN where something cannot be said.
    notes : dict
        By finding: the rule of its threshold, and what cannot be said and why.
    """
    wanted = wanted_thresholds(rule, target) if isinstance(rule, str) else rule
    rows, notes = [], {}
    for finding in judged.findings:
        ranked = judged.ranked(finding)
        withheld = judged.withheld.get(finding, 0)
        note: dict[str, Any] = {"missing": ranked.missing - withheld}
        note |= {"left_out_since_a_remedy_was_fitted_on_them": withheld} if withheld else {}
        note |= {"problem": ranked.problem} if ranked.problem else {}
        row: dict[str, Any] = dict.fromkeys(COLUMNS, math.nan)
        area = judged.auroc(finding)
        row |= {"finding": finding, "positives": ranked.positives, "negatives": ranked.negatives}
        row |= {"auroc": area.value, "auroc_low": area.low, "auroc_high": area.high}
        precision = clustered_average_precision(judged.by_patient(finding))
        row |= dict(zip(PRECISION, precision, strict=True)) | {"brier": brier_score(ranked)}
        row |= {"ece": calibration_curve(ranked).error, "patients": _patients(judged, finding)}
        cut: float = math.inf
        told: tuple[str, ...] = ("prevalence",)
        try:
            threshold = wanted.threshold(finding, ranked, judged.threshold(finding))
        except EvaluateError as error:
            note["no_threshold"] = str(error)
        else:
            note["rule"], cut, told = threshold.rule, threshold.value, SHARES
            note |= _chosen_here(judged, finding, wanted)
            row |= {"threshold": cut} | vars(ranked.counts(cut))
        found = judged.rates(finding, cut)
        row["f1"] = math.nan if math.isinf(cut) else found.f1
        for name in told:
            one = getattr(found, name)
            row |= {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
        rows.append(row)
        notes[finding] = note
    whole = dict.fromkeys(("patients", *COUNTS), "Int64")
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(whole), notes


def _chosen_here(judged: Judged, finding: str, wanted: Wanted) -> dict[str, Any]:
    """Say of a threshold that was chosen on these very films that it was, and what is left of its rates on others."""
    rule = judged.chosen_here(finding) if wanted.rule == "card" else wanted.rule
    if not looks(rule):
        return {}
    found = cross_fitted(judged, finding, wanted.rule, wanted.target) if rule == wanted.rule else None
    note: dict[str, Any] = {"chosen_here": same_films_words(judged.ranked(finding), found)}
    if found is not None:
        shares = {name: vars(getattr(found, name)) for name in ("sensitivity", "specificity", "ppv", "npv")}
        note["on_other_patients"] = {name: _without_nan(dict(one)) for name, one in shares.items()}
    return note


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``python -m training evaluate``."""
    parser.add_argument("predictions", type=Path, metavar="PREDICTIONS", help="folder that predict or import wrote")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write")
    parser.add_argument(
        "--split",
        choices=CHOICES,
        help="which films (default: those that the model has never met, or, where nobody knows of any, is "
        "not known to have met, where it met others; else all)",
    )
    parser.add_argument("--thresholds", default="card", metavar="WHAT", help=f"{FILE_HELP} (default: card)")
    parser.add_argument("--target", type=float, metavar="X", help="what the rule asks for, such as 0.9")
    parser.add_argument(
        "--slice",
        action="append",
        type=condition,
        default=[],
        metavar="CONDITION",
        help="write slice.csv too: films that meet this against all others. Conditions on a column of the dataset are "
        "view=AP, age=60.. or age=p0..p25 (percentiles); several on one column are alternatives, others all hold",
    )


def condition(text: str) -> Condition:
    """Read a condition of the command line."""
    try:
        return read_condition(text)
    except EvaluateError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def run(args: argparse.Namespace) -> int:
    """Measure, write and say in a line what was measured."""
    wanted = wanted_thresholds(args.thresholds, args.target)
    predictions = read_predictions(args.predictions)
    dataset = predictions.open_dataset()
    whole = judge(predictions, dataset)
    split = args.split or whole.usual
    judged = whole.in_split(split)
    table, notes = measure(judged, wanted)
    sliced, meaning = _slice(judged, dataset, args.slice, table) if args.slice else ({}, {})
    mean = mean_area(judged, measurable(judged))
    content = {
        "predictions": predictions.name,
        "model": judged.model,
        "dataset": judged.dataset,
        "split": split,
        "films": len(judged),
        "mean_auroc": {
            "value": _number(mean.value),
            "low": _number(mean.low),
            "high": _number(mean.high),
            "findings": list(mean.findings),
        },
        "met": met_facts(judged) | {"meaning": met_words(judged)},
        **judged.whose.facts,
        "films_left_out": dict(judged.left_out),
        "films_without_prediction": judged.unpredicted,
        "predictions_without_film": judged.unlabelled,
        "classes": list(judged.classes),
        "outputs_not_judged": list(judged.unjudged),
        "columns_not_read": list(judged.ignored),
        "thresholds": threshold_words(wanted, judged),
        "slice": [str(one) for one in args.slice],
        "definitions": COLUMNS | {"interval": judged.interval_method, "mean_auroc": MEAN_METHOD} | meaning,
        "notes": notes,
        "metrics": [_without_nan(row) for row in table.to_dict("records")],
    }
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    write_files(args.out, {"metrics.csv": _csv(table), **sliced, "metrics.json": text + "\n"})
    print(f"{len(judged)} films {judged.whose.words}: {_mean(mean)} of {len(table)} {_kind(judged)}")
    print(met_words(judged))
    if left_out := left_out_films(judged):
        print(f"{left_out} --split all takes them in.")
    if warning := flattered(judged):
        print(f"warning: {warning}")
    print(f"thresholds: {threshold_words(wanted, judged)}")
    if chosen := [judged.ranked(name) for name, note in notes.items() if "chosen_here" in note]:
        print(_chosen_words(chosen, any("on_other_patients" in note for note in notes.values())))
    if args.slice:
        print(f"slice.csv: films with {'; '.join(one.words for one in args.slice)} against all others")
    if judged.whose.caution:
        print(judged.whose.caution)
    if judged.unjudged:
        print(f"not judged, since {judged.dataset} says nothing of them: {', '.join(judged.unjudged)}")
    if judged.ignored:
        print(f"columns of the imported table that were not read: {', '.join(judged.ignored)}")
    for finding in judged.findings:
        problem = judged.ranked(finding).problem or notes[finding].get("no_threshold", "")
        if problem:
            print(f"{finding}: {problem}")
    return 0


def _slice(
    judged: Judged, dataset: Dataset, asked: list[Condition], table: pd.DataFrame
) -> tuple[dict[str, str], dict[str, Any]]:
    """Give the file that holds a slice against the rest, at the thresholds of all films, and what is in it."""
    from training.evaluate import slices  # scipy.stats takes a second

    here = judged.films["film"].isin(dataset.films["film"][meets(dataset.films, asked)]).to_numpy()
    thresholds = {str(name): float(cut) for name, cut in zip(table["finding"], table["threshold"], strict=True)}
    found = slices.slice_table(judged, thresholds, here)
    return {"slice.csv": _csv(found)}, {"slice.csv": slices.COLUMNS | {"intervals": slices.METHOD}}


def _csv(table: pd.DataFrame) -> str:
    return table.to_csv(index=False, lineterminator="\n")


def _patients(judged: Judged, finding: str) -> float:
    whose = count_patients(judged.films["patient"][judged.ranked(finding).places >= 0])
    return math.nan if whose.known is None else whose.known


def threshold_words(wanted: Wanted, judged: Judged) -> str:
    """Say what decides the thresholds; a model card that is not there decides none."""
    if wanted.rule != "card":
        return wanted.words
    default = [finding_label(name) for name in judged.findings if name not in judged.thresholds]
    if len(default) == len(judged.findings):
        return "0.5 for every finding, since neither a model card nor the predictions name any"
    said = wanted.words if judged.card else "Those that the predictions were imported with"
    return f"{said}; 0.5 for {', '.join(default)}, of which they name none" if default else said


def _chosen_words(ranked: list[Ranked], others: bool) -> str:
    rarer = [min(one.positives, one.negatives) for one in ranked]
    count = f"{min(rarer):,}" if min(rarer) == max(rarer) else f"{min(rarer):,} to {max(rarer):,}"
    said = (
        f"They were chosen on these very films, {count} of the rarer kind: the rates tend to be too good, with few "
        "films much too good."
    )
    return f"{said} Those of thresholds chosen on other patients are in metrics.json, under notes." if others else said


def _mean(mean: MeanArea) -> str:
    if not mean.findings:
        return "an AUROC of none"
    ends = "" if math.isnan(mean.low) else f" (95 % interval {mean.low:.3f} to {mean.high:.3f})"
    return f"mean AUROC {mean.value:.3f}{ends} of {len(mean.findings)}"


def _kind(judged: Judged) -> str:
    if not judged.classes:
        return "findings"
    return "classes" if judged.classes == judged.findings else "findings and classes"


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _without_nan(row: dict[Hashable, Any]) -> dict[Hashable, Any]:
    return {key: None if pd.isna(value) else value for key, value in row.items()}
