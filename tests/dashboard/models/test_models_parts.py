"""What stands behind the Models page: links, cards, cautions, figures, trash, versions, curves and files to import."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from dashboard.models.cautions import cautions
from dashboard.models.figures import areas_figure, pair_figure
from dashboard.models.panels.card import input_words
from dashboard.models.panels.compare import same_films
from dashboard.models.panels.published import table_beside
from dashboard.models.panels.raw import MOST_VALUE, shortened
from dashboard.models.panels.training import simulated_words
from dashboard.models.state import LINK, SECTIONS, State
from dashboard.page.card_figures import (
    Measured,
    evaluations,
    main_evaluation,
    measured,
    origins,
    parameters,
    trained_on,
)
from dashboard.page.palette import DARK
from dashboard.server.library import Library
from tests.dashboard.models.model_library import HOSTILE, card, evaluation
from tests.xai import made_models
from training.evaluate.published import FIGURES
from xai.built_in import BUILT_IN_MODELS
from xai.cards.input_spec import Contrast
from xai.cards.model_card import ModelCard, card_from_dict, read_card
from xai.findings import FINDINGS


@pytest.fixture
def library(tmp_path, monkeypatch) -> Library:
    monkeypatch.setattr("dashboard.server.library.BUILT_IN_MODELS", Path("/nowhere"))
    return Library(tmp_path)


def made(**changes) -> ModelCard:
    return card_from_dict(card("made", **changes))


class TestLink:
    @pytest.mark.parametrize(
        "view",
        [
            LINK.default,
            State("a b", "c,d", "compare", "also.test", (), "xrv-nih"),
            State(HOSTILE, section="deleted", beside=("Weng", "Wang, official split")),
        ],
    )
    def test_a_link_gives_the_same_view_back(self, view):
        assert LINK.read(LINK.write(view)) == (view, [])

    def test_what_is_usual_is_left_out(self):
        assert LINK.write(LINK.default) == {}
        assert LINK.write(State("m", section="raw")) == {"model": "m", "section": "raw"}

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("section", "nowhere"),
            ("model", ""),
            ("model", "x" * 501),
            ("model", "a\x00b"),
            ("beside", "nobody"),
            ("beside", ";".join(one.key for one in FIGURES)),
            ("fetch", "../../etc"),
        ],
    )
    def test_what_cannot_be_used_is_one_sentence(self, name, value):
        view, (problem,) = LINK.read({name: value, "model": value} if name == "model" else {name: value, "model": "m"})
        assert problem.startswith(f"The link's {name} “")
        assert len(problem) < 400
        assert view.section in SECTIONS


class TestReading:
    def test_figures_are_read_as_they_stand(self):
        one = evaluations(made())["test"]
        assert (one.films, one.patients) == (200, 190)
        assert one.mean == Measured(None, None, 0.75, 0.72, 0.78, 0.04)
        assert one.findings["Cardiomegaly"] == Measured(21, 179, 0.76, 0.68, 0.82, 0.04, 0.7, 0.75)
        assert trained_on(made()) == (800, 600)
        assert parameters(made()) == 12345

    def test_held_out_films_are_not_among_those_it_learned_from(self):
        splits = {"train": {"films": 72, "patients": 40}, "validation": {"films": 18, "patients": 18}}
        assert trained_on(made(performance={"splits": splits})) == (90, 58)
        held_out = made(performance={"splits": splits}, provenance={"recipe": {"hold_out": "validation"}})
        assert trained_on(held_out) == (72, 40)

    @pytest.mark.parametrize("policy", [{"reader": "folders", "patients": "not known"}, {"reader": "folders"}])
    def test_no_patients_are_counted_or_promised_where_they_are_not_known(self, policy):
        card = made(provenance={"data": {"name": "mine", "policy": policy}})
        one = evaluations(card)["test"]
        assert (one.films, one.patients) == (200, None)
        assert "whether it learned from other films of the same patients is not known." in one.meaning
        assert trained_on(card) == (800, None)
        known = made(provenance={"data": {"name": "mine", "policy": policy | {"patients": "known"}}})
        assert evaluations(known)["test"].meaning == "Patients that nothing was trained, chosen or calibrated on."
        assert trained_on(known) == (800, 600)

    def test_a_remedy_takes_back_that_nothing_was_chosen_on_the_test_films(self):
        notes = [{"finding": "Pleural_Thickening", "method": "platt"}, {"finding": "Mass"}, "none", {}]
        told = evaluations(made(provenance={"remedies": notes}))["test"].meaning
        assert told.endswith("Remedies were fitted since, on films that may be among these: Pleural thickening, Mass.")

    def test_unseen_patients_come_first_and_any_set_of_films_is_found(self):
        performance = {
            "mine": evaluation(0.6),
            "unseen_simulated": evaluation(0.9),
            "also": {"test": evaluation(0.7)},
            "test": evaluation(0.8),
        }
        found = evaluations(made(performance=performance))
        assert list(found) == ["test", "also.test", "unseen_simulated", "mine"]
        assert found["mine"].title == "Mine"

    @pytest.mark.parametrize("value", [None, "0.7", True, [0.7], {}, math.nan, 1.7, -0.1, 10**400])
    def test_what_is_no_share_is_not_shown(self, value):
        assert measured({"auroc": value, "auroc_low": 0.1, "auroc_high": 0.9, "ece": value}) == Measured()

    def test_an_interval_that_does_not_hold_its_figure_is_left_out(self):
        assert measured({"auroc": 0.7, "auroc_low": 0.8, "auroc_high": 0.9}) == Measured(auroc=0.7)
        assert measured({"auroc": 0.7, "auroc_low": 0.6}) == Measured(auroc=0.7)

    @pytest.mark.parametrize(
        "performance",
        [{}, {"test": 3}, {"test": {"findings": []}}, {"test": {"findings": {"Mass": 3, "Other": {"auroc": 0.5}}}}],
    )
    @pytest.mark.parametrize("provenance", [{}, {"data": "x", "also": 3, "soft_labels": [], "started_from": None}])
    def test_free_form_nonsense_is_no_figure_and_no_origin(self, performance, provenance):
        strange = made(performance=performance, provenance=provenance)
        assert evaluations(strange) == {}
        assert origins(strange) == ()
        assert trained_on(strange) == (None, None)

    def test_where_it_comes_from_is_told_with_its_licence(self):
        start = {"file": "first.keras", "licence": "MIT", "data": {"name": "simulated", "citation": "nobody"}}
        also = [{"name": "other", "licence": "CC0"}]
        told = origins(made(provenance={"data": {"name": "ward"}, "also": also, "started_from": start}))
        assert [(one.role, one.name, one.licence) for one in told] == [
            ("Trained on", "ward", ""),
            ("Also trained on", "other", "CC0"),
            ("Started from", "first.keras", "MIT"),
            ("Which was trained on", "simulated", ""),
        ]

    def test_the_built_in_card_is_read_whole(self):
        own = read_card(BUILT_IN_MODELS / "lightbox.json")
        assert "test" in evaluations(own)
        assert set(main_evaluation(own).findings) == set(FINDINGS)
        assert parameters(own) > 100_000
        assert origins(own)[0].licence


class TestCautions:
    def test_every_model_is_for_teaching_and_its_own_warnings_are_quoted(self):
        said = cautions(made())
        assert "never use it for a diagnosis" in said[0]
        assert "200 films of ward (test films)" in said[1]
        assert "Hernia: learned from 4 films." in said
        assert len(said) == 3

    def test_what_follows_from_the_figures_is_said(self):
        figures = evaluation(0.75, ece=0.2, Mass={"auroc_low": 0.45}, Edema={"specificity": 0.3})
        figures["findings"]["Hernia"]["positives"] = 5
        said = "\n".join(cautions(made(performance={"test": figures}, thresholds={})))
        assert "Mass: on these figures it may be no better than guessing." in said
        assert "Edema (70\u00a0%)" in said
        assert "off by 20\u00a0%" in said
        assert "No threshold was chosen for any finding" in said
        assert "Hernia: measured on only 5 films" in said

    def test_a_model_that_nobody_measured_says_so(self):
        assert any("Nothing was measured" in one for one in cautions(made(performance={})))

    @pytest.mark.parametrize(("lower", "change", "warned"), [(0.9, -1.2, True), (0.52, -0.01, False), (None, 1, False)])
    def test_a_shortcut_is_named_where_twins_show_it(self, lower, change, warned):
        token = {"films": 400, "lower_without": lower, "mean_change_of_logit": change}
        said = cautions(made(performance={"unseen_simulated": evaluation(0.9) | {"token": token}}))
        assert any(one.startswith("Shortcut: on 90\u00a0% of 400") for one in said) == warned


class TestFigures:
    def test_dots_and_intervals_are_those_of_the_card(self):
        figure = areas_figure({"Mass": Measured(auroc=0.7, low=0.6, high=0.75), "Nodule": Measured()}, DARK)
        (dot,) = figure.data
        assert (dot.x, dot.y) == ((0.7,), ("Mass",))
        assert dot.error_x.array[0] == pytest.approx(0.05)
        assert dot.error_x.arrayminus[0] == pytest.approx(0.1)
        assert areas_figure({"a": Measured(auroc=0.2)}, DARK).layout.xaxis.range[0] == pytest.approx(0.19)

    def test_published_figures_are_those_of_their_table(self):
        column = FIGURES[5]
        figure = areas_figure({"Mass": Measured(auroc=0.7), "Hernia": Measured()}, DARK, [column])
        assert (column.key, figure.data[0].x) == ("CheXNet", (0.8676, 0.9164))
        table = table_beside({"Mass": Measured(auroc=0.7, low=0.6, high=0.8)}, [column])
        assert table.loc[0].tolist() == ["Mass", "0.70 (0.60 to 0.80)", "0.868"]

    def test_two_models_share_a_row_a_finding(self):
        one, two = Measured(auroc=0.7), Measured(auroc=0.8)
        figure = pair_figure({"Mass": one, "Nodule": one}, {"Mass": two, "Edema": two}, ("a", "b"), DARK)
        rows = {(trace.name, round(trace.y[0])): trace.x[0] for trace in figure.data}
        assert rows == {("a", 2): 0.7, ("a", 1): 0.7, ("b", 2): 0.8, ("b", 0): 0.8}
        assert figure.layout.yaxis.ticktext == ("Edema", "Nodule", "Mass")

    def test_names_are_no_tags_and_no_two_alike(self):
        figure = areas_figure(
            {"<b>x%{y}": Measured(auroc=0.7), "y" * 40: Measured(auroc=1), "y" * 41: Measured(auroc=0.6)}, DARK
        )
        labels = [trace.y[0] for trace in figure.data]
        assert not any("<" in label or "%{" in label for label in labels)
        assert len(set(labels)) == 3

    def test_only_the_same_counts_may_be_the_same_films(self):
        ours = evaluations(made())["test"]
        other = evaluations(made(performance={"test": evaluation(0.8, films=201)}))["test"]
        assert same_films(ours, ours).startswith("Both cards count the same 200 films")
        assert same_films(ours, other).startswith("**Not the same films**: 200 films")


def test_a_card_is_shown_whole_but_for_texts_that_nobody_reads():
    card = {"name": "a", "outputs": ["b", 1.5], "mean_film": "x" * (MOST_VALUE + 1), "note": "y" * MOST_VALUE}
    shown = shortened({"nested": [card]})["nested"][0]
    assert shown.pop("mean_film") == f"{'x' * 40}… ({MOST_VALUE + 1} characters, whole in the download)"
    assert shown == {name: value for name, value in card.items() if name != "mean_film"}


class TestSimulated:
    TOLD = {"films": 326, "with": [0.75, 0.76], "without": [0.7, 0.71]}  # noqa: RUF012

    @pytest.mark.parametrize(
        ("change", "verdict"),
        [((0.05, 0.01, 0.09), "They help"), ((0.0, -0.02, 0.02), "cannot be told"), ((-0.1, -0.2, -0.05), "They harm")],
    )
    def test_the_verdict_follows_from_the_interval(self, change, verdict):
        names = ("difference", "difference_low", "difference_high")
        told = self.TOLD | dict(zip(names, change, strict=True))
        said = simulated_words(made(performance={"with_and_without_simulated": told}))
        assert "on 326 real test films is 0.750, 0.760; without them 0.700, 0.710" in said
        assert verdict in said

    @pytest.mark.parametrize("told", [None, {}, TOLD, "0.7", {**TOLD, "difference": "x"}, {**TOLD, "with": ["a"]}])
    def test_what_is_not_told_is_not_said(self, told):
        assert simulated_words(made(performance={"with_and_without_simulated": told})) == ""


def test_an_input_is_told_in_full():
    spec = {"size": (96, 160), "channels": 3, "fit": "pad", "resample": "nearest", "bits": 8, "standardise": True}
    assert input_words(made_models.card(contrast=Contrast("clahe", "after"), **spec)) == (
        "96 × 160 pixels, three equal channels: the film is padded with air to that proportion. Its size is scaled by "
        "Pillow nearest (Keras’ load_img, ImageDataGenerator), in 256 shades. Its contrast is made even tile by tile "
        "(CLAHE) after that. Its own mean is taken off its shades, and they are divided by its own deviation."
    )
