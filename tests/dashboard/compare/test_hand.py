"""Parts of a film hidden by hand: the answers, what maps said, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.compare import hand
from dashboard.server.services import Services
from tests.dashboard.compare.asked import answered, content, explain, services_of, shown_of
from tests.dashboard.conftest import shades
from xai.explainers.baselines import baseline_canvas
from xai.explainers.regions import superpixels
from xai.films.film import Film
from xai.written import percent

HALF = "box-000080ff"  # the left half, to the pixel of a model of 16 pixels


@pytest.fixture(scope="module")
def services(tmp_path_factory) -> Services:
    return services_of(tmp_path_factory.mktemp("library"))


def asked(areas: str, shows: str = "blurred film") -> dict[str, str]:
    return {"areas": areas, "shows": shows}


def test_every_output_is_told_before_and_after(services, monkeypatch):
    shown = shown_of(services)
    part = content(monkeypatch, shown, hand.wants(shown, asked(HALF, "region mean")))
    classifier = services.classifier("tiny")
    canvas = classifier.prepare(shown.reopened())
    hidden = np.arange(16) < 8
    baseline = baseline_canvas("region mean", classifier, canvas, superpixels(canvas, 60))
    before, after = classifier.logits(np.stack([canvas, np.where(hidden, baseline, canvas)]))
    np.testing.assert_array_equal(part["mask"], np.repeat(hidden[None], 16, axis=0))
    assert part["covered"] == "50\N{NO-BREAK SPACE}% of what the model sees is hidden."
    for k, name in enumerate(("Effusion", "Mass")):
        assert part["after"][name] == pytest.approx(1 / (1 + np.exp(-after[k])), abs=1e-5)
        assert float(part["change"][name].replace("−", "-")) == pytest.approx(after[k] - before[k], abs=0.0051)
        assert part["written"][name] == percent(part["after"][name])
        assert part["said"][name].startswith(f"{name}: ")
    assert np.abs(after - before).max() > 0.005
    np.testing.assert_array_equal(part["pixels"][:, 8:], np.rint(255 * canvas[:, 8:]))


def test_what_the_maps_say_stands_beside_once_they_are_there(services, monkeypatch):
    shown = shown_of(services, "b")
    wants = hand.wants(shown, asked(HALF))
    alone = content(monkeypatch, shown, wants)
    assert (alone["methods"], [one["label"] for one in alone["claims"]["Mass"]]) == ([], ["Measured"])
    explain(shown, "gradcam", "shap", "lime")
    part = content(monkeypatch, shown, hand.wants(shown, asked(HALF)))
    assert part["methods"] == ["gradcam", "shap", "lime"]
    claims = {one["label"]: one["value"] for one in part["claims"]["Mass"]}
    assert list(claims) == ["Measured", "Grad-CAM", "SHAP", "LIME"]
    shap, lime = (services.store.get(shown.key(method))[1] for method in ("shap", "lime"))
    hidden = np.repeat((np.arange(16) < 8)[None], 16, axis=0)
    share = np.array([hidden[lime.pieces == piece].mean() for piece in range(lime.pieces.max() + 1)])
    weight = np.array([lime.map[lime.pieces == piece][0] for piece in range(lime.pieces.max() + 1)])
    for label, expected in (("SHAP", -shap.map[hidden].sum()), ("LIME", -(weight * share).sum())):
        told = claims[label].removesuffix("\N{NO-BREAK SPACE}logit").replace("−", "-")
        assert (0 if told == "hardly any" else float(told)) == pytest.approx(expected, abs=0.0051)
    assert claims["Grad-CAM"].endswith("evidence")
    other = content(monkeypatch, shown, hand.wants(shown, asked(HALF, "region mean")))
    assert "against another baseline: blurred film." in other["claims"]["Mass"][2]["help"]


def test_a_piece_of_a_map_waits_for_that_map(services, monkeypatch):
    shown = shown_of(services, "c")
    part = content(monkeypatch, shown, hand.wants(shown, asked("lime-8080")))
    pieces = services.store.get(shown.key("lime"))[0].pieces
    np.testing.assert_array_equal(part["mask"], pieces == pieces[8, 8])


def test_the_same_question_is_answered_once(services, monkeypatch):
    shown = shown_of(services)
    answered(hand.wants(shown, asked("box-10108080")))
    monkeypatch.setattr(services, "classifier", lambda model: pytest.fail("the model was asked again"))
    assert answered(hand.wants(shown, asked("box-10108080"))).state == "ready"


def test_what_hides_nothing_says_so(services, monkeypatch):
    shown = shown_of(services)
    part = content(monkeypatch, shown, hand.wants(shown, asked("box-10101111")))
    assert part["covered"].startswith("Nothing that the model sees is hidden")
    assert set(part["change"].values()) == {"+0.00"}
    assert not part["mask"].any()


@pytest.mark.parametrize(
    "about",
    [
        None,
        [],
        "box-000080ff",
        {},
        {"areas": HALF},
        {"areas": HALF, "shows": None},
        {"areas": [HALF], "shows": "blurred film"},
        asked(HALF, "black"),
        asked(HALF, "dataset mean"),  # the card has none
        asked("box-1"),
        asked("brush-05" + "80" * 4000),
        asked("centred-8080"),
        {"areas": float("nan"), "shows": "blurred film"},
    ],
)
def test_other_questions_are_refused_before_anything_is_computed(services, monkeypatch, about):
    monkeypatch.setattr(services.jobs, "ask", lambda *question, **how: pytest.fail("a job was made of it"))
    with pytest.raises(ValueError):
        hand.wants(shown_of(services), about)


def test_a_map_that_does_not_hang_has_no_pieces_to_hide(services):
    shown = shown_of(services)
    fewer = type(shown)(**{**vars(shown), "parameters": {"gradcam": ()}})
    with pytest.raises(ValueError, match="no map of lime hangs here"):
        hand.wants(fewer, asked("lime-8080"))


def test_only_baselines_that_the_model_has_are_offered(services, tmp_path):
    assert list(hand.baselines(shown_of(services))) == ["blurred film", "region mean"]


def test_nothing_of_an_upload_is_left_or_given_to_others(services):
    film = Film.from_pixels(shades(9) / np.float32(255))
    services.films.put(film)
    services.channel.visitors.bring("ada", film.sha256)
    shown = shown_of(services, upload=film)
    wants = hand.wants(shown, asked(HALF))
    part = answered(wants).part
    assert services.channel.parts.find(part, "bob") is None
    assert services.channel.parts.find(part, "ada").is_public is False
    assert services.answered.get(wants[0].key) is not None
    services.forget(film.sha256)
    assert services.answered.get(wants[0].key) is None


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        (0.982, 0.981, "98.2 % → 98.1 %"),
        (0.29, 0.84, "29 % → 84 %"),
        (0.982, 0.9941, "98 % → 99.4 %"),
        (0.052, 0.052, "5.2 % → 5.2 %"),
    ],
)
def test_shares_that_read_the_same_have_one_decimal_more(one, other, told):
    assert hand.moved(one, other).replace("\u00a0", " ") == told
