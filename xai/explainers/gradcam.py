"""Grad-CAM: which cells of the last feature map raise a finding's logit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from xai.explainers.declared import Diagnostic, never
from xai.explainers.explanation import Evidence, Explainer, Task


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
        Diagnostic("layer", "Layer", "The last one whose cells still have a place on the film.", shown=never),
    )

    def _explain(self, task: Task) -> list[Evidence]:
        task.check()
        found = task.classifier.feature_gradients(task.canvas, task.outputs)
        task.logits = found.logits
        task.count(1)
        weights = found.gradients.mean(axis=(1, 2))
        signed = np.einsum("hwc,kc->khw", found.features, weights)
        return [self._evidence(task, cells) for cells in signed]

    def _evidence(self, task: Task, signed: np.ndarray) -> Evidence:
        cells = np.maximum(signed, 0).astype(np.float32)
        diagnostics = {
            "layer": task.classifier.feature_layer,
            "cells": list(cells.shape),
            "empty": bool(not cells.any()),
        }
        return Evidence(upsample(cells, task.canvas.shape), diagnostics, cells=cells)


def upsample(cells: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Scale a grid of cells up to a film, bilinear between the cells' centres."""
    return cv2.resize(cells, shape[::-1], interpolation=cv2.INTER_LINEAR)
