"""Kill a program before each thing that it does to the files of a library: ``python -m tests.dashboard.models.killed``.

Each case runs in a child process that gets the signal of ``kill -9`` at one step after another, on a new library each
time. After each the library must be readable, show no half model, and let the same be done again.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from dashboard.errors import saving
from dashboard.models.incoming import check_name
from dashboard.models.inventory import take_inventory
from dashboard.models.trash import delete, list_deleted, restore
from dashboard.server import roles
from dashboard.server.library import Library
from training.mending.mended import Kept
from training.mending.remedy import Remedy
from training.predictions.table import PredictionsFacts, write_predictions
from training.weights.writing import write_model
from xai.cards.calibration import LogitMap
from xai.cards.input_spec import InputSpec
from xai.cards.model_card import ModelCard, Threshold, read_card

CHANGES = ("os.rename", "os.link", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "shutil.copyfile")
FINDINGS = ("Effusion", "Mass")
REMEDY = Remedy("Mass", "weighting", LogitMap(intercept=-3.0, rule="Undoes it."), Threshold(0.4, "Matched."))
WEIGHTS = b"weights of tiny"


class Weights:
    """Stands for a Keras model that is saved."""

    def save(self, path: Path) -> None:
        path.write_bytes(WEIGHTS)


def card(name: str) -> ModelCard:
    return ModelCard(name, FINDINGS, "sigmoid", "logits", InputSpec(16, 1))


def filled(root: Path) -> Library:
    """A library with a model and its predictions."""
    write_model(Weights(), card("tiny"), root / "models" / "tiny.keras")
    facts = PredictionsFacts("tiny-on-made", "made", str(root / "made"), "tiny", "predict", FINDINGS)
    table = pd.DataFrame({"Effusion": [0.1, 0.2], "Mass": [0.3, 0.9]}, index=pd.Index(["a", "b"], name="film"))
    write_predictions(root / "predictions" / facts.name, facts, table)
    return Library(root)


def bring_in(library: Library) -> None:
    if "new" not in library.models():
        write_model(Weights(), card("new"), check_name(library, "new"))


def throw_away(library: Library) -> None:
    if "tiny" in library.models():
        delete(library, take_inventory(library)["tiny"])


def bring_back(library: Library) -> None:
    """Delete a model and bring it back; what is in two places after a kill is thrown away again."""
    throw_away(library)
    if "tiny" not in library.models():
        restore(library, list_deleted(library)[0])


def mend(library: Library) -> None:
    facts = library.read_predictions("tiny-on-made").facts
    saving.save_mended(library, saving.home_of(library, facts), facts.name, [Kept(REMEDY)], "")


def copy_and_mend(library: Library) -> None:
    facts = PredictionsFacts("x", "made", ".", "tiny", "predict", FINDINGS)
    home = saving.Home(library.model("tiny"), is_own=False)
    saving.save_remedies(library, home, facts, [Kept(REMEDY)], "mended")


def own_predictions(library: Library) -> list[str]:
    return [name for name, folder in library.predictions().items() if folder.is_relative_to(library.root)]


def check_readable(library: Library) -> None:
    """Nothing half is shown: each model has its weights and its card, and predictions can be read."""
    for name, path in library.models().items():
        if path.parent == library.root / "models":
            assert path.read_bytes() == WEIGHTS and library.card(name).outputs == FINDINGS, name
    for name in own_predictions(library):
        assert library.read_predictions(name).facts.outputs == FINDINGS
    take_inventory(library)
    list_deleted(library)


def check_whole(library: Library, case: Callable[[Library], None]) -> None:
    """What was tried again is there."""
    models = library.root / "models"
    wanted = {bring_in: "new", bring_back: "tiny", mend: "tiny", copy_and_mend: "mended"}.get(case)
    if wanted is None:
        assert "tiny" not in library.models() and list_deleted(library)
        return
    assert read_card(models / f"{wanted}.json").outputs == FINDINGS and wanted in library.models()
    if case in (mend, copy_and_mend):
        assert read_card(models / f"{wanted}.json").calibration["Mass"].intercept == -3.0
    if case is mend:
        assert any(library.read_predictions(one).table["Mass"].max() < 0.8 for one in own_predictions(library))


def is_killed(library: Library, case: Callable[[Library], None], step: int) -> bool:
    """Run a case in a child process, and kill it before one of its changes; False where it has fewer."""
    child = os.fork()
    if child == 0:
        left = step

        def hook(event: str, about: tuple) -> None:
            nonlocal left
            writes = event == "open" and isinstance(about[1], str) and set(about[1]) & set("wax+")
            if (writes or event in CHANGES) and str(library.root) in str(about[0]):
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        try:
            case(library)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, case.__name__
    return os.WIFSIGNALED(status)


def kill_everywhere(case: Callable[[Library], None]) -> int:
    """Kill a case before each of its changes; gives how many there are."""
    for step in range(1000):
        with tempfile.TemporaryDirectory() as folder:
            library = filled(Path(folder))
            killed = is_killed(library, case, step)
            check_readable(library)
            case(library)
            check_readable(library)
            check_whole(library, case)
        if not killed:
            return step
    raise AssertionError("it has no end")


if __name__ == "__main__":
    roles.this_role = lambda: roles.Role.OWNER
    for one in (bring_in, throw_away, bring_back, mend, copy_and_mend):
        print(one.__name__, kill_everywhere(one), flush=True)
