from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dashboard.server.library import Library
from tests.dashboard.conftest import shades
from training.datasets.boxes import box_table, drawn_words, mask_row
from training.datasets.table import DatasetError
from training.predictions.table import PredictionsError, PredictionsFacts, write_predictions
from xai.built_in import BUILT_IN_MODELS
from xai.cards.model_card import ModelCardError
from xai.films.film import FilmError


@pytest.fixture
def library(shelf) -> Library:
    return Library(shelf.root)


def test_a_folder_that_does_not_exist_is_an_empty_library(tmp_path):
    library = Library(tmp_path / "nowhere")
    assert set(library.models()) == set(Library(tmp_path).models())
    with pytest.raises(DatasetError, match="There is no dataset “x”"):
        library.films("x")
    assert not (tmp_path / "nowhere").exists()


def test_models_of_the_folder_stand_beside_the_built_in_ones(shelf, library):
    models = shelf.root / "models"
    models.mkdir()
    for name in ("mine.keras", "old.h5", "lightbox.keras", "notes.txt"):
        (models / name).write_bytes(b"")
    (models / "folder.keras").mkdir()
    found = library.models()
    assert found["mine"] == models / "mine.keras"
    assert found["old"] == models / "old.h5"
    assert found["lightbox"] == BUILT_IN_MODELS / "lightbox.keras"
    assert {"notes", "folder"}.isdisjoint(found)


def test_a_library_that_vanishes_is_one_sentence_until_it_is_back(shelf, library):
    """As when a drive is unplugged, or a share of the network is away, between two clicks."""
    shelf.add_model()
    shelf.add_dataset()
    asked = {
        ModelCardError: (lambda: library.card("tiny"), lambda: library.model_id("tiny"), lambda: library.model("tiny")),
        DatasetError: (lambda: library.films("generated"), lambda: library.dataset_stamp("generated")),
        PredictionsError: (lambda: library.read_predictions("p"), lambda: library.predictions_stamp("p")),
    }
    before = library.card("tiny"), library.model_id("tiny"), len(library.films("generated"))
    away = shelf.root.rename(shelf.root.with_name("away"))
    for error, calls in asked.items():
        for call in calls:
            with pytest.raises(error, match=r"^There (is|are) no .*; there are ") as said:
                call()
            assert "\n" not in str(said.value) and str(shelf.root) not in str(said.value)
    away.rename(shelf.root)
    assert before == (library.card("tiny"), library.model_id("tiny"), len(library.films("generated")))


def test_links_that_lead_nowhere_are_no_models(shelf, library):
    models = shelf.root / "models"
    models.mkdir()
    (models / "lost.keras").symlink_to(shelf.root / "gone.keras")
    (models / "loop.keras").symlink_to(models / "loop.keras")
    assert {"lost", "loop"}.isdisjoint(library.models())


def test_a_model_is_named_by_its_bytes(shelf, library):
    path = shelf.root / "models" / "mine.keras"
    path.parent.mkdir()
    path.write_bytes(b"one")
    first = library.model_id("mine")
    path.write_bytes(b"two")
    os.utime(path, (time.time() + 5,) * 2)
    assert library.model_id("mine") != first


def test_a_card_is_read_again_when_it_changes(shelf, library):
    (shelf.root / "models").mkdir()
    (shelf.root / "models" / "mine.keras").write_bytes(b"")
    with pytest.raises(ModelCardError, match=r"mine\.json is missing"):
        library.card("mine")
    card = shelf.add_card("mine", summary="First")
    assert library.card("mine").summary == "First"
    shelf.add_card("mine", summary="Second")
    os.utime(card, (time.time() + 5,) * 2)
    assert library.card("mine").summary == "Second"


def test_a_record_says_what_the_dataset_knows_and_nothing_more(shelf, library):
    nothing = float("nan")
    shelf.add_dataset(
        Effusion=[1.0, 0.0, nothing], Mass=[nothing, 1.0, -1.0], age=[50.0, nothing, 7.4], sex=["F", None, ""]
    )
    first, second, third = (library.record("generated", name) for name in "abc")
    assert (dict(first.truth), first.facts) == ({"Effusion": "present"}, ("PA", "F", "50\u00a0years"))
    assert (dict(second.truth), second.facts) == ({"Effusion": "absent", "Mass": "present"}, ("PA",))
    assert (dict(third.truth), third.facts) == ({}, ("PA", "7\u00a0years"))


def test_what_a_class_says_of_its_films_is_their_truth(shelf, library):
    shelf.add_dataset(**{"class": ["covid", "normal", None]})
    assert {**library.record("generated", "a").truth}.items() >= {("covid", "present"), ("normal", "absent")}
    assert {**library.record("generated", "b").truth}.items() >= {("covid", "absent"), ("normal", "present")}
    assert "covid" not in library.record("generated", "c").truth


