from __future__ import annotations

import gzip
import json
import time

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route

from dashboard.page.told import NOT_READ, UNEXPECTED
from dashboard.server.awaited import Want
from dashboard.server.channel import Channel
from dashboard.server.middleware import PageHeaders
from dashboard.server.routes import routes
from dashboard.server.visitors import COOKIE, new_token
from tests.dashboard.server.asgi import ask
from xai.films.film import FilmError

ADA, BOB = new_token(), new_token()
JSON = {"content_type": "application/json"}


@pytest.fixture
def forgotten() -> list[str]:
    return []


@pytest.fixture
def channel(forgotten) -> Channel:
    return Channel(forgotten.append, grace=0.0)


@pytest.fixture
def app(channel) -> Starlette:
    return Starlette(routes=routes(lambda: channel))


def cookie(token: str) -> dict[str, str]:
    return {"cookie": f"{COOKIE}={token}"}


def test_a_part_is_sent_compressed_and_kept_for_good(app, channel):
    name = channel.parts.offer(["film"], lambda: b"pixels" * 100)
    answer = ask(app, f"/api/parts/{name}", accept_encoding="gzip, br")
    assert answer.status == 200
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert gzip.decompress(answer.body) == b"pixels" * 100
    plain = ask(app, f"/api/parts/{name}")
    assert "content-encoding" not in plain.headers
    assert plain.body == b"pixels" * 100


def test_an_upload_is_for_its_visitor_alone_and_leaves_no_trace_in_the_browser(app, channel):
    name = channel.parts.offer(["film"], lambda: b"own", film="upload")
    channel.visitors.bring(ADA, "upload")
    answer = ask(app, f"/api/parts/{name}", **cookie(ADA))
    assert (answer.status, answer.body, answer.headers["cache-control"]) == (200, b"own", "no-store")
    for other in ({}, cookie(BOB), cookie("upload"), cookie(ADA.upper()), {"cookie": f"other={ADA}"}):
        assert ask(app, f"/api/parts/{name}", **other).status == 404


@pytest.mark.parametrize("name", ["0" * 40, "..", "%2e%2e", "x" * 40, "a" * 4000, "a.b", "A" * 40])
def test_what_is_not_there_is_404_in_the_same_words(app, name):
    answer = ask(app, f"/api/parts/{name}", **cookie(ADA))
    assert answer.status == 404
    assert answer.body in (b'{"error":"There is nothing here."}', b"Not Found")


def test_a_page_is_its_visitors_alone(app, channel):
    page = channel.pages.begin(ADA)
    page.files.offer("maps", lambda asked: ("a.npz", "application/octet-stream", b"maps"))
    for path in ("events?since=-1", "downloads/maps"):
        assert ask(app, f"/api/pages/{page.id}/{path}", **cookie(ADA)).status == 200
        for other in ({}, cookie(BOB)):
            assert ask(app, f"/api/pages/{page.id}/{path}", **other).status == 404
    said = json.dumps({"do": "stop", "group": "maps"}).encode()
    assert ask(app, f"/api/pages/{page.id}", "POST", said, **JSON, **cookie(ADA)).status == 200
    assert ask(app, f"/api/pages/{page.id}", "POST", said, **JSON, **cookie(BOB)).status == 404


def test_old_links_to_a_page_that_was_closed_are_404(app, channel, forgotten):
    page = channel.pages.begin(ADA)
    channel.visitors.bring(ADA, "upload")
    name = channel.parts.offer(["film"], lambda: b"own", film="upload")
    channel.pages.leave(page)
    end = time.monotonic() + 10
    while not forgotten and time.monotonic() < end:
        time.sleep(0.005)
    assert forgotten == ["upload"]
    assert ask(app, f"/api/pages/{page.id}/events?since=-1", **cookie(ADA)).status == 404
    assert ask(app, f"/api/parts/{name}", **cookie(ADA)).status == 404


