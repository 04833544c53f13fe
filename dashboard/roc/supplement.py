"""Everything that a report holds, finding by finding: curves, rates, subgroups, the audit and what a remedy does."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dashboard.page.calibration_words import worse
from dashboard.page.cause_names import CAUSE_NAMES, main_cause
from dashboard.page.told import sentence_of
from dashboard.roc.at_thresholds import AtThresholds, at_thresholds
from dashboard.roc.colors import colors
from dashboard.roc.data import Group, Row, curves, groups, overview
from dashboard.roc.origin import origin
from dashboard.roc.pictures import pictures
from dashboard.roc.scene import Scene
from dashboard.roc.state import State
from dashboard.roc.threshold import rule_of, settle
from dashboard.server.judging import same_films
from training.evaluate.command import COLUMNS, measure
from training.evaluate.met_words import left_out_words
from training.evaluate.ranked import EvaluateError
from training.evaluate.rates import Rates
from training.mending.audit import CAUSES, Audit, audit
from training.mending.remedy import Trial, try_remedy
from xai.findings import finding_label

REMEDY = "platt"  # what a report tries; every other one is on the Errors page
MEASURED = ("predicted_prevalence", "sensitivity", "specificity", "ppv")


@dataclass(frozen=True, eq=False)
class Part:
    """What a report says of one finding.

    Attributes
    ----------
    scene : Scene
        Of the finding, at its threshold.
    figures : dict of str to str
        SVG by name.
    groups : tuple of Group
    rates : tuple of Rates
        Of each group, at the threshold.
    audit : Audit or None
    trial : Trial or None
        Of a remedy, where more films are flagged than have the finding.
    beside : tuple of AtThresholds
        Other predictions of the finding that is looked at, each at its own threshold.
    missing : tuple of str
        What to know of the threshold, and why a part is not there, a sentence each.
    """

    scene: Scene
    figures: Mapping[str, str]
    groups: tuple[Group, ...]
    rates: tuple[Rates, ...]
    audit: Audit | None
    trial: Trial | None
    beside: tuple[AtThresholds, ...]
    missing: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the finding is called."""
        return finding_label(self.scene.finding)

    @property
    def chosen_by(self) -> str:
        """Say where the threshold is from, without its number and without a full stop; empty where nobody says."""
        threshold = self.scene.threshold
        return threshold.rule.removeprefix(f"{threshold.value:g}").strip(" ,:.")

    @property
    def left_out(self) -> str:
        """Films that do not count for the finding, and why; empty where all do."""
        return left_out_words(self.scene.judged, self.scene.finding)

    @property
    def cautions(self) -> tuple[str, ...]:
        """What speaks against the remedy."""
        return () if self.trial is None else tuple(filter(None, (worse(self.trial), *self.trial.remedy.cautions)))

    @property
    def causes(self) -> list[dict[str, Any]]:
        """Parts of the excess, each with its meaning."""
        if self.audit is None:
            return []
        told = [dataclasses.asdict(part) for part in self.audit.contributions]
        return [part | {"name": CAUSE_NAMES[part["cause"]], "meaning": CAUSES[part["cause"]]} for part in told]

    @property
    def main_cause(self) -> str:
        """Which part is the largest, or why that cannot be said; empty where not too many are flagged."""
        return "" if self.audit is None else main_cause(self.audit)


@dataclass(frozen=True, eq=False)
class Supplement:
    """What a report holds.

    Attributes
    ----------
    chosen : Scene
        The finding that was looked at.
    metrics : DataFrame
        A row a finding, as ``metrics.csv``.
    parts : tuple of Part
        Of each finding that has a curve, the chosen one first.
    left_out : dict of str to str
        Findings without one, and why.
    origin : dict of str to str
    """

    chosen: Scene
    metrics: pd.DataFrame
    parts: tuple[Part, ...]
    left_out: Mapping[str, str]
    origin: Mapping[str, str]

    def tables(self) -> dict[str, pd.DataFrame]:
        """Give every number of the report, by the name of its CSV file; other predictions where some are compared."""
        beside = [both.numbers for part in self.parts for both in part.beside]
        return {
            **({"side-by-side": pd.concat(beside, ignore_index=True)} if beside else {}),
            "metrics": self.metrics,
            "columns": pd.DataFrame({"column": list(COLUMNS), "meaning": list(COLUMNS.values())}),
            "subgroups": pd.DataFrame([row for part in self.parts for row in _group_rows(part)]),
            "audit": pd.DataFrame(
                [{"finding": part.scene.finding} | cause for part in self.parts for cause in part.causes]
            ),
            "remedies": pd.DataFrame([row for part in self.parts for row in _remedy_rows(part)]),
            "curves": pd.concat([curve_table(part.scene).assign(finding=part.scene.finding) for part in self.parts]),
            "origin": pd.DataFrame({"what": list(self.origin), "is": list(self.origin.values())}),
        }


