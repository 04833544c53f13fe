"""Several findings at once, and a second model: what the page sends and waits for, without a browser or a model."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.compare.state import LINK, MOST_ROWS, State
from dashboard.server.library import Library
from tests.dashboard.pages import Idle, link_of, opened, plain, said, serve


@pytest.fixture
def run(shelf, monkeypatch):
    monkeypatch.setattr("dashboard.server.library.BUILT_IN_MODELS", shelf.root / "none")
    monkeypatch.setattr("dashboard.server.library.BUILT_IN_DATASETS", shelf.root / "none")
    shelf.add_dataset(Effusion=[1.0, 0.0, float("nan")])
    for name in ("tiny", "second"):
        shelf.add_card(name)
        (shelf.root / "models" / f"{name}.keras").write_bytes(f"not read: {name}".encode())

    def open_link(**link: str) -> AppTest:
        serve(monkeypatch, shelf.root, lambda root: Idle(Library(root)))
        return opened(model="tiny", **link)

    return open_link


def sent(app: AppTest) -> dict:
    """What the light box is sent."""
    (data,) = [data for one in app.get("bidi_component") if "findings" in (data := json.loads(one.proto.json))]
    return data


def test_a_link_opens_a_grid_of_findings_and_keeps_it(run):
    app = run(grid="Mass,Effusion")
    assert sent(app)["grid"] == ["Mass", "Effusion"]
    assert sent(app)["beside"] is None
    assert link_of(app)["grid"] == "Mass,Effusion"
    assert app.multiselect(key="compare_grid").value == ["Mass", "Effusion"]


def test_findings_that_the_model_has_not_have_no_row(run):
    assert sent(run(grid="Mass,Plague"))["grid"] == ["Mass"]


def test_a_second_model_is_waited_for_under_its_own_names(run):
    app = run(beside="second")
    data = sent(app)
    assert (data["beside"]["model"], len(data["beside"]["findings"])) == ("second", len(data["findings"]))
    names = [one["name"] for one in data["standing"]["groups"]["compare"]["items"]]
    first = ["answers", "gradcam", "shap", "lime"]
    trust = [f"trust {method}" for method in first[1:]]
    assert names == [*first, *trust, *(f"beside {name}" for name in first)]
    assert link_of(app)["beside"] == "second"


def test_without_one_nothing_more_is_waited_for(run):
    assert len(sent(run(grid="Mass"))["standing"]["groups"]["compare"]["items"]) == 4 + 3  # how far to trust each map


def test_a_second_model_that_is_not_there_is_one_sentence(run):
    app = run(beside="gone")
    assert plain(said(app)) == "There is no second model “gone” with a usable card in this library."
    assert sent(app)["beside"] is None


def test_the_grid_is_bounded_by_the_link_too():
    names = ("Mass", "Nodule", "Edema", "Hernia", "Effusion")
    assert len(names) == MOST_ROWS + 1
    state, problems = LINK.read({"grid": ",".join(names)})
    assert state == State()
    assert problems == [f"The link's grid “{','.join(names)}” was left out: expected at most 4 names."]


def test_nothing_is_asked_for_before_the_browser_listens(run):
    app = run()
    page = app.session_state["open_page"]
    jobs = app.session_state["services"].jobs
    items = page.items("compare")
    assert {one.state for one in items} == {"waiting"}
    assert not any(awaited.job for awaited in page._groups["compare"].values())
    page.hear()
    asked = {name: awaited.job for name, awaited in page._groups["compare"].items() if awaited.job}
    assert all(job.queue is jobs for job in asked.values())
    assert len(asked) == len(items) - 3  # how far to trust a map is asked once the map is there
