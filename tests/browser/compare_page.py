"""What a visitor of the Compare page does and sees, for all tests that pass by it."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs, quote

import numpy as np
import pandas as pd
import pytest

from tests.browser.made_films import picture, png
from tests.browser.until import until
from training.datasets.table import COLUMNS, DatasetFacts, write_dataset

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
expect.set_options(timeout=60_000)  # milliseconds: a busy machine takes its time, and nothing waits longer than it must

APP = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"
SLOW = 240_000  # where a model is loaded or a film explained
DATASET = "generated"
OVERTURE = {"film": f"{DATASET}/a", "finding": "Effusion", "lime.samples": "100", "shap.evaluations": "100"}


def write_library(root: Path) -> None:
    """Three generated films, the second without a known label."""
    films = root / "films"
    films.mkdir(parents=True)
    rows = []
    for seed, name in enumerate("abc"):
        (films / f"{name}.png").write_bytes(png(picture(seed)))
        row = dict.fromkeys(COLUMNS, np.nan) | {"film": name, "path": f"{name}.png", "dataset": DATASET}
        rows.append(row | {"patient": name, "view": "PA", "sex": "F", "age": 50.0, "split": "test", "on_disk": True})
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table["Effusion"] = [1.0, np.nan, 0.0]
    facts = DatasetFacts(DATASET, str(films), "made by this test", "none", "none", {}, 0)
    write_dataset(root / "datasets" / DATASET, facts, table)


def write_slow_model(folder: Path) -> None:
    """A network that takes a minute for what a visitor has asked for, so that there is time to cancel."""
    from xai.backend import keras

    folder.mkdir(exist_ok=True)
    x = inputs = keras.Input((256, 256, 1))
    for _ in range(2):
        x = keras.layers.Conv2D(20, 7, padding="same", activation="relu")(x)
    outputs = keras.layers.Dense(1)(keras.layers.GlobalAveragePooling2D()(x))
    keras.Model(inputs, outputs).save(folder / "slow.keras")
    card = {
        "name": "slow",
        "outputs": ["Effusion"],
        "head": {"link": "sigmoid", "emits": "logits"},
        "input": {"size": 256, "channels": 1},
    }
    (folder / "slow.json").write_text(json.dumps(card), encoding="utf-8")


def write_small_model(folder: Path) -> None:
    """A network that answers at once."""
    from xai.backend import keras

    folder.mkdir(exist_ok=True)
    inputs = keras.Input((32, 32, 1))
    features = keras.layers.Conv2D(4, 3, activation="relu")(inputs)
    outputs = keras.layers.Dense(1)(keras.layers.GlobalAveragePooling2D()(features))
    keras.Model(inputs, outputs).save(folder / "small.keras")
    card = {
        "name": "small",
        "outputs": ["Effusion"],
        "head": {"link": "sigmoid", "emits": "logits"},
        "input": {"size": 32, "channels": 1},
    }
    (folder / "small.json").write_text(json.dumps(card), encoding="utf-8")


def link(address: str, **view: str) -> str:
    return f"{address}?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in view.items())


def panels(page, state: str = "ready"):
    return page.locator(f".viewer .panel[data-state={state}]")


def finish(page, count: int = 3) -> None:
    """Wait until all maps of the film in the heading are there and the page rests."""
    expect(page.locator(".viewer .film .subtitle")).to_have_text(title(page).inner_text(), timeout=SLOW)
    expect(panels(page)).to_have_count(count, timeout=SLOW)
    expect(page.get_by_text("All maps are there.")).to_be_visible(timeout=SLOW)


def title(page):
    return page.locator(".stMain h5")


def costs(page) -> list[str]:
    """The words on what each map cost: a map that is computed again says other seconds."""
    return page.locator(".viewer .panel:not(.film) .cost").all_inner_texts()


def address_of(page) -> dict[str, str]:
    search = page.evaluate("location.search.slice(1)")  # page.url lags behind what a script has pushed
    return {name: values[0] for name, values in parse_qs(search).items()}


def upload(page, *files: tuple[str, bytes]) -> None:
    page.get_by_role("button", name="Hang films").click()
    payload = [{"name": name, "mimeType": "application/octet-stream", "buffer": content} for name, content in files]
    page.locator("input[type=file]").set_input_files(payload)


def contents(*folders: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}


def choose_model(page, name: str) -> None:
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name=name, exact=True).click()


def wait_for_link(tab, /, **parts: str) -> None:
    """Wait until the address holds these."""
    for name, value in parts.items():
        until(tab, "([name, value]) => new URLSearchParams(location.search).get(name) === value", arg=[name, value])
