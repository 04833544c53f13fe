"""Where a model comes from: data, recipe, weights in the loss, calibration, command, code and versions."""

from __future__ import annotations

import platform
import shlex
import subprocess
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from training.datasets.table import Dataset
from training.fitting.log import validation_losses
from training.fitting.losses import STRATEGIES
from training.fitting.recipe import CHOICES, OPTIONS, Recipe, flag
from training.fitting.schedule import best_epoch
from training.fitting.served import served
from training.fitting.start import Start
from training.fitting.targets import PATIENT_FACTS, patient_targets

if TYPE_CHECKING:
    from training.fitting.films import Films
    from training.fitting.scheme import Fitted


@dataclass(frozen=True, eq=False)
class Origin:
    """How a model was trained.

    Attributes
    ----------
    file : str
        Name of the model file.
    recipe : Recipe
    soft_labels : dict or None
        What is known of the soft labels that were used.
    start : Start or None
        The model that it started from.
    workers : int
        Programs that trained together.
    """

    file: str
    recipe: Recipe
    soft_labels: dict[str, Any] | None = None
    start: Start | None = None
    workers: int = 1


def provenance(fitted: Fitted, films: Films, also: Films, origin: Origin) -> dict[str, Any]:
    """Give what the card says of a model's origin, as plain JSON values; no place on this machine is in it."""
    from xai.backend import BACKEND, keras

    start = origin.start
    facts = {
        "data": _data_facts(films.datasets[0]),
        "data_version": films.version,
        "left_out": films.left_out,
        "also": [_data_facts(dataset) for dataset in also.datasets],
        "also_left_out": also.left_out if also.datasets else None,
        "also_version": also.version if also.datasets else None,
        "started_from": start and {"file": start.path.name, "sha256": start.card.sha256, **start.card.provenance},
        "soft_labels": origin.soft_labels,
        "used": served(fitted, films, also, origin.recipe),
        "also_learned": _also_learned(patient_targets(_learned_films(fitted, films, also))),
        "command": command(origin, also),
        "commit": commit(),
        "recipe": asdict(origin.recipe),
        "seed": origin.recipe.seed,
        "workers": origin.workers,
        "epochs_kept": _epochs(fitted, origin.recipe),
        "imbalance": _imbalance(fitted, origin.recipe),
        "calibration": _calibration(fitted),
        "parameters": fitted.model.count_params(),
        "versions": {
            "python": platform.python_version(),
            BACKEND: version(BACKEND),
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
    }
    # What remedies undo: only where the head was not calibrated, which undoes it already.
    factor = fitted.balance.odds_factor
    if not len(fitted.held_out) and factor is not None and not np.all(factor == 1):
        facts["positive_weight"] = _by_output(fitted, factor)
    return facts


def command(origin: Origin, also: Films) -> str:
    """Spell the command that trains this model."""
    recipe = origin.recipe
    flags = ["--architecture", recipe.architecture]
    for name in (*OPTIONS, *CHOICES):
        # With 0 the option cannot be said beside another strategy, and need not be.
        if name != "positive_power" or recipe.positive_power:
            flags += [flag(name), str(getattr(recipe, name))]
    if recipe.freeze:
        flags += ["--freeze", recipe.freeze]
    if recipe.half_weights:
        flags.append("--half-weights")
    if recipe.augmentation.flip:
        flags += ["--flip", str(recipe.augmentation.flip)]
    for dataset in also.datasets:
        flags += ["--also", dataset.facts.name]
    if origin.start:
        flags += ["--start", origin.start.path.name]
    if origin.soft_labels:
        flags += ["--soft-labels", origin.soft_labels["file"], "--soft-source", origin.soft_labels["source"]]
    return shlex.join(["python", "-m", "training", "fit", "DATASET", *flags, "--out", origin.file])


def commit() -> str | None:
    """Give the git commit of this code, with ``+`` where it was changed since; None where there is none."""
    home = Path(__file__).parent
    try:
        _git(home, "ls-files", "--error-unmatch", Path(__file__).name)  # installed into somebody else's repository?
        found = _git(home, "rev-parse", "HEAD")
        return found + "+" * bool(_git(home, "status", "--porcelain", "--untracked-files=no", "--", ".."))
    except (OSError, subprocess.SubprocessError):
        return None


def _git(home: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=home, capture_output=True, text=True, check=True, timeout=30)
    return done.stdout.strip()


def _learned_films(fitted: Fitted, films: Films, also: Films) -> pd.DataFrame:
    return pd.concat([films.table.iloc[fitted.learned], also.table.iloc[also.in_splits("train")]])


def _also_learned(targets: np.ndarray) -> str | None:
    """Name the facts about patients in which films differ, of (films, 3) `targets`; None where there is none."""
    learned = [name for name, told in zip(PATIENT_FACTS, targets.T, strict=True) if pd.Series(told).nunique() > 1]
    return f"{', '.join(learned)}; these outputs were cut off after training." if learned else None


def _epochs(fitted: Fitted, recipe: Recipe) -> int:
    """Give how many epochs the weights have seen that were kept."""
    rows = [row for row in fitted.rows if row.network == "model"]
    return best_epoch(validation_losses(rows)) + 1 if recipe.patience else len(rows)


def _imbalance(fitted: Fitted, recipe: Recipe) -> dict[str, Any]:
    how = fitted.balance
    facts: dict[str, Any] = {"strategy": recipe.imbalance, "meaning": STRATEGIES[recipe.imbalance]}
    if how.gamma:
        facts["gamma"] = how.gamma
    weights = {"positives": how.positives, "negatives": how.negatives}
    facts |= {name: _by_output(fitted, values) for name, values in weights.items() if not np.all(values == 1)}
    if np.any(how.shift):
        facts["shift"] = _by_output(fitted, how.shift)
    return facts


def _calibration(fitted: Fitted) -> dict[str, Any]:
    if not len(fitted.held_out):
        return {"method": "none", "films": 0}
    return {
        "method": "One slope for all outputs and an intercept for each, built into the last layer.",
        "slope": round(fitted.calibration.slope, 4),
        "intercepts": _by_output(fitted, fitted.calibration.intercepts),
        "films": len(fitted.held_out),
    }


def _by_output(fitted: Fitted, values: np.ndarray) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in zip(fitted.problem.outputs, values, strict=True)}


def _data_facts(dataset: Dataset) -> dict[str, Any]:
    keys = ("name", "source", "licence", "citation", "files", "split_seed", "policy")
    return {key: getattr(dataset.facts, key) for key in keys}
