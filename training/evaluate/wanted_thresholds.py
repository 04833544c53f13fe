"""Thresholds as a command line asks for them: a rule, one number for all, or a file that names one a finding."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.datasets.text_table import TableError, as_numbers, column_key, read_text_table
from training.evaluate.ranked import EvaluateError, Ranked
from training.evaluate.thresholds import ALIASES, RULES, checked_target, choose, rule_words
from xai.cards.calibration import is_number
from xai.cards.model_card import Threshold

EXPECTED = "a number from 0 to 1, a rule, or a file with a threshold a finding"
FILE_HELP = (
    f"a number, a rule ({', '.join(RULES)}), or a file: a model card, predictions.json, remedies, or a table with the "
    "columns finding and threshold, such as metrics.csv"
)


@dataclass(frozen=True)
class Wanted:
    """What decides each finding's threshold.

    Attributes
    ----------
    rule : str
        One of `training.evaluate.thresholds.RULES`; empty where a number or a file decides.
    target : float or None
        What the rule asks for.
    number : float or None
        For all findings.
    named : dict of str to Threshold
        From a file, by finding.
    words : str
        The same in words.
    """

    rule: str = ""
    target: float | None = None
    number: float | None = None
    named: Mapping[str, Threshold] = field(default_factory=dict)
    words: str = ""

    def threshold(self, finding: str, ranked: Ranked, card: Threshold | None = None) -> Threshold:
        """Give a finding's threshold; raises `EvaluateError` where there is none."""
        return choose(self.rule, ranked, self.target, card) if self.rule else self.fixed(finding)

    def fixed(self, finding: str) -> Threshold:
        """Give a threshold that hangs on no film; raises `EvaluateError` where there is none."""
        if self.number is not None:
            return Threshold(self.number, self.words)
        if finding not in self.named:
            raise EvaluateError(f"{self.words} names no threshold for {finding}.")
        return self.named[finding]


def wanted_thresholds(text: str, target: float | None = None) -> Wanted:
    """Read what is asked for.

    Parameters
    ----------
    text : str
        A rule, a number in [0, 1], or the path of a file.
    target : float, optional
        What the rule asks for; its usual target without it.

    Raises
    ------
    EvaluateError
        In one sentence, if it is none of them, or the target makes no sense.
    """
    rule = ALIASES.get(text, text)
    if rule in RULES:
        target = checked_target(rule, target)
        return Wanted(rule, target, words=rule_words(rule, target))
    if target is not None:
        raise EvaluateError(f"Only a rule has a target; got --thresholds {text} and --target {target:g}.")
    try:
        number = float(text)
    except ValueError:
        if not Path(text).is_file():
            raise EvaluateError(
                f"Expected {EXPECTED} for --thresholds, but got {text}; the rules are {', '.join(RULES)}."
            ) from None
        return Wanted(named=_from_file(Path(text)), words=Path(text).name)
    if not 0 <= number <= 1:
        raise EvaluateError(f"Expected {EXPECTED} for --thresholds, but got {text}.")
    return Wanted(number=number, words=f"{number:g}, the same for every finding")


def _from_file(path: Path) -> dict[str, Threshold]:
    named = _from_json(path) if path.suffix.lower() == ".json" else _from_table(path)
    if not named:
        raise EvaluateError(f"{path.name} names no threshold; expected one a finding.")
    return named


def _from_json(path: Path) -> dict[str, Threshold]:
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        raise EvaluateError(f"{path.name} cannot be read as JSON ({error}).") from error
    remedies = content if isinstance(content, list) else [content]
    if remedies and all(isinstance(one, dict) and isinstance(one.get("finding"), str) for one in remedies):
        content = {one["finding"]: one.get("threshold") for one in remedies}
    elif isinstance(content, dict) and isinstance(content.get("metrics"), list):
        rows = [row for row in content["metrics"] if isinstance(row, dict) and row.get("threshold") is not None]
        content = {str(row.get("finding")): row["threshold"] for row in rows}
    elif isinstance(content, dict) and isinstance(content.get("thresholds"), dict):  # a card, or predictions
        content = content["thresholds"]
    if not isinstance(content, dict):
        raise EvaluateError(f"{path.name} holds no thresholds by finding.")
    return {str(name): _read(one, str(name), path) for name, one in content.items()}


def _read(content: Any, finding: str, path: Path) -> Threshold:
    told: dict[str, Any] = content if isinstance(content, dict) else {"value": content}
    value, rule = told.get("value"), told.get("rule")
    if value is None or not is_number(value) or not 0 <= value <= 1:
        raise EvaluateError(f"{path.name} gives {value} as the threshold of {finding}; expected a number from 0 to 1.")
    return Threshold(float(value), rule if isinstance(rule, str) and rule else f"As {path.name} says.")


def _from_table(path: Path) -> dict[str, Threshold]:
    try:
        table = read_text_table(path)
    except TableError as error:
        raise EvaluateError(f"{path.name} cannot be read as a table ({error}).") from error
    columns = {column_key(name): name for name in table.columns}
    if not {"finding", "threshold"} <= set(columns):
        raise EvaluateError(f"{path.name} lacks the columns finding and threshold; it has {', '.join(table.columns)}.")
    told = table[[columns["finding"], columns["threshold"]]].dropna()
    values = as_numbers(told.iloc[:, 1])
    return {
        str(name): _read(float(value), str(name), path) for name, value in zip(told.iloc[:, 0], values, strict=True)
    }
