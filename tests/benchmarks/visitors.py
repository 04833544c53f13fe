"""What visitors of the Compare page wait, and what they cost: ``python tests/benchmarks/visitors.py``.

Starts the app and plays visitors that speak its pages' own protocols. Each opens the Compare page on a film that nobody
has looked at with this seed, and goes on to the next with the button that a person would press. For each number of
visitors, on the same film and on films of their own, the table has seconds (median and 95th percentile) to the first
map, to a look at every map, to all maps and to the words below them; how many times as long all maps took (95th
percentile) as those of a visitor who was alone in the minute before; changes that were not finished within the patience
("stuck"); the server's processor time for a change, and its memory.

``--heavy``    how long one visitor's LIME of 2,000 films on a DenseNet-121 makes another one wait
``--stuck``    30 visitors and 500 changes: fails where one is never finished, or where anything polls
``--browsers`` plays visitors in Chromium instead
``--app``      plays against another checkout's app, as long as its pages wait on this channel
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import Popen
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.visitor import Took, Visitor, memory, processor_time, served

APP = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"
PATIENCE = 600.0  # seconds after which a page that is not finished counts as stuck
IDLE = 10.0  # seconds over which idle visitors are watched
HEAVY = "model=densenet&methods=lime&lime.samples=2000"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
# In the browser: another film hangs, and all of it is there.
FINISHED = """(before) => {
    const host = [...document.querySelectorAll("*")].find((one) => one.shadowRoot?.querySelector(".viewer"));
    const root = host?.shadowRoot;
    return root && root.querySelector(".film .subtitle").textContent !== before
        && root.querySelector(".progress .words").textContent.startsWith("All maps are there");
}"""
HEAD = (
    "visitors  films      stuck |  first map    |  every look   |  all maps     |  every word   | "
    "times alone | CPU s  GiB  load"
)


def link(film: int, seed: int, more: str = "") -> str:
    """Give the query that opens a simulated film."""
    return f"film=simulated%2Fs{film:05d}&seed={seed}&{more}"


async def walk(visitor: Visitor, query: str, films: int) -> list[Took]:
    """Open a film and go on to the next ones; gives what each took."""
    return [await visitor.open(query), *[await visitor.change() for _ in range(films - 1)]]


async def play(port: int, visitors: int, films: int, seed: int, same: bool, more: str = "") -> list[Took]:
    """Have visitors come at once, and look at so many films each; gives what each change took."""
    crowd = [Visitor(port, PATIENCE) for _ in range(visitors)]
    starts = [0 if same else 7 * number % 200 for number in range(visitors)]
    walks = [walk(one, link(start, seed, more), films) for one, start in zip(crowd, starts, strict=True)]
    took = [one for each in await asyncio.gather(*walks) for one in each]
    await asyncio.gather(*(one.close() for one in crowd))
    return took


async def measure(port: int, process: Popen, options: argparse.Namespace) -> None:
    """Print the table."""
    await play(port, 1, 1, 999, True)  # the model is loaded, and what runs it chosen
    print(HEAD, flush=True)
    seed = 1000
    for same in (True, False) if options.films == "both" else (options.films == "same",):
        for visitors in options.visitors:
            alone = await play(port, 1, options.changes, seed, True)
            before = processor_time(process)
            took = await play(port, visitors, options.changes, seed + 1, same)
            used = (processor_time(process) - before) / len(took)
            print(row(visitors, same, took, alone, f"{used:6.2f} {memory(process):4.2f}"), flush=True)
            seed += 2


def row(visitors: int, same: bool, took: list[Took], alone: list[Took], rest: str) -> str:
    """Write one row of the table."""
    seconds = [[getattr(one, name) for one in took] for name in ("first", "looks", "maps", "all")]
    cells = " | ".join(f"{middle(one):5.1f}  {late(one):5.1f}" + " " for one in seconds)
    ratio = f"{late(seconds[2]) / max(middle([one.maps for one in alone]), 1e-9):11.2f}"
    stuck = sum(one.all is None for one in took)
    kind = "the same " if same else "different"
    return f"{visitors:8}  {kind}  {stuck:5} | {cells} | {ratio} | {rest} {os.getloadavg()[0]:5.1f}"


def middle(seconds: Iterable[float | None]) -> float:
    """Give the median of what came."""
    return quantile(seconds, 0.5)


def late(seconds: Iterable[float | None]) -> float:
    """Give the 95th percentile of what came."""
    return quantile(seconds, 0.95)


def quantile(seconds: Iterable[float | None], share: float) -> float:
    """Give a quantile of what came, which is one of the values."""
    came = [one for one in seconds if one is not None]
    return float(np.quantile(came, share, method="inverted_cdf")) if came else float("nan")


async def heavy(port: int, changes: int) -> None:
    """Print how long a visitor waits alone, while another's slow model is loaded, and while it explains."""
    await play(port, 1, 1, 999, True)
    slow = Visitor(port, PATIENCE)
    print("one visitor's changes, seconds          first map: median, longest   all maps: median, longest", flush=True)
    report("alone", await play(port, 1, changes, 1, True))
    opening = asyncio.create_task(slow.open(link(50, 1, HEAVY)))
    await asyncio.sleep(1.0)
    report("while DenseNet-121 is loaded", await play(port, 1, changes, 2, True))
    while not slow.came:
        await asyncio.sleep(0.2)
    report("while it explains by LIME of 2,000 films", await play(port, 1, changes, 3, True))
    print("LIME had ended before: take fewer changes" if opening.done() else "LIME was still at work then.")
    opening.cancel()
    await slow.close()
    report("alone again", await play(port, 1, changes, 4, True))


