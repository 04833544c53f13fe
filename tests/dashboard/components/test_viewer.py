from __future__ import annotations

import base64
import re

import numpy as np
import pytest

from dashboard.components import payload as p
from dashboard.components import viewer as v
from dashboard.components.display import DISPLAY_SETTINGS

FINDINGS = ("Effusion", "Emphysema")


def test_film_is_two_dimensional_and_unsigned():
    with pytest.raises(ValueError, match=r"not float32 of shape \(4, 4\)"):
        p.film_pixels(np.zeros((4, 4), np.float32))
    with pytest.raises(ValueError, match=r"shape \(4, 4, 3\)"):
        p.film_pixels(np.zeros((4, 4, 3), np.uint8))


def test_maps_keep_arrays_and_words():
    maps = np.random.default_rng(0).normal(size=(2, 4, 4)).astype(np.float32)
    pieces = np.arange(16, dtype=np.uint16).reshape(4, 4)
    warning = p.diagnostic("R²", "0.31", warn=True, help="Read with care.")
    captions = {"Effusion": p.caption("At the left base.", diagnostics=[warning], cost="2 s")}
    made = p.maps_payload(maps, captions, pieces=pieces)
    assert made["maps"] is maps
    assert made["pieces"] is pieces
    assert made["native"] is None
    assert made["captions"]["Effusion"]["diagnostics"] == [
        {"label": "R²", "value": "0.31", "warn": True, "help": "Read with care."}
    ]
    with pytest.raises(ValueError, match="NaN"):
        p.maps_payload(np.full((1, 2, 2), np.nan, np.float32), {})


def test_a_finding_refuses_unknown_words():
    with pytest.raises(ValueError, match="not 'maybe'"):
        p.finding_payload("Mass", label="Mass", color="#fff", truth="maybe")


def test_colour_tables_keep_their_bytes():
    unsigned, signed = np.random.default_rng(1).integers(0, 256, (2, 256, 3), dtype=np.uint8)
    packed = p.lut_payload(unsigned, signed)
    assert base64.b64decode(packed["unsigned"]) == unsigned.tobytes()
    assert base64.b64decode(packed["signed"]) == signed.tobytes()
    with pytest.raises(ValueError, match=r"\(256, 3\)"):
        p.lut_payload(unsigned[:10], signed)


def test_display_is_completed_and_checked():
    assert v.checked_display({}) == dict(v.DISPLAY)
    assert v.checked_display({"hide_weakest": 40})["hide_weakest"] == 40
    with pytest.raises(ValueError, match="no contrast"):
        v.checked_display({"contrast": 1})
    with pytest.raises(ValueError, match="finding or all, not 'both'"):
        v.checked_display({"scale": "both"})


def test_viewer_refuses_a_choice_that_there_is_not():
    findings = [p.finding_payload(name, label=name, color="#888888") for name in FINDINGS]
    with pytest.raises(ValueError, match="not 'Hernia'"):
        v.viewer({"findings": findings, "selected": "Hernia"}, key="k")


def test_every_display_setting_has_its_control_and_every_control_its_setting():
    page = v._html()
    assert set(re.findall(r'data-display="(\w+)"', page)) == set(DISPLAY_SETTINGS)
    assert "$" not in page
    for setting in DISPLAY_SETTINGS.values():
        assert page.count(f'data-display="{setting.name}"') == max(1, len(setting.choices))
        if setting.key:
            assert f"<dt>{setting.key}</dt>" in page
