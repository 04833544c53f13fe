"""What visitors of the Compare page cost and wait: ``python tests/benchmarks/visitors.py --visitors 30 --changes 20``.

Starts the app and plays visitors that speak its pages' own protocol: each opens the Compare page, then goes from film
to film with the button that a person would press, and waits until all maps of each are there. Prints, for each number
of visitors, how long a change took (median, 95th percentile), how many were not finished within a minute ("stuck"),
the server's processor time for a change, and what they cost afterwards while they only look, in cores. The films are
simulated ones; a round is played twice, so that its maps are computed first and come from the store then.

``--browsers 8`` plays as many visitors in Chromium instead. ``--app`` plays the same against another checkout's app,
as long as its pages wait on this channel.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

APP = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"
STUCK = 60.0  # seconds after which a page that is not finished counts as stuck
IDLE = 20.0  # seconds over which idle visitors are watched
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
# In the browser: another film hangs, and all of it is there.
FINISHED = """(before) => {
    const host = [...document.querySelectorAll("*")].find((one) => one.shadowRoot?.querySelector(".viewer"));
    const root = host?.shadowRoot;
    return root && root.querySelector(".film .subtitle").textContent !== before
        && root.querySelector(".progress .words").textContent.startsWith("All maps are there");
}"""
TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def served(app: Path, library: Path):
    """Serve an app; gives its port and the process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(app), f"--server.port={port}", "--server.headless=true"]
    environment = {**os.environ, "PYTHONPATH": str(app.parents[1])}
    process = subprocess.Popen(
        [*command, "--", "--library", str(library)], cwd=app.parent, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        while process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port, process
    finally:
        process.terminate()
        process.wait(60)


def processor_time(process: subprocess.Popen) -> float:
    """Seconds of processor time that a process has used (Linux)."""
    words = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / TICKS


@dataclass
class Visitor:
    """One open page, as a browser has it."""

    port: int
    cookie: str = ""
    socket: Any = None
    kept: dict[str, ForwardMsg] = field(default_factory=dict)
    buttons: dict[str, str] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)
    fetched: set[str] = field(default_factory=set)
    running: bool = False

    async def open(self, query: str) -> None:
        """Open the page as a link says, and run it."""
        headers, _ = await asyncio.to_thread(self.get, "/")
        self.cookie = headers.get("set-cookie", "").split(";")[0]
        extra = {"Cookie": self.cookie} if self.cookie else {}
        url = f"ws://127.0.0.1:{self.port}/_stcore/stream"
        self.socket = await connect(url, subprotocols=["streamlit"], additional_headers=extra, max_size=None)
        self.query = query
        await self.rerun()
        asyncio.get_running_loop().create_task(self.listen())

    async def rerun(self, button: str | None = None) -> None:
        """Ask for a run of the page, after pressing a button."""
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.cached_message_hashes.extend(self.kept)
        if button is not None:
            state = message.rerun_script.widget_states.widgets.add()
            state.id, state.trigger_value = button, True
        self.running = True
        await self.socket.send(message.SerializeToString())

    async def listen(self) -> None:
        """Take what the server sends, until the connection ends."""
        async for frame in self.socket:
            message = ForwardMsg.FromString(frame)
            if message.WhichOneof("type") == "ref_hash":
                message = self.kept[message.ref_hash]
            elif message.hash:
                self.kept[message.hash] = message
            await self.take(message)

    async def take(self, message: ForwardMsg) -> None:
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
        elif kind == "auto_rerun":  # an older page that asks again and again
            asyncio.get_running_loop().create_task(self.ask_again(message.auto_rerun))
        elif kind == "script_finished":
            self.running = False

    async def ask_again(self, asked: Any) -> None:
        """Run a fragment every so often, as the browser does while the page stays as it is."""
        shown = self.shown
        while self.shown is shown and not all(panel["state"] == "ready" for panel in shown.get("panels", [])):
            await asyncio.sleep(asked.interval)
            message = BackMsg()
            message.rerun_script.query_string = self.query
            message.rerun_script.fragment_id = asked.fragment_id
            message.rerun_script.is_auto_rerun = True
            await self.socket.send(message.SerializeToString())

    async def change(self) -> float | None:
        """Go to the next film; gives the seconds until all is there, None where that never came."""
        start, before = time.perf_counter(), self.shown.get("film", {}).get("id")
        await self.rerun(self.buttons["Next film"])
        return await self.finished(start, before)

    async def finished(self, start: float, before: str | None) -> float | None:
        """Wait until the film is another one and all of it is there."""
        while time.perf_counter() - start < STUCK:
            if self.shown.get("film", {}).get("id") not in (None, before):
                if "standing" not in self.shown:
                    if not self.running and all(panel["state"] == "ready" for panel in self.shown["panels"]):
                        return time.perf_counter() - start
                elif await self.follow(start):
                    return time.perf_counter() - start
            await asyncio.sleep(0.01)
        return None

    async def follow(self, start: float) -> bool:
        """Listen to the page's channel until all rests, and fetch the parts, as the light box does."""
        shown, standing = self.shown, self.shown["standing"]
        view = standing["groups"][shown["group"]]["view"]
        while True:
            group = standing["groups"].get(shown["group"])
            if group is not None and group["view"] == view:
                parts = [item["part"] for item in group["items"] if item["part"]]
                parts += [shown["film"]["part"], shown["input"]["part"]]
                for part in parts:
                    if part not in self.fetched:
                        await asyncio.to_thread(self.get, f"/api/parts/{part}")
                        self.fetched.add(part)
                if all(item["state"] == "ready" for item in group["items"]):
                    return True
            if time.perf_counter() - start > STUCK:
                return False
            path = f"{shown['page']}/events?since={standing['version']}"
            _, body = await asyncio.to_thread(self.get, path)
            standing = json.loads(body)

    def get(self, path: str) -> tuple[dict[str, str], bytes]:
        """Fetch an address of the server."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=STUCK)
        connection.request("GET", path, headers={"Cookie": self.cookie, "Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return {name.lower(): value for name, value in answer.getheaders()}, body


async def play(port: int, process: subprocess.Popen, visitors: int, changes: int, seed: int, same: bool) -> dict:
    """Have visitors open a film each, or all the same one, and change it so many times; gives what it took."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2 * visitors))
    crowd = [Visitor(port) for _ in range(visitors)]

    async def one(number: int, visitor: Visitor) -> list[float | None]:
        first = 0 if same else (7 * number) % 200
        await visitor.open(f"film=simulated%2Fs{first:05d}&seed={seed}")
        await visitor.finished(time.perf_counter(), None)
        return [await visitor.change() for _ in range(changes)]

    before = processor_time(process)
    each = await asyncio.gather(*(one(*pair) for pair in enumerate(crowd)))
    times = [took for changes_of_one in each for took in changes_of_one]
    used = processor_time(process) - before
    idle_from = processor_time(process)
    await asyncio.sleep(IDLE)
    idle = (processor_time(process) - idle_from) / IDLE
    for visitor in crowd:
        await visitor.socket.close()
    return {**summary(times), "processor_s_a_change": used / max(len(times), 1), "idle_cores": idle}


