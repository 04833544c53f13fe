"""Where maps have their peaks, counted over films."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.server.peaks import FEWEST_FILMS, MOST_KEPT, Common, Peaks, peak_cell
from xai.explainers.explanation import Explanation


def made(row: int, column: int, finding: str = "Mass", **parts: np.ndarray) -> Explanation:
    values = np.zeros((16, 16), np.float32)
    values[row, column] = 1
    return Explanation("x", finding, values, 0.5, 0.0, 0, 1, 0.1, {}, **parts)


def test_a_peak_lies_in_a_cell_of_eight_by_eight_or_of_the_methods_own():
    assert peak_cell(made(0, 15)) == (0, 7)
    assert peak_cell(made(5, 4)) == (2, 2)
    assert peak_cell(made(0, 0, cells=np.array([[0, 1, 0], [0, 0, 0.5]], np.float32))) == (0, 1)


def test_a_peak_that_many_pixels_share_lies_in_their_middle():
    values = np.zeros((16, 16), np.float32)
    values[4:8, 6:14] = 0.25
    assert peak_cell(Explanation("x", "Mass", values, 0.5, 0.0, 0, 1, 0.1, {})) == (3, 5)


def test_a_map_without_evidence_has_no_peak():
    assert peak_cell(Explanation("x", "Mass", -np.ones((8, 8), np.float32), 0.5, 0.0, 0, 1, 0.1, {})) is None


@pytest.mark.parametrize(
    ("there", "elsewhere", "found"),
    [
        (FEWEST_FILMS - 1, 0, None),
        (FEWEST_FILMS, 0, Common((0, 7), FEWEST_FILMS, FEWEST_FILMS, FEWEST_FILMS, FEWEST_FILMS)),
        (19, 1, Common((0, 7), 19, 20, 19, 20)),
        (18, 2, Common((0, 7), 18, 20, 18, 20)),
        (17, 3, None),
    ],
)
def test_a_cell_is_common_where_it_holds_nine_of_ten_peaks_of_twelve_films(there, elsewhere, found):
    peaks = Peaks()
    for film in range(there):
        peaks.note("model", f"there {film}", [made(0, 15)])
    for film in range(elsewhere):
        peaks.note("model", f"elsewhere {film}", [made(8, film)])
    assert peaks.common("model").get("Mass") == found
    assert peaks.common("another model") == {}


def test_a_film_counts_once_however_often_it_is_seen():
    peaks = Peaks()
    for _ in range(3 * FEWEST_FILMS):
        peaks.note("model", "the same film", [made(0, 15)])
    assert peaks.common("model") == {}


def test_findings_are_counted_apart_and_together():
    peaks = Peaks()
    for film in range(20):
        peaks.note("corner", str(film), [made(0, 15), made(0, 15, "Edema")])
        peaks.note("apart", str(film), [made(0, 15), made(film % 8 * 2, 3, "Edema")])
    assert peaks.common("corner")["Edema"] == Common((0, 7), 20, 20, 40, 40)
    assert peaks.common("corner")["Mass"].whatever_the_finding
    assert set(peaks.common("apart")) == {"Mass"}
    assert not peaks.common("apart")["Mass"].whatever_the_finding


def test_only_so_many_models_are_counted_at_a_time():
    peaks = Peaks()
    for film in range(FEWEST_FILMS):
        peaks.note("first", str(film), [made(0, 15)])
    for model in range(MOST_KEPT):
        peaks.note(f"model {model}", "film", [made(0, 15)])
    assert peaks.common("first") == {}
