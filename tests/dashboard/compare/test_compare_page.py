"""The page in every state, without a browser; results lie in the store already, so that nothing has to be computed."""

from __future__ import annotations

import gzip
import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.compare.trust_wants import PREFIX
from dashboard.components.display import DISPLAY
from dashboard.server.awaited import Item
from dashboard.server.library import Library
from dashboard.server.page import Page
from dashboard.server.services import Request, Services
from dashboard.server.uploads import Upload
from dashboard.server.visitors import new_token
from tests.dashboard.components.test_packing import unpack
from tests.dashboard.pages import Idle, link_of, opened, plain, said, serve, shown
from tests.xai import made_forks as forks
from tests.xai.films.test_film import dicom, gradient
from xai.films.film import Film
from xai.films.reading import read_film


@pytest.fixture
def run(shelf, monkeypatch) -> Callable[..., AppTest]:
    """Open the page as a link says, on services of this test's own."""

    def open_link(services: Services | None = None, **link: str) -> AppTest:
        serve(monkeypatch, shelf.root, lambda root: services or Idle(Library(root)))
        return opened(**link)

    return open_link


@pytest.fixture
def own_library(monkeypatch) -> None:
    """Leave the built-in models and datasets out."""
    monkeypatch.setattr("dashboard.server.library.BUILT_IN_MODELS", Path("/nowhere"))
    monkeypatch.setattr("dashboard.server.library.BUILT_IN_DATASETS", Path("/nowhere"))


def test_without_a_model_the_page_says_what_to_do(run, own_library):
    app = run()
    assert "There is no model: put a .keras file and its card into" in said(app)


def test_without_a_dataset_the_page_says_what_to_do(run, own_library, shelf):
    shelf.add_card("tiny")
    (shelf.root / "models" / "tiny.keras").write_bytes(b"not read")
    app = run()
    assert "Nothing hangs here yet" in said(app)
    assert app.error == app.warning == []


@pytest.fixture
def stocked(own_library, shelf) -> None:
    """One model that nobody loads, and three films."""
    shelf.add_dataset(Effusion=[1.0, 0.0, float("nan")])
    shelf.add_card("tiny")
    (shelf.root / "models" / "tiny.keras").write_bytes(b"not read")


