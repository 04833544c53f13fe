"""The sanity strip, the shortcut lab and the blind test on the Trust page, without a browser and without TensorFlow."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from dashboard.server.library import OWN, Library
from dashboard.server.uploads import Upload
from dashboard.trust import lab as lab_module
from dashboard.trust import strip as strip_module
from dashboard.trust.blind import FILMS, LEANING, answered, draw_trials, judge_answers
from dashboard.trust.state import LINK
from dashboard.trust.strip import Asked
from tests.dashboard.pages import Idle, link_of, opened, said, serve, shown
from tests.dashboard.trust.made_league import put_sanity
from training.benchmark.sanity import EDGES, GRADIENT, Strip
from training.benchmark.shortcut import Looked
from training.benchmark.shortcut_files import write_lab
from xai.budget import Budget
from xai.films.film import Film, FilmError
from xai.models.loading import file_sha256

CALM, BENT = "calm-model", "bent-model"
COUNT, SIDE = 30, 32


def looked(place: int) -> Looked:
    """A film whose token shows in one method's map by the bent model, and in no map of the other method."""
    rng = np.random.default_rng(place)
    inside = np.zeros((SIDE, SIDE), bool)
    inside[4:7, 5:9] = True
    other = rng.random((SIDE, SIDE)).astype(np.float32)
    marked = np.where(inside, 90, other).astype(np.float32)
    maps = {(CALM, "gradcam"): other, (BENT, "gradcam"): marked}
    maps |= {(model, "lime"): rng.random((SIDE, SIDE)).astype(np.float32) for model in (CALM, BENT)}
    answers = {CALM: (2.0, 2.0), BENT: (3.0, -3.0)}
    return Looked(rng.random((SIDE, SIDE)).astype(np.float32), inside, answers, maps, {"gradcam": {}, "lime": {}})


@pytest.fixture
def served(shelf, monkeypatch, tmp_path) -> Path:
    """Two models, films, and what a lab measured of them."""
    for name in ("MODELS", "DATASETS", "PREDICTIONS"):
        monkeypatch.setattr(f"dashboard.server.library.BUILT_IN_{name}", Path("/nowhere"))
    known = {}
    for name in (CALM, BENT):
        shelf.add_card(name, outputs=["Emphysema", "Mass"])
        path = shelf.root / "models" / f"{name}.keras"
        path.write_bytes(name.encode())
        known[name] = file_sha256(path)
    shelf.add_dataset("films")
    claim = {"models": known, "finding": "Emphysema", "thing": "token", "methods": ["gradcam", "lime"], "samples": 200}
    shown = {place: looked(place) for place in range(COUNT)}
    others = {place: looked(place) for place in range(COUNT, 2 * COUNT)}
    folder = tmp_path / "lab"
    write_lab(folder, {**claim, "seed": 0}, shown, others, 14)
    monkeypatch.setattr(lab_module, "FOLDER", folder)
    services = Idle(Library(shelf.root))
    serve(monkeypatch, shelf.root, lambda root: services)
    return folder


show = partial(opened, "views/trust.py")


def strips(app) -> list[str]:
    """The rows of pictures on the page."""
    return [one.proto.body for one in app.get("html") if "<figure" in one.proto.body]


def everything(app) -> str:
    """All that stands on the page, pictures' words and addresses too, and the link."""
    bodies = [str(one.proto) for kind in ("html", "radio", "selectbox", "button", "alert") for one in app.get(kind)]
    texts = [one.value for one in (*app.markdown, *app.caption)]
    return "\n".join([*bodies, *texts, json.dumps(link_of(app))])


def test_the_lab_says_what_both_models_do_and_which_maps_tell(served):
    app = show(section="lab")
    text = shown(app)
    assert f"**{BENT}** flags 100\u00a0% with the token on them and 0.0\u00a0% without it" in text
    assert "**Grad-CAM** gives it away" in text
    assert "**LIME** does not tell the two models apart" in text
    table = app.dataframe[0].value.set_index("Map")
    assert table.loc["Grad-CAM", "p"] == "< 0.001"
    assert table.loc["Grad-CAM", "Films needed"] == "1 (1 to 3)"  # 30 of 30 is 88.6 % at least
    assert table.loc["Grad-CAM", "Tells apart (AUROC)"].startswith("1.00 (0.8")
    flags = app.dataframe[1].value
    assert flags["Films"].tolist() == ["30 with emphysema"] * 2 + ["30 without emphysema"] * 2
    (pictures,) = strips(app)
    assert pictures.count("<img") == 4
    assert re.search(rf"{BENT}: \d+\.\d\u00a0% of the evidence on the token. Says 95\u00a0%, and 4.7\u00a0%", pictures)


