from __future__ import annotations

from html.parser import HTMLParser

import pytest

from dashboard.components.controls import control, key_rows
from dashboard.components.display import CHOICES, DISPLAY, DISPLAY_SETTINGS, RANGES, DisplaySetting


def tags(html: str) -> list[tuple[str, dict]]:
    found: list[tuple[str, dict]] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: found.append((tag, dict(attributes)))
    parser.feed(html)
    return found


def test_defaults_of_the_display_keep_their_own_rules():
    assert all(DISPLAY[name] in words for name, words in CHOICES.items())
    assert all(least <= DISPLAY[name] <= most for name, (least, most) in RANGES.items())
    switches = {name for name, value in DISPLAY.items() if isinstance(value, bool)}
    assert switches | set(CHOICES) | set(RANGES) == set(DISPLAY)
    assert {name for name, one in DISPLAY_SETTINGS.items() if one.kind == "switch"} == switches


def test_names_in_a_link_and_keys_are_told_apart():
    names = [name for one in DISPLAY_SETTINGS.values() for name in one.link_names]
    keys = [one.key for one in DISPLAY_SETTINGS.values() if one.key]
    assert len(set(names)) == len(names)
    assert len(set(keys)) == len(keys)
    assert not set(keys) & set("bf+-=0")  # those of films and of the zoom
    assert DISPLAY_SETTINGS["hide_weakest"].link_names == ("hide", "cut")


def test_a_number_is_a_slider_with_its_limits():
    _, (tag, slider), _ = tags(control(DISPLAY_SETTINGS["width"]))
    assert (tag, slider["type"], slider["data-display"], slider["data-written"]) == (
        "input",
        "range",
        "width",
        "number",
    )
    assert (slider["min"], slider["max"], slider["step"]) == ("0.02", "2", "0.01")


def test_words_are_to_be_chosen_from_and_shown_as_text():
    made = control(DisplaySetting("ground", "Ground", "a", {"a": "<dark>", "b": "light"}, key="g"))
    radios = [attributes for tag, attributes in tags(made) if tag == "input"]
    assert [(one["name"], one["value"], one["data-key"]) for one in radios] == [
        ("ground", "a", "g"),
        ("ground", "b", "g"),
    ]
    assert "<span>&lt;dark&gt;</span>" in made


@pytest.mark.parametrize(("default", "pressed"), [(True, "true"), (False, "false")])
def test_a_switch_is_a_button_that_says_whether_it_is_on(default, pressed):
    ((tag, button),) = tags(control(DisplaySetting("grid", "Grid", default)))
    assert (tag, button["aria-pressed"]) == ("button", pressed)
    assert "data-key" not in button


def test_the_list_of_keys_has_those_that_there_are():
    settings = [DisplaySetting("a", "A", True, key="x", key_help="a on or off"), DisplaySetting("b", "B", True)]
    assert key_rows(settings) == "<div><dt>x</dt><dd>a on or off</dd></div>"
