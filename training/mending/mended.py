"""What comes of remedies that are kept: a card that says so, with what was measured since, and mended predictions."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from training.datasets.patients import PatientCount
from training.mending.calibrate import safe_logit
from training.mending.remedy import Outcome, Remedy, Trial
from training.predictions.table import Predictions, PredictionsError, read_predictions, write_predictions
from xai.cards.calibration import LogitMap, logit_map_from_dict
from xai.cards.model_card import ModelCard, card_to_dict
from xai.findings import finding_label

AFTER = "mended"  # the part of a card's performance that was measured after mending
# What a remedy makes untrue; AUROC stays, as films keep their order. Older cards call the mean probability a predicted
# prevalence.
STALE = ("ece", "brier", "sensitivity", "specificity", "mean_probability", "predicted_prevalence")
MEASURED = (
    "What was measured after mending, of each finding on films that its remedy was not fitted on. AUROC on other "
    "films is as it was."
)


@dataclass(frozen=True)
class Kept:
    """A remedy that is kept.

    Attributes
    ----------
    remedy : Remedy
    origin : str
        On what it was fitted, in words.
    measured : dict
        Figures after it on films that it was not fitted on, as a card's performance holds them; empty where none were.
    """

    remedy: Remedy
    origin: str = ""
    measured: Mapping[str, Any] = field(default_factory=dict)

    @property
    def note(self) -> dict[str, Any]:
        """What a card's provenance and the notes of predictions hold of it."""
        remedy = self.remedy
        return {
            "finding": remedy.finding,
            "method": remedy.method,
            "map": remedy.map.rule if remedy.map else "",
            "threshold": remedy.threshold.value,
            "rule": remedy.threshold.rule,
            "origin": self.origin,
            **({"prevalence": remedy.prevalence} if remedy.prevalence is not None else {}),
            **({"used": dict(remedy.used)} if remedy.used else {}),
        }


def kept(trial: Trial, predictions: str, dataset: str, origin: str = "") -> Kept:
    """Keep what was tried, with its figures before and after on the films that it was shown on.

    Parameters
    ----------
    trial : Trial
    predictions, dataset : str
        Names of what it was tried on.
    origin : str
        On what it was fitted, in words.
    """
    whose: PatientCount = trial.shown_whose
    measured = {
        "films": trial.shown_films,
        **_figures(trial.after),
        "before": _figures(trial.before),
        "measured_on": f"{trial.shown_films} films {whose.words} of {dataset}, by the predictions {predictions}",
    }
    return Kept(trial.remedy, origin, measured)


def mend_card(card: ModelCard, remedies: Sequence[Kept]) -> ModelCard:
    """Write remedies into a card; what the card calibrates already is done first.

    Figures of a mended finding that its remedy makes untrue are taken out, and those after mending stand in
    ``performance["mended"]``, with where they are from.

    Parameters
    ----------
    card : ModelCard
    remedies : sequence of Kept
        Fitted on predictions that were made with this card.

    Raises
    ------
    ModelCardError
        If the model has no such output.
    """
    for one in remedies:
        card.index(one.remedy.finding)
        card = _with(card, one)
    notes = [note for note in _notes({"provenance": card.provenance}) if isinstance(note, Mapping)]
    names = ", ".join(dict.fromkeys(finding_label(str(note.get("finding", ""))) for note in notes))
    summary = (
        f"{card.summary.partition('Mended since')[0].rstrip()} Mended since for {names}: what is said of it was before."
    )
    return dataclasses.replace(card, summary=summary.strip()) if remedies else card


