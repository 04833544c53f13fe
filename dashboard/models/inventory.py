"""Which models there are, whose they are, and the files that belong to each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dashboard.server.library import Library
from training.fitting.log import LOG_SUFFIX
from xai.built_in import BUILT_IN_MODELS
from xai.cards.card_versions import card_versions
from xai.cards.model_card import SUFFIXES, ModelCard, ModelCardError, card_path
from xai.models.file_kinds import is_saved_model
from xai.models.library import is_model
from xai.models.loading import ModelError, checked_kind


@dataclass(frozen=True)
class ModelEntry:
    """A model of the library.

    Attributes
    ----------
    name : str
    path : Path
        Its file.
    is_own : bool
        Whether it lies in the library's ``models/``, so that it may be deleted and its card changed.
    card : ModelCard or None
    problem : str
        One sentence on why it cannot be used; empty where nothing is known against it.
    """

    name: str
    path: Path
    is_own: bool
    card: ModelCard | None
    problem: str = ""

    @property
    def readable_card(self) -> ModelCard:
        """The card of a model that has one: sections that need it are shown of such models only."""
        assert self.card is not None, self.problem
        return self.card


def take_inventory(library: Library) -> dict[str, ModelEntry]:
    """Give every model of a library by name; a broken one is among them, with its problem."""
    return {name: _entry(library, name, path) for name, path in library.models().items()}


def own_folder(library: Library) -> Path:
    """Give the folder that holds a library's own models."""
    return library.root / "models"


def hidden(library: Library) -> list[str]:
    """Name files of the library that a built-in model of the same name hides."""
    folder = own_folder(library)
    shown = set(library.models().values())
    files = sorted(folder.glob("*")) if folder.is_dir() else []
    return [path.name for path in files if is_model(path) and path not in shown]


def versions(path: Path) -> list[Path]:
    """Give the kept earlier cards of a model, newest first; the card of a model called so is none of them."""
    return card_versions(path)[::-1]


def files_of(path: Path) -> list[Path]:
    """Give every file that belongs to a model: its own first, then card, kept cards and training log."""
    card = card_path(path)
    log = path.with_name(f"{path.stem}{LOG_SUFFIX}")
    return [*_model_files(card), *(one for one in (card, *versions(card), log) if one.is_file())]


def _model_files(card: Path) -> list[Path]:
    folder = card.with_suffix("")
    files = [one for suffix in SUFFIXES if (one := card.with_suffix(suffix)).is_file()]
    return [*files, *([folder] if is_saved_model(folder) else ())]


def _entry(library: Library, name: str, path: Path) -> ModelEntry:
    folder = path.parent.resolve()
    is_own = folder == own_folder(library).resolve() and folder != BUILT_IN_MODELS.resolve()
    try:
        card = library.card(name)
    except (ModelCardError, OSError) as error:
        said = str(error) if isinstance(error, ModelCardError) else f"{card_path(path).name} cannot be read."
        return ModelEntry(name, path, is_own, None, said)
    return ModelEntry(name, path, is_own, card, _broken(path))


def _broken(path: Path) -> str:
    """Look at a file as far as that takes no time: whether it is what its name says."""
    try:
        checked_kind(path)
    except ModelError as error:
        return str(error)
    except OSError as error:
        return f"{path.name} cannot be read: {error.strerror or error}."
    return ""
