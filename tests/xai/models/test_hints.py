"""What a starter card guesses of the preparation, and from what."""

from __future__ import annotations

import pytest

from xai.backend import keras
from xai.models.card_check import starter_card
from xai.models.hints import training_loss

L = keras.layers


def saved(path, *before, loss=None, size=(24, 24), name="conv"):
    model = keras.Sequential(
        [keras.Input((*size, 3)), *before, L.Conv2D(2, 3, name=name), L.GlobalAveragePooling2D(),
         L.Dense(2, activation="softmax")]
    )  # fmt: skip
    if loss is not None:
        model.compile("adam", loss)
    model.save(path)
    return path


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize(
    ("before", "loss", "resample", "why"),
    [
        ([], None, "nearest", "load_img and ImageDataGenerator do so"),
        ([], "categorical_crossentropy", "nearest", "load_img and ImageDataGenerator do so"),
        ([], "sparse_categorical_crossentropy", "bilinear", "trained with sparse_categorical_crossentropy"),
        ([], keras.losses.SparseCategoricalCrossentropy(), "bilinear", "trained with sparse_categorical_crossentropy"),
        ([L.Rescaling(1 / 255)], "categorical_crossentropy", "bilinear", "a layer inside scales the shades"),
        ([L.Normalization(mean=[120.0] * 3, variance=[3000.0] * 3)], None, "bilinear", "a layer inside scales"),
    ],
)
def test_how_films_were_scaled_is_guessed_and_said_to_be(suffix, before, loss, resample, why, tmp_path):
    card = starter_card(saved(tmp_path / f"model{suffix}", *before, loss=loss))
    assert card.input.resample == resample
    assert f"input.resample ({resample} is guessed: " in card.summary and why in card.summary


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ("block5_conv3", "VGG, whose preprocess_input is the scaling “caffe”"),
        ("conv5_block16_concat", "DenseNet121, whose preprocess_input is the scaling “imagenet”"),
        ("mixed10", "InceptionV3, whose preprocess_input is the scaling “-1 to 1”"),
    ],
)
def test_a_well_known_network_inside_is_named_with_its_scaling(layer, words, tmp_path):
    assert words in starter_card(saved(tmp_path / "model.keras", name=layer)).summary


def test_a_plain_network_hints_at_no_scaling(tmp_path):
    assert "preprocess_input" not in starter_card(saved(tmp_path / "model.keras")).summary


def test_a_guessed_size_is_said_to_be(tmp_path):
    assert "input.size (guessed" in starter_card(saved(tmp_path / "any.keras", size=(None, None))).summary
    assert "input.size" not in starter_card(saved(tmp_path / "one.keras")).summary


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04"])
@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_file_that_cannot_be_read_has_no_known_loss(content, name, tmp_path):
    (tmp_path / name).write_bytes(content)
    assert training_loss(tmp_path / name) is None
