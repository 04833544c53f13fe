"""Find a model by the name of a file in a model folder, or by its path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from xai.built_in import BUILT_IN_MODELS
from xai.cards.model_card import SUFFIXES
from xai.models.loading import ModelError

DEFAULT_MODEL = "lightbox"


def list_models(folders: Sequence[Path] = (BUILT_IN_MODELS,)) -> dict[str, Path]:
    """Model files by name (file name without its ending); of two with the same name, the first folder's."""
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.glob("*")) if folder.is_dir() else ():
            if path.suffix in SUFFIXES and path.is_file():
                found.setdefault(path.stem, path)
    return found


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
    if path.suffix in SUFFIXES and path.is_file():
        return path
    raise ModelError(
        f"There is no model “{name_or_path}”: name one of {', '.join(models) or 'none'}, or a file's path."
    )
