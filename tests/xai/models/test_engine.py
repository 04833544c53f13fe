from __future__ import annotations

import builtins
import sys
import time
from collections.abc import Callable

import numpy as np
import pytest

from tests.xai import made_models as models
from xai.backend import keras, tf
from xai.budget import Budget
from xai.explainers import EXPLAINERS
from xai.explainers.baselines import baseline_canvas
from xai.explainers.lime import LIME
from xai.explainers.shap import SHAP
from xai.models import engine
from xai.models.classifier import Classifier
from xai.models.engines.agreement import agreement, swapped
from xai.models.engines.on_tensorflow import PROCESSOR, frozen, run_on
from xai.models.loading import ModelError
from xai.models.probes import all_probes, hidden_probes, probe_canvases


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
    with pytest.raises(ModelError, match="auto, openvino, openvino-bf16, tensorflow"):
        _ = Classifier(models.build("logits"), models.ZOO["logits"].card, "zoo", "steam").engine


@pytest.mark.parametrize("name", models.ZOO)
def test_openvino_agrees_with_tensorflow(name, monkeypatch):
    pytest.importorskip("openvino", reason="the engine openvino is not installed")
    model, card = models.build(name), models.ZOO[name].card
    monkeypatch.setattr(engine, "_seconds", models.first_is_fast)
    classifier = Classifier(model, card, "zoo", "auto")
    # TensorFlow runs layers of mixed precision in half precision, OpenVINO in single: not the same answers.
    assert classifier.engine == ("tensorflow" if name == "mixed precision" else "openvino")
    films = canvases(classifier.size)
    expected = Classifier(model, card, "zoo", "tensorflow").logits(films)
    np.testing.assert_allclose(classifier.logits(films), expected, rtol=1e-4, atol=1e-5)


class Fake:
    """An engine that answers as it is told, in as many seconds as it is told."""

    def __init__(
        self, answer: Callable[[np.ndarray], np.ndarray], seconds: float = 1.0, processor: float = 1.0
    ) -> None:
        self.answer, self.seconds, self.processor = answer, seconds, processor

    def __call__(self, films: np.ndarray) -> np.ndarray:
        return self.answer(films).astype(np.float32)


PATTERN = np.random.default_rng(0).normal(size=(64 * 64, 3)) / 16


def shades(films: np.ndarray) -> np.ndarray:
    """Three logits some way apart that move by about a half when parts of a film are hidden."""
    return films.reshape(len(films), -1) @ PATTERN + [0, 5, -5]


