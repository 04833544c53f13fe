"""The mean AUROC over findings, with an interval that knows that findings and films of one patient go together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.evaluate.intervals import PRIOR_PATIENTS, newcombe
from training.evaluate.judged import Judged
from training.evaluate.ranked import Ranked, dot, rank
from training.evaluate.rates import Share, wilson
from training.evaluate.roc import area, deviations, fewest_patients, pooled_variance

METHOD = (
    "Mean AUROC: a score interval with the variance of the mean, whose components are summed a patient over all "
    "findings. A finding without films of both kinds, or whose films all have one score, does not count in it."
)


@dataclass(frozen=True, eq=False)
class MeanArea:
    """A mean AUROC.

    Attributes
    ----------
    value, low, high : float
        With its 95 % interval; NaN without findings, the ends with fewer than two patients of either kind.
    findings : tuple of str
        Those that it is the mean over.
    films : int
        That count for one of them or more.
    pulls : array (patients,)
        How far each patient moves it, by `training.evaluate.judged.Judged.patients`.
    """

    value: float
    low: float
    high: float
    findings: tuple[str, ...]
    films: int
    pulls: np.ndarray


def measurable(judged: Judged, only: np.ndarray | None = None) -> tuple[str, ...]:
    """Name the findings whose films can be told apart at all; ``only`` is as in `mean_area`."""
    return tuple(name for name in judged.findings if not _ranked(judged, name, only)[1].problem)


def mean_area(judged: Judged, findings: Sequence[str], only: np.ndarray | None = None) -> MeanArea:
    """Measure the mean AUROC of some findings.

    The variance is Obuchowski's (Biometrics 1997) for a mean: what each patient's films pull at it, over all findings.
    It is raised by as much as `training.evaluate.intervals.area_interval` raises those of the findings.

    Parameters
    ----------
    judged : Judged
    findings : sequence of str
        Of those that are `measurable`.
    only : bool array (films, all findings), optional
        Which labels count; without it all.
    """
    size = int(judged.patients.max(initial=-1)) + 1
    pulls, used = np.zeros(size), np.zeros(len(judged), bool)
    values, variances, patients = [], [], []
    for name in findings:
        truth, ranked = _ranked(judged, name, only)
        off, here = deviations(ranked, truth), ranked.places >= 0
        truth = np.where(here, truth, np.nan)
        values.append(area(ranked).value)
        variances.append(pooled_variance(off, truth, judged.patients))
        patients.append(fewest_patients(truth, judged.patients))
        pulls += np.bincount(judged.patients, off, size) / len(findings)
        used |= here
    if not values:
        return MeanArea(math.nan, math.nan, math.nan, (), 0, pulls)
    ends = _interval(np.array(values), np.array(variances), np.array(patients), dot(pulls, pulls))
    return MeanArea(float(np.mean(values)), *ends, tuple(findings), int(used.sum()), pulls)


def difference(first: MeanArea, second: MeanArea) -> tuple[float, float, float]:
    """Give the first less the second with its 95 % interval; both of the same `Judged`."""
    size = math.sqrt(dot(first.pulls, first.pulls) * dot(second.pulls, second.pulls))
    alike = dot(first.pulls, second.pulls) / size if size else 0.0
    low, high = newcombe(_share(first), _share(second), alike)
    return first.value - second.value, low, high


def _share(one: MeanArea) -> Share:
    return Share(one.value, one.low, one.high, 0, 0)


def _interval(values: np.ndarray, variances: np.ndarray, patients: np.ndarray, variance: float) -> tuple[float, float]:
    """Give the interval of the mean of some AUROCs; ``variance`` is its own, and never shrinks it to a point."""
    if np.isnan(variances).any():
        return math.nan, math.nan
    value, effective = float(values.mean()), float(1 / np.mean(1 / patients))
    if variance > 0 and 0 < value < 1:
        bounds = values * (1 - values) / patients
        raised = (patients * variances + PRIOR_PATIENTS * bounds) / (patients + PRIOR_PATIENTS)
        effective = value * (1 - value) / (variance * max(1.0, float(raised.sum() / variances.sum())))
    low, high = wilson(value * effective, effective)
    return float(low), float(high)


def _ranked(judged: Judged, finding: str, only: np.ndarray | None) -> tuple[np.ndarray, Ranked]:
    truth = judged.truth(finding)
    if only is None:
        return truth, judged.ranked(finding)
    truth = np.where(only[:, judged.index(finding)], truth, np.nan)
    return truth, rank(truth, judged.scores(finding))
