"""Scores as papers define them: known by hand, and equal to the papers' own way of computing them."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter
from skimage.measure import label, regionprops

from xai import measures


def smooth(seed: int) -> np.ndarray:
    return gaussian_filter(np.random.default_rng(seed).normal(size=(64, 48)), 4)


def truth_of(*parts) -> np.ndarray:
    truth = np.zeros((64, 48), bool)
    for part in parts:
        truth[part] = True
    return truth


@pytest.mark.parametrize("seed", range(5))
def test_boxes_are_those_around_what_is_connected_at_each_level(seed):
    values, truth = smooth(seed), truth_of(np.s_[10:40, 5:25])
    shades = np.maximum(values, 0) / values.max() * 255
    expected = [one.bbox for level in (60, 180) for one in regionprops(label(shades > level, connectivity=2))]
    found = [(rows.start, columns.start, rows.stop, columns.stop) for rows, columns in measures.boxes(values)]
    assert sorted(found) == sorted(expected)
    shares = [truth[y0:y1, x0:x1].sum() / ((y1 - y0) * (x1 - x0)) for y0, x0, y1, x1 in expected]
    assert measures.iobb(values, truth) == pytest.approx(max(shares), abs=1e-6)
    for t in (0.1, 0.25, 0.5, 0.75, 0.9):
        assert measures.t_iobb(values, truth, t) == (max(shares) > t)
        assert measures.false_boxes(values, truth, t) == sum(share <= t for share in shares)


def test_a_box_is_worth_the_share_of_it_that_is_truth():
    values = np.zeros((64, 48))
    values[10:20, 10:20] = 1
    values[40, 40] = 0.5  # of 255 shades 127: a box at 60, none at 180
    assert measures.iobb(values, truth_of(np.s_[10:20, 10:14])) == pytest.approx(0.4)
    assert measures.t_iobb(values, truth_of(np.s_[10:20, 10:14]), 0.4) == 0  # more than T is asked for
    assert measures.false_boxes(values, truth_of(np.s_[10:20, 10:14]), 0.3) == 1
    assert measures.iobb(values, truth_of(np.s_[40, 40])) == 1


def outlined(values: np.ndarray) -> np.ndarray:
    """As the paper's program: 8 bits, OpenCV's Otsu, contours of more than one point, filled polygons."""
    shades = (255 * (values - values.min()) / (values.max() - values.min())).astype(np.uint8)
    _, above = cv2.threshold(shades, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    contours, _ = cv2.findContours(above, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
    picture = Image.new("1", values.shape[::-1])
    for contour in contours:
        if len(contour) > 1:
            ImageDraw.Draw(picture).polygon([tuple(map(int, point[0])) for point in contour], outline=1, fill=1)
    return np.asarray(picture)


@pytest.mark.parametrize("seed", range(5))
def test_the_outline_is_that_of_chexlocalize(seed):
    assert np.mean(measures.segmentation(smooth(seed)) == outlined(smooth(seed))) > 0.99  # polygons round corners
    box = np.zeros((64, 48))
    box[10:30, 20:40] = 1
    box[15:20, 25:30] = 0  # a hole is filled
    box[50, 5] = 1  # a pixel alone is dropped
    assert np.array_equal(measures.segmentation(box), outlined(box))
    assert np.array_equal(measures.segmentation(box), truth_of(np.s_[10:30, 20:40]))
    assert measures.segmentation_iou(box, truth_of(np.s_[10:30, 30:40])) == 0.5


def test_a_hit_is_the_first_largest_pixel():
    values = np.zeros((64, 48))
    values[5, 5] = values[30, 30] = 1
    assert measures.hit(values, truth_of(np.s_[5, 5])) == 1
    assert measures.hit(values, truth_of(np.s_[30, 30])) == 0
    assert measures.pointing(values, truth_of(np.s_[30, 30])) == 0.5


def test_films_without_truth_are_left_out_and_flat_maps_count_as_nothing_found():
    box, flat, inside = np.zeros((64, 48)), np.ones((64, 48)), truth_of(np.s_[10:30, 20:40])
    box[10:30, 30:40] = 1
    nothing = np.zeros_like(inside)
    assert measures.miou([box, flat, box], [inside, inside, nothing]) == pytest.approx(0.25)
    assert measures.miou([box, flat, box], [inside, inside, nothing], only_outlined=True) == pytest.approx(0.5)
    assert measures.hit_rate([box, flat, box], [inside, inside, nothing]) == 0.5
    assert math.isnan(measures.hit_rate([box], [nothing])) and math.isnan(measures.miou([], []))
    assert math.isnan(measures.iobb(box, nothing)) and math.isnan(measures.t_iobb(box, nothing))
    assert measures.iobb(flat, inside) == measures.t_iobb(-box, inside) == measures.false_boxes(flat, inside) == 0
    assert measures.false_boxes(box, nothing) == 2
