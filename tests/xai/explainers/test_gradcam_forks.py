"""Grad-CAM of classifiers whose branches are joined after pooling: against closed forms of linear heads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.xai import made_forks as forks
from tests.xai import made_models as models
from xai.backend import keras
from xai.cards.model_card import ModelCardError
from xai.explainers.gradcam import GradCAM, weighted
from xai.films.film import Film
from xai.models.loading import ModelError
from xai.models.place import Place, spread

L = keras.layers
CARD = models.card(2, emits="logits")
SPOTTED = 32  # side of the smallest film


def classifier_of(model: keras.Model, **changes):
    return models.classifier(model, replace(CARD, **changes))


@pytest.fixture(scope="module")
def concatenated():
    return classifier_of(forks.fork("concatenated"))


@pytest.mark.parametrize("name", forks.LINEAR)
def test_branches_of_a_linear_head_add_up_to_the_logit(name, film):
    model = forks.fork(name)
    classifier = classifier_of(model)
    found = classifier.feature_gradients(classifier.prepare(film), [0, 1])
    assert len(found.layers) == len(forks.FORKS[name][1])
    bias = model.get_layer("logits").get_weights()[1]
    gives = sum(weighted(one).sum(axis=(1, 2)) for one in found.layers)
    np.testing.assert_allclose(gives, found.logits - bias, rtol=1e-4, atol=1e-5)
    shared_out = sum(spread(weighted(one), one.place, (models.SIDE, models.SIDE)) for one in found.layers)
    np.testing.assert_allclose(shared_out.sum(axis=(1, 2)), gives, rtol=1e-4, atol=1e-5)


def test_a_sum_is_that_of_its_branches_on_the_finer_grid(concatenated, film):
    canvas = concatenated.prepare(film)
    alone = [concatenated.feature_gradients(canvas, [0, 1], layer).layers[0] for layer in ("deep", "side")]
    deep, side = (weighted(one) for one in alone)
    assert (deep.shape, side.shape) == ((2, 12, 12), (2, 24, 24))
    expected = np.maximum(spread(deep, Place((12, 12)), (24, 24)) + side, 0)
    for found, cells in zip(GradCAM().explain(concatenated, film), expected, strict=True):
        np.testing.assert_allclose(found.cells, cells, atol=1e-5 * expected.max())


def test_it_says_what_was_added_up_and_what_was_left_out(concatenated, film):
    both = GradCAM().explain(concatenated, film)[0]
    assert both.diagnostics["layer"] == "deep + side" and both.parameters == {"layer": ""}
    assert both.diagnostics["layers"][:3] == ["deep + side", "deep", "side"]
    assert both.diagnostics["joined"] == (
        "2 feature maps are joined after pooling, and what each gives to the logit is added up: deep (12 × 12), "
        "side (24 × 24). The coarser were shared out among 24 × 24 cells."
    )
    told = {one.label: one for one in GradCAM.tell(both.diagnostics)}
    assert told["Branches"].value == "all added up" and not told["Branches"].warn

    one = GradCAM(layer="side").explain(concatenated, film)[0]
    assert one.diagnostics["layer"] == "side" and one.cells.shape == (24, 24)
    assert one.diagnostics["unread"] == (
        "2 feature maps are joined after pooling. What deep (12 × 12) gives to the logit is not in this map."
    )
    told = {one.label: one for one in GradCAM.tell(one.diagnostics)}
    assert told["Branches"].value == "not all are read" and told["Branches"].warn


def test_a_model_that_does_not_fork_says_nothing_of_branches(zoo, film):
    found = GradCAM().explain(zoo("flat"), film, ["Mass"])[0]
    assert {"joined", "unread", "part"}.isdisjoint(found.diagnostics)
    assert found.diagnostics["layers"][0] == found.diagnostics["layer"] == "last_features"


def test_the_card_may_name_one_branch_or_all(film):
    model = forks.fork("concatenated")
    for layer in ("side", "side + deep"):
        classifier = classifier_of(model, feature_layer=layer)
        assert classifier.feature_layer == layer
        assert GradCAM().explain(classifier, film)[0].diagnostics["layer"] == layer
    with pytest.raises(ModelCardError, match="feature_layer in the card of test: only maps that are joined"):
        classifier_of(model, feature_layer="first + side")


def test_a_layer_that_is_not_there_is_named_with_those_that_are(concatenated, film):
    with pytest.raises(ModelError, match=r"cannot read this layer of test: “nowhere” .*; it has deep, .*side"):
        GradCAM(layer="nowhere").explain(concatenated, film)
    with pytest.raises(ValueError, match="layer must be the name of a layer"):
        GradCAM(layer=3)


def brightness(x, name="features"):
    """One channel that holds the film's own shades."""
    ones = keras.initializers.Ones()
    return L.Conv2D(1, 1, kernel_initializer=ones, trainable=False, name=name)(x)


