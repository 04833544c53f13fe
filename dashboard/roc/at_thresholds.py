"""The page's predictions and others, each at its own threshold: what that changes, and where each threshold is from."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from dashboard.page import side_by_side
from dashboard.roc.scene import Scene
from dashboard.roc.state import State
from dashboard.roc.threshold import rule_of, settle
from dashboard.server.judging import named_rule
from training.evaluate.calibration import calibration_curve
from training.evaluate.judged import Judged
from training.evaluate.side_by_side import SideBySide, side_by_side_judged
from xai.cards.model_card import Threshold


@dataclass(frozen=True, eq=False)
class AtThresholds:
    """Two sets of predictions of one finding, each at its own threshold.

    Attributes
    ----------
    finding : str
    names : (str, str)
        Of the page's predictions, and of the others.
    found : SideBySide
    errors : (float, float)
        Expected calibration error of either.
    whence : str
        Where either threshold is from, in sentences.
    """

    finding: str
    names: tuple[str, str]
    found: SideBySide
    errors: tuple[float, float]
    whence: str

    @property
    def table(self) -> pd.DataFrame:
        """A row a measure, in words."""
        return side_by_side.table(self.found, self.names, self.errors)

    @property
    def differ(self) -> str:
        """Where interval and p disagree; empty where they do not."""
        return side_by_side.differ(self.found)

    @property
    def numbers(self) -> pd.DataFrame:
        """The same in numbers."""
        return side_by_side.numbers(self.finding, self.found, self.names, self.errors)


def at_thresholds(scene: Scene, name: str, asked: State) -> AtThresholds:
    """Measure the page's predictions and others: by the same rule, or each at its own where one was set by hand."""
    pair, finding, home = scene.others[name].pair, scene.finding, scene.home.predictions
    theirs, whence = _their_threshold(name, pair.second, finding, asked)
    found = side_by_side_judged(pair.first, pair.second, finding, (scene.threshold.value, theirs.value))
    first, second = (calibration_curve(one.ranked(finding)).error for one in (pair.first, pair.second))
    said = _whence(home, scene.judged, finding, asked, scene.threshold, scene.problem)
    return AtThresholds(finding, (home, name), found, (first, second), f"{said} {whence}")


def _their_threshold(name: str, judged: Judged, finding: str, asked: State) -> tuple[Threshold, str]:
    """Give the threshold of the others and where it is from: a number set by hand is one for the page's own."""
    if asked.threshold is not None:
        if finding not in judged.thresholds:
            return settle(judged, finding, asked)[0], f"{name} has the same, as it came with none of its own."
        asked = asked.with_(threshold=None, rule="card", target=None)
    theirs, problem = settle(judged, finding, asked)
    return theirs, _whence(name, judged, finding, asked, theirs, problem)


def _whence(name: str, judged: Judged, finding: str, asked: State, threshold: Threshold, problem: str) -> str:
    said = f"The threshold {threshold.value:.4g} of {name}"
    rule = rule_of(judged, finding, asked)
    if problem:
        stands_in = "its own" if finding in judged.thresholds else "0.5"
        return f"{said} stands in ({stands_in}), as the rule {named_rule(judged, rule).name} gives none: {problem}"
    if not rule:
        return f"{said} was set by hand or by the link."
    if rule == "card":
        told = f": “{threshold.rule.rstrip('.')}”" if threshold.rule else ""
        return f"{said} is its own ({named_rule(judged, rule).name.lower()}){told}."
    if rule == "half":
        return f"{said} is by the rule 0.5."
    return f"{said} is by the rule above: {threshold.rule}"
