"""How often 95 % intervals hold the true value: ``python tests/benchmarks/interval_coverage.py``, some minutes.

Draws films of patients who have several, alike in label and score (`tests.training.evaluate.clustered_films`), and
counts how often each interval holds what is true of all films there could be. Prints the tables of docs/intervals.md.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scipy.special import expit, logit
from scipy.stats import norm, t

from tests.training.evaluate.clustered_films import World
from training.evaluate.bootstrap import roc_band
from training.evaluate.by_patient import ByPatient, by_patient
from training.evaluate.intervals import clustered_share
from training.evaluate.precision_recall import clustered_average_precision
from training.evaluate.ranked import rank
from training.evaluate.rates import SHARES, share, wilson
from training.evaluate.roc import Auroc, clustered_area
from training.evaluate.side_by_side import side_by_side

POSITIVES = (5, 11, 50, 500)
ALIKE = (0.0, 0.3, 0.6)
THRESHOLDS = (1.0, 2.0)  # flag 69 % and 31 % of the films with the finding, 16 % and 2 % of the others
SEPARATIONS = (0.5, 1.0, 1.8, 2.6)  # AUROC 0.64, 0.76, 0.90, 0.97
DRAWS = 200  # of the bootstrap that shares are compared with
GRID = slice(1, 15)  # of 21 false positive rates: where the band is not against its upper edge
Ends = tuple[float, float]
Held = dict[tuple[str, ...], list[bool]]


def plain(has: np.ndarray, among: np.ndarray, drawn: np.ndarray) -> Ends:
    """Give Wilson's interval, which takes each film for one of another patient."""
    found = share(int(has.sum()), int(among.sum()))
    return found.low, found.high


def by_effect(has: np.ndarray, among: np.ndarray, drawn: np.ndarray) -> Ends:
    """Give Wilson's with the design effect alone, as Korn and Graubard's but for the t quantiles."""
    films, value = among.sum(), has.sum() / among.sum()
    off = has - value * among
    spread = value * (1 - value)
    effect = float((off**2).sum() / films / spread) if spread else 1.0
    low, high = wilson(value * films / max(effect, 1), films / max(effect, 1))
    return float(low), float(high)


def by_draws(has: np.ndarray, among: np.ndarray, drawn: np.ndarray) -> Ends:
    """Give the percentiles of draws of patients with replacement."""
    with np.errstate(invalid="ignore"):
        low, high = np.nanquantile((drawn @ has) / (drawn @ among), [0.025, 0.975])
    return float(low), float(high)


def ours(has: np.ndarray, among: np.ndarray, drawn: np.ndarray) -> Ends:
    """Give the app's."""
    found = clustered_share(has, among)
    return found.low, found.high


METHODS: dict[str, Callable[..., Ends]] = {
    "one by one": plain,
    "design effect": by_effect,
    "patient bootstrap": by_draws,
    "this app": ours,
}


def shares(positives: int, repeats: int, held: Held) -> None:
    """Count how often the intervals of six shares hold the truth, over worlds and thresholds."""
    for seed, (alike, threshold) in enumerate(product(ALIKE, THRESHOLDS)):
        world, rng = World(alike=alike), np.random.default_rng((positives, seed))
        truth, patients = world.shares(threshold), world.patients(positives)
        for _ in range(repeats):
            cells = world.ranked(rng, patients).cells(threshold)
            drawn = rng.multinomial(patients, np.full(patients, 1 / patients), DRAWS).astype(float)
            for name, value in truth.items():
                has, among = (np.sum([cells[cell] for cell in part], axis=0) for part in SHARES[name])
                if among.sum():
                    for method, interval in METHODS.items():
                        low, high = interval(has, among, drawn)
                        held[name, method, f"{alike} {threshold}"].append(low <= value <= high)


def logit_interval(found: Auroc) -> Ends:
    """Give the usual interval of an AUROC, symmetric on the logit scale (Pepe, 2003, section 5.2)."""
    spread = found.value * (1 - found.value)
    if not spread or not found.variance:
        return found.value, found.value
    half = norm.ppf(0.975) * np.sqrt(found.variance) / spread
    return float(expit(logit(found.value) - half)), float(expit(logit(found.value) + half))


def areas(positives: int, repeats: int, held: Held) -> None:
    """Count the same of AUROC, average precision and the band of the ROC curve."""
    for seed, (separation, several) in enumerate(product(SEPARATIONS, (False, True))):
        world, rng = World(separation=separation, several=several), np.random.default_rng((positives, seed))
        auroc, precision, where = world.auroc, world.average_precision, f"{world.auroc:.2f} {several}"
        for turn in range(repeats):
            films = world.ranked(rng, world.patients(positives))
            labels = films.positive.astype(float)
            found = clustered_area(films.ranked, labels, films.owner)
            if np.isnan(found.low):
                continue
            low, high = logit_interval(found)
            held["AUROC", "logit", where].append(low <= auroc <= high)
            held["AUROC", "this app", where].append(found.low <= auroc <= found.high)
            _, low, high = clustered_average_precision(films)
            held["average precision", "this app", where].append(low <= precision <= high)
            if turn % 5 == 0:
                band(films, world, rng, held, where)


