"""Uploads stay off the disk, and take no more memory than there is."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.formparsers import MultiPartParser
from starlette.middleware import Middleware
from streamlit import config
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from streamlit.web.server.starlette.starlette_routes import create_upload_routes

from dashboard.server.upload_room import TOO_MANY, TOO_MUCH, UNREAD, BoundedUploads, UploadRoom, keep_uploads_in_memory
from tests.dashboard.server.asgi import ask, asked
from tests.dashboard.server.coroutines import run_to_end

MEBI = 2**20
HEAD = b'--cut\r\nContent-Disposition: form-data; name="file"; filename="film.png"\r\n\r\n'
TAIL = b"\r\n--cut--\r\n"


@pytest.fixture
def store() -> MemoryUploadedFileManager:
    return MemoryUploadedFileManager("/_stcore/upload_file")


@pytest.fixture
def streamlits(store, monkeypatch) -> list:
    """Streamlit's own route for uploads, without its check of who asks."""
    monkeypatch.setattr("streamlit.web.server.starlette.starlette_routes.is_xsrf_enabled", lambda: False)
    monkeypatch.setattr("streamlit.web.server.starlette.starlette_routes.allow_all_cross_origin_requests", lambda: True)
    return create_upload_routes(SimpleNamespace(is_active_session=lambda session: True), store, "")


@pytest.fixture
def spool(monkeypatch) -> Callable[[], None]:
    """Starlette as it comes; gives what changes it as the app does."""
    monkeypatch.setattr(MultiPartParser, "spool_max_size", MultiPartParser.spool_max_size)
    return lambda: keep_uploads_in_memory(config.get_option("server.maxUploadSize") * MEBI)


def written(folder: Path) -> list[str]:
    """Files that this process has open in a folder, those without a name too, and those that have one."""
    named = [str(one) for one in folder.iterdir()]
    for one in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the listing itself was open
            named.append(str(one.readlink()))
    return [one for one in named if one.startswith(str(folder))]


def bring(routes: list, content: bytes, folder: Path) -> list[str]:
    """Bring a film in pieces; gives what lay on the disk while it came."""
    chunks = [HEAD, *(content[at : at + MEBI] for at in range(0, len(content), MEBI)), TAIL]
    seen: list[str] = []
    sent: list[dict] = []

    async def receive() -> dict:
        seen.extend(written(folder))
        body = chunks.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(chunks)}

    async def send(message: dict) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "PUT", "path": "/_stcore/upload_file/ada/1", "query_string": b"",
             "headers": [(b"content-type", b"multipart/form-data; boundary=cut")]}  # fmt: skip
    run_to_end(Starlette(routes=routes)(scope, receive, send))
    assert sent[0]["status"] == 204
    return seen


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="this system does not list open files")
def test_a_film_of_megabytes_never_touches_the_disk(streamlits, store, spool, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    content = os.urandom(5 * MEBI)
    assert bring(streamlits, content, tmp_path), "Starlette itself writes it, so this test can see that"
    gc.collect()
    spool()
    assert bring(streamlits, content, tmp_path) == []
    assert store.get_files("ada", ["1"])[0].data == content


def hold(store: MemoryUploadedFileManager, session: str, file: str, size: int) -> None:
    store.add_file(session, UploadedFileRec(file, "film.png", "image/png", bytes(size)))


def test_what_is_on_its_way_and_what_is_here_are_counted_until_a_page_has_read_it(store):
    room = UploadRoom(lambda: store)
    with room.place("ada", "1", 30) as problem:
        assert problem is None
        assert room.taken() == {"ada": 30}
        hold(store, "ada", "1", 28)
    assert room.taken() == {"ada": 28}
    store.remove_session_files("ada")
    assert room.taken() == {}


def test_no_more_comes_than_there_is_room_for(store):
    room = UploadRoom(lambda: store, most=100, most_of_one=60)
    with room.place("ada", "1", 60) as first, room.place("ada", "2", 1) as more, room.place("bob", "1", 41) as other:
        assert (first, more, other) == (None, TOO_MUCH, TOO_MANY)
        with room.place("bob", "1", 40) as fits:
            assert fits is None
            assert room.taken() == {"ada": 60, "bob": 40}
    assert room.taken() == {}


def test_the_tabs_of_one_visitor_are_counted_together(store):
    room = UploadRoom(lambda: store, most=100, most_of_one=60)
    with room.place("tab 1", "1", 40, "ada") as first, room.place("tab 2", "1", 30, "ada") as more:
        assert (first, more) == (None, TOO_MUCH)
        with room.place("tab 3", "1", 30, "bob") as other:
            assert other is None


def test_a_page_lets_go_of_what_it_has_read(store):
    room = UploadRoom(lambda: store)
    for file in "12":
        with room.place("ada", file, 30):
            hold(store, "ada", file, 30)
    room.let_go("ada", ["1", "gone"])
    assert room.taken() == {"ada": 30} and store.get_files("ada", ["1"]) == []


def test_what_no_page_reads_is_let_go_of_after_a_while(store):
    now = [0.0]
    room = UploadRoom(lambda: store, clock=lambda: now[0])
    with room.place("ada", "1", 30):
        hold(store, "ada", "1", 30)
    now[0] = UNREAD - 1
    assert room.taken() == {"ada": 30}
    now[0] = UNREAD + 1
    assert room.taken() == {} and store.get_files("ada", ["1"]) == []


def test_who_sends_next_to_nothing_gives_the_room_back(store):
    room = UploadRoom(lambda: store)
    heard: list[str] = []

    async def reads(scope, receive, send):
        while (message := await receive())["type"] == "http.request":
            heard.append(message["type"])
        await send({"type": "http.response.start", "status": 400, "headers": []})
        await send({"type": "http.response.body"})

    async def a_byte_now_and_then():
        await asyncio.sleep(0.03)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message):
        pass

    scope = {"type": "http", "method": "PUT", "path": "/_stcore/upload_file/ada/1", "headers": []}
    run_to_end(BoundedUploads(reads, room, 100, silence=0.2)(scope, a_byte_now_and_then, send))
    assert 3 <= len(heard) <= 7 and room.taken() == {}


