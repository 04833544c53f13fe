"""What hangs on Compare where a visitor comes by a link, and what is told of films and walks that are lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.compare.arrival import LOST
from dashboard.films.state import State as FilmsState
from dashboard.films.walk import FilmsWalk
from dashboard.server.library import Library
from dashboard.server.uploads import Upload
from tests.dashboard.pages import Idle, link_of, opened, plain, said, serve
from xai.films.film import Film
from xai.films.reading import read_film


@pytest.fixture
def services(shelf, monkeypatch) -> Idle:
    """Serve one model that nobody loads, and three films."""
    monkeypatch.setattr("dashboard.server.library.BUILT_IN_MODELS", Path("/nowhere"))
    monkeypatch.setattr("dashboard.server.library.BUILT_IN_DATASETS", Path("/nowhere"))
    shelf.add_dataset(Effusion=[1.0, 0.0, 1.0])
    shelf.add_card("tiny")
    (shelf.root / "models" / "tiny.keras").write_bytes(b"not read")
    made = Idle(Library(shelf.root))
    serve(monkeypatch, shelf.root, lambda root: made)
    return made


def bring(app, services, shelf, count: int = 2) -> list[Upload]:
    """Have films of a visitor's own, the first of them on the light box."""
    film = read_film(next(shelf.root.rglob("c.png")))
    own = [Film.from_pixels(film.pixels * share) for share in (0.9, 0.8)[:count]]
    for one in own:
        services.films.put(one)
    brought = [Upload(one.sha256, f"mine {k}.png") for k, one in enumerate(own)]
    app.session_state["uploads"], app.session_state["upload"] = brought, brought[0]
    return brought


def test_the_address_tells_that_an_upload_hangs_and_nothing_of_it(services, shelf):
    app = opened()
    brought = bring(app, services, shelf)
    app.run()
    assert link_of(app) == {"upload": "1"}
    app.button(key="Next").click().run()
    assert link_of(app) == {"upload": "2"}
    assert not any(one.sha256 in str(link_of(app)) for one in brought)
    app.session_state["upload"] = None
    app.run()
    assert link_of(app) == {"film": "generated/a"}


def test_a_link_to_an_upload_says_what_is_lost_and_offers_to_hang_it_again(services, shelf):
    app = opened(upload="1", finding="Mass")
    assert [one.value for one in app.warning] == [LOST]
    assert link_of(app) == {"film": "generated/a", "finding": "Mass"}
    assert app.button(key="hang_again").label == "Hang it again"
    bring(app, services, shelf)
    app.run()
    assert said(app) == ""
    assert link_of(app) == {"upload": "1", "finding": "Mass"}


def test_what_is_lost_is_told_until_it_is_understood(services):
    app = opened(upload="3")
    app.button(key="Next").click().run()
    assert [one.value for one in app.warning] == [LOST]
    app.button(key="lost_understood").click().run()
    assert said(app) == ""
    assert link_of(app) == {"film": "generated/b"}


def test_a_walk_in_a_link_is_gone_through_and_leads_back(services):
    walk = FilmsWalk("generated", FilmsState("generated", labels=(("Effusion", "present"),)))
    app = opened(film="generated/a", walk=walk.query({}))
    assert app.button(key="back_to_films").label == "1 of 2"
    app.button(key="Next").click().run()
    assert link_of(app) == {"film": "generated/c", "walk": walk.query({})}
    assert app.button(key="back_to_films").label == "2 of 2"


def test_a_walk_that_cannot_be_used_is_one_sentence_and_leaves_the_film(services):
    walk = FilmsWalk("generated", FilmsState("generated"), tuple(f"film {k}" for k in range(60))).query({})
    for query, problem in ((walk, "picked by hand, and are too many for a link"), ("dataset=", "it names no dataset")):
        app = opened(film="generated/b", walk=query)
        assert problem in plain(said(app))
        assert len(app.warning) == 1
        assert link_of(app) == {"film": "generated/b"}


def test_a_film_outside_of_the_walk_has_no_walk_in_its_link(services):
    app = opened(film="generated/b", walk="dataset=generated&name=a")
    assert said(app) == ""
    assert link_of(app) == {"film": "generated/b"}
