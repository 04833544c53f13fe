"""What a finding really does to the model's answer, beside what each method's map claims that it does.

The twin of a simulated film is the same film, noise and all, without one finding. By how much the logit falls from the
film to its twin is the finding's effect: no method's assumption is in it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from training.benchmark.league import ALL, DRAWS, Case
from training.datasets.table import Dataset
from training.evaluate.bootstrap import expanded_tail
from training.evaluate.ranked import numbered
from training.opening import open_film, render_film, rendered_size
from training.simulation.recipe import Recipe
from xai.explainers import EXPLAINERS
from xai.files import write_file

if TYPE_CHECKING:
    from xai.models.classifier import Classifier

EFFECTS_FOLDER = "effects"
SUM, MEAN, SHARE = "sum", "mean", "share"
CLAIMS = {
    SUM: "The map's values inside the truth, added up: logits that it gives to the finding's place.",
    MEAN: "The mean of the map's values inside the truth: logits that hiding a part of the place takes away.",
    SHARE: "The share of the map's evidence that lies inside the truth: no logits, so only the order can hold.",
}
COLUMNS = {
    "film": "",
    "patient": "",
    "finding": "What the twin lacks, and whose map it is.",
    "method": "What made the map; random, centred and prior are controls.",
    "claimed": "What the map claims for the finding's true place.",
    "effect": "Logit of the film less that of its twin.",
}
PROMISES = {
    "method": COLUMNS["method"],
    "finding": "Or all: every finding of every film.",
    "claim": "What `claimed` is: sum, mean or share.",
    "rank": "Spearman's correlation of claim and effect over films.",
    "rank_low": "Lower end of its 95 % interval, from draws of patients with replacement.",
    "rank_high": "Upper end.",
    "slope": "Logits that the finding really moves the answer by for each logit that the map claims (least squares); "
    "empty for a share.",
    "slope_low": "Lower end of its 95 % interval, from the same draws.",
    "slope_high": "Upper end.",
    "claimed": "Mean claim.",
    "effect": "Mean effect.",
    "films": "Films behind it.",
}
FEWEST = 5  # films over which a correlation is asked for
MOST_NUMBERS = 1_000_000  # of one batch of draws


def effects_of(
    classifier: Classifier, dataset: Dataset, cases: Sequence[Case], out: Path
) -> dict[tuple[str, str], float]:
    """Give the effect of each finding of each simulated film, in logits; what is kept in the folder is not made again.

    Parameters
    ----------
    classifier, dataset
        What was measured.
    cases : sequence of Case
        Which findings of which films.
    out : Path
        The benchmark's folder.
    """
    from tqdm import tqdm

    places = {film: place for place, film in enumerate(dataset.films["film"])}
    recipes = _recipes(dataset)
    wanted: dict[str, list[str]] = {}
    for case in cases:
        if case.film in recipes:
            wanted.setdefault(case.film, []).append(case.finding)
    found: dict[tuple[str, str], float] = {}
    for film, findings in tqdm(wanted.items(), unit="twin film", disable=None, file=sys.stderr):
        path = out / EFFECTS_FOLDER / f"{places[film]:06}.json"
        known = _kept(path)
        if not set(findings) <= set(known):
            known = film_effects(classifier, dataset, film, recipes[film], findings)
            write_file(path, json.dumps(known) + "\n")
        found |= {(film, finding): known[finding] for finding in findings}
    return found


def film_effects(
    classifier: Classifier, dataset: Dataset, film: str, recipe: Recipe, findings: Sequence[str]
) -> dict[str, float]:
    """Give by how much the logit of each finding falls where the film is rendered without it."""
    size = rendered_size(dataset.folder)
    twins = [render_film(recipe, size, [finding]) for finding in findings]
    logits = classifier.logits(np.stack([classifier.prepare(one) for one in (open_film(dataset, film), *twins)]))
    columns = [classifier.card.index(finding) for finding in findings]
    return {
        finding: float(logits[0, column] - logits[1 + place, column])
        for place, (finding, column) in enumerate(zip(findings, columns, strict=True))
    }


def twins_table(cases: Sequence[Case], effects: dict[tuple[str, str], float]) -> pd.DataFrame:
    """Put what each map claims beside the effect, with the `COLUMNS`."""
    rows = [
        (case.film, case.patient, case.finding, method, claimed(method, values, case.truth), effect)
        for case in cases
        if (effect := effects.get((case.film, case.finding))) is not None
        for method, (values, _) in case.maps.items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def promises(twins: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Say how far claims hold: rank correlation and slope of each method and finding, with the columns `PROMISES`."""
    rows = []
    for method, part in twins.groupby("method", sort=False):
        for finding, own in ((ALL, part), *part.groupby("finding", sort=False)):
            rows.append((method, finding, claim_of(str(method)), *_held(own, claim_of(str(method)), rng)))
    return pd.DataFrame(rows, columns=list(PROMISES))


