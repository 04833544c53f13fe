"""Beat the heat map: what is marked stands in the link, what a browser sends is checked, and all are counted alike."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.components.mark import place_of
from dashboard.server.library import Library
from dashboard.trust.beat import RIVALS, open_contest, standings, with_points
from dashboard.trust.beat_pictures import SIDE, TRUTH, film_alone, film_with_marks
from dashboard.trust.marks import MARKS, NONE, NOTHING, is_open, marked, place
from dashboard.trust.subject import open_subject
from tests.dashboard.pages import Idle
from training.benchmark.contest import FILMS
from training.benchmark.league import PRIOR
from training.benchmark.results import read_scores
from xai.films.film import Film


def test_a_link_keeps_each_mark_to_a_thousandth():
    marks = marked(marked(marked(NOTHING, 0, (0.25, 0.75)), 9, (1.0, 0.0)), 4, None)
    assert MARKS.read(marks) == marks
    assert place(marks, 0) == pytest.approx((0.2505, 0.7505))
    assert place(marks, 9) == pytest.approx((0.9995, 0.0005))
    assert place(marks, 4) is None and not is_open(marks, 4) and is_open(marks, 1)
    for strange in (marks[:-1], marks + NONE, NOTHING.replace("-", "x"), "٣" * len(NOTHING), NONE[:-1] + NOTHING[5:]):
        with pytest.raises(ValueError, match="six digits"):
            MARKS.read(strange)


@pytest.mark.parametrize(
    "sent", [None, [], {"id": "other", "x": 0.1, "y": 0.1}, {"id": "q", "x": 2, "y": 0}, {"id": "q", "x": True, "y": 0}]
)
def test_what_no_component_sends_marks_nothing(sent):
    with pytest.raises(ValueError, match=r"asked|numbers"):
        place_of(sent, "q")


def test_what_the_component_sends_is_a_place_or_none():
    assert place_of({"id": "q", "x": 0.5, "y": 0}, "q") == (0.5, 0.0)
    assert place_of({"id": "q", "x": None, "y": None}, "q") is None
    with pytest.raises(ValueError, match="numbers"):
        place_of({"id": "q", "x": 0.5, "y": float("nan")}, "q")


@pytest.fixture(scope="module")
def contest(tmp_path_factory):
    """The contest of seed 3 on the films that come with the app."""
    library = Library(tmp_path_factory.mktemp("library"))
    subject = open_subject(Idle(library), "lightbox")
    return open_contest(subject, with_points(subject)[0], 3)


def test_a_visitor_who_marks_what_a_map_marks_is_as_far_from_the_truth_as_that(contest):
    marks = NOTHING
    for number in range(FILMS):
        marks = marked(marks, number, contest.peaks(number).get("shap"))
    found, by_chance = standings(contest, marks)
    assert set(found) == {"", *RIVALS}
    assert found[""].distance == pytest.approx(found["shap"].distance, abs=0.002)
    assert 0 < by_chance < 2
    scores = read_scores(contest.results.source).set_index(["film", "finding", "method"])["pointing"]
    for rival in RIVALS:
        assert found[rival].hits == pytest.approx([scores[one.film, one.finding, rival] for one in contest.rounds])


def test_the_middle_of_the_truth_is_inside_and_no_mark_is_a_miss(contest):
    marks, inside = NOTHING, 0
    for number in range(FILMS):
        rows, columns = np.nonzero(contest.truth(number))
        height, width = contest.truth(number).shape
        k = len(rows) // 2
        marks = marked(marks, number, ((columns[k] + 0.5) / width, (rows[k] + 0.5) / height) if number % 2 else None)
        inside += number % 2
    found, _ = standings(contest, marks)
    assert found[""].tally.hits == inside == 5
    assert found[""].distance == 0
    assert np.isnan(found[""].apart) and 0 < found[PRIOR].apart <= 1


def test_the_outline_lies_on_the_edge_of_the_truth_and_nowhere_before_it_is_told():
    film = Film.from_pixels(np.full((360, 360), 0.5, np.float32))
    truth = np.zeros((360, 360), bool)
    truth[100:200, 50:150] = True
    drawn = film_with_marks(film, truth, None, {})
    is_outline = (drawn == TRUTH).all(axis=2)
    rows, columns = np.nonzero(is_outline)
    assert drawn.shape == (SIDE, SIDE, 3)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == pytest.approx((200, 399, 100, 299), abs=2)
    assert not is_outline[220:380, 120:280].any()
    alone = film_alone(film)
    assert len(np.unique(alone)) == 1
