"""What is written is also registered: a file that nobody lists would be there and never run."""

from __future__ import annotations

import importlib
import inspect
import re
from pkgutil import iter_modules

from dashboard.compare.controls import CONTROLS
from tests.browser import test_pages
from tests.conftest import REPOSITORY
from tests.tree import tracked
from training.__main__ import COMMANDS as TRAINING_COMMANDS
from training.datasets.command import COMMANDS as DATASET_COMMANDS
from xai.__main__ import COMMANDS as XAI_COMMANDS
from xai.explainers import EXPLAINERS
from xai.explainers.explanation import Explainer
from xai.measures import FAMILIES, MEASURES


def modules(package: str):
    """Every module of a folder."""
    folder = importlib.import_module(package).__path__
    return [importlib.import_module(f"{package}.{one.name}") for one in iter_modules(folder) if not one.ispkg]


def test_every_explainer_is_a_method():
    written = {
        kind
        for module in modules("xai.explainers")
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Explainer) and not inspect.isabstract(kind) and kind.__module__ == module.__name__
    }
    assert written == set(EXPLAINERS.values())
    assert all(EXPLAINERS[kind.name] is kind for kind in written)


def test_every_measure_is_said_of_a_map():
    written = {module.describe for module in modules("xai.measures") if hasattr(module, "describe")}
    assert written == set(MEASURES.values())


def test_every_family_of_measures_is_listed():
    assert {module for module in modules("xai.measures") if hasattr(module, "FACTS")} == set(FAMILIES)


def test_every_reader_is_a_source():
    written = {module for module in modules("training.datasets") if hasattr(module, "run")}
    assert {one for one in written if not one.__name__.endswith("command")} == set(DATASET_COMMANDS.values())


def test_every_control_is_in_the_toolbar():
    assert {module for module in modules("dashboard.compare") if hasattr(module, "is_usable")} == set(CONTROLS.values())


def test_every_command_is_listed():
    listed = {getattr(one, "__name__", one) for one in (*XAI_COMMANDS.values(), *TRAINING_COMMANDS.values())}
    files = [name for name in tracked("xai", "training") if re.search(r"/(\w+_)?command(_\w+)?\.py$", name)]
    written = {name.removesuffix(".py").replace("/", ".") for name in files} - {"xai.command_line"}
    assert written == listed


def test_every_view_is_a_page_that_is_opened_and_pictured():
    router = (REPOSITORY / "dashboard" / "main.py").read_text("utf-8")
    views = {name.split("/")[-1] for name in tracked("dashboard/views")} - {"__init__.py"}
    assert set(re.findall(r'st\.Page\("views/(\w+\.py)"', router)) == views
    paths = {view.removesuffix(".py") for view in views}
    assert {path or "compare" for path in test_pages.PAGES} == paths
    served = re.search(r"^LINKS.*= {([^}]*)}", (REPOSITORY / "dashboard" / "app.py").read_text("utf-8"), re.MULTILINE)
    assert {path or "compare" for path in re.findall(r'"(\w*)": [A-Z]+', served[1])} == paths
    pictures = [name.split("/")[-1] for name in tracked("tests/browser/pictures")]
    assert {name.rsplit("-", 1)[0] for name in pictures} == paths
