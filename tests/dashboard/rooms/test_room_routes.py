from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from dashboard.components.phone import phone_page
from dashboard.rooms import lead
from dashboard.rooms.address import join_link, own_address, qr_code
from dashboard.rooms.rooms import Rooms
from dashboard.rooms.routes import room_routes
from dashboard.rooms.step import Question, Step
from dashboard.server.middleware import PageHeaders
from dashboard.server.owner import OwnerKey, WhoAsks
from dashboard.server.roles import HEADER
from dashboard.server.visitors import COOKIE, new_token
from tests.dashboard.server.asgi import ask, asked
from tests.dashboard.server.coroutines import run_to_end

JSON = {"content_type": "application/json"}
OWNER = {HEADER: "owner"}
ADA, BOB = ({"cookie": f"{COOKIE}={new_token()}"} for _ in range(2))
FIRST = Step("?film=simulated/s00000")
WHERE = Question("where", "Where is it?")


@pytest.fixture
def rooms() -> Rooms:
    return Rooms()


@pytest.fixture
def app(rooms, monkeypatch) -> Starlette:
    monkeypatch.setattr(lead, "show", lambda services, room: None)
    return Starlette(routes=room_routes(lambda: SimpleNamespace(of=lambda kind: rooms), phone_page()))


@pytest.fixture
def opened(rooms):
    room, key = rooms.open()
    room.move(FIRST)
    return room, {"cookie": f"{lead.COOKIE}={key}"}


def say(app, path: str, words: object, **headers: str):
    body = words if isinstance(words, bytes) else json.dumps(words).encode()
    return ask(app, path, "POST", body, **{**JSON, **headers})


def test_the_owner_opens_a_room_and_the_key_is_in_a_cookie_that_no_script_reads(app, rooms):
    answer = say(app, "/api/rooms", {}, **OWNER, host="127.0.0.1:8501")
    told = json.loads(answer.body)
    cookie = answer.headers["set-cookie"]
    key = cookie.split(";")[0].partition("=")[2]
    assert rooms.held(key).code == told["code"]
    assert set(told) == {"code", "link"}
    assert key not in answer.body.decode()
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie
    again = say(app, "/api/rooms", {}, **OWNER, cookie=f"{lead.COOKIE}={key}")
    assert json.loads(again.body)["code"] == told["code"]  # a second press opens no second room


def test_a_visitor_opens_none_and_nor_does_another_site(app, rooms):
    refused = say(app, "/api/rooms", {})
    assert refused.status == 403
    assert json.loads(refused.body) == {"error": "Only the owner of this library may open a room for a class."}
    assert say(app, "/api/rooms", {}, **OWNER, sec_fetch_site="cross-site").status == 404
    assert ask(app, "/api/rooms", "POST", b"{}", **OWNER, content_type="text/plain").status == 404
    assert rooms.open()[0].code in {room.code for room in rooms._rooms.values()}
    assert len(rooms._rooms) == 1


def test_who_writes_the_role_on_a_request_is_no_owner_by_that(rooms):
    routes = room_routes(lambda: SimpleNamespace(of=lambda kind: rooms), "")
    app = Starlette(routes=routes, middleware=[Middleware(WhoAsks, key=OwnerKey("a key of twelve and more"))])
    assert say(app, "/api/rooms", {}, **OWNER).status == 403


ACTS = [{"move": {"link": "films"}}, {"ask": WHERE.to_json()}, {"reveal": True}, {"end": True}, {"close": True}]


@pytest.mark.parametrize("act", ACTS, ids=lambda act: next(iter(act)))
def test_nobody_without_the_key_moves_asks_reveals_ends_or_closes(app, opened, act):
    room, key = opened
    room.ask(WHERE)
    before = room.for_holder()
    wrong = {"cookie": f"{lead.COOKIE}={new_token()}"}
    for who in (
        {},
        ADA,
        wrong,
        {"cookie": f"{lead.COOKIE}={room.key_digest[:32]}"},
        {"cookie": f"{lead.COOKIE}={room.code}"},
    ):
        assert say(app, "/api/rooms/held", act, **who).status == 404
        assert say(app, f"/api/rooms/{room.code}", act, **{**ADA, **who}).status in (400, 404)
    assert say(app, "/api/rooms/held", act, **key, sec_fetch_site="cross-site").status == 404
    assert room.for_holder() == before
    assert say(app, "/api/rooms/held", act, **key).status == 200
    assert room.for_holder() != before


def test_nobody_without_the_key_reads_counts_or_what_another_answered(app, opened):
    room, key = opened
    room.ask(WHERE)
    assert say(app, f"/api/rooms/{room.code}", {"answer": [0.25, 0.75]}, **ADA).status == 200
    for path in ("events?since=-1", "counts.csv", "code.svg"):
        assert ask(app, f"/api/rooms/held/{path}", **ADA).status == 404
        assert ask(app, f"/api/rooms/held/{path}", **key).status == 200
    told = json.loads(ask(app, f"/api/rooms/{room.code}/events?since=-1", **BOB).body)
    assert told["yours"] is None
    assert "0.25" not in json.dumps(told) and "counts" not in told and "answered" not in told
    assert json.loads(ask(app, f"/api/rooms/{room.code}/events?since=-1", **ADA).body)["yours"] == [0.25, 0.75]
    assert json.loads(ask(app, "/api/rooms/held/events?since=-1", **key).body)["answered"] == 1


