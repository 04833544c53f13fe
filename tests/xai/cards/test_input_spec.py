"""What a card may say of its input, and what it is refused for."""

from __future__ import annotations

import dataclasses
import json

import pytest

from tests.xai import made_models as models
from xai.cards.input_spec import RESAMPLES, SCALINGS, Contrast, InputSpec, input_from_dict, input_to_dict
from xai.cards.model_card import ModelCardError

SQUARE = {"size": 224, "channels": 3}


@pytest.mark.parametrize(
    "spec",
    [
        InputSpec(224, 3),
        InputSpec((96, 160), 1, "crop", short_side=200, resample="opencv-linear", bits=8),
        InputSpec((160, 96), 3, "pad", 255.0, (1.0, 2.0, 3.0), resample="nearest"),
        InputSpec(64, 1, contrast=Contrast("clahe", "after", clip=3.0, tiles=4), standardise=True),
    ],
)
def test_an_input_survives_its_json(spec):
    assert input_from_dict(json.loads(json.dumps(input_to_dict(spec)))) == spec


def test_a_plain_input_is_written_as_it_always_was():
    assert set(input_to_dict(InputSpec(24, 1))) == {
        *("size", "channels", "fit", "multiply", "mean", "std", "resample", "short_side")
    }


def test_a_named_scaling_stands_for_its_numbers():
    assert input_from_dict({**SQUARE, "scaling": "imagenet"}) == InputSpec(224, 3, **SCALINGS["imagenet"])
    assert input_from_dict({**SQUARE, "scaling": "per film"}).standardise
    assert input_from_dict({**SQUARE, "contrast": "equalise"}).contrast == Contrast("equalise")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"size": [224]}, "input.size must be 8 to 2048, or two such numbers, height and width"),
        ({"size": [224, 4]}, "input.size must be 8 to 2048"),
        ({"size": [224, 224, 3]}, "input.size must be 8 to 2048"),
        ({"size": ["a", 224]}, "input.size must be 8 to 2048"),
        ({"size": [96, 160], "fit": "crop", "short_side": 120}, "input.short_side .* 160 to 2048"),
        ({"resample": "sharp"}, "input.resample must be one of pillow, antialiased, nearest, bilinear, bicubic"),
        ({"resample": ["nearest"]}, "input.resample must be one of"),
        ({"bits": 16}, "input.bits must be 8 or null"),
        ({"contrast": "more"}, "input.contrast.how must be one of stretch, equalise, clahe"),
        ({"contrast": ["clahe"]}, "input.contrast must be one of"),
        ({"contrast": {"how": "clahe", "clip": 0}}, "input.contrast.clip must be above 0"),
        ({"contrast": {"how": "clahe", "clip": "2"}}, "input.contrast.clip must be above 0"),
        ({"contrast": {"how": "clahe", "tiles": 0}}, "input.contrast.tiles must be 1 to 64"),
        ({"contrast": {"how": "clahe", "order": "later"}}, "input.contrast.order must be one of before, after"),
        ({"contrast": {"how": "stretch", "low": 60, "high": 40}}, "input.contrast.low and high must be percentiles"),
        ({"contrast": {"how": "clahe", "limit": 2}}, "input.contrast must be one of .* or an object with how, order"),
        ({"standardise": 1}, "input.standardise must be true or false"),
        ({"standardise": True, "mean": 0.5}, "input.standardise takes each film's own mean and std"),
        ({"scaling": "vgg"}, "input.scaling must be one of 0 to 1, 0 to 255"),
        ({"scaling": "imagenet", "mean": 0.5}, "input.scaling stands for multiply, mean, std and standardise"),
        ({"scaling": "imagenet", "channels": 1}, "input.mean must hold 1 or 1 numbers"),
    ],
)
def test_a_wrong_input_is_refused_in_one_sentence(wrong, sentence):
    with pytest.raises(ModelCardError, match=sentence) as error:
        input_from_dict(SQUARE | wrong)
    assert str(error.value).endswith(".") and "\n" not in str(error.value)


def test_every_choice_changes_the_fingerprint():
    plain = models.card()
    changed = [
        *({"resample": name} for name in RESAMPLES[1:]),
        {"size": (24, 32)},
        {"bits": 8},
        {"standardise": True},
        *({"contrast": Contrast(how, order)} for how in ("stretch", "clahe") for order in ("before", "after")),
        {"contrast": Contrast("stretch", low=1.0)},
    ]
    prints = {dataclasses.replace(plain, input=dataclasses.replace(plain.input, **one)).fingerprint for one in changed}
    assert len(prints | {plain.fingerprint}) == len(changed) + 1
