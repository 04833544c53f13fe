"""Write a dataset of simulated films: images, truth and one table.

Layout::

    DATASET/dataset.json     what this is, how it was made
    DATASET/films.parquet    one row a film: labels, severities, recipe
    DATASET/films/*.png      8-bit grey
    DATASET/masks/*.png      RGB; bit k of a pixel (red holds bits 0 to 7) is set where MASK_BITS[k] changed it
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import as_completed
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from tqdm import tqdm

from training.datasets.table import FACTS_FILE, SPLITS, TABLE_FILE, DatasetError, DatasetFacts
from training.simulation.objects import OBJECTS
from training.simulation.population import Confounder, Follows, draw_recipe
from training.simulation.recipe import VERSION, Recipe
from training.simulation.render import SIZE, THRESHOLD, Sitting
from xai.files import sweep, write_file
from xai.findings import FINDINGS
from xai.machine import cores, process_pool

MASK_BITS: tuple[str, ...] = (*FINDINGS, *OBJECTS)  # at most the 24 bits of an RGB pixel

SPLIT_ENDS = (0.7, 0.8)  # shares of patients up to the end of train and of validation


@dataclass(frozen=True)
class Plan:
    """What to generate.

    Attributes
    ----------
    films
        How many.
    seed
        Same seed, same bytes.
    size
        Side in pixels.
    prevalence
        ``"natural"`` follows ChestX-ray14, ``"balanced"`` brings every finding in turn.
    confounders
        Objects tied to findings.
    recipes_only
        Write the table and no pixels.
    follows
        Labels that say where an object is: films that teach a network a shortcut.
    """

    films: int
    seed: int
    size: int = SIZE
    prevalence: str = "natural"
    confounders: tuple[Confounder, ...] = ()
    recipes_only: bool = False
    follows: tuple[Follows, ...] = ()


def generate(plan: Plan, out: Path, workers: int | None = None, progress: bool = False) -> Path:
    """Write the dataset that the plan describes; what is there already is kept.

    Parameters
    ----------
    plan
        What to generate.
    out
        Folder of the dataset; made where it is missing.
    workers
        Processes that render; by default one a core. The result does not depend on it.
    progress
        Show a progress bar.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    DatasetError
        Where the folder holds a dataset made by another plan.
    """
    _claim(plan, out)
    recipes = [draw_recipe(plan.seed, index, plan.prevalence, plan.confounders) for index in range(plan.films)]
    if not plan.recipes_only:
        for folder in ("films", "masks"):
            (out / folder).mkdir(exist_ok=True)
        waiting = [(film_id(k), recipe) for k, recipe in enumerate(recipes) if not _written(out, film_id(k))]
        bar = tqdm(total=plan.films, initial=plan.films - len(waiting), unit="film", disable=not progress)
        with bar:
            for _ in _spread(partial(_write_film, out, plan.size), waiting, workers):
                bar.update()
    table = films_table(recipes, plan)
    write_file(out / TABLE_FILE, lambda path: table.to_parquet(path, index=False, compression="zstd"))
    sweep(out)
    return out


def films_table(recipes: list[Recipe], plan: Plan) -> pd.DataFrame:
    """Make the table of a dataset: one row a film, in the schema that all datasets share."""
    severities = [recipe.severities for recipe in recipes]
    table = pd.DataFrame(
        {
            "film": [film_id(k) for k in range(len(recipes))],
            "path": [f"films/{film_id(k)}.png" for k in range(len(recipes))],
            "dataset": "simulated",
            "patient": [f"p{recipe.person:010d}" for recipe in recipes],
            "view": [recipe.view for recipe in recipes],
            "age": np.array([recipe.age for recipe in recipes], dtype=np.float32),
            "sex": [recipe.sex for recipe in recipes],
            "split": [split_of(recipe.person) for recipe in recipes],
            "on_disk": not plan.recipes_only,
        }
    )
    for name in FINDINGS:
        table[name] = np.array([float(name in found) for found in severities], dtype=np.float32)
    for name in FINDINGS:
        table[f"severity_{name}"] = np.array([found.get(name, np.nan) for found in severities], dtype=np.float32)
    for name in OBJECTS:
        table[f"object_{name}"] = [name in recipe.objects for recipe in recipes]
    for tie in plan.follows:
        table[tie.finding] = table[f"object_{tie.name}"].astype(np.float32)
    table["recipe"] = [recipe.to_json() for recipe in recipes]
    return table


def film_id(index: int) -> str:
    """Name the film at a place of the dataset."""
    return f"s{index:05d}"


def split_of(person: int) -> str:
    """Give the split of a patient: 70 % train, 10 % validation, 20 % test, by the person's seed alone."""
    share = np.random.default_rng([person, 7]).random()
    return SPLITS[int(np.searchsorted(SPLIT_ENDS, share, side="right"))]


