"""While the truth is hidden nothing tells it: no name, no title, no file."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dashboard.compare import downloads
from dashboard.compare.figure import Source
from dashboard.compare.hang import Hung, current_film
from dashboard.compare.shown import Shown
from dashboard.compare.state import State
from dashboard.server.library import Library
from tests.dashboard.compare.test_light_box import explanation
from tests.dashboard.pages import Idle

SHOWN, HIDDEN = ({"finding": "Effusion", "display": json.dumps({"truth": on})} for on in (True, False))


@pytest.fixture
def services(shelf) -> Idle:
    shelf.add_dataset(films=("edema_1", "b"), Edema=[1.0, 0.0], Effusion=[1.0, 0.0])
    shelf.add_card("tiny")
    (shelf.root / "models" / "tiny.keras").write_bytes(b"not read")
    return Idle(Library(shelf.root))


def hung(services: Idle, film: str) -> Hung:
    return current_film(services, State(film=f"generated/{film}"))


def view(services: Idle, film: str) -> Shown:
    return Shown.of(services, "page", State(), hung(services, film), "tiny", services.library.card("tiny"))


def test_a_film_whose_name_holds_a_label_is_called_by_its_place(services):
    told, other = hung(services, "edema_1"), hung(services, "b")
    assert told.title.startswith("edema_1 · generated · PA")
    assert told.plain_title.startswith("film 1 of 2 · generated · PA")
    assert (other.plain_title, other.plain_name) == (other.title, "b")


def test_what_hangs_is_described_with_its_sides_where_they_are_known(services):
    assert hung(services, "b").described("b") == "Chest film b, which side is which is not known"


def file(services: Idle, monkeypatch, name: str, asked: dict[str, str]) -> tuple[str, str]:
    """Make a file of a film whose name tells what is on it; give its name and content."""
    both = [explanation(name, np.ones((16, 16))) for name in ("Effusion", "Mass")]
    monkeypatch.setattr(Shown, "seen", lambda self: {"gradcam": both})
    link = lambda changes: ("", {})  # noqa: E731
    source = Source(view(services, "edema_1"), "told", "plain", link)
    made = downloads.downloads(source, "id", ())[name](asked)
    assert made is not None
    return made[0], made[2].decode()


def test_parameters_hold_the_truth_only_while_it_is_shown(services, monkeypatch):
    told, hidden, unasked = (
        json.loads(file(services, monkeypatch, "parameters", asked)[1])
        for asked in (SHOWN, HIDDEN, {"finding": "Effusion"})
    )
    assert (told["film"], told["truth"]) == ("edema_1", "present")
    assert hidden["film"] == "film 1 of 2" and "truth" not in hidden
    assert unasked == hidden  # who asks for nothing is told nothing
    assert hidden["film_sha256"] == told["film_sha256"]


def test_files_are_named_after_the_film_only_while_its_name_may_be_told(services, monkeypatch):
    names = [file(services, monkeypatch, "parameters", asked)[0] for asked in (SHOWN, HIDDEN)]
    assert names == ["edema_1.Effusion.json", "film 1 of 2.Effusion.json"]


def test_the_figure_names_the_truth_only_while_it_is_shown(services, monkeypatch):
    told, hidden = (file(services, monkeypatch, "figure", {**asked, "form": "svg"})[1] for asked in (SHOWN, HIDDEN))
    assert "is present" in told and "told · model" in told
    assert "is present" not in hidden and "Truth" not in hidden and "edema" not in hidden and "plain · model" in hidden