def mend_predictions(predictions: Predictions, remedies: Sequence[Kept], out: Path) -> Predictions:
    """Write predictions as a mended model would give them.

    A remedy is a rising map of a finding's logit, so no film is read and no model is run.

    Parameters
    ----------
    predictions : Predictions
        Those that the remedies were fitted on, or others of the same model as it was then.
    remedies : sequence of Kept
    out : Path
        Predictions folder to write.

    Raises
    ------
    PredictionsError
        If the predictions have no such output, have this very remedy already, or would be written over, or if two
        remedies are for one finding: the second would be taken of what the first has mended.
    """
    facts, table = predictions.facts, predictions.table.copy()
    _refuse_two([one.remedy.finding for one in remedies])
    thresholds = dict(facts.thresholds)
    for one in remedies:
        finding = one.remedy.finding
        if finding not in facts.outputs:
            raise PredictionsError(f"{predictions.name} has no output “{finding}”; it has {', '.join(facts.outputs)}.")
        if any(_same(one.note, note) for note in _notes(facts.card)):
            raise PredictionsError(f"{predictions.name} was mended with this very remedy for {finding} before.")
        table[finding] = one.remedy.probabilities(table[finding].to_numpy())
        thresholds[finding] = one.remedy.threshold
    changed = {"thresholds": thresholds, "card": _mended_facts(facts.card, remedies)}
    return _write(predictions, out, table, [one.remedy.finding for one in remedies], changed)


def predict_again(predictions: Predictions, card: ModelCard, model: str, out: Path) -> Predictions:
    """Write what the model of some predictions would predict under another version of its card, without running it.

    Parameters
    ----------
    predictions : Predictions
    card : ModelCard
        Another calibration and other thresholds; all else as it was.
    model : str
        What people call the model with that card.
    out : Path
        Predictions folder to write.

    Raises
    ------
    PredictionsError
        If the predictions would be written over.
    """
    facts, table = predictions.facts, predictions.table.copy()
    then, changed = facts.card.get("calibration") or {}, []
    for name in facts.outputs:
        before, now = then.get(name), card.calibration.get(name)
        old = LogitMap() if before is None else logit_map_from_dict(before)
        if (now or LogitMap()).to_dict() | {"rule": ""} != old.to_dict() | {"rule": ""}:
            logits = _undone(old, safe_logit(table[name].to_numpy()))
            table[name] = expit(logits if now is None else now(logits))
            changed.append(name)
        elif name in card.thresholds and card.thresholds[name] != facts.thresholds.get(name):
            changed.append(name)
    content = card_to_dict(card)
    del content["mean_film"], content["seen"]
    thresholds = {**facts.thresholds, **{name: one for name, one in card.thresholds.items() if name in facts.outputs}}
    return _write(predictions, out, table, changed, {"thresholds": thresholds, "card": content, "model": model})


def _write(
    predictions: Predictions, out: Path, table: pd.DataFrame, findings: list[str], changed: dict[str, Any]
) -> Predictions:
    facts, out = predictions.facts, Path(out)
    if out.resolve() == predictions.folder.resolve():
        raise PredictionsError(f"{out} holds what is to be mended; choose another folder to write.")
    mended = dataclasses.replace(
        facts,
        name=out.name,
        dataset_folder=str((predictions.folder / facts.dataset_folder).resolve()),
        card_fingerprint="",
        notes={**facts.notes, "mended": {"from": predictions.name, "findings": findings}},
        **changed,
    )
    write_predictions(out, mended, table)
    return read_predictions(out)


def _undone(calibration: LogitMap, logits: np.ndarray) -> np.ndarray:
    """Give the logits before a calibration."""
    moved = LogitMap(knots=tuple((after, before) for before, after in calibration.knots))(logits)
    return (moved - calibration.intercept) / calibration.slope


def _with(card: ModelCard, one: Kept) -> ModelCard:
    remedy, calibration = one.remedy, dict(card.calibration)
    if remedy.map is not None:
        before = calibration.get(remedy.finding)
        calibration[remedy.finding] = remedy.map if before is None else before.then(remedy.map)
    performance = _without_stale(card.performance, remedy.finding)
    if one.measured:
        after = performance.get(AFTER)
        findings = after.get("findings") if isinstance(after, Mapping) else None
        findings = {**(findings if isinstance(findings, Mapping) else {}), remedy.finding: dict(one.measured)}
        told = {name: figures.get("measured_on") for name, figures in findings.items() if isinstance(figures, Mapping)}
        where = " ".join(f"{finding_label(name)}: {place}." for name, place in told.items() if place)
        performance[AFTER] = {"films_are": f"{MEASURED} {where}", "findings": findings}
        if len(findings) == 1:
            performance[AFTER]["films"] = one.measured.get("films")
    return dataclasses.replace(
        card,
        calibration=calibration,
        thresholds={**card.thresholds, remedy.finding: remedy.threshold},
        performance=performance,
        provenance={**card.provenance, "remedies": [*_notes({"provenance": card.provenance}), one.note]},
    )


