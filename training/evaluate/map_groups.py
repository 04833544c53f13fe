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

FEWEST = 40  # films with a map, for groups to be looked for
NEIGHBOURS = 8
MOST_GROUPS = 8
BLUR = 1.0  # cells: evidence that lies a cell further is not quite elsewhere
ROUNDS = 5
NONE, EMPTY = -1, -2  # in place of a group: films of no clear group, and films whose map is empty


@dataclass(frozen=True, eq=False)
class MapGroups:
    """Which films have maps that are alike, and unlike those of all others.

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


def group_maps(maps: np.ndarray) -> MapGroups:
    """Find groups of maps that are alike.

    Two maps are as unlike as the share of evidence that one has and the other has not, 0 to 1. Each film is joined to
    its nearest ones, and the largest gap among the first eigenvalues of that graph suggests how many groups there are
    (von Luxburg, A tutorial on spectral clustering, 2007), as in SpRAy (Lapuschkin et al., Unmasking Clever Hans
    predictors, Nature Communications 2019). That parts any films into so many groups, also those without any structure.
    So each group's mean map is held against all films: 0 is how like it the other films are, 1 how like it its own are,
    by the median. What is above one half belongs to the group, which is clear if that likeness has two peaks with a
    valley between them and not one, by Hartigan's dip test at one in a hundred: films that are like the group, films
    that are not, and fewer between.

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
    eigenvalues, vectors = _spectrum(shares)
    suggested = int(np.argmax(np.diff(eigenvalues)[1:])) + 2
    of = np.full(len(maps), EMPTY)
    of[here] = _clear(shares, _clustered(vectors[:, :suggested]))
    return MapGroups(of, suggested, eigenvalues)


def _spectrum(shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the smallest eigenvalues, and their vectors, of the graph that joins each film to its nearest ones."""
    from sklearn.neighbors import kneighbors_graph  # takes a second to import

    unlike = cdist(shares, shares, "cityblock") / 2
    nearest = kneighbors_graph(unlike, NEIGHBOURS, metric="precomputed", include_self=False).toarray()
    values, vectors = np.linalg.eigh(laplacian((nearest + nearest.T) / 2, normed=True))
    return values[: MOST_GROUPS + 1], vectors[:, : MOST_GROUPS + 1]


def _clustered(vectors: np.ndarray) -> np.ndarray:
    """Part films by the first eigenvectors, each film's scaled to length 1 (Ng, Jordan and Weiss 2001)."""
    from sklearn.cluster import KMeans

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    groups: np.ndarray = KMeans(vectors.shape[1], n_init=10, random_state=0).fit_predict(vectors / lengths)
    return groups


def _clear(shares: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Number the groups that stand out, the largest first; `NONE` for all other films."""
    found = [members for name in np.unique(groups) if (members := _settled(shares, groups == name)) is not None]
    numbers = np.full(len(shares), NONE)
    count = 0
    for members in sorted(found, key=np.count_nonzero, reverse=True):
        if 2 * np.count_nonzero(numbers[members] != NONE) < np.count_nonzero(members):  # else it was found before
            numbers[members & (numbers == NONE)] = count
            count += 1
    return numbers


def _settled(shares: np.ndarray, members: np.ndarray) -> np.ndarray | None:
    """Let a group take in what is more like it than like the others, until it stays; None if it is not clear."""
    for _ in range(ROUNDS):
        if min(np.count_nonzero(members), np.count_nonzero(~members)) <= NEIGHBOURS:
            return None
        likeness = _likeness(shares, members)
        if likeness is None:
            return None
        before, members = members, likeness > 0.5
        if (before == members).all():
            return members if dip(likeness) > CRITICAL / math.sqrt(len(likeness)) else None
    return None


def _likeness(shares: np.ndarray, members: np.ndarray) -> np.ndarray | None:
    """Say how like a group's mean map each map is: 0 as the others, 1 as its own; None where these are no different.

    A film of the group is held against the mean of the rest of it, else it would always be a little more alike.
    """
    count = np.count_nonzero(members)
    mean = shares[members].mean(axis=0)
    means = np.where(members[:, None], (count * mean - shares) / (count - 1), mean)
    alike = -np.abs(shares - means).sum(axis=1)
    own, others = np.median(alike[members]), np.median(alike[~members])
    return (alike - others) / (own - others) if own > others else None
