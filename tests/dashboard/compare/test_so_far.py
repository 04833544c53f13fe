"""What is said of a map that is not finished, and of one that more films would still change."""

from __future__ import annotations

import numpy as np

from dashboard.compare import light_box
from dashboard.compare.so_far import more, so_far
from dashboard.compare.state import State
from xai.cards.input_spec import InputSpec
from xai.cards.model_card import ModelCard
from xai.explainers import EXPLAINERS
from xai.explainers.explanation import Explanation

PIECES = np.arange(16, dtype=np.uint16).reshape(4, 4) // 8


def made(method: str, films: int, converged: bool | None) -> list[Explanation]:
    values = np.where(PIECES, 3.0, -1.0).astype(np.float32)
    diagnostics = {"r2": 0.9, "regions": 2, "converged": converged}
    errors = np.array([1.0, 1.0], np.float32)
    return [Explanation(method, "Mass", values, 0.5, 0.0, 0, films, 1.0, {}, diagnostics, pieces=PIECES, errors=errors)]


def test_how_far_a_map_is_is_said_in_films():
    assert so_far(64, 1000) == {
        "going": "First look: 64 of 1,000 films.",
        "stopped": "Stopped after 64 of 1,000 films.",
    }
    assert so_far(1536, 2000)["going"] == "Sharpening: 1,536 of 2,000 films."


def test_a_map_that_took_all_and_had_not_converged_is_offered_the_next_choice():
    lime, shap = (dict(State(settings={"shap.regions": 60}).parameters(method)) for method in ("lime", "shap"))
    offered = more("lime", lime, made("lime", 1000, converged=False))
    assert offered["said"].startswith("1,000 films were not enough")
    assert (offered["button"], offered["query"]) == ("Go on to 2,000", {"lime.samples": "2000"})
    assert more("shap", shap, made("shap", 500, converged=False))["query"] == {"shap.evaluations": "1000"}
    most = more("lime", {**lime, "samples": 2000}, made("lime", 2000, converged=False))
    assert most["said"] and not most["button"]  # there is no larger choice
    assert more("lime", lime, made("lime", 640, converged=True)) is None
    assert more("shap", shap, made("shap", 501, converged=None)) is None  # nobody knows


def test_the_part_of_a_map_says_which_pieces_are_not_sure_and_how_far_it_is():
    card = ModelCard("toy", ("Mass",), "sigmoid", "logits", InputSpec(8, 1))
    part = light_box.maps_part(EXPLAINERS["lime"], made("lime", 64, converged=False), card, {}, so_far(64, 1000))
    assert part["unsure"].tolist() == [[1, 0]] and part["unsure"].dtype == np.uint8
    caption = part["captions"]["Mass"]
    assert caption["alt"].startswith("After 64 of 1,000 films. LIME for Mass") and caption["cost"] == ""
    whole = light_box.maps_part(EXPLAINERS["lime"], made("lime", 640, converged=True), card, {})
    assert whole["so_far"] is None and "640 evaluations" in whole["captions"]["Mass"]["cost"]
