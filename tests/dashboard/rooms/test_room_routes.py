from __future__ import annotations

import asyncio
import json
import re
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from dashboard.components.phone import phone_page
from dashboard.rooms import bells, lead
from dashboard.rooms.address import join_link, own_address, qr_code
from dashboard.rooms.rooms import Rooms
from dashboard.rooms.routes import room_routes
from dashboard.rooms.step import Question, Step
from dashboard.server.middleware import PageHeaders
from dashboard.server.owner import OwnerKey, WhoAsks
from dashboard.server.roles import HEADER
from dashboard.server.visitors import COOKIE, new_token
from tests.dashboard.server.asgi import Answer, ask, asked
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
    room, key = rooms.open_one()
    room.move(FIRST)
    return room, {"cookie": f"{lead.COOKIE}={key}"}


@pytest.fixture
def joined(app, opened):
    """Ada and Bob have followed."""
    for who in (ADA, BOB):
        assert ask(app, f"/api/rooms/{opened[0].code}/events?since=-1", **who).status == 200


def say(app, path: str, words: object, **headers: str):
    body = words if isinstance(words, bytes) else json.dumps(words).encode()
    return ask(app, path, "POST", body, **{**JSON, **headers})


def test_who_opened_a_room_holds_it_on_pages_that_connected_before_its_cookie_was_there(app, rooms):
    answer = say(app, "/api/rooms", {}, **OWNER, **ADA)
    ada, bob = (one["cookie"].partition("=")[2] for one in (ADA, BOB))
    assert rooms.held(None, ada).code == json.loads(answer.body)["code"]
    assert rooms.held(None, bob) is rooms.held(None, "") is rooms.held(None) is None
    say(app, "/api/rooms", {}, **OWNER)  # of a browser without a token
    assert rooms.held(None, "") is None
    rooms.close(rooms.held(None, ada))
    assert rooms.held(None, ada) is None


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
    assert rooms.open_one()[0].code in {room.code for room in rooms._rooms.values()}
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
        assert say(app, f"/api/rooms/{room.code}", act, **{**ADA, **who}).status == 409
    assert say(app, "/api/rooms/held", act, **key, sec_fetch_site="cross-site").status == 404
    assert room.for_holder() == before
    assert say(app, "/api/rooms/held", act, **key).status == 200
    assert room.for_holder() != before


def test_nobody_without_the_key_reads_counts_or_what_another_answered(app, opened, joined):
    room, key = opened
    room.ask(WHERE)
    assert say(app, f"/api/rooms/{room.code}", {"answer": [0.25, 0.75], "question": 1}, **ADA).status == 200
    for path in ("events?since=-1", "counts.csv", "code.svg"):
        assert ask(app, f"/api/rooms/held/{path}", **ADA).status == 404
        assert ask(app, f"/api/rooms/held/{path}", **key).status == 200
    told = json.loads(ask(app, f"/api/rooms/{room.code}/events?since=-1", **BOB).body)
    assert told["yours"] is None
    assert "0.25" not in json.dumps(told) and "counts" not in told and "answered" not in told
    assert json.loads(ask(app, f"/api/rooms/{room.code}/events?since=-1", **ADA).body)["yours"] == [0.25, 0.75]
    assert json.loads(ask(app, "/api/rooms/held/events?since=-1", **key).body)["answered"] == 1


def test_codes_that_are_guessed_are_bounded_and_who_is_invited_or_in_the_room_notices_nothing(app, opened):
    room, key = opened
    follow = f"/api/rooms/{room.code}/events?since=-1"
    assert ask(app, follow.replace(room.code, room.code.lower()), **ADA).status == 200  # letters may be small
    tried = [ask(app, "/api/rooms/ZZZZZ/events?since=-1", **BOB).status for _ in range(200)]
    assert tried[:30] == [404] * 30
    assert tried.count(404) <= 32
    refused = ask(app, follow, **BOB)
    assert refused.status == 429  # else the right one would stand out
    words = json.loads(refused.body)["error"]
    assert re.search("Scan the picture on the screen, or try again in [12] s", words)
    assert ask(app, follow, **ADA).status == 200
    for wrong in ("0" * 16, room.invitation[:-1], room.invitation.upper(), "é"):
        assert ask(app, follow.replace(room.code, f"{room.code}-{wrong}"), **BOB).status == 404
    link = json.loads(ask(app, "/api/rooms/held", **key, host="x.org").body)["link"]
    assert ask(app, f"/api/rooms/{link.rpartition('/')[2]}/events?since=-1", **BOB).status == 200
    assert room.invitation not in json.dumps(room.for_followers())  # who typed the code cannot hand it on


