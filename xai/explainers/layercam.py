"""LayerCAM: which cells of an earlier, finer feature map raise a finding's logit, each by its own gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from xai.explainers.gradcam import GradCAM

if TYPE_CHECKING:
    from xai.models.feature_maps import FeatureMaps
    from xai.models.gradients import LayerGradients

FINER = 2  # times as many cells a side as the last feature map, at least


@dataclass(frozen=True)
class LayerCAM(GradCAM):
    """Grad-CAM in which each cell counts by its own gradient, so that finer layers can be read.

    What raises the logit in a cell, channel by channel, is added up; what lowers it is left out. Without a layer the
    last one is read whose cells are at most half as wide and high as those of the last feature map.

    Jiang, Zhang, Hou, Cheng, Wei, LayerCAM: Exploring Hierarchical Class Activation Maps for Localization, IEEE
    Transactions on Image Processing 2021.

    Examples
    --------
    >>> (found,) = xai.LayerCAM().explain(model, film, ["Effusion"])
    >>> found.cells.shape, found.evaluations
    ((16, 16), 1)
    """

    name: ClassVar[str] = "layercam"
    title: ClassVar[str] = "LayerCAM"
    warning: ClassVar[str] = "Less specific than Grad-CAM: its maps of two findings may look alike."
    reading: ClassVar[str] = (
        "Bright cells are where an earlier layer of the network, with finer cells, raises the score of this finding."
    )
    pitfalls: ClassVar[str] = (
        "An earlier layer knows less of what it sees: its cells may light up at edges that many findings share, so "
        "that maps of two findings may look alike. Weights behind the layer that it reads can be made random and it "
        "may still look much the same. It shows only what speaks for a finding."
    )

    def layer_of(self, maps: FeatureMaps) -> str:
        """Name the layer asked for, else the last with finer cells than the last feature map; of a joined one, that."""
        if self.layer or len(maps.joined) != 1:
            return self.layer
        coarse = maps.by_name[maps.joined[0]].place.grid
        finer = (name for name in maps.offered if _at_least(maps.by_name[name].place.grid, coarse))
        return next(finer, self.layer)

    def weigh(self, found: LayerGradients) -> np.ndarray:
        """Weigh each channel of each cell by its own gradient, where that is positive: (K, h, w)."""
        return layer_weighted(found)


def layer_weighted(found: LayerGradients) -> np.ndarray:
    """Add up over channels what each cell raises the logit by: (K, h, w), not negative."""
    raises = np.maximum(found.gradients, 0)
    cells: np.ndarray = np.maximum(np.einsum("hwc,khwc->khw", found.features, raises), 0)
    return cells


def _at_least(grid: tuple[int, int], coarse: tuple[int, int]) -> bool:
    return all(side >= FINER * other for side, other in zip(grid, coarse, strict=True))
