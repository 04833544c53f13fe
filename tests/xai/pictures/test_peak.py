"""The piece around a map's peak, in closed form: what belongs to it, and where it lies on the film."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from xai.cards.model_card import InputSpec
from xai.explainers.explanation import Explanation
from xai.films.film import Film, FilmFacts
from xai.models.preprocess import footprint
from xai.pictures.boxes import Boxes
from xai.pictures.peak import peak_piece, with_peak

WHOLE = (0.0, 0.0, 1.0, 1.0)


def block(value: float = 1.0, shape=(8, 10), rows=(2, 5), columns=(3, 7)) -> np.ndarray:
    values = np.zeros(shape)
    values[slice(*rows), slice(*columns)] = value
    return values


def test_the_box_of_a_block_is_the_block():
    piece = peak_piece(block(), WHOLE)
    assert piece.box(100, 80) == pytest.approx((30, 20, 40, 30))
    np.testing.assert_allclose(piece.corners(100, 80), [(30, 20), (70, 20), (70, 50), (30, 50)])
    assert piece.area(100, 80) == pytest.approx(1200)
    assert piece.peak == pytest.approx((0.35, 2.5 / 8))
    assert (piece.largest, piece.threshold) == (1.0, 0.5)


def test_less_than_half_of_the_peak_and_what_touches_at_a_corner_only_do_not_belong_to_it():
    values = block()
    values[5, 3:7] = 0.49
    values[4, 6] = 0.5
    values[5, 7] = 1  # touches the block at a corner
    assert peak_piece(values, WHOLE).box(10, 8) == pytest.approx((3, 2, 4, 3))


def test_another_piece_as_strong_is_another_piece():
    values = block(0.9) + block(1.0, rows=(6, 8), columns=(0, 2))
    assert peak_piece(values, WHOLE).box(10, 8) == pytest.approx((0, 6, 2, 2))


def test_holes_are_filled():
    values = block()
    values[3, 4:6] = 0
    piece = peak_piece(values, WHOLE)
    assert piece.area(10, 8) == pytest.approx(12) and len(piece.outline) == 4


@pytest.mark.parametrize("values", [np.zeros((8, 8)), -block()])
def test_a_map_in_which_nothing_speaks_for_the_finding_has_none(values):
    assert peak_piece(values, WHOLE) is None


@pytest.mark.parametrize("seed", range(12))
def test_the_outline_encloses_as_much_as_the_piece_has_pixels(seed):
    rng = np.random.default_rng(seed)
    values = ndimage.gaussian_filter(rng.normal(size=(17, 23)), rng.uniform(0, 2))
    piece = peak_piece(values, WHOLE)
    labels, _ = ndimage.label(values >= values.max() / 2)
    pixels = ndimage.binary_fill_holes(labels == labels.flat[values.argmax()])
    assert piece.area(23, 17) == pytest.approx(pixels.sum())
    rows, columns = np.nonzero(pixels)
    wanted = columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1
    assert piece.box(23, 17) == pytest.approx(wanted)


def test_on_a_cropped_film_it_lies_in_the_middle_part():
    where = footprint(100, 200, InputSpec(10, 1, "crop"))  # the middle 100 x 100 of 200 x 100
    piece = peak_piece(block(shape=(10, 10)), where)
    assert piece.box(200, 100) == pytest.approx((50 + 30, 20, 40, 30))


def test_on_a_padded_film_what_lies_in_the_air_is_no_part_of_it():
    where = footprint(100, 200, InputSpec(20, 1, "pad"))  # rows 5 to 15 of 20 are the film, 10 film pixels each
    inside = peak_piece(block(shape=(20, 20), rows=(6, 9), columns=(2, 4)), where)
    assert inside.box(200, 100) == pytest.approx((20, 10, 20, 30))
    across = peak_piece(block(shape=(20, 20), rows=(2, 8), columns=(2, 4)), where)
    assert across.box(200, 100) == pytest.approx((20, 0, 20, 30))
    beside = block(5.0, shape=(20, 20), rows=(0, 2), columns=(0, 20)) + block(1.0, (20, 20), (6, 9), (2, 4))
    assert peak_piece(beside, where).largest == 1.0  # the largest value on the film
    assert peak_piece(block(shape=(20, 20), rows=(0, 3)), where) is None


def test_a_pixel_that_lies_half_in_the_air_ends_where_the_film_does():
    piece = peak_piece(np.ones((3, 4)), (0.0, -0.25, 1.0, 1.25))
    assert piece.box(40, 30) == pytest.approx((0, 0, 40, 30)) and piece.area(40, 30) == pytest.approx(1200)


def test_it_is_drawn_on_the_picture_of_the_film():
    drawn = with_peak(np.full((80, 100, 3), 60, np.uint8), peak_piece(block(), WHOLE))
    assert {tuple(drawn[y, x]) for x, y in ((30, 20), (70, 20), (70, 50), (50, 20), (30, 35))} == {(255, 255, 255)}
    assert (drawn[30, 50] == 60).all() and (drawn[10, 10] == 60).all()


def test_the_file_is_laid_out_as_cocos_and_states_its_rule():
    boxes = Boxes()
    film = Film.from_pixels(np.full((40, 50), 0.5), facts=FilmFacts("PNG", 100, 80, 8))  # of a file twice as large
    for finding, values in (("Mass", block()), ("Hernia", -block())):
        explanation = Explanation("lime", finding, values.astype(np.float32), 0.4, -0.4, 3, 10, 0.1, {})
        boxes.add("chest", film, explanation, WHOLE, {"model": "M"})
    content = boxes.content()
    (picture,), (box,), (without,) = content["images"], content["annotations"], content["without"]
    assert (picture["id"], picture["width"], picture["height"]) == (1, 100, 80)
    assert [one["name"] for one in content["categories"]] == ["Mass", "Hernia"]
    assert box["bbox"] == [30, 20, 40, 30] and box["segmentation"] == [[30, 20, 70, 20, 70, 50, 30, 50]]
    assert (box["area"], box["iscrowd"], box["image_id"], box["category_id"]) == (1200, 0, 1, 1)
    assert (box["largest"], box["threshold"], box["model"], box["method"]) == (1.0, 0.5, "M", "lime")
    assert without["category_id"] == 2 and "speaks for the finding" in without["reason"]
    assert (
        "0.5 of its largest value" in content["info"]["rule"]
        and "not for clinical use" in content["info"]["description"]
    )
