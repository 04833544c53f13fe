"""Who may do what: the owner of the library anything, a visitor whatever leaves it as it is.

The one table is `MAY`. It is asked where the work is done (`only`); pages ask too, to show what they do not offer.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

HEADER = "x-lightbox-role"  # written by `owner.WhoAsks` on every connection, whatever came with it
DOOR = "owner"  # the page where the owner's key is entered

P = ParamSpec("P")
R = TypeVar("R")


class Role(enum.Enum):
    """Who asks."""

    OWNER = "owner"
    VISITOR = "visitor"


class Action(enum.Enum):
    """What can be done, as it stands behind “may”."""

    LOOK = "look at films, maps, figures and models"
    BRING_FILMS = "bring films, for their own eyes"
    TAKE_FILES = "take files along"
    DELETE_MODELS = "delete models and bring them back"
    IMPORT_MODELS = "import models"
    FETCH_WEIGHTS = "fetch published weights"
    STOP_WORK = "stop what the library is waiting for"
    CHANGE_CARDS = "write a model’s card or change it"
    KEEP_REMEDIES = "keep remedies and take them back"
    PREDICT = "let a model answer a whole dataset"
    WRITE_NOTES = "tag films and write notes"
    KEEP_VIEWS = "keep and remove views and slices"
    KEEP_LESSONS = "write, change and remove lessons"
    OPEN_ROOMS = "open a room for a class"
    KEEP_LEAGUES = "keep results of benchmarks in the library"


EVERYBODY, THE_OWNER = frozenset(Role), frozenset({Role.OWNER})

MAY: Mapping[Action, frozenset[Role]] = {
    Action.LOOK: EVERYBODY,
    Action.BRING_FILMS: EVERYBODY,
    Action.TAKE_FILES: EVERYBODY,
    Action.DELETE_MODELS: THE_OWNER,
    Action.IMPORT_MODELS: THE_OWNER,
    Action.FETCH_WEIGHTS: THE_OWNER,
    Action.STOP_WORK: THE_OWNER,
    Action.CHANGE_CARDS: THE_OWNER,
    Action.KEEP_REMEDIES: THE_OWNER,
    Action.PREDICT: THE_OWNER,
    Action.WRITE_NOTES: THE_OWNER,
    Action.KEEP_VIEWS: THE_OWNER,
    Action.KEEP_LESSONS: THE_OWNER,
    Action.OPEN_ROOMS: THE_OWNER,
    Action.KEEP_LEAGUES: THE_OWNER,
}


class NotAllowedError(ValueError):
    """Something that this visitor may not do; the message is one sentence."""


def only(action: Action) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function do its work only for who may do that; raises `NotAllowedError` for anybody else."""

    def guard(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def guarded(*arguments: P.args, **options: P.kwargs) -> R:
            require(action)
            return function(*arguments, **options)

        return guarded

    return guard


def require(action: Action) -> None:
    """Go on where who asks may do something; raises `NotAllowedError` else."""
    if not may(action):
        raise NotAllowedError(f"Only the owner of this library may {action.value}.")


def may(action: Action) -> bool:
    """Whether who asks may do something."""
    return this_role() in MAY[action]


def this_role() -> Role:
    """Give the role of who asks: what the middleware wrote on the connection of the page that is running.

    Where no page runs, Python of this machine asks. A page whose browser has gone is nobody's, so a visitor's.
    """
    context = get_script_run_ctx(suppress_warning=True)
    if context is None or not runtime.exists():
        return Role.OWNER
    client = runtime.get_instance().get_client(context.session_id)
    if client is None or client.client_context is None:
        return Role.VISITOR
    written = [value for name, value in client.client_context.headers if name.lower() == HEADER]
    return Role.OWNER if written == [Role.OWNER.value] else Role.VISITOR


def offered(action: Action, *, disabled: bool = False, help: str | None = None) -> dict[str, Any]:
    """Give the options of a control that does something: for who may not, it is off, and says why."""
    if may(action):
        return {"disabled": disabled, "help": help}
    return {"disabled": True, "help": refusal(action)}


def refusal(action: Action) -> str:
    """Say who may do something, and where to become that."""
    return f"Only the owner of this library may {action.value}. If that is you, [enter your key]({door_address()})."


def door_address() -> str:
    """Give where the owner's key is entered, from the root of the server."""
    base = st.get_option("server.baseUrlPath").strip("/")
    return f"{'/' + base if base else ''}/{DOOR}"