def off_by(shift: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda films: shades(films) + shift


def rounded(answer: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    """Round logits to bf16: the upper half of a float32's bits."""
    upper = np.uint32(0xFFFF0000)

    def half(films: np.ndarray) -> np.ndarray:
        return ((answer(films).astype(np.float32).view(np.uint32) + np.uint32(0x8000)) & upper).view(np.float32)

    return half


@pytest.fixture
def engines(monkeypatch):
    """Stand in for all engines; gives them by name, to be set: TensorFlow is right, and takes a second."""
    made = {"tensorflow": Fake(shades)}

    def openvino(function, size, precision="f32"):
        name = "openvino" if precision == "f32" else f"openvino-{precision}"
        if name not in made:
            raise ModelError("OpenVINO cannot run this model.")
        return made[name]

    monkeypatch.setattr(engine, "run_on_processor", lambda function: made["tensorflow"])
    monkeypatch.setattr(engine, "run_on_openvino", openvino)
    monkeypatch.setattr(engine, "has_gpu", lambda: "tensorflow-gpu" in made)
    monkeypatch.setattr(engine, "run_on_gpu", lambda function: made["tensorflow-gpu"])
    monkeypatch.setattr(
        engine, "_seconds", lambda runs, films: np.array([[run.seconds, run.processor] for run in runs])
    )
    return made


def chosen(asked: str = "auto", size: int = 64) -> tuple[engine.Compiled, engine.Compiled]:
    answering = engine.answering_engine(asked, None, size)
    return answering, engine.hiding_engine(asked, None, size, answering)


@pytest.mark.parametrize(("shift", "agrees"), [(0, True), (5e-4, True), (0.3, False), (np.nan, False)])
def test_an_engine_is_held_against_tensorflow(engines, shift, agrees):
    engines["openvino"] = Fake(off_by(shift), seconds=0.5)
    made, hiding = chosen()
    assert made.engine == hiding.engine == ("openvino" if agrees else "tensorflow")
    assert ("differ from TensorFlow's" in made.note) is not agrees
    np.testing.assert_array_equal(made.run(canvases(64)), engines[made.engine](canvases(64)))
    if not agrees:
        with pytest.raises(ModelError, match=r"differ from TensorFlow's"):
            engine.answering_engine("openvino", None, 64)


def test_findings_that_lie_apart_must_keep_their_order():
    allowed = np.full((1, 3), 0.01)
    expected = np.array([[1.0, 1.005, 2.0]])
    assert not swapped(np.array([[1.004, 1.001, 2.0]]), expected, allowed)  # too near for anybody to tell
    assert swapped(np.array([[1.0, 1.005, 0.9]]), expected, allowed)


@pytest.mark.parametrize(
    ("seconds", "engine_of_films", "engine_of_hidden"),
    [
        ({"openvino": 1.0, "openvino-bf16": 0.5}, "openvino", "openvino-bf16"),
        ({"openvino": 1.0, "openvino-bf16": 0.9}, "openvino", "openvino"),  # by chance, as likely as not
        ({"openvino": 1.0, "openvino-bf16": 9.0}, "openvino", "openvino"),
        ({"openvino": 1.1, "openvino-bf16": 0.9}, "openvino", "openvino-bf16"),
        ({"openvino": 9.0, "openvino-bf16": 0.1}, "tensorflow", "tensorflow"),
        ({"openvino": 2.0, "tensorflow-gpu": 0.1}, "tensorflow-gpu", "tensorflow-gpu"),
        ({"openvino": 0.1, "tensorflow-gpu": 0.5}, "openvino", "openvino"),
        ({"tensorflow-gpu": 0.5}, "tensorflow-gpu", "tensorflow-gpu"),
    ],
)
def test_the_fastest_that_agrees_runs_if_it_is_clearly_faster(engines, seconds, engine_of_films, engine_of_hidden):
    for name, one in seconds.items():
        engines[name] = Fake(rounded(shades) if name == "openvino-bf16" else shades, one)
    answering, hiding = chosen()
    assert (answering.engine, hiding.engine) == (engine_of_films, engine_of_hidden)
    assert answering.precision == "f32"
    assert hiding.precision == ("bf16" if engine_of_hidden == "openvino-bf16" else "f32")
    told = answering.facts + hiding.facts
    assert all(f"{1000 * one:.3g} ms" in told for name, one in seconds.items() if name != "openvino-bf16")


def test_an_engine_that_is_faster_by_the_clock_alone_was_lucky(engines):
    engines["openvino"], engines["tensorflow"] = Fake(shades, processor=1.0), Fake(shades, 0.5, processor=1.9)
    assert chosen()[0].engine == "openvino"


def test_a_network_whose_hidden_films_take_next_to_nothing_tries_no_lower_precision(engines):
    engines["openvino"] = Fake(shades, seconds=0.01)
    engines["openvino-bf16"] = Fake(lambda films: 1 / 0)
    assert chosen()[1].engine == "openvino"


def unmoved(films: np.ndarray) -> np.ndarray:
    """Logits that hiding parts of a film hardly moves: by about a thousandth of them."""
    return shades(films) / 50 + [30, 9, -9]


@pytest.mark.parametrize("answer", [unmoved, lambda films: shades(films) + 3000])
def test_a_model_whose_logits_hardly_move_refuses_bf16(engines, answer):
    engines["tensorflow"] = engines["openvino"] = Fake(answer)
    engines["openvino-bf16"] = Fake(rounded(answer), seconds=0.1)
    _, hiding = chosen()
    assert (hiding.engine, hiding.precision) == ("openvino", "f32")
    assert "OpenVINO in bf16 would change this model's maps, and does not run" in hiding.facts
    with pytest.raises(ModelError, match=r"errors were [\d,.]+ % of what hiding parts did"):
        chosen("openvino-bf16")


def test_errors_that_all_hidden_films_share_do_nothing_to_maps_and_others_do():
    moves = np.random.default_rng(0).normal(size=(2, 500, 3))
    noise = np.random.default_rng(1).normal(size=moves.shape)
    assert agreement(moves + 7, moves).error == pytest.approx(0, abs=1e-6)
    assert agreement(moves + 0.1 * noise, moves).error == pytest.approx(0.1, rel=0.1)
    assert agreement(moves + 0.1 * noise * [0, 0, 4], moves).error == pytest.approx(0.4, rel=0.1)
    assert not agreement(moves * [1, np.nan, 1], moves).holds
    assert not agreement(moves + noise / 1e6, np.zeros(moves.shape)).holds  # nothing moves, but for errors
    assert agreement(np.ones((2, 4, 1)), np.ones((2, 4, 1))).holds
    swaps = agreement(moves[..., ::-1], moves)
    assert swaps.order < 0.5
    assert not swaps.holds


def test_a_gpu_in_less_than_single_precision_runs_hidden_films_only(engines):
    engines["openvino"] = Fake(shades, seconds=0.5)
    engines["tensorflow-gpu"] = Fake(lambda films: shades(films) * 1.002, seconds=0.01)
    answering, hiding = chosen()
    assert (answering.engine, answering.precision) == ("openvino", "f32")
    assert (hiding.engine, hiding.precision) == ("tensorflow-gpu", "tf32")
    named = engine.answering_engine("tensorflow", None, 64)
    assert (named.engine, named.precision) == ("tensorflow-gpu", "tf32")
    assert named.facts.endswith("as it was asked for.")


def test_engines_are_timed_in_turns_and_slow_ones_twice():
    asked = []
    quick, other = (lambda films, name=name: asked.append(name) for name in "ab")
    assert engine._seconds([quick, other], np.zeros(1)).shape == (2, 2)
    assert asked == ["a", "b"] * engine.TURNS[1]
    asked.clear()
    engine._seconds([quick, lambda films: time.sleep(engine.ENOUGH / 2)], np.zeros(1))
    assert asked == ["a"] * engine.TURNS[0]


def test_a_function_runs_on_the_device_that_is_named():
    function = tf.function(lambda films: tf.reduce_mean(films, axis=(1, 2))[:, None])
    run = run_on(frozen(function.get_concrete_function(tf.TensorSpec((None, 8, 8), tf.float32))), PROCESSOR)
    np.testing.assert_allclose(run(canvases(8)), canvases(8).mean(axis=(1, 2))[:, None], rtol=1e-6)


def test_probes_are_films_with_shades_from_dark_to_light():
    films = probe_canvases(96)
    assert (films.shape, films.dtype) == ((5, 96, 96), np.float32)
    assert films.min() >= 0
    assert films.max() <= 1
    assert (films.std(axis=(1, 2)) > 0.03).all()
    np.testing.assert_array_equal(films, probe_canvases(96))


def test_hidden_probes_are_the_chests_with_about_half_of_their_tiles_blurred():
    whole, hidden = probe_canvases((60, 96))[:2], hidden_probes((60, 96), 40)
    assert (hidden.shape, hidden.dtype) == ((2, 40, 60, 96), np.float32)
    same = hidden == whole[:, None]
    assert same.mean() == pytest.approx(0.5, abs=0.05)
    tiles = same.reshape(2, 40, 6, 10, 6, 16).mean(axis=(3, 5))
    assert ((tiles < 0.1) | (tiles == 1)).all()
    assert len({film.tobytes() for film in hidden[0]}) == 40
    assert len(all_probes((60, 96))) == 13


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
    wrong = lambda canvases: np.full((len(canvases), 5), 9.0)  # noqa: E731
    monkeypatch.setattr(engine, "run_on_openvino", lambda function, size: wrong)
    kind = models.ZOO["logits"]
    classifier = Classifier(models.build("logits"), kind.card, "zoo")
    film = models.random_film(classifier.size)
    (lime, *_), (gradcam, *_), (control, *_) = (
        EXPLAINERS[name]().explain(classifier, film, budget=Budget(20)) for name in ("lime", "gradcam", "random")
    )
    assert "differ from TensorFlow's" in lime.diagnostics["engine"]
    assert "engine" not in gradcam.diagnostics
    assert (lime.engine, gradcam.engine, control.engine) == ("tensorflow", "tensorflow", "")
    told = {one.label: one for one in EXPLAINERS["lime"].tell(lime.diagnostics)}
    assert told["Engine"].value == "TensorFlow"
    assert told["Engine"].meaning == classifier.engine_note


@pytest.fixture(scope="module")
def in_half() -> Classifier:
    """A classifier whose hidden films run in what stands for bf16: errors of some hundredths of a logit."""
    classifier = Classifier(models.build("logits"), models.ZOO["logits"].card, "zoo")
    exact = classifier._predict
    vars(classifier)["_hiding"] = engine.Compiled("openvino-bf16", Fake(rounded(off(exact.run))), precision="bf16")
    return classifier


def off(run: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    return lambda films: run(films) * 1.03 + 0.07


@pytest.mark.parametrize("shap", [SHAP(60), SHAP(60, context="all"), SHAP(60, regions=8), SHAP(40, regions=4)])
def test_shares_add_up_to_the_single_precision_difference_under_bf16(in_half, shap):
    film = models.random_film(in_half.size)
    canvas = in_half.prepare(film)
    base = baseline_canvas(shap.baseline, in_half, canvas, np.zeros(canvas.shape, int))
    before, after = in_half.logits(np.stack([canvas, base]))
    for k, one in enumerate(shap.explain(in_half, film)):
        assert one.logit == pytest.approx(before[k], abs=1e-6)
        assert one.map.sum(dtype=float) == pytest.approx(before[k] - after[k], abs=2e-5)
        assert (one.engine, one.diagnostics["precision"]) == ("openvino-bf16", "bf16")
        assert one.diagnostics["base_logit"] == pytest.approx(after[k], abs=2e-6)


def test_films_that_people_read_numbers_of_run_in_single_precision(in_half):
    film = models.random_film(in_half.size)
    canvas = in_half.prepare(film)
    single = Classifier(models.build("logits"), models.ZOO["logits"].card, "zoo", "tensorflow")
    np.testing.assert_allclose(in_half.answer(canvas), single.answer(canvas), atol=1e-5)
    np.testing.assert_allclose(in_half.logits(canvas[None]), single.logits(canvas[None]), atol=1e-5)
    assert np.abs(in_half.hidden_logits(canvas[None]) - single.logits(canvas[None])).max() > 0.02
    (lime, *_), (plain, *_) = (LIME(40, regions=6).explain(one, film) for one in (in_half, single))
    assert lime.logit == pytest.approx(plain.logit, abs=1e-5)
    assert "precision" not in plain.diagnostics
    assert LIME.tell(lime.diagnostics)[-1].value == "bf16"


def test_openvinos_own_bf16_agrees_on_hidden_films_or_is_refused():
    pytest.importorskip("openvino", reason="the engine openvino is not installed")
    classifier = Classifier(models.build("logits"), models.ZOO["logits"].card, "zoo", "openvino-bf16")
    try:
        films = hidden_probes(classifier.shape, 16)
        found = classifier.hidden_logits(films.reshape(-1, *classifier.shape))
    except ModelError as error:
        assert "no bf16" in str(error) or "does not run" in str(error)
        return
    expected = classifier.logits(films.reshape(-1, *classifier.shape))
    assert agreement(*(one.reshape(2, 16, -1) for one in (found, expected))).holds
    assert (classifier.hiding.engine, classifier.engine in ("openvino", "tensorflow")) == ("openvino-bf16", True)
