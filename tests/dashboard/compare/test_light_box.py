from __future__ import annotations

import base64
from dataclasses import replace

import numpy as np
import pytest

from dashboard.compare import light_box
from dashboard.compare.truth_note import OnFilm
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


def film_of(pixels: np.ndarray, bits: int = 8) -> Film:
    height, width = pixels.shape
    return Film.from_pixels(pixels.astype(np.float32), facts=FilmFacts("PNG", width, height, bits))


def explanation(finding: str, values: np.ndarray, **parts: object) -> Explanation:
    return Explanation("lime", finding, values.astype(np.float32), 0.7, 0.85, 0, 100, 1.5, {}, {}, **parts)


@pytest.mark.parametrize(("bits", "most"), [(8, 255), (12, 65535), (16, 65535)])
def test_a_film_keeps_its_shades(bits, most):
    pixels = np.linspace(0, 1, 48 * 40).reshape(48, 40)
    part = light_box.film_pixels(film_of(pixels, bits))
    np.testing.assert_array_equal(part["pixels"], np.rint(pixels.astype(np.float32) * most))


def test_a_large_film_is_scaled_to_the_screen_and_keeps_its_mean():
    pixels = np.random.default_rng(0).random((2048, 1024))
    got = light_box.film_pixels(film_of(pixels))["pixels"]
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
    assert part["pixels"][1:-1].tolist() == [[255] * 16] * 14  # scaling blurs the edge rows


TRUTH = {"Mass": "present", "Normal": "absent"}
SOFTMAX = replace(CARD, link="softmax")


def test_findings_have_threshold_colour_and_truth():
    parts = light_box.findings_part(CARD, TRUTH)
    assert [(one["name"], one["label"], one["threshold"], one["truth"]) for one in parts] == [
        ("Pleural_Thickening", "Pleural thickening", 0.5, None),
        ("Mass", "Mass", 0.2, "present"),
        ("Normal", "Normal", 0.5, "absent"),
    ]
    assert [one["color"] for one in parts] == [
        FINDING_COLORS["Pleural_Thickening"],
        FINDING_COLORS["Mass"],
        OTHER_COLOR,
    ]


def test_classes_have_only_the_thresholds_that_their_card_names():
    assert [one["threshold"] for one in light_box.findings_part(SOFTMAX, {})] == [None, 0.2, None]


def logits(*shares: float) -> np.ndarray:
    return np.log(np.array(shares) / (1 - np.array(shares)))


def test_answers_hold_probabilities_and_a_sentence_for_each_finding():
    answers = light_box.answers_part(CARD, logits(0.1, 0.25, 0.7), TRUTH)
    assert answers["probabilities"] == pytest.approx({"Pleural_Thickening": 0.1, "Mass": 0.25, "Normal": 0.7})
    assert answers["verdicts"]["Mass"]["lead"] == "Mass: 25\u00a0%"
    assert "above its threshold of 20\u00a0%: flagged. Rightly so" in answers["verdicts"]["Mass"]["rest"]
    assert "A false positive" in answers["verdicts"]["Normal"]["rest"]
    assert answers["written"] == {"Pleural_Thickening": "10\u00a0%", "Mass": "25\u00a0%", "Normal": "70\u00a0%"}


@pytest.mark.parametrize("card", [CARD, SOFTMAX])
def test_while_the_truth_is_hidden_the_words_are_those_of_a_film_of_which_nothing_is_known(card):
    known, unknown = (light_box.answers_part(card, logits(0.1, 0.25, 0.7), truth) for truth in (TRUTH, {}))
    for name, verdict in known["verdicts"].items():
        assert verdict["plain"] == {"rest": unknown["verdicts"][name]["rest"]}
    assert known["verdicts"]["Mass"]["rest"] != known["verdicts"]["Mass"]["plain"]["rest"]
    made = [explanation(name, np.eye(16)) for name in card.outputs]
    told, plain = (light_box.maps_part(EXPLAINERS["gradcam"], made, card, truth)["captions"] for truth in (TRUTH, {}))
    for name, caption in told.items():
        assert caption["plain"] == {"alt": plain[name]["alt"], "truth_note": None}
    assert told["Mass"]["alt"] != told["Mass"]["plain"]["alt"]


