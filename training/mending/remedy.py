"""Mend a finding's probabilities and threshold: fitted on some patients, shown on others."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from training.datasets.marks import record
from training.datasets.patients import PatientCount, count_patients
from training.evaluate.by_patient import by_patient
from training.evaluate.calibration import brier_score, calibration_curve
from training.evaluate.judged import Judged
from training.evaluate.patient_split import films_to_fit
from training.evaluate.ranked import EvaluateError, Ranked, dot, rank
from training.evaluate.rates import Rates
from training.evaluate.roc import Auroc, clustered_auroc
from training.evaluate.side_by_side import SideBySide, side_by_side
from training.evaluate.thresholds import ALIASES, choose
from training.mending.calibrate import METHODS, apply_map, caution_of, correct_prior, fit_map, stop_of, undo_weight
from training.mending.known import known_of, part_of
from xai.cards.calibration import LogitMap
from xai.cards.model_card import Threshold

FIT_SHARE = 0.5
MOST_MARKS = 10_000  # in the record of what one finding's remedy was fitted on: a card holds one for each
FEW_FILMS, REPEATS = 5000, 20  # up to so many films the split matters, and is drawn anew so often


@dataclass(frozen=True)
class Remedy:
    """What is to be changed for one finding.

    Attributes
    ----------
    finding : str
    method : str
        One of `training.mending.calibrate.METHODS`.
    map : LogitMap or None
        From the logit as predicted to the mended one; None leaves it.
    threshold : Threshold
        On the mended probabilities.
    cautions : tuple of str
        Why it may not hold elsewhere, in sentences.
    used : dict
        Record of the films that it was fitted on; see `training.datasets.marks`. Empty where it was not made here.
    prevalence : float or None
        Share of films with the finding that the mended probabilities are for; None where nobody knows.
    """

    finding: str
    method: str
    map: LogitMap | None
    threshold: Threshold
    cautions: tuple[str, ...] = ()
    used: Mapping[str, Any] = field(default_factory=dict)
    prevalence: float | None = None

    def probabilities(self, predicted: np.ndarray) -> np.ndarray:
        """Mend predicted probabilities."""
        return predicted if self.map is None else apply_map(self.map, predicted)


@dataclass(frozen=True)
class Outcome:
    """A finding as it stands on some films.

    Attributes
    ----------
    threshold : float
    rates : Rates
        At the threshold, with intervals.
    auroc : Auroc
    ece, brier : float
    mean_probability : float
        To hold against the prevalence.
    """

    threshold: float
    rates: Rates
    auroc: Auroc
    ece: float
    brier: float
    mean_probability: float


@dataclass(frozen=True, eq=False)
class Repeats:
    """The same remedy with other films to fit on: what is chance in a trial.

    Attributes
    ----------
    flagged, prevalence : array (splits,)
        Of the films that the remedy was not fitted on: the share flagged after it, and the share with the finding.
    """

    flagged: np.ndarray
    prevalence: np.ndarray


@dataclass(frozen=True)
class Trial:
    """A remedy and what it does to films that it was not fitted on.

    Attributes
    ----------
    remedy : Remedy
    rule : str
        What chose the threshold, see `training.evaluate.thresholds.RULES`; empty where the number was kept.
    before, after : Outcome
        On the films that it is shown on.
    side_by_side : SideBySide
        The same, film by film.
    fitted_films, fitted_positives : int
    fitted_whose : PatientCount
        Whose these films are.
    shown_films, shown_positives : int
    shown_whose : PatientCount
    repeats : Repeats or None
        None where there are so many films that the split hardly matters.
    """

    remedy: Remedy
    rule: str
    before: Outcome
    after: Outcome
    side_by_side: SideBySide
    fitted_films: int
    fitted_positives: int
    fitted_whose: PatientCount
    shown_films: int
    shown_positives: int
    shown_whose: PatientCount
    repeats: Repeats | None = None


def try_remedy(
    judged: Judged,
    finding: str,
    method: str = "platt",
    rule: str = "prevalence",
    target: float | None = None,
    *,
    threshold: float | None = None,
    weight: float | None = None,
    trained: float | None = None,
    here: float | None = None,
    share: float = FIT_SHARE,
    seed: int = 0,
    repeated: bool = True,
) -> Trial:
    """Fit a remedy on some patients and show it on the others; a film of an unknown patient stands for itself.

    Parameters
    ----------
    judged : Judged
    finding : str
    method : str
        One of `training.mending.calibrate.METHODS`.
    rule, target
        How the threshold is chosen on the mended probabilities, see `training.evaluate.thresholds.choose`; an empty
        rule keeps the number.
    threshold : float, optional
        Where the finding's threshold is now; the card's where not given.
    weight : float, optional
        For ``weighting``; the card's where not given.
    trained, here : float, optional
        For ``prior``: the prevalence in training, the card's where not given, and here, that of the films fitted on
        where not given.
    share : float
        Of the patients, to fit on.
    seed : int
        Of the split by patient.
    repeated : bool
        Whether it is tried again on other splits where films are few.

    Raises
    ------
    EvaluateError
        In one sentence, if the remedy cannot be fitted or shown.
    """
    if method not in METHODS:
        raise EvaluateError(f"There is no remedy “{method}”; the remedies are {', '.join(METHODS)}.")
    if not 0 < share < 1:
        raise EvaluateError(f"The share of patients to fit on must lie between 0 and 1; it is {share:g}.")
    labels, scores, numbers = judged.truth(finding), judged.scores(finding), judged.patients
    known = ((labels == 0) | (labels == 1)) & ~np.isnan(scores)
    fit = films_to_fit(numbers, known & (labels == 1), scores, share, seed)
    fitted, shown = (rank(labels[side], scores[side]) for side in (fit, ~fit))
    for name, films in (("fit on", fitted), ("show it on", shown)):
        if not films.positives or not films.negatives:
            raise EvaluateError(f"A remedy needs films of both kinds to {name}; of those to {name}: {films.problem}")

    now = judged.threshold(finding).value if threshold is None else threshold
    settings = _Settings(method, rule, target, now, weight, trained, here)
    table = judged.films[fit & known] if settings.fits else judged.films[:0]
    used = record(table, ["mend"], MOST_MARKS, finding=finding)
    remedy = dataclasses.replace(_fitted(judged, finding, fit, fitted, settings), used=used)
    mended = remedy.probabilities(scores)
    thresholds = now, remedy.threshold.value
    return Trial(
        remedy,
        ALIASES.get(rule, rule),
        before=_outcome(labels[~fit], scores[~fit], numbers[~fit], now),
        after=_outcome(labels[~fit], mended[~fit], numbers[~fit], remedy.threshold.value),
        side_by_side=side_by_side(labels[~fit], scores[~fit], mended[~fit], thresholds, numbers[~fit]),
        fitted_films=fitted.films,
        fitted_positives=fitted.positives,
        fitted_whose=count_patients(judged.films.loc[fit & known, "patient"]),
        shown_films=shown.films,
        shown_positives=shown.positives,
        shown_whose=count_patients(judged.films.loc[~fit & known, "patient"]),
        repeats=_repeated(judged, finding, known, share, seed, settings)
        if repeated and len(labels) <= FEW_FILMS
        else None,
    )


@dataclass(frozen=True)
class _Settings:
    """How a remedy is made, whatever it is fitted on; see `try_remedy`."""

    method: str
    rule: str
    target: float | None
    now: float
    weight: float | None
    trained: float | None
    here: float | None

    @property
    def fits(self) -> bool:
        """Whether anything is learned from films: a map, a prevalence or a threshold."""
        learns = self.method in ("temperature", "platt", "isotonic") or (self.method == "prior" and self.here is None)
        return learns or ALIASES.get(self.rule, self.rule) not in ("", "card", "half")


def _fitted(judged: Judged, finding: str, fit: np.ndarray, fitted: Ranked, settings: _Settings) -> Remedy:
    found = _map(judged, finding, settings.method, fitted, settings.weight, settings.trained, settings.here)
    threshold = Threshold(settings.now, "As it was.")
    if settings.rule:
        labels, scores = judged.truth(finding)[fit], judged.scores(finding)[fit]
        mended = fitted if found is None else rank(labels, apply_map(found, scores))
        threshold = choose(settings.rule, mended, settings.target, judged.threshold(finding))
    cautions = tuple(filter(None, (caution_of(settings.method, fitted), stop_of(settings.method, found))))
    prevalence = _prevalence(judged, finding, fitted, settings)
    return Remedy(finding, settings.method, found, threshold, cautions, prevalence=prevalence)


def _prevalence(judged: Judged, finding: str, fitted: Ranked, settings: _Settings) -> float | None:
    """Say how common the finding is where the mended probabilities are right."""
    if settings.method in ("none", "weighting"):
        return known_of(judged.card, finding).trained
    return fitted.prevalence if settings.method != "prior" or settings.here is None else settings.here


def _repeated(
    judged: Judged, finding: str, known: np.ndarray, share: float, seed: int, settings: _Settings
) -> Repeats | None:
    labels, scores = judged.truth(finding), judged.scores(finding)
    flagged, there = [], []
    for split_seed in range(seed + 1, seed + 1 + REPEATS):
        fit = films_to_fit(judged.patients, known & (labels == 1), scores, share, split_seed)
        shown = known & ~fit
        try:
            remedy = _fitted(judged, finding, fit, rank(labels[fit], scores[fit]), settings)
        except EvaluateError:  # a split that leaves too little to fit on
            continue
        flagged.append((remedy.probabilities(scores[shown]) >= remedy.threshold.value).mean())
        there.append(labels[shown].mean())
    return Repeats(np.array(flagged), np.array(there)) if flagged else None


def _map(
    judged: Judged,
    finding: str,
    method: str,
    fitted: Ranked,
    weight: float | None,
    trained: float | None,
    here: float | None,
) -> LogitMap | None:
    card: Mapping = judged.card
    if method == "none":
        return None
    if method == "weighting":
        weight = part_of(part_of(card, "provenance"), "positive_weight").get(finding) if weight is None else weight
        if weight is None:
            raise EvaluateError(f"The model card does not say how often the loss counted films with {finding}.")
        return undo_weight(weight)
    if method == "prior":
        trained = part_of(card, "prevalence").get(finding) if trained is None else trained
        if trained is None:
            raise EvaluateError(f"The model card does not say how many training films had {finding}.")
        return correct_prior(trained, fitted.prevalence if here is None else here)
    return fit_map(method, fitted)


def _outcome(labels: np.ndarray, scores: np.ndarray, patients: np.ndarray, threshold: float) -> Outcome:
    ranked = rank(labels, scores)
    with_it, without = ranked.at_each_score()
    return Outcome(
        threshold=threshold,
        rates=by_patient(ranked, labels, patients).rates(threshold),
        auroc=clustered_auroc(labels, scores, patients),
        ece=calibration_curve(ranked).error,
        brier=brier_score(ranked),
        mean_probability=dot(with_it + without, ranked.scores) / ranked.films,
    )
