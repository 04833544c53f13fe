from __future__ import annotations

import json

import numpy as np
import pytest

from dashboard.films.chips import chips
from dashboard.films.search import find, usable
from dashboard.films.slices import SliceError, Slices, circular, conditions_of
from dashboard.films.state import LINK, State
from tests.dashboard.films.film_tables import NOTHING, catalogue, table


@pytest.fixture
def films():
    return catalogue(table(6, view=["AP", "PA", "AP", "LL", None, "PA"], height=[1.0, 2, 3, 4, 5, NOTHING]))


def found(films, *conditions: str) -> list[str]:
    asked, problems = usable(State(where=conditions), films)
    assert problems == []
    return [str(films.films.names[row]) for row in find(asked, films, lambda tag: [])]


def test_any_column_can_be_asked_for(films):
    assert found(films, "height=2..4") == ["f1", "f2", "f3"]
    assert found(films, "height=p75..") == ["f3", "f4"]
    assert found(films, "view=AP", "view=LL", "height=3..") == ["f2", "f3"]
    assert found(films, "height=") == ["f5"]


def test_conditions_stand_in_the_link_and_come_back():
    asked = State(where=("height=2..4", "object_token=yes", "view=A, B %"))
    link = LINK.write(asked)
    assert link["where"] == "height=2..4,object_token=yes,view=A%2C B %25"
    assert LINK.read(link) == (asked, [])
    state, problems = LINK.read({"where": "height=4..2"})
    assert state == State() and "the ends of a range rise" in problems[0]


def test_what_a_dataset_cannot_answer_is_left_out_and_named(films):
    asked, problems = usable(State(where=("width=3", "view=AP", "view=1..2")), films)
    assert asked.where == ("view=AP",)
    assert "The dataset has no column “width”" in problems[0] and "view holds no numbers" in problems[1]


def test_each_condition_has_a_chip_that_removes_it():
    told = chips(State(where=("height=p0..p25", "view=AP")))
    assert [one.words for one in told] == ["height: percentile 0 to percentile 25", "view: AP"]
    assert told[0].without == {"where": ("view=AP",)}


class TestSlices:
    ASKED = State(
        dataset="made",
        finding="Mass",
        sex=("F",),
        age=(60.0, 80.0),
        where=("height=2..",),
        sort="error",
        film="f1",
        page=3,
    )

    def test_a_slice_is_its_conditions_and_nothing_else(self, tmp_path):
        slices = Slices(tmp_path / "slices")
        assert slices.names() == []
        assert slices.save(" Old  women ", self.ASKED) == "Old women"
        (path,) = (tmp_path / "slices").iterdir()
        assert json.loads(path.read_text()) == {
            "name": "Old women",
            "films": {"sex": "F", "age": "60:80", "where": "height=2.."},
        }
        assert slices.names() == ["Old women"]
        assert slices.read("Old women") == conditions_of(self.ASKED)
        slices.remove("Old women")
        assert slices.names() == []

    @pytest.mark.parametrize(
        "name, asked, words",
        [
            ("", State(sex=("F",)), "1 to 80 printable characters"),
            ("a\x00b", State(sex=("F",)), "printable"),
            ("x", State(sort="error", finding="Mass"), "There is no condition to save"),
            ("taken", State(sex=("M",)), "There is already a slice “taken”"),
        ],
    )
    def test_what_cannot_be_saved_is_said(self, tmp_path, name, asked, words):
        slices = Slices(tmp_path)
        slices.save("taken", State(sex=("F",)))
        with pytest.raises(SliceError, match=words):
            slices.save(name, asked)
        assert slices.read("taken").sex == ("F",)

    def test_names_stay_in_their_folder(self, tmp_path):
        slices = Slices(tmp_path / "slices")
        slices.save("../../out", State(sex=("F",)))
        assert [path.parent for path in tmp_path.rglob("*.json")] == [tmp_path / "slices"]
        assert slices.read("../../out").sex == ("F",)

    def test_damaged_files_are_passed_over_and_odd_ones_refused(self, tmp_path):
        for name, text in (
            ("a", "{"),
            ("b", "[]"),
            ("c", '{"name": "c", "films": 3}'),
            ("d", '{"name": 4, "films": {}}'),
        ):
            (tmp_path / f"{name}.json").write_text(text)
        (tmp_path / "e.json").write_text('{"name": "e", "films": {"sample": "x", "sex": "F"}}')
        slices = Slices(tmp_path)
        assert slices.names() == ["e"]
        with pytest.raises(SliceError, match="The slice “e” cannot be used"):
            slices.read("e")
        with pytest.raises(SliceError, match="There is no slice “a” here; there are “e”"):
            slices.read("a")

    def test_a_slice_that_asks_about_the_finding_itself_is_warned_of(self):
        assert "follow from that condition" in circular(State(outcomes=(("Mass", "FP"),)), "Mass")
        assert "Mass" in circular(State(where=("Mass=1",)), "Mass")
        assert circular(State(labels=(("Edema", "present"),), where=("view=AP",)), "Mass") == ""


def test_percentiles_are_among_all_films_of_the_dataset(films):
    assert found(films, "height=..p50") == ["f0", "f1", "f2"]
    assert np.nanpercentile(films.films.table["height"], 50) == 3