def test_a_link_to_no_film_of_the_lab_is_refused_and_another_version_of_a_model_named(served, shelf):
    (shelf.root / "models" / f"{BENT}.keras").write_bytes(b"another")
    app = show(section="lab", place="99", method="occlusion")
    assert "is not among those of the lab" in said(app)
    assert "There are no maps of the method “occlusion” here" in said(app)
    assert f"another version of {BENT}" in said(app)


def test_no_model_is_named_before_the_visitor_has_answered(served):
    app = show(section="blind", seed="5", method="gradcam")
    assert len(app.radio) == FILMS
    before = everything(app)
    assert CALM not in before and BENT not in before
    assert app.button(key="trust_blind_end").disabled
    trials = draw_trials(5, "gradcam", range(14))
    for number, trial in enumerate(trials):
        app.radio[number].set_value("l" if trial.leans else "c")
    app.run()
    answers = "".join("l" if trial.leans else "c" for trial in trials)
    assert link_of(app)["answers"] == answers
    assert CALM not in everything(app) and BENT not in everything(app)
    app.button(key="trust_blind_end").click().run()
    text = shown(app)
    assert "**12 of 12 right.**" in text and "0.1\u00a0%" in text
    assert f"the one that cheats **{BENT}**" in text
    assert "gets 12 of 12 right" in text
    again = show(**link_of(app))
    assert "**12 of 12 right.**" in shown(again)


def test_half_answered_links_show_no_truth_and_strange_ones_are_named(served):
    app = show(section="blind", answers="l" * 11 + "-", ended="on")
    assert BENT not in everything(app)
    app = show(section="blind", answers="l" * 11 + "x", seed="-1")
    assert "answers" in said(app) and "seed" in said(app)
    assert len(app.radio) == FILMS


def test_without_results_the_page_says_how_to_make_them(served, monkeypatch):
    monkeypatch.setattr(lab_module, "FOLDER", Path("/nowhere"))
    for section in ("lab", "blind"):
        app = show(section=section)
        assert "results are not here" in said(app)
        assert app.code[0].value == "python -m training shortcut-lab --out DIR"


def test_a_test_has_six_films_by_either_model_and_another_draw_for_each_method():
    for seed in range(20):
        trials = draw_trials(seed, "lime", range(24))
        assert sum(one.leans for one in trials) == 6
        assert len({one.place for one in trials}) == FILMS
    assert draw_trials(3, "lime", range(24)) == draw_trials(3, "lime", range(24))
    assert draw_trials(3, "lime", range(24)) != draw_trials(3, "gradcam", range(24))
    with pytest.raises(ValueError, match="expected at least 12 films"):
        draw_trials(3, "lime", range(11))


def test_answers_are_counted():
    trials = draw_trials(1, "lime", range(24))
    perfect = "".join("l" if one.leans else "c" for one in trials)
    assert judge_answers(trials, perfect).right == 12
    worse = answered(perfect, 0, "c" if perfect[0] == LEANING else LEANING)
    outcome = judge_answers(trials, worse)
    assert (outcome.right, outcome.said) == (11, 5 if trials[0].leans else 7)
    assert outcome.chance == pytest.approx(6 / 792)  # 6 of the 5-of-12 ways hold no clean film
    assert LINK.read({"answers": perfect})[0].answers == perfect


def ramp(turn: int = 0) -> np.ndarray:
    return np.rot90(np.arange(256, dtype=np.float32).reshape(16, 16), turn)


def keep_strip(services, maps: list[np.ndarray]) -> None:
    asked = Asked(services, CALM, "films", "a", "Emphysema", "gradcam", "films")
    kept = {"gradcam": np.stack(maps), GRADIENT: np.stack([ramp(), ramp(), ramp(2)]), EDGES: np.stack([ramp()] * 3)}
    services.arrays.put(asked.key, {"layers": np.array([0, 1, 7]), "canvas": ramp() / 255, **kept})


SANITY = {"section": "sanity", "model": CALM, "dataset": "films", "film": "a", "finding": "Emphysema"}


def test_a_strip_that_was_made_is_shown_with_what_it_shows_and_what_it_does_not(served, shelf, monkeypatch):
    services = Idle(Library(shelf.root))
    serve(monkeypatch, shelf.root, lambda root: services)
    keep_strip(services, [ramp(), ramp(), ramp(1)])
    text = shown(app := show(**SANITY, method="gradcam"))
    assert "**Grad-CAM** passes" in text and "Similarity 0.00 once all layers are random" in text
    assert "**Edges of the film** does not pass" in text and "Similarity 1.00" in text
    assert [one.count("<img") for one in strips(app)] == [3, 3, 3]
    assert "all random: similarity 0.00" in strips(app)[0]


