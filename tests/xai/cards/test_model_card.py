"""Cards survive a round trip, and every wrong field is named."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from tests.xai import made_models as models
from xai.__main__ import main
from xai.backend import keras
from xai.cards.model_card import (
    DEFAULT_THRESHOLD,
    InputSpec,
    ModelCard,
    ModelCardError,
    Threshold,
    card_from_dict,
    card_path,
    card_to_dict,
    read_card,
    write_card,
)
from xai.explainers.baselines import baseline_canvas
from xai.findings import FINDINGS
from xai.models.card_check import starter_card
from xai.models.classifier import Classifier
from xai.models.loading import ModelError


def grey_png(values):
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG")
    return buffer.getvalue()


FULL = ModelCard(
    name="Full",
    outputs=("Mass", "Röntgen, other"),
    link="softmax",
    emits="logits",
    input=InputSpec(64, 3, "pad", 255.0, (1.0, 2.0, 3.0), (4.0, 5.0, 6.0)),
    summary="Everything.",
    thresholds={"Mass": Threshold(0.2, "Youden")},
    prevalence={"Mass": 0.05},
    performance={"Mass": {"auroc": 0.7, "low": 0.6}},
    provenance={"seed": 1},
    feature_layer="relu",
    mean_film=grey_png(np.full((4, 4), 51, np.uint8)),
    sha256="ab" * 32,
)


def plain(**changes):
    content = {
        "name": "Plain",
        "outputs": ["Mass", "Nodule"],
        "head": {"link": "sigmoid", "emits": "logits"},
        "input": {"size": 64, "channels": 1},
    }
    return content | changes


def test_a_card_survives_a_round_trip(tmp_path):
    path = tmp_path / "card.json"
    write_card(FULL, path)
    assert read_card(path) == FULL


def test_the_four_required_fields_are_enough():
    card = card_from_dict(plain())
    assert card.input == InputSpec(64, 1, "stretch", 1.0, (0.0,), (1.0,))
    assert card.threshold("Mass") is DEFAULT_THRESHOLD and card.index("Nodule") == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "name"),
        ({"name": 5}, "name"),
        ({"name": "a\x1b[31m"}, "name"),
        ({"outputs": []}, "outputs"),
        ({"outputs": "Mass"}, "outputs"),
        ({"outputs": ["Mass", "Mass"]}, "repeat"),
        ({"outputs": ["../up", "x"]}, "outputs"),
        ({"head": "sigmoid"}, "head"),
        ({"head": {"link": "sigmoid"}}, "head.emits"),
        ({"head": {"link": "relu", "emits": "logits"}}, "head.link"),
        ({"head": {"link": "sigmoid", "emits": "scores"}}, "head.emits"),
        ({"outputs": ["Mass"], "head": {"link": "softmax", "emits": "logits"}}, "two outputs"),
        ({"input": {"size": 64}}, "input.channels"),
        ({"input": {"size": 4, "channels": 1}}, "input.size"),
        ({"input": {"size": 64.5, "channels": 1}}, "input.size"),
        ({"input": {"size": True, "channels": 1}}, "input.size"),
        ({"input": {"size": 64, "channels": 2}}, "input.channels"),
        ({"input": {"size": 64, "channels": 1, "fit": "squash"}}, "input.fit"),
        ({"input": {"size": 64, "channels": 1, "multiply": 0}}, "input.multiply"),
        ({"input": {"size": 64, "channels": 1, "multiply": "255"}}, "input.multiply"),
        ({"input": {"size": 64, "channels": 1, "multiply": 1e308}}, "input.multiply"),
        ({"input": {"size": 64, "channels": 1, "mean": 10**400}}, "input.mean"),
        ({"input": {"size": 64, "channels": 1, "std": 1e-320}}, "input.std"),
        ({"calibration": {"Mass": {"slope": 10**400}}}, "slope"),
        ({"thresholds": {"Mass": 10**400}}, "threshold"),
        ({"input": {"size": 64, "channels": 3, "mean": [1, 2]}}, "input.mean"),
        ({"input": {"size": 64, "channels": 1, "mean": "grey"}}, "input.mean"),
        ({"input": {"size": 64, "channels": 1, "std": 0}}, "input.std"),
        ({"input": {"size": 64, "channels": 1, "std": []}}, "input.std"),
        ({"thresholds": {"Mass": 1.5}}, "threshold"),
        ({"thresholds": {"Mass": "high"}}, "threshold"),
        ({"thresholds": {"Measles": 0.5}}, "thresholds"),
        ({"thresholds": [0.5]}, "thresholds"),
        ({"prevalence": {"Mass": -1}}, "prevalence"),
        ({"prevalence": {"Measles": 0.1}}, "prevalence"),
        ({"mean_film": "not base64!"}, "mean_film"),
        ({"lightbox_card": 2}, "lightbox_card"),
        ({"sha256": 5}, "sha256"),
        ({"feature_layer": ["relu"]}, "feature_layer"),
    ],
)
def test_a_wrong_field_is_named(changes, words):
    with pytest.raises(ModelCardError) as error:
        card_from_dict(plain(**changes))
    assert words in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("field", ["name", "outputs", "head", "input"])
def test_a_missing_field_is_named(field):
    content = plain()
    del content[field]
    with pytest.raises(ModelCardError, match=f"fields are missing.*{field}"):
        card_from_dict(content)


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", "\xff\xfe", "[" * 100_000, '{"name": NaN}', "9" * 5000])
def test_what_is_no_card_is_refused(tmp_path, text):
    path = tmp_path / "card.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ModelCardError, match=r"card\.json"):
        read_card(path)


def test_unknown_names_are_answered_with_the_known_ones():
    with pytest.raises(ModelCardError, match="no output “Hernia”; it has Mass, Röntgen, other"):
        FULL.index("Hernia")


@pytest.mark.parametrize(
    "change", [{"name": "B"}, {"summary": "x"}, {"thresholds": {}}, {"prevalence": {}}, {"sha256": None}]
)
def test_what_does_not_change_a_map_is_not_in_its_fingerprint(change):
    from dataclasses import replace

    assert replace(FULL, **change).fingerprint == FULL.fingerprint


def test_what_changes_a_map_is_in_its_fingerprint():
    from dataclasses import replace

    changes = [
        {"outputs": ("Mass", "Other")},
        {"link": "sigmoid"},
        {"emits": "probabilities"},
        {"input": replace(FULL.input, multiply=1.0)},
        {"feature_layer": None},
        {"mean_film": None},
    ]
    prints = {FULL.fingerprint, *(replace(FULL, **change).fingerprint for change in changes)}
    assert len(prints) == len(changes) + 1


def test_the_mean_film_becomes_a_baseline(zoo_model):
    content = card_to_dict(models.card()) | {"mean_film": base64.b64encode(FULL.mean_film).decode()}
    classifier = models.classifier(zoo_model("flat"), card_from_dict(content))
    found = baseline_canvas("dataset mean", classifier, np.zeros((24, 24), np.float32), np.zeros((24, 24), int))
    np.testing.assert_allclose(found, np.full((24, 24), 51 / 255), atol=1e-6)


def test_a_mean_film_that_is_no_picture_is_refused(zoo_model):
    content = card_to_dict(models.card()) | {"mean_film": base64.b64encode(b"text").decode()}
    with pytest.raises(ModelCardError, match="mean_film must be a grey PNG"):
        _ = models.classifier(zoo_model("flat"), card_from_dict(content)).mean_film


@pytest.mark.parametrize(
    "name",
    ["flat", "sequential", "nested in sequential", "softmax of 3", "rescaling inside", "logits", "closed head",
     "heads in a list", "subclassed"],
)  # fmt: skip
def test_a_starter_card_loads_with_its_model(name, zoo_model, tmp_path, capsys):
    path = tmp_path / "found.keras"
    zoo_model(name).save(path)
    assert main(["card", str(path)]) == 0
    assert str(card_path(path)) in capsys.readouterr().out
    classifier, expected = Classifier.load(path), models.ZOO[name].card
    assert (classifier.card.link, classifier.card.emits) == (expected.link, expected.emits)
    assert len(classifier.card.outputs) == len(expected.outputs)
    assert (classifier.size, classifier.card.input.channels) == (expected.input.size, expected.input.channels)
    assert classifier.card.input.multiply == expected.input.multiply
    if len(expected.outputs) == 14:
        assert classifier.card.outputs == FINDINGS


def test_a_starter_card_is_never_written_over_another(tmp_path, zoo_model, capsys):
    path = tmp_path / "found.keras"
    zoo_model("flat").save(path)
    card_path(path).write_text("mine")
    assert main(["card", str(path)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert card_path(path).read_text() == "mine"


def test_a_starter_card_with_the_wrong_number_of_names_leaves_nothing(tmp_path, zoo_model, capsys):
    path = tmp_path / "found.keras"
    zoo_model("flat").save(path)
    assert main(["card", str(path), "--outputs", "Mass", "Nodule"]) == 2
    assert "names 2 outputs, the model gives 14" in capsys.readouterr().err
    assert not card_path(path).exists()


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((24, 24, 2), "2 channels"),
        ((24,), "one picture"),
        ((3, 24, 24), "3 x 24 x 24, channels first"),
    ],
)
def test_a_model_of_another_input_gets_no_card(shape, words, tmp_path):
    path = tmp_path / "other.keras"
    keras.Sequential([keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(2)]).save(path)
    with pytest.raises(ModelError, match=words):
        starter_card(path)


def preprocessed(mode):
    """Keras writes this as bare operations, not as a layer."""
    inputs = keras.Input((24, 24, 3))
    x = getattr(keras.applications, mode).preprocess_input(inputs)
    return keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(keras.layers.Conv2D(2, 3)(x))))


def normalised(mean, variance):
    layers = keras.layers
    norm = layers.Normalization(mean=[mean], variance=[variance])
    return keras.Sequential([keras.Input((24, 24, 1)), norm, layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(2)])


@pytest.mark.parametrize(
    ("build", "multiply"),
    [
        (lambda: preprocessed("mobilenet_v2"), 255),
        (lambda: preprocessed("vgg16"), 255),
        (lambda: preprocessed("densenet"), 255),
        (lambda: normalised(120.0, 3000.0), 255),
        (lambda: normalised(0.48, 0.05), 1),
    ],
)
def test_scaling_inside_a_model_is_seen_however_it_is_written(build, multiply, tmp_path):
    path = tmp_path / "model.keras"
    build().save(path)
    assert starter_card(path).input.multiply == multiply


def test_a_starter_card_says_what_to_complete(tmp_path, zoo_model):
    path = tmp_path / "model.keras"
    for name, guessed in (("flat", False), ("logits", True)):
        zoo_model(name).save(path)
        summary = starter_card(path).summary
        assert all(word in summary for word in ("outputs", "input.multiply, mean and std", "input.fit", "thresholds"))
        assert ("head.link and emits (guessed" in summary) == guessed


def test_outputs_of_different_kinds_get_no_card(tmp_path):
    inputs = keras.Input((24, 24, 1))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(2, 3)(inputs))
    heads = [keras.layers.Dense(1, activation="sigmoid", name="pneumonia")(x), keras.layers.Dense(1, name="age")(x)]
    keras.Model(inputs, heads).save(path := tmp_path / "two.keras")
    with pytest.raises(ModelCardError, match=r"must all end in the same activation; .* sigmoid"):
        starter_card(path)


def test_a_model_of_two_inputs_gets_no_card(tmp_path):
    inputs = [keras.Input((24, 24, 1)), keras.Input((1,))]
    x = keras.layers.Concatenate()([keras.layers.Flatten()(inputs[0]), inputs[1]])
    keras.Model(inputs, keras.layers.Dense(2)(x)).save(path := tmp_path / "two.keras")
    with pytest.raises(ModelError, match="takes 2 inputs"):
        starter_card(path)


def test_a_rescaling_to_minus_one_and_one_from_unit_range_takes_unit_range(tmp_path):
    path = tmp_path / "model.keras"
    layers = keras.layers
    keras.Sequential(
        [keras.Input((24, 24, 1)), layers.Rescaling(2.0, offset=-1), layers.Flatten(), layers.Dense(2)]
    ).save(path)
    assert starter_card(path).input.multiply == 1


def test_the_command_needs_a_model_file(tmp_path, capsys):
    path = tmp_path / "none.keras"
    assert main(["card", str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_number_that_nothing_can_be_done_with_is_one_sentence(tmp_path):
    path = tmp_path / "card.json"
    write_card(FULL, path)
    content = json.loads(path.read_text(encoding="utf-8")) | {"performance": {"test": {"films": 0}}}
    path.write_text(json.dumps(content).replace('"films": 0', f'"films": {10**400}'), encoding="utf-8")
    with pytest.raises(ModelCardError, match="a number in it has 401 digits"):
        read_card(path)


def test_cards_are_valid_json(tmp_path):
    path = tmp_path / "card.json"
    write_card(FULL, path)
    assert json.loads(path.read_text(encoding="utf-8"))["outputs"] == list(FULL.outputs)
