"""What stands behind one number of a map: the hidden films that the value of one piece comes from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MOST_SHOWN = 8  # films to look at


@dataclass(frozen=True, eq=False)
class Behind:
    """Films that show a piece and films that hide it.

    Attributes
    ----------
    films : ndarray of float32, shape (N, H, W)
        Some of them, as the model got them.
    visible : ndarray of bool, shape (N,)
        Whether each shows the piece.
    logits : ndarray of float, shape (N, outputs)
        What the model answers to each.
    weights : ndarray of float, shape (N,), or None
        How much each counts; None where all count the same.
    means : ndarray of float, shape (2, outputs)
        Plain mean logits over all films that hide the piece, and over all that show it.
    counts : (int, int)
        How many films those are.
    """

    films: np.ndarray
    visible: np.ndarray
    logits: np.ndarray
    weights: np.ndarray | None
    means: np.ndarray
    counts: tuple[int, int]

    @property
    def higher(self) -> np.ndarray:
        """How much higher each logit is on average where the piece is visible, (outputs,)."""
        raised: np.ndarray = self.means[1] - self.means[0]
        return raised


def sampled(
    films: np.ndarray, chosen: np.ndarray, visible: np.ndarray, logits: np.ndarray, weights: np.ndarray | None
) -> Behind:
    """Put together what is told of films that were drawn at random.

    Parameters
    ----------
    films : ndarray of float32, shape (n, H, W)
        Those of the samples ``chosen``.
    chosen : ndarray of int, shape (n,)
    visible, weights : ndarray, shape (N,)
        Of all samples; no weights where all count the same.
    logits : ndarray, shape (N, outputs)
        Of all samples.
    """
    means = np.stack([logits[visible == side].mean(axis=0, dtype=np.float64) for side in (False, True)])
    counts = (int((~visible).sum()), int(visible.sum()))
    return Behind(films, visible[chosen], logits[chosen], None if weights is None else weights[chosen], means, counts)


def paired(films: np.ndarray, logits: np.ndarray) -> Behind:
    """Put together what is told of pairs of films, each first without the piece and then with it."""
    visible = np.arange(len(films)) % 2 == 1
    means = np.stack([logits[visible == side].mean(axis=0, dtype=np.float64) for side in (False, True)])
    shown = slice(0, MOST_SHOWN)
    half = len(films) // 2
    return Behind(films[shown], visible[shown], logits[shown], None, means, (half, half))


def nearest(visible: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Choose the samples that count most, half of them with a piece and half without; the untouched film is none.

    Where all count the same, these are the first ones, and the untouched film is not among them.
    """
    order = np.arange(len(visible)) if weights is None else np.argsort(-weights[1:], kind="stable") + 1
    sides = [order[visible[order] == side][: MOST_SHOWN // 2] for side in (True, False)]
    return np.concatenate(sides)


def contexts_around(cells: np.ndarray, tree: np.ndarray, most: int) -> np.ndarray:
    """List what else is shown while ``shap`` tries one part with every combination of the parts around it.

    Parameters
    ----------
    cells : ndarray of bool, shape (n,)
        The part: some cells of a grid.
    tree : ndarray, shape (n - 1, 4)
        Which nodes are joined, as SciPy's linkages say it.
    most : int
        Contexts at most; the parts farthest away are left hidden beyond that.

    Returns
    -------
    ndarray of bool, shape (contexts, n)
        Each time the cells that are shown beside the part.
    """
    around = [beside & ~cells for beside in _siblings(cells, tree)]
    while 2 ** len(around) > most:
        around.pop()
    contexts = [np.zeros(len(cells), bool)]
    for beside in around:
        contexts += [context | beside for context in contexts]
    return np.array(contexts)


def _siblings(cells: np.ndarray, tree: np.ndarray) -> list[np.ndarray]:
    """What the smallest node that holds all of some cells is joined with, from there to the root."""
    count = len(cells)
    nodes = [np.arange(count) == leaf for leaf in range(count)]
    found: list[np.ndarray] = []
    for left, right in tree[:, :2].astype(int):
        sides = nodes[left], nodes[right]
        for one, other in (sides, sides[::-1]):
            if not (cells & ~one).any():
                found.append(other)
        nodes.append(sides[0] | sides[1])
    return found


def on_grid(pieces: np.ndarray, piece: int, cells: np.ndarray, count: int) -> np.ndarray:
    """Which cells of a grid a piece is made of: bool (count,)."""
    inside = np.zeros(count, bool)
    inside[cells[pieces == piece]] = True
    return inside
