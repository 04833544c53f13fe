from __future__ import annotations

import asyncio
import re
import time

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from dashboard.server import owner
from dashboard.server.owner import COOKIE, OwnerKey, WhoAsks, is_at_the_machine, is_owner, owner_routes
from dashboard.server.roles import HEADER
from tests.dashboard.server.asgi import ask, asked
from tests.dashboard.server.coroutines import run_to_end

KEY = "correct horse battery"
FORM = {"content_type": "application/x-www-form-urlencoded"}


@pytest.fixture
def key() -> OwnerKey:
    return OwnerKey(KEY)


@pytest.fixture
def app(key, monkeypatch) -> Starlette:
    monkeypatch.setattr(owner, "PAUSE", 0.2)

    async def who(request):
        return PlainTextResponse(",".join(request.headers.getlist(HEADER)))

    routes = [Route("/who", who, methods=["GET", "POST"]), *owner_routes(key, "/owner", "/")]
    return Starlette(routes=routes, middleware=[Middleware(WhoAsks, key=key)])


def scope(client: str | None, **headers: str) -> dict:
    told = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "client": client and (client, 5000), "headers": told}


@pytest.mark.parametrize(
    ("client", "host"),
    [("127.0.0.1", "localhost:8501"), ("127.0.0.1", "127.0.0.1:8501"), ("::1", "[::1]:8501"),
     ("::ffff:127.0.0.1", "localhost")],
)  # fmt: skip
def test_who_sits_at_the_machine_is_the_owner(client, host):
    assert is_at_the_machine(scope(client, host=host))


@pytest.mark.parametrize(
    "asked",
    [
        scope("192.168.1.7", host="localhost"),
        scope("172.17.0.1", host="localhost:8501"),  # a container's own machine: nobody can tell it from others
        scope(None, host="localhost"),
        scope("127.0.0.1", host="lightbox.example.org"),  # a tunnel
        scope("127.0.0.1", host="localhost", x_forwarded_for="127.0.0.1"),
        scope("127.0.0.1", host="localhost", forwarded="for=127.0.0.1"),
        scope("127.0.0.1", host="localhost", x_real_ip="127.0.0.1"),
        scope("127.0.0.1", host="localhost", via="1.1 proxy"),
        scope("127.0.0.1", host="127.0.0.1:8501", origin="https://lightbox.example.org"),  # nginx that tells nothing
        scope("127.0.0.1", host="127.0.0.1:8501", referer="https://lightbox.example.org/films"),
        scope("127.0.0.1", host="127.0.0.1:8501", origin="null"),
        scope("127.0.0.1", host="[::1"),
        scope("127.0.0.1"),
    ],
)
def test_nobody_else_is_taken_for_somebody_at_the_machine(asked):
    assert not is_at_the_machine(asked)


def test_a_role_that_somebody_writes_himself_counts_for_nothing(app):
    assert ask(app, "/who", "POST", **{HEADER: "owner"}).body == b"visitor"