def test_codes_that_are_guessed_are_bounded_and_who_is_in_the_room_notices_nothing(app, opened):
    room, _ = opened
    follow = f"/api/rooms/{room.code}/events?since=-1"
    assert ask(app, follow.lower().replace("/api", "/api"), **ADA).status == 200  # letters may be small
    tried = [ask(app, "/api/rooms/ZZZZZ/events?since=-1", **BOB).status for _ in range(200)]
    assert tried[:30] == [404] * 30
    assert tried.count(404) <= 32
    refused = ask(app, follow, **BOB)
    assert refused.status == 429  # else the right one would stand out
    assert "Wait a minute" in json.loads(refused.body)["error"]
    assert ask(app, follow, **ADA).status == 200


def test_of_a_thousand_taps_at_once_a_few_are_taken_and_another_visitor_is_heard(app, opened):
    room, _ = opened
    room.ask(WHERE)
    answers = [say(app, f"/api/rooms/{room.code}", {"answer": [k / 1000, 0.5]}, **ADA).status for k in range(1000)]
    assert answers[:10] == [200] * 10
    assert answers.count(200) < 60
    assert set(answers) == {200, 429}
    assert say(app, f"/api/rooms/{room.code}", {"answer": [0.5, 0.5]}, **BOB).status == 200
    assert room.counts()["answers"] == 2


BAD = [
    b"",
    b"{",
    b"[]",
    b"{}",
    b"5",
    b'{"answer": ' + b"[" * 10_000,
    b"\xff",
    b"x" * 20_000,
    b'{"answer": [1.2, 0.5]}',
    b'{"answer": [1e999, 0]}',
]


@pytest.mark.parametrize("body", BAD, ids=lambda one: repr(one[:20]))
def test_what_is_no_answer_is_refused_in_a_sentence(app, opened, body):
    room, _ = opened
    room.ask(WHERE)
    answer = say(app, f"/api/rooms/{room.code}", body, **ADA)
    assert answer.status == 400
    assert json.loads(answer.body)["error"].endswith(".")
    assert room.counts()["answers"] == 0


def test_who_has_no_token_and_where_there_is_no_room_there_is_nothing(app, opened):
    room, _ = opened
    assert ask(app, f"/api/rooms/{room.code}/events").status == 404
    for code in ("BCDF", "..", "%2e%2e", "B" * 4000, "held2"):
        assert ask(app, f"/api/rooms/{code}/events", **ADA).status in (404, 429)


def test_a_stream_begins_with_what_stands_and_goes_on_with_what_comes(app, opened):
    room, _ = opened

    async def follow() -> list[dict]:
        first = await asked(app, f"/api/rooms/{room.code}/events?since=-1", **ADA)
        version = json.loads(first.body)["version"]
        waiting = asyncio.create_task(asked(app, f"/api/rooms/{room.code}/events?since={version}", **ADA))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        room.move(Step("films"))
        return [json.loads(one.body) for one in (first, await asyncio.wait_for(waiting, 5))]

    first, second = run_to_end(follow())
    assert (first["step"]["number"], second["step"]["number"], second["step"]["link"]) == (1, 2, "films")


def test_the_phones_page_is_light_has_a_token_and_loads_nothing(app):
    answer = ask(PageHeaders(app), "/join/BCDFG")
    assert answer.status == 200
    assert len(answer.body) < 40_000
    assert COOKIE in answer.headers["set-cookie"]
    assert b"src=" not in answer.body.replace(b"src: ", b"").split(b"<script")[0]
    assert b"http" not in answer.body.replace(b"http://www.w3.org/2000/svg", b"")


def test_a_link_on_a_network_names_the_machine_as_others_reach_it(monkeypatch):
    monkeypatch.setattr("dashboard.rooms.address.own_address", lambda: "10.0.0.5")
    link = lambda host, **options: join_link("http", host, "", "BCDFG", **{"is_bound_here": False, **options})  # noqa: E731
    assert link("localhost:8501") == "http://10.0.0.5:8501/join/BCDFG"
    assert link("127.0.0.1:8501", is_bound_here=True) == "http://127.0.0.1:8501/join/BCDFG"
    assert link("films.example.org") == "http://films.example.org/join/BCDFG"
    assert join_link("https", "x.org", "/box/", "BCDFG", is_bound_here=False) == "https://x.org/box/join/BCDFG"
    assert own_address() != "127.0.0.1"


def test_the_code_of_a_link_is_a_drawing_in_black_on_white():
    drawn = qr_code("http://10.0.0.5:8501/join/BCDFG").decode()
    assert drawn.startswith("<?xml") and "<svg" in drawn
    assert "#fff" in drawn and "#000" in drawn
    assert drawn != qr_code("http://10.0.0.5:8501/join/BCDFH").decode()
