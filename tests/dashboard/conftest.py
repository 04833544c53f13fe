from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from dashboard.server.roles import Role
from training.datasets.table import COLUMNS, DatasetFacts, write_dataset
from xai.films.film import Film

SIDE = 40


@pytest.fixture(autouse=True)
def own_main_module(monkeypatch):
    """Streamlit's AppTest puts the app in the place of ``__main__``, which every process started later would run."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(autouse=True)
def as_owner(monkeypatch):
    """A page that AppTest runs has no browser, so nobody knows who asks: here that is the owner."""
    monkeypatch.setattr("dashboard.server.roles.this_role", lambda: Role.OWNER)


@pytest.fixture(scope="session", autouse=True)
def components_of_packages() -> Iterator[None]:
    """Look once for components in all installed packages: AppTest does so for each app, most of the time it takes."""
    from streamlit.components.v2 import manifest_scanner

    with pytest.MonkeyPatch.context() as patch:
        scan = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


def shades(seed: int, side: int = SIDE) -> np.ndarray:
    """A smooth random film, uint8."""
    noise = gaussian_filter(np.random.default_rng(seed).random((side, side)), 3)
    return np.uint8(255 * (noise - noise.min()) / np.ptp(noise))


@dataclass(frozen=True)
class Shelf:
    """A library folder that a test fills."""

    root: Path

    def add_dataset(self, name: str = "generated", films: tuple[str, ...] = ("a", "b", "c"), **columns: list) -> Path:
        """Write films and their table; columns replace those of the table."""
        pictures = self.root / "films" / name
        for seed, film in enumerate(films):
            path = pictures / f"{film}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(shades(seed)).save(path)
        row = dict.fromkeys(COLUMNS, np.nan) | {"dataset": name, "view": "PA", "sex": "F", "age": 50.0, "on_disk": True}
        rows = [row | {"film": film, "path": f"{film}.png", "patient": film} for film in films]
        table = pd.DataFrame(rows, columns=list(COLUMNS)).assign(**columns)
        folder = self.root / "datasets" / name
        write_dataset(folder, DatasetFacts(name, str(pictures), "made here", "none", "none", {}, 0), table)
        return folder

    def add_model(self, name: str = "tiny", **card: object) -> Path:
        """Save a two-output network of one convolution, and its card; entries replace those of the card."""
        from xai.backend import keras

        layers = keras.layers
        inputs = keras.Input((16, 16, 1))
        features = layers.Conv2D(3, 3, activation="relu", kernel_initializer=keras.initializers.GlorotUniform(0))
        pooled = layers.GlobalAveragePooling2D()(features(inputs))
        outputs = layers.Dense(2, kernel_initializer=keras.initializers.GlorotUniform(1))(pooled)
        path = self.root / "models" / f"{name}.keras"
        path.parent.mkdir(parents=True, exist_ok=True)
        keras.Model(inputs, outputs).save(path)
        self.add_card(name, **card)
        return path

    def add_card(self, name: str, **card: object) -> Path:
        path = self.root / "models" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "name": name,
            "outputs": ["Effusion", "Mass"],
            "head": {"link": "sigmoid", "emits": "logits"},
            "input": {"size": 16, "channels": 1},
        }
        path.write_text(json.dumps(content | card), encoding="utf-8")
        return path


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


@pytest.fixture
def film() -> Film:
    return Film.from_pixels(shades(7) / np.float32(255))


@pytest.fixture
def contents() -> Callable[[Path], dict[str, bytes]]:
    """Give the function that reads every file under a folder."""

    def read(folder: Path) -> dict[str, bytes]:
        files = (path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    return read