@pytest.mark.usefixtures("stocked")
class TestStocked:
    def test_a_fresh_visitor_sees_the_first_film_waiting(self, run):
        app = run()
        assert said(app) == ""
        assert [(one.name, one.state) for one in waiting(app)] == [
            ("answers", "waiting"),
            ("gradcam", "waiting"),
            ("shap", "waiting"),
            ("lime", "waiting"),
        ]
        assert link_of(app)["film"] == "generated/a"

    def test_what_makes_one_doubt_the_answer_stands_beside_it(self, run, shelf):
        film = next(shelf.root.rglob("b.png"))
        film.write_bytes(dicom(gradient(8), ViewPosition="LL"))
        app = run(film="generated/b")
        assert "Doubt this answer**: a lateral view: most chest models learned" in plain(shown(app))

    def test_a_link_chooses_film_and_finding(self, run):
        app = run(film="generated/b", finding="Mass", model="tiny")
        assert said(app) == ""
        assert "b · generated" in plain(shown(app))
        assert link_of(app) | {"film": "generated/b", "finding": "Mass"} == link_of(app)

    @pytest.mark.parametrize(
        ("name", "value", "sentence"),
        [
            ("model", "gone", "There is no model “gone” in this library; showing tiny."),
            ("film", "generated/zz", "The dataset generated has no film “zz” on disk."),
            ("film", "gone/a", "There is no dataset “gone”; there are generated."),
            ("film", "generated/../../a", "The dataset generated has no film “../../a” on disk."),
            ("finding", "Plague", "tiny has no output “Plague”; showing the most probable."),
            ("methods", "telepathy", "it can be gradcam, shap, lime"),
            ("opacity", "7", "expected a number from 0 to 1"),
            ("film", "x\x00\x1b\n", "was left out"),
            ("finding", "<script>alert(1)</script>" * 4000, "was left out"),
            ("model", "[click](https://example.org) **b**", "no model “[click](https://example.org) **b**”"),
        ],
    )
    def test_a_bad_link_is_one_sentence_and_the_page_goes_on(self, run, name, value, sentence):
        app = run(**{name: value})
        assert sentence in plain(said(app))
        assert len(app.error) + len(app.warning) == 1
        assert len(said(app)) < 500
        assert app.selectbox(key="compare_model").value == "tiny"

    def test_what_a_link_names_is_shown_as_text(self, run):
        app = run(model="[click](https://example.org) **b** :red[c] <i>")
        (warning,) = app.warning
        assert r"\[click\]\(https\:\/\/example\.org\) \*\*b\*\* \:red\[c\] \<i\>" in warning.value

    def test_each_method_alone_and_all_together(self, run):
        for methods in ("gradcam", "shap", "lime", "random", "centred", "gradcam,shap,lime,random,centred"):
            app = run(methods=methods, seed="7")
            assert said(app) == ""
            assert link_of(app)["seed"] == "7"

    def test_no_method_chosen_shows_the_usual_ones(self, run):
        app = run()
        app.button_group(key="compare_methods").set_value([]).run()
        assert not app.exception
        assert "methods" not in link_of(app)

    def test_next_and_previous_walk_the_dataset(self, run):
        app = run()
        assert app.button(key="Previous").disabled
        for film in "bc":
            app.button(key="Next").click().run()
            assert link_of(app)["film"] == f"generated/{film}"
        assert app.button(key="Next").disabled
        app.button(key="Previous").click().run()
        assert link_of(app)["film"] == "generated/b"
        assert not app.exception

    def test_films_in_folders_can_be_hung(self, run, shelf):
        shelf.add_dataset("deep", films=("patient1/study1/view1", "patient2/study1/view1"))
        app = run(film="deep/patient2/study1/view1")
        assert said(app) == ""
        app.button(key="Previous").click().run()
        assert not app.exception
        assert link_of(app)["film"] == "deep/patient1/study1/view1"

    def test_a_parameter_reaches_the_link_and_the_request(self, run):
        app = run(methods="lime")
        app.select_slider(key="compare_lime.samples").set_value(200).run()
        assert not app.exception
        assert link_of(app)["lime.samples"] == "200"
        assert dict(app.session_state["compare_state"].parameters("lime"))["samples"] == 200

    def test_what_changes_the_state_shows_in_the_controls_and_stays(self, run):
        app = run(seed="1")
        for _ in range(2):
            app.session_state["compare_state"] = app.session_state["compare_state"].with_(seed=5, methods=("lime",))
            app.run()
            app.run()
            assert app.number_input(key="compare_seed").value == 5
            assert app.button_group(key="compare_methods").value == ["lime"]
            assert (link_of(app)["seed"], link_of(app)["methods"]) == ("5", "lime")
            app.number_input(key="compare_seed").set_value(7).run()
            assert link_of(app)["seed"] == "7"

    def test_a_broken_film_leaves_the_others_usable(self, run, shelf):
        (shelf.root / "films" / "generated" / "a.png").write_text("no picture", encoding="utf-8")
        app = run(film="generated/a")
        assert len(app.error) == 1
        assert "text" in app.error[0].value
        assert said(run(film="generated/b")) == ""

    def test_a_broken_dataset_leaves_the_others_usable(self, run, shelf):
        (shelf.add_dataset("spoilt") / "films.parquet").write_bytes(b"no table")
        assert said(run()) == ""
        (error,) = run(film="spoilt/a").error
        assert plain(error.value).startswith("spoilt cannot be read")
        assert str(shelf.root) not in plain(error.value)

    @pytest.mark.parametrize("content", ["", "{", "[]", '{"name": 3}', '{"name": "x", "outputs": []}'])
    def test_a_broken_card_is_one_sentence_and_the_film_still_named(self, run, shelf, content):
        (shelf.root / "models" / "tiny.json").write_text(content, encoding="utf-8")
        app = run()
        (error,) = app.error
        assert plain(error.value).startswith("tiny.json")
        assert "Nothing hangs here" not in said(app)
        assert "a · generated" in plain(shown(app))

    def test_a_missing_card_says_which_fields_are_needed(self, run, shelf):
        (shelf.root / "models" / "tiny.json").unlink()
        (error,) = run().error
        assert "name, outputs, head (link, emits) and input (size, channels)" in plain(error.value)

    def test_nothing_is_written_by_looking(self, run, shelf, contents):
        before = contents(shelf.root)
        run(film="generated/b", finding="Mass")
        assert contents(shelf.root) == before


