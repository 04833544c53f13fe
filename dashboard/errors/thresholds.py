"""The threshold of each finding, by the rule that was asked for, and what to say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dashboard.errors.state import NUMBER, State
from dashboard.page.told import sentence_of
from training.evaluate.judged import Judged
from training.evaluate.ranked import EvaluateError
from training.evaluate.thresholds import choose
from xai.cards.model_card import Threshold


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of all findings, and what chose them.

    Attributes
    ----------
    thresholds : dict of str to Threshold
    rules : dict of str to str
        What chose each: a key of `training.evaluate.thresholds.RULES`, or empty for a number that stays.
    problems : dict of str to str
        Findings for which the rule gives nothing, so that the model card's threshold stands in, and why.
    """

    thresholds: Mapping[str, Threshold]
    rules: Mapping[str, str]
    problems: Mapping[str, str] = field(default_factory=dict)

    def value(self, finding: str) -> float:
        """Threshold of a finding."""
        return self.thresholds[finding].value

    def values(self) -> dict[str, float]:
        """Thresholds by finding."""
        return {name: one.value for name, one in self.thresholds.items()}


def choose_thresholds(judged: Judged, state: State) -> Thresholds:
    """Choose every finding's threshold by the rule; a threshold set by hand is that of its finding only."""
    thresholds, rules, problems = {}, {}, {}
    for finding in judged.findings:
        card = judged.threshold(finding)
        thresholds[finding], rules[finding] = card, ""
        if state.rule == NUMBER:
            if finding == state.finding and state.threshold is not None:
                thresholds[finding] = Threshold(state.threshold, "set by hand")
            continue
        try:
            thresholds[finding] = choose(state.rule, judged.ranked(finding), state.target, card)
            rules[finding] = state.rule
        except EvaluateError as error:
            problems[finding] = sentence_of(error)
    return Thresholds(thresholds, rules, problems)
