"""What the lessons claim, computed again from the shipped films, models and tables, by other code than fills it in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import rankdata
from scipy.stats import t as student

from dashboard.lessons.figures import filled
from tests.dashboard.lessons.shipped import ASSETS, answers, card, figures, films, lesson, table, threshold
from training.benchmark.shortcut_files import CONTROLS
from training.datasets.table import read_dataset
from training.evaluate.joining import judge
from training.mending.audit import audit
from training.mending.known import known_of
from training.predictions.table import read_predictions
from xai.explainers import EXPLAINERS
from xai.findings import FINDINGS

NUMBER = re.compile(r"[−+]?\d+(?:\.\d+)?")


def league(model, method, finding, measure):
    assert (finding, measure) == ("all", "pointing")
    scores = table(f"{model}-on-simulated/scores.csv")
    own = scores[scores["method"] == method]["pointing"]
    spread = own.std() / len(own) ** 0.5  # films of one patient are alike: about right
    return own.mean(), own.mean() - 2 * spread, own.mean() + 2 * spread


def ahead(model, method, finding, measure):
    scores = table(f"{model}-on-simulated/scores.csv").pivot(
        index=["film", "finding"], columns="method", values=measure
    )
    lead = (scores[method] - scores["prior"]).dropna()
    spread = lead.std() / len(lead) ** 0.5
    return lead.mean(), lead.mean() - 2 * spread, lead.mean() + 2 * spread


def flags(model, finding):
    return answers(model)[finding] >= threshold(model, finding)


def rate(model, finding, which):
    has, flagged = films()[finding] == 1, flags(model, finding).reindex(films().index)
    counts = {
        "predicted_prevalence": (flagged, flagged | True),
        "prevalence": (has, has | True),
        "sensitivity": (has & flagged, has),
        "ppv": (has & flagged, flagged),
    }
    part, whole = (int(one.sum()) for one in counts[which])
    return 100 * part / whole, *(100 * end for end in wilson(part, whole))


def count(model, finding, which):
    has, flagged = films()[finding] == 1, flags(model, finding).reindex(films().index)
    assert which == "ppv"
    return int((has & flagged).sum()), int(flagged.sum())


def wilson(k, n):
    """Solve (k/n - p)² = z² p (1 - p) / n, as Wilson did."""
    z2 = 1.959964**2
    return tuple(sorted(np.roots([1 + z2 / n, -(2 * k + z2) / n, (k / n) ** 2]).real))


def auroc(model, finding):
    ranks = rankdata(answers(model)[finding].reindex(films().index))
    has = (films()[finding] == 1).to_numpy()
    m, n = has.sum(), (~has).sum()
    return ((ranks[has].sum() - m * (m + 1) / 2) / (m * n),)


def on_token(model, method):
    shares = table("shortcut-lab/evidence.csv")
    return (100 * shares[(shares["model"] == model) & (shares["method"] == method)]["share"].mean(),)


def mean_of(values):
    half = student.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5
    return np.mean(values), np.mean(values) - half, np.mean(values) + half


def lab(model):
    own = table("shortcut-lab/answers.csv")
    return own[(own["model"] == model) & (own["present"] == 0)]


def token_adds(model):
    return mean_of((lab(model)["logit"] - lab(model)["logit_without"]).to_numpy())


def token_flags(model, when):
    """A film is flagged where its calibrated probability reaches the threshold: Platt's scaling, by the card."""
    logits = lab(model)[{"with": "logit", "without": "logit_without"}[when]]
    a, b = platt(model)
    k = int((1 / (1 + np.exp(-(a * logits + b))) >= threshold(model, "Emphysema")).sum())
    return k, len(logits), *(100 * end for end in wilson(k, len(logits)))


def platt(model):
    told = card(model)["calibration"].get("Emphysema") or {"a": 1.0, "b": 0.0}
    return told["a"], told["b"]


def sanity(method):
    own = table("sanity-lightbox/sanity.csv")
    return mean_of(own[(own["method"] == method) & (own["layers"] == 50)]["similarity"].to_numpy())


def sanity_empty(method):
    own = table("sanity-lightbox/sanity.csv")
    own = own[(own["method"] == method) & (own["layers"] == 50)]
    return int(own["empty"].sum()), len(own)


def alarm(kind):
    own = table("shortcut-alarm.csv")
    own = own[own["kind"] == kind]
    k = int((own["verdict"] == "found").sum())
    return k, len(own), *(100 * end for end in wilson(k, len(own)))


def weight(model, finding):
    share = card(model)["prevalence"][finding]
    return ((1 - share) / share,)  # as a loss weighs that balances both kinds


def line(model, origin, finding):
    """Slope and what is added, from the two films that are furthest apart."""
    own, first = (np.log(one / (1 - one)) for one in (answers(name)[finding].astype(float) for name in (model, origin)))
    low, high = first.idxmin(), first.idxmax()
    slope = (own[high] - own[low]) / (first[high] - first[low])
    return slope, own[low] - slope * first[low]