def test_maps_that_are_ready_are_shown_and_can_be_taken_away(run, own_library, shelf):
    shelf.add_dataset(Effusion=[1.0, 0.0, float("nan")])
    shelf.add_model()
    services = Services(Library(shelf.root))
    app = run(services, film="generated/a", methods="gradcam,centred", finding="Effusion")
    page_of(app).hear()  # a browser listens
    until(lambda: all(one.state == "ready" for one in waiting(app)))  # they come without a run of the page
    items = {one.name: one for one in waiting(app)}
    page = page_of(app)
    film = services.film("generated", "a")
    until(lambda: isinstance(services.predict("x", film, "tiny"), np.ndarray))
    (logit, _) = services.predict("x", film, "tiny")
    probability = 1 / (1 + np.exp(-logit))
    answers = content(services, page, items["answers"])
    assert answers["probabilities"]["Effusion"] == pytest.approx(probability)
    assert answers["verdicts"]["Effusion"]["lead"] == f"Effusion: {100 * probability:.0f}\u00a0%"
    maps = content(services, page, items["gradcam"])
    assert maps["maps"].shape == (2, 16, 16)
    assert set(maps["captions"]) == {"Effusion", "Mass"}
    name, media, archive = page.files.find("maps")({"finding": "Effusion"})
    assert (name, media) == ("a.Effusion.npz", "application/octet-stream")
    assert set(np.load(io.BytesIO(archive)).files) == {"gradcam", "centred", "facts"}
    assert json.loads(page.files.find("parameters")({"finding": "Mass"})[2])["film"] == "a"
    display = json.dumps({"opacity": 0.3})
    assert page.files.find("figure")({"finding": "Mass", "display": display})[2].startswith(b"\x89PNG")
    assert page.files.find("maps")({"finding": "Plague"}) is None
    for odd in ("{", "[]", '{"opacity": "x"}', "[" * 100_000):
        with pytest.raises(ValueError, match="asks for a display that there is not"):
            page.files.find("figure")({"finding": "Mass", "display": odd})
    again = run(services, film="generated/a", methods="gradcam,centred", finding="Effusion")
    assert {one.name: one.part for one in waiting(again)} == {name: one.part for name, one in items.items()}


def test_a_method_that_fails_says_why_and_can_be_tried_again(run, own_library, shelf):
    shelf.add_dataset()
    shelf.add_model(sha256="0" * 64)
    app = run(Services(Library(shelf.root)), methods="gradcam")
    page_of(app).hear()
    until(lambda: all(one.state == "failed" for one in waiting(app)))
    for one in waiting(app):
        assert "is not the model that its card was written for" in one.message
    page_of(app).go_on("compare")
    assert {one.state for one in waiting(app)} <= {"waiting", "running", "failed"}


def test_what_is_chosen_in_the_browser_needs_no_run_and_counts_in_the_next(run, own_library, shelf):
    shelf.add_dataset()
    shelf.add_card("tiny")
    (shelf.root / "models" / "tiny.keras").write_bytes(b"not read")
    app = run()
    page = page_of(app)
    answer = page.choose({"finding": "Mass"}, 1)
    assert parse_qs(answer["query"]) == {"film": ["generated/a"], "finding": ["Mass"]}
    answer = page.choose({"display": dict(DISPLAY) | {"opacity": 0.3}}, 1)
    assert parse_qs(answer["query"])["opacity"] == ["0.3"]
    odd = ({"contrast": 1}, {"opacity": "x"}, {"opacity": float("inf")}, {"center": -5})
    for bad in ({"finding": "Plague"}, {"model": "other"}, *({"display": one} for one in odd)):
        with pytest.raises((ValueError, TypeError)):
            page.choose(bad, 2)
    app.run()
    assert not app.exception
    assert link_of(app) | {"finding": "Mass", "opacity": "0.3"} == link_of(app)
    assert app.session_state["compare_state"].finding == "Mass"


