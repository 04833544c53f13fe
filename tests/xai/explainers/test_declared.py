from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from xai.budget import Budget
from xai.explainers import EXPLAINERS
from xai.explainers.declared import Diagnostic, tell
from xai.explainers.explanation import Evidence, Explainer, Task
from xai.explainers.gradcam import GradCAM
from xai.explainers.lime import LIME
from xai.explainers.shap import SHAP

OF_FORKS = {"joined", "unread", "part"}  # said of networks with branches only: test_gradcam_forks.py


def rows(method: type[Explainer], **known: object) -> dict[str, tuple[str, bool]]:
    return {label: (value, warns) for label, value, warns, _ in method.tell(known)}


def test_diagnostics_of_grad_cam():
    assert rows(GradCAM, layer="relu", cells=[7, 8], empty=False) == {"Cells": ("8 × 7", False)}
    assert rows(GradCAM, layer="relu", cells=[7, 8], empty=True)["Empty"] == ("no cell speaks for it", True)
    (cells,) = GradCAM.tell({"layer": "relu", "cells": [7, 8], "empty": False})
    assert cells.meaning == "Read from the layer relu."


@pytest.mark.parametrize(("r2", "warns"), [(0.49, True), (0.5, False), (0.93, False)])
def test_a_low_r2_is_a_warning(r2, warns):
    assert rows(LIME, r2=r2, regions=58) == {"R²": (f"{r2:.2f}", warns), "Regions": ("58", False)}
    (told,) = LIME.tell({"r2": r2})
    assert told.meaning.startswith("Low: do not read the weights. ") == warns
    assert told.meaning.endswith("1 is all.")


@pytest.mark.parametrize(("share", "value", "warns"), [(0.021, "2.1\u00a0%", True), (0.02, "2.0\u00a0%", False)])
def test_a_large_residual_is_a_warning(share, value, warns):
    got = rows(SHAP, difference=-1.234, residual_share=share, pieces=77)
    assert got == {"Shared out": ("−1.23 logit", False), "Residual": (value, warns), "Pieces": ("77", False)}


def test_nothing_to_share_out_is_a_warning():
    got = rows(SHAP, difference=0.0, residual_share=None, pieces=1)
    assert got["Residual"] == ("nothing to share", True)
    assert got["Shared out"] == ("+0.00 logit", False)


@dataclass(frozen=True)
class Toy(Explainer):
    """A method with one diagnostic that it declares and two that it does not."""

    name: ClassVar[str] = "toy"
    title: ClassVar[str] = "Toy"
    signed: ClassVar[bool] = False
    unit: ClassVar[str] = "logit"
    reading: ClassVar[str] = "A toy."
    pitfalls: ClassVar[str] = "It is one."
    diagnostics: ClassVar[tuple[Diagnostic, ...]] = (
        Diagnostic("depth", "Depth", "How deep it looked into {layer}.", warns=lambda depth: depth < 2),
    )

    def _explain(self, task: Task) -> list[Evidence]:
        found = {"sharpness": 0.12345, "layer": "relu", "depth": 1}
        return [Evidence(np.ones(task.canvas.shape, np.float32), found) for _ in task.outputs]


def test_a_diagnostic_that_a_method_does_not_declare_shows_under_its_key(zoo, film):
    (made,) = Toy().explain(zoo("flat"), film, ["Mass"], Budget())
    assert Toy.tell(made.diagnostics) == [
        ("Depth", "1", True, "How deep it looked into relu."),
        ("sharpness", "0.123", False, ""),
        ("layer", "relu", False, ""),
    ]


def test_a_method_with_nothing_to_tell_tells_nothing():
    assert tell(Toy.diagnostics, {}) == []


@pytest.mark.parametrize("method", list(EXPLAINERS))
def test_a_method_declares_all_that_it_finds_and_says_what_it_means(method, zoo, film):
    kind = EXPLAINERS[method]
    for one in kind().explain(zoo("flat"), film, budget=Budget(evaluations=40)):
        assert set(one.diagnostics) == {declared.key for declared in kind.diagnostics} - OF_FORKS
        assert all(told.meaning.endswith(".") and told.label and told.value for told in kind.tell(one.diagnostics))


@pytest.mark.parametrize("method", list(EXPLAINERS))
def test_a_setting_is_a_field_whose_default_can_be_chosen(method):
    kind = EXPLAINERS[method]
    fields = {field.name: field for field in dataclasses.fields(kind)}
    for setting in kind.settings:
        assert fields[setting.name].default in (setting.choices or ("",))
        assert setting.choices or setting.offered in {declared.key for declared in kind.diagnostics}
        assert getattr(kind, setting.name) == fields[setting.name].default
        assert setting.help.endswith(".")


def test_methods_that_ask_the_model_once_are_quick():
    assert {name for name, kind in EXPLAINERS.items() if kind().quick} == {"gradcam", "layercam", "random", "centred"}
