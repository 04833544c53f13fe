"""What every page looks like, light and dark: compared with stored pictures, so that a page that breaks is seen.

After a change that is meant to be seen: ``pytest tests/browser/test_pictures.py --update-pictures``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.browser.compare_page import SLOW, expect, link
from tests.browser.conftest import nothing
from tests.browser.page_pictures import FOLDER, NEW, check, look_alike, store, stored, take
from tests.tree import copy_tree

pytestmark = pytest.mark.browser
LIBRARY = nothing

THEMES = ("dark", "light")
COMPARE = {"film": "simulated/s00000", "finding": "Effusion", "lime.samples": "100", "shap.evaluations": "100"}
PAGES = {  # what the link says, and the words after which a page is whole
    "": (COMPARE, "All maps are there. The model"),  # and measured
    "films": ({"dataset": "simulated-2000"}, "How often each finding is present"),
    "roc": ({"predictions": "lightbox-on-simulated-2000", "finding": "Nodule"}, "Scores by truth"),
    "errors": ({"predictions": "overcaller-on-simulated-2000", "finding": "Emphysema"}, "The flagged share"),
    "trust": ({"model": "lightbox", "finding": "Mass"}, "How this was made, and the numbers"),
    "models": ({"model": "lightbox"}, "Where not to trust it"),
    "lessons": ({}, "Of this library"),
    "room": ({}, "Open a room"),
}
PARTS = {"": ".viewer .panel >> nth=-1", "roc": ".stPlotlyChart >> nth=3", "models": "[data-testid=stRadio] >> nth=0"}
CHANGES = ".viewer .cost"  # seconds that a map took
MOST = 100_000  # bytes of a stored picture


@pytest.fixture(scope="module")
def contexts(chromium: Any) -> Iterator[dict[str, Any]]:
    """Give a browser that prefers each theme, and moves nothing."""
    size = {"width": 1366, "height": 768}
    made = {theme: chromium.new_context(viewport=size, color_scheme=theme, reduced_motion="reduce") for theme in THEMES}
    yield made
    for context in made.values():
        context.close()


@pytest.fixture
def look(contexts, address) -> Iterator[Callable]:
    """Give the function that opens a page in a theme, and gives it once it is whole."""
    opened = []

    def open_page(path: str, theme: str = "dark", where: str = address) -> Any:
        view, words = PAGES[path]
        page = contexts[theme].new_page()
        opened.append(page)
        page.goto(link(f"{where}{path}", **view), timeout=SLOW)
        expect(page.get_by_text(words).first).to_be_visible(timeout=SLOW)
        return page

    yield open_page
    for page in opened:
        page.close()


def picture(page: Any) -> Image.Image:
    return take(page, page.locator(CHANGES))


def name_of(path: str, theme: str) -> str:
    return f"{path or 'compare'}-{theme}"


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_looks_as_it_did(look, pytestconfig, path, theme):
    taken = picture(look(path, theme))
    if pytestconfig.getoption("update_pictures"):
        store(name_of(path, theme), taken)
    check(name_of(path, theme), taken)


@pytest.mark.parametrize("path", PARTS)
def test_a_pixel_lower_is_the_same_page_and_one_part_less_is_another(look, path):
    page = look(path)
    before = picture(page)
    moved = "main => Object.assign(main.style, {position: 'relative', left: '1px', top: '1px'})"  # not what is fixed
    page.locator(".stMainBlockContainer").evaluate(moved)
    assert look_alike(before, picture(page))
    page.locator(PARTS[path]).evaluate("part => part.style.visibility = 'hidden'")
    assert not look_alike(before, picture(page))


@pytest.mark.parametrize("path", PAGES)
def test_the_other_theme_is_seen(path):
    dark, light = (Image.open(stored(name_of(path, theme))).convert("RGB") for theme in THEMES)
    assert not look_alike(dark, light)


def test_a_page_that_ends_in_an_error_is_seen_and_leaves_its_picture(serve, contexts, library, tmp_path, monkeypatch):
    tree = copy_tree(tmp_path / "tree")
    view = tree / "dashboard" / "views" / "models.py"
    broken = view.read_text("utf-8").replace("visit.start()", "visit.start() / 0")
    view.write_text(broken, encoding="utf-8")
    monkeypatch.setattr("tests.browser.page_pictures.NEW", tmp_path / "new")
    with serve(tree / "dashboard" / "app.py", "--library", str(library), PYTHONPATH=str(tree)) as where:
        page = contexts["dark"].new_page()
        page.goto(f"{where}models", timeout=SLOW)
        expect(page.get_by_test_id("stException")).to_be_visible(timeout=SLOW)
        with pytest.raises(AssertionError, match="models-dark looks different"):
            check("models-dark", picture(page))
        page.close()
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"models-dark.png", "models-dark.difference.png"}
    marked = np.asarray(Image.open(tmp_path / "new" / "models-dark.difference.png"))
    assert (marked == [255, 0, 0]).all(axis=-1).mean() > 0.02


def test_stored_pictures_are_small_and_no_page_has_one_too_many():
    files = [file for file in FOLDER.iterdir() if file != NEW]
    assert {file.stem for file in files} == {name_of(path, theme) for path in PAGES for theme in THEMES}
    assert all(file.stat().st_size < MOST for file in files)