def test_a_visitor_stops_and_goes_on(app, channel):
    page = channel.pages.begin(ADA)
    page.expect("maps", [Want("key", "lime", "LIME", lambda: None, lambda: None)])
    for words, state in (("stop", "cancelled"), ("go on", "waiting")):
        body = json.dumps({"do": words, "group": "maps"}).encode()
        assert ask(app, f"/api/pages/{page.id}", "POST", body, **JSON, **cookie(ADA)).status == 200
        (item,) = page.items("maps")
        assert item.state == state


def test_a_choice_is_answered_with_the_new_address(app, channel):
    page = channel.pages.begin(ADA)
    page.link = lambda changes: (f"finding={changes['finding']}", changes)
    body = json.dumps({"choose": {"finding": "Mass"}, "count": 4}).encode()
    answer = ask(app, f"/api/pages/{page.id}", "POST", body, **JSON, **cookie(ADA))
    assert json.loads(answer.body) == {"query": "finding=Mass"}
    assert page.take_chosen() == ({"finding": "Mass"}, 4)


def test_a_question_is_answered_with_how_it_stands(app, channel):
    page = channel.pages.begin(ADA)
    page.questions = {"hand": lambda about: [Want(f"key {about}", "hidden", "Hidden", lambda: None, lambda: "part")]}
    body = json.dumps({"ask": {"areas": "box-1"}, "group": "hand"}).encode()
    answer = ask(app, f"/api/pages/{page.id}", "POST", body, **JSON, **cookie(ADA))
    (item,) = json.loads(answer.body)["groups"]["hand"]["items"]
    assert (item["state"], item["part"]) == ("ready", "part")
    assert ask(app, f"/api/pages/{page.id}", "POST", body, **JSON, **cookie(BOB)).status == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"3",
        b"null",
        b'{"do": "rm", "group": "maps"}',
        b'{"choose": 3}',
        b'{"choose": {}, "count": "x"}',
        b'{"do": "stop"}',
        b'{"choose": {}, "count": 1e999}',
        b'{"do": ["stop"], "group": 1}',
        b'{"ask": "lime-8080", "group": "nothing that is asked"}',
        b'{"ask": "lime-8080"}',
        b'{"ask": 1e999, "group": "hand"}',
        b"[" * 16_000,
        b"\xff\xfe",
        b'"' + b"x" * 17_000 + b'"',
    ],
)
def test_what_is_not_understood_is_refused_and_changes_nothing(app, channel, body):
    page = channel.pages.begin(ADA)
    page.link = lambda changes: ("", changes)
    page.questions = {"hand": lambda about: [][about]}
    before = page.snapshot()
    answer = ask(app, f"/api/pages/{page.id}", "POST", body, **JSON, **cookie(ADA))
    assert answer.status == 400
    assert page.snapshot() == before
    assert page.take_chosen() == ({}, 0)


def test_another_site_cannot_speak_for_a_visitor(app, channel):
    page = channel.pages.begin(ADA)
    body = json.dumps({"do": "stop", "group": "maps"}).encode()
    forms = {"content_type": "text/plain"}
    assert ask(app, f"/api/pages/{page.id}", "POST", body, **forms, **cookie(ADA)).status == 404
    elsewhere = {**JSON, "sec_fetch_site": "cross-site"}
    assert ask(app, f"/api/pages/{page.id}", "POST", body, **elsewhere, **cookie(ADA)).status == 404


