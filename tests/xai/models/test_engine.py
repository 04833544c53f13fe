from __future__ import annotations

import builtins
import sys

import numpy as np
import pytest

from tests.xai import made_models as models
from xai.models.classifier import Classifier
from xai.models.loading import ModelError


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


def test_auto_takes_tensorflow_where_openvino_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    classifier = Classifier(models.build("logits"), models.ZOO["logits"].card, "zoo", "auto")
    assert classifier.engine == "tensorflow"


def test_an_unknown_engine_is_refused():
    with pytest.raises(ModelError, match="auto, openvino, tensorflow"):
        _ = Classifier(models.build("logits"), models.ZOO["logits"].card, "zoo", "steam").engine


@pytest.mark.parametrize("name", models.ZOO)
def test_openvino_agrees_with_tensorflow(name):
    pytest.importorskip("openvino", reason="the engine openvino is not installed")
    model, card = models.build(name), models.ZOO[name].card
    classifier = Classifier(model, card, "zoo", "openvino")
    assert classifier.engine == "openvino"
    films = canvases(classifier.size)
    expected = Classifier(model, card, "zoo", "tensorflow").logits(films)
    coarse = name == "mixed precision"  # TensorFlow runs its layers in half precision, OpenVINO in single
    np.testing.assert_allclose(classifier.logits(films), expected, rtol=1e-4, atol=0.02 if coarse else 1e-5)
