"""What can be taken away from Compare: words, outlines and boxes on it, as the page shows them."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image, ImageColor

from dashboard.compare import film_sheet as sheets
from dashboard.compare.downloads import downloads
from dashboard.compare.figure import NO_LINK, Source
from dashboard.compare.film_sheet import Next
from dashboard.compare.hang import Hung
from dashboard.compare.shown import Shown
from dashboard.compare.state import State
from dashboard.page.palette import FINDING_COLORS
from dashboard.server.awaited import Want
from dashboard.server.library import Library
from dashboard.server.services import Services
from tests.dashboard.pages import Idle
from xai.explainers import EXPLAINERS
from xai.explainers.explanation import Explanation
from xai.findings import finding_label

METHODS = ("gradcam", "shap", "lime")
NAME = {"svg": "http://www.w3.org/2000/svg"}
BOX = (0.25, 0.25, 0.75, 0.75)


@pytest.fixture
def services(shelf, monkeypatch) -> Services:
    """Three films, a model that nobody loads, and its maps of the first film."""
    monkeypatch.setattr("dashboard.server.library.BUILT_IN_MODELS", Path("/nowhere"))
    monkeypatch.setattr("dashboard.server.library.BUILT_IN_DATASETS", Path("/nowhere"))
    shelf.add_dataset(Effusion=[1.0, 0.0, float("nan")], Mass=[0.0, 0.0, 1.0])
    shelf.add_card("tiny")
    (shelf.root / "models" / "tiny.keras").write_bytes(b"not read")
    monkeypatch.setattr(Library, "boxes", lambda *_: {"Effusion": [BOX]})
    return Idle(Library(shelf.root))


def maps(method: str, finding: str) -> Explanation:
    values = np.zeros((16, 16), np.float32)
    values[4:8, 2:10] = 2.0 if finding == "Effusion" else 1.0
    if EXPLAINERS[method].signed:
        values[12:, :] = -1.5
    diagnostics = {
        "gradcam": {"cells": (4, 4), "layer": "last", "empty": False},
        "shap": {"difference": -0.04, "residual_share": 0.31, "pieces": 250},
        "lime": {"r2": 0.71, "regions": 38},
    }[method]
    logit = 2.0 if finding == "Effusion" else -3.0
    share = float(1 / (1 + np.exp(-logit)))
    return Explanation(method, finding, values, share, logit, 0, 10, 0.1, {}, diagnostics)


def shown_of(services: Services, film: str = "a", methods=METHODS, ready=METHODS) -> Shown:
    hung = Hung(services.film("generated", film), film, services.library.record("generated", film))
    card = services.library.card("tiny")
    shown = Shown.of(services, "page", State(methods=methods), hung, "tiny", card)
    for method in ready:
        services.store.put(shown.key(method), [maps(method, name) for name in card.outputs], on_disk=False)
    return shown


def files_of(shown: Shown, films=()) -> dict:
    source = Source(
        shown,
        "a · generated · PA",
        "plain · generated · PA",
        lambda changes: (f"film=generated%2Fa&finding={changes['finding']}", {}),
    )
    return downloads(source, "0" * 64, films)


def words_of(content: bytes) -> str:
    """All that an SVG says, its lines put together; a number may be held to its unit."""
    root = ElementTree.fromstring(content.decode())
    return " ".join(one.text or "" for one in root.iterfind(".//svg:text", NAME)).replace("\xa0", " ")


def told_by(content: bytes) -> str:
    """What an SVG says to those who see it and to those who do not."""
    root = ElementTree.fromstring(content.decode())
    return f"{words_of(content)} {root.findtext('svg:title', '', NAME)} {root.findtext('svg:desc', '', NAME)}"


def query(**more) -> dict[str, str]:
    display = more.pop("display", {})
    return {"finding": "Effusion", "form": "svg", "address": "http://host:1/", "display": json.dumps(display), **more}


def test_the_figure_says_what_the_page_says_and_where_to_find_it(services):
    name, media, content = files_of(shown_of(services))["figure"](query(display={"truth": True}))
    assert (name, media) == ("a.Effusion.svg", "image/svg+xml")
    words = words_of(content)
    for wanted in (
        "Effusion: 88 %",
        "Above its threshold of 50 %: flagged.",
        "the dataset says that it is present",
        "Grad-CAM",
        "R² 0.71",
        "! Residual: 31.0 %",
        "−2: against",
        "for: +2 logit per region",
        "for: 2 logit",
        "model: tiny · seed 0",
        "not for clinical use",
        "http://host:1/?film=generated%2Fa&finding=Effusion",
    ):
        assert re.sub(r"\s", "", wanted) in re.sub(r"\s", "", words), wanted


def test_the_figure_is_as_the_browser_shows_it(services):
    display = {"overlay": False, "hide_weakest": 30, "scale": "all", "evidence": "native", "invert": True, "width": 0.5}
    words = words_of(files_of(shown_of(services))["figure"](query(display=display))[2])
    for wanted in ("overlay off", "weakest 30 % hidden", "its own resolution", "span all", "inverted", "wide 0.50"):
        assert wanted in words
    usual = words_of(files_of(shown_of(services))["figure"](query())[2])
    assert "overlay 60 % opaque" in usual and "hidden" not in usual and "inverted" not in usual
    as_model = files_of(shown_of(services))["figure"](query(display={"picture": "input"}))[2]
    assert "Model's input" in words_of(as_model)


def drawn(shown: Shown, **more) -> np.ndarray:
    content = files_of(shown)["figure"](query(form="png", **more))[2]
    return np.asarray(Image.open(io.BytesIO(content)), int)


def test_the_truth_is_outlined_and_told_only_where_the_page_shows_it(services):
    shown = shown_of(services)
    color = np.array(ImageColor.getrgb(FINDING_COLORS["Effusion"]))
    on, off = (drawn(shown, display={"truth": truth}) for truth in (True, False))
    outlined = [(np.abs(picture - color).max(axis=2) < 12).sum() for picture in (on, off)]
    assert outlined[0] > 4 * 4 * 100 and outlined[1] == 0  # four sides of four pictures, each longer than 100 pixels
    for name in ("figure", "findings"):
        told, hidden = (
            files_of(shown)[name](query(display={"truth": truth}, findings='["Effusion", "Mass"]'))[2].decode()
            for truth in (True, False)
        )
        assert "present" in told
        assert not re.search("present|absent|truth|positive|rightly|a miss", hidden, re.IGNORECASE)
    for truth in (True, False):
        parameters = json.loads(files_of(shown)["parameters"](query(display={"truth": truth}))[2])
        assert ("truth" in parameters) == truth


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_figure_is_in_the_theme_that_is_asked_for(services, theme):
    ground = drawn(shown_of(services), theme=theme)[2, 2]
    assert tuple(ground) == ImageColor.getrgb({"dark": "#0e0f12", "light": "#fafaf8"}[theme])


def test_maps_that_are_not_there_yet_are_named(services):
    shown = shown_of(services, ready=("gradcam",))
    words = words_of(files_of(shown)["figure"](query())[2])
    assert "SHAP, LIME were not there yet" in words
    assert files_of(shown_of(services, film="b", ready=()))["figure"](query()) is None


def test_a_map_that_was_stopped_is_in_all_files_and_they_say_so(services):
    shown = shown_of(services, ready=("gradcam",))
    pieces = np.repeat(np.arange(16, dtype=np.uint16)[:, None], 16, axis=1)
    state = [
        replace(
            maps("lime", name),
            map=np.float32(pieces - 7.0),
            pieces=pieces,
            errors=np.full(16, 2, np.float32),
            evaluations=384,
            parameters={"samples": 384, "regions": 60},
        )
        for name in shown.card.outputs
    ]
    services.sharpening.put(shown.key("lime"), state)
    files = files_of(shown)
    words = words_of(files["figure"](query())[2])
    assert (
        "LIME after 384 of 1,000 films (the link makes the whole)" in words
        and "Only after 384 of 1,000 films." in words
    )
    assert "SHAP was not there yet" in words and "Hatched: whether a region speaks for or against is not sure" in words
    for off in ({"unsure": False}, {"hide_weakest": 90}):  # of the strongest the sign is sure
        assert "Hatched" not in words_of(files["figure"](query(display=off))[2])
    sheet = words_of(files["findings"](query())[2])
    assert "LIME after 384 of 1,000 films" in sheet and "Hatched" in sheet
    parameters = json.loads(files["parameters"](query())[2])
    assert parameters["not_finished"] == {"lime": "after 384 of 1,000 films"}
    assert parameters["explanations"][1]["parameters"]["samples"] == 384  # which makes the same map again
    boxes = json.loads(files["boxes"](query())[2])["annotations"]
    assert [one.get("not_finished") for one in boxes] == [None, "after 384 of 1,000 films"]
    raw = np.load(io.BytesIO(files["maps"](query())[2]))
    np.testing.assert_array_equal(raw["lime"], state[0].map)
    pixels = [drawn(shown, display={"unsure": on}) for on in (True, False)]
    assert (pixels[0] != pixels[1]).any()
    assert "not_finished" not in json.loads(files_of(shown_of(services, film="b"))["parameters"](query())[2])


def test_a_map_that_was_stopped_stays_in_files_as_on_the_screen_while_another_page_goes_on_with_it(services):
    shown = shown_of(services, ready=("gradcam",))
    other, key = replace(shown, waiter="another page"), shown.key("lime")
    pieces = np.repeat(np.arange(16, dtype=np.uint16)[:, None], 16, axis=1)

    def put(films: int) -> None:
        state = [maps("lime", name) for name in shown.card.outputs]
        services.sharpening.put(key, [replace(one, pieces=pieces, evaluations=films) for one in state])

    def saved(one: Shown) -> list[int]:
        made = json.loads(files_of(one)["parameters"](query())[2])["explanations"]
        return [told["evaluations"] for told in made if told["method"] == "lime"]

    def want(one: Shown) -> Want:
        return next(want for want in one.wants() if want.name == "lime")

    put(128)
    part = want(shown).preview()
    want(shown).stop()
    for films in (256, 384, 512, 768):
        put(films)
    assert (saved(shown), saved(other)) == ([128], [768])
    services.store.put(key, [maps("lime", name) for name in shown.card.outputs], on_disk=False)
    services.sharpening.drop(key)
    assert (saved(shown), saved(other)) == ([128], [10])
    assert want(shown).find() is None and want(shown).preview() == part and want(other).find() is not None
    found = services.channel.parts.find(part, "ada")
    assert found is not None and found.content
    want(shown).ask()  # it goes on, and there is the whole
    assert saved(shown) == [10] and want(shown).find() == want(other).find()


def test_a_map_that_was_stopped_before_its_first_look_is_in_no_file(services):
    shown = shown_of(services, ready=("gradcam",))
    next(want for want in shown.wants() if want.name == "lime").stop()
    services.store.put(shown.key("lime"), [maps("lime", name) for name in shown.card.outputs], on_disk=False)
    assert list(shown.seen()) == ["gradcam"]


def test_an_uploads_figure_has_no_link(services):
    shown = shown_of(services)
    services.films.put(services.film("generated", "a"))
    upload = replace(shown, record=None, truth={})
    words = words_of(files_of(upload)["figure"](query())[2])
    assert NO_LINK in words and "http://" not in words


def test_the_boxes_are_in_pixels_of_the_film_and_drawn_on_demand(services):
    shown = shown_of(services)
    name, media, content = files_of(shown)["boxes"](query())
    found = json.loads(content)
    assert (name, media) == ("a.Effusion.boxes.json", "application/json")
    assert [one["method"] for one in found["annotations"]] == list(METHODS)
    assert all(one["bbox"] == [5, 10, 20, 10] for one in found["annotations"])  # of a film of 40 pixels a side
    assert found["annotations"][0]["model_sha256"] == "0" * 64
    plain, boxed = (words_of(files_of(shown)["figure"](query(boxes=boxes))[2]) for boxes in ("false", "true"))
    assert "strongest evidence" in boxed and "strongest evidence" not in plain


def test_a_sheet_of_findings_has_a_row_of_maps_for_each(services):
    name, _, content = files_of(shown_of(services))["findings"](query(findings='["Effusion", "Mass"]'))
    assert name == "a.Effusion.findings.svg"
    words = words_of(content)
    assert "2 findings on one film" in words and "From the left: Grad-CAM, SHAP, LIME." in words
    assert "Effusion: 88 %, flagged" in words and "Mass: 4.7 %, not flagged" in words
    pictures = ElementTree.fromstring(content.decode()).findall(".//svg:image", NAME)
    assert len(pictures) == 1 + 2 * 3
    alone = words_of(files_of(shown_of(services))["findings"](query(findings="[]"))[2])
    assert "1 finding on one film" in alone and "Mass" not in alone


def test_a_sheet_of_films_has_each_film_beside_its_maps_and_says_what_is_lacking(services, monkeypatch):
    monkeypatch.setattr(sheets, "WAIT", 0.0)  # nobody works here
    first, _ = shown_of(services), shown_of(services, film="b", ready=("gradcam", "shap"))
    films = [(Next("a", "generated"), "a"), (Next("b", "generated"), "b"), (Next("c", "generated"), "c")]
    name, _, content = files_of(first, films)["films"](query(display={"truth": True}))
    assert name == "a.Effusion.films.svg"
    words = words_of(content)
    assert "Effusion on 2 films" in words and "2 of 3 films could not be shown whole" in words
    assert "a: 88 %, flagged, truth: present" in words and "b: 88 %, flagged, truth: absent" in words
    assert len(ElementTree.fromstring(content.decode()).findall(".//svg:image", NAME)) == (1 + 3) + (1 + 2)
    assert services.jobs._jobs == {}  # what was asked for is left again
    assert files_of(first, [(Next("gone", "generated"), "gone")])["films"](query()) is None


def test_a_sheet_of_fourteen_findings_fits(services, shelf):
    from xai.findings import FINDINGS

    shelf.add_card("tiny", outputs=list(FINDINGS))
    shown = shown_of(services)
    asked = query(findings=json.dumps(list(FINDINGS)), form="svg")
    content = files_of(shown)["findings"](asked)[2]
    words = words_of(content)
    assert all(re.sub(r"\s", "", finding_label(name)) in re.sub(r"\s", "", words) for name in FINDINGS)
    assert len(ElementTree.fromstring(content.decode()).findall(".//svg:image", NAME)) == 1 + 14 * 3


def test_another_film_or_finding_has_no_file(services):
    files = files_of(shown_of(services))
    assert files["figure"](query(film="another")) is None and files["boxes"](query(finding="Plague")) is None
    with pytest.raises(ValueError, match="kind of file"):
        files["figure"](query(form="exe"))