@pytest.mark.parametrize(
    ("name", "plain", "whole"),
    [
        ("a.npz", "a.npz", "a.npz"),
        ("Röntgen 1.npz", "R_ntgen 1.npz", "R%C3%B6ntgen%201.npz"),
        ("胸.csv", "_.csv", "%E8%83%B8.csv"),
        ('a"; filename=b/c.csv', "a__ filename_b_c.csv", "a%22%3B%20filename%3Db%2Fc.csv"),
    ],
)
def test_a_file_comes_with_its_name_and_leaves_no_trace_in_the_browser(app, channel, name, plain, whole):
    page = channel.pages.begin(ADA)
    asked = []
    page.files.offer("all maps, ä", lambda query: asked.append(query) or (name, "application/octet-stream", b"maps"))
    answer = ask(app, f"/api/pages/{page.id}/downloads/all maps, ä?finding=Mass", **cookie(ADA))
    assert (answer.status, answer.body) == (200, b"maps")
    assert answer.headers["content-disposition"] == f"attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}"
    assert answer.headers["cache-control"] == "no-store"
    assert asked == [{"finding": "Mass"}]


def test_a_file_that_is_not_there_is_404(app, channel):
    page = channel.pages.begin(ADA)
    page.files.offer("none", lambda query: None)
    for name in ("none", "other"):
        assert ask(app, f"/api/pages/{page.id}/downloads/{name}", **cookie(ADA)).status == 404


def test_a_file_that_cannot_be_made_says_why_in_plain_text(app, channel):
    def failing(error):
        def make(asked):
            raise error

        return make

    page = channel.pages.begin(ADA)
    for error, status, words in (
        (FilmError("The film <b>a</b> has no label."), 400, "The film <b>a</b> has no label."),
        (FilmError(), 400, "This was not understood."),
        (FileNotFoundError(2, "No such file", "/home/ada/a.json"), 500, NOT_READ.format("No such file")),
        (OSError("h5py says /home/ada/a.h5"), 500, UNEXPECTED),
        (KeyError("secret"), 500, UNEXPECTED),
    ):
        page.files.offer("bad", failing(error))
        answer = ask(app, f"/api/pages/{page.id}/downloads/bad", **cookie(ADA))
        assert (answer.status, answer.body.decode()) == (status, words)
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"


def test_the_addresses_follow_where_streamlit_is_served(channel):
    name = channel.parts.offer(["film"], lambda: b"pixels")
    app = Starlette(routes=routes(lambda: channel, "/light/box/"))
    assert ask(app, f"/light/box/api/parts/{name}").status == 200
    assert ask(app, f"/api/parts/{name}").status == 404


@pytest.fixture
def served() -> Starlette:
    """A page and a picture, with the app's middleware."""
    shown = Route("/", lambda request: HTMLResponse("page", headers={"cache-control": "no-cache"}))
    other = Route("/other", lambda request: PlainTextResponse("text"))
    return Starlette(routes=[shown, other], middleware=[Middleware(PageHeaders)])


def test_a_page_brings_a_token_that_scripts_and_other_sites_cannot_use(served):
    first, second = ask(served, "/"), ask(served, "/")
    assert "HttpOnly" in first.headers["set-cookie"]
    assert "SameSite=Lax" in first.headers["set-cookie"]
    assert "Secure" not in first.headers["set-cookie"]  # over plain HTTP a secure cookie would be dropped
    assert first.headers["set-cookie"] != second.headers["set-cookie"]
    assert "private" in first.headers["cache-control"]
    assert first.headers["x-frame-options"] == "SAMEORIGIN"
    assert first.headers["referrer-policy"] == "same-origin"


def test_a_token_is_given_once_and_with_pages_only(served):
    assert "set-cookie" not in ask(served, "/", **cookie(ADA)).headers
    assert "set-cookie" not in ask(served, "/other").headers
    assert "set-cookie" in ask(served, "/", **cookie("forged")).headers
    assert "set-cookie" in ask(served, "/", cookie="\x01;;=").headers


@pytest.mark.parametrize("other", ['prefs={"a":1}', "a=b c", "novalue", "a[b]=1", "k=\xe9"])
def test_what_other_apps_of_this_machine_call_their_cookies_does_not_matter(served, other):
    for cookies in (f"{other}; {COOKIE}={ADA}", f"{COOKIE}={ADA}; {other}"):
        assert "set-cookie" not in ask(served, "/", cookie=cookies).headers
