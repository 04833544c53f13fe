"""Names that a model's outputs have already are kept, in the order in which it was trained."""

from __future__ import annotations

import json
from dataclasses import replace

import h5py
import pytest

from tests.xai import made_models as models
from xai.backend import keras
from xai.cards.model_card import ModelCardError
from xai.models.card_check import checked_graph, starter_card
from xai.models.command_card import write_starter_card
from xai.models.errors import ModelError
from xai.models.graph import flatten
from xai.models.output_names import stored_names

L = keras.layers


def pooled():
    inputs = keras.Input((24, 24, 1))
    return inputs, L.GlobalAveragePooling2D()(L.Conv2D(3, 3)(inputs))


def heads(*names, units=1):
    inputs, x = pooled()
    return inputs, [L.Dense(units, activation="sigmoid", name=name)(x) for name in names]


def dictionary():
    inputs, made = heads("a", "b")
    return keras.Model(inputs, {"pneumonia": made[0], "edema": made[1]})


def listed():
    return keras.Model(*heads("pneumonia", "edema"))


def joined():
    inputs, made = heads("pneumonia", "edema")
    return keras.Model(inputs, L.Concatenate()(made))


def nested():
    inputs = keras.Input((24, 24, 1))
    return keras.Model(inputs, listed()(inputs))


@pytest.mark.parametrize("build", [dictionary, listed, joined, nested])
@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_heads_keep_their_names_and_their_order(build, ending, tmp_path):
    path = tmp_path / f"model.{ending}"
    models.seeded(build).save(path)
    card = starter_card(path)
    assert card.outputs == ("pneumonia", "edema")
    assert "names from the model" in card.summary


def test_names_that_keras_made_up_are_none():
    assert flatten(keras.Model(*heads(None, None)), 24, 1).names is None
    assert flatten(keras.Model(*heads("dense_7", "edema")), 24, 1).names is None


def test_a_named_head_of_several_scores_numbers_them():
    assert flatten(keras.Model(*heads("lung", "heart", units=2)), 24, 1).names == (
        "lung 1",
        "lung 2",
        "heart 1",
        "heart 2",
    )


def test_a_card_with_the_models_names_in_another_order_is_refused():
    card = models.card(("edema", "pneumonia"))
    with pytest.raises(ModelCardError, match="in another order than the model, which gives pneumonia, edema"):
        checked_graph(dictionary(), card)
    assert checked_graph(dictionary(), replace(card, outputs=("pneumonia", "edema"))).outputs.shape == (None, 2)
    checked_graph(dictionary(), replace(card, outputs=("Pneu", "Oedema")))


@pytest.fixture
def plain(tmp_path):
    inputs, x = pooled()
    path = tmp_path / "plain.h5"
    keras.Model(inputs, L.Dense(2, activation="softmax")(x)).save(path)
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("labels.txt", "0 Normal\n1 Pneumonia\n"),
        ("labels.txt", "1 Pneumonia\n0 Normal\n"),
        ("labels.txt", "Normal\nPneumonia\n"),
        ("plain_labels.txt", "Normal\r\nPneumonia\r\n"),
        ("class_names.json", json.dumps(["Normal", "Pneumonia"])),
        ("class_indices.json", json.dumps({"Pneumonia": 1, "Normal": 0})),
        ("model_class.json", json.dumps({"0": "Normal", "1": "Pneumonia"})),
        ("config.json", json.dumps({"id2label": {"1": "Pneumonia", "0": "Normal"}})),
    ],
)
def test_names_beside_a_model_are_taken(name, content, plain):
    (plain.parent / name).write_text(content)
    card = starter_card(plain)
    assert card.outputs == ("Normal", "Pneumonia")
    assert f"names from {name}" in card.summary


def test_names_in_the_file_are_taken(plain):
    with h5py.File(plain, "a") as file:
        file.attrs["class_names"] = json.dumps(["Normal", "Pneumonia"])
    assert stored_names(plain, 2) == (("Normal", "Pneumonia"), "“class_names” in plain.h5")


def test_names_of_another_number_or_of_a_neighbour_are_not_taken(plain):
    (plain.parent / "labels.txt").write_text("A\nB\nC\n")
    assert stored_names(plain, 2) is None
    (plain.parent / "labels.txt").write_text("A\nB\n")
    assert stored_names(plain, 2) == (("A", "B"), "labels.txt")
    (plain.parent / "other.keras").write_bytes(b"")
    assert stored_names(plain, 2) is None
    (plain.parent / "plain_labels.txt").write_text("C\nD\n")
    assert stored_names(plain, 2) == (("C", "D"), "plain_labels.txt")


def test_one_output_of_two_classes_is_the_second(plain):
    (plain.parent / "labels.txt").write_text("Normal\nPneumonia\n")
    names, source = stored_names(plain, 1)
    assert names == ("Pneumonia",)
    assert "second class" in source


@pytest.mark.parametrize("content", ["{", "[1, 2]", '{"0": "A", "2": "B"}', "A\nA\n", "\x00\x01", "A/B\nC\n", ""])
def test_a_list_that_makes_no_sense_is_passed_over(content, plain):
    (plain.parent / "labels.txt").write_text(content)
    assert stored_names(plain, 2) is None


def test_a_card_is_no_model_to_write_a_card_for(tmp_path):
    (tmp_path / "card.json").write_text("{}")
    with pytest.raises(ModelError, match=r"card.json is a model card or another JSON file, no model"):
        write_starter_card(tmp_path / "card.json")
