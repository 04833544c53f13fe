"""Parts of a film in a few letters, and what is refused."""

from __future__ import annotations

import pytest

from dashboard.compare import areas
from dashboard.compare.state import LINK, State, checked_hand
from xai.explainers.hiding import Box, Region, Stroke

SHAPES = (
    Box(0, 51 / 255, 1, 1),
    Stroke(5 / 255, ((0.2, 0.4), (0.6, 0.8))),
    Region("lime", 0.2, 1.0),
    Region("shap", 0.0, 0.4),
)
TEXT = "box-0033ffff.brush-05336699cc.lime-33ff.shap-0066"


def test_shapes_come_back_as_they_were_written():
    assert areas.write(SHAPES) == TEXT
    assert areas.read(TEXT) == SHAPES
    assert areas.read("") == ()


def test_places_are_rounded_to_a_255th_of_the_film():
    (box,) = areas.read(areas.write([Box(0.1234, 0.2345, 0.3456, 0.4567)]))
    assert (box.left, box.top, box.right, box.bottom) == pytest.approx((0.1234, 0.2345, 0.3456, 0.4567), abs=0.5 / 255)


@pytest.mark.parametrize(
    "text",
    [
        "box",
        "box-",
        "box-0033ff",
        "box-0033ffff00",
        "box-ff330033",  # the right before the left
        "box-00000000",
        "box-nan0ffff",
        "BOX-0033ffff",
        "brush-05",
        "brush-0533",
        "brush-003366",  # of no width
        "lime-33",
        "lime-3366ff",
        "gradcam-3366",  # has no pieces
        "../-0000",
        ".",
        "lime-3366.",
        "box-0033ffff " + "brush-05336699cc",
        "lime-3366." * 200 + "lime-3366",  # too long
        "brush-05" + "3366" * 5000,
    ],
)
def test_anything_else_is_refused_in_one_sentence(text):
    with pytest.raises(ValueError, match="expected up to 1200 characters of parts such as box-1a2b9cff"):
        areas.read(text)


def test_a_link_holds_hidden_parts_and_what_they_show():
    state = State(hidden=TEXT, shows="region mean")
    assert LINK.write(state) == {"hidden": TEXT, "shows": "region mean"}
    assert LINK.read(LINK.write(state)) == (state, [])
    read, problems = LINK.read({"hidden": "box-1", "shows": "black"})
    assert (read.hidden, read.shows) == ("", "automatic")
    assert len(problems) == 2


@pytest.mark.parametrize(
    "changes", [{"hidden": 3}, {"hidden": None}, {"hidden": "box-1"}, {"shows": "black"}, {"shows": ["region mean"]}]
)
def test_a_browser_can_choose_nothing_that_a_link_could_not(changes):
    with pytest.raises(ValueError):
        checked_hand(changes)


def test_what_a_browser_chooses_is_kept_as_it_is():
    assert checked_hand({"hidden": TEXT, "shows": "region mean"}) == {"hidden": TEXT, "shows": "region mean"}
    assert checked_hand({"hidden": ""}) == {"hidden": ""}
