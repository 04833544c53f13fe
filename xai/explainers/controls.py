"""Two maps that know nothing about the film: what every score of a real map is to be compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from xai.explainers.declared import CONTROL, Box
from xai.explainers.explanation import Evidence, Explainer, Task
from xai.explainers.gradcam import upsample


@dataclass(frozen=True)
class RandomMap(Explainer):
    """Uniform noise on a coarse grid, scaled up like Grad-CAM; another draw for each finding.

    Parameters
    ----------
    grid : int
        Cells a side.
    """

    grid: int = 8

    name: ClassVar[str] = "random"
    title: ClassVar[str] = "Control: random"
    signed: ClassVar[bool] = False
    box: ClassVar[Box] = CONTROL
    unit: ClassVar[str] = "arbitrary units"
    reading: ClassVar[str] = "Noise. It looks like a heat map and says nothing about the film or the model."
    pitfalls: ClassVar[str] = "If a real map is no better than this one at finding the truth, do not believe it."

    def drawn(self, shape: tuple[int, int], *seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw a map of a shape, and the cells that it is scaled up from."""
        cells = np.random.default_rng(seed).random((self.grid, self.grid), np.float32)
        return upsample(cells, shape), cells

    def _explain(self, task: Task) -> list[Evidence]:
        maps = (self.drawn(task.canvas.shape, task.seed, output) for output in task.outputs)
        return [Evidence(values, cells=cells) for values, cells in maps]


@dataclass(frozen=True)
class CentredMap(Explainer):
    """A Gaussian blob in the middle of the film, the same for every film and finding.

    Parameters
    ----------
    width : float
        Standard deviation as a share of each side.
    """

    width: float = 0.25

    name: ClassVar[str] = "centred"
    title: ClassVar[str] = "Control: centre"
    signed: ClassVar[bool] = False
    box: ClassVar[Box] = CONTROL
    unit: ClassVar[str] = "arbitrary units"
    reading: ClassVar[str] = (
        "A blob in the middle of every film. Much of what is wrong in a chest lies near it by chance."
    )
    pitfalls: ClassVar[str] = "If a real map is no better than this one at finding the truth, do not believe it."

    def blob(self, shape: tuple[int, int]) -> np.ndarray:
        """Give the map of a shape, float32."""
        down, across = (self._profile(side) for side in shape)
        return np.outer(down, across).astype(np.float32)

    def _explain(self, task: Task) -> list[Evidence]:
        blob = self.blob(task.canvas.shape)
        return [Evidence(blob) for _ in task.outputs]

    def _profile(self, side: int) -> np.ndarray:
        line: np.ndarray = np.exp(-0.5 * ((np.arange(side) - (side - 1) / 2) / (self.width * side)) ** 2)
        return line
