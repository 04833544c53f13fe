"""Many visitors on the same films: none is left waiting for maps that are there, and nothing asks again and again."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from tests.benchmarks.visitor import Took, Visitor
from tests.browser.compare_page import SLOW, write_small_model
from tests.dashboard.server.coroutines import run_to_end

pytestmark = pytest.mark.browser

VISITORS, CHANGES = 6, 7
LINK = "film=simulated%2Fs00000&model=small&methods=gradcam,lime&lime.samples=100"


async def walk(visitor: Visitor) -> list[Took]:
    opened = await visitor.open(LINK)
    return [opened, *[await visitor.change() for _ in range(CHANGES)]]


async def play(crowd: list[Visitor]) -> list[Took]:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2 * len(crowd)))
    each = await asyncio.gather(*map(walk, crowd))
    await asyncio.gather(*(one.close() for one in crowd))
    return [took for walked in each for took in walked]


def test_of_forty_changes_by_six_visitors_none_is_stuck_and_no_part_of_a_page_polls(address, library):
    write_small_model(library / "models")
    crowd = [Visitor(urlsplit(address).port, SLOW / 1000) for _ in range(VISITORS)]
    took = run_to_end(play(crowd))
    assert len(took) == VISITORS * (1 + CHANGES)
    assert [one for one in took if one.all is None] == []
    assert all(one.first <= one.looks <= one.maps <= one.all for one in took)
    assert len({visitor.shown["film"]["id"] for visitor in crowd}) == 1  # all came to the same film
    assert sum(visitor.polls for visitor in crowd) == 0