async def browse(port: int, browsers: int, changes: int, seed: int) -> dict[str, Any]:
    """Have visitors in real browsers change films, by the key that a person would press; gives what it took."""
    from playwright.async_api import TimeoutError as TookTooLong
    from playwright.async_api import async_playwright

    async def one(browser: Any, number: int) -> list[float | None]:
        context = await browser.new_context(viewport={"width": 1366, "height": 768})
        page = await context.new_page()
        page.set_default_timeout(1000 * STUCK)
        await page.goto(f"http://127.0.0.1:{port}/?film=simulated%2Fs{7 * number:05d}&seed={seed}")
        await page.get_by_text("All maps are there.").wait_for()
        times: list[float | None] = []
        for _ in range(changes):
            before, start = await page.locator(".viewer .film .subtitle").inner_text(), time.perf_counter()
            await page.keyboard.press("f")
            try:
                await page.wait_for_function(FINISHED, arg=before)
                times.append(time.perf_counter() - start)
            except TookTooLong:
                times.append(None)
        await context.close()
        return times

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        each = await asyncio.gather(*(one(browser, number) for number in range(browsers)))
        await browser.close()
    return summary([took for times in each for took in times])


def summary(times: list[float | None]) -> dict[str, Any]:
    """Give how long changes took, and how many were not finished."""
    done = sorted(took for took in times if took is not None)
    return {
        "changes": len(times),
        "stuck": len(times) - len(done),
        "median_s": statistics.median(done) if done else float("nan"),
        "p95_s": done[int(0.95 * (len(done) - 1))] if done else float("nan"),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, nargs="+", default=[1, 5, 15, 30])
    parser.add_argument("--changes", type=int, default=20, help="films that each visitor goes through")
    parser.add_argument("--same", action="store_true", help="all on the same films; else each on films of its own")
    parser.add_argument("--browsers", type=int, default=0, help="play so many real ones")
    parser.add_argument("--app", type=Path, default=APP)
    parser.add_argument("--library", type=Path, help="kept between runs; default: a fresh one")
    options = parser.parse_args()
    print("visitors  maps      changes  stuck  median_s  p95_s  processor_s_a_change  idle_cores")
    app = options.app.resolve()
    with tempfile.TemporaryDirectory() as fresh, served(app, options.library or Path(fresh)) as server:
        if options.browsers:
            took = asyncio.run(browse(server[0], options.browsers, options.changes, 1))
            print(f"{options.browsers} browsers, {took}")
            return 0
        for seed, visitors in enumerate(options.visitors, 1):
            for maps in ("computed", "stored"):  # the second time the same maps are asked for
                took = asyncio.run(play(*server, visitors, options.changes, seed, options.same))
                print(
                    f"{visitors:8}  {maps:8}  {took['changes']:7}  {took['stuck']:5}  {took['median_s']:8.2f}  "
                    f"{took['p95_s']:5.2f}  {took['processor_s_a_change']:20.3f}  {took['idle_cores']:10.3f}",
                    flush=True,
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
