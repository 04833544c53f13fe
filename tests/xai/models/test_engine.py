from __future__ import annotations

import builtins
import sys
from collections.abc import Callable

import numpy as np
import pytest

from tests.xai import made_models as models
from xai.backend import keras
from xai.budget import Budget
from xai.explainers import EXPLAINERS
from xai.models import engine
from xai.models.classifier import Classifier
from xai.models.loading import ModelError
from xai.models.probes import probe_canvases


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
    classifier = Classifier(model, card, "zoo", "auto")
    # TensorFlow runs layers of mixed precision in half precision, OpenVINO in single: not the same answers.
    assert classifier.engine == ("tensorflow" if name == "mixed precision" else "openvino")
    films = canvases(classifier.size)
    expected = Classifier(model, card, "zoo", "tensorflow").logits(films)
    np.testing.assert_allclose(classifier.logits(films), expected, rtol=1e-4, atol=1e-5)


def off_by(shift: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda canvases: canvases.mean(axis=(1, 2))[:, None] * 4 + shift


@pytest.mark.parametrize(("shift", "agrees"), [(0, True), (5e-4, True), (0.02, False), (np.nan, False)])
def test_an_engine_is_held_against_tensorflow(monkeypatch, shift, agrees):
    monkeypatch.setattr(engine, "_tensorflow", lambda function: off_by(0))
    monkeypatch.setattr(engine, "_openvino", lambda function, size: off_by(shift))
    made = engine.compile_for("auto", None, 64)
    assert made.engine == ("openvino" if agrees else "tensorflow")
    assert ("differ from TensorFlow's" in made.note) is not agrees
    np.testing.assert_array_equal(made.run(canvases(64)), off_by(shift if agrees else 0)(canvases(64)))
    if not agrees:
        with pytest.raises(ModelError, match=r"differ from TensorFlow's"):
            engine.compile_for("openvino", None, 64)


def test_probes_are_films_with_shades_from_dark_to_light():
    films = probe_canvases(96)
    assert (films.shape, films.dtype) == ((5, 96, 96), np.float32)
    assert films.min() >= 0
    assert films.max() <= 1
    assert (films.std(axis=(1, 2)) > 0.03).all()
    np.testing.assert_array_equal(films, probe_canvases(96))


def quantised() -> keras.Model:
    model = models.build("logits")
    model.quantize("int8")
    return model


def test_a_quantised_model_has_one_answer_to_a_film_whatever_asks():
    card = models.ZOO["logits"].card
    classifier = Classifier(quantised(), card, "zoo")
    film = models.random_film(classifier.size)
    canvas = classifier.prepare(film)
    answer = classifier.answer(canvas)
    np.testing.assert_array_equal(classifier.feature_gradients(canvas, [0]).logits, answer)
    found = [EXPLAINERS[name]().explain(classifier, film, budget=Budget(20)) for name in ("gradcam", "lime", "shap")]
    for one in found:
        np.testing.assert_array_equal([explanation.logit for explanation in one], answer)
    reference = Classifier(quantised(), card, "zoo", "tensorflow").logits(canvas[None])[0]
    np.testing.assert_allclose(answer, reference, rtol=1e-3, atol=1e-3)


def test_a_note_on_the_engine_stands_with_the_maps_that_it_made(monkeypatch):
    monkeypatch.setattr(engine, "_openvino", lambda function, size: lambda canvases: np.full((len(canvases), 5), 9.0))
    kind = models.ZOO["logits"]
    classifier = Classifier(models.build("logits"), kind.card, "zoo")
    film = models.random_film(classifier.size)
    (lime, *_), (gradcam, *_) = (
        EXPLAINERS[name]().explain(classifier, film, budget=Budget(20)) for name in ("lime", "gradcam")
    )
    assert "differ from TensorFlow's" in lime.diagnostics["engine"]
    assert "engine" not in gradcam.diagnostics
    told = {one.label: one for one in EXPLAINERS["lime"].tell(lime.diagnostics)}
    assert told["Engine"].value == "TensorFlow"
    assert told["Engine"].meaning == classifier.engine_note
