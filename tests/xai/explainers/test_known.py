"""Maps that sharpen: what is handed out on the way, and that going on costs no film twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from xai.budget import Budget, Cancelled
from xai.explainers import EXPLAINERS
from xai.explainers.explanation import Task
from xai.explainers.known import Known, looks
from xai.models.engines.compiled import Compiled

ASKED = 270  # films
KINDS = [
    ("lime", {"regions": 9, "stops": False}),
    ("lime", {"regions": 9, "design": "lime"}),
    ("shap", {"grid": 8}),
    ("shap", {"grid": 8, "context": "all"}),
    ("shap", {"regions": 14, "stops": False}),
]


@pytest.fixture
def sent(zoo, film, monkeypatch):
    """Give a model that has answered to the film itself, and the numbers of films that it gets from then on."""
    classifier, films = zoo("flat"), []
    classifier.answer(classifier.prepare(film))
    hidden = classifier.hidden_logits
    monkeypatch.setattr(classifier, "hidden_logits", lambda canvases: films.append(len(canvases)) or hidden(canvases))
    monkeypatch.setattr("xai.explainers.explanation.MOST_SPENT", 1.0)  # whatever states cost: this model is quick
    return classifier, films


def test_looks_come_at_growing_steps_and_go_on_with_what_is_known():
    assert looks(1000) == [64, 128, 256, 384, 512, 768]
    assert looks(1000, known=400) == [400, 512, 768]
    assert looks(2000, known=1000) == [1000, 1024, 1536]  # as the finished map that it goes on from
    assert looks(1000, known=1) == looks(1000) and looks(500, known=500) == []
    assert looks(128) == [64] and looks(64) == []


@pytest.mark.parametrize(("method", "parameters"), KINDS)
def test_each_state_is_the_map_of_so_many_films_and_none_is_evaluated_twice(method, parameters, sent, film):
    classifier, films = sent
    explainer, states, progress = EXPLAINERS[method](**parameters), [], []
    watched = Budget(ASKED, progress.append, refined=states.append)
    made = explainer.explain(classifier, film, budget=watched, seed=3)
    counted = sum(films) + 1  # the untouched film
    direct = explainer.explain(classifier, film, budget=Budget(ASKED), seed=3)
    assert counted == made[0].evaluations == direct[0].evaluations
    assert [one[0].evaluations for one in states] == pytest.approx(looks(ASKED), abs=1)
    assert progress == sorted(progress) and progress[-1] == 1
    for step, found in zip([*looks(ASKED), ASKED], [*states, made], strict=True):
        for one, other in zip(found, explainer.explain(classifier, film, budget=Budget(step), seed=3), strict=True):
            np.testing.assert_allclose(one.map, other.map, rtol=1e-4, atol=1e-6)
            assert (one.parameters, one.evaluations) == (other.parameters, other.evaluations)
            assert (one.errors is None) == (other.errors is None)


@pytest.mark.parametrize(("method", "parameters"), KINDS)
def test_what_was_cancelled_goes_on_where_it_was(method, parameters, sent, film):
    classifier, films = sent
    explainer, held, states = EXPLAINERS[method](**parameters), Known(), []
    stops = Budget(ASKED, cancelled=lambda: sum(films) >= 140, refined=lambda state: None)
    with pytest.raises(Cancelled):
        explainer.explain(classifier, film, budget=stops, known=held)
    before = held.films + 1
    assert before > 128
    made = explainer.explain(classifier, film, budget=Budget(ASKED, refined=states.append), known=held)
    assert [one[0].evaluations for one in states] == pytest.approx([before, 256], abs=1)
    assert sum(films) + 1 == made[0].evaluations
    del films[:]
    twice = explainer.explain(classifier, film, budget=Budget(2 * ASKED), known=held)  # more, with nobody watching
    assert sum(films) == twice[0].evaluations - made[0].evaluations
    for one, other in zip(twice, explainer.explain(classifier, film, budget=Budget(2 * ASKED)), strict=True):
        np.testing.assert_allclose(one.map, other.map, rtol=1e-4, atol=1e-6)


def test_in_a_lower_precision_each_state_is_held_to_the_film_and_the_baseline_and_counts_them(zoo, film, monkeypatch):
    classifier = zoo("flat")
    classifier.logits(classifier.prepare(film)[None])  # so that its engine is chosen
    exact = vars(classifier)["_predict"].run

    def rough(canvases: np.ndarray) -> np.ndarray:
        return exact(canvases) + np.float32(0.01) + canvases.mean(axis=(1, 2))[:, None] / 100

    monkeypatch.setitem(vars(classifier), "_hiding", Compiled("openvino-bf16", rough, precision="bf16"))
    monkeypatch.setattr("xai.explainers.explanation.MOST_SPENT", 1.0)
    explainer, states = EXPLAINERS["shap"](regions=14, stops=False), []
    made = explainer.explain(classifier, film, ["Mass"], Budget(ASKED, refined=states.append))
    assert len(states) == len(looks(ASKED))
    for step, found in zip([*looks(ASKED), ASKED], [*states, made], strict=True):
        (alone,) = explainer.explain(classifier, film, ["Mass"], Budget(step))
        assert found[0].evaluations == alone.evaluations
        np.testing.assert_allclose(found[0].map, alone.map, rtol=1e-4, atol=1e-6)
        assert found[0].map.sum() == pytest.approx(found[0].diagnostics["difference"], abs=1e-4)
        assert found[0].engine == "openvino-bf16"


def test_what_costs_little_or_draws_other_films_is_handed_out_whole_only(sent, film):
    classifier, _ = sent
    states = []
    for explainer in (EXPLAINERS["gradcam"](), EXPLAINERS["lime"](samples=64), EXPLAINERS["shap"](regions=6)):
        explainer.explain(classifier, film, budget=Budget(refined=states.append))
    assert states == []


def test_no_more_states_are_made_than_their_share_of_the_time_allows(zoo, film, monkeypatch):
    states, idle = [], iter([0.5, 0.01])
    monkeypatch.setattr(Task, "idle", property(lambda task: next(idle)))
    explainer = EXPLAINERS["lime"](samples=300, regions=9, stops=False)
    explainer.explain(zoo("flat"), film, budget=replace(Budget(), refined=states.append))
    assert [one[0].evaluations for one in states] == [64, 256]  # the first whatever it costs
