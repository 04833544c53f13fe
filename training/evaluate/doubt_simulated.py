"""How often a label in doubt would be a wrong one: labels are turned on purpose, and looked for.

Films are drawn whose true labels are known and whose evidence is normal; a model answers them with the right
probabilities, and a known share of all labels is turned at random. `found` counts how many labels are then in doubt,
and how many of these were turned.

What is seen of real films is the AUROC against labels some of which are wrong, and the share that is labelled, and not
the true ones. If labels are wrong at random, the true ones follow from them (Menon, van Rooyen, Ong and Williamson,
ICML 2015), which is how `behind` asks what would be so *if* a share of the labels were wrong. How many are, nobody
knows from predictions and labels alone. Labels of films that are hard to read are wrong more often than others, which
the simulation does not know either.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, ndtri

from training.evaluate.doubt import LABELS, doubts
from training.evaluate.roc import auroc

FIRST = 20  # of the most doubtful films with a label, as somebody looks at them
FILMS, MOST_DRAWS = 200_000, 200  # simulated in all, and at most so many times
BEST = 0.9999  # AUROC above which no model is believed


@dataclass(frozen=True)
class Truth:
    """What a simulated dataset is like.

    Attributes
    ----------
    auroc, prevalence : float
        By the true labels.
    wrong : float
        Share of all labels that is turned.
    shift : float
        Added to each logit: above 0 of a model that says too much.
    """

    auroc: float
    prevalence: float
    wrong: float
    shift: float = 0.0


@dataclass(frozen=True)
class Found:
    """What came of films with one label, in all draws together.

    Attributes
    ----------
    turned, doubted, right : float
        Labels that were turned, labels in doubt, and those in doubt that were turned; in a mean draw.
    first, first_right : float
        The same of the `FIRST` most doubtful films: how many there are, and how many were turned.
    """

    turned: float
    doubted: float
    right: float
    first: float
    first_right: float

    @property
    def precision(self) -> float:
        """Share of the labels in doubt that were turned; NaN where none is in doubt."""
        return self.right / self.doubted if self.doubted else math.nan

    @property
    def recall(self) -> float:
        """Share of the turned labels that are in doubt; NaN where none was turned."""
        return self.right / self.turned if self.turned else math.nan

    @property
    def first_precision(self) -> float:
        """Share of the most doubtful films whose label was turned; NaN where none is in doubt."""
        return self.first_right / self.first if self.first else math.nan


@dataclass(frozen=True)
class Simulated:
    """What came of a simulation.

    Attributes
    ----------
    auroc, labelled : float
        What is seen of it: AUROC against the labels as they are, and the share that is labelled present.
    found : dict of str to Found
        By `training.evaluate.doubt.LABELS`.
    """

    auroc: float
    labelled: float
    found: dict[str, Found]


def behind(auroc: float, labelled: float, wrong: float) -> Truth | None:
    """Give the true AUROC and prevalence behind those that are seen, if a share of all labels is wrong at random.

    None where that cannot be: more labels would be wrong than are there, or the model better than perfect.

    Parameters
    ----------
    auroc, labelled : float
        AUROC against the labels as they are, and the share of films that is labelled present.
    wrong : float
        Share of all labels that is wrong; below a half.
    """
    prevalence = (labelled - wrong) / (1 - 2 * wrong)
    if not 0 < prevalence < 1:
        return None
    kept = prevalence * (1 - wrong) / labelled + (1 - prevalence) * (1 - wrong) / (1 - labelled) - 1
    true = 0.5 + (auroc - 0.5) / kept
    return Truth(true, prevalence, wrong) if 0.5 < true < BEST else None


def simulate(truth: Truth, films: int, rng: np.random.Generator, draws: int | None = None) -> Simulated:
    """Draw datasets of so many films, turn labels, and count what is then in doubt.

    Parameters
    ----------
    truth : Truth
    films : int
        In each draw.
    rng : numpy.random.Generator
    draws : int, optional
        How many; without it so many that `FILMS` films are drawn, or `MOST_DRAWS`.
    """
    separation = math.sqrt(2) * float(ndtri(truth.auroc))
    counts, seen = np.zeros((2, 5)), []
    draws = min(MOST_DRAWS, max(1, FILMS // films)) if draws is None else draws
    for _ in range(draws):
        present = rng.random(films) < truth.prevalence
        evidence = separation * (rng.normal(size=films) + separation * present)
        p = expit(evidence - separation**2 / 2 + logit(truth.prevalence) + truth.shift)
        turned = rng.random(films) < truth.wrong
        labels = (present ^ turned).astype(float)
        found = doubts(labels, p)
        for row, label in enumerate(LABELS):
            is_it = labels == (label == "present")
            doubted = turned[found.doubted[label]]
            first = doubted[:FIRST]
            counts[row] += (turned & is_it).sum(), len(doubted), doubted.sum(), len(first), first.sum()
        seen.append((auroc(labels, p).value, labels.mean()))
    area, labelled = np.nanmean(seen, axis=0)
    counted = (counts / draws).tolist()
    return Simulated(float(area), float(labelled), {label: Found(*counted[row]) for row, label in enumerate(LABELS)})
