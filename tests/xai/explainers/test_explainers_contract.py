"""What holds for every method on every kind of model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.xai import made_models as models
from xai.budget import Budget, Cancelled
from xai.cards.model_card import ModelCardError
from xai.explainers import DEFAULT_METHODS, EXPLAINERS

METHODS = list(EXPLAINERS)
KINDS = ["flat", "nested in sequential", "sequential reloaded", "softmax of 3", "logits", "closed head", "densenet"]
BUDGET = Budget(evaluations=40)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", METHODS)
def test_every_explanation_is_well_formed(method, kind, zoo, film):
    classifier, explainer = zoo(kind), EXPLAINERS[method]()
    before = film.pixels.copy()
    explanations = explainer.explain(classifier, film, budget=BUDGET, seed=3)
    side = classifier.size
    logits = classifier.logits(classifier.prepare(film)[None])[0]
    assert [one.finding for one in explanations] == list(classifier.card.outputs)
    for one, logit in zip(explanations, logits, strict=True):
        assert one.map.shape == (side, side) and one.map.dtype == np.float32 and np.isfinite(one.map).all()
        assert (one.method, one.seed, one.target) == (method, 3, "logit")
        assert one.logit == pytest.approx(logit, abs=1e-5)
        assert one.probability == pytest.approx(1 / (1 + np.exp(-np.float64(logit))), abs=1e-6)
        assert one.seconds > 0
        if not explainer.signed:
            assert one.map.min() >= 0
        if one.pieces is not None:  # a piece cannot be divided
            for piece in np.unique(one.pieces):
                assert np.ptp(one.map[one.pieces == piece]) <= 1e-6 * np.abs(one.map).max()
    np.testing.assert_array_equal(film.pixels, before)


@pytest.mark.parametrize("method", METHODS)
def test_findings_come_in_the_order_they_were_asked_for(method, zoo, film):
    names = ["Mass", "Atelectasis", "Hernia"]
    explanations = EXPLAINERS[method]().explain(zoo("flat"), film, names, BUDGET)
    assert [one.finding for one in explanations] == names
    if method != "shap":  # which cuts where a requested finding reacts
        everything = {one.finding: one for one in EXPLAINERS[method]().explain(zoo("flat"), film, budget=BUDGET)}
        for one in explanations:
            np.testing.assert_allclose(one.map, everything[one.finding].map, atol=1e-7)


@pytest.mark.parametrize("method", METHODS)
def test_a_seed_gives_the_same_map_again(method, zoo, film):
    explainer = EXPLAINERS[method]()
    first, again, other = (explainer.explain(zoo("flat"), film, budget=BUDGET, seed=seed) for seed in (5, 5, 6))
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.map, two.map)
    if method in ("lime", "rise", "random"):
        assert any((one.map != two.map).any() for one, two in zip(first, other, strict=True))


@pytest.mark.parametrize("method", METHODS)
def test_evaluations_are_those_that_the_model_got(method, zoo, film, monkeypatch):
    classifier = zoo("flat")
    classifier._answers.clear()  # a known answer counts too: a number must not depend on who asked first
    got = []
    run, gradients = classifier._run, classifier.feature_gradients
    monkeypatch.setattr(classifier, "_run", lambda by, films: got.append(len(films)) or run(by, films))
    monkeypatch.setattr(classifier, "feature_gradients", lambda *a: got.append(1) or gradients(*a))
    explainer = EXPLAINERS[method]()
    explanations = explainer.explain(classifier, film, budget=BUDGET)
    assert {one.evaluations for one in explanations} == {sum(got)}
    assert sum(got) == explainer.within(BUDGET).cost <= BUDGET.evaluations + 1


@pytest.mark.parametrize("method", ["shap", "lime"])
@pytest.mark.parametrize("evaluations", [10, 11, 33, 54, 101])
def test_a_budget_is_kept(method, evaluations, zoo, film):
    explainer = EXPLAINERS[method]()
    budget = Budget(evaluations)
    explanation = explainer.explain(zoo("flat"), film, ["Mass"], budget)[0]
    assert explanation.evaluations == explainer.within(budget).cost <= evaluations + 1


@pytest.mark.parametrize("method", METHODS)
def test_progress_rises_to_one(method, zoo, film):
    seen = []
    EXPLAINERS[method]().explain(zoo("flat"), film, budget=replace(BUDGET, evaluations=150, progress=seen.append))
    assert seen == sorted(seen) and seen[-1] == 1.0 and seen[0] > 0
    if method in ("shap", "lime"):
        assert len(set(seen)) >= 5


@pytest.mark.parametrize("method", METHODS)
def test_cancel_stops_at_once_and_leaves_the_classifier_usable(method, zoo, film):
    classifier, explainer = zoo("flat"), EXPLAINERS[method]()
    before = explainer.explain(classifier, film, budget=BUDGET)
    with pytest.raises(Cancelled):
        explainer.explain(classifier, film, budget=Budget(cancelled=lambda: True))
    after = explainer.explain(classifier, film, budget=BUDGET)
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one.map, other.map)


@pytest.mark.parametrize("method", ["shap", "lime"])
def test_cancel_under_way_waits_for_one_batch_only(method, zoo, film):
    done = []
    budget = Budget(evaluations=100_000, progress=done.append, cancelled=lambda: len(done) >= 3)
    with pytest.raises(Cancelled):
        EXPLAINERS[method]().explain(zoo("flat"), film, budget=budget)
    assert len(done) == 3


@pytest.mark.parametrize("method", METHODS)
def test_an_unknown_finding_is_named_with_those_there_are(method, zoo, film):
    with pytest.raises(ModelCardError, match=r"no output “Measles”; it has Atelectasis, .*Hernia"):
        EXPLAINERS[method]().explain(zoo("flat"), film, ["Mass", "Measles"])


def test_no_findings_are_refused(zoo, film):
    with pytest.raises(ValueError, match="at least one finding"):
        EXPLAINERS["shap"]().explain(zoo("flat"), film, [])


@pytest.mark.parametrize("method", DEFAULT_METHODS)
def test_nothing_is_normalised(method, zoo, film):
    """A head of twice the weights is twice as sure, and its maps say so."""
    maps = []
    for factor in (1, 2):
        model = models.build("logits")
        model.layers[-1].set_weights([factor * weights for weights in model.layers[-1].get_weights()])
        classifier = models.classifier(model, models.ZOO["logits"].card)
        maps.append([one.map for one in EXPLAINERS[method]().explain(classifier, film, budget=BUDGET)])
    assert max(np.abs(one).max() for one in maps[0]) > 0
    for once, twice in zip(*maps, strict=True):
        np.testing.assert_allclose(twice, 2 * once, rtol=1e-4, atol=1e-5 * max(np.abs(once).max(), 1e-6))


@pytest.mark.parametrize("baseline", ["blurred film", "region mean", "dataset mean"])
@pytest.mark.parametrize("method", ["shap", "lime"])
def test_a_map_names_its_baseline(method, baseline, zoo_model, film):
    from xai.models.loading import ModelError

    card = models.card()
    classifier = models.classifier(zoo_model("flat"), card)
    explainer = EXPLAINERS[method](baseline=baseline)
    if baseline == "dataset mean":
        with pytest.raises(ModelError, match="no mean_film"):
            explainer.explain(classifier, film, budget=BUDGET)
        return
    explanation = explainer.explain(classifier, film, budget=BUDGET)[0]
    assert explanation.baseline == explanation.parameters["baseline"] == baseline


@pytest.mark.parametrize("method", METHODS)
def test_parameters_make_the_same_map_again(method, zoo, film):
    first = EXPLAINERS[method]().explain(zoo("flat"), film, ["Mass"], BUDGET, seed=9)[0]
    again = EXPLAINERS[method](**first.parameters).explain(zoo("flat"), film, ["Mass"], seed=first.seed)[0]
    np.testing.assert_array_equal(first.map, again.map)


@pytest.mark.parametrize(
    ("method", "parameters", "sentence"),
    [
        ("shap", {"evaluations": 0}, "evaluations must be a whole number from 2 to"),
        ("shap", {"evaluations": True}, "got True"),
        ("shap", {"evaluations": 1.5}, "got 1.5"),
        ("shap", {"grid": 0}, "grid must be a whole number from 1 to 256, got 0"),
        ("shap", {"context": "x"}, "context must be one of ends, all, got x"),
        ("shap", {"baseline": "x"}, "baseline must be one of"),
        ("lime", {"samples": "x"}, "samples must be a whole number from 4 to"),
        ("lime", {"regions": 0}, "regions must be a whole number from 1 to"),
        ("lime", {"regions": 10**6}, "got 1000000"),
        ("lime", {"baseline": None}, "baseline must be one of"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused_in_a_sentence(method, parameters, sentence):
    with pytest.raises(ValueError, match=sentence):
        EXPLAINERS[method](**parameters)


def test_every_method_says_what_it_needs_of_a_model_and_what_it_costs():
    boxes = {name: (method.box.name, method().cost) for name, method in EXPLAINERS.items()}
    assert boxes == {
        "gradcam": ("white box", 1),
        "shap": ("black box", 501),
        "lime": ("black box", 1000),
        "layercam": ("white box", 1),
        "rise": ("black box", 501),
        "occlusion": ("black box", 170),
        "random": ("control", 1),
        "centred": ("control", 1),
    }
    assert EXPLAINERS["rise"]().at_a_glance == "black box · at most 501 films"
    assert EXPLAINERS["gradcam"]().at_a_glance == "white box · one look at the film"
    assert [name for name, method in EXPLAINERS.items() if method.warning] == ["layercam"]


@pytest.mark.parametrize("method", METHODS)
def test_a_black_box_sends_the_films_that_it_says_and_asks_for_no_gradient(method, zoo, film, monkeypatch):
    classifier, explainer = zoo("flat"), EXPLAINERS[method]().within(BUDGET)
    asked = []
    gradients = classifier.feature_gradients  # as other tests do: one of the object hides one of its class
    monkeypatch.setattr(classifier, "feature_gradients", lambda *given: (asked.append(1), gradients(*given))[1])
    found = explainer.explain(classifier, film, budget=BUDGET)
    assert bool(asked) == (explainer.box.name == "white box")
    assert found[0].evaluations <= explainer.cost
