"""How fast a room follows its teacher: clients that speak the phones' protocol, against a server of their own.

``python tests/benchmarks/room.py`` prints one line a size of class: seconds from a move to its being seen, answers
counted, how far the teacher's page is behind, and memory a follower. All maps are there before the class comes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.browser.conftest import APP, _serve
from tests.ports import free_port

LONGEST = 60.0  # seconds for anything
PAUSE = 0.7  # seconds between two moves
TAPS_IN = 10.0  # seconds over which answers are spread


@dataclass
class Client:
    """One browser: its cookies, and what it was told with the time of that."""

    port: int
    cookie: str
    seen: dict[int, float] = field(default_factory=dict)  # number of a step: when it was told
    drawn: dict[int, float] = field(default_factory=dict)  # when its pictures were named
    answered: list[tuple[float, int]] = field(default_factory=list)

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, str], bytes]:
        """Give status, headers and body of an answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        content = b"" if body is None else json.dumps(body).encode()
        writer.write(self._head(method, path, len(content), closes=True) + content)
        status, headers = await _head_of(reader)
        answer = await reader.read()
        writer.close()
        return status, headers, answer

    async def follow(self, path: str, ready: asyncio.Event) -> None:
        """Listen to a stream until cancelled."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**22)
        writer.write(self._head("GET", path, 0))
        status, _ = await _head_of(reader)
        assert status == 200, status
        try:
            async for told in _events(reader):
                now = time.perf_counter()
                self.seen.setdefault(told["step"]["number"], now)
                self.drawn.setdefault(told["view"].get("number", 0), now)
                self.answered.append((now, told.get("answered", 0)))
                ready.set()
        finally:
            writer.close()

    def _head(self, method: str, path: str, length: int, *, closes: bool = False) -> bytes:
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            f"Cookie: {self.cookie}",
            "Content-Type: application/json",
            f"Content-Length: {length}",
            *(["Connection: close"] if closes else []),
        ]
        return "\r\n".join([*lines, "", ""]).encode()


async def _head_of(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
    return int(lines[0].split()[1]), {name.lower(): value for name, value in headers.items()}


async def _events(reader: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
    while line := await reader.readline():  # lengths of chunks lie between the lines of events, and mean nothing here
        if line.startswith(b"data: "):
            yield json.loads(line[6:])


async def play(port: int, process: int, followers: int, moves: int, taps: int) -> dict[str, float]:
    """Play a class; gives what was measured."""
    teacher = Client(port, "")
    status, headers, answer = await teacher.ask("POST", "/api/rooms", {})
    assert status == 200, answer
    teacher.cookie = headers["set-cookie"].split(";")[0]
    code = json.loads(answer)["code"]
    students = [Client(port, f"lightbox_visitor={secrets.token_hex(16)}") for _ in range(followers)]
    for k in range(
        moves
    ):  # before the class comes, as a teacher does: the model is loaded then, and the maps are there
        await _move(teacher, k)
        await _all_there(teacher)
    await asyncio.sleep(2)
    before = memory(process)
    async with contextlib.AsyncExitStack() as stack:
        await _listen(stack, teacher, "/api/rooms/held/events")
        await asyncio.gather(*(_listen(stack, one, f"/api/rooms/{code}/events") for one in students))
        after = memory(process)
        start = max(students[0].seen)
        asked = {}
        for k in range(moves):
            asked[start + k + 1] = time.perf_counter()
            await _move(teacher, k)
            await asyncio.sleep(PAUSE)
        await asyncio.sleep(3)
        seen = [one.seen[number] - then for number, then in asked.items() for one in students if number in one.seen]
        drawn = [one.drawn[number] - then for number, then in asked.items() for one in students if number in one.drawn]
        counted, behind = await _taps(teacher, students[:taps], code)
    await teacher.ask("POST", "/api/rooms/held", {"close": True})
    return {
        "followers": followers,
        "seen by": len(seen) / (moves * followers),
        "median": statistics.median(seen),
        "p95": share(seen, 0.95),
        "most": max(seen),
        "pictures p95": share(drawn, 0.95),
        "counted": counted,
        "behind": behind,
        "kB a follower": (after - before) / followers / 1000,
    }


async def _move(teacher: Client, k: int) -> None:
    step = {
        "link": f"?film=simulated/s{k:05d}&finding=Effusion&methods=gradcam",
        "revealed": ["film", "answer", "gradcam"],
    }
    status, _, answer = await teacher.ask("POST", "/api/rooms/held", {"move": step})
    assert status == 200, answer


async def _all_there(teacher: Client) -> None:
    """Wait for all pictures of a step."""
    for _ in range(int(LONGEST / 0.2)):
        _, _, answer = await teacher.ask("GET", "/api/rooms/held/events?since=-1")
        told = json.loads(answer)
        panels = told["view"].get("panels", [])
        if told["view"].get("number") == told["step"]["number"] and panels and all(one["part"] for one in panels):
            return
        await asyncio.sleep(0.2)
    raise TimeoutError("the maps of a step are not there")


async def _listen(stack: contextlib.AsyncExitStack, client: Client, path: str) -> None:
    ready = asyncio.Event()
    task = asyncio.create_task(client.follow(path, ready))
    stack.callback(task.cancel)
    await asyncio.wait_for(ready.wait(), LONGEST)


async def _taps(teacher: Client, students: list[Client], code: str) -> tuple[int, float]:
    """Have students tap within `TAPS_IN`; gives how many were counted, and how late the teacher's page heard."""
    await teacher.ask("POST", "/api/rooms/held", {"ask": {"kind": "where", "text": "Where?", "settings": {}}})
    teacher.answered.clear()
    taken: list[float] = []

    async def tap(place: int, student: Client) -> None:
        await asyncio.sleep(TAPS_IN * place / len(students))
        status, _, _ = await student.ask("POST", f"/api/rooms/{code}", {"answer": [0.5, 0.5], "question": 1})
        if status == 200:
            taken.append(time.perf_counter())

    await asyncio.gather(*(tap(place, one) for place, one in enumerate(students)))
    await asyncio.sleep(2)
    taken.sort()
    heard = [
        min((then for then, count in teacher.answered if count > k), default=float("inf")) for k in range(len(taken))
    ]
    behind = max(max(then - at, 0.0) for then, at in zip(heard, taken, strict=True))
    return max(count for _, count in teacher.answered), behind


def memory(process: int) -> float:
    """Give a process's memory in bytes."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return next(1024.0 * int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def process_on(port: int) -> int:
    """Find the server's process by the port in its command."""
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = place.read_bytes().split(b"\0")
            if b"streamlit" in words and f"--server.port={port}".encode() in words:
                return int(place.parent.name)
    raise ProcessLookupError(port)


def share(values: list[float], at: float) -> float:
    """Give a quantile."""
    ordered = sorted(values)
    return ordered[min(int(at * len(ordered)), len(ordered) - 1)]


def main() -> None:
    """Measure classes of each size and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--followers", type=int, nargs="+", default=[30, 300])
    parser.add_argument("--moves", type=int, default=20)
    parser.add_argument("--taps", type=int, default=30, help="followers who tap, within ten seconds")
    options = parser.parse_args()
    port = free_port()
    with tempfile.TemporaryDirectory() as library, _serve(APP, "--library", library, port=port):
        process = process_on(port)
        for followers in options.followers:
            found = asyncio.run(play(port, process, followers, options.moves, options.taps))
            print(", ".join(f"{name} {value:.3g}" for name, value in found.items()), flush=True)


if __name__ == "__main__":
    main()
