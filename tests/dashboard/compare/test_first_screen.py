"""The maps that come with the app are those that this code and this model make."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.compare.first_screen import requests
from dashboard.server.services import Services, open_services
from dashboard.server.store import SHIPPED
from xai.explainers import EXPLAINERS

MOST_BYTES = 1_000_000


@pytest.fixture(scope="module")
def services(tmp_path_factory) -> Services:
    return open_services(tmp_path_factory.mktemp("library"))


def test_a_fresh_visitor_of_a_fresh_library_waits_for_nothing(services):
    asked = requests(services)
    assert [one.method for one in asked] == ["gradcam", "shap", "lime"]
    for one in asked:
        assert services.store.has(services.explanation_key(one)), (
            "python -m dashboard.compare.first_screen makes them anew"
        )
    assert not services.has_models


def test_nothing_comes_that_nobody_asks_for_and_all_of_it_is_small(services):
    wanted = {f"{services.explanation_key(one)}.npz" for one in requests(services)}
    files = {path.name: path.stat().st_size for path in SHIPPED.iterdir()}
    assert set(files) == wanted
    assert sum(files.values()) < MOST_BYTES


def test_they_are_what_a_recomputation_gives(services):
    for one in requests(services):
        kept = services.found(one)
        explainer = EXPLAINERS[one.method](**dict(one.parameters))
        made = explainer.explain(services.classifier(one.model), one.film, seed=one.seed)
        assert [each.finding for each in kept] == [each.finding for each in made]
        for before, now in zip(kept, made, strict=True):
            assert before.logit == pytest.approx(now.logit, abs=0.01)  # processors differ in the last digits
            largest = np.abs(now.map).max()
            np.testing.assert_allclose(before.map, now.map, atol=0.02 * largest + 1e-6, err_msg=one.method)
