"""Films as the model's own features see them: sampled, computed once, laid out in a plane, chosen by an outline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from dashboard.server.arrays import Arrays
from dashboard.server.services import Services
from dashboard.server.store import content_key
from xai.budget import Budget, Cancelled
from xai.films.film import Film

if TYPE_CHECKING:
    from xai.models.classifier import Classifier

CELLS = ("TP", "FP", "FN", "TN")


def sample(outcome: np.ndarray, can_open: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """Draw films, as many of each cell as there are up to an equal share; what a rare cell leaves goes to the others.

    Parameters
    ----------
    outcome : array of str (films,)
        ``TP``, ``FP``, ``FN``, ``TN`` or empty.
    can_open : bool array (films,)
    count : int
    seed : int

    Returns
    -------
    int array
        Rising rows.
    """
    rng = np.random.default_rng(seed)
    drawn: list[np.ndarray] = []
    pools = sorted((rng.permutation(np.flatnonzero((outcome == cell) & can_open)) for cell in CELLS), key=len)
    for place, pool in enumerate(pools):
        left = count - sum(map(len, drawn))
        drawn.append(pool[: -(-left // (len(pools) - place))])
    return np.sort(np.concatenate(drawn))


def draw(can_open: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """Draw films, each as likely as any other; more of them are these and others. Gives rising rows.

    Parameters
    ----------
    can_open : bool array (films,)
    count : int
    seed : int
    """
    return np.sort(np.random.default_rng(seed).permutation(np.flatnonzero(can_open))[:count])


def features_key(services: Services, model: str, dataset: str) -> str:
    """Name what is kept of a model's features of the films of a dataset, as its table is now."""
    stamp = services.library.dataset_stamp(dataset)
    return content_key("features of all layers", services.model_key(model), dataset, stamp)


def known_features(arrays: Arrays, key: str) -> dict[str, np.ndarray]:
    """Give the features that were computed before, by film."""
    kept = arrays.get(key) or {}
    if not {"films", "features"} <= kept.keys() or len(kept["films"]) != len(kept["features"]):
        return {}
    return dict(zip(kept["films"].tolist(), kept["features"], strict=True))


def compute_features(
    classifier: Classifier, films: Mapping[str, Callable[[], Film]], arrays: Arrays, key: str, budget: Budget
) -> dict[str, np.ndarray]:
    """Compute the pooled features of films that have none yet; those computed are kept even if it is stopped.

    A film that cannot be opened gets none.

    Raises
    ------
    Cancelled
        If nobody waits any more.
    """
    found = known_features(arrays, key)
    missing = {name: open_film for name, open_film in films.items() if name not in found}
    try:
        for number, (name, open_film) in enumerate(missing.items()):
            if budget.cancelled():
                raise Cancelled
            try:
                canvas = classifier.prepare(open_film())
            except (ValueError, OSError):
                continue
            layers = classifier.feature_gradients(canvas, [0]).layers
            found[name] = np.concatenate([one.features.mean(axis=(0, 1), dtype=np.float64) for one in layers])
            budget.progress((number + 1) / len(missing))
    finally:
        if found:
            names = list(found)
            stacked = np.stack([found[name] for name in names]).astype(np.float32)
            arrays.put(key, {"films": np.array(names, np.str_), "features": stacked})
    return found


def inside(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Say which points lie inside an outline: a ray from the point crosses it an odd number of times.

    Parameters
    ----------
    points : array (films, 2)
    corners : array (corners, 2)

    Returns
    -------
    bool array (films,)
    """
    x, y = points[:, :1], points[:, 1:]
    (x1, y1), (x2, y2) = corners.T, np.roll(corners, -1, axis=0).T
    crosses = (y1 > y) != (y2 > y)
    rise = np.where(y2 == y1, 1, y2 - y1)
    return ((crosses & (x < x1 + (y - y1) * (x2 - x1) / rise)).sum(axis=1) % 2) == 1
