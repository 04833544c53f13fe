"""Groups of films whose maps are alike, and whether there are any: spectral clustering of relevance maps."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.sparse.csgraph import laplacian
from scipy.spatial.distance import cdist

from training.evaluate.dip import CRITICAL, dip
from training.evaluate.evidence import on_grid
from training.evaluate.ranked import EvaluateError

FEWEST = 40  # films with a map; with fewer, no group could be told from chance
NEIGHBOURS = 8
MOST_GROUPS = 8
BLUR = 1.0  # cells: evidence that lies a cell further is not quite elsewhere
APART = 1.2  # see `MapGroups`
SURE = 0.5  # share of a group's films from which the others lie near or far
NONE, EMPTY = -1, -2  # in place of a group: films of no clear group, and films whose map is empty


@dataclass(frozen=True, eq=False)
class MapGroups:
    """Which films have maps that are alike, unlike all others.

    Two maps are as far apart as the share of evidence that one has and the other has not, 0 to 1. Each film is joined to
    its `NEIGHBOURS` nearest, and the largest gap among the first eigenvalues of that graph suggests how many groups there
    are (von Luxburg, A tutorial on spectral clustering, 2007), as in SpRAy (Lapuschkin et al., Unmasking Clever Hans
    predictors, Nature Communications 2019). Spectral clustering finds that many groups in anything, so:

    - groups between which films lie as closely as within them are joined: where the passage between two groups, by way of
      films that are each among others, is less than `APART` times as wide as the usual distance within the wider one
      (the mutual reachability of HDBSCAN, Campello et al. 2013);
    - what is left is a clear group if, from at least half of its films, all films lie either near or far, with few
      between: Hartigan's dip test of the distances, at one in a hundred.

    Attributes
    ----------
    of : int array (films,)
        Clear group of each film, the largest 0; `NONE` and `EMPTY` as said there.
    suggested : int
        Number of groups that the eigenvalues suggest.
    eigenvalues : array
        The smallest of the graph's normalised Laplacian, rising.
    """

    of: np.ndarray
    suggested: int
    eigenvalues: np.ndarray

    @property
    def count(self) -> int:
        """How many clear groups there are."""
        return int(self.of.max(initial=NONE)) + 1


def smallest_group(films: int) -> int:
    """Give the fewest films of a group that can be found among so many: a smaller one could be chance."""
    return max(NEIGHBOURS + 1, math.ceil(2 * CRITICAL * math.sqrt(films)))


def group_maps(maps: np.ndarray) -> MapGroups:
    """Find groups of maps that are alike.

    Parameters
    ----------
    maps : array (films, H, W)
        Shares of evidence, see `evidence_shares`; signed or not; an empty map is 0 everywhere.

    Raises
    ------
    EvaluateError
        If fewer than `FEWEST` maps have any evidence.
    """
    grids = np.stack([gaussian_filter(on_grid(one), BLUR, mode="constant") for one in maps])
    flat = grids.reshape(len(grids), -1)
    sizes = np.abs(flat).sum(axis=1)
    here = np.flatnonzero(sizes > 0)
    if len(here) < FEWEST:
        raise EvaluateError(f"Groups need at least {FEWEST} films whose map is not empty; there are {len(here)}.")
    shares = flat[here] / sizes[here, None]
    apart = cdist(shares, shares, "cityblock") / 2
    eigenvalues, vectors = _spectrum(apart)
    suggested = int(np.argmax(np.diff(eigenvalues)[1:])) + 2
    groups = _joined(apart, _clustered(vectors[:, :suggested]))
    of = np.full(len(maps), EMPTY)
    of[here] = _clear(apart, groups)
    return MapGroups(of, suggested, eigenvalues)


def _spectrum(apart: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the smallest eigenvalues, and their vectors, of the graph that joins each film to its nearest ones."""
    from sklearn.neighbors import kneighbors_graph  # takes a second to import

    nearest = kneighbors_graph(apart, NEIGHBOURS, metric="precomputed", include_self=False).toarray()
    values, vectors = np.linalg.eigh(laplacian((nearest + nearest.T) / 2, normed=True))
    return values[: MOST_GROUPS + 1], vectors[:, : MOST_GROUPS + 1]


def _clustered(vectors: np.ndarray) -> np.ndarray:
    """Part films by the first eigenvectors, each film's scaled to length 1 (Ng, Jordan and Weiss 2001)."""
    from sklearn.cluster import KMeans

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    groups: np.ndarray = KMeans(vectors.shape[1], n_init=10, random_state=0).fit_predict(vectors / lengths)
    return groups


def _joined(apart: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Join the two groups with the narrowest passage between them, until all passages are wide."""
    within = np.sort(apart, axis=1)[:, NEIGHBOURS]  # to the eighth nearest film: how sparse it is around each
    passage = np.maximum(apart, np.maximum(within[:, None], within))
    groups = groups.copy()
    while len(left := np.unique(groups)) > 1:
        pairs = [(a, b) for k, a in enumerate(left) for b in left[:k]]
        widths = [_width(passage, within, groups == a, groups == b) for a, b in pairs]
        narrowest = int(np.argmin(widths))
        if widths[narrowest] >= APART:
            break
        first, second = pairs[narrowest]
        groups[groups == first] = second
    return groups


def _width(passage: np.ndarray, within: np.ndarray, first: np.ndarray, second: np.ndarray) -> float:
    """Give the width of the passage between two groups, in usual distances within; 0 for a group of too few films."""
    if min(first.sum(), second.sum()) <= NEIGHBOURS:
        return 0.0
    usual = max(np.median(within[first]), np.median(within[second]))
    narrow = passage[np.ix_(first, second)].min()
    return float(narrow / usual) if usual > 0 else math.inf


def _clear(apart: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Number the groups that stand out, the largest first; `NONE` for all other films."""
    limit = CRITICAL / math.sqrt(len(apart))
    stands_out = np.array([dip(np.delete(row, k)) > limit for k, row in enumerate(apart)])
    names, sizes = np.unique(groups, return_counts=True)
    clear = [name for name in names[np.argsort(-sizes, kind="stable")] if stands_out[groups == name].mean() >= SURE]
    numbers = np.full(len(groups), NONE)
    if len(names) > 1:
        for number, name in enumerate(clear):
            numbers[groups == name] = number
    return numbers
