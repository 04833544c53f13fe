"""The Compare page, driven as a visitor would."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.browser.compare_page import (
    APP,
    DATASET,
    OVERTURE,
    SLOW,
    address_of,
    costs,
    expect,
    finish,
    link,
    panels,
    title,
    write_slow_model,
)
from tests.browser.until import until
from xai.films.reading import read_film

pytestmark = pytest.mark.browser


def test_a_finding_chosen_by_key_reaches_python(visit):
    page = visit()
    finish(page)
    expect(page.locator(".viewer .answer strong")).to_contain_text("Effusion: ")
    page.locator(".viewer [role=listbox]").press("ArrowDown")
    chosen = page.locator(".viewer [role=option][aria-selected=true] .name").inner_text()
    assert chosen != "Effusion"
    expect(page.locator(".viewer .answer strong")).to_contain_text(f"{chosen}: ")
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    until(page, "(name) => location.search.includes(`finding=${name.split(' ')[0]}`)", arg=chosen)


def test_a_film_opens_with_what_is_most_probable_until_the_visitor_chooses(page, address):
    view = {name: value for name, value in OVERTURE.items() if name != "finding"}
    page.goto(link(address, **view, seed="31"), timeout=SLOW)
    options = page.locator(".viewer [role=option]")
    for film in "ab":
        expect(title(page)).to_contain_text(f"{film} · {DATASET}", timeout=SLOW)
        finish(page)
        flagged = options.and_(page.locator("[data-flagged=true]"))
        first = flagged.first if flagged.count() else options.first  # they stand in the order of their probability
        expect(first).to_have_attribute("aria-selected", "true")
        assert "finding" not in address_of(page)
        page.keyboard.press("f")
    options.last.click()
    until(page, "new URLSearchParams(location.search).has('finding')")


def test_key_o_hides_the_overlay_and_the_link_remembers_it(visit):
    page = visit()
    finish(page)
    canvas = panels(page).first.locator(".stage canvas")
    read = "(canvas) => Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data)"
    shown = np.array(canvas.evaluate(read))
    page.keyboard.press("o")
    expect(page.locator(".viewer [data-display=overlay]")).to_have_attribute("aria-pressed", "false")
    until(page, "location.search.includes('overlay=off')")
    hidden = np.array(canvas.evaluate(read))
    film = np.array(page.locator(".viewer .film .stage canvas").evaluate(read))
    assert np.abs(shown - hidden).max() > 20
    np.testing.assert_array_equal(hidden, film)
    page.reload()
    expect(page.locator(".viewer [data-display=overlay]")).to_have_attribute("aria-pressed", "false", timeout=SLOW)


def test_the_next_film_hangs_by_key_and_the_link_follows(visit):
    page = visit()
    finish(page)
    page.keyboard.press("f")
    expect(title(page)).to_contain_text(f"b · {DATASET}")
    until(page, "location.search.includes('film=generated%2Fb')")
    finish(page)
    assert address_of(page)["finding"] == "Effusion"


def test_a_map_sharpens_stays_when_it_is_cancelled_and_goes_on_from_there(page, address, library):
    write_slow_model(library / "models")
    asked = {
        "model": "slow",
        "methods": "gradcam,lime",
        "lime.samples": "2000",
        "lime.regions": "150",
        "seed": "11",
    }
    page.goto(link(address, **{**OVERTURE, **asked}))
    lime, words = page.locator(".viewer .panel", has_text="LIME"), page.locator(".viewer .progress .words")
    so_far, canvas = lime.locator(".so-far"), lime.locator(".stage canvas")
    expect(so_far).to_have_text(re.compile(r"(First look|Sharpening): [\d,]+ of 2,000 films\."), timeout=SLOW)
    first, label = so_far.inner_text(), canvas.get_attribute("aria-label")
    assert re.match(r"After [\d,]+ of 2,000 films\. LIME for Effusion", label)
    expect(panels(page)).to_have_count(1, timeout=SLOW)  # Grad-CAM, which waits for no other
    expect(words).to_have_text("Sharpening LIME…")
    expect(so_far).not_to_have_text(first)
    assert canvas.get_attribute("aria-label") == label  # said once
    expect(lime).to_have_attribute("data-state", "preview")

    page.get_by_role("button", name="Cancel").click()
    expect(words).to_have_text(
        "Cancelled. What was ready stays. LIME stays as far as it came; reloaded, this page makes the whole."
    )
    expect(so_far).to_have_text(re.compile(r"Stopped after [\d,]+ of 2,000 films."))
    films = int(re.search(r"after ([\d,]+) of", so_far.inner_text()).group(1))
    expect(lime.locator(".rule")).to_contain_text("hatched where its sign is not sure")
    read = "(canvas) => Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data)"
    hatched = np.array(canvas.evaluate(read))
    page.keyboard.press("u")
    until(page, "location.search.includes('unsure=off')")
    expect(lime.locator(".rule")).not_to_contain_text("hatched")
    assert np.abs(np.array(canvas.evaluate(read)) - hatched).max() > 40
    page.locator(".viewer .save > summary").click()
    facts = json.loads(download(page, "All parameters (JSON)")[1])
    assert facts["not_finished"] == {"lime": f"after {films:,} of 2,000 films"}
    assert [one["parameters"].get("samples") for one in facts["explanations"]] == [None, films]
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Go on").click()
    expect(so_far).to_have_text(re.compile("Sharpening: "), timeout=SLOW)
    assert int(re.search(r": ([\d,]+) of", so_far.inner_text()).group(1)) >= films
    page.get_by_role("button", name="Cancel").click()
    expect(words).to_contain_text("Cancelled.")


def test_reload_gives_the_same_film_finding_and_display(visit):
    page = visit(film=f"{DATASET}/b", finding="Mass", opacity="0.35", scale="all", evidence="native", invert="on")
    finish(page)
    before = address_of(page)
    page.reload()
    finish(page)
    assert address_of(page) == before
    assert (before["film"], before["finding"], before["opacity"]) == (f"{DATASET}/b", "Mass", "0.35")
    expect(title(page)).to_contain_text(f"b · {DATASET}")
    expect(page.locator(".viewer [role=option][aria-selected=true] .name")).to_have_text("Mass")
    expect(page.locator(".viewer [data-display=opacity]")).to_have_value("0.35")
    expect(page.locator(".viewer [data-display=scale][value=all]")).to_be_checked()
    expect(page.locator(".viewer [data-display=evidence][value=native]")).to_be_checked()
    expect(page.locator(".viewer [data-display=invert]")).to_have_attribute("aria-pressed", "true")


def download(page, name: str) -> tuple[str, bytes]:
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name).click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def test_downloads_hold_what_the_page_shows(visit, library):
    from xai.explainers import EXPLAINERS
    from xai.models.classifier import Classifier
    from xai.models.library import find_model

    page = visit(seed="3", truth="on")
    finish(page)
    page.locator(".viewer .save > summary").click()
    name, content = download(page, "Raw maps (NPZ)")
    assert name == "a.Effusion.npz"
    archive = np.load(io.BytesIO(content), allow_pickle=False)
    classifier = Classifier.load(find_model("lightbox"))
    film = read_film(library / "films" / "a.png")
    asked = {"gradcam": {}, "shap": {"evaluations": 100}, "lime": {"samples": 100}}
    assert set(archive.files) == {*asked, "facts"}
    for method, parameters in asked.items():
        (direct,) = EXPLAINERS[method](**parameters).explain(classifier, film, ["Effusion"], seed=3)
        largest = np.abs(direct.map).max()
        if method != "shap":  # which cuts finer where any of the findings asked for reacts
            np.testing.assert_allclose(archive[method], direct.map, atol=1e-4 * largest, err_msg=method)
    direct = EXPLAINERS["shap"](evaluations=100).explain(classifier, film, seed=3)
    wanted = direct[classifier.card.index("Effusion")].map
    np.testing.assert_allclose(archive["shap"], wanted, atol=1e-4 * np.abs(wanted).max())

    name, content = download(page, "All parameters (JSON)")
    facts = json.loads(content)
    assert name == "a.Effusion.json"
    assert (facts["dataset"], facts["film"], facts["film_sha256"]) == (DATASET, "a", film.sha256)
    assert (facts["model_sha256"], facts["truth"]) == (classifier.model_id, "present")
    assert [one["method"] for one in facts["explanations"]] == list(asked)
    for one in facts["explanations"]:
        assert asked[one["method"]].items() <= one["parameters"].items()
        assert (one["finding"], one["seed"], one["target"]) == ("Effusion", 3, "logit")
        logit = classifier.logits(classifier.prepare(film)[None])[0, classifier.card.index("Effusion")]
        assert one["logit"] == pytest.approx(float(logit), abs=1e-4)

    name, content = download(page, "Boxes of the strongest evidence (JSON)")
    boxes = json.loads(content)
    assert (name, boxes["images"][0]["sha256"]) == ("a.Effusion.boxes.json", film.sha256)
    assert len(boxes["annotations"]) + len(boxes["without"]) == 3

    page.route("**/downloads/figure?*", lambda route: route.fulfill(status=400, body="No.", content_type="text/plain"))
    page.get_by_role("link", name="Figure for a slide").click()
    expect(page.locator(".viewer .save").get_by_role("status")).to_have_text("No.")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_figures_look_as_the_page_does_or_as_is_chosen(visit, theme):
    page = visit(methods="gradcam", seed="3")
    page.emulate_media(color_scheme=theme)
    finish(page, 1)
    page.locator(".viewer .save > summary").click()
    ground = {"dark": (14, 15, 18), "light": (250, 250, 248)}
    name, content = download(page, "Figure for a slide")
    figure = Image.open(io.BytesIO(content))
    assert (name, figure.format, figure.mode, figure.size) == ("a.Effusion.png", "PNG", "RGB", (1920, 1080))
    assert figure.getpixel((2, 2)) == ground[theme]
    other = "light" if theme == "dark" else "dark"
    page.get_by_label("Colours").select_option(other)
    page.get_by_label("Pictures as").select_option("png-large")
    figure = Image.open(io.BytesIO(download(page, "Figure for a slide")[1]))
    assert figure.size == (3840, 2160) and figure.getpixel((2, 2)) == ground[other]
    page.get_by_label("Pictures as").select_option("svg")
    name, content = download(page, "Figure for a slide")
    assert name == "a.Effusion.svg" and "http://127.0.0.1" in content.decode()
    page.locator(".viewer .save .sheet summary").click()
    likely = page.locator(".viewer [role=option]").evaluate_all(
        "all => all.slice(0, 3).map(one => one.dataset.finding)"
    )
    ticked = page.locator(".viewer .save .which :checked").evaluate_all("all => all.map(one => one.value)")
    assert set(ticked) == {*likely, "Effusion"}
    page.locator(".viewer .save .which").get_by_label("Hernia").check()
    name, content = download(page, "Contact sheet of findings")
    assert name == "a.Effusion.findings.svg" and "Hernia: " in content.decode()
    name, content = download(page, "Contact sheet of 3 films, from this one on")
    assert name == "a.Effusion.films.svg" and content.decode().count("<image") == 6  # three films, a map beside each


def test_maps_come_back_from_the_store_also_after_a_restart(visit, serve, library):
    page = visit(film=f"{DATASET}/c", seed="11")
    finish(page)
    first = costs(page)
    assert len(first) == 3
    page.reload()
    expect(panels(page)).to_have_count(3)
    assert costs(page) == first
    with serve(APP, "--library", str(library)) as again:
        page.goto(link(again, **address_of(page)))
        expect(panels(page)).to_have_count(3, timeout=SLOW)
        assert costs(page) == first
        finish(page)


def test_two_visitors_at_once_share_one_computation(chromium, address):
    visitors = [chromium.new_context(viewport={"width": 1366, "height": 768}).new_page() for _ in range(2)]
    view = link(address, **{**OVERTURE, "seed": "21"})
    for visitor in visitors:
        visitor.goto(view, wait_until="commit")
    for visitor in visitors:
        finish(visitor)
    assert costs(visitors[0]) == costs(visitors[1])
    visitors[0].locator(".viewer [role=option]", has_text="Hernia").click()
    expect(visitors[0].locator(".viewer .answer strong")).to_contain_text("Hernia: ")
    expect(visitors[1].locator(".viewer .answer strong")).to_contain_text("Effusion: ")
    for visitor in visitors:
        visitor.context.close()
