from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute

from dashboard.server.hosts import KnownHosts, is_known, machine_names
from dashboard.server.middleware import Unlisted
from tests.dashboard.server.asgi import ask
from tests.dashboard.server.coroutines import run_to_end

NAMES = {"localhost", "lab.example.org", "*.school.example"}


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8501", "localhost.", "127.0.0.1:8501", "[::1]:8501", "192.168.7.4", "lab.example.org",
     "room.school.example:80", None],
)  # fmt: skip
def test_addresses_and_names_of_the_server_are_known(host):
    assert is_known(host, NAMES)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:127", "school.example",
     "lab.example.org.evil.example", "", ":8501", "[::1", "a" * 300, "user@evil.example"],
)  # fmt: skip
def test_any_other_name_is_not(host):
    assert not is_known(host, NAMES)


def test_any_name_is_known_where_that_was_asked_for():
    assert is_known("anything.example", {"*"})


def test_the_machine_is_known_by_its_own_name(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "Laptop.home")
    assert machine_names() == ("localhost", "laptop.home", "laptop.local")


async def page(request):
    return PlainTextResponse("the films")


async def stream(socket):
    await socket.accept()
    await socket.send_text("the films")
    await socket.close()


def served(*names: str) -> Starlette:
    routes = [Route("/", page), Route("/_stcore/metrics", page), WebSocketRoute("/stream", stream)]
    return Starlette(routes=routes, middleware=[Middleware(KnownHosts, names=names), Middleware(Unlisted)])


def test_a_page_of_another_site_whose_name_leads_here_reads_nothing():
    refused = ask(served(), "/", host="evil.example")
    assert refused.status == 403
    assert b"the films" not in refused.body
    assert b"--host NAME" in refused.body
    assert ask(served(), "/", host="localhost:8501").body == b"the films"
    assert ask(served("evil.example"), "/", host="evil.example").body == b"the films"


@pytest.mark.parametrize(("host", "answers"), [("evil.example", ["close"]), ("127.0.0.1", ["accept", "send", "close"])])
def test_nor_does_its_websocket(host, answers):
    sent: list[dict] = []

    async def receive() -> dict:
        return {"type": "websocket.connect"}

    async def send(message: dict) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/stream", "headers": [(b"host", host.encode())]}
    run_to_end(served()(scope, receive, send))
    assert [message["type"].removeprefix("websocket.") for message in sent] == answers


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/metrics/", "/below/_stcore/metrics"])
def test_nobody_is_told_what_the_server_holds(path):
    answer = ask(served(), path)
    assert (answer.status, answer.body) == (404, b"There is nothing here.")
