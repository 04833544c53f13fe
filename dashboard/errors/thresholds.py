"""Where each finding is cut, by the rule of a case, and what to say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dashboard.errors.state import NUMBER, Case
from training.evaluate.judged import Judged
from training.evaluate.ranked import EvaluateError
from training.evaluate.thresholds import choose
from xai.cards.model_card import Threshold


@dataclass(frozen=True)
class Cuts:
    """Thresholds of all findings.

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
        return {name: cut.value for name, cut in self.thresholds.items()}


def cuts(judged: Judged, case: Case) -> Cuts:
    """Cut every finding by the case's rule; a threshold set by hand is that of its finding only."""
    thresholds, rules, problems = {}, {}, {}
    for finding in judged.findings:
        card = judged.threshold(finding)
        thresholds[finding], rules[finding] = card, ""
        if case.rule == NUMBER:
            if finding == case.finding and case.threshold is not None:
                thresholds[finding] = Threshold(case.threshold, "set by hand")
            continue
        try:
            thresholds[finding] = choose(case.rule, judged.ranked(finding), case.target, card)
            rules[finding] = case.rule
        except EvaluateError as error:
            problems[finding] = str(error)
    return Cuts(thresholds, rules, problems)
