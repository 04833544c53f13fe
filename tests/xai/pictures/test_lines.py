from __future__ import annotations

import numpy as np

from xai.pictures.lines import borders


def lengths(lines) -> float:
    return float(sum(np.abs(line[1] - line[0]).sum() for line in lines))


def test_a_block_has_four_lines_around_it():
    labels = np.zeros((4, 8), int)
    labels[1:3, 2:6] = 5
    found = sorted(np.asarray(line).tolist() for line in borders(labels))
    left, right, top, bottom = 2 / 8, 6 / 8, 1 / 4, 3 / 4
    assert found == sorted(
        [
            [[left, top], [left, bottom]],
            [[right, top], [right, bottom]],
            [[left, top], [right, top]],
            [[left, bottom], [right, bottom]],
        ]
    )


def test_the_edges_of_the_array_are_no_borders():
    assert borders(np.ones((3, 5))) == []
    (line,) = borders(np.array([[0, 1], [0, 1]]))
    np.testing.assert_allclose(line, [(0.5, 0), (0.5, 1)])


def test_borders_lie_where_the_array_lies_on_the_film():
    (line,) = borders(np.array([[0, 1]]), (0.25, 0.5, 0.75, 1.0))
    np.testing.assert_allclose(line, [(0.5, 0.5), (0.5, 1.0)])


def test_every_side_between_two_labels_is_drawn_once():
    labels = np.random.default_rng(0).integers(0, 3, (20, 30))
    sides = (labels[:, 1:] != labels[:, :-1]).sum() / 20 + (labels[1:] != labels[:-1]).sum() / 30
    assert np.isclose(lengths(borders(labels)), sides)