def test_an_upload_is_shown_to_its_visitor_alone(run, own_library, shelf):
    shelf.add_dataset()
    shelf.add_model()
    services = Services(Library(shelf.root))
    app = run(services)
    film = read_film(shelf.root / "films" / "generated" / "c.png")
    own = Film.from_pixels(1 - film.pixels)
    services.films.put(own)
    page = page_of(app)
    services.channel.visitors.bring(page.visitor, own.sha256)
    upload = Upload(own.sha256, "mine.png")
    app.session_state["upload"], app.session_state["uploads"] = upload, [upload]
    app.run()
    assert not app.exception
    page.hear()
    until(lambda: all(one.state == "ready" for one in waiting(app)))
    find = services.channel.parts.find
    for one in waiting(app):
        part = find(one.part, page.visitor)
        assert not part.is_public
        assert b"mine" not in gzip.decompress(part.content)
        assert find(one.part, new_token()) is None
        assert find(one.part, "") is None
    assert "film" not in link_of(app)
    shelf.add_model("bare").with_suffix(".json").unlink()
    app.run().selectbox(key="compare_model").set_value("bare").run()
    assert app.get("imgs") == []  # which Streamlit would serve to anybody
    sent = [json.loads(one.proto.json) for one in app.get("bidi_component")]
    (alone,) = [one for one in sent if "film" in one]
    assert (alone["film"]["title"], alone["findings"], alone["panels"]) == ("mine.png", [], [])
    assert find(alone["film"]["part"], page.visitor).content
    assert find(alone["film"]["part"], new_token()) is None
    assert "Write a starter card" in [button.label for button in app.button]
    assert page.choose({"display": dict(DISPLAY) | {"invert": True}}, 1)["query"] == "upload=1&invert=on"
    with pytest.raises(ValueError, match="no such output"):
        page.choose({"finding": "Mass"}, 2)


@pytest.mark.usefixtures("stocked")
def test_a_refusal_closes_what_would_lie_over_it_and_a_new_one_takes_its_place(run, monkeypatch):
    brought = {f"upload_{turn}": [Brought(name)] for turn, name in enumerate(("broken.png", "text.png"))}
    monkeypatch.setattr("streamlit.file_uploader", lambda label, *, key, **how: brought.get(key))
    app = run()
    app.run()
    assert app.session_state["times_hung"] == 2
    assert [one.partition(":")[0] for one in app.session_state["refused"]] == ["text.png"]
    assert "text.png" in plain(said(app)) and "broken.png" not in plain(said(app))


class Brought:
    """A file of a visitor that holds no film."""

    def __init__(self, name: str) -> None:
        self.name = self.file_id = name

    def getvalue(self) -> bytes:
        return b"no film"


def test_the_layer_that_gradcam_reads_is_chosen_among_those_of_the_model(run, own_library, shelf):
    shelf.add_dataset()
    forks.forked(forks.concatenated, side=16).save(shelf.add_model("forked"))
    shelf.add_model("plain")
    services = Services(Library(shelf.root))

    def finished(app):
        page_of(app).hear()
        until(lambda: all(one.ended for one in waiting(app)))
        return app.run()

    app = finished(run(services, model="forked", methods="gradcam"))
    layers = app.selectbox(key="compare_gradcam.layer")
    assert layers.options[:4] == ["the card's, or the last", "deep + side", "deep", "side"]
    app = finished(layers.set_value("side").run())
    assert link_of(app)["gradcam.layer"] == "side" and said(app) == ""
    request = Request(services.film("generated", "a"), "forked", "gradcam", (("layer", "side"),), 0, True)
    assert services.found(request)[0].diagnostics["layer"] == "side"

    app = run(services, model="forked", methods="gradcam", **{"gradcam.layer": "nowhere"})
    app = finished(app)
    assert app.selectbox(key="compare_gradcam.layer").options[-1] == "nowhere" and not app.exception
    app = app.selectbox(key="compare_model").set_value("plain").run()
    assert "gradcam.layer" not in link_of(app) and link_of(app)["model"] == "plain"


def page_of(app: AppTest) -> Page:
    return app.session_state["open_page"]


def waiting(app: AppTest) -> list[Item]:
    return [one for one in page_of(app).items("compare") if not one.name.startswith(PREFIX)]


def content(services: Services, page: Page, item: Item) -> dict:
    """Fetch what an item names, as the browser would."""
    return unpack(gzip.decompress(services.channel.parts.find(item.part, page.visitor).content))


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
