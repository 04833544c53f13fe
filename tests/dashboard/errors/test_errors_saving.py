"""Remedies that are kept in a model card, and taken back."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from dashboard.errors.keep_panel import remember
from dashboard.errors.saving import home_of, save_mended, save_remedies, undo
from dashboard.server.library import Library
from tests.dashboard.errors.test_errors import WEIGHT, planted
from training.evaluate.ranked import EvaluateError
from training.mending.mended import Kept
from training.mending.remedy import Remedy, try_remedy
from training.mending.remedy_file import to_json
from training.predictions.table import PredictionsFacts, write_predictions
from xai.cards.calibration import LogitMap
from xai.cards.card_versions import CardVersionError, take_back
from xai.cards.model_card import Threshold, read_card


@pytest.fixture
def library(shelf, monkeypatch) -> Library:
    """A library with a model of its own, ``tiny``, beside a built-in one, ``lightbox``."""
    built_in = shelf.root / "built-in"
    built_in.mkdir()
    shelf.add_card("tiny")
    (shelf.root / "models" / "tiny.keras").write_bytes(b"own weights")
    for name in ("lightbox.keras", "lightbox.json"):
        source = shelf.root / "models" / name.replace("lightbox", "tiny")
        (built_in / name).write_bytes(source.read_bytes().replace(b"own", b"built-in"))
    monkeypatch.setattr("dashboard.server.library.BUILT_IN_MODELS", built_in)
    return Library(shelf.root)


REMEDY = Remedy("Mass", "weighting", LogitMap(intercept=-3.0, rule="Undoes it."), Threshold(0.4, "Matched."))


def facts(model: str, **more: object) -> PredictionsFacts:
    return PredictionsFacts(f"{model}-on-made", "made", ".", model, "predict", ("Effusion", "Mass"), **more)


def test_a_remedy_becomes_a_new_version_of_the_visitors_own_card_and_can_be_undone(library):
    home = home_of(library, facts("tiny"))
    assert (home.is_own, home.why) == (True, "")
    before = (library.root / "models" / "tiny.json").read_bytes()
    saved = save_remedies(library, home, facts("tiny"), [Kept(REMEDY, "fitted here")], "")
    card = read_card(saved.card)
    assert card.calibration["Mass"].intercept == -3.0
    assert card.thresholds["Mass"] == Threshold(0.4, "Matched.")
    assert saved.kept.name == "tiny.v1.json"
    assert saved.kept.read_bytes() == before
    take_back(saved)
    assert saved.card.read_bytes() == before
    assert not saved.kept.exists()
    with pytest.raises(CardVersionError, match="changed again since"):
        take_back(saved)


def test_what_was_saved_later_is_not_undone_with_what_came_before(library):
    home = home_of(library, facts("tiny"))
    first, second = (save_remedies(library, home, facts("tiny"), [Kept(REMEDY)], "") for _ in range(2))
    after = second.card.read_bytes()
    with pytest.raises(CardVersionError, match="changed again since"):
        take_back(first)
    assert second.card.read_bytes() == after


def test_saved_twice_a_remedy_corrects_what_was_predicted_and_not_the_version_before(library):
    home = home_of(library, facts("tiny"))
    for _ in range(2):
        saved = save_remedies(library, home, facts("tiny"), [Kept(REMEDY)], "")
    assert read_card(saved.card).calibration["Mass"].intercept == -3.0
    assert saved.kept.name == "tiny.v2.json"
    calibrated = {"calibration": {"Mass": LogitMap(intercept=1.0).to_dict()}}
    saved = save_remedies(library, home, facts("tiny", card=calibrated), [Kept(REMEDY)], "")
    assert read_card(saved.card).calibration["Mass"].intercept == -2.0


def test_a_built_in_model_is_copied_and_stays_as_it_is(library, contents):
    built_in = library.models()["lightbox"].parent
    before = contents(built_in)
    home = home_of(library, facts("lightbox"))
    assert not home.is_own
    saved = save_remedies(library, home, facts("lightbox"), [Kept(REMEDY)], "lightbox-mended")
    assert contents(built_in) == before
    copy = library.models()["lightbox-mended"]
    assert copy.read_bytes() == library.models()["lightbox"].read_bytes()
    assert read_card(saved.card).name == "lightbox-mended"
    assert library.card("lightbox-mended").calibration["Mass"].intercept == -3.0
    again = save_remedies(library, home, facts("lightbox"), [Kept(REMEDY)], "lightbox-mended")
    assert again.kept.name == "lightbox-mended.v2.json"


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "x" * 61, "a b", "m.keras", "end.", "CON", "nul.v2"])
def test_a_copy_needs_a_plain_name(library, name, contents):
    before = contents(library.root)
    with pytest.raises(EvaluateError, match="A model's name has"):
        save_remedies(library, home_of(library, facts("lightbox")), facts("lightbox"), [Kept(REMEDY)], name)
    assert contents(library.root) == before


@pytest.mark.parametrize("name", ["tiny", "lightbox"])
def test_a_copy_takes_no_other_models_place(library, name):
    with pytest.raises(EvaluateError, match="another model"):
        save_remedies(library, home_of(library, facts("lightbox")), facts("lightbox"), [Kept(REMEDY)], name)


def test_a_model_that_is_not_here_or_is_another_file_keeps_no_remedy(library):
    absent = home_of(library, facts("elsewhere"))
    assert "not in this library" in absent.why
    with pytest.raises(EvaluateError, match="not in this library"):
        save_remedies(library, absent, facts("elsewhere"), [Kept(REMEDY)], "copy")
    assert "another file" in home_of(library, facts("tiny", model_sha256="0" * 64)).why


@pytest.fixture
def predicted(library) -> pd.DataFrame:
    """Predictions of ``tiny`` for three films of a dataset of the library."""
    table = pd.DataFrame(
        {"Effusion": [0.2, 0.6, 0.9], "Mass": [0.5, 0.8, 0.95]}, pd.Index(["a", "b", "c"], name="film")
    )
    for model in ("tiny", "lightbox", "elsewhere"):
        told = dataclasses.replace(facts(model), dataset_folder=str(library.root / "datasets" / "made"))
        write_predictions(library.root / "predictions" / f"{model}-on-made", told, table)
    return table


def test_mended_predictions_are_there_the_moment_a_remedy_is_saved_and_go_with_it(library, predicted, contents):
    before = contents(library.root / "predictions")
    saved = save_mended(library, home_of(library, facts("tiny")), "tiny-on-made", [Kept(REMEDY)], "")
    mended = library.read_predictions(saved.predictions)
    assert saved.predictions == "tiny-on-made-mended"
    np.testing.assert_allclose(mended.table["Mass"], expit(logit(predicted["Mass"]) - 3.0))
    np.testing.assert_allclose(mended.table["Effusion"], predicted["Effusion"])
    assert mended.facts.thresholds["Mass"] == Threshold(0.4, "Matched.")
    assert mended.facts.card["calibration"]["Mass"]["intercept"] == -3.0
    other = Remedy("Effusion", "none", LogitMap(slope=0.5, rule="Half."), Threshold(0.1, "so"))
    second = save_mended(library, home_of(library, facts("tiny")), "tiny-on-made", [Kept(other)], "")
    both = library.read_predictions(second.predictions)  # as the card is now: the first remedy is in it still
    np.testing.assert_allclose(both.table["Mass"], mended.table["Mass"])
    np.testing.assert_allclose(both.table["Effusion"], expit(logit(predicted["Effusion"]) / 2))
    undo(second)
    undo(saved)
    assert contents(library.root / "predictions") == before
    assert "Mass" not in library.card("tiny").calibration


def test_a_copy_predicts_under_its_own_name_and_imported_predictions_need_no_model(library, predicted):
    saved = save_mended(library, home_of(library, facts("lightbox")), "lightbox-on-made", [Kept(REMEDY)], "better")
    made = library.read_predictions(saved.predictions)
    assert (saved.predictions, made.facts.model, saved.card.card.name) == ("better-on-made", "better", "better.json")
    alone = save_mended(library, home_of(library, facts("elsewhere")), "elsewhere-on-made", [Kept(REMEDY)], "")
    assert alone.card is None
    np.testing.assert_allclose(library.read_predictions(alone.predictions).table["Mass"], made.table["Mass"])
    undo(alone)
    assert not alone.folder.exists()


def test_what_cannot_be_written_leaves_the_card_as_it_was(library, predicted, monkeypatch):
    def full(*_: object) -> None:
        raise OSError("the disk is full")

    before = (library.root / "models" / "tiny.json").read_bytes()
    monkeypatch.setattr("training.mending.mended.write_predictions", full)
    with pytest.raises(OSError, match="full"):
        save_mended(library, home_of(library, facts("tiny")), "tiny-on-made", [Kept(REMEDY)], "")
    assert (library.root / "models" / "tiny.json").read_bytes() == before


def test_a_remedy_as_a_file_says_what_it_is():
    trial = try_remedy(planted(), "Emphysema", "weighting", "", threshold=0.5)
    content = json.loads(to_json(facts("tiny"), [remember(trial, facts("tiny"))]))
    assert content["calibration"]["intercept"] == pytest.approx(-math.log(WEIGHT))
    assert content["finding"] == "Emphysema"
    assert content["threshold"]["value"] == 0.5
    assert Path(f"{content['model']}.json").name == "tiny.json"