def lift(model, finding):
    return (line(model, "lightbox", finding)[1],)


def unlifted(model, film, finding):
    odds = answers(model).loc[film, finding] / (1 - answers(model).loc[film, finding])
    return (100 / (1 + np.exp(lift(model, finding)[0]) / odds),)


AGAIN: dict[str, Callable] = {
    "league": league,
    "hits": lambda model, method, finding: tuple(100 * one for one in league(model, method, finding, "pointing")),
    "ahead": ahead,
    "films": lambda model: (table(f"{model}-on-simulated/scores.csv")["film"].nunique(),),
    "rate": rate,
    "count": count,
    "auroc": auroc,
    "threshold": lambda model, finding: (100 * threshold(model, finding),),
    "answer": lambda model, film, finding: (100 * answers(model).loc[film, finding],),
    "on-token": on_token,
    "token-area": lambda: (100 * table("shortcut-lab/answers.csv").groupby("film")["area"].first().mean(),),
    "token-adds": token_adds,
    "token-flags": token_flags,
    "sanity": sanity,
    "sanity-empty": sanity_empty,
    "sanity-limit": lambda: (0.3,),
    "alarm": alarm,
    "weight": weight,
    "scale": lambda *words: line(*words)[:1],
    "lift": lift,
    "unlifted": unlifted,
}
ABOUT = {
    "league": 0.015,
    "hits": 1.5,
    "sanity": 0.035,
    "ahead": 0.015,
    "rate": 0.6,
    "weight": 0.6,
}  # where patients are drawn, or digits cut


@pytest.mark.parametrize("figure", [one for one in figures() if not one.startswith(("cause", "sanity-verdict"))])
def test_every_number_of_the_lessons_comes_out_again(figure):
    name, *words = figure.split()
    said = filled(f"{{{figure}}}").replace(",", "")
    numbers = [one.replace("−", "-") for one in NUMBER.findall(said)]
    again = AGAIN[name](*words)
    if said.startswith((">", "<")):
        assert (again[0] > float(numbers[0])) == said.startswith(">")
        return
    assert len(again) <= len(numbers)
    for number, expected in zip(numbers, again, strict=False):
        last_digit = 10.0 ** -len(number.partition(".")[2])
        assert float(number) == pytest.approx(expected, abs=ABOUT.get(name, 0.51 * last_digit))


def shows(film):
    return {name for name in FINDINGS if films().loc[film, name] == 1}


def test_the_film_with_a_mass_shows_nothing_else_and_is_flagged():
    assert shows("s00479") == {"Mass"} and answers("lightbox").loc["s00479", "Mass"] >= threshold("lightbox", "Mass")


def test_the_films_without_a_finding_have_none_and_only_the_token_differs():
    assert shows("s00088") == shows("s01293") == set()
    assert films().loc["s01293", "object_token"] and not films().loc["s00088", "object_token"]
    assert answers("overcaller").loc["s00088", "Emphysema"] >= threshold("overcaller", "Emphysema")
    assert answers("lightbox").loc["s00088", "Emphysema"] < threshold("lightbox", "Emphysema")
    assert answers("shortcut").loc["s01293", "Emphysema"] >= threshold("shortcut", "Emphysema")


def test_the_missed_film_shows_emphysema_without_the_token():
    assert shows("s01845") == {"Emphysema"} and not films().loc["s01845", "object_token"]
    assert answers("shortcut").loc["s01845", "Emphysema"] < threshold("shortcut", "Emphysema")
    assert answers("lightbox").loc["s01845", "Emphysema"] >= threshold("lightbox", "Emphysema")


def test_grad_cam_has_sixty_four_numbers_for_a_film():
    found = [np.load(path) for path in (ASSETS / "results").glob("*.npz")]
    assert [one["cells"].shape[1:] for one in found if "cells" in one.files] == [(8, 8)]


def test_two_of_the_four_unnamed_maps_are_controls_that_ask_no_model():
    (step,) = [one for one in lesson("1-what-a-heat-map-is").steps if one.title == "Maps that asked nobody"]
    methods = step.view.query["methods"].split(",")
    assert [name for name in methods if name in CONTROLS] == ["centred", "random"] and len(methods) == 4
    assert shows(step.view.query["film"].split("/")[1]) == {"Mass"}


def test_the_fillers_are_the_other_way_round():
    assert EXPLAINERS["shap"].baseline == "blurred film" and EXPLAINERS["lime"].baseline == "automatic"
    assert card("lightbox").get("mean_film")  # what “automatic” takes where the card has one


def test_grad_cam_is_behind_the_usual_place_layercam_ahead_and_lime_not_to_be_told_from_it():
    ends = {
        name: [
            float(one.replace("−", "-")) for one in NUMBER.findall(filled(f"{{ahead lightbox {name} all pointing}}"))
        ]
        for name in ("gradcam", "layercam", "lime")
    }
    assert ends["gradcam"][2] < 0 < ends["layercam"][1] and ends["lime"][1] < 0 < ends["lime"][2]


