"""Where the figures of a report come from: files by their hashes, versions, and the command that gives them again."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from dashboard.roc.scene import Scene
from dashboard.server.judging import Source, named_rule
from dashboard.server.parts import code_version
from training.datasets import table as dataset_folder
from training.evaluate.thresholds import RULES
from training.predictions import table as predictions_folder
from xai.models.loading import file_sha256

PACKAGES = ("numpy", "scipy", "pandas", "scikit-learn", "pyarrow", "streamlit")


def origin(scene: Scene, rule: str, target: float | None) -> dict[str, str]:
    """Say where everything in a report comes from, in the order in which it is shown; nothing is left to guess.

    Parameters
    ----------
    scene : Scene
    rule, target
        How thresholds were chosen; an empty rule stands for one that was set by hand.
    """
    home, here = scene.home, scene.judged
    told = {"Predictions": home.predictions, "Model": here.model, "Dataset": here.dataset, "Films judged": home.split}
    told |= _files(home)
    told["Thresholds"] = _thresholds(scene, rule, target)
    told["Command for the table of all findings"] = command(home, rule, target)
    told["Lightbox"] = f"{_version('lightbox')}, code {code_version()}"
    told["Python"] = platform.python_version()
    told["Packages"] = ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    return told


def command(home: Source, rule: str, target: float | None) -> str:
    """Give the command line that writes the same figures as ``metrics.csv``."""
    words = ["python -m training evaluate", f"LIBRARY/predictions/{home.predictions}", "--out OUT"]
    words.append(f"--split {home.split}")  # without it the command takes what it thinks says most
    words.append(f"--thresholds {rule or 'card'}")
    asks = RULES[rule].target if rule in RULES else None
    if asks is not None:
        words.append(f"--target {asks if target is None else target:g}")
    return " ".join(words)


def _thresholds(scene: Scene, rule: str, target: float | None) -> str:
    if not rule:
        by_hand = f"Of {scene.finding} {scene.threshold.value:.6g}, set by hand, which the command does not know; "
        return f"{by_hand}of the others the model card's, or 0.5."
    chosen = named_rule(scene.judged, rule)
    asks = chosen.target if target is None else target
    return f"{chosen.name}{f' {asks:g}' if chosen.target is not None else ''}: {chosen.meaning}"


def _files(home: Source) -> dict[str, str]:
    if not home.folders:
        return {}
    predictions, dataset = home.folders
    facts, films = _json(predictions / predictions_folder.FACTS_FILE), _json(dataset / dataset_folder.FACTS_FILE)
    told = {
        "Model file, sha256": facts.get("model_sha256") or "not known",
        "Model card, fingerprint": facts.get("card_fingerprint") or "not known",
        "Predictions made by": str(facts.get("source") or "not known"),
        f"{predictions_folder.TABLE_FILE}, sha256": file_sha256(predictions / predictions_folder.TABLE_FILE),
        f"{dataset_folder.TABLE_FILE} of the dataset, sha256": file_sha256(dataset / dataset_folder.TABLE_FILE),
    }
    told |= {f"Label file {name}, sha256": str(digest) for name, digest in (films.get("files") or {}).items()}
    notes = {key: value for key, value in (facts.get("notes") or {}).items() if isinstance(value, str | int | float)}
    told |= {f"Predictions, {key.replace('_', ' ')}": str(value) for key, value in notes.items()}
    told |= {f"Dataset, {key}": str(value) for key, value in (films.get("policy") or {}).items()}
    told |= {f"Dataset, {key}": str(films[key]) for key in ("split_seed", "source", "licence") if films.get(key)}
    return told


def _json(path: Path) -> Mapping[str, Any]:
    content = json.loads(path.read_text(encoding="utf-8"))
    return content if isinstance(content, dict) else {}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "from a checkout" if package == "lightbox" else "absent"