def _without_stale(content: Mapping[str, Any], finding: str) -> dict[str, Any]:
    """Take the figures of a finding that were measured before it was mended out of every set of films."""
    found: dict[str, Any] = {}
    for key, inner in content.items():
        if not isinstance(inner, Mapping) or key == AFTER:
            found[key] = inner
            continue
        found[key] = _without_stale(inner, finding)
        findings = inner.get("findings")
        if isinstance(findings, Mapping) and isinstance(old := findings.get(finding), Mapping):
            figures = {name: value for name, value in old.items() if name not in STALE}
            found[key]["findings"] = {**findings, finding: figures}
            found[key].pop("mean_ece", None)
            said = f"{finding_label(finding)} was mended since: only its AUROC is as it was measured here."
            found[key]["caution"] = " ".join(filter(None, (str(inner.get("caution") or ""), said)))
    return found


def _mended_facts(card: Mapping[str, Any], remedies: Sequence[Kept]) -> dict[str, Any]:
    """Give the card of predictions, which may be no whole card, with what remedies change."""
    calibration, thresholds = dict(card.get("calibration") or {}), dict(card.get("thresholds") or {})
    for one in remedies:
        finding, after = one.remedy.finding, one.remedy.map
        if after is not None:
            before = calibration.get(finding)
            whole = after if before is None else logit_map_from_dict(before).then(after)
            calibration[finding] = whole.to_dict()
        thresholds[finding] = dataclasses.asdict(one.remedy.threshold)
    provenance = dict(card.get("provenance") or {})
    provenance["remedies"] = [*_notes(card), *(one.note for one in remedies)]
    return {**card, "calibration": calibration, "thresholds": thresholds, "provenance": provenance}


def _refuse_two(findings: list[str]) -> None:
    twice = next((name for name in findings if findings.count(name) > 1), None)
    if twice is not None:
        raise PredictionsError(
            f"There are {findings.count(twice)} remedies for {finding_label(twice)}: give one, or mend what the first "
            "has mended by a second that was fitted on that."
        )


def _same(note: Mapping[str, Any], other: Any) -> bool:
    """Whether two notes are of one remedy, whatever the words about it."""
    does = ("finding", "method", "map", "threshold", "used")
    return isinstance(other, Mapping) and all(note.get(name) == other.get(name) for name in does)


def mended_before(predictions: Predictions, remedies: Sequence[Kept]) -> list[str]:
    """Name the findings of some remedies that the predictions have a remedy for already."""
    there = {note.get("finding") for note in _notes(predictions.facts.card) if isinstance(note, Mapping)}
    return [one.remedy.finding for one in remedies if one.remedy.finding in there]


def _notes(card: Mapping[str, Any]) -> list[Any]:
    provenance = card.get("provenance")
    notes = provenance.get("remedies") if isinstance(provenance, Mapping) else None
    return notes if isinstance(notes, list) else []


def _figures(one: Outcome) -> dict[str, Any]:
    """Give figures as a card holds them; None where something cannot be said; flags are no mean probability."""
    names = ("sensitivity", "specificity", "predicted_prevalence")
    shares = {name: getattr(one.rates, name).value for name in names}
    area = {"auroc": one.auroc.value, "auroc_low": one.auroc.low, "auroc_high": one.auroc.high}
    rest = {"ece": one.ece, "brier": one.brier, "mean_probability": one.mean_probability}
    rounded = {
        name: None if value != value else round(float(value), 4) for name, value in (area | shares | rest).items()
    }
    return {"positives": one.auroc.positives, "negatives": one.auroc.negatives, "threshold": one.threshold, **rounded}