def gather(scene: Scene, asked: State) -> Supplement:
    """Gather what a report holds; a second or more a finding, as each is measured in full.

    Parameters
    ----------
    scene : Scene
        The finding that is looked at.
    asked : State
        How thresholds are chosen; one set by hand counts for this finding only.
    """
    rows = {row.finding: row for row in overview(scene.home.stamp, scene.judged)}
    rest = [name for name in scene.judged.findings if name != scene.finding and not rows[name].problem]
    rule, others = rule_of(scene.judged, scene.finding, asked), _by_rule(asked)
    parts = [_part(scene, asked), *(_part(_scene(scene, rows[name], others), others) for name in rest)]
    left_out = {finding_label(name): row.problem for name, row in rows.items() if row.problem}
    return Supplement(scene, metrics(scene, asked), tuple(parts), left_out, origin(scene, rule, asked.target))


def metrics(scene: Scene, asked: State) -> pd.DataFrame:
    """Measure every finding by the rule that is on; the finding's own threshold is the one that it has on the page."""
    here, rule = scene.judged, rule_of(scene.judged, scene.finding, asked)
    if not rule:
        here = dataclasses.replace(here, thresholds={**here.thresholds, scene.finding: scene.threshold})
    return measure(here, rule or "card", asked.target)[0]


def curve_table(scene: Scene) -> pd.DataFrame:
    """Give the points of the curves as they are drawn, the band's ends beside them."""
    drawn = scene.curves
    roc, pr, band, calibration = drawn.roc, drawn.precision_recall, drawn.band, drawn.calibration
    tables = [
        {"curve": "roc", "threshold": roc.thresholds, "x": roc.false_positive_rate, "y": roc.true_positive_rate},
        {"curve": "precision_recall", "threshold": pr.thresholds, "x": pr.recall, "y": pr.precision},
        {"curve": "roc_band", "x": band.false_positive_rate, "low": band.low, "high": band.high},
        {
            "curve": "calibration",
            "x": calibration.predicted,
            "y": calibration.observed,
            "low": calibration.low,
            "high": calibration.high,
        },
    ]
    return pd.concat([pd.DataFrame(one) for one in tables], ignore_index=True)


def group_name(one: Group) -> str:
    """Say what a group is."""
    return "all films" if one.by == "all" else f"{one.by}: {one.name}"


def _by_rule(asked: State) -> State:
    """Give what is asked of the other findings: a threshold that was set by hand is not theirs."""
    return asked.with_(threshold=None, rule=None) if asked.threshold is not None else asked


def _scene(chosen: Scene, row: Row, asked: State) -> Scene:
    here, finding = chosen.judged, row.finding
    threshold, problem = settle(here, finding, asked)
    return dataclasses.replace(
        chosen,
        finding=finding,
        row=row,
        threshold=threshold,
        problem=problem,
        counts=here.ranked(finding).counts(threshold.value),
        curves=curves(chosen.home.stamp, finding, asked.groups, here),
        colors=colors(finding, "light"),
        others={},
    )


def _part(scene: Scene, asked: State) -> Part:
    here, finding, threshold = scene.judged, scene.finding, scene.threshold.value
    measured, missing = groups(scene.home.stamp, finding, here), []
    if scene.problem:
        missing.append(f"The rule gives no threshold ({scene.problem}), so the model card's or 0.5 is used.")

    def told(what: str, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except EvaluateError as error:
            missing.append(f"{what}: {sentence_of(error)}")
            return None

    rule = "" if scene.problem else rule_of(here, finding, asked)  # as on the Errors page: a card's number stays
    if chosen := same_films(here, scene.home, finding, rule, asked.target):
        missing.append(chosen)
    audited = told("No audit", lambda: audit(here, finding, threshold, rule))
    trial = None
    if audited is not None and audited.excess > 0:
        trial = told("No remedy", lambda: try_remedy(here, finding, REMEDY, threshold=threshold))
    return Part(
        scene,
        pictures(scene, colors(finding, "light")),
        measured,
        tuple(one.by_patient.rates(threshold) for one in measured),
        audited,
        trial,
        tuple(at_thresholds(scene, name, asked) for name in scene.others),
        tuple(missing),
    )


def _group_rows(part: Part) -> list[dict[str, Any]]:
    rows = []
    for one, found in zip(part.groups, part.rates, strict=True):
        row: dict[str, Any] = {"finding": part.scene.finding, "by": one.by, "group": one.name, "films": one.films}
        row |= {"positives": one.auroc.positives, "negatives": one.auroc.negatives}
        row |= {"auroc": one.auroc.value, "auroc_low": one.auroc.low, "auroc_high": one.auroc.high}
        row |= vars(one.ranked.counts(part.scene.threshold.value))
        for name in ("prevalence", *MEASURED):
            share = getattr(found, name)
            row |= {name: share.value, f"{name}_low": share.low, f"{name}_high": share.high}
        rows.append(row | {"caution": one.caution})
    return rows


def _remedy_rows(part: Part) -> list[dict[str, Any]]:
    if part.trial is None:
        return []
    trial, rows = part.trial, []
    for when, one in (("before", trial.before), ("after", trial.after)):
        row: dict[str, Any] = {"finding": part.scene.finding, "remedy": trial.remedy.method, "when": when}
        row |= {"films": trial.shown_films, "positives": trial.shown_positives, "threshold": one.threshold}
        for name in MEASURED:
            share = getattr(one.rates, name)
            row |= {name: share.value, f"{name}_low": share.low, f"{name}_high": share.high}
        rows.append(row | {"ece": one.ece, "brier": one.brier, "mean_probability": one.mean_probability})
    rows[-1]["cautions"] = " ".join(part.cautions)
    return rows
