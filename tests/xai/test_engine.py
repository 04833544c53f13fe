from __future__ import annotations

import builtins

import numpy as np
import pytest

from tests.xai import models
from xai.classifier import Classifier
from xai.loading import ModelError


def canvases(side: int) -> np.ndarray:
    return np.random.default_rng(0).random((5, side, side), np.float32)


def test_an_engine_that_is_not_installed_says_how_to_get_it(monkeypatch):
    kind = models.ZOO["logits"]
    classifier = Classifier(models.build("logits"), kind.card, "zoo", "openvino")
    imported = builtins.__import__

    def without_openvino(name, *arguments, **named):
        if name == "openvino":
            raise ImportError(name)
        return imported(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without_openvino)
    with pytest.raises(ModelError, match="pip install"):
        classifier.logits(canvases(classifier.size))


def test_openvino_agrees_with_tensorflow():
    pytest.importorskip("openvino", reason="the optional engine openvino is not installed")
    for name in ("flat", "nested in sequential", "softmax of 3"):
        model, card = models.build(name), models.ZOO[name].card
        expected = Classifier(model, card, "zoo").logits(canvases(models.SIDE))
        found = Classifier(model, card, "zoo", "openvino").logits(canvases(models.SIDE))
        # Half precision where the processor has it: three digits.
        np.testing.assert_allclose(found, expected, atol=4e-3 * np.abs(expected).max() + 1e-4)
