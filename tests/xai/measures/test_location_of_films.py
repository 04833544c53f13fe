"""Where the evidence lies on whole films: words of real maps held to the pixels of those maps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.xai.measures.held_to_pixels import held_to_pixels, zone_at
from xai.built_in import BUILT_IN_DATASETS
from xai.explainers.controls import RandomMap
from xai.explainers.explanation import Explainer, Explanation
from xai.explainers.gradcam import GradCAM
from xai.explainers.lime import LIME
from xai.explainers.shap import SHAP
from xai.films.reading import read_film
from xai.models.classifier import Classifier
from xai.models.library import find_model

FOUR = ("Effusion", "Mass", "Emphysema", "Cardiomegaly")
REGIONS = [SHAP(evaluations=60), LIME(samples=60)]


@pytest.fixture(scope="module")
def default() -> Classifier:
    return Classifier.load(find_model("lightbox"))


def maps(method: Explainer, model: Classifier, films: Sequence[Path]) -> Iterator[Explanation]:
    for path in films:
        yield from method.explain(model, read_film(path), FOUR)


def named_rightly(made: Explanation) -> bool:
    """Hold the words to a map's cells, or to the region that is brightest: any of its pixels may be named."""
    said = made.describe()
    if made.map.max() <= 0:
        return said.startswith("No evidence for this finding.")
    if made.cells is not None:
        held_to_pixels(said, made.map, made.cells)
        return True
    spot = made.map >= made.map.max() * (1 - 1e-6)
    zones = {zone_at(row, column, spot.shape) for row, column in np.argwhere(spot)}
    wanted = "|".join(f"in the {height} third of the film, {side}" for height, side in zones)
    return re.match(rf"(Brightest|Strongest for it) ({wanted})", said) is not None or spot.mean() > 0.2


@pytest.mark.parametrize("method", [GradCAM(), *REGIONS, RandomMap()], ids=lambda one: one.name)
def test_words_of_each_method_hold_to_its_map(method, zoo, film):
    assert all(named_rightly(made) for made in method.explain(zoo("flat"), film))


def test_grad_cams_of_simulated_films_are_named_rightly(default):
    films = sorted((BUILT_IN_DATASETS / "simulated" / "films").glob("*.png"))[::6]
    assert len(films) == 40  # all 240 take six times as long, and were named rightly too
    assert sum(named_rightly(made) for made in maps(GradCAM(), default, films)) == 160


@pytest.mark.real_films
def test_grad_cams_of_forty_real_films_are_named_rightly(default, real_data):
    films = sorted((real_data / "nih" / "images").glob("*.png"))[:40]
    assert sum(named_rightly(made) for made in maps(GradCAM(), default, films)) == 160


@pytest.mark.real_films
@pytest.mark.parametrize("method", REGIONS, ids=lambda one: one.name)
def test_regions_of_real_films_are_named_rightly(method, default, real_data):
    films = sorted((real_data / "nih" / "images").glob("*.png"))[40:44]
    assert sum(named_rightly(made) for made in maps(method, default, films)) == 16
