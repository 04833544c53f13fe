"""Every layer and activation that Keras has, in tiny classifiers: both engines give one answer, or one is not used.

Some share a classifier, one output each, since to make it ready is what takes the time. The lists come from Keras, so
that a new layer fails here until somebody says how it is used, or why it is not.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.xai import made_models as models
from xai.backend import keras
from xai.models import engine
from xai.models.classifier import Classifier
from xai.models.engines.agreement import TOLERANCE
from xai.models.loading import ModelError, load_model
from xai.models.probes import probe_canvases

pytestmark = pytest.mark.slow

L = keras.layers
SIDE, GRID, DEPTH = 16, 8, 4

# How a layer is made that needs words; the others are made without.
WORDS = {
    "Activation": {"activation": "gelu"},
    "AugMix": {"value_range": (0, 1)},
    "AutoContrast": {"value_range": (0, 1)},
    "CenterCrop": {"height": 5, "width": 6},
    "ContrastLimitedAdaptiveHistogramEqualization": {"value_range": (0, 1)},
    "Dense": {"units": 3},
    "Dot": {"axes": 1},
    "DepthwiseConv1D": {"kernel_size": 3},
    "DepthwiseConv2D": {"kernel_size": 3, "depth_multiplier": 2},
    "EinsumDense": {"equation": "abcd,de->abce", "output_shape": (GRID, GRID, 3)},
    "Equalization": {"value_range": (0, 1)},
    "GRU": {"units": 3},
    "LSTM": {"units": 3},
    "SimpleRNN": {"units": 3},
    "GroupNormalization": {"groups": 2},
    "GroupQueryAttention": {"head_dim": 4, "num_query_heads": 2, "num_key_value_heads": 1},
    "MultiHeadAttention": {"num_heads": 2, "key_dim": 3},
    "Normalization": {"mean": [0.4], "variance": [0.05]},
    "Permute": {"dims": (2, 1, 3)},
    "RandAugment": {"value_range": (0, 1)},
    "RandomColorDegeneration": {"factor": 0.5},
    "RandomColorJitter": {"value_range": (0, 1)},
    "RandomHue": {"factor": 0.5},
    "RandomPosterization": {"factor": 4},
    "RandomSaturation": {"factor": 0.5},
    "RandomSharpness": {"factor": 0.5},
    "RandomShear": {"x_factor": (0.0, 0.1)},
    "RandomZoom": {"height_factor": 0.2},
    "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
    "RandomCrop": {"height": 6, "width": 5},
    "Reshape": {"target_shape": (GRID * GRID, DEPTH)},
    "Rescaling": {"scale": 2.0, "offset": -1},
    "Resizing": {"height": 11, "width": 5},
    "RepeatVector": {"n": 3},
    "Solarization": {"value_range": (0, 1)},
    "ReLU": {"max_value": 6, "negative_slope": 0.1, "threshold": 0.05},
    "UpSampling2D": {"interpolation": "bilinear"},
    **{f"Random{what}": {"factor": 0.2} for what in ("Brightness", "Contrast", "Rotation", "Erasing")},
    **{name: {"rate": 0.3} for name in ("AlphaDropout", "Dropout", "GaussianDropout")},
    **{f"SpatialDropout{n}D": {"rate": 0.3} for n in (1, 2, 3)},
    **{f"AveragePooling{n}D": {"pool_size": 2} for n in (1, 2, 3)},
    **{f"Adaptive{what}Pooling{n}D": {"output_size": 3} for what in ("Average", "Max") for n in (1, 2, 3)},
    **{f"Conv{n}D{way}": {"filters": 3, "kernel_size": 2} for n in (1, 2, 3) for way in ("", "Transpose")},
    **{f"ConvLSTM{n}D": {"filters": 2, "kernel_size": 2} for n in (1, 2, 3)},
    **{f"SeparableConv{n}D": {"filters": 3, "kernel_size": 3} for n in (1, 2)},
    **{name: {"stddev": 0.2} for name in ("GaussianNoise",)},
}
PAIRS = ("Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract", "AdditiveAttention")
WRAPPERS = {
    "Discretization": lambda: L.Pipeline([L.Discretization([0.2, 0.5]), L.Rescaling(0.5)]),
    "Bidirectional": lambda: L.Bidirectional(L.LSTM(3)),
    "Pipeline": lambda: L.Pipeline([L.Rescaling(2.0), L.ReLU()]),
    "RNN": lambda: L.RNN([L.GRUCell(3), L.LSTMCell(2)]),
    "SpectralNormalization": lambda: L.SpectralNormalization(L.Conv2D(3, 2)),
    "TimeDistributed": lambda: L.TimeDistributed(L.Conv1D(3, 2)),
}
NO_CLASSIFIER = {
    "runs code, so it is refused": "FlaxLayer JaxLayer Lambda TFSMLayer TorchModuleWrapper",
    "takes words, their numbers, or sound": "CategoryEncoding Embedding HashedCrossing Hashing IntegerLookup"
    " MelSpectrogram ReversibleEmbedding STFTSpectrogram StringLookup TextVectorization",
    "changes labels or boxes too, in training": "CutMix MaxNumBoundingBoxes MixUp",
    "a part of others": "GRUCell InputLayer Layer LSTMCell SimpleRNNCell StackedRNNCells Wrapper",
}
# They draw numbers even where they change nothing, which TensorFlow cannot freeze for another engine.
DRAWING = {f"Random{what}" for what in ("Hue", "Grayscale", "Sharpness", "Saturation", "Posterization")}
DRAWING |= {"RandomColorDegeneration"}
BROKEN = {"RandomCrop"}  # it does not crop when the model answers, although it says that it gives the cropped shape
DIFFERENT = {"log_softmax"}  # OpenVINO's differs from TensorFlow's by a third of a logit
LEFT_OUT = {name for names in NO_CLASSIFIER.values() for name in names.split()}
# The first three are none; ``threshold`` needs numbers, and ``glu`` gives half the channels that Keras says it does.
NO_ACTIVATION = {"deserialize", "get", "serialize", "threshold", "glu"}


def layer_classes() -> dict[str, type]:
    """Every layer of Keras once, by the shortest of its names."""
    found: dict[type, str] = {}
    for name in sorted(dir(L), key=lambda name: (len(name), name)):
        what = getattr(L, name)
        if isinstance(what, type) and issubclass(what, L.Layer):
            found.setdefault(what, what.__name__ if hasattr(L, what.__name__) else name)
    return {name: kind for kind, name in found.items()}


CLASSES = {name: kind for name, kind in layer_classes().items() if name not in LEFT_OUT}
ACTIVATIONS = sorted(name for name in dir(keras.activations) if not name.startswith("_") and name not in NO_ACTIVATION)


def used(name: str, x: keras.KerasTensor) -> keras.KerasTensor:
    """Put a layer behind a feature map, reshaped to what it takes."""
    layer = WRAPPERS[name]() if name in WRAPPERS else CLASSES[name](**WORDS.get(name, {}))
    sequence = L.Reshape((GRID * GRID, DEPTH))
    if name in ("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional"):
        return layer(L.Reshape((GRID, GRID * DEPTH))(x))
    if name in ("MultiHeadAttention", "GroupQueryAttention"):
        return layer(sequence(x), sequence(x))
    if name == "Attention":
        return layer([sequence(x), sequence(x)])
    if name == "Dot":
        return layer([L.Flatten()(x), L.Flatten()(x)])
    if name in PAIRS:
        return layer([sequence(x), L.Conv1D(DEPTH, 1)(sequence(x))])
    if name == "RepeatVector":
        return layer(L.GlobalMaxPooling2D()(x))
    if name.startswith("ConvLSTM"):
        shape = {"1": (2, 32, DEPTH), "2": (2, 4, GRID, DEPTH), "3": (2, 2, 2, GRID, DEPTH)}[name[8]]
        return layer(L.Reshape(shape)(x))
    if "3D" in name:
        return layer(L.Reshape((4, 4, 4, DEPTH))(x))
    return layer(sequence(x)) if "1D" in name else layer(x)


def on_pictures(name: str) -> bool:
    """Whether a layer stands before the network, where shades are in [0, 1]."""
    others = "AugMix AutoContrast CenterCrop Equalization Normalization Rescaling Resizing Pipeline Discretization"
    return name.startswith(("Rand", "Contrast", "Solar")) or name in others.split()


def score(name: str, pictures: keras.KerasTensor, features: keras.KerasTensor) -> keras.KerasTensor:
    """One logit by way of a layer."""
    if on_pictures(name):
        layer = WRAPPERS[name]() if name in WRAPPERS else CLASSES[name](**WORDS.get(name, {}))
        return L.Dense(1)(L.Flatten()(L.Conv2D(DEPTH, 3)(layer(pictures))))
    return L.Dense(1)(L.Flatten()(used(name, features)))


def with_outputs(make, names, size: int | None = SIDE) -> keras.Model:
    """Make a classifier of one output a name; ``make`` gives it, from the picture and a feature map."""
    pictures = keras.Input((size, size, 3))
    features = L.Conv2D(DEPTH, 3, strides=2, padding="same", activation="tanh")(pictures)
    return models.seeded(
        lambda: keras.Model(pictures, L.Concatenate()([make(name, pictures, features) for name in names]))
    )


def answers(model: keras.Model, path: Path, films: np.ndarray, tolerance: float = 2 * TOLERANCE) -> Classifier:
    """Load a model as the app does and hold its answers against TensorFlow's; gives what was loaded."""
    model.save(path)
    loaded = load_model(path)
    card = models.card(
        tuple(f"output {k}" for k in range(model.output_shape[-1])), emits="logits", size=SIDE, channels=3
    )
    found = models.classifier(loaded, card)
    logits = found.logits(films)
    expected = np.asarray(loaded(np.repeat(films[..., None], 3, axis=-1), training=False), np.float32)
    np.testing.assert_allclose(logits, expected, rtol=tolerance, atol=tolerance)
    assert (found.engine == "openvino") is ("differed from TensorFlow's by at most" in found.engine_facts)
    assert (found.engine == "tensorflow") is found.engine_facts.startswith("TensorFlow, which is slower. OpenVINO")
    return found


