"""Whether the maps of two findings are one map: then it tells nothing of either that it does not tell of both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from xai.explainers.explanation import Explanation

ONE_MAP = 0.95  # Pearson correlation, pixel by pixel, from which two maps are called one


def same_maps(made: Sequence[Explanation], least: float = ONE_MAP) -> dict[str, dict[str, float]]:
    """Find, for each finding, the others whose maps by the same method correlate with its own.

    Parameters
    ----------
    made : sequence of Explanation
        Of one film by one method; maps that are the same everywhere are like no other.
    least : float, default `ONE_MAP`

    Returns
    -------
    dict of str to dict of str to float
        By finding, the others with their correlation, the most alike first.
    """
    maps = np.stack([one.map.ravel() for one in made]).astype(np.float64)
    maps -= maps.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(maps, axis=1)
    uneven = lengths > 1e-9 * np.sqrt(maps.shape[1]) * np.array([max(np.abs(one.map).max(), 1e-30) for one in made])
    maps[uneven] /= lengths[uneven, None]
    alike = np.where(np.outer(uneven, uneven), maps @ maps.T, 0.0)
    np.fill_diagonal(alike, 0.0)
    return {
        one.finding: {made[k].finding: float(row[k]) for k in np.argsort(-row, kind="stable") if row[k] >= least}
        for one, row in zip(made, alike, strict=True)
    }
