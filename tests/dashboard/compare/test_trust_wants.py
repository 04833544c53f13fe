"""How far to trust a map: what is said at once, what the model is asked for, and what is kept of it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from dashboard.compare.hang import Hung
from dashboard.compare.shown import Shown
from dashboard.compare.state import State
from dashboard.compare.trust_line import FALSE_POSITIVE, GUESS, LIES, NOT_FLAGGED, NOT_MEASURED, NOT_THIS
from dashboard.compare.trust_wants import trust_wants
from dashboard.server.library import Library
from dashboard.server.services import Services
from tests.dashboard.conftest import shades
from tests.dashboard.pages import Idle
from xai.budget import Budget, Cancelled
from xai.explainers import EXPLAINERS
from xai.explainers.explanation import Explanation
from xai.explainers.faithful import trust_baselines
from xai.films.film import Film
from xai.measures.trust import DRAWS, draws, gains

BOX = (0.0, 0.0, 0.5, 0.5)
LOGITS = {"Effusion": 2.0, "Mass": -3.0}  # the first is flagged


class Bright:
    """A model that answers how bright the upper left quarter of a film is, and what it was asked."""

    mean_film = None
    card = SimpleNamespace(mean_film=None)

    def __init__(self) -> None:
        self.asked = 0

    def prepare(self, film: Film) -> np.ndarray:
        return np.linspace(0.2, 1, 256, dtype=np.float32).reshape(16, 16)[::-1, ::-1].copy()

    def logits(self, canvases: np.ndarray) -> np.ndarray:
        self.asked += len(canvases)
        quarter = canvases[:, :8, :8].mean(axis=(1, 2))
        return np.stack([quarter, -quarter], axis=1)


@pytest.fixture
def library(shelf, monkeypatch) -> Library:
    for name in ("library.BUILT_IN_MODELS", "library.BUILT_IN_DATASETS"):
        monkeypatch.setattr(f"dashboard.server.{name}", Path("/nowhere"))
    monkeypatch.setattr("dashboard.compare.glance.BUILT_IN_LEAGUES", Path("/nowhere"))
    shelf.add_dataset(Effusion=[1.0, 0.0, float("nan")], Mass=[1.0, 0.0, 1.0])
    shelf.add_card("tiny")
    (shelf.root / "models" / "tiny.keras").write_bytes(b"not read")
    monkeypatch.setattr(Library, "boxes", lambda self, dataset, film: {"Effusion": [BOX]} if film == "a" else {})
    return Library(shelf.root)


@pytest.fixture
def model() -> Bright:
    return Bright()


@pytest.fixture
def services(library, model, monkeypatch) -> Services:
    return served(library, model, monkeypatch)


def served(library: Library, model: Bright | None, patch: pytest.MonkeyPatch) -> Services:
    services = Idle(library)
    patch.setattr(services, "classifier", lambda name: model or pytest.fail("a model was asked for"))
    return services


def shown_of(services: Services, film: str = "a", upload: Film | None = None, **state: object) -> Shown:
    if upload is not None:
        hung = Hung(upload, "up")
    else:
        hung = Hung(services.film("generated", film), film, services.library.record("generated", film))
    return Shown.of(services, "page", State(methods=("lime",), **state), hung, "tiny", services.library.card("tiny"))


def explained(shown: Shown) -> Shown:
    """Put maps into the store: the strongest evidence lies in the upper left quarter."""
    values = np.zeros((16, 16), np.float32)
    values[2:6, 2:6] = 2.0
    values[10:, 10:] = 1.0
    told = {"rank_stability": 0.9, "sure_share": 0.25}
    parameters = EXPLAINERS["lime"]().parameters()
    made = [
        Explanation("lime", name, values, 0.5, logit, 0, 9, 0.1, parameters, told) for name, logit in LOGITS.items()
    ]
    shown.services.store.put(shown.key("lime"), made, on_disk=shown.record is not None)
    return shown


def lines(shown: Shown, monkeypatch) -> tuple[str, dict]:
    """Give how the line stands, at once or whole, and its words."""
    (want,) = trust_wants(shown)
    parts: dict[str, dict] = {}
    with monkeypatch.context() as patch:
        patch.setattr(type(shown), "offer", lambda self, about, make: parts.setdefault(about[1], make()) and about[1])
        stands = want.find() or want.preview()
    return stands, parts[stands]["lines"]


def measure(shown: Shown, budget: Budget | None = None) -> None:
    (want,) = trust_wants(shown)
    want.ask().work(budget or Budget())


def labels(line: dict) -> list[str]:
    return [row["label"] for row in line["rows"]]


def test_nothing_is_said_or_asked_before_there_is_a_map(services):
    (want,) = trust_wants(shown_of(services))
    assert (want.find(), want.preview(), want.ask()) == (None, None, None)


def test_a_map_that_could_not_be_made_is_not_waited_for(services, monkeypatch):
    monkeypatch.setattr(services.jobs, "find", lambda key: SimpleNamespace(state="failed"))
    with pytest.raises(ValueError, match="no map to measure"):
        trust_wants(shown_of(services))[0].ask()


def test_what_needs_no_model_is_said_at_once(services, model, monkeypatch):
    stands, said = lines(explained(shown_of(services)), monkeypatch)
    assert (stands, model.asked) == ("at once", 0)
    effusion = said["Effusion"]
    assert effusion["verdict"] == LIES["on"]
    assert labels(effusion) == ["This map", "Noise", "Blob", "By chance", "Steady", "Sure"]
    # Of 16 x 2 and 36 x 1, the first lies in the box of 64 pixels, all 16 of it; by area 48 are shared as ties.
    assert "evidence inside 47\u00a0%" in effusion["rows"][0]["words"]
    assert effusion["plain"]["verdict"] == NOT_MEASURED
    assert labels(effusion["plain"]) == ["Steady", "Sure"]
    assert said["Mass"]["verdict"] == said["Mass"]["plain"]["verdict"] == NOT_FLAGGED


def test_the_line_is_there_within_a_tenth_of_a_second(services, monkeypatch):
    import time

    shown = explained(shown_of(services))
    lines(shown, monkeypatch)
    start = time.thread_time()
    lines(shown, monkeypatch)
    assert time.thread_time() - start < 0.1 * len(LOGITS)


def test_the_model_is_asked_about_flagged_findings_alone_as_the_measure_does(services, model, monkeypatch):
    shown = explained(shown_of(services))
    measure(shown)
    stands, said = lines(shown, monkeypatch)
    assert stands == "whole"
    assert labels(said["Mass"]) == labels(said["Mass"]["plain"]) == ["Steady", "Sure"]
    (words,) = [row["words"] for row in said["Effusion"]["rows"] if row["label"] == "Faithful"]
    canvas = model.prepare(shown.reopened())
    values = services.store.get(shown.key("lime"))[0].map
    for name, baseline in trust_baselines(model, canvas).items():
        own = gains(values, canvas, model.logits, baseline)[0]
        drawn = [abs(gains(one, canvas, model.logits, baseline)[0]) for one in draws((16, 16))]
        assert len(drawn) == DRAWS
        assert (
            f"{own:+.2f}\u00a0logit where hidden parts show the {name} (random maps reach +{max(drawn):.2f})".replace(
                "-", "−"
            )
            in words
        )


def test_a_second_visit_needs_no_model(library, services, monkeypatch):
    measure(explained(shown_of(services)))
    again = shown_of(served(library, None, monkeypatch))
    stands, said = lines(again, monkeypatch)
    assert stands == "whole"
    assert "Faithful" in labels(said["Effusion"])


def test_nothing_of_an_upload_is_written_and_all_of_it_is_forgotten(services, contents, monkeypatch):
    film = Film.from_pixels(shades(9) / np.float32(255))
    services.films.put(film)
    shown = explained(shown_of(services, upload=film))
    before, keys, put = contents(services.library.root), [], services.answered.put
    monkeypatch.setattr(services.answered, "put", lambda key, found: (keys.append(key), put(key, found)))
    measure(shown)
    assert lines(shown, monkeypatch)[0] == "whole"
    assert contents(services.library.root) == before
    assert len(keys) == 2  # what was measured of the map, and of random ones
    services.forget(film.sha256)
    assert [services.answered.get(key) for key in keys] == [None, None]


def test_it_stops_when_nobody_waits_any_more(services):
    shown = explained(shown_of(services))
    with pytest.raises(Cancelled):
        measure(shown, Budget(cancelled=lambda: True))
    assert trust_wants(shown)[0].find() is None


def test_an_absent_finding_that_is_flagged_is_a_false_positive_while_the_truth_is_shown(services, monkeypatch):
    _, said = lines(explained(shown_of(services, "b")), monkeypatch)
    assert said["Effusion"]["verdict"] == FALSE_POSITIVE
    assert said["Effusion"]["plain"]["verdict"] == NOT_MEASURED


def test_what_was_measured_of_the_model_is_told_where_no_truth_is(library, services, monkeypatch):
    folder = library.root / "leagues" / "tiny-on-generated"
    folder.mkdir(parents=True)
    model = hashlib.sha256(b"not read").hexdigest()
    shown = explained(shown_of(services, "c"))
    here = shown.seen()["lime"][0].parameters
    claim = {"dataset": "generated", "model": model, "settings": {"lime": dict(here)}}
    (folder / "benchmark.json").write_text(json.dumps(claim))
    (folder / "league.csv").write_text(
        "method,finding,measure,value,low,high,films\nlime,Effusion,pointing,0.41,0.33,0.49,57\n"
    )
    (folder / "beside.csv").write_text(
        "method,finding,measure,ahead,low,high,p,films\nlime,Effusion,pointing,0.02,-0.05,0.09,0.3,57\n"
    )
    _, said = lines(shown, monkeypatch)
    line = said["Effusion"]
    assert (line["verdict"], line["origin"]) == (
        GUESS["level"],
        "Hit in 41\u00a0% (33 to 49) of 57 films of generated.",
    )
    assert "other settings" not in line["rows"][0]["words"]
    (folder / "benchmark.json").write_text(json.dumps({**claim, "settings": {"lime": {**here, "samples": 7}}}))
    assert "other settings" in lines(explained(shown), monkeypatch)[1]["Effusion"]["rows"][0]["words"]
    monkeypatch.setitem(LOGITS, "Mass", 3.0)
    assert lines(explained(shown), monkeypatch)[1]["Mass"]["verdict"] == NOT_THIS
