"""What people outlined, on the film as it is shown large."""

from __future__ import annotations

import numpy as np

from dashboard.films.large import outlined
from xai.films.film import Film


def test_every_reader_s_edge_is_drawn_and_not_only_that_of_both_together():
    film = Film.from_pixels(np.zeros((90, 90), np.float32))
    whole, part = np.zeros((90, 90), np.uint8), np.zeros((90, 90), np.uint8)
    whole[10:80, 10:80] = 1
    part[30:60, 30:60] = 2
    one, both = (outlined(film, masks={"Mass": mask}).any(axis=2) for mask in (whole, whole | part))
    inside = np.zeros(one.shape, bool)
    inside[250:650, 250:650] = True  # ten times as large
    assert not one[inside].any() and both[inside].any()
    np.testing.assert_array_equal(one[~inside], both[~inside])
    np.testing.assert_array_equal(outlined(film, masks={"Mass": whole > 0}).any(axis=2), one)
