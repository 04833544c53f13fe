"""RISE: how a finding's logit goes with what soft random masks leave of the film."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from xai.budget import Budget
from xai.explainers.baselines import ABOUT_AUTOMATIC, BASELINE_CHOICES, BLURRED, baseline_canvas
from xai.explainers.checks import MOST_FILMS, check_choice, check_whole
from xai.explainers.converging import LOW_STABILITY, STABILITY_MEANING, rank_stability
from xai.explainers.declared import BLACK_BOX, Box, Diagnostic, Setting
from xai.explainers.explanation import Evidence, Explainer, Task
from xai.explainers.hiding import MOSAIC_REGIONS
from xai.explainers.regions import superpixels
from xai.models.engine import BATCH_SIZE

COMPARED = 16  # cells a side over which halves are compared


@dataclass(frozen=True)
class RISE(Explainer):
    """Randomised input sampling: a pixel's worth is the covariance of its being seen with the logit.

    A coarse random grid of seen and hidden cells is scaled up, bilinear, and shifted by a part of a cell; where it is
    between 0 and 1 the film is mixed with the baseline. Masks come in pairs of opposites, which leaves out what a logit
    does whatever is seen. A map holds the covariance over the variance, so that it is in logits: what a pixel seen
    rather than hidden goes with, together with what is seen beside it. The paper's own weights, the sum of masks by
    score, order pixels the same way in the long run.

    Petsiuk, Das, Saenko, RISE: Randomized Input Sampling for Explanation of Black-box Models, BMVC 2018.

    Parameters
    ----------
    samples : int
        Films with soft masks, two a pair.
    grid : int
        Cells of a mask a side.
    baseline : str
        What a hidden cell shows; see `xai.explainers.baselines.BASELINE_CHOICES`.

    Examples
    --------
    >>> (found,) = xai.RISE(samples=50).explain(model, film, ["Effusion"])
    >>> found.evaluations
    51
    """

    samples: int = 500
    grid: int = 8
    baseline: str = BLURRED

    name: ClassVar[str] = "rise"
    title: ClassVar[str] = "RISE"
    signed: ClassVar[bool] = True
    box: ClassVar[Box] = BLACK_BOX
    unit: ClassVar[str] = "logit"
    reading: ClassVar[str] = (
        "The film is shown again and again through random soft masks. Orange is where the score of this finding is "
        "higher when that place is seen, blue where it is lower. Nothing is asked of the network's inside."
    )
    pitfalls: ClassVar[str] = (
        "Random masks make a random map: with few films much of it is noise, and a pixel takes part in what its "
        "neighbours do, as far as a mask's cell reaches. What hides a place matters, as for every method that hides."
    )
    diagnostics: ClassVar[tuple[Diagnostic, ...]] = (
        Diagnostic(
            "rank_stability",
            "Order holds",
            STABILITY_MEANING.replace("regions", f"{COMPARED} × {COMPARED} parts of the film"),
            write=lambda stability: f"{stability:.2f}",
            warns=lambda stability: stability < LOW_STABILITY,
            warning="Low: which part is stronger is mostly chance.",
            shown=lambda stability: stability is not None,
        ),
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "samples",
            "films sampled",
            (200, 500, 1000, 2000, 4000),
            "More masks make the map steadier and take proportionally longer.",
        ),
        Setting("grid", "cells a side", (4, 6, 8, 12), "Finer masks show smaller things and need more films."),
        Setting(
            "baseline", "hidden cells show", BASELINE_CHOICES, f"What a hidden cell is replaced by. {ABOUT_AUTOMATIC}"
        ),
    )

    def __post_init__(self) -> None:
        check_whole("samples", self.samples, 2, MOST_FILMS)
        check_whole("grid", self.grid, 2, 64)
        check_choice("baseline", self.baseline, BASELINE_CHOICES)

    def within(self, budget: Budget) -> RISE:
        """Take the samples from the budget."""
        return self if budget.evaluations is None else dataclasses.replace(self, samples=max(2, budget.evaluations))

    @property
    def cost(self) -> int:
        """Films that one explanation sends through the model: pairs, and the untouched one."""
        return 2 * (self.samples // 2) + 1

    def _explain(self, task: Task) -> list[Evidence]:
        pairs = self.samples // 2
        baseline = baseline_canvas(
            self.baseline, task.classifier, task.canvas, superpixels(task.canvas, MOSAIC_REGIONS)
        )
        halves = np.zeros((2, len(task.outputs), *task.canvas.shape))
        counts = np.zeros(2)
        rng = np.random.default_rng(task.seed)
        of_logits = task.logits[task.outputs]  # the film as it is comes first: it is counted, and known when all ends
        for masks in self._masks(rng, pairs, task.canvas.shape):
            seen = np.concatenate([masks, 1 - masks])
            films = (seen * task.canvas + (1 - seen) * baseline).astype(np.float32)
            answers = task.evaluate(films)[:, task.outputs].astype(np.float64)
            apart = (answers[: len(masks)] - answers[len(masks) :]) / 2
            for half in (0, 1):
                halves[half] += np.einsum("nk,nhw->khw", apart[half::2], masks[half::2] - 0.5)
                counts[half] += len(masks[half::2])
        variance = _variance(self.grid, task.canvas.shape)
        whole = halves.sum(axis=0) / counts.sum() / variance
        stable = self._stability(halves, counts)
        return [
            Evidence(values, {"rank_stability": float(steady) if np.isfinite(steady) else None})
            for values, steady in zip(whole[: len(of_logits)], stable, strict=True)
        ]

    def _masks(self, rng: np.random.Generator, pairs: int, shape: tuple[int, int]) -> Iterator[np.ndarray]:
        """Draw the first mask of each pair, in batches (n, H, W) of which both films fit into one of the engine's."""
        batch = BATCH_SIZE // 2
        for start in range(0, pairs, batch):
            yield np.stack([soft_mask(rng, self.grid, shape) for _ in range(start, min(start + batch, pairs))])

    def _stability(self, halves: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Say how far either half of the masks orders parts of the film alike: (K,); NaN with one pair."""
        outputs = halves.shape[1]
        if not counts.all():
            return np.full(outputs, np.nan)
        one, other = (np.stack([_smaller(values) for values in half], axis=1) for half in halves)
        return rank_stability(one, other)


def soft_mask(rng: np.random.Generator, grid: int, shape: tuple[int, int]) -> np.ndarray:
    """Draw a mask (H, W) from 0, hidden, to 1, seen: a grid of cells that are either, shifted, with soft edges."""
    cell = [-(-side // grid) for side in shape]
    seen = rng.integers(0, 2, (grid + 2, grid + 2)).astype(np.float32)
    size = ((grid + 2) * cell[1], (grid + 2) * cell[0])
    scaled = cv2.resize(seen, size, interpolation=cv2.INTER_LINEAR)
    # Not from the outermost half cell on: beyond the last centres there is nothing to go over into.
    top, left = (-(-one // 2) + int(rng.integers(0, one)) for one in cell)
    mask: np.ndarray = scaled[top : top + shape[0], left : left + shape[1]]
    return mask


def _smaller(values: np.ndarray) -> np.ndarray:
    small: np.ndarray = cv2.resize(values, (COMPARED, COMPARED), interpolation=cv2.INTER_AREA)
    return small.ravel()


def _variance(grid: int, shape: tuple[int, int]) -> float:
    """Give the variance of a mask's pixel over shifts: of bilinear weights between cells of variance 1/4."""
    return 0.25 * float(np.prod([_weight_of(-(-side // grid)) for side in shape]))


def _weight_of(cell: int) -> float:
    """Mean sum of squared weights along one axis: (1 - t)² + t² over the places within a cell."""
    at = (np.arange(cell) + 0.5) / cell
    return float(np.mean((1 - at) ** 2 + at**2))
