from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

import numpy as np
import pytest

from tests.browser.until import until

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect
expect.set_options(timeout=30_000)  # milliseconds: a busy machine takes its time
pytestmark = pytest.mark.browser

# Quadrants (top left, top right, bottom left, bottom right) of the film and of each finding's map.
FILM = np.array([[64, 128], [192, 240]], dtype=np.uint8)
MAPS = {
    "gradcam": np.array([[[0, 1], [2, 4]], [[8, 2], [1, 0]], [[0, 0], [0, 0]]], dtype=np.float32),
    "shap": np.array([[[-4, -1], [0, 2]], [[1, 2], [-3, -0.5]], [[0, 0], [0, 0]]], dtype=np.float32),
}
UNSIGNED = np.stack([np.arange(256), 255 - np.arange(256), np.full(256, 40)], axis=1).astype(np.uint8)
SIGNED = np.stack([255 - np.arange(256), np.full(256, 90), np.arange(256)], axis=1).astype(np.uint8)

SERVED = """
import streamlit as st
from starlette.middleware import Middleware

from dashboard.server.middleware import PageHeaders
from dashboard.server.routes import routes
from held import channel

app = st.App("main.py", routes=routes(lambda: channel), middleware=[Middleware(PageHeaders)])
"""

HELD = """
from dashboard.server.channel import Channel

channel = Channel(lambda film: None)
"""

APP = """
import json
from urllib.parse import urlencode

import numpy as np
import streamlit as st

from dashboard.components import payload as p
from dashboard.components import viewer as v
from dashboard.components.packing import pack
from dashboard.server.awaited import Want
from dashboard.server.session import page_address
from held import channel

st.set_page_config(layout="wide")
names = ("Effusion", "Emphysema", "Hernia")
arrays = np.load({arrays!r})
state = st.session_state
state.setdefault("choices", [])
state.setdefault("display", json.loads(st.query_params.get("display", "{{}}")))
page = state.setdefault("page", channel.pages.begin(st.context.cookies["lightbox_visitor"]))
chosen, heard = page.take_chosen()
if "finding" in chosen:
    state.choices.append(chosen["finding"])
state.display |= chosen.get("display", {{}})
shown = dict(state.display)
page.link = lambda changes: (
    urlencode({{"display": json.dumps(shown | changes.get("display", {{}}))}}), changes)
spread = lambda array: np.repeat(np.repeat(array, 32, axis=-2), 32, axis=-1)
offer = channel.parts.offer


def maps(method, whole=True):
    made = pack(p.maps_payload(spread(arrays[method]), {{}}, native=arrays[method]))
    return offer([method], lambda: made if whole else made[:-40])


late, permalink = st.checkbox("Finish"), st.checkbox("Permalink")
st.button("Look")
sentences = {{
    n: (f"{{n}}: {{100 * share:.0f}} %", ", it says. Rightly so.", ", it says.")
    for n, share in zip(names, (0.8, 0.5, 0.1))
}}
answers = p.answers_payload(dict(zip(names, (0.8, 0.5, 0.1))), sentences, "Emphysema")
found = {{
    "answers": offer(["answers"], lambda: pack(answers)),
    "gradcam": maps("gradcam"),
    "shap": maps("shap"),
    "lime": maps("lime") if late else None,
    "broken": maps("broken", whole=False),
}}
standing = page.expect(
    "maps", [Want(name, name, name, lambda: None, lambda name=name: found[name]) for name in found]
)
titles = {{"gradcam": "Grad-CAM", "shap": "SHAP", "lime": "LIME", "broken": "Broken"}}
v.viewer(
    {{
        "film": p.film_payload(
            "film", title="A film", alt="Four grey squares",
            part=offer(["film"], lambda: pack(p.film_pixels(spread(arrays["film"])))),
            plain={{"title": "Film 1 of 1", "alt": "Some grey squares"}},
        ),
        "sides": ("R", "L"),
        "findings": [
            p.finding_payload(n, label=n, color="#00ff00", threshold=0.4, truth=t, known=(f"Known of {{n}}.", "More."))
            for n, t in zip(names, ("present", "absent", None))
        ],
        "panels": [
            p.panel_payload(name, title=title, signed=name in ("shap", "lime")) for name, title in titles.items()
        ],
        "truth": {{"Effusion": [[0.1, 0.1, 0.4, 0.4]]}},
        "luts": p.lut_payload(arrays["unsigned"], arrays["signed"]),
        "selected": "Hernia" if permalink else "Effusion",
        "display": state.display,
        "heard": heard,
        "page": page_address(page),
        "group": "maps",
        "standing": standing,
    }},
    key="box",
)
st.text(f"Python: {{' '.join(state.choices) or 'none'}}, opacity {{state.display.get('opacity')}}")
"""


