"""Slices: conditions of the Films page kept under a name, so that models are judged on the films that meet them.

One small JSON file a slice in the library's ``slices/``, with the text of the conditions and nothing of any film.
"""

from __future__ import annotations

import json
from pathlib import Path

from dashboard.films.state import LINK, State
from dashboard.server.roles import Action, only
from training.evaluate.conditions import read_condition
from xai.files import write_file
from xai.findings import finding_label
from xai.machine import file_name

FOLDER = "slices"
LONGEST, MOST = 80, 500  # characters of a name, and slices of a library
BY_FINDING = ("labels", "flags", "outcomes", "probability")
CONDITIONS = (
    *BY_FINDING,
    *("thresholds", "split", "view", "sex", "source", "tags", "age", "patient", "name", "image", "met", "where"),
)
"""What of the Films page makes a slice; order, layout and samples do not."""


class SliceError(ValueError):
    """A slice that is not there or cannot be used; the message is one sentence for the visitor."""


class Slices:
    """The slices of a library.

    Parameters
    ----------
    folder : Path
        Made when the first is saved.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """Name all slices, in alphabetical order; files that are none are passed over."""
        found = [self._name(path) for path in self._folder.glob("*.json")] if self._folder.is_dir() else []
        return sorted(name for name in found if name is not None)

    def read(self, name: str) -> State:
        """Give the conditions of a slice; raises `SliceError`."""
        path = self._path(name)
        if self._name(path) != name:
            listed = ", ".join(f"“{one}”" for one in self.names()) or "none"
            raise SliceError(f"There is no slice “{name}” here; there are {listed}.")
        content = json.loads(path.read_text(encoding="utf-8"))
        state, problems = LINK.read({str(key): str(value) for key, value in content["films"].items()})
        if problems:
            raise SliceError(f"The slice “{name}” cannot be used. {problems[0]}")
        return conditions_of(state)

    @only(Action.KEEP_VIEWS)
    def save(self, name: str, asked: State) -> str:
        """Keep the conditions of the Films page under a name, and give that; raises `SliceError`."""
        name = " ".join(name.split())
        if not 0 < len(name) <= LONGEST or not name.isprintable():
            raise SliceError(f"The name of a slice has 1 to {LONGEST} printable characters.")
        query = LINK.write(conditions_of(asked).with_(finding=None))
        if not query:
            raise SliceError("There is no condition to save: narrow the films down first.")
        if self._path(name).exists():
            raise SliceError(f"There is already a slice “{self._name(self._path(name)) or name}”; choose another name.")
        if len(self.names()) >= MOST:
            raise SliceError(f"This library keeps at most {MOST} slices; remove one first.")
        try:
            content = json.dumps({"name": name, "films": query}, indent=2, ensure_ascii=False)
            write_file(self._path(name), content + "\n")
        except OSError as error:
            raise SliceError(f"The slice could not be written ({error}).") from error
        return name

    @only(Action.KEEP_VIEWS)
    def remove(self, name: str) -> None:
        """Forget a slice."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{file_name(name)}.json"

    @staticmethod
    def _name(path: Path) -> str | None:
        """Read what a slice is called; None for a file that is none."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        known = isinstance(content, dict) and isinstance(content.get("films"), dict)
        return content["name"] if known and isinstance(content.get("name"), str) else None


def conditions_of(asked: State) -> State:
    """Give a state with the conditions of another, and nothing else of it."""
    return State(**{name: getattr(asked, name) for name in CONDITIONS})


def circular(asked: State, finding: str) -> str:
    """Warn where a slice asks about the very finding that is judged in it; empty where not."""
    about = {one[0] for name in BY_FINDING for one in getattr(asked, name)}
    about |= {read_condition(text).column for text in asked.where}
    if finding not in about:
        return ""
    name = finding_label(finding)
    return f"The slice asks about {name} itself, so its figures for {name} follow from that condition."
