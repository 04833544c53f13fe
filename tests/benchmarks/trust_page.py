"""How long the Trust page and the line under a map take: ``python tests/benchmarks/trust_page.py``.

Opens each section from what comes with the app, first cold, then warm, in process; and says of the maps of one film
what can be said at once, for all findings of the model. Prints figures and judges nothing; on a busy machine the CPU
time says more than the clock. Aims: a section within 1 s, a map's line within 0.1 s.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard.compare.hang import Hung
from dashboard.compare.shown import Shown
from dashboard.compare.state import State
from dashboard.compare.trust_known import known_of
from dashboard.compare.trust_line import trust_line
from dashboard.server.library import Library
from dashboard.server.services import Services
from dashboard.server.shared import shared_services
from dashboard.trust.sections import SECTIONS
from tests.benchmarks.judging_pages import timed
from training.benchmark.usual import count_places
from xai.explainers import EXPLAINERS
from xai.explainers.explanation import Explanation

APP = Path(__file__).resolve().parents[2] / "dashboard" / "main.py"
FILM, MODEL, METHOD, TIMES = "s00002", "lightbox", "lime", 3


def sections() -> None:
    """Open each section cold and again."""
    for name in SECTIONS:
        st.cache_resource.clear()
        shared_services.cache_clear()
        app = AppTest.from_file(str(APP), default_timeout=300)
        app.switch_page("views/trust.py")
        app.query_params["section"] = name
        print(f"  {name:8} cold: {timed(app.run)}")
        assert not app.exception, app.exception
        print(f"  {name:8} warm: {timed(app.run)}")


def line(root: Path) -> None:
    """Say of each map of a film what needs no model."""
    services = Services(Library(root))
    record = services.library.record("simulated", FILM)
    card = services.library.card(MODEL)
    hung = Hung(services.film("simulated", FILM), FILM, record)
    shown = Shown.of(services, "page", State(methods=(METHOD,)), hung, MODEL, card)
    shape = card.input.shape
    rng = np.random.default_rng(0)
    parameters = EXPLAINERS[METHOD]().parameters()
    made = [
        Explanation(METHOD, name, rng.normal(size=shape).astype(np.float32), 0.9, 2.0, 0, 9, 0.1, parameters)
        for name in card.outputs
    ]
    places = count_places(services.library.dataset("simulated"), card.outputs)  # in the background, once a dataset
    known_of(shown, METHOD, made, {}, places)
    start, cpu = time.perf_counter(), time.process_time()
    for _ in range(TIMES):
        told = [trust_line(one) for one in known_of(shown, METHOD, made, {}, places).values()]
    maps = TIMES * len(told)
    clock, cpu = (time.perf_counter() - start) / maps, (time.process_time() - cpu) / maps
    print(f"  line under a map: {clock:.4f} s, {cpu:.4f} s of CPU; {len(told)} maps of {shape[0]} × {shape[1]}")


def main() -> None:
    Services.warm_up = lambda services, model: None  # TensorFlow is for other pages
    AppTest.from_string("import streamlit, plotly.graph_objects").run()
    with tempfile.TemporaryDirectory() as folder:
        sys.argv = ["app.py", "--library", folder]
        sections()
        line(Path(folder))


if __name__ == "__main__":
    main()
