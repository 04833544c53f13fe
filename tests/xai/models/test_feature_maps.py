"""Which feature maps stand last, and where on the film their cells lie."""

from __future__ import annotations

import numpy as np
import pytest

from tests.xai import made_forks as forks
from tests.xai import made_models as models
from xai.backend import keras
from xai.models.card_check import starter_card
from xai.models.feature_maps import find_feature_maps
from xai.models.graph import flatten
from xai.models.place import Place, spread

L = keras.layers


def maps_of(model: keras.Model, side: int = models.SIDE, channels: int = 1):
    return find_feature_maps(flatten(model, side, channels))


@pytest.mark.parametrize("name", list(forks.FORKS))
def test_every_map_that_stands_last_is_found_and_no_other(name):
    found = maps_of(forks.fork(name))
    expected = forks.FORKS[name][1]
    assert tuple(sorted(found.joined)) == expected
    assert found.usual == " + ".join(found.joined)
    assert set(expected) <= set(found.offered) <= {*found.by_name, found.usual}


@pytest.mark.parametrize(
    ("name", "across"),
    [("mirrored", {(0, 1), (1, 0)}), ("halves", {(0, 0.5), (0.5, 1)}), ("three", {(0, 1)})],
)
def test_branches_know_the_part_of_the_film_that_they_see(name, across):
    found = maps_of(forks.fork(name)).by_name.values()
    assert {one.place.across for one in found} == across
    assert {one.place.down for one in found} == {(0, 1)}


@pytest.mark.parametrize(
    ("cut", "down", "across"),
    [
        (L.CenterCrop(16, 12), (1 / 6, 5 / 6), (1 / 4, 3 / 4)),
        (L.Cropping2D(((6, 0), (3, 9))), (1 / 4, 1), (1 / 8, 5 / 8)),
        (lambda x: x[:, 12:, :-6], (1 / 2, 1), (0, 3 / 4)),
        (lambda x: x[:, ::-1, ::2], (1, 0), (0, 1)),
        (lambda x: keras.ops.flip(x[..., :12, :]), (1, 0), (1 / 2, 0)),
        (lambda x: x[[slice(None), slice(None), slice(None, None, -1)]], (0, 1), (1, 0)),  # as read from a file
        (L.Resizing(40, 40), (0, 1), (0, 1)),
        (L.Resizing(24, 12, crop_to_aspect_ratio=True), (0, 1), (1 / 4, 3 / 4)),
        (L.Resizing(24, 48, pad_to_aspect_ratio=True), (0, 1), (-1 / 2, 3 / 2)),
        (lambda x: keras.ops.image.crop_images(x, 0, 6, None, None, 12, 18), (0, 1 / 2), (1 / 4, 1)),
        (lambda x: keras.ops.image.pad_images(x, 6, 0, None, None, 30, 36), (-1 / 4, 1), (0, 3 / 2)),
        (lambda x: keras.ops.pad(x, ((0, 0), (0, 6), (12, 0), (0, 0))), (0, 5 / 4), (-1 / 2, 1)),
        (L.ZeroPadding2D(((6, 0), (0, 0))), (-1 / 4, 1), (0, 1)),
        (L.ZeroPadding2D(3), (0, 1), (0, 1)),
    ],
)
def test_cropping_padding_and_mirroring_are_followed(cut, down, across):
    (place,) = [
        one.place for one in maps_of(forks.forked(lambda x: forks.pooled(forks.conv("c")(cut(x))))).by_name.values()
    ]
    np.testing.assert_allclose([place.down, place.across], [down, across])


def test_what_mixes_rows_and_columns_loses_the_place():
    for mix in (L.Permute((2, 1, 3)), lambda x: keras.ops.rot90(x, axes=(1, 2)), L.Reshape((12, 48, 1))):
        found = maps_of(forks.forked(lambda x, mix=mix: forks.pooled(forks.conv("after")(mix(forks.conv("c", 1)(x))))))
        assert found.joined == ("c",)