def test_who_is_given_up_is_told_so_and_the_log_is_not(streamlits, store):
    bounds = Middleware(BoundedUploads, room=UploadRoom(lambda: store), largest=100, silence=0.05)
    app = Starlette(routes=streamlits, middleware=[bounds])
    sent: list[dict] = []

    async def silent():
        await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "PUT", "path": "/_stcore/upload_file/ada/1", "query_string": b"",
             "headers": [(b"content-type", b"multipart/form-data; boundary=cut")]}  # fmt: skip
    run_to_end(app(scope, silent, send))
    assert sent[0]["status"] == 408


def test_why_a_film_was_not_taken_is_said_once():
    room = UploadRoom(lambda: None)
    room.refuse("ada", TOO_MUCH)
    assert (room.refused("bob"), room.refused("ada"), room.refused("ada")) == (None, TOO_MUCH, None)


def bounded(routes: list, room: UploadRoom, patience: float = 0.3) -> Starlette:
    return Starlette(routes=routes, middleware=[Middleware(BoundedUploads, room=room, largest=100, patience=patience)])


def put(app: Starlette, session: str, content: bytes):
    body = HEAD + content + TAIL
    told = {"content_type": "multipart/form-data; boundary=cut", "content_length": str(len(body))}
    return ask(app, f"/_stcore/upload_file/{session}/1", "PUT", body, **told)


def test_a_film_without_room_is_refused_with_a_sentence(streamlits, store):
    room = UploadRoom(lambda: store, most=1000, most_of_one=500)
    app = bounded(streamlits, room)
    assert put(app, "ada", bytes(400)).status == 204
    second = put(app, "ada", bytes(100))
    assert (second.status, second.body.decode()) == (413, TOO_MUCH)
    room.most = 450
    other = put(app, "bob", bytes(1))
    assert (other.status, other.body.decode(), other.headers["retry-after"]) == (503, TOO_MANY, "60")
    assert (room.refused("ada"), room.refused("bob")) == (TOO_MUCH, TOO_MANY)
    assert store.get_files("bob", ["1"]) == []


def test_a_film_waits_until_there_is_room(streamlits, store):
    room = UploadRoom(lambda: store, most=500)
    app = bounded(streamlits, room, patience=30)
    assert put(app, "ada", bytes(300)).status == 204

    async def both():
        body = HEAD + bytes(200) + TAIL
        told = {"content_type": "multipart/form-data; boundary=cut", "content_length": str(len(body))}
        waiting = asyncio.create_task(asked(app, "/_stcore/upload_file/bob/1", "PUT", body, **told))
        await asyncio.sleep(0.15)
        assert not waiting.done()
        store.remove_session_files("ada")  # a page has read them
        return await waiting

    assert run_to_end(both()).status == 204


def test_who_says_nothing_for_long_gives_the_room_back(store):
    room = UploadRoom(lambda: store)
    heard: list[str] = []

    async def reads(scope, receive, send):
        heard.append((await receive())["type"])
        await send({"type": "http.response.start", "status": 400, "headers": []})
        await send({"type": "http.response.body"})

    async def silent():
        await asyncio.Event().wait()

    async def send(message):
        pass

    scope = {"type": "http", "method": "PUT", "path": "/_stcore/upload_file/ada/1", "headers": []}
    run_to_end(BoundedUploads(reads, room, 100, silence=0.05)(scope, silent, send))
    assert heard == ["http.disconnect"]
    assert room.taken() == {}
