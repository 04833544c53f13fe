"""``shap``'s partition explainer, run on a grid of cells: the rectangles of a film are halved again and again."""

from __future__ import annotations

import contextlib
import functools
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from xai.cards.input_spec import Size, sides
from xai.models.engine import BATCH_SIZE

_SWITCH = threading.Lock()  # whether numba compiles is a setting of the whole process


def owen_values(
    score: Callable[[np.ndarray], np.ndarray], grid: int, contexts: Sequence[int | None], evaluations: int
) -> tuple[np.ndarray, np.ndarray]:
    """Share a score out among the cells of a grid.

    Parameters
    ----------
    score : callable
        From which cells are shown (N, cells) to scores (N, outputs).
    grid : int
        Cells a side.
    contexts : sequence of {0, 1, None}
        What the rest of the film shows, ``shap``'s fixed_context; the mean over these is given.
    evaluations : int
        Of the score, for each context.

    Returns
    -------
    values : ndarray, shape (cells, outputs)
    base : ndarray, shape (outputs,)
        The score of nothing shown.
    """
    explainer = _shap().explainers.PartitionExplainer(score, _Cells(grid))
    results = [
        explainer(
            np.ones((1, grid * grid)), max_evals=evaluations, fixed_context=context, batch_size=BATCH_SIZE, silent=True
        )
        for context in contexts
    ]
    values = np.mean([result.values[0] for result in results], axis=0)
    return values, np.asarray(results[0].base_values, np.float64).reshape(-1)


class _Cells:
    """Masks a grid of cells; the mask itself goes to the model function, which composes whole batches at once."""

    def __init__(self, grid: int) -> None:
        self.shape = (1, grid * grid)
        self.clustering = halving_tree(grid)
        self.immutable_outputs = True

    def __call__(self, mask: np.ndarray, x: np.ndarray) -> tuple[np.ndarray]:
        return (mask[None].astype(np.float64),)


@functools.cache
def _shap() -> Any:
    """Import shap, which takes a second, when the first map is asked for."""
    with _uncompiled(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="IProgress not found")  # in a notebook; shap's bars are not shown
        import shap
    return shap


@contextlib.contextmanager
def _uncompiled() -> Iterator[None]:
    """Leave shap's small loops in Python.

    numba would compile them on first use, 6 to 12 s on two cores; on a 64 x 64 grid they take 0.1 s as they are.
    """
    import numba

    settings: Any = numba.config  # numba gives it its names only at run time
    with _SWITCH:
        before = settings.DISABLE_JIT
        settings.DISABLE_JIT = True
        try:
            yield
        finally:
            settings.DISABLE_JIT = before


@functools.lru_cache(maxsize=8)
def halving_tree(grid: int) -> np.ndarray:
    """Build the tree of rectangles of a grid, as ``shap`` builds it for pictures; read-only."""
    maskers = _shap().maskers
    compiled = hasattr(maskers._image._jit_build_partition_tree, "py_func")  # shap was imported before us: let it be
    with contextlib.nullcontext() if compiled else _uncompiled():
        tree: np.ndarray = maskers.Image(np.zeros((grid, grid, 1)), (grid, grid, 1)).clustering
    tree.setflags(write=False)
    return tree


def cell_index(size: Size, grid: int) -> np.ndarray:
    """Which cell of a grid each pixel lies in: int (height, width), row by row from the top left."""
    row, column = (np.arange(side) * grid // side for side in sides(size))
    return row[:, None] * grid + column[None, :]


def told_apart(values: np.ndarray) -> np.ndarray:
    """Number the cells (cells, outputs) that were never told apart, those with the same values: uint16 (cells,)."""
    _, piece = np.unique(values.round(12), axis=0, return_inverse=True)
    return piece.reshape(-1).astype(np.uint16)
