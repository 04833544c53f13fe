from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from types import SimpleNamespace
from typing import Any

import pytest

from dashboard.server import events as module
from dashboard.server.awaited import Want
from dashboard.server.events import Events
from dashboard.server.page import Page
from tests.dashboard.server.coroutines import run_to_end

SOON = 10.0


def request(**query: str) -> Any:
    return SimpleNamespace(query_params=query)


class Thing:
    """Something that is waited for."""

    def __init__(self) -> None:
        self.part: str | None = None
        self.want = Want("key", "lime", "LIME", lambda: None, lambda: self.part)


@pytest.fixture
def thing() -> Thing:
    return Thing()


@pytest.fixture
def page(thing) -> Page:
    page = Page("ada")
    page.expect("maps", [thing.want])
    return page


async def told(stream: AsyncIterator[str]) -> dict[str, Any]:
    """Give the next thing that the browser hears, past signs of life."""
    async for text in stream:
        if "data: " in text:
            return json.loads(text.split("data: ", 1)[1])
    raise AssertionError("the stream has ended")


async def listen(events: Events, page: Page) -> AsyncIterator[str]:
    answer = await events.answer(page, request())
    assert answer.headers["x-accel-buffering"] == "no"
    assert "no-transform" in answer.headers["cache-control"]
    return answer.body_iterator


def item(stands: dict[str, Any]) -> dict[str, Any]:
    return stands["groups"]["maps"]["items"][0]


def test_a_stream_begins_with_all_that_stands_and_ends_when_all_has_come(page, thing):
    async def run() -> None:
        async with aclosing(await listen(Events(), page)) as stream:
            first = await asyncio.wait_for(told(stream), SOON)
            assert item(first)["state"] == "waiting"
            thing.part = "name"
            await asyncio.to_thread(page.hear)
            await asyncio.to_thread(page._changed)
            last = await asyncio.wait_for(told(stream), SOON)
            assert (item(last)["state"], item(last)["part"], last["rests"]) == ("ready", "name", True)
            assert [text async for text in stream] == []

    run_to_end(run())


def test_nothing_is_lost_when_a_connection_breaks(page, thing):
    async def run() -> None:
        events = Events()
        async with aclosing(await listen(events, page)) as stream:
            await told(stream)
        assert events.count("ada") == 0
        thing.part = "name"
        page._changed()
        async with aclosing(await listen(events, page)) as stream:
            assert item(await told(stream))["part"] == "name"

    run_to_end(run())


def test_a_slow_listener_is_told_the_newest_only(page):
    async def run() -> None:
        async with aclosing(await listen(Events(), page)) as stream:
            await told(stream)
            for _ in range(1000):
                page._changed()
            newest = page.snapshot()["version"]
            assert (await told(stream))["version"] == newest
            assert len(page._bells) == 1

    run_to_end(run())


def test_a_sign_of_life_comes_where_there_is_no_news(page, monkeypatch):
    monkeypatch.setattr(module, "HEARTBEAT", 0.02)

    async def run() -> None:
        heard = []
        page.hear = lambda: heard.append(1)
        async with aclosing(await listen(Events(), page)) as stream:
            await told(stream)
            assert [await anext(stream) for _ in range(2)] == [": still here\n\n"] * 2
            assert len(heard) == 2  # at the beginning and after the first sign

    run_to_end(run())


def test_a_page_has_one_stream_and_the_new_one_wins(page):
    async def run() -> None:
        events = Events()
        async with aclosing(await listen(events, page)) as old, aclosing(await listen(events, page)) as new:
            await told(old)
            await told(new)
            assert [text async for text in old if "data" in text] == []
            assert events.count("ada") == 1
            page._changed()
            await asyncio.wait_for(told(new), SOON)

    run_to_end(run())


def test_streams_of_one_visitor_are_bounded(page):
    async def run() -> None:
        events, streams = Events(), []
        pages = [Page("ada") for _ in range(1000)]
        refused = 0
        for one in pages:
            one.expect("maps", [Thing().want])
            answer = await events.answer(one, request())
            if answer.status_code == 429:
                refused += 1
                continue
            streams.append(answer.body_iterator)
            await told(streams[-1])
        assert (len(streams), refused) == (module.MOST_STREAMS, 1000 - module.MOST_STREAMS)
        other = Page("bob")
        other.expect("maps", [Thing().want])
        assert (await events.answer(other, request())).status_code == 200
        for stream in streams:
            await stream.aclose()
        assert events.count("ada") == 0
        assert (await events.answer(pages[0], request())).status_code == 200

    run_to_end(run())


def test_one_answer_at_a_time_where_no_stream_comes_through(page, thing, monkeypatch):
    monkeypatch.setattr(module, "LONGEST_POLL", 0.05)

    async def run() -> None:
        async def ask(since: object) -> dict[str, Any]:
            return json.loads((await Events().answer(page, request(since=str(since)))).body)

        first = await ask(-1)
        assert item(first)["state"] == "waiting"
        assert (await ask("nonsense"))["groups"] == first["groups"]
        waiting = asyncio.create_task(ask(page.snapshot()["version"]))
        await asyncio.sleep(0.01)
        thing.part = "name"
        page._changed()
        assert item(await asyncio.wait_for(waiting, SOON))["part"] == "name"
        assert (await ask(page.snapshot()["version"]))["rests"]

    run_to_end(run())


def test_the_more_pages_listen_the_longer_changes_are_gathered_so_that_all_are_told_as_often_together():
    async def run() -> None:
        events, pages, streams = Events(), [], []
        for number in range(20):
            page = Page(f"visitor {number}")
            page.expect("maps", [Thing().want])
            pages.append(page)
            streams.append(await listen(events, page))
            await asyncio.wait_for(told(streams[-1]), SOON)
        assert events.gather == pytest.approx(20 / module.MOST_A_SECOND)
        for stream in streams[2:]:
            await stream.aclose()
        assert events.gather == module.GATHER
        for stream in streams[:2]:
            await stream.aclose()
        assert events._listening == 0

    run_to_end(run())
