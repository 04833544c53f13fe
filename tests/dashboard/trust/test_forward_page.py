"""Do maps help, alone on the page: what is shown before an answer, what the link keeps, and what is said at the end."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from dashboard.compare.film_maps import FilmMap, FilmMaps
from dashboard.page.forward_words import points
from dashboard.server.library import Library
from dashboard.trust.forward import ALONE, CLASS, Answers, answers_of, is_right, largest_pool, open_experiment
from dashboard.trust.forward_panel import AGAIN
from dashboard.trust.said import FLAGGED, NOT_FLAGGED, SAID, UNSAID
from dashboard.trust.subject import open_subject
from dashboard.trust.with_room import forward_question
from tests.dashboard.pages import Idle, link_of, opened, said, serve, shown
from training.benchmark.forward import FILMS, LESSONS


@pytest.fixture
def run(tmp_path, monkeypatch):
    """The page over the films and answers that come with the app; maps are a ramp, so that no model is loaded."""
    ramp = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
    monkeypatch.setattr(FilmMaps, "missing", lambda self, films: [])
    monkeypatch.setattr(FilmMaps, "get", lambda self, film: FilmMap(ramp, ramp, 0.5))
    serve(monkeypatch, tmp_path, lambda root: Idle(Library(root)))
    return partial(opened, "views/trust.py", section="forward", seed="4")


@pytest.fixture(scope="module")
def subject(tmp_path_factory):
    return open_subject(Idle(Library(tmp_path_factory.mktemp("library"))), "lightbox")


def test_lessons_come_first_then_films_without_the_truth_and_the_link_keeps_what_was_said(run):
    app = run()
    pictures = "\n".join(one.value for one in app.get("html"))
    assert pictures.count("The model:") == 2 * LESSONS  # caption and alternative text
    assert pictures.count("wrong: the film shows") == 2 * 2
    app.button(key="trust_forward_begin").click().run()
    for number, letter in enumerate((FLAGGED, NOT_FLAGGED, NOT_FLAGGED)):
        assert f"Film {number + 1} of {FILMS}" in shown(app)
        pictures = "\n".join(one.value for one in app.get("html"))
        assert "The model:" not in pictures and "wrong" not in pictures
        assert pictures.count("<img") == (2 if "With its map" in shown(app) else 1)
        app.button(key=f"trust_forward_{letter}").click().run()
    assert link_of(app)["said"] == "fnn" + UNSAID[3:]
    assert said(app) == ""


def test_the_end_counts_both_arms_and_says_what_one_person_is_worth(run, subject):
    answers = answers_of(subject)
    finding = answers.findings[0]
    trials = open_experiment(subject, answers, finding, "gradcam", 4).trials(ALONE)
    letters = {True: FLAGGED, False: NOT_FLAGGED}
    right_with_maps = "".join(letters[one.asked.flagged == one.with_map] for one in trials)
    app = run(said=right_with_maps, begun="on")
    assert "You foresaw 6 of 12 answers:** 6 of 6 with maps, 0 of 6 without." in shown(app)
    assert "+100 percentage points" in shown(app) and "foreseen better" in shown(app)
    assert "One person's 12 films say nearly nothing" in "\n".join(one.value for one in app.caption)
    told = answers.of(finding)
    wrong = int((told["flagged"] != told["present"]).sum())
    said_of_films = (
        f"of {FILMS} the model is wrong on 4, by choice. Of all {len(told):,} films here whose label is known"
    )
    assert f"{said_of_films} it is wrong on {wrong:,}," in "\n".join(one.value for one in app.caption)
    assert AGAIN not in "\n".join(one.value for one in app.caption)
    table = app.dataframe[0].value
    assert (table["Foreseen"] == "yes").sum() == 6 and set(table.loc[table["Foreseen"] == "yes", "Map"]) == {"with"}
    app.button(key="trust_forward_same").click().run()
    assert AGAIN in "\n".join(one.value for one in app.caption)


def test_a_model_that_is_never_wrong_is_no_experiment(subject, monkeypatch):
    answers = answers_of(subject)
    finding, of = answers.findings[0], Answers.of
    monkeypatch.setattr(Answers, "of", lambda self, name: of(self, name).assign(present=lambda t: t["flagged"]))
    with pytest.raises(ValueError, match="could not measure what maps add"):
        open_experiment(subject, answers, finding, "gradcam", 4)


@pytest.mark.parametrize(("share", "words"), [(0.003, "+0.3"), (-0.0001, "just below 0"), (0, "0"), (0.2, "+20")])
def test_an_end_of_an_interval_that_is_not_0_is_not_written_as_0(share, words):
    assert points(share) == words


def test_films_are_those_that_the_model_flags_by_its_threshold_and_wrong_answers_are_among_them(subject):
    answers = answers_of(subject)
    for finding in answers.findings[:3]:
        assert largest_pool(answers.of(finding)) == CLASS
        pool = open_experiment(subject, answers, finding, "shap", 1, CLASS).pool
        place = answers.here.findings.index(finding)
        limit = answers.here.threshold(finding).value
        share = dict(zip(answers.here.films["film"], answers.here.probabilities[:, place], strict=True))
        truth = dict(zip(answers.here.films["film"], answers.here.labels[:, place], strict=True))
        assert all((share[one.film] >= limit, truth[one.film] == 1) == (one.flagged, one.present) for one in pool.films)
        assert 0.2 < np.mean([one.present != one.flagged for one in pool.films]) <= 0.4
        assert is_right(pool.films[0], letters_of(pool.films[0].flagged))


def letters_of(flagged: bool) -> str:
    return FLAGGED if flagged else NOT_FLAGGED


def test_a_question_for_a_room_holds_what_the_page_asks(subject, monkeypatch):
    monkeypatch.setattr(FilmMaps, "name_of", lambda self, film: film)
    answers = answers_of(subject)
    experiment = open_experiment(subject, answers, answers.findings[0], "shap", 2, CLASS)
    question = forward_question(experiment)
    assert [one["flagged"] for one in question.settings["films"]] == [one.flagged for one in experiment.pool.films]
    assert len({one["film"] for one in question.settings["films"]}) == CLASS
    assert "wrong" in " ".join(one["told"] for one in question.settings["lessons"])


@pytest.mark.parametrize("link", ["", "f", "x" * FILMS, UNSAID + "f"])
def test_a_strange_link_is_no_answer(link):
    with pytest.raises(ValueError, match="letters"):
        SAID.read(link)


def test_a_model_whose_answers_are_not_kept_says_so(run):
    assert "Nothing is kept of what this model answered" in said(run(model="pneumonia"))
