"""What a card says, whoever wrote it: its figures and its origin are free-form, so nothing is taken for granted."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from training.datasets.patients import all_known
from xai.cards.model_card import ModelCard
from xai.findings import finding_label

EVALUATIONS = {
    "test": ("Test films", "Patients that nothing was trained, chosen or calibrated on."),
    "validation": ("Validation films", "The model was tuned on them, which usually flatters its figures."),
    "held_out": (
        "Held out",
        "Training and validation films, each predicted by a network that had not seen its patient. Thresholds were "
        "chosen on them, so their calibration is too good.",
    ),
    "mended": ("Films kept from remedies", ""),
    "also.test": ("Test films, other datasets", "Of the datasets that it learned from beside the first one."),
    "unseen_simulated": ("Unseen simulated films", "Simulated people that it has not seen."),
}
# What the card does not let one say of these: that the patients are other ones.
WITHOUT_PATIENTS = {
    "test": "Films that nothing was trained, chosen or calibrated on; whether it learned from other films of the same "
    "patients is not known.",
    "held_out": "Training and validation films, each predicted by a network that had not seen it, but may have seen "
    "other films of its patient. Thresholds were chosen on them, so their calibration is too good.",
}
LARGEST = sys.float_info.max  # whole numbers may be larger in JSON, and no figure is
DEEPEST = 4  # mappings inside mappings that are looked through


@dataclass(frozen=True)
class Measured:
    """Figures of one finding on some films; None where the card has no such number."""

    positives: float | None = None
    negatives: float | None = None
    auroc: float | None = None
    low: float | None = None
    high: float | None = None
    ece: float | None = None
    sensitivity: float | None = None
    specificity: float | None = None


@dataclass(frozen=True)
class Evaluation:
    """Figures on one set of films.

    Attributes
    ----------
    key : str
        Where they stand in the card, ``also.test``.
    title, meaning : str
        Which films these are.
    films, patients : float or None
    mean : Measured
        Mean AUROC with its interval, and mean ECE.
    findings : dict of str to Measured
        By output, those of the model only.
    """

    key: str
    title: str
    meaning: str
    films: float | None
    patients: float | None
    mean: Measured
    findings: Mapping[str, Measured] = field(default_factory=dict)


@dataclass(frozen=True)
class Origin:
    """Where something that a model learned from comes from; empty texts where the card does not say."""

    role: str
    name: str
    source: str
    licence: str
    citation: str


def at(content: Any, *path: str) -> Any:
    """Give what lies at a path of a nested mapping; None where there is nothing."""
    for key in path:
        content = content.get(key) if isinstance(content, Mapping) else None
    return content


def number(value: Any) -> float | None:
    """Give a finite number, or None."""
    usable = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= LARGEST
    return value if usable else None


def text(value: Any) -> str:
    """Give a text or a number as text; empty for anything else."""
    return value if isinstance(value, str) else "" if number(value) is None else str(value)


def texts(value: Any) -> tuple[str, ...]:
    """Give the texts of a list."""
    return tuple(one for one in value if isinstance(one, str) and one.strip()) if isinstance(value, list) else ()


def share(value: Any) -> float | None:
    """Give a number from 0 to 1, or None."""
    found = number(value)
    return found if found is not None and 0 <= found <= 1 else None


def evaluations(card: ModelCard) -> dict[str, Evaluation]:
    """Give every set of films that a card has figures of, those that nothing was learned from first."""
    return _evaluations(_TheSame(card))


@dataclass(frozen=True, eq=False)
class _TheSame:
    """A card that is the same object: a library reads each once, and pages ask of all its findings."""

    card: ModelCard

    def __hash__(self) -> int:
        return id(self.card)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _TheSame) and other.card is self.card


@functools.lru_cache(maxsize=16)
def _evaluations(of: _TheSame) -> dict[str, Evaluation]:
    card = of.card
    found = {".".join(path): _evaluation(card, path, content) for path, content in _measured(card.performance)}
    return {key: found[key] for key in (*EVALUATIONS, *found) if key in found and found[key].findings}


def _measured(content: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, inner in content.items():
        if not isinstance(inner, Mapping) or len(path) >= DEEPEST:
            continue
        if isinstance(inner.get("findings"), Mapping):
            yield (*path, str(key)), inner
        else:
            yield from _measured(inner, (*path, str(key)))


def _evaluation(card: ModelCard, path: tuple[str, ...], content: Mapping[str, Any]) -> Evaluation:
    key = ".".join(path)
    title, meaning = EVALUATIONS.get(key, (" · ".join(path).replace("_", " ").capitalize(), ""))
    findings = {name: measured(at(content, "findings", name)) for name in card.outputs}
    patients = number(content.get("patients")) if patients_known(card) else None
    if not patients:
        meaning = WITHOUT_PATIENTS.get(key, meaning)
    mended = _mended(card) if key == "test" else ""
    return Evaluation(
        key,
        title[:60],
        " ".join(filter(None, (text(content.get("films_are")) or meaning, text(content.get("caution")), mended))),
        number(content.get("films")),
        patients,
        measured(content, "mean_"),
        {name: one for name, one in findings.items() if one != Measured()},
    )


def _mended(card: ModelCard) -> str:
    """Say that films of the test may have served since to mend the model; empty where it was not mended."""
    notes = card.provenance.get("remedies")
    found = dict.fromkeys(text(at(note, "finding")) for note in notes) if isinstance(notes, list) else {}
    names = ", ".join(finding_label(name) for name in found if name)
    return f"Remedies were fitted since, on films that may be among these: {names}." if names else ""


def measured(content: Any, prefix: str = "") -> Measured:
    """Read the figures of a finding, or with a prefix their means."""
    area, low, high = (share(at(content, f"{prefix}auroc{end}")) for end in ("", "_low", "_high"))
    if area is None or low is None or high is None or not low <= area <= high:
        low = high = None
    positives, negatives = (number(at(content, name)) for name in ("positives", "negatives"))
    rates = (share(at(content, f"{prefix}{name}")) for name in ("ece", "sensitivity", "specificity"))
    ece, sensitivity, specificity = rates
    return Measured(positives, negatives, area, low, high, ece, sensitivity, specificity)


def main_evaluation(card: ModelCard) -> Evaluation | None:
    """Give the films that say most about a model: those that nothing was learned from."""
    return next(iter(evaluations(card).values()), None)


def patients_known(card: ModelCard) -> bool:
    """Tell whether numbers of patients in a card are numbers of people.

    They are not where films of unknown patients are among them, which older cards counted as a patient each.
    """
    others = card.provenance.get("also")
    data = (card.provenance.get("data"), *(others if isinstance(others, list) else ()))
    policies = [at(one, "policy") for one in data]
    return all(all_known(policy) for policy in policies if isinstance(policy, Mapping))


def trained_on(card: ModelCard) -> tuple[float | None, float | None]:
    """Give the films and patients that a model learned from, other datasets included; None where not known.

    Validation films are among them, unless they were held out for calibration and thresholds.
    """
    films = patients = None
    unseen = {"test", text(at(card.provenance, "recipe", "hold_out"))}
    for splits in (at(card.performance, "splits"), at(card.performance, "also", "splits")):
        for name, one in splits.items() if isinstance(splits, Mapping) else ():
            if name not in unseen and (count := number(at(one, "films"))) is not None:
                films = (films or 0) + count
                patients = (patients or 0) + (number(at(one, "patients")) or 0)
    return films, (patients or None) if patients_known(card) else None


def origins(card: ModelCard) -> tuple[Origin, ...]:
    """Give what a model learned from, as far as its card says."""
    told = card.provenance
    found = [_origin("Weights from", told)] if told.get("source") or told.get("licence") else []
    found += [_origin("Trained on", told["data"])] if isinstance(told.get("data"), Mapping) else []
    others = told.get("also")
    if isinstance(others, list):
        found += [_origin("Also trained on", one) for one in others if isinstance(one, Mapping)]
    if isinstance(told.get("soft_labels"), Mapping):
        found.append(_origin("Soft labels", told["soft_labels"]))
    start = told.get("started_from")
    if isinstance(start, Mapping):
        found.append(_origin("Started from", start))
        found += [_origin("Which was trained on", start["data"])] if isinstance(start.get("data"), Mapping) else []
    return tuple(one for one in found if any((one.name, one.source, one.licence, one.citation)))


def _origin(role: str, content: Mapping[str, Any]) -> Origin:
    source = ", ".join(filter(None, (text(content.get("source")), text(content.get("address")))))
    name = text(content.get("name")) or text(content.get("file"))
    return Origin(role, name, source, text(content.get("licence")), text(content.get("citation")))


def parameters(card: ModelCard) -> float | None:
    """Give the number of parameters, where the card says."""
    return number(card.provenance.get("parameters"))


def architecture(card: ModelCard) -> str:
    """Give the name of the architecture; empty where the card does not say."""
    return text(card.provenance.get("architecture")) or text(at(card.provenance, "recipe", "architecture"))
