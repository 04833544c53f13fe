"""The recipes of CONTRIBUTING.md, each followed to the letter in a copy of the tree, and what comes of it tried."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import REPOSITORY
from tests.tree import copy_tree, run_python, tracked
from training.datasets.table import read_dataset

TEXT = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+) file=(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILM = REPOSITORY / "assets" / "datasets" / "simulated" / "films" / "s00000.png"
OPEN = """
import sys
from pathlib import Path

from streamlit.testing.v1 import AppTest

from dashboard.server.services import Services

Services.warm_up = lambda self, model: None  # nobody waits for the next film here


def open_page(page, **link):
    sys.argv[1:] = ["--library", str(Path("library").resolve())]
    app = AppTest.from_file("dashboard/main.py", default_timeout=120)
    app.switch_page(f"views/{page}.py")
    app.query_params.update(link)
    app.run()
    assert not app.exception, app.exception
    return app


def link_of(app):
    return {name: value[0] if isinstance(value, list) else value for name, value in app.query_params.items()}
"""


@dataclass(frozen=True)
class Recipe:
    """A file to write, and a line to add to another below a line that is there."""

    file: str
    code: str
    registry: str
    above: str
    line: str

    def follow(self, tree: Path) -> None:
        written, registry = tree / self.file, tree / self.registry
        assert not written.exists()
        written.write_text(self.code, encoding="utf-8")
        lines = registry.read_text(encoding="utf-8").splitlines()
        lines.insert(lines.index(self.above) + 1, self.line)
        registry.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_recipes() -> dict[str, Recipe]:
    """Read each section that has blocks of files: one of Python, and one that adds a line."""
    recipes = {}
    for section in TEXT.split("\n## ")[1:]:
        if blocks := BLOCK.findall(section):
            (kind, file, code), (other, registry, change) = blocks
            above, line = change.splitlines()
            assert (kind, other, above[0], line[0]) == ("python", "diff", " ", "+"), section
            recipes[section.split("\n", 1)[0]] = Recipe(file, code, registry, above[1:], line[1:])
    return recipes


RECIPES = read_recipes()


@pytest.fixture
def follow(tmp_path: Path):
    """Give the function that follows a recipe in a copy of the tree, and gives the copy."""

    def follow_one(name: str) -> Path:
        tree = copy_tree(tmp_path / "tree")
        RECIPES[name].follow(tree)
        return tree

    return follow_one


def done(tree: Path, *arguments: str) -> str:
    """Run Python in the copy and give what it printed; it must end well."""
    ended = run_python(tree, *arguments)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_there_are_six_recipes():
    assert list(RECIPES) == [
        "A new explainer",
        "A dataset reader",
        "A page",
        "A measure of a map",
        "A control on Compare",
        "A command",
    ]


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_one_new_file_and_one_line(follow, name):
    tree, recipe = follow(name), RECIPES[name]
    before = {file: (REPOSITORY / file).read_text("utf-8") for file in tracked() if file.endswith(".py")}
    after = {str(file.relative_to(tree)): file.read_text("utf-8") for file in tree.glob("[dtx]*/**/*.py")}
    assert set(after) - set(before) == {recipe.file}
    changed = [file for file in after if file in before and after[file] != before[file]]
    assert changed == [recipe.registry]
    lines = after[recipe.registry].splitlines()
    lines.remove(recipe.line)
    assert lines == before[recipe.registry].splitlines()


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_written_as_the_rest_is(follow, name):
    tree = follow(name)
    (tree / "pyproject.toml").write_bytes((REPOSITORY / "pyproject.toml").read_bytes())
    done(tree, "-m", "ruff", "check", RECIPES[name].file, RECIPES[name].registry)
    done(tree, "-m", "ruff", "format", "--check", RECIPES[name].file, RECIPES[name].registry)


def test_the_explainer_explains_from_the_command_line_and_shows_its_diagnostic_on_compare(follow, tmp_path):
    tree = follow("A new explainer")
    done(tree, "-m", "xai", "explain", str(FILM), "--method", "toy", "--finding", "Effusion", "--out", str(tmp_path))
    (record,) = json.loads((tmp_path / "explanations.json").read_text("utf-8"))
    values = np.load(tmp_path / record["map"])
    assert len(np.unique(values)) <= 16
    assert record["evaluations"] == 17
    assert record["diagnostics"]["largest"] == pytest.approx(values.max(), abs=1e-6)
    shown = done(tree, "-c", COMPARE)
    assert f"'Largest fall', '{record['diagnostics']['largest']:.3g}'" in shown


COMPARE = f"""{OPEN}
import gzip
import json
import time