def report(what: str, took: list[Took]) -> None:
    """Print a row."""
    first, every = ([getattr(one, name) for one in took] for name in ("first", "maps"))
    print(
        f"{what:44}{middle(first):12.2f}{quantile(first, 1):9.2f}{middle(every):19.2f}{quantile(every, 1):9.2f}",
        flush=True,
    )


async def stuck(port: int, process: Popen, visitors: int, changes: int, more: str = "") -> int:
    """Have visitors go through the same films, and say what was never finished, and what asks when nothing happens."""
    crowd = [Visitor(port, PATIENCE) for _ in range(visitors)]
    each = await asyncio.gather(*(walk(one, link(0, 7, more), changes // visitors + 1) for one in crowd))
    took = [one for walked in each for one in walked[1:]]
    before = processor_time(process)
    await asyncio.sleep(IDLE)
    idle = (processor_time(process) - before) / IDLE
    polls = sum(one.polls for one in crowd)
    await asyncio.gather(*(one.close() for one in crowd))
    never = sum(one.all is None for one in took)
    print(
        f"{visitors} visitors, {len(took)} changes: {never} stuck, {polls} parts of pages that poll; "
        f"all maps after {middle([one.maps for one in took]):.1f} s (median), "
        f"{late([one.maps for one in took]):.1f} s (p95); {idle:.3f} cores while they only look"
    )
    return 1 if never or polls else 0


async def browse(port: int, browsers: int, changes: int, seed: int) -> list[Took]:
    """Have visitors in real browsers change films, by the key that a person would press; gives what it took."""
    from playwright.async_api import TimeoutError as TookTooLong
    from playwright.async_api import async_playwright

    async def one(browser: Any, number: int) -> list[Took]:
        context = await browser.new_context(viewport={"width": 1366, "height": 768})
        page = await context.new_page()
        page.set_default_timeout(1000 * PATIENCE)
        await page.goto(f"http://127.0.0.1:{port}/?{link(7 * number, seed)}")
        await page.get_by_text("All maps are there.").wait_for()
        took = []
        for _ in range(changes):
            before, start = await page.locator(".viewer .film .subtitle").inner_text(), time.perf_counter()
            await page.keyboard.press("f")
            try:
                await page.wait_for_function(FINISHED, arg=before)
                seconds = time.perf_counter() - start
                took.append(Took(maps=seconds, all=seconds))
            except TookTooLong:
                took.append(Took())
        await context.close()
        return took

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        each = await asyncio.gather(*(one(browser, number) for number in range(browsers)))
        await browser.close()
    return [took for walked in each for took in walked]


def write_densenet(models: Path) -> None:
    """Write a DenseNet-121 of 14 findings with random weights, and its card."""
    from xai.backend import keras
    from xai.cards.input_spec import InputSpec
    from xai.cards.model_card import ModelCard, card_path, write_card
    from xai.findings import FINDINGS

    keras.utils.set_random_seed(0)
    models.mkdir(parents=True, exist_ok=True)
    path = models / "densenet.keras"
    keras.applications.DenseNet121(weights=None, classes=len(FINDINGS), classifier_activation="sigmoid").save(path)
    write_card(ModelCard("densenet", FINDINGS, "sigmoid", "probabilities", InputSpec(224, 3)), card_path(path))


async def run(port: int, process: Popen, options: argparse.Namespace) -> int:
    """Play what was asked for."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2 * max(*options.visitors, 30)))
    if options.stuck:
        return await stuck(port, process, max(options.visitors), options.changes or 500)
    options.changes = options.changes or 1
    if options.heavy:
        await heavy(port, max(options.changes, 3))
    elif options.browsers:
        print(row(options.browsers, False, await browse(port, options.browsers, options.changes, 1), [], ""))
    else:
        await measure(port, process, options)
    return 0


def main() -> int:
    """Play visitors, and print what they waited."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, nargs="+", default=[1, 5, 15, 30])
    parser.add_argument("--changes", type=int, help="films of each visitor, 1; of all with --stuck, 500")
    parser.add_argument("--films", choices=("same", "different", "both"), default="both")
    parser.add_argument("--heavy", action="store_true")
    parser.add_argument("--stuck", action="store_true")
    parser.add_argument("--browsers", type=int, default=0)
    parser.add_argument("--cores", type=int, nargs="+", default=[], help="that the server runs on (Linux)")
    parser.add_argument("--app", type=Path, default=APP)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as library:
        if options.heavy:
            write_densenet(Path(library) / "models")
        with served(options.app.resolve(), Path(library), options.cores) as (port, process):
            return asyncio.run(run(port, process, options))


if __name__ == "__main__":
    sys.exit(main())
