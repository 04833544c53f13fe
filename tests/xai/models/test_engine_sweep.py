"""Every layer and activation that Keras has, in a tiny classifier: the second engine gives TensorFlow's answers or is not used.

The lists come from Keras, so that a new layer fails here until somebody says how it is used, or why it is not.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.xai import made_models as models
from xai.backend import keras
from xai.models import engine
from xai.models.classifier import Classifier
from xai.models.loading import load_model
from xai.models.probes import probe_canvases

L = keras.layers
SIDE, GRID, DEPTH = 16, 8, 4
OUTPUTS = 2

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
    "RandomShear": {"x_factor": 0.1},
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
    "takes words, numbers of words or sound": "CategoryEncoding Embedding HashedCrossing Hashing IntegerLookup MelSpectrogram"
    " ReversibleEmbedding STFTSpectrogram StringLookup TextVectorization",
    "changes labels or boxes too, in training": "CutMix MaxNumBoundingBoxes MixUp",
    "a part of others": "GRUCell InputLayer Layer LSTMCell SimpleRNNCell StackedRNNCells Wrapper",
}
LEFT_OUT = {name for names in NO_CLASSIFIER.values() for name in names.split()}
NO_ACTIVATION = {"deserialize", "get", "serialize"}


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
    others = (
        "AugMix",
        "AutoContrast",
        "CenterCrop",
        "Equalization",
        "Normalization",
        "Rescaling",
        "Resizing",
        "Pipeline",
    )
    return name.startswith(("Rand", "Contrast", "Solar", "Discret")) or name in others


def classifier_with(name: str) -> keras.Model:
    inputs = keras.Input((SIDE, SIDE, 3))
    if on_pictures(name):
        x = WRAPPERS[name]()(inputs) if name in WRAPPERS else CLASSES[name](**WORDS.get(name, {}))(inputs)
        x = L.Conv2D(DEPTH, 3)(x)
    else:
        x = used(name, L.Conv2D(DEPTH, 3, strides=2, padding="same", activation="tanh")(inputs))
    return keras.Model(inputs, L.Dense(OUTPUTS, activation="sigmoid")(L.Flatten()(x)))


def answers(model: keras.Model, path, films: np.ndarray) -> Classifier:
    """Load a model as the app does and hold its answers against TensorFlow's; gives what was loaded."""
    models.seeded(lambda: model)
    model.save(path)
    card = models.card(model.output_shape[-1], size=SIDE, channels=model.input_shape[-1])
    found = models.classifier(load_model(path), card)
    logits = found.logits(films)
    expected = Classifier(load_model(path), card, "reference", "tensorflow").logits(films)
    np.testing.assert_allclose(logits, expected, rtol=2 * engine.TOLERANCE, atol=2 * engine.TOLERANCE)
    assert found.engine in found.engine_facts.lower()
    assert (found.engine == "openvino") is ("differed from TensorFlow's by at most" in found.engine_facts)
    return found


@pytest.fixture(scope="module")
def films() -> np.ndarray:
    """Films other than those on which the engines are compared."""
    return np.concatenate(
        [np.random.default_rng(3).random((4, SIDE, SIDE), np.float32), probe_canvases(SIDE)[:2, ::-1]]
    )


@pytest.mark.parametrize("name", CLASSES)
def test_a_layer_has_one_answer_whatever_runs_it(name, tmp_path, films):
    answers(classifier_with(name), tmp_path / "model.keras", films)
