"""Grad-CAM: which cells of the last feature map raise a finding's logit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import cv2
import numpy as np

from xai.explainers.declared import WHITE_BOX, Box, Diagnostic, Setting, never
from xai.explainers.explanation import Evidence, Explainer, Task
from xai.models.place import BETWEEN, finest, spread

if TYPE_CHECKING:
    from xai.models.classifier import Classifier
    from xai.models.feature_maps import FeatureMaps
    from xai.models.gradients import LayerGradients
    from xai.models.place import Place

MOST_LISTED = 4  # layers in a sentence


@dataclass(frozen=True)
class GradCAM(Explainer):
    """Gradient-weighted class activation mapping.

    Each channel of the last spatial feature map is weighted by the mean gradient of the logit over its cells; the
    weighted sum is clipped at zero and scaled up, bilinear, to the model's input.

    Selvaraju et al., Grad-CAM: Visual Explanations from Deep Networks, ICCV 2017.

    Examples
    --------
    >>> (found,) = xai.GradCAM().explain(model, film, ["Effusion"])
    >>> found.cells.shape, found.evaluations
    ((8, 8), 1)
    """

    name: ClassVar[str] = "gradcam"
    title: ClassVar[str] = "Grad-CAM"
    signed: ClassVar[bool] = False
    box: ClassVar[Box] = WHITE_BOX
    unit: ClassVar[str] = "logit"
    reading: ClassVar[str] = (
        "Bright cells are where the network's last feature map raises the score of this finding. "
        "The evidence exists only as a coarse grid of cells; the smooth picture is drawn between them."
    )
    pitfalls: ClassVar[str] = (
        "It shows only what speaks for a finding, never what speaks against it, and cannot show anything smaller "
        "than a cell. A cell sees far beyond its own outline. In a comparison with radiologists on chest films it "
        "localised best of seven such methods and still worse than people, worst on small or complex findings "
        "(Saporta et al., Nature Machine Intelligence 2022)."
    )
    diagnostics: ClassVar[tuple[Diagnostic, ...]] = (
        Diagnostic(
            "empty",
            "Empty",
            "Nothing in the last feature map raises this finding.",
            write=lambda value: "no cell speaks for it",
            warns=bool,
            shown=bool,
        ),
        Diagnostic(
            "cells",
            "Cells",
            "Read from the layer {layer}.",
            write=lambda shape: f"{shape[1]} × {shape[0]}",
        ),
        Diagnostic("joined", "Branches", "{joined}", write=lambda sentence: "all added up"),
        Diagnostic("unread", "Branches", "{unread}", write=lambda sentence: "not all are read", warns=bool),
        Diagnostic(
            "part",
            "Part",
            "The model crops the film before this layer: it sees the film {part}.",
            write=lambda sentence: "not the whole film",
        ),
        Diagnostic("layer", "Layer", "The last one whose cells still have a place on the film.", shown=never),
        Diagnostic("layers", "Layers", "What can be read of this model.", shown=never),
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "layer",
            "layer",
            (),
            "Whose feature map is read. An earlier layer has finer cells, of less meaning. Where branches are joined "
            "after pooling, each can be read alone.",
            offered="layers",
        ),
    )

    layer: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.layer, str):
            raise ValueError(f"layer must be the name of a layer, got {self.layer}")

    def check(self, classifier: Classifier) -> None:
        """Raise `ModelError` where the model has no feature map, or none of this layer."""
        classifier.maps_of(self.layer)

    def _explain(self, task: Task) -> list[Evidence]:
        task.check()
        layer = self.layer_of(task.classifier.feature_maps)
        found = task.classifier.feature_gradients(task.canvas, task.outputs, layer)
        task.logits = found.logits
        task.engine = "tensorflow"
        task.count(1)
        places = [one.place for one in found.layers]
        grid = finest(places) if all(one.is_whole for one in places) else task.canvas.shape
        signed = np.sum([spread(self.weigh(one), one.place, grid) for one in found.layers], axis=0)
        about = _about(task.classifier.feature_maps, found.layers)
        return [_evidence(task, cells, about) for cells in signed]

    def layer_of(self, maps: FeatureMaps) -> str:
        """Name the layer to read; empty for the last feature map."""
        return self.layer

    def weigh(self, found: LayerGradients) -> np.ndarray:
        """Give each cell of a layer what it adds to each logit: (K, h, w), signed."""
        return weighted(found)


def weighted(found: LayerGradients) -> np.ndarray:
    """Weigh each channel by its mean gradient over the cells and add up: (K, h, w), signed."""
    weights = found.gradients.mean(axis=(1, 2))
    cells: np.ndarray = np.einsum("hwc,kc->khw", found.features, weights)
    return cells


def _about(maps: FeatureMaps, read: Sequence[LayerGradients]) -> dict[str, Any]:
    """Say which layers were read, and which of those that are joined after pooling were not."""
    places, names = [one.place for one in read], [one.layer for one in read]
    about: dict[str, Any] = {
        "layer": BETWEEN.join(names),
        "cells": list(finest(places)),
        "layers": list(maps.offered),
    }
    if any(max(one.down) - min(one.down) < 1 or max(one.across) - min(one.across) < 1 for one in places):
        about["part"] = "; ".join(f"{one.layer} {_extent(one.place)}" for one in read)
    if len(maps.joined) < 2:
        return about
    count = f"{len(maps.joined)} feature maps are joined after pooling"
    rest = [name for name in maps.joined if name not in names]
    if rest:
        return {**about, "unread": f"{count}. What {_listed(rest, maps)} gives to the logit is not in this map."}
    sizes = {one.grid for one in places}
    finer = f" The coarser were shared out among {_size(finest(places))} cells." if len(sizes) > 1 else ""
    return {**about, "joined": f"{count}, and what each gives to the logit is added up: {_listed(names, maps)}.{finer}"}


def _listed(names: Sequence[str], maps: FeatureMaps) -> str:
    listed = [f"{name} ({_size(maps.by_name[name].place.grid)})" for name in names[:MOST_LISTED]]
    more = [f"{len(names) - MOST_LISTED} more"] if len(names) > MOST_LISTED else []
    return ", ".join([*listed, *more])


def _extent(place: Place) -> str:
    (top, bottom), (left, right) = sorted(place.down), sorted(place.across)
    return f"from {left:.0%} to {right:.0%} of its width, from {top:.0%} to {bottom:.0%} of its height"


def _size(grid: tuple[int, int]) -> str:
    return f"{grid[1]} × {grid[0]}"


def _evidence(task: Task, signed: np.ndarray, about: Mapping[str, Any]) -> Evidence:
    cells = np.maximum(signed, 0).astype(np.float32)
    return Evidence(upsample(cells, task.canvas.shape), {**about, "empty": bool(not cells.any())}, cells=cells)


def upsample(cells: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Scale a grid of cells up to a film, bilinear between the cells' centres."""
    return cv2.resize(cells, shape[::-1], interpolation=cv2.INTER_LINEAR)