def test_taking_back_the_lift_alone_does_not_give_what_lightbox_says():
    left = unlifted("overcaller", "s00088", "Emphysema")[0] / 100
    assert left > threshold("lightbox", "Emphysema") > answers("lightbox").loc["s00088", "Emphysema"]
    assert card("lightbox")["provenance"]["calibration"]["slope"] and not card("overcaller")["calibration"]


def test_overcaller_puts_the_films_in_the_order_of_lightbox():
    first, second = (rankdata(answers(model)["Emphysema"].round(6)) for model in ("lightbox", "overcaller"))
    assert np.corrcoef(first, second)[0, 1] > 0.99999


def test_the_audit_names_the_weighting_also_with_other_draws():
    predictions = read_predictions(ASSETS / "predictions" / "overcaller-on-simulated-2000")
    judged = judge(predictions, read_dataset(ASSETS / "datasets" / "simulated-2000"))
    told = audit(judged, "Emphysema", 0.5, seed=1, said=known_of(judged.card, "Emphysema"))
    parts = {one.cause: one.share for one in told.contributions}
    assert (
        told.main == "weighting" == max(parts, key=parts.get)
        and filled("{cause overcaller Emphysema}") == "weighting of the loss"
    )


def test_grad_cam_gives_the_token_away_least_of_the_three():
    shares = {name: on_token("shortcut", name)[0] for name in ("gradcam", "shap", "lime")}
    assert min(shares, key=shares.get) == "gradcam" and shares["gradcam"] < 1 < 20 < min(shares["shap"], shares["lime"])


def test_the_films_of_the_lab_below_the_steps_show_emphysema():
    with np.load(ASSETS / "leagues" / "shortcut-lab" / "films.npz") as stored:
        pictured = json.loads(str(stored["about"]))["films"]
    present = table("shortcut-lab/answers.csv").groupby("film")["present"].first()
    assert (present[pictured] == 1).all() and len(pictured) == 24
    assert set(table("shortcut-lab/evidence.csv")["film"]) == set(present[present == 1].index)


def test_the_model_shortcut_began_as_lightbox():
    assert card("shortcut")["provenance"]["started_from"]["file"] == "lightbox.keras"


def test_edges_keep_all_and_layercam_a_part_when_the_model_forgets():
    assert sanity("edges")[0] == 1 and 0.3 < sanity("layercam")[1] < sanity("layercam")[2] < 1


def test_grad_cam_passes_mostly_by_empty_maps_and_shap_and_lime_may_be_either():
    assert sanity_empty("gradcam") == (9, 12) and sanity("gradcam")[2] < 0.3
    assert {sanity_empty(name)[0] for name in ("shap", "lime", "layercam", "edges")} == {0}
    assert sanity("lime")[1] < 0.3 < sanity("lime")[2] and sanity("shap")[1] < 0.3 < sanity("shap")[2]
    said = {name: filled(f"{{sanity-verdict {name}}}") for name in ("gradcam", "shap", "lime", "layercam", "edges")}
    assert list(said.values()) == ["passes", "may be either", "may be either", "does not pass", "does not pass"]


def test_the_alarm_finds_strong_shortcuts_and_mostly_misses_weak_ones():
    assert (
        alarm("strong")[0] == alarm("strong")[1] and alarm("weak")[0] < alarm("weak")[1] / 2 and alarm("clean")[0] == 0
    )


@pytest.mark.slow
def test_without_the_token_the_answer_about_the_very_same_film_falls_below_the_threshold():
    from dashboard.server.library import Library, render_film
    from xai.front_door import open_model

    record = Library(ASSETS).record("simulated-2000", "s01293")
    model = open_model("shortcut")
    at = model.card.outputs.index("Emphysema")
    films = [render_film(record), render_film(record, ("token",))]
    with_token, without = (model.card.probabilities(model.logits(model.prepare(one)[None]))[0, at] for one in films)
    assert with_token >= threshold("shortcut", "Emphysema") > without


@pytest.mark.slow
def test_on_the_film_with_a_mass_grad_cams_strongest_point_lies_beside_it_and_layercams_on_it():
    from dashboard.compare.truth_note import regions_of
    from dashboard.server.library import Library, render_film
    from xai.films.mend import Mend
    from xai.front_door import explain, open_model
    from xai.measures.truth import energy, on_map, pointing

    library = Library(ASSETS)
    record = library.record("simulated-2000", "s00479")
    mass = regions_of(library, record, Mend()).masks["Mass"]
    told = explain(open_model("lightbox"), render_film(record), ("gradcam", "layercam"), "Mass")
    inside = [on_map(mass, one.map.shape, told.footprint) for one in told.maps]
    points = [pointing(one, where) for one, where in zip(told.maps, inside, strict=True)]
    assert points[0] < 0.01 and points[1] > 0.99 and energy(told.maps[0], inside[0]) < 0.1
