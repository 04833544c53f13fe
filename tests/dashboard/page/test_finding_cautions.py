"""What is said of a model's answers about one finding."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.page.finding_cautions import NOT_MEASURED, about_finding
from tests.dashboard.models.model_library import card, evaluation
from xai.cards.model_card import card_from_dict


def about(name: str = "Mass", *, is_simulated: bool = False, **changes: Any) -> tuple[str, str]:
    return about_finding(card_from_dict(card("made", **changes)), name, is_simulated=is_simulated)


def measured(**figures: float) -> dict[str, Any]:
    return {"test": evaluation(0.75, Mass=figures)}


def test_the_findings_own_figures_stand_and_not_the_mean():
    lead, rest = about(performance=measured(auroc=0.6, auroc_low=0.52, auroc_high=0.7, positives=24))
    assert lead == "AUROC 0.60 (95\u00a0% interval 0.52 to 0.70) on 200 test films, 24 of them with it."
    assert "On the 200 test films, 70\u00a0% of those with it are flagged, and 25\u00a0% of those without." in rest
    assert "0.75" not in lead + rest


@pytest.mark.parametrize(
    ("figures", "caution"),
    [
        ({"auroc_low": 0.5}, "it may be no better than guessing"),
        ({"auroc_low": 0.51}, None),
        ({"specificity": 0.53}, "it is flagged on 47\u00a0% of the films without it"),
        ({"specificity": 0.6}, None),
        ({"positives": 11}, "that is few to measure it on"),
        ({"positives": 12}, None),
    ],
)
def test_the_gravest_cautions_stand_beside_the_figure(figures, caution):
    lead, _ = about(performance=measured(**figures))
    assert lead.endswith(f": {caution}." if caution else " of them with it.")


def test_figures_on_simulated_films_count_for_a_simulated_film():
    both = measured() | {"unseen_simulated": evaluation(0.9, films=400)}
    assert "unseen simulated films" not in about(performance=both)[0]
    assert (
        "AUROC 0.94 (95\u00a0% interval 0.86 to 1.00) on 400 unseen simulated films"
        in about(performance=both, is_simulated=True)[0]
    )


def test_why_a_small_probability_can_be_a_flag_is_said_with_the_rule():
    thresholds = {"Mass": {"value": 0.038, "rule": "As many missed as flagged."}, "Edema": 0.7}
    _, rest = about(thresholds=thresholds)
    assert "It is flagged from 3.8\u00a0%, which is not “more likely than not”." in rest
    assert "Of the films that the model learned from, 5.0\u00a0% had it." in rest
    assert rest.endswith("The threshold's rule: As many missed as flagged.")
    assert "It is flagged from 70\u00a0%. " in about("Edema", thresholds=thresholds)[1]
    assert "No threshold was chosen for it: 50\u00a0% stands in." in about("Hernia", thresholds=thresholds)[1]


def test_what_the_card_warns_of_stands_at_its_own_finding_alone():
    assert "Learned from 4 films." in about("Hernia")[1]
    assert "Learned from 4 films." not in about("Mass")[1]


@pytest.mark.parametrize("performance", [{}, {"test": 3}, {"test": {"findings": {"Edema": {"auroc": 0.7}}}}])
def test_what_was_not_measured_is_not_known(performance):
    assert about(performance=performance)[0] == NOT_MEASURED
