from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from dashboard.components import payload as p
from dashboard.components import viewer as v
from dashboard.components.display import DISPLAY_SETTINGS

TYPES = (Path(v.__file__).with_suffix("") / "payload.d.ts").read_text(encoding="utf-8")
KINDS = {"switch": "boolean", "number": "number", "choice": "string"}


def keys(interface: str) -> dict[str, str]:
    """Give the entries of an interface of the scripts' types, by name; optional ones end in ``?``."""
    (body,) = re.findall(rf"export interface {interface}(?:<[^{{]*>)? \{{\n(.*?)\n\}}", TYPES, re.DOTALL)
    return dict(re.findall(r"^  (\w+\??): (.*);$", body, re.MULTILINE))


def required(interface: str) -> set[str]:
    return {name for name in keys(interface) if not name.endswith("?")}


GREYS = np.zeros((4, 4), np.uint8)
FINDING = p.finding_payload("Mass", label="Mass", color="#888888", probability=0.5)
FILM = p.film_payload("f1", GREYS, title="f1", alt="A film")
PANEL = p.panel_payload("lime", title="LIME", signed=True, state="ready")
LUTS = p.lut_payload(*np.zeros((2, 256, 3), np.uint8))


@pytest.mark.parametrize(
    ("interface", "sent"),
    [
        ("Encoded", p.encode(GREYS)),
        ("Film", FILM),
        ("WindowPreset", FILM["windows"][0]),
        ("Input", p.input_payload(GREYS, (0, 0, 1, 1))),
        ("Finding", FINDING),
        ("Diagnostic", p.diagnostic("R²", "0.31")),
        ("Caption", p.caption("Here.")),
        ("Panel", PANEL),
        ("Luts", LUTS),
        ("Display", v.DISPLAY),
    ],
)
def test_the_scripts_know_every_part_by_the_keys_that_python_sends(interface, sent):
    assert required(interface) == set(sent)


def test_a_panel_may_hold_a_picture():
    sent = p.picture_payload("twin", title="Twin", pixels=GREYS, captions={})
    assert {name.removesuffix("?") for name in keys("Panel")} == set(sent)


def test_states_of_a_panel_and_kinds_of_a_setting_are_the_same_on_both_sides():
    assert re.findall(r'"(\w+)"', keys("Panel")["state"]) == list(p.STATES)
    assert keys("Display") == {name: KINDS[one.kind] for name, one in DISPLAY_SETTINGS.items()}


def test_the_scripts_know_all_that_the_viewer_sends(monkeypatch):
    sent = {}
    monkeypatch.setattr(v, "_component", lambda data, **options: sent.update(data))
    v.viewer({"film": FILM, "findings": [FINDING], "panels": [PANEL], "luts": LUTS, "selected": "Mass"}, key="box")
    assert required("Payload") == set(sent)
    assert {name for name in keys("Payload") if name.endswith("?")} == {"input?", "truth?", "masks?"}
