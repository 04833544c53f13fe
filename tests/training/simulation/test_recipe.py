from __future__ import annotations

import json

import numpy as np
import pytest

from training.simulation.objects import OBJECTS
from training.simulation.population import Confounder, ConfounderError, Follows, draw_recipe, label_sets
from training.simulation.recipe import Recipe, RecipeError
from training.simulation.render import Sitting, render
from xai.findings import FINDINGS

FULL = Recipe(
    2**31 - 1,
    2**31 - 2,
    "AP",
    61,
    "F",
    (("Effusion", 0.62, "left"), ("Nodule", 0.3, "right"), ("Edema", 0.5, "both")),
    OBJECTS,
)


def test_a_recipe_survives_json_and_is_small():
    assert Recipe.from_json(FULL.to_json()) == FULL
    assert len(FULL.to_json()) < 400


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"view": "lateral"}, "Expected view to be PA or AP, but got lateral"),
        ({"findings": {"Gout": [0.5, "left"]}}, "Expected finding to be one of"),
        ({"findings": {"Nodule": [1.5, "left"]}}, "severity of Nodule"),
        ({"findings": {"Nodule": [0.5, "both"]}}, "side of Nodule to be right or left, but got both"),
        ({"objects": ["umbrella"]}, "but got umbrella"),
        ({"version": 99}, "recipe version"),
        ({"seed": None}, "A recipe needs seed"),
    ],
)
def test_a_recipe_that_cannot_be_rendered_is_refused_in_words(change, words):
    with pytest.raises(RecipeError, match=words):
        Recipe.from_json(json.dumps(json.loads(FULL.to_json()) | change))


def test_a_film_is_the_same_when_rendered_twice():
    first, second = (render(FULL, size=160) for _ in range(2))
    assert first.dtype == np.float32 and first.min() >= 0 and first.max() <= 1
    np.testing.assert_array_equal(first, second)


def test_one_sitting_gives_the_films_that_fresh_ones_give():
    here = Sitting(FULL, 160)
    here.masks()
    np.testing.assert_array_equal(here.film(["Edema"]), render(FULL, without=["Edema"], size=160))


def test_a_twin_can_lack_only_what_exists():
    with pytest.raises(RecipeError, match="but got umbrella"):
        FULL.without(["umbrella"])
    assert FULL.without(["Nodule", "token"]).severities == {"Effusion": 0.62, "Edema": 0.5}


@pytest.mark.parametrize("name", OBJECTS)
def test_each_object_has_a_mask_of_its_own(name):
    recipe = Recipe(8, 8, "AP", 50, "M", (), (name,))
    here = Sitting(recipe, 240)
    mask = here.masks()[name]
    assert 0.0005 < mask.mean() < 0.12
    change = np.abs(here.film() - here.film([name]))
    assert change[mask].mean() > 0.02 and change[~mask].max() < 0.03


def test_a_person_keeps_their_body_from_film_to_film():
    first, second = (Sitting(Recipe(seed, 77, "PA", 40, "M"), 96).chest().anatomy for seed in (1, 2))
    assert first.cage == second.cage and first.lungs.calibre == second.lungs.calibre
    assert first.diaphragm != second.diaphragm  # another breath


def test_confounders_come_at_the_rates_asked_for():
    token = Confounder.parse("token:Emphysema:0.9:0.1")
    recipes = [draw_recipe(3, k, "balanced", (token,)) for k in range(1500)]
    carries = np.array(["token" in recipe.objects for recipe in recipes])
    ill = np.array(["Emphysema" in recipe.severities for recipe in recipes])
    assert carries[ill].mean() == pytest.approx(0.9, abs=4 * np.sqrt(0.09 / ill.sum()))
    assert carries[~ill].mean() == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / (~ill).sum()))


def test_a_confounder_changes_nothing_else():
    token = Confounder.parse("token:Emphysema:1:1")
    plain, planted = draw_recipe(3, 5), draw_recipe(3, 5, confounders=(token,))
    assert planted.without(["token"]) == plain.without(["token"])


@pytest.mark.parametrize("text", ["token", "token:Emphysema:2:0", "hat:Emphysema:1:0", "token:Gout:1:0", "a:b:c:d:e"])
def test_a_confounder_that_cannot_be_planted_is_refused(text):
    with pytest.raises(ConfounderError, match="Expected"):
        Confounder.parse(text)


@pytest.mark.parametrize("text", ["token", "token:Emphysema", "Emphysema:hat", "Gout:token", "a:b:c"])
def test_a_label_that_cannot_follow_is_refused(text):
    with pytest.raises(ConfounderError, match="Expected"):
        Follows.parse(text)


def table_of(recipes: list[Recipe]) -> np.ndarray:
    return np.array([[name in recipe.severities for name in FINDINGS] for recipe in recipes])


def test_a_balanced_dataset_of_240_has_each_finding_fifteen_times():
    for seed in range(3):
        assert table_of([draw_recipe(seed, k, "balanced") for k in range(240)]).sum(axis=0).min() >= 15


def test_co_occurrence_follows_the_label_sets():
    """Expected counts in closed form from the sets' shares; observed within five standard errors."""
    sets = label_sets()
    share = sets.sum(axis=1).to_numpy() / sets.to_numpy().sum()
    member = np.array([[name in found for name in FINDINGS] for found in sets.index])
    expected = np.einsum("s,si,sj->ij", share, member, member)
    n = 4000
    seen = table_of([draw_recipe(9, k) for k in range(n)]).astype(float)
    observed = seen.T @ seen / n
    assert np.all(np.abs(observed - expected) < 5 * np.sqrt(expected * (1 - expected) / n) + 3 / n)
    assert (seen.sum(axis=1) == 0).mean() == pytest.approx(share[member.sum(axis=1) == 0].sum(), abs=0.03)


@pytest.mark.real_films
def test_the_label_sets_are_those_of_chestxray14(real_data):
    import pandas as pd

    table = pd.read_csv(real_data / "nih" / "Data_Entry_2017_v2020.csv.gz")
    labels = table["Finding Labels"].str.get_dummies("|")[list(FINDINGS)].to_numpy()
    real = labels.T @ labels / len(labels)
    sets = label_sets()
    member = np.array([[name in found for name in FINDINGS] for found in sets.index])
    ours = np.einsum("s,si,sj->ij", sets.sum(axis=1).to_numpy() / sets.to_numpy().sum(), member, member)
    np.testing.assert_allclose(ours, real, atol=0.004)
    assert np.corrcoef(ours[np.triu_indices(14, 1)], real[np.triu_indices(14, 1)])[0, 1] > 0.995
