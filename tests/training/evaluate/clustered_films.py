"""Films of patients who have several, alike in label and score, and of which every true figure is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from training.evaluate.by_patient import ByPatient, by_patient
from training.evaluate.ranked import rank

MEDIAN_FILMS, SPREAD = (
    1.5,
    1.0,
)  # of a log-normal number of films a patient, rounded up: 2.9 on average, now and then 40
MEAN_FILMS = float(sum(norm.sf(np.log(k / MEDIAN_FILMS) / SPREAD) for k in range(1, 10_000)) + 1)


@dataclass(frozen=True)
class World:
    """Where films come from.

    Attributes
    ----------
    separation : float
        Mean score of films with the finding; of those without it 0. Both have variance 1.
    alike : float
        Correlation of the scores of one patient's films.
    prevalence : float
    labels_alike : float
        Correlation of what decides the labels of one patient's films.
    several : bool
        Whether patients have several films at all.
    """

    separation: float = 1.5
    alike: float = 0.5
    prevalence: float = 0.05
    labels_alike: float = 0.5
    several: bool = True

    def patients(self, positives: int) -> int:
        """How many patients have about so many films with the finding."""
        return max(4, round(positives / self.prevalence / (MEAN_FILMS if self.several else 1)))

    def draw(self, rng: np.random.Generator, patients: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Give labels, scores and patients of the films of so many patients."""
        films = np.ones(patients, int)
        if self.several:
            films = np.ceil(MEDIAN_FILMS * np.exp(SPREAD * rng.normal(size=patients))).astype(int)
        of = np.repeat(np.arange(patients), films)
        labels = self._shared(rng, of, self.labels_alike) > norm.isf(self.prevalence)
        return labels.astype(float), self.separation * labels + self.noise(rng, of), of

    def ranked(self, rng: np.random.Generator, patients: int) -> ByPatient:
        """Draw films and put them beside their patients."""
        labels, scores, of = self.draw(rng, patients)
        return by_patient(rank(labels, scores), labels, of)

    def shares(self, threshold: float | np.ndarray) -> dict[str, float | np.ndarray]:
        """Give the true shares at a threshold, or at several."""
        found, raised = norm.sf(threshold - self.separation), norm.sf(threshold)
        flagged = self.prevalence * found + (1 - self.prevalence) * raised
        return {
            "sensitivity": found,
            "specificity": 1 - raised,
            "ppv": self.prevalence * found / flagged,
            "npv": (1 - self.prevalence) * (1 - raised) / (1 - flagged),
            "prevalence": self.prevalence,
            "predicted_prevalence": flagged,
        }

    @property
    def auroc(self) -> float:
        """Give the true AUROC."""
        return float(norm.cdf(self.separation / np.sqrt(2)))

    @property
    def average_precision(self) -> float:
        """Give the true average precision: the mean PPV over the scores of films with the finding."""
        at = np.linspace(-5, 5, 2001)
        weight = norm.pdf(at)
        return float((self.shares(at + self.separation)["ppv"] * weight).sum() / weight.sum())

    def noise(self, rng: np.random.Generator, of: np.ndarray) -> np.ndarray:
        """Draw what a score holds beside the label, alike in the films of a patient."""
        return self._shared(rng, of, self.alike)

    def _shared(self, rng: np.random.Generator, of: np.ndarray, alike: float) -> np.ndarray:
        patients = of[-1] + 1
        return np.sqrt(alike) * rng.normal(size=patients)[of] + np.sqrt(1 - alike) * rng.normal(size=len(of))
