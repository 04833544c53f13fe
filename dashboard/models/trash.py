"""Delete a model such that it can be brought back: its files move into the library's ``trash/``, and back again."""

from __future__ import annotations

import datetime
import filecmp
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dashboard.models.inventory import ModelEntry, files_of, own_folder
from dashboard.server.library import Library
from dashboard.server.roles import Action, only
from xai.files import move_new
from xai.models.library import is_model

MOST_SHOWN = 200


class TrashError(ValueError):
    """A model that cannot be deleted or brought back; the message is one sentence."""


@dataclass(frozen=True)
class Deleted:
    """A model in the trash.

    Attributes
    ----------
    name : str
    folder : Path
        Holds its files, and nothing else.
    when : datetime
        When it was deleted.
    """

    name: str
    folder: Path
    when: datetime.datetime


@only(Action.DELETE_MODELS)
def delete(library: Library, model: ModelEntry) -> Deleted:
    """Move a model with its card, kept cards and log into the trash.

    Raises
    ------
    TrashError
        If it is built in, is gone, or cannot be moved; it stays where it was then.
    """
    if not model.is_own:
        raise TrashError(f"{model.name} is built in and cannot be deleted.")
    files = files_of(model.path)
    if not any(map(is_model, files)):
        raise TrashError(f"{model.name} is gone already.")
    try:
        folder = _new_folder(library)
        try:
            _move_all(files, folder)
        except OSError:
            folder.rmdir()
            raise
    except OSError as error:
        raise TrashError(f"{model.name} cannot be deleted: {error.strerror or error}.") from error
    return _deleted(model.name, folder)


@only(Action.DELETE_MODELS)
def restore(library: Library, deleted: Deleted) -> Path:
    """Move a model back; gives its file.

    Raises
    ------
    TrashError
        If it is no longer in the trash, or something of its name is in the library: nothing is overwritten.
    """
    files = sorted(deleted.folder.glob("*")) if deleted.folder.is_dir() else []
    if not files:
        raise TrashError(f"{deleted.name} is no longer in the trash.")
    home = own_folder(library)
    files.sort(key=is_model)  # the model last: before, the library does not list it
    files_there = [one for one in files if _is_there(one, home)]  # of a program that was killed while it moved them
    taken = [one.name for one in files if one not in files_there and os.path.lexists(home / one.name)]
    if taken or deleted.name in library.models():
        raise TrashError(
            f"{deleted.name} stays in the trash: there is another model of that name "
            f"({', '.join(taken) or 'built in'}), and nothing is overwritten."
        )
    try:
        home.mkdir(parents=True, exist_ok=True)
        _move_all([one for one in files if one not in files_there], home)
        for one in files_there:
            one.unlink()
        deleted.folder.rmdir()
    except OSError as error:
        raise TrashError(f"{deleted.name} cannot be brought back: {error.strerror or error}.") from error
    return home / files[-1].name


def list_deleted(library: Library) -> list[Deleted]:
    """Give the models in the trash, the latest first."""
    folder = trash_folder(library)
    folders = [one for one in folder.iterdir() if one.is_dir()] if folder.is_dir() else []
    found = [deleted for one in folders if (deleted := _read(one)) is not None]
    return sorted(found, key=lambda one: (one.when, one.folder.name), reverse=True)[:MOST_SHOWN]


def trash_folder(library: Library) -> Path:
    """Give the folder that deleted models lie in."""
    return library.root / "trash" / "models"


def _is_there(file: Path, home: Path) -> bool:
    """Whether the very same file is in the library too."""
    there = home / file.name
    return file.is_file() and there.is_file() and filecmp.cmp(file, there, shallow=False)


def _read(folder: Path) -> Deleted | None:
    names = [one.name if one.is_dir() else one.stem for one in folder.iterdir() if is_model(one)]
    return _deleted(names[0], folder) if names else None


def _deleted(name: str, folder: Path) -> Deleted:
    return Deleted(name, folder, datetime.datetime.fromtimestamp(folder.stat().st_mtime, datetime.UTC))


def _new_folder(library: Library) -> Path:
    parent = trash_folder(library)
    parent.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f"{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%S}-", dir=parent))


def _move_all(files: list[Path], folder: Path) -> None:
    """Move files into a folder, all of them or none."""
    moved: list[Path] = []
    try:
        for file in files:
            move_new(file, folder / file.name)
            moved.append(file)
    except OSError:
        for file in reversed(moved):
            move_new(folder / file.name, file)
        raise
