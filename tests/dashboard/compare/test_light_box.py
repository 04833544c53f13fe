from __future__ import annotations

import base64
import gzip
from dataclasses import replace

import numpy as np
import pytest

from dashboard.compare import light_box
from dashboard.components.display import RANGES
from dashboard.page.palette import FINDING_COLORS, OTHER_COLOR
from xai.cards.model_card import InputSpec, ModelCard, Threshold
from xai.explainers import EXPLAINERS
from xai.explainers.explanation import Explanation
from xai.films.film import Film, FilmFacts
from xai.findings import FINDINGS
from xai.pictures.render import SIGNED_LUT, UNSIGNED_LUT

CARD = ModelCard(
    "test",
    ("Pleural_Thickening", "Mass", "Normal"),
    "sigmoid",
    "logits",
    InputSpec(16, 1, fit="crop"),
    thresholds={"Mass": Threshold(0.2, "chosen")},
)


def decode(packed: dict) -> np.ndarray:
    content = gzip.decompress(base64.b64decode(packed["gz"]))
    return np.frombuffer(content, "<" + packed["dtype"]).reshape(packed["shape"])


def film_of(pixels: np.ndarray, bits: int = 8) -> Film:
    height, width = pixels.shape
    return Film.from_pixels(pixels.astype(np.float32), facts=FilmFacts("PNG", width, height, bits))


def explanation(finding: str, values: np.ndarray, **parts: object) -> Explanation:
    return Explanation("lime", finding, values.astype(np.float32), 0.7, 0.85, 0, 100, 1.5, {}, {}, **parts)


@pytest.mark.parametrize(("bits", "most"), [(8, 255), (12, 65535), (16, 65535)])
def test_a_film_keeps_its_shades(bits, most):
    pixels = np.linspace(0, 1, 48 * 40).reshape(48, 40)
    part = light_box.film_part(film_of(pixels, bits), "name")
    np.testing.assert_array_equal(decode(part["pixels"]), np.rint(pixels.astype(np.float32) * most))
    assert (part["title"], part["alt"]) == ("name", "Chest film name")