@pytest.fixture(scope="module")
def address(browser, serve, tmp_path_factory) -> Iterator[str]:
    """Serve the page of this test and give its address."""
    folder = tmp_path_factory.mktemp("viewer")
    arrays = folder / "arrays.npz"
    np.savez(arrays, film=FILM, unsigned=UNSIGNED, signed=SIGNED, lime=MAPS["shap"], broken=MAPS["shap"], **MAPS)
    (folder / "main.py").write_text(APP.format(arrays=str(arrays)), encoding="utf-8")
    (folder / "held.py").write_text(HELD, encoding="utf-8")
    (folder / "app.py").write_text(SERVED, encoding="utf-8")
    with serve(folder / "app.py") as address:
        yield address


@pytest.fixture
def open_viewer(browser, address) -> Iterator[Callable]:
    """Open the page with a display, and fail on any error in the browser."""
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    def open_with(**display):
        display = {"evidence": "native", "truth": False, **display}
        page.goto(f"{address}?display={quote(json.dumps(display))}")
        expect(page.locator(".viewer .panel[data-state=ready]")).to_have_count(2, timeout=60_000)
        settle(page)
        return page

    yield open_with
    page.close()
    assert errors == []


def settle(page) -> None:
    """Wait until what was asked for is drawn."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def look(page) -> None:
    """Have Python run the page once more."""
    page.get_by_role("button", name="Look").click()


def use_controls(page, **display) -> None:
    """Move sliders and choose words as a visitor does."""
    for name, value in display.items():
        control = page.locator(f".viewer [data-display={name}]")
        if isinstance(value, str):
            control.and_(page.locator(f"[value={value}]")).check()
        else:
            control.fill(str(value))
    settle(page)


def canvas(page, title: str):
    panel = page.locator(".viewer .panel").filter(has=page.get_by_role("heading", name=title, exact=True))
    return panel.locator(".stage canvas")


def quadrants(page, title: str) -> np.ndarray:
    """Read the colour at the middle of each quadrant of a panel, (2, 2, 3)."""
    read = """(canvas) => [0.25, 0.75].map((y) => [0.25, 0.75].map((x) => Array.from(canvas
        .getContext("2d").getImageData(x * canvas.width, y * canvas.height, 1, 1).data.slice(0, 3))))"""
    return np.array(canvas(page, title).evaluate(read), dtype=float)


def windowed(center: float = 0.5, width: float = 1.0, invert: bool = False) -> np.ndarray:
    """Window the film by the display rules, (2, 2, 3)."""
    seen = np.clip((FILM / 255 - (center - width / 2)) / width, 0, 1)
    grey = 255 * (1 - seen if invert else seen)
    return np.repeat(grey[..., None], 3, axis=-1)


def overlaid(
    method: str, finding: int, *, opacity: float, hide_weakest: float = 0, scale: str = "finding"
) -> np.ndarray:
    """Lay a map over the film by the display rules, (2, 2, 3)."""
    stack = MAPS[method].astype(float)
    values = stack[finding]
    magnitude = np.abs(values)
    extent = np.abs(stack if scale == "all" else values).max()
    share = values / extent
    index = 127.5 + 127.5 * share if method == "shap" else 255 * share
    colour = (SIGNED if method == "shap" else UNSIGNED)[np.floor(index + 0.5).astype(int)].astype(float)
    alpha = opacity * np.minimum(1, 2 * np.abs(share))
    alpha[magnitude < np.percentile(magnitude[magnitude > 0], hide_weakest)] = 0
    alpha[magnitude == 0] = 0
    return windowed() * (1 - alpha[..., None]) + colour * alpha[..., None]


RULES = [
    {"opacity": 0.6},
    {"opacity": 1.0, "hide_weakest": 50},
    {"opacity": 0.3, "hide_weakest": 0, "scale": "all"},
]


def test_overlay_follows_the_display_rules(open_viewer):
    page = open_viewer()
    for evidence in ("native", "smooth"):
        for rule in RULES:
            use_controls(page, evidence=evidence, **{"scale": "finding", **rule})
            np.testing.assert_allclose(quadrants(page, "Film"), windowed(), atol=1)
            for title, method in (("Grad-CAM", "gradcam"), ("SHAP", "shap")):
                wanted = overlaid(method, 0, **rule)
                np.testing.assert_allclose(quadrants(page, title), wanted, atol=2.5, err_msg=f"{title} {rule}")


def test_window_and_invert_reach_every_panel(open_viewer):
    window = {"center": 0.6, "width": 0.5, "invert": True}
    page = open_viewer(overlay=False, **window)
    for title in ("Film", "Grad-CAM", "SHAP"):
        np.testing.assert_allclose(quadrants(page, title), windowed(**window), atol=1)


def test_key_o_hides_and_shows_the_overlay(open_viewer):
    page = open_viewer()
    before = quadrants(page, "SHAP")
    page.keyboard.press("o")
    settle(page)
    np.testing.assert_array_equal(quadrants(page, "SHAP"), quadrants(page, "Film"))
    expect(page.locator(".viewer [data-display=overlay]")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("o")
    settle(page)
    np.testing.assert_array_equal(quadrants(page, "SHAP"), before)


def test_arrow_chooses_the_next_finding_and_python_sees_it(open_viewer):
    page = open_viewer(opacity=0.6)
    page.locator(".viewer [role=listbox]").press("ArrowDown")
    settle(page)
    np.testing.assert_allclose(quadrants(page, "SHAP"), overlaid("shap", 1, opacity=0.6), atol=2.5)
    chosen = page.locator(".viewer [role=option][aria-selected=true]")
    expect(chosen).to_have_text("Emphysema50 %")
    expect(page.locator(".viewer .answer")).to_have_text("Emphysema: 50 %, it says.")
    expect(page.get_by_text("Python: none")).to_be_visible()  # no run of the page was needed
    look(page)
    expect(page.get_by_text("Python: Emphysema")).to_be_visible()


def test_click_chooses_and_a_map_of_zeros_says_so(open_viewer):
    page = open_viewer()
    page.locator(".viewer [role=option]", has_text="Hernia").click()
    settle(page)
    np.testing.assert_array_equal(quadrants(page, "Grad-CAM"), quadrants(page, "Film"))
    expect(page.locator(".viewer .rule").first).to_contain_text("zero everywhere")
    expect(page.locator(".viewer .low").nth(1)).to_have_text("no evidence")


def test_zoom_is_linked_and_double_click_resets(open_viewer):
    page = open_viewer(overlay=False)
    box = canvas(page, "SHAP").bounding_box()
    page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 0.25 * box["height"])
    for _ in range(4):
        page.mouse.wheel(0, -400)
    settle(page)
    for title in ("Film", "Grad-CAM", "SHAP"):
        np.testing.assert_allclose(quadrants(page, title), 64, atol=1)
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.5 * box["height"])
    for _ in range(10):  # drag the film to the left until its right half is there
        page.mouse.down()
        page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.5 * box["height"])
        page.mouse.up()
        page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.5 * box["height"])
    settle(page)
    np.testing.assert_allclose(quadrants(page, "Film")[..., 0], 128, atol=1)
    canvas(page, "Film").dblclick()
    settle(page)
    np.testing.assert_allclose(quadrants(page, "Grad-CAM"), windowed(), atol=1)


def test_right_drag_changes_the_window_everywhere(open_viewer):
    page = open_viewer(overlay=False)
    box = canvas(page, "SHAP").bounding_box()
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"])
    page.mouse.down(button="right")
    page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.up(button="right")
    settle(page)
    expect(page.locator(".viewer .window select")).to_have_value("own")
    np.testing.assert_allclose(quadrants(page, "Film"), windowed(center=0.75, width=0.5), atol=4)
    np.testing.assert_array_equal(quadrants(page, "SHAP"), quadrants(page, "Film"))


def test_the_display_is_told_once_after_the_last_change_and_the_address_follows(open_viewer):
    page = open_viewer(opacity=0.5)
    told = []
    page.on("request", lambda request: told.append(request.post_data_json) if request.method == "POST" else None)
    slider = page.locator(".viewer [data-display=opacity]")
    for _ in range(6):
        slider.press("ArrowRight")
    until(page, "JSON.parse(new URLSearchParams(location.search).get('display')).opacity === 0.8")
    assert len(told) < 6  # once, unless the machine was too busy for six quick presses
    assert told[-1]["choose"]["display"]["opacity"] == 0.8
    assert page.evaluate("history.length") == 2  # it is no step back
    look(page)
    expect(page.get_by_text("Python: none, opacity 0.8")).to_be_visible()


def test_older_data_do_not_undo_the_visitor_but_a_permalink_counts(open_viewer):
    page = open_viewer()
    chosen = page.locator(".viewer [role=option][aria-selected=true] .name")
    page.locator(".viewer [role=listbox]").press("ArrowDown")
    page.locator(".viewer [data-display=opacity]").press("End")
    page.get_by_text("Finish").click()
    expect(page.locator(".viewer .panel[data-state=ready]")).to_have_count(3)
    expect(chosen).to_have_text("Emphysema")
    expect(page.locator(".viewer [data-display=opacity]")).to_have_value("1")
    page.get_by_text("Permalink").click()
    expect(chosen).to_have_text("Hernia")
    expect(page.get_by_text("Python: Emphysema, opacity 1")).to_be_visible()


def test_what_python_offers_is_not_taken_for_the_visitors_choice(open_viewer):
    page = open_viewer(opacity=0.5)
    chosen = page.locator(".viewer [role=option][aria-selected=true] .name")
    page.get_by_text("Permalink").click()
    expect(chosen).to_have_text("Hernia")
    page.get_by_text("Finish").click()  # whatever the browser had to say by itself has been heard by then
    expect(page.locator(".viewer .panel[data-state=ready]")).to_have_count(3)
    expect(page.get_by_text("Python: none,")).to_be_visible()
    listbox = page.locator(".viewer [role=listbox]")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        listbox.press("ArrowUp")
    page.get_by_text("Permalink").click()  # Python says Effusion again
    expect(page.get_by_text("Python: Emphysema,")).to_be_visible()
    expect(chosen).to_have_text("Effusion")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        listbox.press("ArrowDown")  # the same choice as before is one more
    look(page)
    expect(page.get_by_text("Python: Emphysema Emphysema,")).to_be_visible()


def test_panels_wait_and_fail_alone(open_viewer):
    page = open_viewer()
    expect(page.locator(".viewer .panel[data-state=waiting] .notice")).to_have_text("Being computed…")
    expect(page.locator(".viewer .panel[data-state=failed] .notice")).to_contain_text("did not arrive whole")
    boxes = [box.bounding_box() for box in page.locator(".viewer .stage").all()]
    sides = np.array([(box["width"], box["height"]) for box in boxes])
    np.testing.assert_allclose(sides, sides[0, 0], atol=1 / 32)  # a browser lays out in 64ths of a pixel


def test_truth_is_drawn_where_it_is_known(open_viewer):
    page = open_viewer(truth=True, overlay=False)
    green = """(canvas) => { const { data } = canvas.getContext("2d")
        .getImageData(0, 0, canvas.width, canvas.height);
        const xs = [], w = canvas.width;
        for (let i = 0; i < data.length; i += 4)
            if (data[i + 1] > 200 && data[i] < 40) xs.push([(i / 4) % w / w, Math.floor(i / 4 / w) / w]);
        return xs; }"""
    for title in ("Film", "SHAP"):
        points = np.array(canvas(page, title).evaluate(green))
        np.testing.assert_allclose(points.min(axis=0), 0.1, atol=0.01)
        np.testing.assert_allclose(points.max(axis=0), 0.4, atol=0.01)
    page.keyboard.press("t")
    settle(page)
    assert canvas(page, "Film").evaluate(green) == []
    page.locator(".viewer [role=listbox]").press("ArrowDown")
    expect(page.get_by_role("button", name="Truth")).to_be_enabled()  # or it would tell which finding has an outline


TOLD = "Rightly|Truth: (present|absent)|●|○|A film|Four grey squares"
EVERYTHING = """root => [root.innerText, ...[...root.querySelectorAll("*")].flatMap(
    ({ attributes }) => [...attributes].map(({ value }) => value))].join("\\n")"""


def test_one_switch_shows_and_hides_all_of_the_truth_at_once(open_viewer):
    page = open_viewer()
    viewer, asked = page.locator(".viewer"), []
    hidden = viewer.evaluate(EVERYTHING)
    assert re.findall(TOLD, hidden) == []
    assert "Some grey squares" in hidden
    expect(viewer.locator(".legend .truth")).to_have_text("Truth: hidden.")
    expect(viewer.locator(".film .subtitle")).to_have_text("Film 1 of 1")
    assert page.evaluate("document.documentElement.dataset.truth") == "off"
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("button", name="Truth").click()
    expect(page.locator(".viewer .answer")).to_have_text("Effusion: 80 %, it says. Rightly so.")
    told = viewer.evaluate(EVERYTHING)
    for words in ("Truth: present.", "Truth: absent.", "Truth: unknown.", "●", "○", "Four grey squares"):
        assert words in told
    expect(viewer.locator(".film .subtitle")).to_have_text("A film")
    assert page.evaluate("document.documentElement.dataset.truth") == "on"
    assert [url for url in asked if "/parts/" in url] == []
    page.keyboard.press("t")
    expect(page.locator(".viewer .answer")).to_have_text("Effusion: 80 %, it says.")
    assert viewer.evaluate(EVERYTHING) == hidden


def test_what_is_known_of_the_model_stands_below_the_verdict_of_the_finding(open_viewer):
    page = open_viewer()
    known = page.locator(".viewer .known")
    expect(known.locator("summary")).to_have_text("Known of Effusion.")
    expect(known.locator("p")).to_be_hidden()
    known.locator("summary").click()
    expect(known.locator("p")).to_have_text("More.")
    page.locator(".viewer [role=listbox]").press("ArrowDown")
    expect(known.locator("summary")).to_have_text("Known of Emphysema.")


def test_panels_have_names_for_those_who_hear_them(open_viewer):
    page = open_viewer()
    expect(page.get_by_role("img", name="Some grey squares")).to_be_visible()
    expect(page.get_by_role("img", name="SHAP for Effusion. Probability 80 %, above")).to_be_visible()
    expect(page.get_by_role("option", name="Effusion. Probability 80 %")).to_be_visible()
