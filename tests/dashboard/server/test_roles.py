"""What the table says holds where the work is done, whichever page or program asks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from dashboard.compare import drafts
from dashboard.errors import saving
from dashboard.films import predict
from dashboard.films.notes import Notebook
from dashboard.films.slices import Slices
from dashboard.films.state import State
from dashboard.lessons.lesson import Lesson, Step
from dashboard.lessons.shelf import Lessons
from dashboard.lessons.views import View
from dashboard.models import trash, versions
from dashboard.models.services import ModelServices
from dashboard.rooms import lead
from dashboard.server import roles
from dashboard.server.library import Library
from dashboard.server.roles import HEADER, MAY, Action, NotAllowedError, Role, offered, this_role
from dashboard.trust.brought import keep

ONLY = "Only the owner of this library may"
LESSON = Lesson("Mine", "", (Step("One", View("trust", {}), "Words."),))
REFUSED = {
    Action.DELETE_MODELS: [lambda root: trash.delete(Library(root), None), lambda root: trash.restore(None, None)],
    Action.IMPORT_MODELS: [lambda root: ModelServices(Library(root)).bring(None, "", root, None, None)],
    Action.FETCH_WEIGHTS: [lambda root: ModelServices(Library(root)).fetch(None)],
    Action.STOP_WORK: [lambda root: ModelServices(Library(root)).stop("fetch weights")],
    Action.CHANGE_CARDS: [
        lambda root: versions.switch(root, root),
        lambda root: versions.undo_switch(None),
        lambda root: drafts.save_card(None, root),
    ],
    Action.KEEP_REMEDIES: [
        lambda root: saving.save_mended(Library(root), None, "", [], ""),
        lambda root: saving.save_remedies(Library(root), None, None, [], ""),
        lambda root: saving.undo(None),
    ],
    Action.PREDICT: [lambda root: predict.start("films", "model")],
    Action.WRITE_NOTES: [
        lambda root: Notebook(root / "notes").add_tag("d", ["a"], "odd"),
        lambda root: Notebook(root / "notes").remove_tag("d", ["a"], "odd"),
        lambda root: Notebook(root / "notes").set_note("d", ["a"], "odd"),
    ],
    Action.KEEP_VIEWS: [
        lambda root: Notebook(root / "notes").save_view("mine", {}),
        lambda root: Notebook(root / "notes").remove_view("mine"),
        lambda root: Slices(root).save("mine", State(view=("PA",))),
        lambda root: Slices(root).remove("mine"),
    ],
    Action.KEEP_LESSONS: [
        lambda root: Lessons(root).add(LESSON),
        lambda root: Lessons(root).save("mine", LESSON),
        lambda root: Lessons(root).remove("mine"),
    ],
    Action.OPEN_ROOMS: [lambda root: lead.open_room(None)],
    Action.KEEP_LEAGUES: [lambda root: keep(Library(root), None)],
}


@pytest.fixture
def visitor(monkeypatch) -> None:
    monkeypatch.setattr(roles, "this_role", lambda: Role.VISITOR)


def test_each_action_of_the_owner_alone_is_tried_here():
    assert set(REFUSED) == {action for action, who in MAY.items() if Role.VISITOR not in who}
    assert set(MAY) == set(Action)
    assert all(Role.OWNER in who for who in MAY.values())


@pytest.mark.parametrize(
    ("action", "act"),
    [(action, act) for action, acts in REFUSED.items() for act in acts],
    ids=lambda one: one.name if isinstance(one, Action) else "",  # a function has no name that holds in two processes
)
def test_a_visitor_is_refused_where_the_work_is_done(action, act: Callable[[Path], object], visitor, tmp_path):
    with pytest.raises(NotAllowedError, match=f"^{ONLY} {action.value}[.]$"):
        act(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_owner_does_what_a_visitor_may_not(tmp_path):
    book = Notebook(tmp_path / "notes")
    book.add_tag("d", ["a"], "odd")
    book.save_view("mine", {"view": "PA"})
    assert (book.tags("d"), book.views()) == ({"odd": 1}, {"mine": {"view": "PA"}})
    Slices(tmp_path).save("mine", State(view=("PA",)))
    assert Slices(tmp_path).names() == ["mine"]
    ModelServices(Library(tmp_path)).stop("fetch weights")


def test_a_visitor_tags_films_of_their_own(visitor):
    book = Notebook(None)
    book.add_tag("d", ["a"], "odd")
    assert book.tags("d") == {"odd": 1}


def test_a_control_that_is_not_offered_says_why_and_where_to_change_that(visitor):
    told = offered(Action.DELETE_MODELS, help="Moves it.")
    assert told["disabled"]
    assert told["help"] == f"{ONLY} delete models and bring them back. If that is you, [enter your key](/owner)."
    assert offered(Action.LOOK, help="Look.") == {"disabled": False, "help": "Look."}


class Connected:
    """A runtime with a page whose browser has sent some headers; None where it has gone."""

    def __init__(self, headers: object) -> None:
        context = SimpleNamespace(headers=headers)
        self.client = None if headers is None else SimpleNamespace(client_context=context)

    def exists(self) -> bool:
        return True

    def get_instance(self) -> Connected:
        return self

    def get_client(self, session: str) -> object:
        return self.client


@pytest.mark.parametrize(
    ("headers", "role"),
    [
        ([("host", "localhost"), (HEADER, "owner")], Role.OWNER),
        ([(HEADER, "visitor")], Role.VISITOR),
        ([(HEADER, "OWNER")], Role.VISITOR),
        ([(HEADER, "owner"), (HEADER, "visitor")], Role.VISITOR),
        ([("host", "localhost")], Role.VISITOR),  # a server without the middleware
        (None, Role.VISITOR),  # a browser that has gone while its page runs
    ],
)
def test_the_role_is_what_the_middleware_wrote(headers, role, monkeypatch):
    monkeypatch.setattr(roles, "runtime", Connected(headers))
    monkeypatch.setattr(roles, "get_script_run_ctx", lambda **_: SimpleNamespace(session_id="ada"))
    assert this_role() is role


def test_python_of_this_machine_asks_as_the_owner():
    assert this_role() is Role.OWNER