def test_where_sides_are_not_known_words_name_those_of_the_picture():
    values = np.zeros((15, 15))
    values[2, 2] = 1.0
    made = [explanation(name, values) for name in CARD.outputs]
    for known, side in ((True, "patient's right"), (False, "left of the picture")):
        part = light_box.maps_part(EXPLAINERS["gradcam"], made, CARD, {}, film=OnFilm(sides_known=known))
        caption = part["captions"]["Mass"]
        assert side in caption["where"] and side in caption["alt"]
        assert ("patient" in caption["alt"]) == known


@pytest.mark.parametrize(
    ("shares", "first"),
    [
        ((0.1, 0.25, 0.7), "Normal"),  # flagged and the most probable
        ((0.45, 0.25, 0.4), "Mass"),  # flagged, though another is more probable
        ((0.4, 0.1, 0.3), "Pleural_Thickening"),  # none flagged
    ],
)
def test_the_finding_to_open_with_is_the_most_probable_of_those_flagged(shares, first):
    assert light_box.answers_part(CARD, logits(*shares), {})["first"] == first


def test_the_class_to_open_with_is_the_most_probable():
    answers = light_box.answers_part(SOFTMAX, np.log([0.5, 0.3, 0.2]), {})
    assert answers["first"] == "Pleural_Thickening"
    assert "the most probable" in answers["verdicts"]["Pleural_Thickening"]["rest"]


def test_every_finding_has_a_colour_of_its_own():
    assert tuple(FINDING_COLORS) == FINDINGS
    assert len({*FINDING_COLORS.values(), OTHER_COLOR}) == len(FINDINGS) + 1


def test_maps_carry_their_words():
    rng = np.random.default_rng(1)
    maps = rng.normal(0, 3, (3, 16, 16))
    pieces = rng.integers(0, 5, (16, 16)).astype(np.uint16)
    made = [explanation(name, one, pieces=pieces) for name, one in zip(CARD.outputs, maps, strict=True)]
    part = light_box.maps_part(EXPLAINERS["lime"], made, CARD, {"Mass": "present"})
    np.testing.assert_array_equal(part["maps"], maps.astype(np.float32))
    np.testing.assert_array_equal(part["pieces"], pieces)
    assert part["native"] is None
    assert tuple(part["captions"]) == CARD.outputs
    caption = part["captions"]["Mass"]
    assert caption["where"] in caption["alt"]
    assert "truth present" in caption["alt"]
    assert caption["cost"] == "1.50\u00a0s · 100 evaluations for all outputs"


def test_a_diagnostic_that_no_method_declares_reaches_the_page_under_its_key():
    made = [replace(explanation(name, np.ones((16, 16))), diagnostics={"sharpness": 0.25}) for name in CARD.outputs]
    part = light_box.maps_part(EXPLAINERS["centred"], made, CARD, {})
    assert part["captions"]["Mass"]["diagnostics"] == [
        {"label": "sharpness", "value": "0.25", "warn": False, "help": ""}
    ]


def test_cells_are_sent_at_their_own_size():
    cells = np.arange(6, dtype=np.float32).reshape(2, 3)
    made = [explanation(name, np.ones((16, 16)), cells=cells) for name in CARD.outputs]
    part = light_box.maps_part(EXPLAINERS["gradcam"], made, CARD, {})
    np.testing.assert_array_equal(part["native"], np.stack([cells] * 3))


def test_a_map_of_zeros_says_so():
    made = [explanation(name, np.zeros((16, 16))) for name in CARD.outputs]
    part = light_box.maps_part(EXPLAINERS["gradcam"], made, CARD, {})
    assert part["captions"]["Mass"]["where"] == "No evidence for this finding."


def test_a_panel_says_how_to_read_the_method_before_there_is_a_map():
    panel = light_box.panel(EXPLAINERS["shap"](), "On 9 films: ahead.")
    assert panel["glance"] == "black box · at most 501 films"
    assert panel["needs"].startswith("It asks nothing but answers") and panel["needs"].endswith("On 9 films: ahead.")
    assert (panel["method"], panel["signed"]) == ("shap", True)
    assert panel["how"].startswith(EXPLAINERS["shap"].reading) and "“around”" in panel["how"]


def test_colours_are_those_of_the_renderer():
    tables = light_box.colour_tables()
    assert base64.b64decode(tables["unsigned"]) == UNSIGNED_LUT.tobytes()
    assert base64.b64decode(tables["signed"]) == SIGNED_LUT.tobytes()
