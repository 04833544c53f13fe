"""What a table of two sets of predictions says beside its numbers."""

from __future__ import annotations

import numpy as np

from dashboard.page.side_by_side import differ
from training.evaluate.side_by_side import side_by_side


def test_where_interval_and_p_disagree_a_line_says_which_way_and_why():
    first = np.r_[np.ones(60), np.zeros(3940)]
    second = first.copy()
    second[60 + 4 * np.arange(10)] = 1  # of ten patients with four films each, one more
    wide = side_by_side(np.zeros(4000), first, second, (0.5, 0.5), np.arange(4000) // 4)
    assert differ(wide).startswith(
        "Specificity and Flagged: the interval holds 0 beside a p below 0.05. They can differ"
    )
    few = side_by_side(np.zeros(300), np.zeros(300), np.r_[np.ones(5), np.zeros(295)], (0.5, 0.5))
    assert differ(few).startswith("Specificity and Flagged: the interval leaves out 0 beside a p of 0.05 or more.")
    assert differ(side_by_side(np.arange(400) % 2, np.ones(400), np.ones(400), (0.5, 0.5))) == ""
