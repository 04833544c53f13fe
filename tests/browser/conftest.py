"""What all tests in a real browser share: Chromium, and a Streamlit server on a free port."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.ports import free_port

REPOSITORY = Path(__file__).resolve().parents[2]
APP = REPOSITORY / "dashboard" / "app.py"
ELSEWHERE = "elsewhere.localhost"  # a name that leads here, and is none of this machine's own
OWNER_KEY = "the owner of these tests"
PATIENCE = 60_000  # milliseconds: a busy machine takes its time, and nothing waits longer than it must
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put tests of one library side by side, so that they share a server, and give each two more tries.

    The report names those that needed them: on a busy machine two clocks race in what drives a browser.
    """
    places = [place for place, item in enumerate(items) if item.get_closest_marker("browser")]
    ordered = sorted((items[place] for place in places), key=lambda item: library_of(item.module).__module__)
    for place, item in zip(places, ordered, strict=True):
        items[place] = item
        if config.pluginmanager.hasplugin("rerunfailures"):
            item.add_marker(pytest.mark.flaky(reruns=2))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Give a running Chromium, or skip in one line."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("no Chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def phones(chromium: Any) -> Iterator[list[Any]]:
    """Two students' phones, each a browser of its own."""
    opened = [chromium.new_context(**PHONE).new_page() for _ in range(2)]
    for page in opened:
        page.set_default_timeout(PATIENCE)
    yield opened
    for page in opened:
        page.context.close()


@pytest.fixture(scope="session")
def browser(chromium: Any) -> Any:
    """Give a browser with one cache, so that Streamlit's own scripts are read once."""
    return chromium.new_context(viewport={"width": 1366, "height": 768}, accept_downloads=True)


@pytest.fixture(scope="session")
def serve() -> Callable[..., contextlib.AbstractContextManager[str]]:
    """Give the function that serves an app: ``with serve(app, "--library", folder) as address``."""
    return _serve


@contextlib.contextmanager
def _serve(app: Path, *arguments: str, port: int | None = None, **environment: str) -> Iterator[str]:
    """Serve an app, on a free port unless one is named, and give its address."""
    port = port or free_port()
    options = {
        "server.port": port,
        "server.address": "127.0.0.1",
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
    }
    command = [sys.executable, "-m", "streamlit", "run", str(app)]
    command += [f"--{name}={value}" for name, value in options.items()]
    known = {"PYTHONPATH": str(REPOSITORY), "LIGHTBOX_OWNER_KEY": OWNER_KEY}
    command += ["--", "--host", ELSEWHERE, *arguments]
    # In the app's folder, whose settings then hold for an app of a test too; what it prints stands below a failed test.
    server = subprocess.Popen(command, cwd=APP.parent, env={**os.environ, **known, **environment})
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait(60)


def wait_until_healthy(url: str, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


@dataclass(frozen=True)
class Served:
    """The app, served on a library.

    Attributes
    ----------
    address : str
        Where it is served.
    library : Path
        Its library.
    temporary : Path
        The server's folder for temporary files.
    """

    address: str
    library: Path
    temporary: Path


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Callable[[Path], None]], Served]]:
    """Give the function that serves the app on what another function writes, until another library is asked for."""
    now: dict[Callable[[Path], None], Served] = {}
    with contextlib.ExitStack() as server:

        def serve_on(write: Callable[[Path], None]) -> Served:
            if write not in now:
                server.close()
                now.clear()
                library, temporary = (tmp_path_factory.mktemp(name) for name in ("library", "temporary"))
                write(library)
                address = server.enter_context(_serve(APP, "--library", str(library), TMPDIR=str(temporary)))
                now[write] = Served(address, library, temporary)
            return now[write]

        yield serve_on


def nothing(library: Path) -> None:
    """Write no library: what comes with the app is all there is."""


def library_of(module: ModuleType) -> Callable[[Path], None]:
    """Give what writes the library of a module's tests: its `LIBRARY`, by default three generated films."""
    from tests.browser.compare_page import write_library

    return getattr(module, "LIBRARY", write_library)


@pytest.fixture(scope="module")
def app(request: pytest.FixtureRequest, browser: Any, served: Callable[[Callable[[Path], None]], Served]) -> Served:
    """Give the app, served on the module's library; modules that name the same one share it, with all it holds."""
    return served(library_of(request.module))


@pytest.fixture(scope="module")
def library(app: Served) -> Path:
    """Give the library of the app."""
    return app.library


@pytest.fixture(scope="module")
def temporary(app: Served) -> Path:
    """Give the folder for temporary files of the app."""
    return app.temporary


@pytest.fixture(scope="module")
def address(app: Served) -> str:
    """Give the address of the app."""
    return app.address


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """Give a fresh visitor's page; fail on any error in the browser or any uncaught one in Python."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("dialog", lambda dialog: problems.append(dialog.message))
    page.on("console", lambda told: problems.append(told.text) if "Content Security Policy" in told.text else None)
    yield page
    assert page.get_by_test_id("stException").count() == 0
    page.close()
    assert problems == []


@pytest.fixture
def visit(page: Any, address: str) -> Callable[..., Any]:
    """Give the function that opens the Compare page as a link says."""
    from tests.browser.compare_page import OVERTURE, SLOW, expect, link

    def open_link(**view: str) -> Any:
        page.goto(link(address, **{**OVERTURE, **view}), timeout=SLOW)
        expect(page.locator(".viewer [role=option]").first).to_be_visible(timeout=SLOW)
        return page

    return open_link
