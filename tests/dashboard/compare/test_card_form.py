"""A card written within the app: tried on films as it changes, saved beside the model, never over another."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.compare.card_form import sample_films
from dashboard.compare.drafts import doubts, may_be_written, save_card
from dashboard.server.library import Library
from tests.dashboard.pages import Idle, opened, plain, said, serve, shown, take_away
from xai.backend import keras
from xai.cards.model_card import ModelCardError, card_from_dict, card_path, read_card
from xai.models.card_check import starter_card
from xai.models.classifier import Classifier


@pytest.fixture
def library(shelf, monkeypatch) -> Library:
    """Three films, and a model without a card."""
    monkeypatch.setattr("dashboard.server.library.BUILT_IN_MODELS", Path("/nowhere"))
    monkeypatch.setattr("dashboard.server.library.BUILT_IN_DATASETS", Path("/nowhere"))
    shelf.add_dataset()
    shelf.add_model().with_suffix(".json").unlink()
    return Library(shelf.root)


@pytest.fixture
def run(library, monkeypatch) -> Callable[..., AppTest]:
    serve(monkeypatch, library.root, lambda root: Idle(library))
    return opened


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    return app


def answers(app: AppTest) -> dict[str, list[str]]:
    table = app.dataframe[0].value
    assert list(table["Output"]) == ["Effusion", "Mass"] or len(table) == 2
    return {name: list(table[name]) for name in table.columns[1:]}


def fill(app: AppTest, **fields: object) -> AppTest:
    for name, value in fields.items():
        key = f"card_tiny_{name}"
        widget = next(one for kind in (app.text_input, app.text_area, app.selectbox, app.number_input, app.checkbox)
                      for one in kind if one.key == key)  # fmt: skip
        widget.set_value(value)
    app.run()
    assert not app.exception
    return app


def test_the_film_hangs_even_without_a_card(run):
    app = run(model="tiny")
    assert "tiny.json is missing" in plain(said(app))
    assert len(app.get("bidi_component")) == 1
    assert "a · generated" in plain(shown(app))


def test_a_card_is_prefilled_tried_and_saved_from_compare(run, library):
    app = press(run(model="tiny", film="generated/b"), "Write a starter card")
    path = library.models()["tiny"]
    assert not card_path(path).exists()
    before = answers(app)
    assert [name.split(" · ")[0] for name in before] == ["b", "a", "c"]
    fill(app, outputs="Effusion\nMass", head=("sigmoid", "logits"), resample="opencv-linear", bits=True, name="Mine")
    after = answers(app)
    press(app, "Save the card")
    card = read_card(card_path(path))
    assert (card.name, card.outputs, card.link, card.emits) == ("Mine", ("Effusion", "Mass"), "sigmoid", "logits")
    assert (card.input.resample, card.input.bits, card.input.size) == ("opencv-linear", 8, 16)
    classifier = Classifier.load(path)
    film = library.open_film("generated", "b")
    expected = card.probabilities(classifier.answer(classifier.prepare(film)))
    written = [float(text.removesuffix("\u00a0%")) for text in next(iter(after.values()))]
    np.testing.assert_allclose(written, 100 * expected, atol=0.51)
    assert app.error == []
    assert next(one.name for one in app.session_state["open_page"].items("compare")) == "answers"


def test_the_models_page_offers_it_too(run, library):
    app = press(run("views/models.py", model="tiny"), "Write a starter card")
    assert len(answers(app)) == 3
    press(fill(app, outputs="Effusion\nMass"), "Save the card")
    assert read_card(card_path(library.models()["tiny"])).outputs == ("Effusion", "Mass")
    assert app.error == []


def test_what_does_not_fit_is_said_as_one_types_and_cannot_be_saved(run):
    app = fill(press(run(model="tiny"), "Write a starter card"), head=("sigmoid", "logits"))
    right = {"outputs": "Effusion\nMass", "head": ("sigmoid", "logits"), "height": 16, "name": "tiny"}
    for name, value, sentence in [
        ("outputs", "Effusion", "names 1 outputs, the model gives 2"),
        ("outputs", "", "outputs must be a list of names"),
        ("outputs", "Mass\nMass", "outputs must not repeat a name"),
        ("head", ("sigmoid", "probabilities"), 'set head.emits to "logits"'),
        ("height", 32, "but the model takes 16 x 16 x 1"),
        ("name", "", "name must be a short text"),
    ]:
        fill(app, **right | {name: value})
        assert sentence in plain(app.error[-1].value)
        assert "Save the card" not in [button.label for button in app.button]
    fill(app, **right)
    assert "Save the card" in [button.label for button in app.button]


def test_numbers_of_ones_own_are_read_and_refused_in_a_sentence(run):
    app = fill(press(run(model="tiny"), "Write a starter card"), shades="numbers of its own")
    same = answers(app)
    fill(app, mean="0.5", std="0.05")
    assert answers(app) != same
    fill(app, std="a lot")
    assert "input.std must be a number, or one a channel" in plain(app.error[-1].value)


def test_a_card_that_came_meanwhile_is_not_overwritten(library, shelf):
    path = library.models()["tiny"]
    card = starter_card(path)
    save_card(card, path)
    with pytest.raises(ModelCardError, match=r"tiny\.json is there already"):
        save_card(dataclasses.replace(card, name="other"), path)
    assert read_card(card_path(path)) == card


def test_where_the_library_may_not_be_written_the_card_is_given_away(run, library, monkeypatch):
    monkeypatch.setattr("dashboard.compare.card_form.may_be_written", lambda library, path: False)
    app = press(run(model="tiny"), "Write a starter card")
    assert "Save the card" not in [button.label for button in app.button]
    name, media, content = take_away(app, "The card (JSON)")
    assert (name, media) == ("tiny.json", "application/json")
    assert card_from_dict(json.loads(content)) == starter_card(library.models()["tiny"])


def test_only_the_librarys_own_folder_may_be_written(library, monkeypatch):
    path = library.models()["tiny"]
    assert may_be_written(library, path)
    assert not may_be_written(library, library.root / "elsewhere" / "tiny.keras")
    monkeypatch.setattr("dashboard.compare.drafts.BUILT_IN_MODELS", path.parent)
    assert not may_be_written(library, path)


def test_a_model_that_does_not_react_is_doubted_on_the_page(run, library):
    inputs = keras.Input((16, 16, 1))
    dense = keras.layers.Dense(2, kernel_initializer="zeros")
    model = keras.Model(inputs, dense(keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(2, 3)(inputs))))
    model.save(library.models()["tiny"])
    app = press(run(model="tiny"), "Write a starter card")
    assert any("All 3 films get the same answers" in one.value for one in app.warning)


def test_a_card_is_tried_on_three_different_films_even_where_there_are_none(library, shelf):
    some = sample_films(Idle(library), None)
    assert [name.split(" · ")[0] for name, _ in some] == ["a", "b", "c"]
    (shelf.root / "datasets").rename(shelf.root / "elsewhere")
    made_up = sample_films(Idle(library), some[0])
    assert [name for name, _ in made_up] == [some[0][0], "made up, 1", "made up, 2"]
    assert len({film.sha256 for _, film in made_up}) == 3


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([[0.2, 0.7], [0.3, 0.5]], []),
        ([[0.2, 0.7], [0.2, 0.7]], ["All 2 films get the same answers"]),
        ([[0.2, 0.2], [0.3, 0.3]], ["All outputs give the same answer"]),
        ([[0.0, 1.0], [1.0, 0.0]], ["Every answer is certain"]),
        ([[0.0, 1.0], [0.0, 1.0]], ["All 2 films get the same answers", "Every answer is certain"]),
        ([[0.2], [0.3]], []),
        ([[0.5, 0.5]], ["All outputs give the same answer"]),
        ([[np.nan, 0.5]], ["not finite"]),
    ],
)
def test_what_speaks_against_a_card(answers, words):
    found = doubts(np.array(answers))
    assert len(found) == len(words)
    assert all(word in sentence for word, sentence in zip(words, found, strict=True))
