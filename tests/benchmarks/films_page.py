"""How long the Films page takes on a dataset of MIMIC's size: ``python tests/benchmarks/films_page.py``.

Generates a table and predictions, answers typical queries, then runs the whole page in process. Prints figures and
judges nothing.
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
import pandas as pd
from scipy.special import expit

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from streamlit.testing.v1 import AppTest

from dashboard.films.items import page_of, summaries
from dashboard.films.services import FilmServices
from dashboard.films.state import LINK as FILMS_LINK
from dashboard.films.state import State as FilmsState
from dashboard.server.library import Library
from training.datasets.table import DatasetFacts, write_dataset
from training.predictions.table import PredictionsFacts, write_predictions
from xai.cards.model_card import Threshold
from xai.findings import FINDINGS

APP = Path(__file__).resolve().parents[2] / "dashboard" / "main.py"
FILMS, PATIENTS = 377_110, 65_379  # of MIMIC-CXR-JPG 2.0.0
LINKS = {
    "nothing": {},
    "a finding": {"finding": "Emphysema"},
    "false positives": {"outcomes": "Emphysema:FP"},
    "false positives, worst first": {"outcomes": "Emphysema:FP", "sort": "mistakes"},
    "by probability": {"finding": "Emphysema", "sort": "likely"},
    "by uncertainty": {"finding": "Mass", "sort": "uncertainty"},
    "by number of findings": {"sort": "findings"},
    "five conditions": {
        "outcomes": "Effusion:FP,Effusion:FN",
        "labels": "Mass:absent,Edema:uncertain",
        "view": "PA",
        "sex": "F",
        "age": "40:60",
    },
    "part of a name": {"name": "1234"},
    "a patient": {"patient": "p1234"},
    "a sample of 1,000": {"sample": "1000", "seed": "3"},
    "a late page": {"page": "5000"},
}


def write_library(root: Path, films: int, rng: np.random.Generator) -> None:
    """Write a dataset like MIMIC's, no film on disk, and predictions of it."""
    patient = np.sort(rng.integers(PATIENTS, size=films))
    labels = rng.choice([1.0, 0.0, -1.0, np.nan], size=(films, len(FINDINGS)), p=[0.15, 0.45, 0.05, 0.35])
    names = pd.Series([f"p{one:08d}/s{number:08d}" for number, one in enumerate(patient)], dtype="str")
    words = np.select([labels == 1, labels == 0, labels == -1], ["explicit", "explicit", "uncertain"], "not_mentioned")
    table = pd.DataFrame(
        {
            "film": names,
            "path": names + ".jpg",
            "dataset": "mimic",
            "patient": [f"p{one:08d}" for one in patient],
            "study": names,
            "view": rng.choice(["PA", "AP", "LATERAL", "LL"], films),
            "age": rng.integers(18, 95, films).astype(float),
            "sex": rng.choice(["M", "F"], films),
            "split": np.array(["train", "validation", "test"])[patient % 3],
            "on_disk": False,
            **{name: labels[:, k].astype(np.float32) for k, name in enumerate(FINDINGS)},
            **{f"source_{name}": pd.Categorical(words[:, k]) for k, name in enumerate(FINDINGS)},
        }
    )
    folder = root / "datasets" / "large"
    write_dataset(folder, DatasetFacts("large", str(root), "generated", "none", "none", {}, 0), table)
    logits = np.where(labels == 1, 0.6, -1.6) + rng.normal(0, 1.1, labels.shape)
    answers = pd.DataFrame(expit(logits), index=pd.Index(names, name="film"), columns=list(FINDINGS))
    cuts = {name: Threshold(0.35, "generated") for name in FINDINGS}
    facts = PredictionsFacts("answers", "large", str(folder), "generated", "import", FINDINGS, cuts)
    write_predictions(root / "predictions" / "answers", facts, answers)


def timed(work: Callable[[], object]) -> str:
    """Time one call; on a busy machine its CPU time says more."""
    start, cpu = time.perf_counter(), time.process_time()
    work()
    return f"{time.perf_counter() - start:6.3f} s, {time.process_time() - cpu:6.3f} s of CPU"


def answer(shared: FilmServices, link: dict[str, str]) -> None:
    """Do what the page does for a link, up to what the browser is sent."""
    catalogue = shared.open("large", "answers")
    asked = FILMS_LINK.read({"dataset": "large", "predictions": "answers", **link})[0]
    page = page_of(shared.find(asked, catalogue, shared.notebook), asked)
    shared.count(asked, catalogue, shared.notebook)
    shared.count(FilmsState(), catalogue, shared.notebook)
    summaries(catalogue, asked, page.rows, {})


def visit(root: Path) -> AppTest:
    """Open the page as a visitor's browser does."""
    sys.argv = ["app.py", "--library", str(root)]
    app = AppTest.from_file(str(APP), default_timeout=120)
    app.switch_page("views/films.py")
    app.query_params.update({"dataset": "large", "predictions": "answers"})
    return app


def main() -> None:
    """Print seconds and MiB."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=FILMS)
    films = parser.parse_args().films
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_library(root, films, np.random.default_rng(0))
        shared = FilmServices(Library(root))
        print(f"{films:,} films, 14 findings; open once: {timed(lambda: shared.open('large', 'answers'))}")
        for words, link in LINKS.items():
            print(f"  {words:30} {timed(lambda link=link: answer(shared, link))}")
        app = visit(root)
        print(f"the page, with all to load: {timed(app.run)}")
        assert not app.exception, app.exception
        print("the page, all loaded:")
        for words, link in LINKS.items():
            asked = FILMS_LINK.read({"dataset": "large", "predictions": "answers", **link})[0]
            app.session_state["films_state"] = asked
            print(f"  {words:30} {timed(app.run)}")
            assert not app.exception, app.exception
        print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


if __name__ == "__main__":
    main()