def test_channels_in_groups_keep_the_place():
    def shuffled(x):
        x = L.Reshape((models.SIDE, models.SIDE, 2, 3))(forks.conv("c", 6)(x))
        x = L.Reshape((models.SIDE, models.SIDE, 6))(keras.ops.transpose(x, (0, 1, 2, 4, 3)))
        return forks.pooled(L.Conv2D(4, 3, strides=2, name="behind")(x))

    assert maps_of(forks.forked(shuffled)).joined == ("behind",)


def test_a_layer_of_somebodys_own_is_not_taken_for_keras_by_its_name():
    class Transpose(L.Layer):
        def call(self, x):
            return 2 * x

    found = maps_of(forks.forked(lambda x: forks.pooled(Transpose(name="doubled")(forks.conv("c")(x)))))
    assert found.joined == ("doubled",)


def test_evidence_in_a_border_around_the_film_is_left_out():
    kept = spread(np.ones((1, 6, 6), np.float32), Place((6, 6), down=(-1 / 2, 1), across=(0, 1)), (6, 6))
    np.testing.assert_allclose(kept.sum(), 24, rtol=1e-5)


def test_a_border_that_was_added_is_not_read():
    found = maps_of(forks.forked(lambda x: forks.pooled(L.ZeroPadding2D(2)(forks.conv("c")(x)))))
    assert found.joined == ("c",) and "zero_padding2d" not in "".join(found.by_name)


def test_what_cannot_be_added_up_is_refused():
    found = maps_of(forks.fork("concatenated"))
    assert [one.name for one in found.chosen("side + deep")] == ["side", "deep"]
    with pytest.raises(ValueError, match="“nowhere” is no spatial layer; it has deep, "):
        found.chosen("nowhere")
    with pytest.raises(ValueError, match="only maps that are joined after pooling can be added up: deep, side, not f"):
        found.chosen("first + side")


def test_a_starter_card_names_the_branches(tmp_path):
    path = tmp_path / "forked.keras"
    forks.fork("three").save(path)
    joined = ", ".join(maps_of(forks.fork("three")).joined)
    assert f"feature_layer (Grad-CAM adds up {joined} unless it names one)" in starter_card(path).summary
    forks.fork("largest").save(path)
    assert "feature_layer" not in starter_card(path).summary


PUBLISHED = {
    "DenseNet121": ("relu", {}),
    "EfficientNetB0": ("top_activation", {}),
    "EfficientNetV2B0": ("top_activation", {}),
    "InceptionV3": ("mixed10", {"side": 139}),
    "MobileNet": ("conv_pw_13_relu", {"alpha": 0.25}),
    "MobileNetV2": ("out_relu", {"alpha": 0.35}),
    "MobileNetV3Small": ("re_lu", {"minimalistic": True, "alpha": 0.75}),
    "NASNetMobile": ("activation", {}),
    "ResNet50": ("conv5_block3_out", {}),
    "ResNet50V2": ("post_relu", {}),
    "VGG16": ("block5_pool", {}),
    "Xception": ("block14_sepconv2_act", {"side": 71}),
    "ConvNeXtTiny": ("add", {}),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_of_published_networks_the_last_map_before_pooling_is_read(name):
    layer, options = PUBLISHED[name]
    side = options.get("side", 64)
    shape = {"weights": None, "include_top": False, "input_shape": (side, side, 3), "pooling": "avg"}
    rest = {key: value for key, value in options.items() if key != "side"}
    base = getattr(keras.applications, name)(**shape, **rest)
    before = [one for one in base.layers if isinstance(one, L.GlobalAveragePooling2D)][-1].input
    found = maps_of(keras.Sequential([base, L.Dense(2)]), side, 3)
    (last,) = found.joined
    assert last.rstrip("_0123456789") == layer.rstrip("_0123456789")
    assert found.by_name[last].tensor.shape == before.shape and min(before.shape[1:3]) > 1
    assert found.by_name[last].place.is_whole
    grids = [found.by_name[other].place.grid for other in found.offered]
    assert grids == sorted(grids) and len(grids) >= 4