def test_right_codes_cost_nothing_so_that_a_class_behind_one_address_comes_in(app, opened):
    room, _ = opened
    class_ = [{"cookie": f"{COOKIE}={new_token()}"} for _ in range(60)]
    assert {ask(app, f"/api/rooms/{room.code}/events?since=-1", **one).status for one in class_} == {200}


def test_who_writes_an_address_behind_a_proxy_stays_the_one_that_the_proxy_saw(app, opened):
    """Serves as Streamlit does: uvicorn takes the rightmost hop, which this machine's proxy wrote."""
    served = ProxyHeadersMiddleware(app)
    forged = [f"10.9.8.{k}, 203.0.113.7" for k in range(40)]
    path = "/api/rooms/ZZZZZ/events?since=-1"
    told = [ask(served, path, client=("127.0.0.1", 5), **BOB, x_forwarded_for=one).status for one in forged]
    assert told.count(404) in (30, 31)
    another = ask(served, path, client=("127.0.0.1", 5), **BOB, x_forwarded_for="203.0.113.8")
    assert another.status == 404
    unheeded = [ask(served, path, client=("192.0.2.9", 5), **BOB, x_forwarded_for=one).status for one in forged]
    assert unheeded.count(404) in (30, 31)  # from another machine the header counts for nothing


def test_of_a_thousand_taps_at_once_a_few_are_taken_and_another_visitor_is_heard(app, opened, joined):
    room, _ = opened
    room.ask(WHERE)
    answers = [
        say(app, f"/api/rooms/{room.code}", {"answer": [k / 1000, 0.5], "question": 1}, **ADA).status
        for k in range(1000)
    ]
    assert answers[:10] == [200] * 10
    assert answers.count(200) < 60
    assert set(answers) == {200, 429}
    assert say(app, f"/api/rooms/{room.code}", {"answer": [0.5, 0.5], "question": 1}, **BOB).status == 200
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
    b'{"answer": ' + b"9" * 5000 + b', "question": 1}',
    b'{"answer": [1.2, 0.5], "question": 1}',
    b'{"answer": [1e999, 0], "question": 1}',
    b'{"answer": [0.5, 0.5]}',
    b'{"answer": [0.5, 0.5], "question": true}',
]


@pytest.mark.parametrize("body", BAD, ids=lambda one: repr(one[:20]))
def test_what_is_no_answer_is_refused_in_a_sentence(app, opened, joined, body, caplog):
    room, _ = opened
    room.ask(WHERE)
    answer = say(app, f"/api/rooms/{room.code}", body, **ADA)
    assert answer.status == 400
    assert json.loads(answer.body)["error"].endswith(".")
    assert room.counts()["answers"] == 0
    assert caplog.records == []


def test_who_has_no_token_and_where_there_is_no_room_there_is_nothing(app, opened):
    room, _ = opened
    cookieless = ask(app, f"/api/rooms/{room.code}/events")
    assert cookieless.status == 403
    assert "keeps no cookies" in json.loads(cookieless.body)["error"]
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


def test_a_full_room_refuses_who_follows_and_never_its_holder(app, opened, monkeypatch):
    room, key = opened
    monkeypatch.setattr(bells, "MOST_PAGES_IN_ALL", 1)

    async def come() -> list[Answer]:
        follow = f"/api/rooms/{room.code}/events"
        with room.listening("followers", "one"):
            told = [await asked(app, path, **BOB) for path in (follow, f"{follow}?since=-1")]
            return [*told, await asked(app, "/api/rooms/held/events?since=-1", **key)]

    stream, poll, held = run_to_end(come())
    assert (stream.status, poll.status, held.status) == (409, 409, 200)
    assert json.loads(stream.body) == json.loads(poll.body) == {"error": "This room is full."}
    assert json.loads(held.body)["here"] == 1


