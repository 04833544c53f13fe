from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from training.evaluate.joining import join
from training.evaluate.judged import Judged
from xai.findings import FINDINGS


def made(
    probabilities: np.ndarray, labels: np.ndarray, patients: np.ndarray | None = None, **columns: object
) -> Judged:
    """Give judged films of one finding, Emphysema, or of several where the arrays have columns."""
    probabilities, labels = (np.asarray(each, float).reshape(len(each), -1) for each in (probabilities, labels))
    names = [f"f{k}" for k in range(len(labels))]
    findings = ["Emphysema", "Effusion", "Mass"][: labels.shape[1]]
    patients = np.arange(len(labels)) if patients is None else patients
    films = {
        "film": names,
        "patient": patients,
        "dataset": "made",
        "view": "PA",
        "sex": "F",
        "age": 50.0,
        "split": None,
    }
    table = pd.DataFrame({**films, **columns, **dict.fromkeys(FINDINGS, np.nan)})
    table[findings] = labels
    return join(pd.DataFrame(probabilities, names, findings), table, "a model", "made")


def binormal(
    rng: np.random.Generator, films: int, prevalence: float, separation: float
) -> tuple[np.ndarray, np.ndarray]:
    """Give labels and the true log-odds of films whose evidence is normal, ``separation`` apart, with variance 1.

    The log-odds are ``separation * x - separation^2 / 2 + logit(prevalence)``: calibrated by construction.
    """
    labels = (rng.random(films) < prevalence).astype(float)
    evidence = rng.normal(size=films) + separation * labels
    return labels, separation * evidence - separation**2 / 2 + logit(prevalence)


def noisy(seed: int, films: int = 400, prevalence: float = 0.3, ties: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Give labels and probabilities; with ``ties`` to one decimal."""
    labels, z = binormal(np.random.default_rng(seed), films, prevalence, 1.2)
    return labels, np.round(expit(z), 1) if ties else expit(z)
