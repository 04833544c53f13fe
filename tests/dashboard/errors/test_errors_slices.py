from __future__ import annotations

import numpy as np
import pytest

from dashboard.films.slices import Slices
from dashboard.films.state import State as FilmsState
from tests.dashboard.errors.errors_library import answers, columns
from tests.dashboard.errors.test_errors_page import MASS
from tests.dashboard.errors.test_errors_page import own as own
from tests.dashboard.errors.test_errors_page import run as run
from tests.dashboard.errors.test_errors_page import stocked as stocked
from tests.dashboard.pages import link_of, plain, shown

SLICES = MASS | {"section": "slices"}


@pytest.mark.usefixtures("stocked")
class TestSlices:
    def test_the_kinds_of_film_that_are_judged_worst_are_listed_with_both_shares(self, run):
        app = run(**SLICES)
        table = next(one.value for one in app.dataframe if "films with" in one.value)
        row = table[(table["films with"] == "Edema: present") & (table["error"] == "false alarms")].iloc[0]
        p, mass, edema = (
            answers(columns())["Mass"].to_numpy(),
            np.array(columns()["Mass"]),
            np.array(columns()["Edema"]),
        )
        without = (mass == 0) & (edema == 1)
        assert row["in them"].endswith(f"({(without & (p >= 0.5)).sum()} of {without.sum()})")
        assert "beyond chance" in shown(app)
        assert not table["films with"].str.startswith("Mass").any()

    def test_a_saved_slice_is_held_against_the_rest(self, run, own):
        Slices(own / "slices").save("with edema", FilmsState(labels=(("Edema", "present"),)))
        app = run(**MASS, slice="with edema")
        assert link_of(app) == SLICES | {"slice": "with edema"}
        table = next(one.value for one in app.dataframe if "slice" in one.value).set_index("")
        assert table.loc["Films", "slice"] == str(int(sum(columns()["Edema"])))
        assert "Edema: present." in plain(" ".join(one.value for one in app.caption))
        app.get_by_key("errors_section").select("audit").run()
        assert link_of(app) == MASS