def test_the_key_makes_an_owner_by_a_cookie_that_scripts_cannot_read(app, key):
    answer = ask(app, "/owner", "POST", f"key={KEY.replace(' ', '+')}".encode(), **FORM)
    assert (answer.status, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert KEY not in cookie
    assert {"httponly", "samesite=strict", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
    proof = re.match(f"{COOKIE}=([0-9a-f]{{64}});", cookie)[1]
    assert proof == key.proof
    assert ask(app, "/who", "POST", cookie=f"{COOKIE}={proof}").body == b"owner"
    assert ask(app, "/who", "POST", cookie=f"{COOKIE}={proof[:-1]}x").body == b"visitor"
    assert ask(app, "/who", "POST", cookie=f"{COOKIE}={OwnerKey('another key, as long').proof}").body == b"visitor"


def test_what_is_only_fetched_is_fetched_by_a_visitor_and_the_system_is_not_asked(app, key, monkeypatch):
    asked = []
    monkeypatch.setattr(owner, "is_of_another_user", lambda *ends: asked.append(ends))
    cookie = f"{COOKIE}={key.proof}"
    assert ask(app, "/who", cookie=cookie).body == b"visitor"
    assert ask(app, "/who", **{HEADER: "owner"}).body == b"visitor"
    assert asked == []


def test_a_key_in_a_link_is_none(app):
    answer = ask(app, f"/owner?key={KEY.replace(' ', '+')}")
    assert "set-cookie" not in answer.headers
    assert ask(app, f"/who?key={KEY.replace(' ', '+')}").body == b"visitor"


@pytest.mark.parametrize("body", [b"key=wrong", b"", b"key=", b"key=" + b"x" * 10_000, b"\xff&" * 50, b"k=1"])
def test_a_wrong_key_is_answered_late_and_with_nothing(app, body):
    start = time.monotonic()
    answer = ask(app, "/owner", "POST", body, **FORM)
    assert time.monotonic() - start >= 0.2
    assert answer.status == 403
    assert "set-cookie" not in answer.headers


def test_wrong_keys_from_one_address_keep_nobody_elsewhere_out(app):
    async def told(client: str, said: str) -> tuple[int, float]:
        start = time.monotonic()
        answer = await asked(app, "/owner", "POST", f"key={said}".encode(), client=(client, 5000), **FORM)
        return answer.status, time.monotonic() - start

    async def run() -> None:
        guesses = [asyncio.create_task(told("192.168.1.7", f"wrong {k}")) for k in range(20)]
        await asyncio.sleep(0.05)
        status, seconds = await told("192.168.1.8", KEY.replace(" ", "+"))
        assert status == 303 and seconds < 0.2
        statuses = [status for status, _ in await asyncio.gather(*guesses)]
        assert statuses.count(403) == owner.MOST_IN_LINE and statuses.count(429) == 20 - owner.MOST_IN_LINE
        assert (await told("192.168.1.7", KEY.replace(" ", "+")))[0] == 303  # the line is empty again

    run_to_end(run())


def test_the_door_is_looked_at_without_a_key(app):
    assert ask(app, "/owner", "HEAD").status == 200


@pytest.mark.parametrize(
    ("origin", "owns"),
    [("http://localhost:8501", True), (None, True), ("http://localhost:3000", False), ("http://127.0.0.1:8501", False),
     ("https://localhost:8501", True), ("null", False), ("http://localhost", False), ("http://localhost:x", False)],
)  # fmt: skip
def test_a_page_of_another_port_of_the_machine_is_no_owners_nor_with_the_cookie(key, origin, owns):
    more = {} if origin is None else {"origin": origin}
    at_the_machine = scope("127.0.0.1", host="localhost:8501", **more)
    elsewhere = scope("192.168.1.7", host="localhost:8501", cookie=f"{COOKIE}={key.proof}", **more)
    assert is_owner(at_the_machine, key) is owns
    assert is_owner(elsewhere, key) is owns


def test_a_page_of_another_site_cannot_enter_a_key(app):
    answer = ask(app, "/owner", "POST", f"key={KEY}".encode(), sec_fetch_site="cross-site", **FORM)
    assert (answer.status, "set-cookie" in answer.headers) == (403, False)


def test_an_owner_may_become_a_visitor_again(app, key):
    page = ask(app, "/owner", cookie=f"{COOKIE}={key.proof}")
    assert b"You are the owner" in page.body
    left = ask(app, "/owner", "POST", b"leave=yes", cookie=f"{COOKIE}={key.proof}", **FORM)
    assert re.match(f'{COOKIE}=""; .*Max-Age=0', left.headers["set-cookie"])


def test_no_key_is_short_and_one_that_is_made_up_is_new_each_time():
    with pytest.raises(ValueError, match="at least 12 characters, not 5"):
        OwnerKey("short")
    made = {OwnerKey().key for _ in range(20)}
    assert len(made) == 20
    assert all(len(one) == 32 for one in made)
