"""Where the evidence lies, in words: sentences by hand, and words against pixels over many maps."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from tests.xai.measures.held_to_pixels import held_to_pixels
from xai.explainers.gradcam import upsample
from xai.measures.frame import Frame
from xai.measures.location import describe

SPACE = "\N{NO-BREAK SPACE}"


def dots(shape: tuple[int, int] = (90, 100), **places: float) -> np.ndarray:
    """A map of single pixels: ``y30_x70=2.0`` puts 2 at row 30, column 70."""
    values = np.zeros(shape)
    for name, value in places.items():
        row, column = (int(one[1:]) for one in name.split("_"))
        values[row, column] = value
    return values


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (29, 39, "in the upper third of the film, on the patient's right"),
        (30, 40, "in the middle third of the film, near its midline"),
        (59, 59, "in the middle third of the film, near its midline"),
        (60, 60, "in the lower third of the film, on the patient's left"),
        (89, 0, "in the lower third of the film, on the patient's right"),
    ],
)
def test_thirds_and_sides_end_where_they_are_said_to(row, column, words):
    said = describe(dots(**{f"y{row}_x{column}": 1.0}))
    assert (
        said == f"Brightest {words}: most of the evidence for it (100{SPACE}%) lies around there ({AREA} of the film)."
    )


AREA = f"under 1{SPACE}%"  # one pixel of 9,000


def test_where_the_side_is_not_known_the_picture_has_sides():
    for column, words in ((5, "on the left of the picture"), (50, "near its midline"), (95, "on the right of the pic")):
        said = describe(dots(**{f"y5_x{column}": 1.0}), Frame(sides_known=False))
        assert said.startswith(f"Brightest in the upper third of the film, {words}") and "patient" not in said


def test_a_weak_wide_area_does_not_outshine_the_brightest_spot():
    values = dots(y80_x10=1.0)
    values[:30, 60:] = 0.4  # 480 in all
    said = describe(values)
    assert said.startswith("Brightest in the lower third of the film, on the patient's right: under 1")
    assert "lies around there" in said and said.endswith("the rest is spread out.")


def test_most_is_said_of_more_than_half():
    for other, said in ((90.0, "10"), (51.0, "49"), (50.5, "50")):
        values = dots(y5_x5=100 - other)
        values[40:60:2, 40:60:2] = other / 100  # a hundred faint pixels, none of which touch
        assert f": {said}{SPACE}% of the evidence for it lies around there" in describe(values)
    values[40:60:2, 40:60:2] = 0.3
    assert ": most of the evidence for it (" in describe(values)


def test_a_second_area_with_a_good_share_is_named_and_told_from_the_other_side():
    one_side = describe(dots(y5_x5=2.0, y80_x10=1.3))
    assert one_side.endswith(f"Another bright area, in the lower third, on the patient's right, holds 39{SPACE}%.")
    two_sides = describe(dots(y40_x5=2.0, y45_x90=1.3))
    assert two_sides.endswith(
        f"Two-sided: another bright area, in the middle third, on the patient's left, holds 39{SPACE}%."
    )
    three = describe(dots(y40_x5=2.0, y45_x90=1.2, y85_x50=1.1, y5_x50=1.0))
    assert three.endswith(f"holds 23{SPACE}%, 2 more hold 40{SPACE}%.")


def test_a_second_area_that_is_too_faint_or_too_small_is_not_named():
    assert "nother" not in describe(dots(y5_x5=2.0, y80_x10=0.9))  # less than half as bright
    values = dots(y80_x90=6.0)
    values[:10, :10] = 10.0
    assert "nother" not in describe(values)  # 1 % of all


def test_as_bright_elsewhere_is_said():
    assert ", and as bright in the lower third, on the patient's left: 50" in describe(dots(y5_x5=2.0, y80_x90=2.0))
    assert ", and nearly as bright in the lower third, on" in describe(dots(y5_x5=2.0, y80_x90=1.81))
    assert "as bright" not in describe(dots(y5_x5=2.0, y80_x90=1.79))
    assert "as bright" not in describe(dots(y5_x5=2.0, y15_x15=2.0))  # in the same part of the film
    assert ", and as bright in 2 other parts: " in describe(dots(y5_x5=2.0, y80_x90=2.0, y50_x50=2.0))


def test_a_plateau_is_told_by_how_far_it_reaches():
    values = np.zeros((90, 100))
    values[:50, :] = 3.0
    assert describe(values) == (
        f"Brightest evenly on 56{SPACE}% of the film, in the upper and middle thirds, on both sides: "
        f"most of the evidence for it (100{SPACE}%) lies around there (56{SPACE}% of the film)."
    )
    values = np.ones((90, 100))
    values[:, :50] = 3.0
    assert "evenly on 50" in describe(values)
    assert "from top to bottom, on the patient's right and near its midline: most" in describe(values)


def test_a_small_plateau_has_a_middle():
    values = np.zeros((90, 100))
    values[25:45, 20:30] = 1.0  # its first pixel is in the upper third, its middle in the one below
    assert describe(values).startswith("Brightest in the middle third of the film, on the patient's right")
    ring = np.zeros((90, 100))
    ring[10:30, 5:35] = 1.0
    ring[12:28, 7:33] = 0.0
    assert describe(ring).startswith("Brightest in the upper third of the film, on the patient's right")


def test_maps_without_evidence_say_so():
    assert describe(np.zeros((9, 9))) == "No evidence for this finding."
    against = describe(-dots(y80_x90=2.0))
    assert against == (
        "No evidence for this finding. The strongest against it lies in the lower third, on the patient's left."
    )
    even = describe(-np.ones((9, 9)))
    assert even == f"No evidence for this finding. The strongest against it lies evenly on 100{SPACE}% of the film."
    assert describe(np.full((9, 9), 0.3)) == "The same everywhere: no place is brighter than another."


def test_stronger_evidence_against_it_is_told():
    said = describe(dots(y5_x5=2.0, y80_x90=-2.1))
    assert said.startswith("Strongest for it in the upper third of the film, on the patient's right: most")
    assert said.endswith(" Stronger still against it in the lower third, on the patient's left.")
    assert "against" not in describe(dots(y5_x5=2.0, y80_x90=-1.9))


@pytest.mark.parametrize(
    ("footprint", "words"),
    [
        ((0, -0.5, 1, 1.5), "in the upper third of the film, "),  # padded above and below: 0.3 is 0.1 down the film
        ((0, 0.25, 1, 0.75), "in the middle third of the film, "),  # cropped: 0.3 is 0.4 down the film
        ((0, -2, 1, 1), "outside the film, in the air added above it: "),
        ((-0.5, 0, 1.5, 1), "outside the film, in the air added on the left of it: "),
    ],
)
def test_places_are_those_of_the_film_and_not_of_the_models_input(footprint, words):
    values = dots((100, 100), y30_x10=1.0)
    assert describe(values, Frame(footprint=footprint)).startswith(f"Brightest {words}")


def test_an_area_is_that_of_the_film():
    values = np.zeros((100, 100))
    values[40:50, 20:40] = 1.0  # 2 % of the input
    for footprint, share in (((0, 0, 1, 1), 2), ((0, -0.5, 1, 1.5), 4), ((0, 0.25, 1, 0.75), 1)):
        assert f"({share}{SPACE}% of the film)" in describe(values, Frame(footprint=footprint))
    values[:] = 0
    values[20:30, :] = 1.0  # half of it lies above the film
    assert f"(10{SPACE}% of the film)" in describe(values, Frame(footprint=(0, -0.5, 1, 1.5)))


def test_where_nobody_knows_the_film_thirds_are_of_the_input():
    said = describe(dots(y5_x5=2.0), Frame(footprint=None))
    assert said.startswith("Brightest in the upper third of the model's input, on the patient's right")


def test_the_brightest_cell_counts_and_not_the_pixels_between_cells():
    cells = np.zeros((8, 8), np.float32)
    cells[1, 1], cells[5:7, 5:7] = 1.0, 0.95  # four cells share their light with each other, one does not
    values = upsample(cells, (128, 128))
    assert np.unravel_index(values.argmax(), values.shape)[0] > 64
    assert describe(values, Frame(cells)).startswith(
        "Brightest in the upper third of the film, on the patient's right, and nearly as bright in the lower third"
    )


def test_a_cell_at_the_border_is_named_by_its_middle():
    cells = np.zeros((2, 3), np.float32)
    cells[1, 2] = 1.0  # of a sixth of the film; the map scaled up is flat from its middle to the corner
    said = describe(upsample(cells, (120, 120)), Frame(cells))
    assert said.startswith("Brightest in the lower third of the film, on the patient's left")


def fields(count: int, seed: int):
    """Smooth random maps of any proportion, with blobs at the border, and of both signs."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        shape = tuple(int(side) for side in rng.integers(24, 49, 2))
        values = gaussian_filter(rng.normal(size=shape), rng.uniform(1, 8), mode=rng.choice(["nearest", "constant"]))
        values = values / np.abs(values).max()
        if number % 4 == 1:
            values = np.maximum(values, 0)
        if number % 4 == 2:  # two blobs, at the border as often as not
            values = dots(shape, **{f"y{rng.integers(shape[0])}_x{rng.integers(shape[1])}": 1.0 for _ in range(2)})
            values = gaussian_filter(values * rng.uniform(0.5, 1, shape), 2.5)
        if number % 4 == 3:
            values = values - values.min() / 2
        if values.max() > 0:
            yield values


def test_words_hold_to_the_pixels_of_any_map():
    for values in fields(160, seed=0):
        held_to_pixels(describe(values), values)


def test_words_hold_to_the_cells_of_a_map_that_was_scaled_up():
    rng = np.random.default_rng(1)
    for number in range(120):
        grid = tuple(int(side) for side in rng.integers(4, 9, 2))
        cells = rng.random(grid).astype(np.float32) ** (1 + number % 5)
        values = upsample(cells, (grid[0] * 7, grid[1] * 6))
        held_to_pixels(describe(values, Frame(cells)), values, cells)
