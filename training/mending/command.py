"""Mend predictions with remedies that were fitted before, such as those that the Errors page gives to take along.

A remedy is a rising map of a finding's logit and a threshold, so no film is read and no model is run.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from training.datasets.table import DatasetError
from training.evaluate.joining import judge
from training.evaluate.judged import Judged
from training.evaluate.ranked import EvaluateError
from training.evaluate.side_by_side import side_by_side
from training.mending.mended import mend_predictions, mended_before
from training.mending.remedy_file import fitted_for, read_remedies
from training.predictions.table import Predictions, read_predictions
from xai.cards.model_card import DEFAULT_THRESHOLD
from xai.command_line import one_line
from xai.findings import finding_label


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``python -m training mend``."""
    parser.add_argument("predictions", type=Path, metavar="PREDICTIONS", help="folder that predict or import wrote")
    parser.add_argument(
        "--remedy", type=Path, nargs="+", required=True, metavar="FILE", help="remedies, one or several"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="PREDICTIONS", help="folder to write")


def run(options: argparse.Namespace) -> int:
    """Mend, and say of each finding what became of its flags."""
    predictions = read_predictions(options.predictions)
    remedies = [one for path in options.remedy for one in read_remedies(path)]
    made = mend_predictions(predictions, remedies, options.out)
    strangers = sorted({name for path in options.remedy for name in fitted_for(path)} - {predictions.facts.model})
    if strangers:
        told = f"fitted on predictions of {', '.join(strangers)}, these are of {predictions.facts.model}"
        print(one_line(f"{told}: right only where that is the same model under another name."), file=sys.stderr)
    if again := mended_before(predictions, remedies):
        told = f"{', '.join(map(finding_label, again))}: mended before in {predictions.name}"
        print(one_line(f"{told}; right only where this remedy was fitted on these very predictions."), file=sys.stderr)
    try:
        pair = judge(predictions), judge(made)
    except (DatasetError, EvaluateError, OSError) as error:
        print(one_line(f"What it does cannot be said: {error}"), file=sys.stderr)
        return 0
    for finding in dict.fromkeys(one.remedy.finding for one in remedies):
        print(_told(finding, *pair, predictions, made))
    print("These figures are of all films, also of those that a remedy was fitted on where they are among them.")
    return 0


def _told(finding: str, first: Judged, second: Judged, before: Predictions, after: Predictions) -> str:
    """Say what became of a finding: what is missed, what is flagged, and what is there."""
    if finding not in first.findings:
        return f"{finding}: mended; {first.dataset} has no labels of it"
    was, now = (one.facts.thresholds.get(finding, DEFAULT_THRESHOLD).value for one in (before, after))
    scores = first.scores(finding), second.scores(finding)
    found = side_by_side(first.truth(finding), *scores, (was, now), first.patients)
    if not found.films:
        return f"{finding}: mended; no film has a label of it"
    flagged, brier = found.changes["predicted_prevalence"], found.changes["brier"]
    return (
        f"{finding}: missed {found.missed[0]} -> {found.missed[1]} of {found.positives}, flagged {flagged.first:.1%} "
        f"-> {flagged.second:.1%} where {found.positives / found.films:.1%} have it, Brier score {brier.first:.4f} -> "
        f"{brier.second:.4f}"
    )
