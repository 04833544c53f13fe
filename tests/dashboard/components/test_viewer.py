from __future__ import annotations

import base64
import gzip
import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.components import payload as p
from dashboard.components import viewer as v
from dashboard.components.display import DISPLAY_SETTINGS

FINDINGS = ("Effusion", "Emphysema")


def decode(encoded: dict) -> np.ndarray:
    raw = gzip.decompress(base64.b64decode(encoded["gz"]))
    return np.frombuffer(raw, dtype="<" + encoded["dtype"]).reshape(encoded["shape"])


def data(**changes) -> dict:
    findings = [p.finding_payload(name, label=name, color="#888888", probability=0.5) for name in FINDINGS]
    grey = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    return {
        "film": p.film_payload("f1", np.zeros((8, 8), np.uint8), title="f1", alt="A film"),
        "findings": findings,
        "panels": [],
        "luts": p.lut_payload(grey, grey),
        "selected": "Effusion",
        **changes,
    }


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.uint8).reshape(2, 3),
        np.array([[0, 1, 256, 65535]], dtype=np.uint16),
        np.array([[[-2.5, 0.0], [1e-30, 3e30]]], dtype=np.float32),
        np.arange(4, dtype=">u2").reshape(2, 2),
        np.arange(12, dtype=np.float32).reshape(3, 4).T[::2],
        np.zeros((0, 3, 3), dtype=np.float32),
    ],
    ids=["u1", "u2", "f4", "big-endian", "strided", "empty"],
)
def test_encode_round_trip(array):
    decoded = decode(p.encode(array))
    np.testing.assert_array_equal(decoded, array)
    assert decoded.dtype == array.dtype.newbyteorder("=")


def test_encode_gives_the_same_text_for_the_same_array():
    array = np.arange(20, dtype=np.float32)
    assert p.encode(array) == p.encode(array.copy())
    assert p.encode(array) != p.encode(array + 1)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(3), "not float64"),
        (np.zeros(3, dtype=bool), "not bool"),
        (np.array([1, np.nan], dtype=np.float32), "NaN"),
        (np.array([1, np.inf], dtype=np.float32), "infinity"),
    ],
)
def test_encode_refuses_what_the_browser_cannot_read(array, message):
    with pytest.raises(ValueError, match=message):
        p.encode(array)


def test_film_is_two_dimensional_and_unsigned():
    with pytest.raises(ValueError, match=r"not float32 of shape \(4, 4\)"):
        p.film_payload("f", np.zeros((4, 4), np.float32), title="", alt="")
    with pytest.raises(ValueError, match=r"shape \(4, 4, 3\)"):
        p.film_payload("f", np.zeros((4, 4, 3), np.uint8), title="", alt="")


def test_panel_keeps_arrays_and_words():
    maps = np.random.default_rng(0).normal(size=(2, 4, 4)).astype(np.float32)
    pieces = np.arange(16, dtype=np.uint16).reshape(4, 4)
    warning = p.diagnostic("R²", "0.31", warn=True, help="Read with care.")
    captions = {"Effusion": p.caption("At the left base.", diagnostics=[warning], cost="2 s")}
    panel = p.panel_payload(
        "lime", title="LIME", signed=True, state="ready", maps=maps, pieces=pieces, captions=captions
    )
    np.testing.assert_array_equal(decode(panel["maps"]), maps)
    np.testing.assert_array_equal(decode(panel["pieces"]), pieces)
    assert panel["native"] is None
    assert panel["captions"]["Effusion"]["diagnostics"] == [
        {"label": "R²", "value": "0.31", "warn": True, "help": "Read with care."}
    ]


def test_panel_and_finding_refuse_unknown_words():
    with pytest.raises(ValueError, match="not 'done'"):
        p.panel_payload("lime", title="LIME", signed=True, state="done")
    with pytest.raises(ValueError, match="not 'maybe'"):
        p.finding_payload("Mass", label="Mass", color="#fff", probability=0.1, truth="maybe")


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


def test_viewer_refuses_data_that_contradict_themselves():
    with pytest.raises(ValueError, match="not 'Hernia'"):
        v.viewer(data(selected="Hernia"), key="k")
    maps = np.zeros((3, 2, 2), np.float32)
    panel = p.panel_payload("shap", title="SHAP", signed=True, state="ready", maps=maps)
    with pytest.raises(ValueError, match="SHAP: expected maps for 2 findings, got 3"):
        v.viewer(data(panels=[panel]), key="k")


def test_every_display_setting_has_its_control_and_every_control_its_setting():
    page = v._html()
    assert set(re.findall(r'data-display="(\w+)"', page)) == set(DISPLAY_SETTINGS)
    assert "$" not in page
    for setting in DISPLAY_SETTINGS.values():
        assert page.count(f'data-display="{setting.name}"') == max(1, len(setting.choices))
        if setting.key:
            assert f"<dt>{setting.key}</dt>" in page


PAGE = """
import numpy as np
import streamlit as st

from dashboard.components import payload as p
from dashboard.components import viewer as v

grey = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
names = ("Effusion", "Emphysema")
result = v.viewer(
    {
        "film": p.film_payload("f1", np.zeros((8, 8), np.uint8), title="f1", alt="A film"),
        "findings": [p.finding_payload(n, label=n, color="#888888", probability=0.5) for n in names],
        "panels": [],
        "luts": p.lut_payload(grey, grey),
        "selected": "Emphysema",
        "display": {"hide_weakest": 30},
    },
    key="box",
)
st.text(f"{result.selected} {result.display['hide_weakest']} {result.display['opacity']}")
"""


def test_viewer_starts_from_what_python_chose_and_nobody_else_has_chosen_yet():
    app = AppTest.from_string(PAGE, default_timeout=60).run()
    assert not app.exception
    assert app.text[0].value == "None 30 0.6"