@pytest.fixture(scope="module")
def films() -> np.ndarray:
    """Films other than those on which the engines are compared."""
    noise = np.random.default_rng(3).random((4, SIDE, SIDE), np.float32)
    return np.concatenate([noise, probe_canvases(SIDE)[:2, ::-1]])


@pytest.fixture(autouse=True)
def _needs_openvino(monkeypatch):
    pytest.importorskip("openvino", reason="the engine openvino is not installed")
    monkeypatch.setattr(engine, "_seconds", models.first_is_fast)


def groups(names: list[str], size: int) -> list[list[str]]:
    return [names[k : k + size] for k in range(0, len(names), size)]


@pytest.mark.parametrize(
    "names", groups(sorted(set(CLASSES) - DRAWING - BROKEN), 18), ids=lambda names: f"from {names[0]}"
)
def test_both_engines_know_a_layer_and_agree(names, tmp_path, films):
    assert answers(with_outputs(score, names), tmp_path / "model.keras", films).engine == "openvino"


def test_layers_that_draw_numbers_are_left_to_tensorflow(tmp_path, films):
    found = answers(with_outputs(score, sorted(DRAWING)), tmp_path / "model.keras", films)
    assert found.engine == "tensorflow"
    assert found.engine_facts == "TensorFlow, which is slower. OpenVINO cannot run this model."


