"""Files of weights that lie in the library's folders, and what a model made of one may be called."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from dashboard.server.library import Library
from dashboard.server.model_names import name_problem
from training.weights.published import LAYOUTS, PUBLISHED
from training.weights.registry import Entry, registry
from training.weights.writing import forget_half
from xai.machine import file_name

FOLDERS = ("imports", "downloads")
SUFFIXES = (".safetensors", ".npz", ".h5", ".hdf5", ".pth", ".pt", ".tar", ".bin", ".ckpt", "")
MOST_FILES = 500


class IncomingError(ValueError):
    """A model that cannot be brought in so; the message is one sentence."""


@dataclass(frozen=True)
class Incoming:
    """A file that may hold weights.

    Attributes
    ----------
    folder : str
        One of `FOLDERS`.
    path : Path
    bytes : int
    source : str or None
        Which published checkpoint its name says it is.
    """

    folder: str
    path: Path
    bytes: int
    source: str | None

    @property
    def label(self) -> str:
        """Folder and name, as the visitor sees them."""
        return f"{self.folder}/{self.path.name}"


def list_incoming(library: Library) -> dict[str, Incoming]:
    """Give the files that may hold weights, by folder and name; nothing below these folders is looked at."""
    named = {file.name: name for name in PUBLISHED for file in registry()[name].files}
    found: dict[str, Incoming] = {}
    for folder in FOLDERS:
        home = library.root / folder
        for path in sorted(home.iterdir()) if home.is_dir() else ():
            if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file():
                one = Incoming(folder, path, path.stat().st_size, named.get(path.name))
                found[one.label] = one
    return dict(list(found.items())[:MOST_FILES])


def downloads(library: Library) -> Path:
    """Give the folder that what is fetched is put into."""
    return library.root / "downloads"


def is_fetched(library: Library, entry: Entry) -> bool:
    """Whether all files of an entry are there."""
    return bool(entry.files) and all((downloads(library) / file.name).is_file() for file in entry.files)


def likely_layout(one: Incoming) -> str:
    """Guess whose names the tensors of a file have, from its name alone."""
    if one.source is not None:
        return PUBLISHED[one.source].layout
    return "chexnet-keras" if one.path.suffix.lower() in (".h5", ".hdf5") else next(iter(LAYOUTS))


def free_name(library: Library, wanted: str) -> str:
    """Give a name for a new model that is not taken."""
    stem = file_name(re.sub(r"[^A-Za-z0-9._-]+", "-", wanted).strip("-._")[:50] or "model")
    names = [stem, *(f"{stem}-{number}" for number in range(2, 1000))]
    return next(name for name in names if not _taken(library, name))


def check_name(library: Library, name: str) -> Path:
    """Give where a new model of that name goes.

    Raises
    ------
    IncomingError
        If it is no name for a model, or is taken.
    """
    if problem := name_problem(name, "chexnet-2022"):
        raise IncomingError(problem)
    forget_half(library.root / "models" / f"{name}.keras")
    if _taken(library, name):
        raise IncomingError(f"There is a model or a card called {name} already; choose another name.")
    return library.root / "models" / f"{name}.keras"


def _taken(library: Library, name: str) -> bool:
    home = library.root / "models"
    return name in library.models() or any((home / f"{name}{suffix}").exists() for suffix in (".keras", ".json"))


def output_names(text: str) -> tuple[str, ...] | None:
    """Read names of outputs, parted by commas; None where the layout's own stand."""
    return tuple(name.strip() for name in text.split(",")) if text.strip() else None
