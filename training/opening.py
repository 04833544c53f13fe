"""Open what a dataset holds of a film: its picture, from disk or rendered from its recipe, and its truth."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from training.datasets.conventions import convention_of, with_sides
from training.datasets.facts import FACTS_FILE, DatasetError
from training.datasets.table import Dataset
from training.simulation.dataset import read_masks
from training.simulation.recipe import Recipe
from training.simulation.render import SIZE, Sitting, render
from xai.films.film import AS_HUNG, Film, FilmError, FilmFacts
from xai.films.reading import read_film

MAX_SIDE = 4096  # of a rendered film, in pixels


def open_film(dataset: Dataset, film: str) -> Film:
    """Open a film of a dataset, from disk or rendered where the dataset holds only its recipe.

    Parameters
    ----------
    dataset : Dataset
    film : str
        Its name in the dataset's table.

    Raises
    ------
    DatasetError
        If the dataset has no such film, or neither its file nor its recipe.
    FilmError
        If the file cannot be hung, or lies outside the dataset.

    Examples
    --------
    >>> training.open_film(training.open_dataset("simulated"), "s00002")
    <Film: 320 × 320 px, from PNG of 320 × 320 px with 8 bits>
    """
    row = _row(dataset, film)
    path = film_path(dataset, row)
    if path is not None:
        return with_sides(read_film(path), convention_of(dataset.facts, row))
    if (recipe := _recipe(row)) is None:
        raise DatasetError(f"The dataset {dataset.facts.name} has neither a file nor a recipe of the film “{film}”.")
    return render_film(recipe, rendered_size(dataset.folder))


def open_masks(dataset: Dataset, film: str) -> dict[str, np.ndarray]:
    """Open the exact truth of a simulated film: the pixels that each finding and object changed.

    Parameters
    ----------
    dataset : Dataset
    film : str
        Its name in the dataset's table.

    Returns
    -------
    dict of str to ndarray of bool, shape (H, W)
        Empty for a film that is not simulated.

    Raises
    ------
    DatasetError
        If the dataset has no such film.

    Examples
    --------
    >>> masks = training.open_masks(training.open_dataset("simulated"), "s00002")
    >>> masks["Effusion"].shape
    (320, 320)
    """
    recipe = _recipe(_row(dataset, film))
    return {} if recipe is None else film_masks(dataset.folder, film, recipe)


def film_path(dataset: Dataset, row: pd.Series) -> Path | None:
    """Give the file of a film by its row in the table; None where it is not on disk. Raises `FilmError`."""
    if not row["on_disk"]:
        return None
    path = dataset.path(row["path"]).resolve()
    if not path.is_relative_to(dataset.path("").resolve()):
        raise FilmError(f"The film {row['film']} lies outside its dataset, so it is not opened.")
    return path


def film_masks(folder: Path, film: str, recipe: Recipe) -> dict[str, np.ndarray]:
    """Read the masks of a simulated film, or make them where its dataset holds only the recipe."""
    path = folder / "masks" / f"{film}.png"
    return read_masks(path) if path.is_file() else Sitting(recipe, rendered_size(folder)).masks()


def render_film(recipe: Recipe, size: int, without: Iterable[str] = ()) -> Film:
    """Render a simulated film, or its twin that lacks some findings or objects, in the 256 shades of its file."""
    shades = np.round(render(recipe, without, size=size) * 255) / np.float32(255)
    return Film.from_pixels(shades, facts=FilmFacts("simulated", size, size, 8, sides=AS_HUNG))


def rendered_size(folder: Path) -> int:
    """Side in pixels of a simulated dataset's films; its plan stands in ``dataset.json``.

    Raises
    ------
    DatasetError
        If the plan says something else than a number of pixels that can be rendered.
    """
    plan = json.loads((folder / FACTS_FILE).read_text(encoding="utf-8")).get("plan", {})
    size = plan.get("size", SIZE) if isinstance(plan, dict) else plan
    if type(size) is not int or not 0 < size <= MAX_SIDE:
        raise DatasetError(f"{folder.name} plans films of something else than 1 to {MAX_SIDE} pixels a side.")
    return size


def _row(dataset: Dataset, film: str) -> pd.Series:
    found = dataset.films[dataset.films["film"] == film]
    if found.empty:
        raise DatasetError(f"The dataset {dataset.facts.name} has no film “{film}”.")
    return found.iloc[0]


def _recipe(row: pd.Series) -> Recipe | None:
    return Recipe.from_json(row["recipe"]) if isinstance(row.get("recipe"), str) else None