def test_a_large_film_is_scaled_to_the_screen_and_keeps_its_mean():
    pixels = np.random.default_rng(0).random((2048, 1024))
    got = decode(light_box.film_part(film_of(pixels), "name")["pixels"])
    assert got.shape == (light_box.LONGEST_SIDE, light_box.LONGEST_SIDE // 2)
    assert got.mean() / 255 == pytest.approx(pixels.mean(), abs=0.005)


def test_windows_span_the_shades_of_the_film():
    pixels = np.linspace(0.2, 0.8, 64 * 64).reshape(64, 64)
    spans = {name: (center - width / 2, center + width / 2) for name, center, width in light_box.windows(pixels)}
    assert spans["Full range"] == (0, 1)
    np.testing.assert_allclose(spans["Film's own range"], (0.206, 0.794), atol=1e-3)
    np.testing.assert_allclose(spans["Lungs"], (0.206, 0.5), atol=1e-3)
    np.testing.assert_allclose(spans["Heart and spine"], (0.5, 0.794), atol=1e-3)


@pytest.mark.parametrize("shade", [0.0, 0.5, 1.0])
def test_windows_of_an_even_film_are_windows_still(shade):
    for _, center, width in light_box.windows(np.full((40, 40), shade)):
        assert RANGES["center"][0] <= center <= RANGES["center"][1]
        assert RANGES["width"][0] <= width <= RANGES["width"][1]


def test_the_models_input_is_what_the_model_gets():
    pixels = np.zeros((64, 32))
    pixels[16:48] = 1.0  # the middle half, which is what a centre crop of a film twice as high as wide keeps
    part = light_box.input_part(film_of(pixels), CARD)
    assert part["rect"] == pytest.approx([0, 0.25, 1, 0.75])
    assert decode(part["pixels"])[1:-1].tolist() == [[255] * 16] * 14  # scaling blurs the edge rows


def test_findings_have_answer_threshold_colour_and_truth():
    parts = light_box.findings_part(CARD, np.array([0.1, 0.2, 0.7]), {"Mass": "present", "Normal": "absent"})
    assert [(one["name"], one["label"], one["probability"], one["threshold"], one["truth"]) for one in parts] == [
        ("Pleural_Thickening", "Pleural thickening", 0.1, 0.5, None),
        ("Mass", "Mass", 0.2, 0.2, "present"),
        ("Normal", "Normal", 0.7, 0.5, "absent"),
    ]
    assert [one["color"] for one in parts] == [
        FINDING_COLORS["Pleural_Thickening"],
        FINDING_COLORS["Mass"],
        OTHER_COLOR,
    ]


def test_classes_have_only_the_thresholds_that_their_card_names():
    parts = light_box.findings_part(replace(CARD, link="softmax"), np.array([0.1, 0.2, 0.7]), {})
    assert [one["threshold"] for one in parts] == [None, 0.2, None]


def test_findings_without_an_answer_say_so():
    assert [one["probability"] for one in light_box.findings_part(CARD, None, {})] == [None, None, None]


def test_every_finding_has_a_colour_of_its_own():
    assert tuple(FINDING_COLORS) == FINDINGS
    assert len({*FINDING_COLORS.values(), OTHER_COLOR}) == len(FINDINGS) + 1


def test_a_ready_panel_carries_all_maps_and_their_words():
    rng = np.random.default_rng(1)
    maps = rng.normal(0, 3, (3, 16, 16))
    pieces = rng.integers(0, 5, (16, 16)).astype(np.uint16)
    made = [explanation(name, one, pieces=pieces) for name, one in zip(CARD.outputs, maps, strict=True)]
    panel = light_box.ready_panel(EXPLAINERS["lime"], made, CARD, {"Mass": "present"})
    got = decode(panel["maps"])
    for one, wanted in zip(got, maps.astype(np.float32), strict=True):
        np.testing.assert_allclose(one, wanted, atol=np.abs(wanted).max() / light_box.STEPS)
        assert np.abs(one).max() == pytest.approx(np.abs(wanted).max(), rel=1e-6)
    np.testing.assert_array_equal(decode(panel["pieces"]), pieces)
    assert (panel["state"], panel["signed"], panel["native"]) == ("ready", True, None)
    assert tuple(panel["captions"]) == CARD.outputs
    caption = panel["captions"]["Mass"]
    assert caption["where"] in caption["alt"]
    assert "truth present" in caption["alt"]
    assert caption["cost"] == "1.50 s · 100 evaluations for all outputs"


def test_a_diagnostic_that_no_method_declares_reaches_the_page_under_its_key():
    made = [replace(explanation(name, np.ones((16, 16))), diagnostics={"sharpness": 0.25}) for name in CARD.outputs]
    panel = light_box.ready_panel(EXPLAINERS["centred"], made, CARD, {})
    assert panel["captions"]["Mass"]["diagnostics"] == [
        {"label": "sharpness", "value": "0.25", "warn": False, "help": ""}
    ]


def test_cells_are_sent_at_their_own_size():
    cells = np.arange(6, dtype=np.float32).reshape(2, 3)
    made = [explanation(name, np.ones((16, 16)), cells=cells) for name in CARD.outputs]
    panel = light_box.ready_panel(EXPLAINERS["gradcam"], made, CARD, {})
    np.testing.assert_allclose(decode(panel["native"]), np.stack([cells] * 3), atol=5 / light_box.STEPS)


def test_a_map_of_zeros_stays_zeros():
    made = [explanation(name, np.zeros((16, 16))) for name in CARD.outputs]
    panel = light_box.ready_panel(EXPLAINERS["gradcam"], made, CARD, {})
    assert not decode(panel["maps"]).any()
    assert panel["captions"]["Mass"]["where"] == "No evidence for this finding."


@pytest.mark.parametrize("state", ["waiting", "running", "failed", "cancelled"])
def test_a_panel_that_waits_says_why_and_how_to_read_the_method(state):
    panel = light_box.waiting_panel(EXPLAINERS["shap"], state, "A sentence.")
    assert (panel["state"], panel["message"], panel["maps"]) == (state, "A sentence.", None)
    assert panel["how"] == EXPLAINERS["shap"].reading


def test_colours_are_those_of_the_renderer():
    tables = light_box.colour_tables()
    assert base64.b64decode(tables["unsigned"]) == UNSIGNED_LUT.tobytes()
    assert base64.b64decode(tables["signed"]) == SIGNED_LUT.tobytes()