def claim_of(method: str) -> str:
    """Say what of a method's map is its claim: one of `CLAIMS`."""
    kind = EXPLAINERS.get(method)
    if kind is None or not kind.signed:  # a map that can only speak for a finding does not say how the answer moves
        return SHARE
    return SUM if kind.shares else MEAN


def claimed(method: str, values: np.ndarray, inside: np.ndarray) -> float:
    """Give what a map (H, W) claims for a place (bool, H, W).

    A piece that has one number counts by the share of it that lies inside, as `xai.explainers.claims` has it; a piece
    is all that has the same value.
    """
    claim = claim_of(method)
    if claim == SHARE:
        positive = np.maximum(values, 0, dtype=np.float64)
        return float(positive[inside].sum() / (positive.sum() or 1))
    if claim == MEAN:
        return float(values[inside].mean(dtype=np.float64))
    if EXPLAINERS[method].shares == "pixel":
        return float(values[inside].sum(dtype=np.float64))
    weights, piece, pixels = np.unique(values, return_inverse=True, return_counts=True)
    return float(weights @ (np.bincount(piece.ravel(), inside.ravel(), len(weights)) / pixels))


def _held(part: pd.DataFrame, claim: str, rng: np.random.Generator) -> tuple[float, ...]:
    claims, effects = part["claimed"].to_numpy(float), part["effect"].to_numpy(float)
    means = float(claims.mean()), float(effects.mean()), part["film"].nunique()
    unknown = (np.nan,) * 3
    if len(part) < FEWEST:
        return (*unknown, *unknown, *means)
    owner, count = numbered(part["patient"].to_numpy())
    ranks, slopes = [], []
    for weights in (np.ones((1, len(part))), *_draws(owner, count, rng)):  # the films as they are come first
        one, other = (weighted_ranks(values, weights) for values in (claims, effects))
        ranks.append(correlation(one, other, weights))
        slopes.append(slope_of(claims, effects, weights))
    slope = unknown if claim == SHARE else _with_interval(np.concatenate(slopes), count)
    return (*_with_interval(np.concatenate(ranks), count), *slope, *means)


def _draws(owner: np.ndarray, count: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Draw patients with replacement, a few draws at a time: how often each film counts, float64 (draws, N)."""
    left, batch = DRAWS, max(1, MOST_NUMBERS // len(owner))
    while left > 0:
        several = rng.multinomial(count, np.full(count, 1 / count), size=min(left, batch))
        yield several[:, owner].astype(float)
        left -= batch


def _with_interval(values: np.ndarray, patients: int) -> tuple[float, float, float]:
    """Give the first value, and the 95 % interval of the others."""
    known = values[1:][np.isfinite(values[1:])]
    if patients < 2 or not np.isfinite(values[0]) or not len(known):
        return np.nan, np.nan, np.nan
    tail = expanded_tail(patients)
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(values[0]), float(low), float(high)


def weighted_ranks(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Rank values (N,) in each draw (draws, N), where each is there as often as it weighs; equal ones share a rank."""
    _, level, counts = np.unique(values, return_inverse=True, return_counts=True)
    starts = np.cumsum(counts) - counts
    there = np.add.reduceat(weights[:, np.argsort(level, kind="stable")], starts, axis=1)
    ranks: np.ndarray = (np.cumsum(there, axis=1) - (there - 1) / 2)[:, level]
    return ranks


def correlation(first: np.ndarray, second: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Give Pearson's correlation in each draw: values and weights (draws, N); NaN where one does not vary."""
    one, other = (values - _mean(values, weights)[:, None] for values in (first, second))
    spread = np.sqrt((weights * one**2).sum(axis=1) * (weights * other**2).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        found: np.ndarray = (weights * one * other).sum(axis=1) / np.where(spread > 0, spread, np.nan)
    return found


def slope_of(claims: np.ndarray, effects: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Give the least-squares slope of effects on claims (N,) in each draw (draws, N); NaN where no claim differs."""
    apart = claims - _mean(claims, weights)[:, None]
    spread = (weights * apart**2).sum(axis=1)
    found: np.ndarray = (weights * apart * effects).sum(axis=1) / np.where(spread > 0, spread, np.nan)
    return found


def _mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    found: np.ndarray = (weights * values).sum(axis=1) / weights.sum(axis=1)
    return found


def _recipes(dataset: Dataset) -> dict[str, Recipe]:
    films = dataset.films
    if "recipe" not in films:
        return {}
    known = films[films["recipe"].map(lambda one: isinstance(one, str))]
    return {film: Recipe.from_json(recipe) for film, recipe in zip(known["film"], known["recipe"], strict=True)}


def _kept(path: Path) -> dict[str, float]:
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: value for name, value in known.items() if isinstance(value, float)} if isinstance(known, dict) else {}
