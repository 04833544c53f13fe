from __future__ import annotations

import json

import pytest

from dashboard.compare.asked import read_asked
from dashboard.components.display import DISPLAY
from xai.pictures.sheet import FORMS, THEMES

OUTPUTS = ("Effusion", "Mass")


def asked(**query: str):
    return read_asked({"finding": "Mass", **query}, OUTPUTS)


def test_without_more_than_a_finding_it_is_a_dark_picture_as_the_page_first_looks():
    found = asked()
    assert (found.form, found.theme, found.boxed, found.findings, found.address) == ("png", "dark", False, (), "")
    assert found.choices == DISPLAY


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("theme", THEMES)
def test_every_form_and_theme_can_be_asked_for(form, theme):
    found = asked(form=form, theme=theme)
    assert (found.form, found.theme, found.kind) == (form, theme, FORMS[form])


def test_the_display_is_that_of_the_browser():
    choices = {
        "overlay": False,
        "opacity": 0.3,
        "hide_weakest": 20,
        "scale": "all",
        "evidence": "native",
        "invert": True,
    }
    found = asked(display=json.dumps({**choices, "center": 0.4, "width": 0.5}))
    display = found.display
    assert (display.opacity, display.hide_weakest, display.scale, display.native) == (0.0, 20, "all", True)
    assert (display.center, display.width, display.invert) == (0.4, 0.5, True)
    assert asked(display='{"overlay": true, "opacity": 0.3}').display.opacity == 0.3


def test_findings_come_in_the_models_order():
    assert asked(findings='["Mass", "Effusion"]').findings == OUTPUTS


def test_what_the_model_does_not_answer_is_asked_for_in_vain():
    assert read_asked({"finding": "Plague"}, OUTPUTS) is None and read_asked({}, OUTPUTS) is None


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8501", "https://lab.example.org/lightbox/", "http://[::1]:8501/"]
)
def test_an_address_of_a_page_is_taken(address):
    assert asked(address=address).address == address


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ({"form": "exe"}, "kind of file"),
        ({"theme": "../dark"}, "theme"),
        ({"findings": '["Plague"]'}, "finding"),
        ({"findings": "["}, "finding"),
        ({"findings": "[[1]]"}, "finding"),
        ({"findings": "[" * 100_000}, "finding"),
        ({"display": "[]"}, "display"),
        ({"display": '{"opacity": 7}'}, "display"),
        ({"address": "javascript:alert(1)"}, "page"),
        ({"address": "http://a b/"}, "page"),
        ({"address": "http://somebody@elsewhere/"}, "page"),
        ({"address": "http://x/?film=other"}, "page"),
        ({"address": "http://x/" + "y" * 300}, "page"),
    ],
)
def test_what_was_changed_by_hand_is_refused_in_a_sentence(query, what):
    with pytest.raises(ValueError, match=f"asks for a {what} that there is not"):
        asked(**query)
