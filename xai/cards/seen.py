"""What a model's training films look like to it, in few numbers: how far another picture is from them.

Lee et al., A Simple Unified Framework for Detecting Out-of-Distribution Samples and Adversarial Attacks, NeurIPS 2018:
the Mahalanobis distance of a network's features to the nearest of several means. The one covariance that they share is
that of probabilistic principal components (Tipping and Bishop, J. R. Stat. Soc. B 61, 1999): some main directions have
variances of their own, all others one, so that few films and few numbers are enough.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from xai.cards.calibration import is_number
from xai.cards.checks import check, is_int

PERCENTILES = 101  # of the distances of films that were held out, from the nearest film to the farthest
DIRECTIONS = 32
FAR = 0.99  # share of those films beyond which a picture is called unlike them
MAX_NUMBERS = 400_000


@dataclass(frozen=True, eq=False)
class Seen:
    """Where the features of a model's training films lie.

    Attributes
    ----------
    datasets : tuple of str
        Of which films, one mean each.
    films, held_out : int
        How many, and how many others gave the distances.
    means : ndarray of float32, shape (datasets, d)
    directions : ndarray of float32, shape (k, d)
        Orthonormal but for rounding.
    variances : ndarray of float32, shape (k,)
        Along them.
    rest : float
        Variance along every other direction.
    far : ndarray of float32, shape (PERCENTILES,)
        Percentiles of the distances of the films that were held out.
    """

    datasets: tuple[str, ...]
    films: int
    held_out: int
    means: np.ndarray
    directions: np.ndarray
    variances: np.ndarray
    rest: float
    far: np.ndarray

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Seen) and self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @cached_property
    def fingerprint(self) -> str:
        """Everything in it, in one short name."""
        return hashlib.sha256(json.dumps(self.to_dict()).encode()).hexdigest()

    def distances(self, features: np.ndarray) -> np.ndarray:
        """Give the distance of films to the nearest mean, in standard deviations.

        Parameters
        ----------
        features : ndarray, shape (N, d)

        Returns
        -------
        ndarray of float64, shape (N,)
        """
        off = np.asarray(features, np.float64)[:, None, :] - self.means
        along = off @ self.directions.T
        beside = np.maximum((off**2).sum(-1) - (along**2).sum(-1), 0)
        squares = (along**2 / self.variances).sum(-1) + beside / self.rest
        nearest: np.ndarray = np.sqrt(squares.min(axis=1))
        return nearest

    def share_nearer(self, distance: float) -> float:
        """Give the share of the films that were held out which are nearer than that, in whole per cent."""
        return min(int(np.searchsorted(self.far, distance)), PERCENTILES - 1) / (PERCENTILES - 1)

    def is_far(self, distance: float) -> bool:
        """Whether a picture is farther away than nearly all films that were held out."""
        return distance > float(self.far[round(FAR * (PERCENTILES - 1))])

    def doubt(self, distance: float) -> str:
        """Say that a picture is unlike the films that the model learned from; nothing where it is not."""
        if not self.is_far(distance):
            return ""
        most = "all" if distance > self.far[-1] else f"{100 * FAR:.0f} of 100 of"
        *others, last = self.datasets
        whose = f"{', '.join(others)} and {last}" if others else last
        return (
            f"unlike the films that the model learned from, farther away than {most} the {self.held_out:,} films of "
            f"{whose} that were held out"
        )

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain JSON values; the large tables in base64."""
        return {
            "datasets": list(self.datasets),
            "films": self.films,
            "held_out": self.held_out,
            "means": _packed(self.means, "<f4"),
            "directions": _packed(self.directions, "<f2"),
            "variances": [_short(value) for value in self.variances],
            "rest": _short(self.rest),
            "far": [_short(value) for value in self.far],
        }


