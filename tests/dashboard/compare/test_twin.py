from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dashboard.compare.hang import Hung
from dashboard.compare.state import State
from dashboard.compare.twin import captions_part, removable
from dashboard.server.library import Library, render_film
from dashboard.server.services import open_services
from training.simulation.dataset import Plan, generate
from training.simulation.population import Confounder
from xai.cards.model_card import InputSpec, ModelCard

SIDE = 96
PLAN = Plan(films=4, seed=3, size=SIDE, prevalence="balanced", confounders=(Confounder.parse("token:Mass:1:1"),))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("library")
    generate(PLAN, root / "datasets" / "drawn", workers=1)
    recipes = Plan(PLAN.films, PLAN.seed, SIDE, PLAN.prevalence, PLAN.confounders, recipes_only=True)
    generate(recipes, root / "datasets" / "recipes")
    return root


@pytest.fixture(scope="module")
def library(root):
    return Library(root)


def test_a_film_without_pixels_is_rendered_as_the_file_would_be(library):
    for name in library.films("drawn").index:
        on_disk, rendered = library.open_film("drawn", name), library.open_film("recipes", name)
        assert rendered.pixels.shape == (SIDE, SIDE)
        assert rendered.sha256 == on_disk.sha256


def test_masks_are_the_same_read_or_rendered(library):
    for name in library.films("drawn").index:
        read, rendered = library.masks("drawn", name), library.masks("recipes", name)
        for finding, mask in rendered.items():
            np.testing.assert_array_equal(mask, read.get(finding, np.zeros_like(mask)))


def test_the_truth_in_the_record_is_the_recipe(library):
    for name in library.films("drawn").index:
        record = library.record("drawn", name)
        assert {finding for finding, truth in record.truth.items() if truth == "present"} == set(
            record.recipe.severities
        )


def test_a_twin_differs_from_its_film_where_the_mask_is(library, root):
    services = open_services(root)
    name = library.films("drawn").index[0]
    record = library.record("drawn", name)
    assert "token" in record.recipe.objects
    film, twin = services.film("drawn", name), services.twin(record, ("token",))
    changed = np.abs(film.pixels - twin.pixels) > 0.1
    assert changed.any()
    assert not changed[~library.masks("drawn", name)["token"]].any()
    assert services.twin(record, ("token",)) is twin
    assert render_film(record).sha256 == film.sha256


def test_only_what_is_on_a_simulated_film_can_be_taken_off(library):
    record = library.record("drawn", library.films("drawn").index[0])
    film = render_film(record)
    assert removable(Hung(film, "film", record)) == [*record.recipe.severities, *record.recipe.objects]
    assert removable(Hung(film, "an upload")) == []
    assert State().without == ()


def test_a_dataset_without_recipes_has_no_masks(library, root):
    folder = root / "datasets" / "plain"
    generate(Plan(films=1, seed=3, size=SIDE), folder, workers=1)
    table = pd.read_parquet(folder / "films.parquet").drop(columns="recipe")
    table.to_parquet(folder / "films.parquet")
    assert library.masks("plain", table["film"].iloc[0]) == {}


@pytest.mark.parametrize(
    ("without", "told"),
    [
        (("Mass",), "Without mass: 50\u00a0%. With it: 88\u00a0%. Taking it away moves the logit by −2.00."),
        (
            ("Mass", "token"),
            "Without mass, token: 50\u00a0%. With them: 88\u00a0%. Taking them away moves the logit by −2.00.",
        ),
    ],
)
def test_what_a_twin_lacks_is_called_it_or_them(without, told):
    card = ModelCard("test", ("Mass",), "sigmoid", "logits", InputSpec(16, 1))
    part = captions_part(card, np.array([2.0]), np.array([0.0]), without)
    assert part["captions"]["Mass"]["where"] == told
    assert part["captions"]["Mass"]["plain"]["where"].startswith("Without what the twin lacks: ")
