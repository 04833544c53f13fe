"""Grad-CAM of vision transformers: tokens are cells, and a bright patch is found where it is."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.xai import made_models as models
from tests.xai import made_tokens as tokens
from tests.xai.made_tokens import GRID, PATCH, SIDE, WIDTH
from xai.backend import keras
from xai.explainers.gradcam import GradCAM
from xai.films.film import Film
from xai.models.loading import ModelError

L = keras.layers
ops = keras.ops


def deep(x, before=1, behind=0):
    x = tokens.joined_tokens(tokens.as_tokens(x), before, behind) if before + behind else tokens.as_tokens(x)
    return L.LayerNormalization(name="last_norm")(tokens.block(tokens.block(x, "one"), "two"))


def with_own_layers(x, before=1, behind=0):
    return tokens.Block(name="block")(tokens.ExtraTokens(before, behind)(tokens.Patches()(x)))


def class_token(x):
    return x[:, 0]


def mean_of_patches(x, skip=1):
    return L.GlobalAveragePooling1D()(x[:, skip:])


def asked(x):
    """Pool by attention: one learned question, all tokens to answer it."""
    question = L.Dense(WIDTH, name="question")(ops.zeros_like(x[:, :1]))
    return L.Flatten()(L.MultiHeadAttention(1, WIDTH, name="asking_attention")(question, x))


def as_a_map_again(x):
    return L.GlobalAveragePooling2D()(L.Conv2D(WIDTH, 1, name="map_again")(L.Reshape((GRID, GRID, WIDTH))(x)))


# What a body and a head read: the last tokens whose cells still reach the logits.
KINDS = {
    "class token": (deep, class_token, "two_norm"),
    "no class token": (lambda x: deep(x, 0), L.GlobalAveragePooling1D(), "last_norm"),
    "class token left out": (deep, mean_of_patches, "get_item"),
    "class and patches": (deep, lambda x: L.Average()([x[:, 0], mean_of_patches(x)]), "get_item + two_norm"),
    "all tokens alike": (deep, L.GlobalAveragePooling1D(), "last_norm + two_norm"),
    "registers before": (lambda x: deep(x, 5), class_token, "two_norm"),
    "registers behind": (lambda x: deep(x, 1, 4), class_token, "two_norm"),
    "registers left out": (lambda x: deep(x, 5), lambda x: mean_of_patches(x, 5), "get_item"),
    "two class tokens": (lambda x: deep(x, 2), lambda x: L.Average()([x[:, 0], x[:, 1]]), "two_norm"),
    "asked by attention": (lambda x: deep(x, 0), asked, "last_norm"),
    "a map again": (lambda x: deep(x, 0), as_a_map_again, "map_again"),
    "layers of its own": (with_own_layers, class_token, "norm"),
    "registers of its own": (lambda x: with_own_layers(x, 1, 4), class_token, "norm"),
    "windows": (lambda x: tokens.windows(tokens.as_tokens(x), 2), L.GlobalAveragePooling1D(), "windows_out"),
}


def spotted(row, column):
    pixels = np.full((SIDE, SIDE), 0.2, np.float32)
    pixels[PATCH * row : PATCH * (row + 1), PATCH * column : PATCH * (column + 1)] = 1
    return Film.from_pixels(pixels)


@pytest.fixture(scope="module")
def classifiers():
    made = {}

    def get(name):
        if name not in made:
            body, head, _ = KINDS[name]
            made[name] = models.classifier(
                tokens.transformer(body, head), models.card(1, emits="logits", size=SIDE), name
            )
        return made[name]

    return get


@pytest.mark.parametrize("name", list(KINDS))
def test_a_planted_patch_is_the_peak(name, classifiers):
    classifier = classifiers(name)
    for row, column in ((0, 3), (2, 1)):
        found = GradCAM().explain(classifier, spotted(row, column))[0]
        assert found.diagnostics["cells"] == [GRID, GRID] and not found.diagnostics["empty"]
        assert np.unravel_index(found.cells.argmax(), found.cells.shape) == (row, column)
    layer = found.diagnostics["layer"]
    assert re.sub(r"(?<=get_item)_\d+", "", layer) == KINDS[name][2]  # Keras numbers what has no name of its own


def test_the_class_token_has_no_cell(classifiers):
    """By the closed form: the attention is even, so that each patch gives its own value, divided by all tokens."""
    classifier = classifiers("class token")
    found = classifier.feature_gradients(classifier.prepare(spotted(1, 2)), [0])
    (layer,) = found.layers
    assert layer.features.shape == (GRID, GRID, WIDTH) and layer.place.start == 1
    first = layer.gradients[0, 0, 0]
    np.testing.assert_allclose(layer.gradients[0], np.broadcast_to(first, layer.features.shape), rtol=1e-4, atol=1e-7)


def test_tokens_that_are_no_grid_get_a_sentence():
    def pairs(x):
        return L.Conv1D(WIDTH, 2, 2)(L.Reshape((SIDE, SIDE))(x))  # 16 pairs of rows, though 16 is a square

    model = tokens.transformer(pairs, lambda x: L.GlobalAveragePooling1D()(L.Dense(WIDTH)(x)))
    classifier = models.classifier(model, models.card(1, emits="logits", size=SIDE))
    with pytest.raises(ModelError, match="its 16 tokens are no grid whose place on the film is known, so Grad-CAM has"):
        GradCAM().explain(classifier, spotted(0, 0))


def test_rows_taken_for_tokens_by_a_layer_of_its_own_are_no_grid():
    @keras.saving.register_keras_serializable("lightbox_tests")
    class Rows(L.Layer):
        def build(self, shape):
            self.kernel = self.add_weight(shape=(2 * SIDE, WIDTH))

        def call(self, x):
            return ops.matmul(ops.reshape(x, (-1, SIDE // 2, 2 * SIDE)), self.kernel)

    model = tokens.transformer(lambda x: Rows()(x), L.GlobalAveragePooling1D())
    classifier = models.classifier(model, models.card(1, emits="logits", size=SIDE))
    assert classifier.feature_layer is None
    with pytest.raises(ModelError, match="its 16 tokens are no grid"):
        GradCAM().explain(classifier, spotted(0, 0))
