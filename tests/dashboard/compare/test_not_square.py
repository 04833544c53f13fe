"""The page with a model whose input is not square, and with the film prepared in other ways."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dashboard.compare import downloads, light_box, recipes
from dashboard.compare.asked import read_asked
from dashboard.compare.figure import Source, figure
from dashboard.compare.film_maps import FilmMap
from dashboard.compare.hang import Hung
from dashboard.compare.shown import Shown
from dashboard.compare.state import State
from dashboard.errors.mean_map import mean_map
from dashboard.page.words import percent
from dashboard.server.library import Library
from dashboard.server.services import Request, Services
from tests.dashboard.pages import opened, plain, said, serve, shown
from tests.xai import made_models as models
from xai.cards.model_card import ModelCard, card_path, write_card
from xai.explainers import EXPLAINERS
from xai.films.film import Film
from xai.models.preprocess import prepare
from xai.models.recipes import usual_recipes
from xai.pictures.sheet import HEIGHT, WIDTH

SIZES = [(96, 160), (160, 96)]
LINK = {"methods": "gradcam,shap,lime", "shap.evaluations": "100", "lime.samples": "100"}
SETTINGS = {"gradcam": (), "shap": (("evaluations", 100),), "lime": (("samples", 100),)}


@pytest.fixture(params=SIZES, ids=str)
def card(request) -> ModelCard:
    return replace(models.card(1, emits="logits", size=request.param), name="wide")


@pytest.fixture
def services(shelf, monkeypatch, card) -> Services:
    monkeypatch.setattr("dashboard.server.library.BUILT_IN_MODELS", Path("/nowhere"))
    monkeypatch.setattr("dashboard.server.library.BUILT_IN_DATASETS", Path("/nowhere"))
    shelf.add_dataset()
    path = shelf.root / "models" / "wide.keras"
    path.parent.mkdir()
    models.rectangle_model(card.input.shape).save(path)
    write_card(card, card_path(path))
    return Services(Library(shelf.root))


def explained(services: Services, film: Film) -> dict:
    requests = {method: Request(film, "wide", method, SETTINGS[method]) for method in SETTINGS}
    for request in requests.values():
        wait_for(services.explain("visitor", request))
    return {method: services.found(request) for method, request in requests.items()}


def wait_for(job) -> None:
    end = time.monotonic() + 120
    while not job.ended:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert job.state == "done", job.error


def test_maps_input_and_figure_keep_the_proportion(services, card):
    film = services.film("generated", "a")
    found = explained(services, film)
    for method, explanations in found.items():
        part = light_box.maps_part(EXPLAINERS[method], explanations, card, {})
        assert part["maps"].shape == (1, *card.input.shape)
    shown = light_box.input_part(film, card)
    assert shown["pixels"].shape == card.input.shape
    assert list(shown["rect"]) == [0, 0, 1, 1]
    hung = Hung(film, "a", services.library.record("generated", "a"))
    view = Shown.of(services, "page", State(methods=tuple(found)), hung, "wide", card)
    asked = read_asked({"finding": card.outputs[0]}, card.outputs)
    with Image.open(io.BytesIO(figure(Source(view, "a", "a", lambda changes: ("", {})), found, asked))) as picture:
        assert picture.size == (WIDTH, HEIGHT)
    raw = np.load(io.BytesIO(downloads._raw_maps(view, found, asked)))
    assert {raw[method].shape for method in found} == {card.input.shape}


def test_the_page_shows_it_and_how_far_other_preparations_move_it(services, card, monkeypatch):
    serve(monkeypatch, services.library.root, lambda root: services)
    app = opened(**LINK, film="generated/a")
    app.session_state["open_page"].hear()
    for job in list(services.jobs._jobs.values()):
        wait_for(job)
    assert not app.exception and said(app) == ""
    items = app.session_state["open_page"].items("compare")
    assert {one.state for one in items if not one.name.startswith("trust ")} == {"ready"}
    app.button(key="try_recipes").click().run()
    assert not app.exception and said(app) == ""
    table = next(one.value for one in app.dataframe if "Prepared" in one.value)
    assert list(table["Prepared"]) == [recipe.name for recipe in usual_recipes(card.input)]
    classifier = services.classifier("wide")
    film = services.film("generated", "a")
    own = card.probabilities(classifier.answer(classifier.prepare(film)))[0]
    assert table["Atelectasis"].iloc[0] == percent(float(own))
    assert "- Scaling of the shades: Atelectasis moves most" in plain(shown(app))


def test_the_largest_move_of_each_step_is_named_with_what_it_flips():
    card = models.card(("Mass", "Edema"), emits="logits")
    own, *others = usual_recipes(card.input)
    ways = [own, *(recipe for recipe in others if recipe.step in ("fit", "contrast"))]
    answers = np.array([[0.3, 0.6], [0.1, 0.65], [0.9, np.nan], [0.3, 0.6], [0.3, 0.6], [0.3, 0.6]])
    assert recipes.largest_moves(card, ways, answers) == [
        "Fit: Mass moves most, 30\u00a0% to 90\u00a0%, with “padded with air”; "
        "1 of 2 outputs change sides of the threshold.",
        "Contrast: no answer moves.",
    ]
    table = recipes.recipe_table(card, ways, answers)
    assert (
        list(table["Mass"])[:3] == ["30\u00a0%", "10\u00a0%", "90\u00a0%"]
        and table["Edema"].iloc[2] == "no finite number"
    )


def test_a_mean_map_of_films_keeps_the_proportion(card):
    films = [Film.from_pixels(np.full((50, 60), shade)) for shade in (0.25, 0.75)]
    classifier = models.classifier(models.rectangle_model(card.input.shape), card)
    explained = [EXPLAINERS["gradcam"]().explain(classifier, film)[0] for film in films]
    found = mean_map(
        [FilmMap(one.map, classifier.prepare(film), 0.5) for one, film in zip(explained, films, strict=True)]
    )
    np.testing.assert_allclose(found.film, np.full(card.input.shape, 0.5), atol=1e-6)
    rectangle = np.zeros(card.input.shape, bool)
    rectangle[models.RECTANGLE] = True
    np.testing.assert_allclose(found.evidence, rectangle / rectangle.sum(), atol=1e-7)


def test_an_input_that_overshoots_is_shown_within_black_and_white():
    film = Film.from_pixels(np.kron(np.eye(10), np.ones((10, 10))))
    card = models.card(1, size=33, resample="opencv-cubic")
    canvas = prepare(film.pixels, card.input)
    assert canvas.min() < -0.01 and canvas.max() > 1.01
    found = light_box.input_part(film, card)["pixels"]
    np.testing.assert_array_equal(found, np.rint(255 * np.clip(canvas, 0, 1)))
