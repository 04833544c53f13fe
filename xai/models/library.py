"""Find a model by the name of a file in a model folder, or by its path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from xai.built_in import BUILT_IN_MODELS
from xai.cards.model_card import SUFFIXES
from xai.models.errors import ModelError
from xai.models.file_kinds import Kind, is_saved_model, kind_of

DEFAULT_MODEL = "lightbox"


def list_models(folders: Sequence[Path] = (BUILT_IN_MODELS,)) -> dict[str, Path]:
    """Model files by name (file name without its ending); of two with the same name, the first folder's."""
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.glob("*")) if folder.is_dir() else ():
            if is_model(path):
                found.setdefault(path.name if path.is_dir() else path.stem, path)
    return found


def is_model(path: Path) -> bool:
    """Whether a library takes a path for a model: by its ending, or as the folder or archive of a SavedModel."""
    if path.is_dir():
        return is_saved_model(path)
    return (
        path.suffix in SUFFIXES and path.is_file() and (path.suffix != ".zip" or kind_of(path) is Kind.SAVED_MODEL_ZIP)
    )


def find_model(name_or_path: str, folders: Sequence[Path] = (BUILT_IN_MODELS,)) -> Path:
    """Give the file of a model.

    Raises
    ------
    ModelError
        If there is none of that name or path; the message lists the names there are.
    """
    models = list_models(folders)
    if name_or_path in models:
        return models[name_or_path]
    path = Path(name_or_path)
    if path.is_file() or is_saved_model(path):  # whatever it is: who loads it says so
        return path
    raise ModelError(
        f"There is no model “{name_or_path}”: name one of {', '.join(models) or 'none'}, or a file's path."
    )