def seen_from_dict(content: Any) -> Seen:
    """Read what `Seen.to_dict` gave; raises `ModelCardError` in one sentence."""
    check(isinstance(content, Mapping), "seen must be an object", content)
    missing = sorted(
        {"datasets", "films", "held_out", "means", "directions", "variances", "rest", "far"} - set(content)
    )
    check(not missing, "these fields are missing in seen", missing)
    datasets = content["datasets"]
    named = isinstance(datasets, list) and bool(datasets) and all(isinstance(one, str) for one in datasets)
    check(named, "seen.datasets must be a list of names", datasets)
    for name in ("films", "held_out"):
        check(is_int(content[name]) and content[name] > 0, f"seen.{name} must be a whole number above 0", content[name])
    for name in ("variances", "far"):
        listed = isinstance(content[name], list) and all(is_number(one) and one >= 0 for one in content[name])
        check(listed and bool(content[name]), f"seen.{name} must be a list of numbers", content[name])
    variances, far = (np.array(content[name], np.float32) for name in ("variances", "far"))
    rest = content["rest"]
    check(bool((variances > 0).all()), "seen.variances must be above 0", content["variances"])
    check(is_number(rest) and rest > 0, "seen.rest must be a number above 0", rest)
    rises = len(far) == PERCENTILES and bool((np.diff(far) >= 0).all())
    check(rises, f"seen.far must be {PERCENTILES} numbers that do not fall", content["far"])
    means = _unpacked(content, "means", "<f4", len(datasets))
    directions = _unpacked(content, "directions", "<f2", len(variances))
    same = means.shape[1] == directions.shape[1]
    check(same, "seen.means and seen.directions must have as many features", [means.shape[1], directions.shape[1]])
    counts = content["films"], content["held_out"]
    return Seen(tuple(datasets), *counts, means, directions, variances, float(rest), far)


def fit_seen(features: Mapping[str, np.ndarray], held_out: np.ndarray, directions: int = DIRECTIONS) -> Seen:
    """Describe the features of training films.

    Parameters
    ----------
    features : mapping of str to ndarray, shape (N, d)
        Of each dataset's training films.
    held_out : ndarray, shape (M, d)
        Of films that the model did not learn from.
    directions : int
        At most so many have a variance of their own.

    Raises
    ------
    ValueError
        If there are too few films for a covariance.
    """
    means = np.stack([one.mean(axis=0) for one in features.values()]).astype(np.float32)
    off = np.concatenate([one - mean for one, mean in zip(features.values(), means, strict=True)]).astype(np.float64)
    films, size = off.shape
    freedom = films - len(means)
    kept = min(directions, size - 1, freedom - 1)
    if kept < 1 or not len(held_out):
        raise ValueError(f"{films} films to learn from and {len(held_out)} held out are too few to say what is usual.")
    values, vectors = np.linalg.eigh(off.T @ off / freedom)
    least = max(float(values[-1]), 1e-12) * 1e-6  # features that never move would make any other value infinitely far
    main = vectors[:, ::-1][:, :kept].T.astype(np.float16).astype(np.float32)
    rest = max(float(values[: size - kept].mean()), least)
    found = Seen(
        tuple(features), films, len(held_out), means, main, np.maximum(values[::-1][:kept], least).astype(np.float32),
        rest, np.zeros(PERCENTILES, np.float32),
    )  # fmt: skip
    far = np.percentile(found.distances(held_out), np.linspace(0, 100, PERCENTILES))
    return seen_from_dict({**found.to_dict(), "far": [_short(value) for value in far]})


def _short(value: float) -> float:
    return float(f"{value:.6g}")


def _packed(table: np.ndarray, kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(table, kind).tobytes()).decode()


def _unpacked(content: Mapping[str, Any], name: str, kind: str, rows: int) -> np.ndarray:
    try:
        values = np.frombuffer(base64.b64decode(content[name], validate=True), kind).astype(np.float32)
    except (TypeError, ValueError, binascii.Error):
        values = np.empty(0, np.float32)
    fits = 0 < values.size <= MAX_NUMBERS and values.size % rows == 0 and bool(np.isfinite(values).all())
    check(fits, f"seen.{name} must be {rows} rows of numbers in base64", str(content[name])[:40])
    return values.reshape(rows, -1)