def test_an_empty_map_is_said_to_be_empty(served, shelf, monkeypatch):
    services = Idle(Library(shelf.root))
    serve(monkeypatch, shelf.root, lambda root: services)
    keep_strip(services, [ramp(), ramp(), np.zeros((16, 16))])
    assert "The random model's map is empty, which counts as 0." in shown(show(**SANITY, method="gradcam"))
    keep_strip(services, [np.zeros((16, 16)), ramp(), ramp()])
    assert "**Grad-CAM** not known: the trained model's map is empty" in shown(show(**SANITY, method="gradcam"))


def test_a_strip_is_made_when_it_is_asked_for(served):
    app = show(section="sanity", film="nobody", method="nothing")
    assert "There is no film “nobody” in films" in said(app) and "There is no method “nothing”" in said(app)
    app.button(key="trust_sanity_make").click().run()
    waiting = [one.proto.json for one in app.get("bidi_component") if "Grad-CAM by 6 models" in one.proto.json]
    assert len(waiting) == 1


def test_a_strip_of_an_upload_is_its_visitors_alone_and_never_on_a_disk(served, shelf, monkeypatch):
    services = Idle(Library(shelf.root))
    serve(monkeypatch, shelf.root, lambda root: services)
    film = Film.from_pixels(np.kron(ramp(), np.ones((4, 4))) / 255)
    services.films.put(film)
    link = {**SANITY, "dataset": OWN, "film": film.sha256}

    def bring(app):
        app.session_state["uploads"] = [Upload(film.sha256, "mine.png")]

    app = opened("views/trust.py", bring, **link, method="gradcam")
    assert app.selectbox(key="trust_film").options == ["mine.png"] and said(app) == ""
    app.button(key="trust_sanity_make")  # not made yet
    maps = {"gradcam": np.stack([ramp(), ramp(1)]), GRADIENT: np.stack([ramp()] * 2), EDGES: np.stack([ramp()] * 2)}
    monkeypatch.setattr(strip_module, "make_strip", lambda *rest: Strip((0, 7), ramp() / 255, maps))
    monkeypatch.setattr(services, "ready", lambda *rest, **more: served_classifier())
    monkeypatch.setattr(services, "film", lambda *rest: film)
    asked = Asked(services, CALM, OWN, film.sha256, "Emphysema", "gradcam", "films")
    asked.make(Budget())
    assert not any(path.is_file() for path in services.library.arrays.rglob("*"))
    app = opened("views/trust.py", bring, **link, method="gradcam")
    assert "**Grad-CAM** passes" in shown(app)
    (address,) = re.findall(r'src="[^"]*/parts/([^"]+)"', strips(app)[0])[:1]
    assert services.channel.parts.find(address, "somebody else") is None
    services.channel.visitors.bring("its visitor", film.sha256)
    assert services.channel.parts.find(address, "its visitor").is_public is False
    assert "There is no dataset “your films”" in said(show(**link))
    services.forget(film.sha256)
    assert asked.get() is None
    with pytest.raises(FilmError, match="Bring it again"):
        asked.make(Budget())


def served_classifier() -> SimpleNamespace:
    return SimpleNamespace(prepare=lambda film: film.pixels)


def test_what_was_found_over_films_says_who_passes_and_that_the_edges_are_caught(served, shelf, monkeypatch):
    monkeypatch.setattr("dashboard.trust.subject.BUILT_IN_LEAGUES", Path("/nowhere"))
    assert "python -m training sanity simulated" in "\n".join(one.value for one in opened_sanity().code)
    put_sanity(shelf.root, shelf.root / "models" / f"{CALM}.keras")
    app = opened_sanity()
    assert "**Passes**: Grad-CAM. **Does not pass**: LIME. **May be either**: SHAP." in shown(app)
    assert "The plain gradient does not pass. The edges of the film, which know no model, are caught" in shown(app)
    assert app.code[0].value == (
        f"python -m training sanity LIBRARY/datasets/generated --model LIBRARY/models/{CALM}.keras --films 2 "
        "--samples 100 "
        f"--out LIBRARY/leagues/sanity-{CALM}"
    )
    table = app.dataframe[0].value.set_index("Map")
    assert list(table.index) == ["Grad-CAM", "LIME", "SHAP", "Edges of the film", "Plain gradient"]
    assert table.loc["Grad-CAM"].tolist() == ["0.15", "0.10 to 0.20", "passes", 2, 0]


def opened_sanity():
    return opened("views/trust.py", section="sanity", model=CALM)
