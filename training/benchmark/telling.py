"""How well a method's maps tell a model that leans on an object from one that does not, and after how many films.

All of it is of the share of a map's evidence that lies on the object, film by film, by either model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from training.benchmark.league import drawn_interval, mean_with_interval
from training.benchmark.shortcut_files import Lab
from training.evaluate.intervals import wilson
from training.evaluate.roc import clustered_auroc

RIGHT = 0.95  # of decisions
MOST_FILMS = 99  # that anybody would look at


@dataclass(frozen=True)
class Decision:
    """What comes of deciding, film by film, by whether the share on the object is above a threshold.

    Attributes
    ----------
    found, spared : float
        Share of films on which the leaning model is found out, and the clean one is not accused; each film by the
        threshold that is best on all others.
    few, films, most : float
        How many films one needs for the majority to be right 95 % of the time, whichever model it is: at the upper
        ends of the 95 % intervals of both shares, as measured, and at the lower ends. Infinite where `MOST_FILMS` are
        not enough.
    """

    found: float
    spared: float
    few: float
    films: float
    most: float


def telling(lab: Lab) -> pd.DataFrame:
    """Say for each method how the shares of both models differ.

    Returns
    -------
    DataFrame
        Indexed by method. ``clean`` and ``leaning``: mean share of the evidence on the object, each with its 95 %
        score interval in ``_low`` and ``_high``. ``ahead``: their mean difference, with an interval from draws of
        films. ``p``: two-sided, Wilcoxon's signed ranks of the pairs. ``auroc``: how well the share tells the models
        apart, with Obuchowski's interval. ``empty_clean`` and ``empty_leaning``: films whose map holds nothing for the
        finding. And the `Decision`.
    """
    rows = {}
    for method in lab.methods:
        clean, leaning = lab.shares(method)
        rows[method] = {
            **_mean("clean", clean),
            **_mean("leaning", leaning),
            **_between("ahead", float((leaning - clean).mean()), _lead(leaning - clean)),
            "p": paired_p(clean, leaning),
            **tells_apart(clean, leaning),
            **vars(decide(clean, leaning)),
            "films_measured": len(clean),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")


def paired_p(clean: np.ndarray, leaning: np.ndarray) -> float:
    """Give the two-sided p of Wilcoxon's signed ranks (Biometrics Bulletin 1945); 1 where no pair differs."""
    apart = leaning - clean
    return float(stats.wilcoxon(apart).pvalue) if apart.any() else 1.0


def tells_apart(clean: np.ndarray, leaning: np.ndarray) -> dict[str, float]:
    """Give the chance that the leaning model's share is the larger one, over all pairs of maps, with its interval.

    Both models look at the same films, so the interval takes the two maps of a film for alike (Obuchowski, Biometrics
    1997, who does so with films of a patient).
    """
    labels = np.repeat([0, 1], [len(clean), len(leaning)])
    films = np.concatenate([np.arange(len(clean)), np.arange(len(leaning))])
    found = clustered_auroc(labels, np.concatenate([clean, leaning]), films)
    return _between("auroc", found.value, (found.low, found.high))


def decide(clean: np.ndarray, leaning: np.ndarray) -> Decision:
    """Say how often a threshold finds either model out on one film, and how many films a majority needs."""
    right = np.array(
        [_judged(np.delete(clean, k), np.delete(leaning, k), clean[k], leaning[k]) for k in range(len(clean))]
    )
    (spared, found), count = right.mean(axis=0), len(clean)
    lower, upper = zip(*(wilson(share * count, count) for share in (spared, found)), strict=True)
    return Decision(float(found), float(spared), *(films_needed(*shares) for shares in (upper, (spared, found), lower)))


def threshold(clean: np.ndarray, leaning: np.ndarray) -> float:
    """Give the share above which a map is taken for the leaning model's: sensitivity and specificity together largest.

    Halfway between two measured shares; of several that are as good, the one in the middle.
    """
    values = np.unique(np.concatenate([clean, leaning]))
    if len(values) == 1:
        return float(values[0])
    between = (values[1:] + values[:-1]) / 2
    wrong = np.searchsorted(np.sort(leaning), between) / len(leaning) - np.searchsorted(np.sort(clean), between) / len(
        clean
    )
    best = np.flatnonzero(np.isclose(wrong, wrong.min()))
    return float(between[best[len(best) // 2]])


def films_needed(found: float, spared: float, right: float = RIGHT) -> float:
    """Give the smallest odd number of films whose majority is right so often, whichever of the two models it is.

    Parameters
    ----------
    found, spared : float
        Share of films on which the decision is right of the one model, and of the other. Films are drawn from those
        measured, so that a majority is right with the binomial's chance.
    right : float, default 0.95

    Returns
    -------
    float
        Infinite where `MOST_FILMS` are not enough.
    """
    numbers = np.arange(1, MOST_FILMS + 1, 2)
    chance = stats.binom.sf(numbers // 2, numbers, min(found, spared))
    enough = numbers[chance >= right]
    return float(enough[0]) if len(enough) else math.inf


def chance_of(right: int, said: int, films: int, leaning: int) -> float:
    """Say how often guessing gets as many right: with as many films called leaning, but at random.

    Parameters
    ----------
    right, said : int
        Answers that are right; films that were called the leaning model's.
    films, leaning : int
        All of them; those that really are the leaning model's.
    """
    hits = (right - (films - leaning) + said) / 2  # right = hits + (films - leaning) - (said - hits)
    return float(stats.hypergeom.sf(math.ceil(hits) - 1, films, leaning, said))


def summary(lab: Lab) -> str:
    """Write a line for each method."""
    clean, leaning = lab.models
    lines = [f"{'method':>10}  share on the {lab.claim['thing']}: {clean}, {leaning}; p; tells apart; films needed"]
    for row in telling(lab).itertuples():
        shares = f"{row.clean:.3f} [{row.clean_low:.3f}, {row.clean_high:.3f}]"
        theirs = f"{row.leaning:.3f} [{row.leaning_low:.3f}, {row.leaning_high:.3f}]"
        area = f"{row.auroc:.3f} [{row.auroc_low:.3f}, {row.auroc_high:.3f}]"
        lines.append(
            f"{row.Index:>10}  {shares}  {theirs}  p {row.p:.2g}  {area}  {row.films:g} ({row.few:g} to {row.most:g})"
        )
    return "\n".join([*lines, f"{row.films_measured} films with {lab.claim['finding']} and a {lab.claim['thing']}"])


def _judged(clean: np.ndarray, leaning: np.ndarray, one: float, other: float) -> tuple[bool, bool]:
    limit = threshold(clean, leaning)
    return one <= limit, other > limit


def _mean(name: str, shares: np.ndarray) -> dict[str, float]:
    value, low, high = mean_with_interval(shares, np.arange(len(shares)))
    return {**_between(name, value, (low, high)), f"empty_{name}": int((shares == 0).sum())}


def _lead(apart: np.ndarray) -> tuple[float, float]:
    return drawn_interval(apart, np.arange(len(apart)), np.random.default_rng(0))


def _between(name: str, value: float, ends: tuple[float, float]) -> dict[str, float]:
    return {name: value, f"{name}_low": ends[0], f"{name}_high": ends[1]}
