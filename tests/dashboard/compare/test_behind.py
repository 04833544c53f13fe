"""What stands behind a number on the page: sentences that are true of the films beside them."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from dashboard.compare import behind
from dashboard.server.services import Services
from tests.dashboard.compare.asked import answered, content, explain, services_of, shown_of
from xai.explainers.baselines import baseline_canvas
from xai.explainers.lime import sample_neighbourhood


@pytest.fixture(scope="module")
def services(tmp_path_factory) -> Services:
    return services_of(tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="module")
def shown(services):
    shown = shown_of(services)
    explain(shown, "shap", "lime")
    return shown


def numbers(sentence: str) -> list[float]:
    return [float(one.replace("−", "-").replace(",", "")) for one in re.findall(r"[+−]?\d[\d,]*(?:\.\d+)?", sentence)]


def test_limes_sentence_is_true_of_all_films_hidden_once_more(services, shown, monkeypatch):
    part = content(monkeypatch, shown, behind.wants(shown, "lime-8080"))
    made = services.store.get(shown.key("lime"))
    classifier, pieces = services.classifier("tiny"), made[0].pieces
    canvas = classifier.prepare(shown.reopened())
    baseline = baseline_canvas("blurred film", classifier, canvas, pieces)
    drawn = sample_neighbourhood(60, int(pieces.max()) + 1, 0).astype(bool)
    logits = classifier.logits(np.where(drawn[:, pieces], canvas, baseline))
    inside = drawn[:, pieces[8, 8]]
    for k, name in enumerate(("Effusion", "Mass")):
        over, higher = 60, logits[inside, k].mean() - logits[~inside, k].mean()
        told = numbers(part["said"][name])
        if abs(higher) < 0.005:
            assert "the logit is the same where it is visible" in part["said"][name]
            told.insert(3, 0.0)
        else:
            assert f"{'higher' if higher > 0 else 'lower'} where it is visible" in part["said"][name]
        means = [logits[inside, k].mean(), logits[~inside, k].mean()]
        expected = [over, inside.sum(), (~inside).sum(), abs(higher), *means, made[k].map[8, 8]]
        np.testing.assert_allclose(told, expected, atol=0.0051)
    assert part["visible"] == [True] * 4 + [False] * 4
    assert part["pictures"].shape == (8, 16, 16)
    assert len(part["answers"]["Mass"]) == len(part["counts"]) == 8


def test_shaps_share_is_what_its_films_say_and_the_rest_is_told(services, shown, monkeypatch):
    part = content(monkeypatch, shown, behind.wants(shown, "shap-1010"))
    made = services.store.get(shown.key("shap"))
    pieces = made[0].pieces
    inside = pieces == pieces[1, 1]
    classifier = services.classifier("tiny")
    canvas = classifier.prepare(shown.reopened())
    baseline = baseline_canvas("blurred film", classifier, canvas, pieces)
    films = [baseline, np.where(inside, canvas, baseline), np.where(inside, baseline, canvas), canvas]
    logits = classifier.logits(np.stack(films)).astype(float)
    assert part["visible"] == [False, True, False, True]
    assert part["counts"] is None
    for k, name in enumerate(("Effusion", "Mass")):
        higher = (logits[1, k] - logits[0, k] + logits[3, k] - logits[2, k]) / 2
        share = made[k].map[inside].sum()
        said = part["said"][name]
        assert "On average over 4 films, 2 with this part and 2 without, the logit is " in said
        is_inherited = abs(share - higher) > max(abs(higher), 0.005)
        assert said.startswith("Most of this share was given to larger parts") == is_inherited
        assert ("the other way" in said) == (is_inherited and abs(higher) >= 0.005 and share * higher < 0)
        assert f"Its share is {share:+.2f}".replace("-", "−") in said
        assert ("The other" in said) == (abs(share - higher) >= 0.005)
        assert part["answers"][name] == [behind.percent(1 / (1 + np.exp(-logit))) for logit in logits[:, k]]


@pytest.mark.parametrize(
    ("method", "value", "means", "said"),
    [
        ("shap", 0.31, (0.1, 0.41), "2 without, the logit is 0.31 higher where it is visible. Its share is +0.31."),
        ("shap", 0.31, (0.1, 0.36), "Its share is +0.31. The other +0.05 comes from larger parts around it"),
        ("shap", 0.82, (1.0, 0.07), "hiding this part by itself moved the answer the other way. On average over 4"),
        ("shap", -0.9, (0.3, 0.1), "hiding this part by itself moved the answer less than that. On average over 4"),
        ("shap", 0.4, (0.3, 0.301), "hiding this part by itself hardly moved the answer. On average over 4"),
        ("lime", -0.2, (0.5, 0.25), "the logit is 0.25 lower where it is visible: +0.25 against +0.50. The weight of"),
        ("lime", 0.0, (0.5, 0.501), "the logit is the same where it is visible"),
    ],
)
def test_the_sentence_says_what_the_numbers_say(method, value, means, said):
    assert said in behind.sentence(method, value, np.array(means), (2, 2))


def test_it_is_said_how_films_count_and_what_a_share_of_a_region_is_the_mean_over():
    alike = behind.sentence("lime", -0.2, np.array([0.5, 0.25]), (40, 40), weighted=False, by_region=True)
    assert alike.endswith("is the slope of a straight fit to the same films, which all count the same.")
    shares = [
        behind.sentence("shap", value, np.array([0.1, 0.41]), (2, 2), weighted=False, by_region=True)
        for value in (0.9, 0.31)
    ]
    assert (
        "Its share is +0.90. The other +0.59 is what it does beside some of the other parts: a share is the"
        in shares[0]
    )
    assert shares[0].startswith("On average over 4 films") and shares[1].endswith("Its share is +0.31.")


def test_a_share_that_is_mostly_the_parts_own_is_not_called_inherited():
    for value, means in ((0.31, (0.1, 0.36)), (-0.2, (0.5, 0.1)), (0.003, (0.1, 0.1))):
        assert behind.sentence("shap", value, np.array(means), (2, 2)).startswith("On average over 4 films")


@pytest.mark.parametrize(
    "about", [None, {}, "", "lime", "lime-80", "box-000080ff", "lime-8080.lime-1010", "gradcam-8080", ["lime-8080"], 7]
)
def test_other_questions_are_refused(shown, about):
    with pytest.raises(ValueError):
        behind.wants(shown, about)


@pytest.mark.parametrize(("sides", "side"), [(("R", "L"), "the patient's left"), (None, "the right of the picture")])
def test_it_is_said_where_a_piece_lies(services, shown, monkeypatch, sides, side):
    shown = type(shown)(**{**vars(shown), "sides": sides})
    pieces = np.zeros((16, 16), int)
    pieces[:5, 10:] = 1
    made = [replace(one, pieces=pieces) for one in services.store.get(shown.key("lime"))]
    monkeypatch.setattr(services.store, "get", lambda _: made)
    part = content(monkeypatch, shown, behind.wants(shown, "lime-e010"))
    assert part["where"] == f"in the upper third, on {side}"


def test_a_map_that_is_not_there_yet_has_nothing_behind_it(services):
    with pytest.raises(ValueError, match="not there yet"):
        behind.wants(shown_of(services, "b"), "lime-8080")


def test_two_points_on_one_piece_are_one_question(services, shown):
    pieces = services.store.get(shown.key("lime"))[0].pieces
    rows, columns = np.nonzero(pieces == 2)
    keys = {
        behind.wants(shown, f"lime-{round(255 * (column + 0.5) / 16):02x}{round(255 * (row + 0.5) / 16):02x}")[0].key
        for row, column in ((rows[0], columns[0]), (rows[-1], columns[-1]))
    }
    assert len(keys) == 1


def test_too_few_samples_are_told_in_a_sentence(services):
    shown = shown_of(services, "c")
    shown = type(shown)(**{**vars(shown), "parameters": {"lime": (("samples", 2), ("regions", 9), ("design", "lime"))}})
    explain(shown, "lime")
    pieces = services.store.get(shown.key("lime"))[0].pieces
    visible = sample_neighbourhood(2, int(pieces.max()) + 1, 0)[1].astype(bool)
    row, column = np.argwhere(pieces == np.flatnonzero(visible)[0])[0]
    place = f"{round(255 * (column + 0.5) / 16):02x}{round(255 * (row + 0.5) / 16):02x}"
    item = answered(behind.wants(shown, f"lime-{place}"))
    assert (item.state, "Too few films were drawn" in item.message) == ("failed", True)
