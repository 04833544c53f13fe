"""The notebook in docs/, run as a reader would run it."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

DOCS = Path(__file__).resolve().parents[1] / "docs"
LEAGUE = """
import json
print(json.dumps([len(results), results.groupby("method").mean(numeric_only=True).to_dict()]))
"""
METHODS = {"gradcam", "shap", "lime", "random", "centred", "prior", "even"}


def test_the_notebook_runs_from_a_film_to_a_league_that_holds_what_it_says():
    notebook = nbformat.read(DOCS / "from-a-film-to-a-league.ipynb", as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    notebook.cells.append(nbformat.v4.new_code_cell(LEAGUE))

    NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(DOCS)}}).execute()

    shown = [output.get("data", {}) for cell in code for output in cell.outputs]
    assert sum("image/png" in data for data in shown) == 4
    assert not [output for cell in code for output in cell.outputs if output.get("name") == "stderr"]
    rows, scores = json.loads(notebook.cells[-1].outputs[0].text)
    assert rows == 12 * len(METHODS)
    for by_method in scores.values():
        assert by_method.keys() == METHODS
        assert all(0 <= score <= 1 for score in by_method.values())
    assert scores["energy"]["gradcam"] > scores["energy"]["centred"] > 0
    assert scores["energy"]["prior"] > scores["energy"]["centred"]
    assert scores["pointing"]["shap"] > scores["pointing"]["even"] == pytest.approx(scores["energy"]["even"])