def pack_masks(masks: dict[str, np.ndarray], size: int) -> np.ndarray:
    """Pack boolean masks into one (size, size, 3) uint8 image, one bit a name of ``MASK_BITS``."""
    packed = np.zeros((size, size, 3), np.uint8)
    for bit, name in enumerate(MASK_BITS):
        if name in masks:
            packed[..., bit // 8] |= masks[name].astype(np.uint8) << bit % 8
    return packed


def read_masks(path: Path) -> dict[str, np.ndarray]:
    """Read a mask file back: name to (H, W) bool, for each name that has any pixel."""
    packed = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if packed is None or packed.ndim != 3:
        raise DatasetError(f"Expected a colour PNG with masks at {path}, but found none; write the dataset again.")
    shades: np.ndarray = packed[..., ::-1]  # cv2 reads blue first
    masks = {name: (shades[..., bit // 8] >> bit % 8 & 1).astype(bool) for bit, name in enumerate(MASK_BITS)}
    return {name: mask for name, mask in masks.items() if mask.any()}


def _claim(plan: Plan, out: Path) -> None:
    """Write what the dataset is, or check that the one there is the same."""
    out.mkdir(parents=True, exist_ok=True)
    facts = DatasetFacts(
        name=out.name,
        root=".",
        source="simulated by training.simulation",
        licence="MIT",
        citation="",
        files={},
        split_seed=plan.seed,
    )
    asked = asdict(plan) | {"confounders": [str(confounder) for confounder in plan.confounders]}
    asked["follows"] = [str(tie) for tie in plan.follows]
    made = {"recipe_version": VERSION, "mask_threshold": THRESHOLD, "mask_bits": list(MASK_BITS)}
    path = out / FACTS_FILE
    if path.exists():
        there = json.loads(path.read_text(encoding="utf-8"))
        before = {"follows": []} | there.get("plan", {}) | there.get("made", {})  # older ones do not name it
        different = [key for key, value in (asked | made).items() if key != "films" and before.get(key) != value]
        if different:
            raise DatasetError(
                f"{out} already holds a dataset with another {', '.join(different)}: choose another folder, or the "
                "same options to continue it."
            )
    write_file(path, json.dumps({**asdict(facts), "plan": asked, "made": made}, indent=2) + "\n")


def _written(out: Path, film: str) -> bool:
    return (out / "films" / f"{film}.png").exists() and (out / "masks" / f"{film}.png").exists()


def _write_film(out: Path, size: int, item: tuple[str, Recipe]) -> None:
    film, recipe = item
    cv2.setNumThreads(1)
    sitting = Sitting(recipe, size)
    grey = np.round(sitting.film() * 255).astype(np.uint8)
    masks = pack_masks(sitting.masks(), size)
    _write_png(out / "masks" / f"{film}.png", masks[..., ::-1])  # cv2 writes blue first
    _write_png(out / "films" / f"{film}.png", grey)


def _write_png(path: Path, image: np.ndarray) -> None:
    """A file that has its name is complete, whatever stopped the run."""
    done, data = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 7])
    if not done:
        raise DatasetError(f"Could not encode {path.name} as PNG.")
    write_file(path, data.tobytes())


def _spread(work: partial, items: list, workers: int | None) -> Iterator[None]:
    """Run work on items over processes, as they finish."""
    workers = min(workers or cores(), len(items))
    if workers <= 1:
        yield from map(work, items)
        return
    # An executor, not a pool: a worker that cannot start ends the run with an error and is not started for ever.
    with process_pool(workers) as executor:
        for done in as_completed([executor.submit(work, item) for item in items]):
            yield done.result()