def test_a_layer_that_keras_itself_cannot_run_leads_to_a_sentence(tmp_path, films):
    model = with_outputs(score, ["RandomCrop"])
    with pytest.raises(ModelError, match=r"test cannot be run: Input 0 .* is incompatible with the layer"):
        answers(model, tmp_path / "model.keras", films)


def activated(name: str, pictures: keras.KerasTensor, features: keras.KerasTensor) -> keras.KerasTensor:
    return L.Dense(1)(L.Flatten()(L.Conv2D(4, 3, activation=name)(features)))


@pytest.mark.parametrize(
    "names", groups([name for name in ACTIVATIONS if name not in DIFFERENT], 18), ids=lambda names: f"from {names[0]}"
)
def test_both_engines_know_an_activation_and_agree(names, tmp_path, films):
    assert answers(with_outputs(activated, names), tmp_path / "model.keras", films).engine == "openvino"


@pytest.mark.parametrize("name", sorted(DIFFERENT))
def test_an_activation_on_which_the_engines_differ_is_tensorflows(name, tmp_path, films):
    found = answers(with_outputs(activated, [name]), tmp_path / "model.keras", films)
    assert found.engine == "tensorflow"
    assert "differ from TensorFlow's by up to" in found.engine_note


def plain(precision: str | None = None, size: int | None = SIDE) -> keras.Model:
    """Convolution, normalisation, pooling and a dense layer, in a precision."""
    pictures = keras.Input((size, size, 3))
    x = L.Conv2D(8, 3, activation="relu", dtype=precision)(pictures)
    x = L.GlobalAveragePooling2D(dtype=precision)(L.BatchNormalization(dtype=precision)(x))
    return models.seeded(lambda: keras.Model(pictures, L.Dense(3, dtype=precision)(x)))


@pytest.mark.parametrize("precision", ["float16", "bfloat16", "mixed_float16", "mixed_bfloat16", "float64"])
def test_each_precision_has_one_answer(precision, tmp_path, films):
    answers(plain(precision), tmp_path / "model.keras", films, 0.05 if "16" in precision else 2 * TOLERANCE)


@pytest.mark.parametrize("mode", ["int8", "float8"])
def test_a_quantised_model_has_one_answer(mode, tmp_path, films):
    model = plain()
    model.quantize(mode)
    answers(model, tmp_path / "model.keras", films, 0.02)


def test_a_model_of_any_size_has_one_answer(tmp_path, films):
    assert answers(plain(size=None), tmp_path / "model.keras", films).engine == "openvino"