def test_a_browser_has_four_pages_in_a_room_however_they_ask_and_one_that_is_left_counts_no_longer(app, opened):
    room, _ = opened
    follow = f"/api/rooms/{room.code}/events"

    async def come() -> list[int]:
        version = json.loads((await asked(app, f"{follow}?since=-1", **ADA)).body)["version"]
        left = asyncio.Event()
        pages = [
            asyncio.create_task(asked(app, one, left=left, **ADA)) for one in [f"{follow}?since={version}", follow] * 2
        ]
        await asyncio.sleep(0.05)
        told = [(await asked(app, one, **ADA)).status for one in (follow, f"{follow}?since=-1")]
        told.append((await asked(app, f"{follow}?since=-1", **BOB)).status)
        here = room.here
        left.set()
        await asyncio.wait_for(asyncio.gather(*pages), 5)
        return [*told, here, room.here, (await asked(app, f"{follow}?since=-1", **ADA)).status]

    assert run_to_end(come()) == [409, 409, 200, 1, 0, 200]


def test_a_locked_room_lets_nobody_new_in_and_keeps_who_was_there(app, opened):
    room, key = opened
    follow = f"/api/rooms/{room.code}-{room.invitation}/events?since=-1"
    assert ask(app, follow, **ADA).status == 200
    assert say(app, "/api/rooms/held", {"lock": True}, **key).status == 200
    refused = ask(app, follow, **BOB)
    assert (refused.status, json.loads(refused.body)["error"]) == (409, "The teacher lets nobody new in just now.")
    assert ask(app, follow, **ADA).status == 200
    held = json.loads(ask(app, "/api/rooms/held/events?since=-1", **key).body)
    assert held["locked"] is True
    assert say(app, "/api/rooms/held", {"lock": False}, **key).status == 200
    assert ask(app, follow, **BOB).status == 200


def test_the_owner_alone_lists_rooms_and_closes_one_whose_key_is_lost(app, opened, rooms):
    room, key = opened
    other, _ = rooms.open_one()
    words = {"close": room.code}
    for who in ({}, key, ADA):
        assert ask(app, "/api/rooms/others", **who).status == 403
        assert say(app, "/api/rooms/others", words, **who).status == 403
    assert say(app, "/api/rooms/others", words, **OWNER, sec_fetch_site="cross-site").status == 404
    listed = json.loads(ask(app, "/api/rooms/others", **OWNER).body)["rooms"]
    assert listed == [{"code": code, "here": 0} for code in sorted((room.code, other.code))]
    assert say(app, "/api/rooms/others", {"close": 5}, **OWNER).status == 200  # there is no such room
    assert say(app, "/api/rooms/others", words, **OWNER).status == 200
    assert not room.is_open and other.is_open
    assert [one.code for one in rooms.listed()] == [other.code]


def test_who_asks_for_the_head_of_a_stream_holds_none(app, opened):
    room, key = opened
    for path, who in ((f"/api/rooms/{room.code}/events", ADA), ("/api/rooms/held/events", key)):
        answer = ask(app, path, "HEAD", **who)
        assert (answer.status, answer.body) == (200, b"")
        assert answer.headers["content-type"].startswith("text/event-stream")


def test_only_who_follows_answers_and_the_refusal_tells_nobody_which_codes_there_are(app, opened, joined):
    room, _ = opened
    room.ask(WHERE)
    words = {"answer": [0.5, 0.5], "question": 1}
    strangers = [{"cookie": f"{COOKIE}={new_token()}"} for _ in range(20)]
    told = {say(app, f"/api/rooms/{code}", words, **who).body for who in strangers for code in (room.code, "ZZZZZ")}
    assert len(told) == 1
    assert b"not in the room" in told.pop()
    assert room.counts()["answers"] == 0
    assert say(app, f"/api/rooms/{room.code}", words, **BOB).status == 200


def test_an_answer_in_flight_while_the_teacher_goes_on_is_not_counted_for_the_next_question(app, opened, joined):
    room, _ = opened
    room.ask(WHERE)
    number = room.for_followers()["question"]["number"]
    room.ask(Question("where", "And now?"))
    late = say(app, f"/api/rooms/{room.code}", {"answer": [0.5, 0.5], "question": number}, **ADA)
    assert late.status == 409
    assert json.loads(late.body) == {"error": "The teacher has gone on to another question."}
    assert room.counts()["answers"] == 0
    assert say(app, f"/api/rooms/{room.code}", {"answer": [0.5, 0.5], "question": number + 1}, **ADA).status == 200


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
