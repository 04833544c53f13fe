"""The same remedy for every finding that is flagged too often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from training.evaluate.judged import Judged
from training.evaluate.ranked import EvaluateError
from training.mending.known import known_of
from training.mending.remedy import FIT_SHARE, Trial, try_remedy


@dataclass(frozen=True)
class Together:
    """What comes of one remedy for several findings.

    Attributes
    ----------
    trials : dict of str to Trial
        By finding.
    problems : dict of str to str
        Findings that it cannot be tried for, and why.
    """

    trials: Mapping[str, Trial]
    problems: Mapping[str, str]


def over_flagged(table: pd.DataFrame) -> list[str]:
    """Name the findings that are flagged more often than they are there, and not by chance alone.

    Parameters
    ----------
    table : DataFrame
        Of `training.evaluate.prevalence.prevalences`.
    """
    rows = (table["predicted_low"] > table["prevalence"]) & (table["positives"] > 0)
    return table.loc[rows, "finding"].tolist()


def mend_together(
    judged: Judged,
    findings: Sequence[str],
    thresholds: Mapping[str, float],
    method: str = "platt",
    rule: str = "prevalence",
    target: float | None = None,
    *,
    own: Mapping[str, Mapping[str, float | None]] | None = None,
    share: float = FIT_SHARE,
    seed: int = 0,
) -> Together:
    """Try a remedy for several findings; see `training.mending.remedy.try_remedy`.

    Parameters
    ----------
    judged : Judged
    findings : sequence of str
    thresholds : dict of str to float
        Where each finding's threshold is now.
    method, rule, target, share, seed
        As of one.
    own : dict of str to dict, optional
        By finding ``weight``, ``trained`` and ``here`` as `try_remedy` takes them, set for it alone. Each other finding
        has what the model card says of it.
    """
    trials, problems = {}, {}
    for finding in findings:
        known = known_of(judged.card, finding)
        by_card: dict[str, float | None] = {"weight": known.weight, "trained": known.trained, "here": None}
        set_here = by_card | dict((own or {}).get(finding, {}))
        try:
            trials[finding] = try_remedy(
                judged,
                finding,
                method,
                rule,
                target,
                threshold=thresholds[finding],
                weight=set_here["weight"],
                trained=set_here["trained"],
                here=set_here["here"],
                share=share,
                seed=seed,
                repeated=False,
            )
        except EvaluateError as error:
            problems[finding] = str(error)
    return Together(trials, problems)
