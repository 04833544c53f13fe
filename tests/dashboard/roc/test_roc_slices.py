from __future__ import annotations

import numpy as np
import pytest

from dashboard.films.slices import Slices
from dashboard.films.state import LINK as FILMS_LINK
from dashboard.films.state import State as FilmsState
from tests.dashboard.judged_library import FIRST, MASS, add_dataset, add_predictions
from tests.dashboard.pages import link_of, plain, said
from tests.dashboard.roc.test_roc_page import run as run
from training.evaluate.rates import share

SLICES = {"finding": "Mass", "panel": "slices"}
OLD = {"finding": "Mass", "panel": "slices", "slice": "the old"}


@pytest.fixture
def slices(shelf) -> Slices:
    """Give the library's slices; a film's height is its number."""
    add_dataset(shelf, height=[float(k) for k in range(40)], patient=[f"p{k}" for k in range(40)])
    add_predictions(shelf)
    found = Slices(shelf.root / "slices")
    found.save("the old", FilmsState(where=("height=p50..",)))
    return found


def line(app, name: str) -> dict[str, str]:
    (table,) = (one.value for one in app.dataframe if "slice" in one.value)
    return table.set_index("").loc[name].to_dict()


def test_a_slice_stands_beside_the_rest_with_intervals(run, slices):
    app = run(slice="the old", finding="Mass")
    assert link_of(app) == OLD | {"predictions": "first"}
    here, flagged = np.arange(40) >= 20, FIRST >= 0.55
    assert line(app, "Films") | {"slice": "20", "rest": "20"} == line(app, "Films")
    for where, side in ((here, "slice"), (~here, "rest")):
        one = share(int((flagged & where).sum()), int(where.sum()))
        assert line(app, "Flagged")[side] == (
            f"{100 * one.value:.1f}\u00a0% ({100 * one.low:.1f} to {100 * one.high:.1f})"
        )
    assert line(app, "Sensitivity")["slice"] == "–"  # no film of the slice has it
    assert "The slice has 0 films with the finding and 20 without" in plain(said(app))
    assert "height: at least percentile 50." in plain(" ".join(one.value for one in app.caption))
    alarms = int((flagged & (MASS == 0) & here).sum())
    button = app.button(key="slice_FP")
    assert (button.label, app.button(key="slice_FN").disabled) == (f"{alarms} false positives in it", True)
    button.click().run()
    state, problems = FILMS_LINK.read(link_of(app))
    assert (problems, state.where, state.outcomes) == ([], ("height=p50..",), (("Mass", "FP"),))


def test_another_panel_leaves_the_slice(run, slices):
    app = run(**OLD)
    app.get_by_key("roc_panel").select("words").run()
    assert "slice" not in link_of(app)


def test_a_slice_that_is_gone_is_named_and_none_is_shown(run, slices):
    app = run(**OLD | {"slice": "the young"})
    assert "There is no slice “the young” here; there are “the old”." in plain(said(app))
    assert link_of(app) == SLICES | {"predictions": "first"}


@pytest.mark.parametrize(
    "conditions, words",
    [
        ({"where": ("width=3",)}, "The slice asks what cannot be answered here. The dataset has no column “width”"),
        ({"view": ("PA", "AP")}, "The slice holds all of the 40 films that are judged: nothing to compare."),
        ({"sex": ("M",)}, "The slice asks what cannot be answered here. generated has no sex “M”; it has F."),
        ({"outcomes": (("Mass", "FP"),)}, "its figures for Mass follow from that condition"),
    ],
)
def test_what_a_slice_cannot_say_is_said(run, slices, conditions, words):
    slices.save("odd", FilmsState(**conditions))
    assert words in plain(said(run(**OLD | {"slice": "odd"})))


def test_without_slices_the_way_to_make_one_is_there(run, slices):
    slices.remove("the old")
    app = run(**SLICES)
    assert app.selectbox(key="roc_slice").disabled
    app.button(key="roc_make_slice").click().run()
    assert link_of(app)["finding"] == "Mass"
