from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.xai import made_models as models
from xai.backend import keras
from xai.films.film import Film
from xai.models.classifier import Classifier
from xai.models.loading import load_model


@pytest.fixture(scope="session")
def film() -> Film:
    return models.random_film()


@pytest.fixture(scope="session")
def zoo_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], keras.Model]:
    """Give a model of the zoo by name; built once."""
    folder = tmp_path_factory.mktemp("zoo")
    built: dict[str, keras.Model] = {}

    def get(name: str) -> keras.Model:
        if name not in built:
            model = models.build(name)
            if models.ZOO[name].saved:
                path = folder / f"{name}.keras"
                model.save(path)
                model = load_model(path)
            built[name] = model
        return built[name]

    return get


@pytest.fixture(scope="session")
def zoo(zoo_model: Callable[[str], keras.Model]) -> Callable[[str], Classifier]:
    """Give a classifier of the zoo by name; compiled once."""
    made: dict[str, Classifier] = {}

    def get(name: str) -> Classifier:
        if name not in made:
            made[name] = models.classifier(zoo_model(name), models.ZOO[name].card, name)
        return made[name]

    return get
