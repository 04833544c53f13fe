from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Before NumPy is there: threads that spin while they wait for a core that another process has cost a quarter of the time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
REPOSITORY = Path(__file__).resolve().parents[1]
REAL_DATA = REPOSITORY.parent / "shared" / "data"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-pictures", action="store_true", help="store what the pages look like now")


class BrowserApart(LoadFileScheduling):
    """Gives each process a file at a time, but all that drive a browser to one: they share servers, and often wait."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "browser" if file.startswith("tests/browser/") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling | None:
    return BrowserApart(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_finish() -> None:
    """Have the garbage collector leave alone what was imported: AppTest has it walk through that after every run."""
    gc.collect()
    gc.freeze()


def pytest_make_parametrize_id(val: object) -> str | None:
    """Call bytes by their number: they may hold the time, and both processes must call a test the same."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Give the folder of real films beside the checkout, or skip."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"no real films: {REAL_DATA.name}/ is not beside the checkout")
    return REAL_DATA
