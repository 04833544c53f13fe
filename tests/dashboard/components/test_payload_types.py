from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from dashboard.components import payload as p
from dashboard.components import viewer as v
from dashboard.components.display import DISPLAY_SETTINGS
from dashboard.server.awaited import State, Want
from dashboard.server.page import Page

HOME = Path(v.__file__).parent
TYPES = "".join((HOME / name).read_text(encoding="utf-8") for name in ("types.d.ts", "viewer/payload.d.ts"))
KINDS = {"switch": "boolean", "number": "number", "choice": "string"}


def keys(interface: str) -> dict[str, str]:
    """Give the entries of an interface of the scripts' types, by name; optional ones end in ``?``."""
    (body,) = re.findall(rf"export interface {interface}\b[^{{]* \{{\n(.*?)\n\}}", TYPES, re.DOTALL)
    return dict(re.findall(r"^  (\w+\??): (.*);$", body, re.MULTILINE))


def required(interface: str) -> set[str]:
    return {name for name in keys(interface) if not name.endswith("?")}


GREYS = np.zeros((4, 4), np.uint8)
MAPS = np.zeros((1, 4, 4), np.float32)
FINDING = p.finding_payload("Mass", label="Mass", color="#888888")
FILM = p.film_payload("f1", title="f1", alt="A film", part="name")
PANEL = p.panel_payload("lime", title="LIME", signed=True)
LUTS = p.lut_payload(*np.zeros((2, 256, 3), np.uint8))
STANDING = Page("ada").expect("maps", [Want("key", "lime", "LIME", lambda: None, lambda: "part")])


@pytest.mark.parametrize(
    ("interface", "sent"),
    [
        ("Film", FILM),
        ("FilmPixels", p.film_pixels(GREYS)),
        ("WindowPreset", p.film_pixels(GREYS)["windows"][0]),
        ("Input", p.input_payload(GREYS, (0, 0, 1, 1))),
        ("Finding", FINDING),
        ("Answers", p.answers_payload({}, {}, "Mass")),
        ("Diagnostic", p.diagnostic("R²", "0.31")),
        ("Caption", p.caption("Here.")),
        ("TruthNote", p.truth_note("It lies on it.", [])),
        ("OtherTruth", p.other_truth("Mass", label="mass", color="#888888", has_twin=True)),
        ("PanelWords", PANEL),
        ("Maps", p.maps_payload(MAPS, {})),
        ("Luts", LUTS),
        ("Display", v.DISPLAY),
        ("Standing", STANDING),
        ("Item", STANDING["groups"]["maps"]["items"][0]),
    ],
)
def test_the_scripts_know_every_part_by_the_keys_that_python_sends(interface, sent):
    assert required(interface) == set(sent)


def test_a_panel_may_hold_a_picture():
    sent = p.picture_payload("twin", title="Twin", part="name")
    assert {name.removesuffix("?") for name in keys("PanelWords")} == set(sent)


def test_states_and_kinds_of_a_setting_are_the_same_on_both_sides():
    for interface in ("Panel", "Item"):
        assert set(re.findall(r'"(\w+)"', keys(interface)["state"])) - {"preview", "stopped"} == set(get_args(State))
    assert keys("Display") == {name: KINDS[one.kind] for name, one in DISPLAY_SETTINGS.items()}


def test_the_scripts_know_all_that_the_viewer_sends(monkeypatch):
    sent = {}
    monkeypatch.setattr(v, "_component", lambda data, **options: sent.update(data))
    page = {"page": "/api/pages/1", "group": "maps", "standing": STANDING}
    v.viewer(
        {"film": FILM, "findings": [FINDING], "panels": [PANEL], "luts": LUTS, "selected": "Mass", **page}, key="box"
    )
    assert required("Payload") == set(sent)
