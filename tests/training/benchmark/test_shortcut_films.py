"""Which films the shortcut lab takes."""

from __future__ import annotations

from itertools import islice

import numpy as np

from training.benchmark import shortcut_command
from training.benchmark.shortcut import Looked, Question, draw_film, places_of

QUESTION = Question("Emphysema", "token", ("centred",))


def test_films_show_the_finding_or_not_and_each_is_of_another_patient():
    for present in (True, False):
        recipes = [draw_film(QUESTION, place) for place in islice(places_of(QUESTION, present=present), 20)]
        assert {("Emphysema" in one.severities) for one in recipes} == {present}
        assert len({one.person for one in recipes}) == 20 and all("token" in one.objects for one in recipes)


def test_a_film_that_does_not_show_the_object_is_passed_over(tmp_path, monkeypatch):
    first, second, third = islice(places_of(QUESTION, present=True), 3)
    asked = []

    def look(classifiers: object, place: int, question: Question, *, explains: bool) -> Looked:
        asked.append(place)
        inside = np.full((4, 4), place != second)
        return Looked(np.zeros((4, 4), np.float32), inside, {"one": (1.0, 0.0)})

    monkeypatch.setattr(shortcut_command, "look", look)
    for _ in range(2):  # the second time from what is kept
        found = shortcut_command._looked(tmp_path, {}, QUESTION, 2, present=True)
        assert list(found) == [first, third]
    assert asked == [first, second, third]
