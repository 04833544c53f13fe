"""How long the ROC page takes, cold and when the threshold moves: ``python tests/benchmarks/judging_pages.py``.

Generates predictions of as many films as NIH's test list and MIMIC-CXR have, and runs the whole page in process. Prints
figures and judges nothing; on a busy machine the CPU time says more than the clock.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard.server.library import Library
from dashboard.server.services import Services
from dashboard.server.shared import shared_services
from tests.benchmarks.films_page import write_library

APP = Path(__file__).resolve().parents[2] / "dashboard" / "main.py"
SIZES = (22_433, 377_110)
MOVES = (0.1, 0.2, 0.3, 0.4)


def timed(work: Callable[[], object]) -> str:
    """Time one call; on a busy machine its CPU time says more."""
    start, cpu = time.perf_counter(), time.process_time()
    work()
    return f"{time.perf_counter() - start:6.3f} s, {time.process_time() - cpu:6.3f} s of CPU"


def measure() -> None:
    """Open the page cold, then move its threshold and open its panels."""
    app = AppTest.from_file(str(APP), default_timeout=300)
    app.switch_page("views/roc.py")
    app.query_params.update({"predictions": "answers", "finding": "Emphysema", "rule": "youden"})
    st.cache_resource.clear()
    shared_services.cache_clear()
    print(f"  cold:              {timed(app.run)}")
    assert not app.exception, app.exception
    for place in MOVES:
        view = app.session_state["roc_state"].with_(threshold=place, rule="")
        app.session_state["roc_state"] = view
        print(f"  threshold to {place:g}:  {timed(app.run)}")
    for panel in ("subgroups", "published", "steps", "downloads", "whatif"):
        app.session_state["roc_state"] = app.session_state["roc_state"].with_(panel=panel)
        print(f"  panel {panel:12} {timed(app.run)}")
        assert not app.exception, app.exception


def main() -> None:
    """Print seconds and MiB; a moved threshold reruns the whole page here, in a browser only its fragment."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, nargs="+", default=SIZES)
    Services.warm_up = lambda services, model: None  # TensorFlow is for other pages
    AppTest.from_string("import streamlit, plotly.graph_objects").run()
    for films in parser.parse_args().films:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            write_library(root, films, np.random.default_rng(0))
            print(f"{films:,} films, 14 findings; {len(Library(root).predictions())} predictions")
            sys.argv = ["app.py", "--library", str(root)]
            measure()
    print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


if __name__ == "__main__":
    main()