def test_a_film_is_read_from_its_file(shelf, library):
    shelf.add_dataset()
    np.testing.assert_allclose(library.open_film("generated", "b").pixels, shades(1) / 255, atol=1e-6)


def test_films_in_folders_have_their_folder_in_their_name(shelf, library):
    shelf.add_dataset(films=("patient1/study1/view1", "patient1/study2/view1"))
    assert library.open_film("generated", "patient1/study2/view1").facts.format == "PNG"


def test_films_that_are_not_on_disk_are_not_offered(shelf, library):
    shelf.add_dataset(on_disk=[True, False, True])
    assert list(library.films("generated").index) == ["a", "c"]
    with pytest.raises(DatasetError, match="has no film “b” on disk"):
        library.open_film("generated", "b")


@pytest.mark.parametrize("name", ["nobody", "../a", "a.png", "", "a\x00", "*", "x" * 100_000])
def test_an_unknown_film_is_refused(shelf, library, name):
    shelf.add_dataset()
    with pytest.raises(DatasetError, match="The dataset generated has no film"):
        library.open_film("generated", name)


@pytest.mark.parametrize("name", ["nobody", "..", "../datasets/generated", "", "/etc"])
def test_an_unknown_dataset_is_refused(shelf, library, name):
    shelf.add_dataset()
    with pytest.raises(DatasetError, match=r"There is no dataset .*; there are .*generated"):
        library.films(name)


def outside(shelf) -> Path:
    """A film that no dataset may show."""
    path = shelf.root / "secret.png"
    Image.fromarray(shades(9)).save(path)
    return path


@pytest.mark.parametrize("kind", ["relative", "absolute", "symlink", "symlinked folder"])
def test_a_film_outside_its_dataset_is_not_opened(shelf, library, kind):
    secret = outside(shelf)
    folder = shelf.root / "films" / "generated"
    path = {
        "relative": "../../secret.png",
        "absolute": str(secret),
        "symlink": "a.png",
        "symlinked folder": "inside/secret.png",
    }[kind]
    shelf.add_dataset(path=[path, "b.png", "c.png"])
    if kind == "symlink":
        (folder / "a.png").unlink()
        (folder / "a.png").symlink_to(secret)
    if kind == "symlinked folder":
        (folder / "inside").symlink_to(shelf.root)
    assert (folder / path).resolve() == secret.resolve()
    # What the table itself shows to be wrong makes the whole table suspect; a link on disk only that film.
    with pytest.raises(FilmError if "symlink" in kind else DatasetError, match="lies outside its dataset"):
        library.open_film("generated", "a")
    if "symlink" in kind:
        assert library.open_film("generated", "b").facts.format == "PNG"


def test_a_film_that_is_gone_or_broken_is_one_sentence(shelf, library):
    shelf.add_dataset()
    folder = shelf.root / "films" / "generated"
    (folder / "a.png").unlink()
    (folder / "b.png").write_text("no picture", encoding="utf-8")
    for name in "ab":
        with pytest.raises((FilmError, OSError)):
            library.open_film("generated", name)
    assert library.open_film("generated", "c").facts.format == "PNG"


def test_a_broken_dataset_does_not_hide_the_others(shelf, library):
    shelf.add_dataset("first")
    broken = shelf.add_dataset("second")
    (broken / "films.parquet").write_bytes(b"no table")
    (shelf.root / "datasets" / "empty").mkdir()
    assert {"first", "second"} <= set(library.datasets())
    assert "empty" not in library.datasets()
    with pytest.raises(DatasetError):
        library.films("second")
    assert len(library.films("first")) == 3


@pytest.mark.parametrize("content", ["", "[]", "{}", "null", '{"name": 1}'])
def test_a_broken_dataset_json_is_one_sentence(shelf, library, content):
    (shelf.add_dataset() / "dataset.json").write_text(content, encoding="utf-8")
    with pytest.raises(DatasetError):
        library.films("generated")


def test_a_table_is_read_again_when_it_changes(shelf, library):
    shelf.add_dataset(films=("a",))
    assert list(library.films("generated").index) == ["a"]
    table = shelf.add_dataset(films=("a", "b")) / "films.parquet"
    os.utime(table, (time.time() + 5,) * 2)
    assert list(library.films("generated").index) == ["a", "b"]


def predictions_of(shelf, name: str, dataset: str, folder: str) -> None:
    table = pd.DataFrame({"Effusion": [0.2, 0.9]}, index=pd.Index(["a", "b"], name="film"))
    facts = PredictionsFacts(name, dataset, folder, "somebody", "import", ("Effusion",))
    write_predictions(shelf.root / "predictions" / name, facts, table)