app = open_page("compare", film="simulated/s00000", model="lightbox", methods="toy", finding="Effusion")
page, parts = app.session_state["open_page"], app.session_state["services"].channel.parts
end = time.monotonic() + 240
page.hear()
while (toy := next(one for one in page.items("compare") if one.name == "toy")).state != "ready":
    assert time.monotonic() < end, toy
    page.hear()  # what nobody listens for is left
    time.sleep(0.5)
content = gzip.decompress(parts.find(toy.part, page.visitor).content)
captions = json.loads(content[4 : 4 + int.from_bytes(content[:4], "little")])["captions"]
print([(one["label"], one["value"]) for one in captions["Effusion"]["diagnostics"]])
"""


def test_the_reader_reads_a_folder_from_the_command_line(follow, tmp_path):
    tree, source = follow("A dataset reader"), tmp_path / "ward"
    source.mkdir()
    for name in ("1_Mass.png", "2_normal.png", "3_other.png"):
        Image.new("L", (8, 8)).save(source / name)
    said = done(tree, "-m", "training", "dataset", "toy", str(source), "--out", str(tmp_path / "out"))
    assert said.startswith("3 films in the table, 3 on disk, patients not known: ")
    films = read_dataset(tmp_path / "out").films.set_index("film")
    np.testing.assert_array_equal(films.loc[["1_Mass", "2_normal", "3_other"], "Mass"], [1, 0, np.nan])


def test_the_page_opens_and_its_link_opens_the_same_view(follow):
    tree = follow("A page")
    said = done(
        tree,
        "-c",
        f"""{OPEN}
app = open_page("toy")
assert link_of(app) == {{}}, link_of(app)
app.selectbox(key="toy_dataset").select("simulated-2000").run()
again = open_page("toy", **link_of(app))
assert not again.warning
print(link_of(app), link_of(again), again.metric[0].value)
print(open_page("toy", dataset="gone", colour="red").warning[0].value)
""",
    )
    view, warning, unknown = said.splitlines()
    assert view == "{'dataset': 'simulated-2000'} {'dataset': 'simulated-2000'} 2,000"
    assert "colour" in warning + unknown and "gone" in warning + unknown


def test_the_measure_stands_below_a_map(follow):
    said = done(
        follow("A measure of a map"),
        "-c",
        """
import numpy as np

from xai.measures import MEASURES, describe
from xai.measures.frame import Frame

values = np.zeros((10, 10))
values[2, 2:6] = 1
print(describe(values))
print(MEASURES["toy"](-values, Frame()))
""",
    )
    whole, empty = said.splitlines()
    assert whole.startswith("Brightest in the upper third of the film, on the patient's right")
    assert whole.endswith("Half of it lies on 2% of the film.")
    assert empty == "No part of the film speaks for it."


def test_the_control_changes_what_compare_shows_and_its_link(follow):
    said = done(
        follow("A control on Compare"),
        "-c",
        f"""{OPEN}
from dashboard.server.turnstile import Turnstile

Turnstile._next = lambda self: None  # nothing is computed: what the toolbar says needs no maps
app = open_page("compare", film="simulated/s00000", invert="on", opacity="0.3")
print(link_of(app)["invert"], link_of(app)["opacity"])
app.button(key="afresh").click().run()
assert not app.exception, app.exception
print(sorted(link_of(app)))
""",
    )
    assert said.splitlines() == ["on 0.3", "['film']"]


def test_the_command_is_listed_and_runs(follow):
    tree = follow("A command")
    assert "Say how many films of a dataset show each finding." in " ".join(done(tree, "-m", "training", "-h").split())
    said = done(tree, "-m", "training", "toy", "assets/datasets/simulated")
    assert len(said.splitlines()) == 14
    assert re.search(r"^Effusion: \d+ of 240$", said, re.MULTILINE)
