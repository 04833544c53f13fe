"""A library of models in every state, for tests of the Models page: none of them is ever loaded."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from xai.findings import FINDINGS

HOSTILE = "<img src=x onerror=alert(1)> **b** :red[c]"


def archive() -> bytes:
    """An archive that is no model, but looks like one from outside."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("config.json", "{}")
    return stream.getvalue()


def evaluation(area: float, films: int = 200, ece: float = 0.04, **findings: dict[str, float]) -> dict[str, Any]:
    """Figures of every finding, each a little better than the one before; ``findings`` replaces some."""
    each = {}
    for k, name in enumerate(FINDINGS):
        value = round(area + k / 100, 4)
        each[name] = {
            "positives": 20 + k,
            "negatives": films - 20 - k,
            "auroc": value,
            "auroc_low": round(value - 0.08, 4),
            "auroc_high": round(value + 0.06, 4),
            "ece": ece,
            "sensitivity": 0.7,
            "specificity": 0.75,
            **findings.get(name, {}),
        }
    mean = {"mean_auroc": area, "mean_auroc_low": area - 0.03, "mean_auroc_high": area + 0.03, "mean_ece": ece}
    return {"films": films, "patients": films - 10, **mean, "findings": each}


def card(name: str, **changes: Any) -> dict[str, Any]:
    """A full card; entries replace its own."""
    return {
        "name": name,
        "summary": "A model for this test, trained on little.",
        "outputs": list(FINDINGS),
        "head": {"link": "sigmoid", "emits": "logits"},
        "input": {"size": 64, "channels": 1},
        "thresholds": {finding: {"value": 0.1, "rule": "As many missed as flagged."} for finding in FINDINGS},
        "prevalence": dict.fromkeys(FINDINGS, 0.05),
        "performance": {
            "splits": {"train": {"films": 800, "patients": 600}, "test": {"films": 200, "patients": 190}},
            "test": evaluation(0.75),
            "cautions": ["Hernia: learned from 4 films."],
        },
        "provenance": {
            "data": {"name": "ward", "source": "made by this test", "licence": "none", "citation": "nobody, 2024"},
            "command": "python -m training fit ward --out mine.keras",
            "recipe": {"architecture": "small", "epochs": 3},
            "seed": 7,
            "parameters": 12345,
        },
        **changes,
    }


def put(root: Path, name: str, content: dict[str, Any] | str | None, file: bytes | None = None) -> Path:
    """Put a model and its card into a library; no card where there is no content."""
    folder = root / "models"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.keras"
    path.write_bytes(archive() if file is None else file)
    if content is not None:
        text = content if isinstance(content, str) else json.dumps(content)
        path.with_suffix(".json").write_text(text, encoding="utf-8")
    return path
