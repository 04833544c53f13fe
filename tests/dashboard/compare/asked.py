"""A page that asks: the tiny model's answers, on a film of a dataset or of a visitor."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dashboard.compare.shown import Shown
from dashboard.server.awaited import Item, Want
from dashboard.server.library import Library
from dashboard.server.page import Page
from dashboard.server.services import Services
from tests.dashboard.conftest import Shelf
from xai.films.film import Film
from xai.films.mend import Mend
from xai.models.preprocess import footprint

LONG = 60.0  # seconds: TensorFlow's import is in it
PARAMETERS = {
    "gradcam": (),
    "shap": (("evaluations", 40), ("baseline", "blurred film"), ("grid", 4), ("context", "ends")),
    "lime": (("samples", 60), ("regions", 9), ("baseline", "blurred film"), ("design", "lime")),
}


def services_of(root: Path) -> Services:
    """Serve a library with a tiny model of 16 pixels and a dataset."""
    shelf = Shelf(root)
    shelf.add_model(input={"size": 16, "channels": 1, "multiply": 20})
    shelf.add_dataset()
    return Services(Library(shelf.root))


def shown_of(services: Services, film: str = "a", upload: Film | None = None) -> Shown:
    """What a page shows of a film of the shelf's dataset, or of an upload."""
    card = services.library.card("tiny")
    record = None if upload is not None else services.library.record("generated", film)
    hung = upload or services.film("generated", film)
    seen = footprint(*hung.pixels.shape, card.input)
    return Shown(
        services,
        hung.sha256,
        record,
        came=hung.sha256,
        mend=Mend(),
        waiter="page",
        model="tiny",
        card=card,
        truth={},
        sides=None,
        plain="",
        parameters=PARAMETERS,
        seed=0,
        without=(),
        footprint=seen,
    )


def answered(wants: Sequence[Want]) -> Item:
    """Wait for the one thing that a page asked."""
    page = Page("ada")
    page.is_connected = lambda: True
    page.expect("asked", wants)
    end = time.monotonic() + LONG
    while not (item := page.items("asked")[0]).ended:
        assert time.monotonic() < end, item
        time.sleep(0.01)
    return item


def explain(shown: Shown, *methods: str) -> None:
    for method in methods:
        want = next(one for one in shown.wants() if one.name == method)
        assert answered([want]).state == "ready"


def content(monkeypatch: Any, shown: Shown, wants: Sequence[Want]) -> dict[str, Any]:
    """What a part holds before it is packed."""
    made: list[dict[str, Any]] = []
    monkeypatch.setattr("dashboard.compare.film_parts.pack", lambda payload: made.append(payload) or b"packed")
    item = answered(wants)
    assert item.state == "ready", item.message
    assert shown.services.channel.parts.find(item.part, "ada") is not None
    return made[-1]