def band(films: ByPatient, world: World, rng: np.random.Generator, held: Held, where: str) -> None:
    """Count the same of the ROC curve's band, point by point."""
    labels, scores = films.positive.astype(float), films.ranked.scores[films.places]
    found = roc_band(labels, scores, films.owner, rng, 100, 21)
    true = norm.cdf(world.separation + norm.ppf(found.false_positive_rate[GRID]))
    held["ROC band", "this app", where] += list((found.low[GRID] <= true) & (true <= found.high[GRID]))


def changes(positives: int, repeats: int, held: Held) -> None:
    """Count the same of what a change makes of shares: another threshold of one model, or another model."""
    worlds = product(ALIKE, ((1.0, 2.0), (2.0, 1.0), (1.5, 1.5)), (1.0, 0.7))
    for seed, (alike, thresholds, likeness) in enumerate(worlds):
        if thresholds[0] == thresholds[1] and likeness == 1:
            continue
        world, rng = World(alike=alike), np.random.default_rng((positives, seed))
        truth, where = [world.shares(one) for one in thresholds], f"{alike} {thresholds} {likeness}"
        for _ in range(repeats):
            labels, scores, owner = world.draw(rng, world.patients(positives))
            other = scores
            if likeness < 1:
                noise, again = scores - world.separation * labels, world.noise(rng, owner)
                other = world.separation * labels + likeness * noise + np.sqrt(1 - likeness**2) * again
            found = side_by_side(labels, expit(scores), expit(other), tuple(expit(thresholds)), owner)
            for name in ("sensitivity", "specificity", "ppv", "predicted_prevalence"):
                one = found.changes[name]
                if not np.isnan(one.low):
                    true = truth[1][name] - truth[0][name]
                    held[f"change of {name}", "this app", where].append(one.low <= true <= one.high)
                    if name == "sensitivity":
                        low, high = by_student(labels, scores >= thresholds[0], other >= thresholds[1], owner)
                        held[f"change of {name}", "Student's t", where].append(low <= true <= high)


def sicker(positives: int, repeats: int, held: Held) -> None:
    """Count the same of shares where patients with the finding have more films, as in a hospital."""
    world, rng = World(), np.random.default_rng(positives)
    many = _sicker_films(world, rng, 300_000)
    patients = round(positives * 300_000 / many[0].sum())
    for threshold in THRESHOLDS:
        true = by_patient_of(*many).rates(threshold)
        for _ in range(repeats):
            found = by_patient_of(*_sicker_films(world, rng, patients)).rates(threshold)
            for name in SHARES:
                one = getattr(found, name)
                if one.of:
                    held[name, "this app", f"{threshold}"].append(one.low <= getattr(true, name).value <= one.high)


def _sicker_films(world: World, rng: np.random.Generator, patients: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw films of which a patient has the more, the more likely he has the finding: labels, scores, patients."""
    illness = rng.normal(size=patients)
    films = np.minimum(1 + rng.negative_binomial(0.5, 0.5 / (0.5 + 2.5 * np.exp(0.6 * illness))), 60)
    of = np.repeat(np.arange(patients), films)
    labels = np.sqrt(0.7) * illness[of] + np.sqrt(0.3) * rng.normal(size=len(of)) > 2.2
    return labels.astype(float), world.separation * labels + world.noise(rng, of) + 0.3 * illness[of], of


def by_patient_of(labels: np.ndarray, scores: np.ndarray, owner: np.ndarray) -> ByPatient:
    """Put films beside their patients."""
    return by_patient(rank(labels, scores), labels, owner)


def by_student(labels: np.ndarray, first: np.ndarray, second: np.ndarray, owner: np.ndarray) -> Ends:
    """Give the interval of a change of sensitivity by Student's t over patients alone."""
    films = np.bincount(owner, labels)
    there = films > 0
    moved, films = np.bincount(owner, labels * (second.astype(float) - first))[there], films[there]
    change, patients = moved.sum() / films.sum(), len(films)
    spread = np.sqrt(((moved - change * films) ** 2).sum() * patients / (patients - 1)) / films.sum()
    half = t.ppf(0.975, patients - 1) * spread
    return change - half, change + half


def table(held: dict[int, Held]) -> None:
    """Print a row a figure and method: mean coverage, and in brackets its lowest and highest over the worlds."""
    print(f"| figure | interval | {' | '.join(f'{positives} with it' for positives in held)} |")
    print("|---" * (2 + len(held)) + "|")
    rows = dict.fromkeys(key[:2] for one in held.values() for key in one)
    for figure, method in rows:
        cells = []
        for one in held.values():
            means = [100 * np.mean(hits) for key, hits in one.items() if key[:2] == (figure, method)]
            cells.append(f"{np.mean(means):.1f} ({min(means):.0f} to {max(means):.0f})")
        print(f"| {figure.replace('_', ' ')} | {method} | {' | '.join(cells)} |")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=1000, help="datasets a world with few films; fewer with many")
    parser.add_argument("--only", choices=["shares", "areas", "changes", "sicker"], help="one of the tables")
    asked = parser.parse_args()
    repeats = asked.repeats
    for measure in (shares, areas, changes, sicker):
        if asked.only not in (None, measure.__name__):
            continue
        held: dict[int, Held] = {}
        for positives in POSITIVES:
            held[positives] = defaultdict(list)
            measure(positives, repeats // (1 if positives < 100 else 2), held[positives])
        table(held)
        print(flush=True)


if __name__ == "__main__":
    main()
