"""Every finding that is flagged too often, mended by the same remedy, with a table of what that costs and brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from dashboard.errors import sentences
from dashboard.errors.keep_panel import show_keeping
from dashboard.errors.remedy_panel import own_settings
from dashboard.errors.state import KEEP
from dashboard.errors.thresholds import Thresholds
from dashboard.errors.visit import visit
from dashboard.page.state import filled
from dashboard.page.words import escape, percent
from dashboard.server.library import Library
from training.evaluate.judged import Judged
from training.mending.remedy import Trial
from training.mending.together import Together, mend_together, over_flagged
from xai.findings import finding_label

FEWEST = 2  # findings, for which it is worth it
OWN = {
    "weight": "the weight {}",
    "trained": "{} in training",
    "here": "{} here",
}
COLUMNS = {
    "Missed": "Films with the finding that are not flagged, before and after, of so many.",
    "Flagged": "Share of the films, before and after.",
    "Have it": "Share of the films that has the finding.",
    "Sensitivity": "Before and after.",
    "PPV": "Of the flagged films, the share that has the finding, before and after.",
    "Mean probability": "Before and after, to hold against “Have it”.",
    "ECE": "Expected calibration error, before and after.",
    "Brier": "Mean squared error of the probability, before and after; lower is better.",
    "Note": "What speaks against the remedy.",
}


def show_together(
    library: Library, judged: Judged, stamp: str, found: Thresholds, table: pd.DataFrame, predictions: str
) -> None:
    """Offer to mend all findings at once that are flagged too often, and show what comes of it."""
    names = over_flagged(table)
    if len(names) < FEWEST:
        return
    visit.bound(
        st.toggle,
        f"Mend all {len(names)} findings that are flagged too often with this remedy",
        key="together",
        help="Each is fitted on some films and shown on the others, as above. Numbers that are set above are for the "
        "chosen finding; each other one has what the model card says of it. A finding counts as flagged too often "
        "where the interval of its flagged share lies above the share that has it.",
    )
    if not visit.state.together:
        return
    asked = visit.state
    thresholds = tuple((name, found.value(name)) for name in names)
    rule = "" if asked.rule_after == KEEP else asked.rule_after
    own = own_settings(judged)
    chosen = asked.remedy, rule, asked.target_after, asked.share, asked.seed
    tried = _tried(stamp, judged, thresholds, filled(asked.finding), tuple(own.items()), *chosen)
    if words := own_words(filled(asked.finding), own, names):
        st.caption(escape(words))
    for name, problem in tried.problems.items():
        st.caption(escape(f"{finding_label(name)} is left as it is: {problem}"))
    if not tried.trials:
        return
    st.dataframe(
        together_table(tried),
        hide_index=True,
        height="content",
        column_config={name: st.column_config.TextColumn(help=words) for name, words in COLUMNS.items()},
        key="errors_together_table",
        alt="Before and after of each finding, on the films that its remedy was not fitted on.",
    )
    st.caption("Each on the films that its remedy was not fitted on. What is missed more often is what it costs.")
    show_keeping(library, list(tried.trials.values()), predictions, "errors_all")


def own_words(finding: str, own: Mapping[str, float | None], names: Sequence[str]) -> str:
    """Say which numbers the remedy of each finding takes; empty where it takes none.

    Parameters
    ----------
    finding : str
        The chosen one, whose remedy stands above.
    own : dict of str to float or None
        Of its remedy; see `dashboard.errors.remedy_panel.own_settings`.
    names : sequence of str
        Findings that are mended together.
    """
    told = [
        words.format(f"{value:.3g}" if name == "weight" else percent(value))
        for name, words in OWN.items()
        if (value := own[name]) is not None
    ]
    if not told:
        return ""
    name, others = finding_label(finding), "what the model card says of it"
    if finding in names:
        return f"{name} has {' and '.join(told)}, as above; each other finding has {others}."
    return f"{name}, with {' and '.join(told)} above, is not among these; each of them has {others}."


def together_table(tried: Together) -> pd.DataFrame:
    """Give a row a finding: before and after, what it costs first."""
    return pd.DataFrame([_row(name, trial) for name, trial in tried.trials.items()])


def _row(name: str, trial: Trial) -> dict[str, str]:
    before, after, both = trial.before, trial.after, trial.side_by_side
    notes = [sentences.worse(trial), *trial.remedy.cautions]
    return {
        "Finding": finding_label(name),
        "Missed": f"{both.missed[0]:,} → {both.missed[1]:,} of {both.positives:,}",
        "Flagged": _pair(before.rates.predicted_prevalence.value, after.rates.predicted_prevalence.value),
        "Have it": percent(after.rates.prevalence.value),
        "Sensitivity": _pair(before.rates.sensitivity.value, after.rates.sensitivity.value),
        "PPV": _pair(before.rates.ppv.value, after.rates.ppv.value),
        "Mean probability": _pair(before.mean_probability, after.mean_probability),
        "ECE": f"{before.ece:.3f} → {after.ece:.3f}",
        "Brier": f"{before.brier:.3f} → {after.brier:.3f}",
        "Note": " ".join(filter(None, notes)),
    }


def _pair(before: float, after: float) -> str:
    return " → ".join("–" if share != share else percent(share) for share in (before, after))


@st.cache_resource(max_entries=16, show_spinner=False)
def _tried(
    stamp: str,
    _judged: Judged,
    thresholds: tuple[tuple[str, float], ...],
    finding: str,
    own: tuple[tuple[str, float | None], ...],
    method: str,
    rule: str,
    target: float | None,
    share: float,
    seed: int,
) -> Together:
    where = dict(thresholds)
    alone = {finding: dict(own)}
    return mend_together(_judged, list(where), where, method, rule, target, own=alone, share=share, seed=seed)
