"""What the Errors page knows, without Streamlit: links, cuts, sentences, remedies that are kept, features, gazes."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from dashboard.errors import figures, gaze, sentences
from dashboard.errors.arrays import Arrays
from dashboard.errors.case import MOST_CORNERS, NUMBER, Case, read_link, simplified, write_link
from dashboard.errors.cuts import cuts
from dashboard.errors.features import compute_features, inside, known_features, sample
from dashboard.errors.saving import home_of, save_remedy, undo
from dashboard.library import Library
from training.evaluate.audit import audit
from training.evaluate.companions import companions
from training.evaluate.judged import Judged, join
from training.evaluate.ranked import EvaluateError
from training.predictions import PredictionsFacts
from training.remedy import Remedy, try_remedy
from xai.calibration import LogitMap
from xai.explainers import EXPLAINERS
from xai.explanation import Budget, Cancelled
from xai.film import Film, FilmError
from xai.model_card import Threshold, read_card

WEIGHT = 30.0
SIDE = 32


def planted(count: int = 6000, weight: float = WEIGHT, seed: int = 0) -> Judged:
    """Calibrated answers about Emphysema, then ``ln weight`` added, as a weighted loss does; Mass is left alone."""
    rng = np.random.default_rng(seed)
    table, said = {}, {}
    for finding, prevalence, extra in (("Emphysema", 0.05, math.log(weight)), ("Mass", 0.1, 0.0)):
        truth = rng.random(count) < prevalence
        x = rng.normal(size=count) + 2.0 * truth
        table[finding] = truth.astype(np.float32)
        said[finding] = expit(2.0 * x - 2.0 + logit(prevalence) + extra)
    names = [f"f{k}" for k in range(count)]
    films = pd.DataFrame({"film": names, "patient": names, "split": None, "view": "PA", "dataset": "made", **table})
    card = {"provenance": {"positive_weight": {"Emphysema": weight}}, "prevalence": {"Emphysema": 0.05, "Mass": 0.1}}
    return dataclasses.replace(join(pd.DataFrame(said, index=names), films, "overcaller", "made"), card=card)


@pytest.fixture(scope="module")
def overcaller() -> Judged:
    return planted()


def random_case(rng: np.random.Generator) -> Case:
    def maybe(value):
        return None if rng.random() < 0.3 else value

    corners = [tuple(map(float, corner)) for corner in rng.normal(size=(rng.integers(3, 90), 2))]
    return Case(
        predictions=maybe("a name"),
        finding=maybe("Mass"),
        section=str(rng.choice(["audit", "atlas"])),
        split=str(rng.choice(["all", "test"])),
        rule=str(rng.choice(["card", "youden", "ppv"])),
        target=maybe(float(rng.integers(1, 100) / 100)),
        keep=maybe(0.85),
        company=str(rng.choice(["FP", "positives"])),
        remedy=str(rng.choice(["platt", "none", "prior"])),
        cut=str(rng.choice(["keep", "prevalence", "sensitivity"])),
        aim=maybe(0.7),
        share=float(rng.integers(2, 18) / 20),
        seed=int(rng.integers(1000)),
        weight=maybe(12.5),
        trained=maybe(0.031),
        here=maybe(0.2),
        cell=str(rng.choice(["FP", "FN"])),
        pictures=bool(rng.random() < 0.5),
        looks=int(rng.integers(4, 100)),
        spots=int(rng.integers(20, 2000)),
        region=maybe(simplified(corners)) or (),
    )


def test_a_link_keeps_the_whole_case():
    rng = np.random.default_rng(0)
    for _ in range(200):
        case = random_case(rng)
        assert read_link(write_link(case)) == (case, [])
    by_hand = Case(predictions="p", finding="Mass", rule=NUMBER, threshold=0.0195)
    assert read_link(write_link(by_hand)) == (by_hand, [])
    assert write_link(Case()) == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("section", "elsewhere"),
        ("rule", "guess"),
        ("target", "nan"),
        ("threshold", "1.5"),
        ("threshold", "inf"),
        ("keep", "0"),
        ("share", "1"),
        ("seed", "-1"),
        ("seed", "9" * 400),
        ("weight", "0"),
        ("cell", "TN"),
        ("pictures", "yes"),
        ("looks", "1"),
        ("region", "0:0,1:1"),
        ("region", "0:0,1:nan,1:1"),
        ("region", ",".join(["0:0"] * (MOST_CORNERS + 1))),
        ("finding", "x" * 5000),
        ("finding", "a\nb"),
    ],
)
def test_a_bad_part_of_a_link_is_left_out_and_said(name, text):
    case, problems = read_link({name: text})
    assert case == Case()
    assert len(problems) == 1
    assert problems[0].startswith(f"The link's {name} “")
    assert len(problems[0]) < 400


def test_a_threshold_by_hand_needs_a_number():
    case, problems = read_link({"rule": NUMBER})
    assert case.rule == "card"
    assert problems == ["The link sets a threshold by hand and names none; the model card's is used."]


def test_what_was_set_for_one_finding_stays_with_it():
    case = Case(finding="Mass", rule=NUMBER, threshold=0.2, keep=0.9, weight=3.0, region=((0, 0), (1, 0), (1, 1)))
    other = case.of("Edema")
    assert (other.finding, other.rule, other.threshold, other.keep, other.weight, other.region) == (
        *("Edema", "card"),
        *(None, None, None),
        (),
    )
    assert Case(rule="youden", finding="Mass").of("Edema").rule == "youden"


def test_an_outline_keeps_few_corners():
    assert simplified([(0.12345, 1.0), (2.0, 3.0)]) == ((0.123, 1.0), (2.0, 3.0))
    angles = np.linspace(0, 2 * np.pi, 500)
    assert len(simplified(list(zip(np.cos(angles), np.sin(angles), strict=True)))) <= MOST_CORNERS


def test_cuts_follow_the_rule_and_the_hand_moves_one_finding_only(overcaller):
    by_hand = cuts(overcaller, Case(finding="Mass", rule=NUMBER, threshold=0.31))
    assert by_hand.values() == {"Emphysema": 0.5, "Mass": 0.31}
    assert by_hand.rules["Mass"] == ""
    matched = cuts(overcaller, Case(rule="prevalence"))
    for finding in ("Emphysema", "Mass"):
        flagged = (overcaller.scores(finding) >= matched.value(finding)).mean()
        assert flagged == pytest.approx(overcaller.ranked(finding).prevalence)
        assert matched.rules[finding] == "prevalence"
    worst = overcaller.with_probabilities("Mass", 1 - overcaller.truth("Mass"))
    unreachable = cuts(worst, Case(rule="ppv", target=0.9))
    assert "No threshold has a PPV of 0.9" in unreachable.problems["Mass"]
    assert (unreachable.value("Mass"), unreachable.rules["Mass"]) == (0.5, "")


def test_the_planted_cause_is_named_and_its_parts_add_up(overcaller):
    told = audit(overcaller, "Emphysema", 0.5)
    assert told.main == "weighting"
    assert sum(part.share for part in told.parts) == pytest.approx(told.excess, abs=1e-12)
    words = sentences.cause(told)
    assert "Main cause: **weighting of the loss**" in words
    share = next(part.share for part in told.parts if part.cause == "weighting")
    assert f"{100 * share:.0f} percentage points" in words
    assert f"**{100 * told.predicted_prevalence:.0f} %** of 6,000 films" in sentences.headline("Emphysema", told)
    assert sentences.cause(audit(overcaller, "Mass", 0.9)) == ""
    assert "is not over-predicted" in sentences.headline("Mass", audit(overcaller, "Mass", 0.9))


def test_the_waterfall_goes_from_the_flagged_to_the_true_share(overcaller):
    told = audit(overcaller, "Emphysema", 0.5)
    (bars,) = figures.waterfall(told).data
    starts, lengths = np.array(bars.base), np.array(bars.x)
    assert lengths[0] == told.predicted_prevalence
    assert lengths[-1] == told.prevalence
    level = told.predicted_prevalence
    for part, start, length in zip(told.parts, starts[1:-1], lengths[1:-1], strict=True):
        assert start == pytest.approx(min(level, level - part.share))
        assert length == pytest.approx(abs(part.share))
        level -= part.share
    assert level == pytest.approx(told.prevalence)


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.148, "+15 pts"), (-0.013, "−1.3 pts"), (0.0004, "+0.04 pts"), (0.0, "0.0 pts"), (-0.5, "−50 pts")],
)
def test_points_are_signed_and_small_ones_do_not_read_as_zero(share, words):
    assert figures.points(share) == words


def test_company_is_named_with_how_many_times_as_often():
    count = 400
    mass = np.arange(count) % 2 == 0
    edema = np.where(mass, np.arange(count) % 4 == 0, np.arange(count) % 100 == 1)
    films = pd.DataFrame(
        {"film": [f"f{k}" for k in range(count)], "patient": [f"p{k}" for k in range(count)], "split": None}
        | {"Mass": mass.astype(float), "Edema": edema.astype(float)}
    )
    said = pd.DataFrame({"Mass": np.linspace(0, 1, count), "Edema": 0.5}, index=films["film"])
    judged = join(said, films)
    words = sentences.company("Mass", companions(judged, "Mass", 0.5, "positives"), "positives")
    assert (
        words
        == "**50 %** of the films labelled Mass also carry **Edema**, 1.9 times as many as among all films (26 %)."
    )


def test_the_remedy_brings_the_flagged_share_near_the_truth_on_films_it_was_not_fitted_on(overcaller):
    trial = try_remedy(overcaller, "Emphysema", "weighting", "", threshold=0.5)
    assert trial.before.rates.predicted_prevalence.value > 5 * trial.before.rates.prevalence.value
    assert trial.after.auroc.value == pytest.approx(trial.before.auroc.value, abs=1e-9)
    matched = try_remedy(overcaller, "Emphysema", "platt", "prevalence", threshold=0.5)
    truth = matched.after.rates.prevalence.value
    assert matched.after.rates.predicted_prevalence.value == pytest.approx(truth, rel=0.2)
    words = sentences.outcome(matched)
    assert "which is close" in words
    assert "AUROC, stays" in words
    assert f"Fitted on {matched.fitted_films:,} films" in sentences.halves(matched)
    assert matched.fitted_films + matched.shown_films == 6000


# Remedies that are kept


@pytest.fixture
def library(shelf, monkeypatch) -> Library:
    """A library with a model of its own, ``tiny``, beside a built-in one, ``lightbox``."""
    built_in = shelf.root / "built-in"
    built_in.mkdir()
    shelf.add_card("tiny")
    (shelf.root / "models" / "tiny.keras").write_bytes(b"own weights")
    for name in ("lightbox.keras", "lightbox.json"):
        source = shelf.root / "models" / name.replace("lightbox", "tiny")
        (built_in / name).write_bytes(source.read_bytes().replace(b"own", b"built-in"))
    monkeypatch.setattr("dashboard.library.BUILT_IN_MODELS", built_in)
    return Library(shelf.root)


REMEDY = Remedy("Mass", "weighting", LogitMap(intercept=-3.0, rule="Undoes it."), Threshold(0.4, "Matched."))


def facts(model: str, **more: object) -> PredictionsFacts:
    return PredictionsFacts(f"{model}-on-made", "made", ".", model, "predict", ("Effusion", "Mass"), **more)


def test_a_remedy_becomes_a_new_version_of_the_visitors_own_card_and_can_be_undone(library):
    home = home_of(library, facts("tiny"))
    assert (home.is_own, home.why) == (True, "")
    before = (library.root / "models" / "tiny.json").read_bytes()
    saved = save_remedy(library, home, facts("tiny"), REMEDY, "fitted here", "")
    card = read_card(saved.card)
    assert card.calibration["Mass"].intercept == -3.0
    assert card.thresholds["Mass"] == Threshold(0.4, "Matched.")
    assert saved.kept.name == "tiny.v1.json"
    assert saved.kept.read_bytes() == before
    undo(saved.card)
    assert saved.card.read_bytes() == before
    assert not saved.kept.exists()
    with pytest.raises(EvaluateError, match="nothing to go back to"):
        undo(saved.card)


def test_saved_twice_a_remedy_corrects_what_was_predicted_and_not_the_version_before(library):
    home = home_of(library, facts("tiny"))
    for _ in range(2):
        saved = save_remedy(library, home, facts("tiny"), REMEDY, "", "")
    assert read_card(saved.card).calibration["Mass"].intercept == -3.0
    assert saved.kept.name == "tiny.v2.json"
    calibrated = {"calibration": {"Mass": LogitMap(intercept=1.0).to_dict()}}
    saved = save_remedy(library, home, facts("tiny", card=calibrated), REMEDY, "", "")
    assert read_card(saved.card).calibration["Mass"].intercept == -2.0


def test_a_built_in_model_is_copied_and_stays_as_it_is(library, contents):
    built_in = library.models()["lightbox"].parent
    before = contents(built_in)
    home = home_of(library, facts("lightbox"))
    assert not home.is_own
    saved = save_remedy(library, home, facts("lightbox"), REMEDY, "", "lightbox-mended")
    assert contents(built_in) == before
    copy = library.models()["lightbox-mended"]
    assert copy.read_bytes() == library.models()["lightbox"].read_bytes()
    assert read_card(saved.card).name == "lightbox-mended"
    assert library.card("lightbox-mended").calibration["Mass"].intercept == -3.0
    again = save_remedy(library, home, facts("lightbox"), REMEDY, "", "lightbox-mended")
    assert again.kept.name == "lightbox-mended.v2.json"


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "x" * 61, "a b", "m.keras"])
def test_a_copy_needs_a_plain_name(library, name, contents):
    before = contents(library.root)
    with pytest.raises(EvaluateError, match="A model's name has"):
        save_remedy(library, home_of(library, facts("lightbox")), facts("lightbox"), REMEDY, "", name)
    assert contents(library.root) == before


@pytest.mark.parametrize("name", ["tiny", "lightbox"])
def test_a_copy_takes_no_other_models_place(library, name):
    with pytest.raises(EvaluateError, match="another model"):
        save_remedy(library, home_of(library, facts("lightbox")), facts("lightbox"), REMEDY, "", name)


def test_a_model_that_is_not_here_or_is_another_file_keeps_no_remedy(library):
    absent = home_of(library, facts("elsewhere"))
    assert "not in this library" in absent.why
    with pytest.raises(EvaluateError, match="not in this library"):
        save_remedy(library, absent, facts("elsewhere"), REMEDY, "", "copy")
    assert "another file" in home_of(library, facts("tiny", model_sha256="0" * 64)).why


# What needs the model


class Stub:
    """A classifier whose feature map is the film itself, in one channel of ones and one of the film."""

    size = SIDE

    def __init__(self) -> None:
        self.asked = 0

    def prepare(self, film: Film) -> np.ndarray:
        return film.pixels

    def feature_gradients(self, canvas: np.ndarray, outputs: list[int]):
        self.asked += 1
        features = np.stack([canvas, np.ones_like(canvas)], axis=-1)
        return type("Found", (), {"features": features})


def flat(shade: float) -> Film:
    return Film.from_pixels(np.full((SIDE, SIDE), shade, np.float32))


def broken() -> Film:
    raise FilmError("This film is broken.")


def test_features_are_computed_once_and_broken_films_get_none(tmp_path):
    arrays, stub = Arrays(tmp_path), Stub()
    films = {"a": lambda: flat(0.25), "b": broken, "c": lambda: flat(0.5)}
    found = compute_features(stub, films, arrays, "key", Budget())
    assert {name: list(one) for name, one in found.items()} == {"a": [0.25, 1.0], "c": [0.5, 1.0]}
    known = known_features(arrays, "key")
    assert {name: list(one) for name, one in known.items()} == {"a": [0.25, 1.0], "c": [0.5, 1.0]}
    compute_features(stub, films | {"d": lambda: flat(1.0)}, arrays, "key", Budget())
    assert stub.asked == 3
    assert list(known_features(arrays, "key")["d"]) == [1.0, 1.0]


def test_features_computed_before_a_cancel_are_kept(tmp_path):
    arrays, answers = Arrays(tmp_path), iter([False, True])
    films = {"a": lambda: flat(0.25), "b": lambda: flat(0.5)}
    with pytest.raises(Cancelled):
        compute_features(Stub(), films, arrays, "key", Budget(cancelled=lambda: next(answers)))
    assert set(known_features(arrays, "key")) == {"a"}


def test_damaged_arrays_are_as_good_as_none(tmp_path):
    arrays = Arrays(tmp_path)
    assert known_features(arrays, "key") == {}
    for damage in (b"", b"PK\x03\x04 not a zip", os.urandom(300)):
        (tmp_path / "key.npz").write_bytes(damage)
        assert arrays.get("key") is None
    arrays.put("key", {"something": np.arange(3)})
    assert known_features(arrays, "key") == {}
    assert gaze.from_arrays(arrays.get("key"), ("FP", "TP")) is None


def test_a_sample_holds_every_outcome_as_far_as_there_are_films():
    outcome = np.array(["TP"] * 5 + ["FP"] * 100 + ["FN"] * 2 + ["TN"] * 1000 + [""] * 50)
    can_open = np.ones(len(outcome), bool)
    can_open[0] = False
    rows = sample(outcome, can_open, 100)
    counts = {cell: int((outcome[rows] == cell).sum()) for cell in ("TP", "FP", "FN", "TN", "")}
    assert counts == {"TP": 4, "FP": 47, "FN": 2, "TN": 47, "": 0}
    assert 0 not in rows
    assert (np.diff(rows) > 0).all()
    assert (rows == sample(outcome, can_open, 100)).all()
    assert len(sample(outcome, can_open, 5000)) == 1106


def test_inside_agrees_with_the_distance_from_the_centre_of_a_round_outline():
    angles = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    points = np.random.default_rng(0).uniform(-1.5, 1.5, (2000, 2))
    radius = np.hypot(*points.T)
    sure = np.abs(radius - 1) > 1e-3
    assert (inside(points, circle) == (radius < 1))[sure].all()
    # the notch of a C is outside
    notched = np.array([(0, 0), (3, 0), (3, 1), (1, 1), (1, 2), (3, 2), (3, 3), (0, 3)], float)
    assert inside(np.array([(0.5, 1.5), (2.0, 1.5), (2.0, 0.5)]), notched).tolist() == [True, False, True]


class Maps:
    """Stands in for Grad-CAM: the evidence is the film, and nothing on a dark one."""

    def explain(self, classifier, film, findings):
        return [type("Explained", (), {"map": np.where(film.pixels > 0.2, film.pixels, 0)})]


def test_every_film_weighs_the_same_in_a_mean_map(monkeypatch):
    monkeypatch.setitem(EXPLAINERS, "gradcam", Maps)
    left, right = np.zeros((2, SIDE, SIDE), np.float32)
    left[:, : SIDE // 2], right[:, SIDE // 2 :] = 0.3, 0.9
    films = [lambda: Film.from_pixels(left), lambda: Film.from_pixels(right), lambda: flat(0.0), broken]
    seen = []
    made = gaze.mean_gaze(Stub(), films, "Mass", lambda: seen.append(1))
    assert (made.films, made.empty, made.broken, len(seen)) == (3, 1, 1, 4)
    assert made.evidence == pytest.approx(np.full((SIDE, SIDE), 1 / SIDE**2))
    assert made.film == pytest.approx((left + right) / 3)
    back = gaze.from_arrays(gaze.to_arrays({"FP": made, "TP": made}), ("FP", "TP"))
    assert (back["TP"].evidence == made.evidence).all()
    with pytest.raises(FilmError, match="None of the 2 films could be opened"):
        gaze.mean_gaze(Stub(), [broken, broken], "Mass", lambda: None)


def test_mean_maps_tell_how_far_they_are_and_stop_when_nobody_waits(monkeypatch):
    monkeypatch.setitem(EXPLAINERS, "gradcam", Maps)
    heard = []
    cells = {"FP": [lambda: flat(0.5)] * 3, "TP": [lambda: flat(0.5)]}
    gaze.mean_gazes(Stub(), cells, "Mass", Budget(progress=heard.append))
    assert heard == [0.0, 0.25, 0.5, 0.75]
    with pytest.raises(Cancelled):
        gaze.mean_gazes(Stub(), cells, "Mass", Budget(cancelled=lambda: True))


def test_pictures_share_one_scale_and_the_difference_is_signed():
    film = np.full((4, 4), 0.5, np.float32)
    strong, weak = np.zeros((4, 4), np.float32), np.zeros((4, 4), np.float32)
    strong[0, 0], weak[3, 3] = 1.0, 0.25
    one, other = gaze.Gaze(film, strong, 1, 0, 0), gaze.Gaze(film, weak, 1, 0, 0)
    first, second, difference = gaze.pictures(one, other)
    assert first.dtype == np.uint8
    assert first[1, 1].tolist() == [128, 128, 128]
    assert first[0, 0].sum() > second[3, 3].sum()
    red, blue = difference[..., 0].astype(int), difference[..., 2].astype(int)
    assert red[0, 0] > blue[0, 0]
    assert blue[3, 3] > red[3, 3]


def test_a_remedy_as_a_file_says_what_it_is(overcaller):
    from dashboard.errors.keep_panel import as_json

    trial = try_remedy(overcaller, "Emphysema", "weighting", "", threshold=0.5)
    content = json.loads(as_json(facts("tiny"), trial))
    assert content["calibration"]["intercept"] == pytest.approx(-math.log(WEIGHT))
    assert content["finding"] == "Emphysema"
    assert content["threshold"]["value"] == 0.5
    assert Path(f"{content['model']}.json").name == "tiny.json"
