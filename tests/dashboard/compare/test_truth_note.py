"""A map whose strongest evidence lies on the truth of something else."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.compare.truth_note import OnFilm, Regions, elsewhere, truth_note
from dashboard.page.palette import FINDING_COLORS, OTHER_COLOR
from xai.explainers.explanation import Explanation
from xai.explainers.gradcam import upsample


def mass(values: np.ndarray, cells: np.ndarray | None = None) -> Explanation:
    return Explanation("lime", "Mass", values.astype(np.float32), 0.9, 2.2, 0, 1, 0.1, {}, cells=cells)


def square(top: int, left: int, side: int, of: int = 100) -> np.ndarray:
    values = np.zeros((of, of), bool)
    values[top : top + side, left : left + side] = True
    return values


SPOT = mass(square(20, 20, 10))
PNEUMONIA = {"Pneumonia": square(40, 40, 60, of=200)}  # a film twice as fine as the map, where the spot is
FILM = OnFilm(regions=Regions(PNEUMONIA), removable=["Pneumonia", "marker"])


def test_evidence_on_another_finding_is_told_with_its_twin():
    assert truth_note(SPOT, "absent", FILM) == {
        "sentence": "Its strongest evidence lies on the pneumonia, outlined dashed; mass is absent.",
        "others": [{"name": "Pneumonia", "label": "pneumonia", "color": FINDING_COLORS["Pneumonia"], "has_twin": True}],
    }


@pytest.mark.parametrize(
    ("truth", "own", "said"),
    [
        ("absent", None, "mass is absent."),
        ("present", square(120, 120, 20, of=200), "mass lies elsewhere."),
        ("present", square(50, 50, 10, of=200), None),  # on the spot itself
        ("present", None, None),  # nobody knows where
        (None, None, None),
    ],
)
def test_it_is_told_where_the_finding_itself_is_absent_or_elsewhere(truth, own, said):
    masks = PNEUMONIA if own is None else {**PNEUMONIA, "Mass": own}
    note = truth_note(SPOT, truth, OnFilm(regions=Regions(masks)))
    assert (note is not None) == (said is not None)
    assert said is None or note["sentence"].endswith(said)
    assert note is None or note["others"][0]["has_twin"] is False  # a film that is not simulated


@pytest.mark.parametrize(
    ("other", "lies_there"),
    [
        (square(22, 22, 6), True),  # covers the middle
        (square(20, 20, 4), True),  # lies in the spot, beside its middle
        (square(28, 28, 4), False),  # a quarter of it lies there
        (square(0, 0, 24), False),  # a sixth of the spot lies on it
        (square(60, 60, 20), False),
        (np.zeros((100, 100), bool), False),
    ],
)
def test_what_lies_there_is_what_covers_the_spot_or_lies_in_it(other, lies_there):
    found = elsewhere(SPOT, "absent", OnFilm(regions=Regions({"Nodule": other})))
    assert found == (["Nodule"] if lies_there else [])


def test_of_two_the_one_that_lies_there_most_comes_first():
    masks = {"Infiltration": square(10, 10, 60), "Nodule": square(22, 22, 5), "marker": square(80, 80, 5)}
    assert elsewhere(SPOT, "absent", OnFilm(regions=Regions(masks))) == ["Nodule", "Infiltration"]
    note = truth_note(SPOT, "absent", OnFilm(regions=Regions(masks)))
    assert "lies on the nodule and the infiltration, outlined" in note["sentence"]


def test_a_marker_has_a_name_and_a_colour_too():
    note = truth_note(SPOT, "absent", OnFilm(regions=Regions({"marker": square(22, 22, 5)}), removable=["marker"]))
    assert "lies on the marker," in note["sentence"]
    assert note["others"] == [{"name": "marker", "label": "marker", "color": OTHER_COLOR, "has_twin": True}]


def test_in_a_wide_area_lies_only_what_covers_its_middle_or_half_of_it():
    wide = mass(square(0, 0, 60))
    found = elsewhere(wide, "absent", OnFilm(regions=Regions({"Nodule": square(5, 5, 5), "Mass": square(90, 90, 5)})))
    assert found == []
    assert elsewhere(wide, "absent", OnFilm(regions=Regions({"Edema": square(0, 0, 50)}))) == ["Edema"]


def test_boxes_of_radiologists_count_as_masks_do():
    regions = Regions(boxes={"Pneumonia": [(0.6, 0.6, 0.9, 0.9), (0.2, 0.2, 0.35, 0.35)]})
    assert elsewhere(SPOT, "absent", OnFilm(regions=regions)) == ["Pneumonia"]
    assert elsewhere(SPOT, "absent", OnFilm(regions=Regions(boxes={"Pneumonia": [(0.6, 0.6, 0.9, 0.9)]}))) == []


def test_the_place_is_that_on_the_film():
    padded = OnFilm((0, -0.5, 1, 1.5), regions=Regions(boxes={"Nodule": [(0.2, 0.3, 0.3, 0.4)]}))
    at_the_top = mass(square(40, 20, 10))  # 0.3 to 0.5 down the film
    assert elsewhere(at_the_top, "absent", padded) == ["Nodule"]
    assert elsewhere(SPOT, "absent", padded) == []  # on the air above it


def test_the_brightest_cell_counts():
    cells = np.zeros((8, 8), np.float32)
    cells[1, 1], cells[5:7, 5:7] = 1.0, 0.95
    made = mass(upsample(cells, (128, 128)), cells)
    regions = Regions({"Nodule": square(20, 20, 8, of=128), "Edema": square(80, 80, 32, of=128)})
    assert elsewhere(made, "absent", OnFilm(regions=regions)) == ["Nodule"]


def test_an_empty_map_has_no_strongest_evidence():
    assert truth_note(mass(np.zeros((100, 100))), "absent", FILM) is None
    assert truth_note(mass(-np.ones((100, 100))), "absent", FILM) is None