def spotted(row, column):
    pixels = np.zeros((SPOTTED, SPOTTED), np.float32)
    pixels[row : row + 4, column : column + 4] = 1
    return Film.from_pixels(pixels)


@pytest.mark.parametrize(
    ("cut", "part"),
    [
        (lambda x: keras.ops.flip(x, axis=2), None),
        (lambda x: keras.ops.flip(x, axis=(1, 2)), None),
        (L.CenterCrop(24, 24), "features from 12% to 88% of its width, from 12% to 88% of its height"),
        (lambda x: x[:, :, :16], "features from 0% to 50% of its width, from 0% to 100% of its height"),
    ],
)
def test_the_map_lies_where_the_model_looked_though_the_film_was_cut_or_mirrored(cut, part):
    inputs = keras.Input((SPOTTED, SPOTTED, 1))
    model = keras.Model(inputs, L.Dense(1, kernel_initializer="ones")(forks.pooled(brightness(cut(inputs)))))
    classifier = models.classifier(model, models.card(1, emits="logits", size=SPOTTED))
    found = GradCAM().explain(classifier, spotted(6, 5))[0]
    inside = found.map[6:10, 5:9]
    assert inside.min() > 0.4 * found.map.max() and inside.sum() > 0.99 * found.map.sum()
    assert found.diagnostics.get("part") == part


def test_evidence_of_both_halves_is_drawn_in_its_own_half():
    def both(x):
        left, right = keras.ops.split(x, 2, axis=2)
        return forks.pooled(brightness(left, "left"), brightness(right, "right"))

    inputs = keras.Input((SPOTTED, SPOTTED, 1))
    model = keras.Model(inputs, L.Dense(2, use_bias=False)(both(inputs)))
    model.layers[-1].set_weights([np.array([[1, 0], [-1, 2]], np.float32)])
    film = Film.from_pixels(spotted(4, 3).pixels + spotted(10, 16).pixels)
    first, second = GradCAM().explain(models.classifier(model, models.card(2, emits="logits", size=SPOTTED)), film)
    assert first.map[4:8, 3:7].sum() > 0.99 * first.map.sum() > 0
    assert second.map[10:14, 16:20].sum() > 0.99 * second.map.sum() > 0


@pytest.mark.parametrize(
    ("cells", "wanted"), [((3, 4), (12, 12)), ((5, 7), (24, 24)), ((6, 6), (6, 9)), ((4, 4), (4, 4))]
)
def test_sharing_out_keeps_the_sum_and_the_sign(cells, wanted):
    maps = np.random.default_rng(0).random((2, *cells)).astype(np.float32)
    found = spread(maps, Place(cells), wanted)
    assert found.shape == (2, *wanted) and found.min() > 0
    np.testing.assert_allclose(found.sum(axis=(1, 2)), maps.sum(axis=(1, 2)), rtol=1e-5)
    even = spread(np.ones((1, *cells), np.float32), Place(cells), wanted)
    assert even.std() < 0.25 * even.mean()
