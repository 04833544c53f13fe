"""A visitor of the Compare page who speaks the app's own protocols: Streamlit's, and the channel that tells of maps."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def served(app: Path, library: Path, cores: Sequence[int] = ()) -> Iterator[tuple[int, subprocess.Popen]]:
    """Serve an app, on all cores or on some; gives its port and the process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(app), f"--server.port={port}", "--server.headless=true"]
    environment = {**os.environ, "PYTHONPATH": str(app.parents[1])}
    process = subprocess.Popen(
        [*(["taskset", "-c", ",".join(map(str, cores))] if cores else []), *command, "--", "--library", str(library)],
        cwd=app.parent,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        while process.poll() is None:
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            time.sleep(0.1)
        yield port, process
    finally:
        process.terminate()
        process.wait(60)


def processor_time(process: subprocess.Popen) -> float:
    """Seconds of processor time that a process has used (Linux)."""
    words = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / TICKS


def memory(process: subprocess.Popen) -> float:
    """GiB of memory that a process holds now (Linux)."""
    lines = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 2**20


@dataclass(frozen=True)
class Took:
    """Seconds that a change took to the first map, a look at every map, all maps, and all that is told of them.

    None: that never came.
    """

    first: float | None = None
    looks: float | None = None
    maps: float | None = None
    all: float | None = None


@dataclass
class Visitor:
    """One open page, as a browser has it."""

    port: int
    patience: float = 60.0
    cookie: str = ""
    socket: Any = None
    kept: dict[str, ForwardMsg] = field(default_factory=dict)
    buttons: dict[str, str] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)
    fetched: set[str] = field(default_factory=set)
    came: dict[str, float] = field(default_factory=dict)
    polls: int = 0
    query: str = ""

    async def open(self, query: str) -> Took:
        """Open the page as a link says, run it, and wait until all is there."""
        start = time.perf_counter()
        headers, _ = await asyncio.to_thread(self.get, "/")
        self.cookie = headers.get("set-cookie", "").split(";")[0]
        extra = {"Cookie": self.cookie} if self.cookie else {}
        url = f"ws://127.0.0.1:{self.port}/_stcore/stream"
        self.socket = await connect(url, subprotocols=["streamlit"], additional_headers=extra, max_size=None)
        self.query = query
        self.listener = asyncio.get_running_loop().create_task(self.listen())
        await self.rerun()
        return await self.finished(start, None)

    async def close(self) -> None:
        """Close the page."""
        await self.socket.close()
        await self.listener

    async def rerun(self, button: str | None = None) -> None:
        """Ask for a run of the page, after pressing a button."""
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.cached_message_hashes.extend(self.kept)
        if button is not None:
            state = message.rerun_script.widget_states.widgets.add()
            state.id, state.trigger_value = button, True
        await self.socket.send(message.SerializeToString())

    async def listen(self) -> None:
        """Take what the server sends, until the connection ends."""
        async for frame in self.socket:
            message = ForwardMsg.FromString(frame)
            if message.WhichOneof("type") == "ref_hash":
                message = self.kept[message.ref_hash]
            elif message.hash:
                self.kept[message.hash] = message
            self.take(message)

    def take(self, message: ForwardMsg) -> None:
        """Take one message."""
        kind = message.WhichOneof("type")
        if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            if element.WhichOneof("type") == "button":
                self.buttons[element.button.label or element.button.help] = element.button.id
            elif element.WhichOneof("type") == "bidi_component":
                component = element.bidi_component
                data = json.loads(component.json or component.mixed.json or "{}")
                if "film" in data:
                    self.shown = data
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            self.polls += 1  # something asks again and again, whatever happens

    async def change(self) -> Took:
        """Go to the next film, and wait until all of it is there."""
        start, before = time.perf_counter(), self.shown.get("film", {}).get("id")
        await self.rerun(self.buttons["Next film"])
        return await self.finished(start, before)

    async def finished(self, start: float, before: str | None) -> Took:
        """Wait until the film is another one and all of it is there."""
        while time.perf_counter() - start < self.patience:
            if self.shown.get("film", {}).get("id") not in (None, before) and "standing" in self.shown:
                return await self.follow(start)
            await asyncio.sleep(0.01)
        return Took()

    async def follow(self, start: float) -> Took:
        """Listen to the page's channel until all rests, and fetch the parts, as the light box does."""
        shown, standing = self.shown, self.shown["standing"]
        view = standing["groups"][shown["group"]]["view"]
        maps = {panel["method"] for panel in shown["panels"]}
        came = self.came = {}
        while True:
            group = standing["groups"].get(shown["group"])
            if group is not None and group["view"] == view:
                parts = [shown["film"]["part"], shown["input"]["part"], *(item["part"] for item in group["items"])]
                for part in parts:
                    if part and part not in self.fetched:
                        await asyncio.to_thread(self.get, f"/api/parts/{part}")
                        self.fetched.add(part)
                now = time.perf_counter() - start
                for item in group["items"]:
                    if item["part"] and item["name"] in maps:
                        came.setdefault(item["name"], now)
                if came:
                    came.setdefault("first", now)
                if maps <= set(came):
                    came.setdefault("looks", now)
                if all(item["state"] == "ready" for item in group["items"] if item["name"] in maps):
                    came.setdefault("maps", now)
                if all(item["state"] == "ready" for item in group["items"]):
                    return Took(came["first"], came["looks"], came["maps"], now)
            if time.perf_counter() - start > self.patience:
                return Took(came.get("first"), came.get("looks"), came.get("maps"))
            path = f"{shown['page']}/events?since={standing['version']}"
            _, body = await asyncio.to_thread(self.get, path)
            standing = json.loads(body)

    def get(self, path: str) -> tuple[dict[str, str], bytes]:
        """Fetch an address of the server."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.patience)
        connection.request("GET", path, headers={"Cookie": self.cookie, "Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        body = answer.read()
        connection.close()
        return headers, gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