def test_predictions_are_listed_with_the_dataset_that_they_are_of(shelf, library):
    mine, other = shelf.add_dataset("mine"), shelf.add_dataset("other")
    predictions_of(shelf, "first", "a name that the folder had once", str(mine))
    predictions_of(shelf, "second", "other", str(other))
    predictions_of(shelf, "moved", "mine", str(shelf.root / "gone"))
    (shelf.root / "predictions" / "broken").mkdir()
    (shelf.root / "predictions" / "broken" / "predictions.json").write_text("[]", encoding="utf-8")
    assert {"first", "second", "moved", "broken"} <= set(library.predictions())
    assert list(library.predictions("mine")) == ["first", "moved"]
    assert list(library.predictions("other")) == ["second"]


def test_predictions_are_read_by_name_and_their_errors_name_no_folder_of_the_server(shelf, library):
    predictions_of(shelf, "first", "mine", str(shelf.add_dataset("mine")))
    assert library.read_predictions("first").table.loc["b", "Effusion"] == 0.9
    with pytest.raises(PredictionsError, match=r"There are no predictions “\.\./first”; there are .*first"):
        library.read_predictions("../first")
    (shelf.root / "predictions" / "first" / "predictions.parquet").write_bytes(b"no table")
    os.utime(shelf.root / "predictions" / "first" / "predictions.parquet", (time.time() + 5,) * 2)
    with pytest.raises(PredictionsError) as error:
        library.read_predictions("first")
    assert str(shelf.root) not in str(error.value)


def test_the_whole_table_has_films_that_are_not_on_disk(shelf, library):
    shelf.add_dataset(on_disk=[True, False, True])
    assert list(library.table("generated").index) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"height": pd.Timestamp("2020-01-01")}, "something else than shares from 0 to 1 in the column height"),
        ({"x": "left"}, "something else than shares from 0 to 1 in the column x of its boxes"),
        ({"width": float("inf")}, "something else than shares from 0 to 1 in the column width of its boxes"),
        ({"finding": 3}, "something else than text in the column finding of its boxes"),
    ],
)
def test_boxes_that_are_none_are_one_sentence(shelf, library, change, words):
    box = {"film": "a", "finding": "Mass", "x": 0.25, "y": 0.5, "width": 0.25, "height": 0.125, "label": "Mass"}
    pd.DataFrame([box | change]).to_parquet(shelf.add_dataset() / "boxes.parquet")
    with pytest.raises(DatasetError, match=f"^generated holds {words}"):
        library.boxes("generated", "a")


def test_boxes_are_corners_in_fractions_by_finding(shelf, library):
    folder = shelf.add_dataset()
    box = {"film": "a", "finding": "Mass", "x": 0.25, "y": 0.5, "width": 0.25, "height": 0.125, "label": "Mass"}
    pd.DataFrame([box, box | {"x": 0.0}, box | {"film": "b", "finding": "Effusion"}]).to_parquet(
        folder / "boxes.parquet"
    )
    assert library.boxes("generated", "a") == {"Mass": [(0.25, 0.5, 0.5, 0.625), (0.0, 0.5, 0.25, 0.625)]}
    assert library.boxes("generated", "c") == {}


def test_what_people_outlined_is_shown_with_every_reader_s_edge_and_name(shelf, library):
    folder = shelf.add_dataset()
    mask = np.zeros((4, 2), bool)
    mask[0] = True
    rows = [mask_row("a", "Mass", mask, label="Lesion", reader="R2")]
    rows.append(mask_row("a", "Mass", np.ones((4, 2), bool), label="Lesion", reader="R1"))
    rows.append({"film": "a", "finding": "Edema", "x": 0.0, "y": 0.0, "width": 1.0, "height": 1.0, "label": "Edema"})
    box_table(rows).to_parquet(folder / "boxes.parquet")
    assert library.masks("generated", "a")["Mass"].tolist() == [[3, 3], [2, 2], [2, 2], [2, 2]]
    assert library.boxes("generated", "a") == {"Edema": [(0, 0, 1, 1)]}
    assert library.drawings("generated").who("a") == {"Mass": "two readers: R1, R2"}
    assert library.drawings("generated").readers("a") == "two readers: R1, R2"
    assert drawn_words(library.drawings("generated").table) == "1 box and 2 masks by 2 readers on 1 film"
    assert library.masks("generated", "b") == {} and library.drawings("generated").who("b") == {}


def test_a_damaged_outline_is_one_sentence(shelf, library):
    row = mask_row("a", "Mass", np.ones((4, 2), bool), label="Lesion", reader="R1") | {"mask": "12"}
    box_table([row]).to_parquet(shelf.add_dataset() / "boxes.parquet")
    with pytest.raises(DatasetError, match="The mask of Mass on “a” cannot be read: its runs have 3 pixels, not 4 × 2"):
        library.masks("generated", "a")
