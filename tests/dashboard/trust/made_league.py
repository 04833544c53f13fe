"""A league folder of a test's own: three methods on four films, with numbers that are known."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from training.benchmark.league import BESIDE, COLUMNS
from training.benchmark.sanity import EDGES, GRADIENT
from training.benchmark.sanity_table import COLUMNS as SANITY
from training.benchmark.twins import COLUMNS as TWINS
from training.benchmark.twins import PROMISES
from xai.models.loading import file_sha256

FILMS = ("a", "b", "c", "d")
COUNT = 12  # films that the tables speak of: of four nothing would be said
VALUES = {"shap": 0.4, "gradcam": 0.6, "random": 0.1, "prior": 0.3}
LEADS = {"shap": (0.1, -0.05, 0.25, 0.3), "gradcam": (0.3, 0.1, 0.5, 0.0004), "random": (-0.2, -0.3, -0.1, 1.0)}
ENDS = {"gradcam": (0.1, 0.2), "lime": (0.6, 0.7), "shap": (0.1, 0.9), EDGES: (1.0, 1.0), GRADIENT: (0.5, 0.6)}


def put_sanity(root: Path, model: Path) -> None:
    """Write what the sanity check found of a model: Grad-CAM passes, LIME does not, SHAP may be either."""
    folder = root / "leagues" / f"sanity-{model.stem}"
    folder.mkdir(parents=True)
    rows = [
        (film, "Mass", method, layers, value if layers else 1.0, False)
        for method, values in ENDS.items()
        for film, value in zip("ab", values, strict=True)
        for layers in (0, 5)
    ]
    pd.DataFrame(rows, columns=list(SANITY)).to_csv(folder / "sanity.csv", index=False)
    claim = {"dataset": "generated", "model": file_sha256(model), "samples": 100}
    (folder / "sanity.json").write_text(json.dumps(claim), encoding="utf-8")


def put_league(root: Path, model: Path, name: str = "tiny-on-generated", *, scores: bool = True) -> Path:
    """Write a league of a model into a library: Grad-CAM is ahead of the usual place, SHAP level, noise behind."""
    folder = root / "leagues" / name
    folder.mkdir(parents=True)
    league = [
        (method, finding, measure, value + 0.05 * (finding == "Mass"), value - 0.1, value + 0.1, COUNT)
        for method, value in VALUES.items()
        for finding in ("all", "Mass", "Effusion")
        for measure in ("pointing", "auroc")
    ]
    beside = [
        (method, finding, "pointing", *lead, COUNT)
        for method, lead in LEADS.items()
        for finding in ("all", "Mass", "Effusion")
    ]
    twins = [
        (film, film, "Mass", method, 0.1 * place * value, float(place))
        for place, film in enumerate(FILMS)
        for method, value in VALUES.items()
    ]
    held = [
        (method, finding, "sum" if method == "shap" else "share", rank, rank - 0.1, rank + 0.1, *slope, 0.3, 1.5, 4)
        for method, rank in (("shap", 0.8), ("gradcam", 0.5), ("random", 0.1))
        for slope in [(2.0, 1.5, 2.5) if method == "shap" else (None, None, None)]
        for finding in ("all", "Mass")
    ]
    tables = {
        "league": pd.DataFrame(league, columns=list(COLUMNS)),
        "beside": pd.DataFrame(beside, columns=list(BESIDE)),
        "twins": pd.DataFrame(twins, columns=list(TWINS)),
        "promises": pd.DataFrame(held, columns=list(PROMISES)),
    }
    if scores:
        cases = [
            {"film": film, "patient": film, "finding": "Mass", "method": method, "pointing": place / 4, "auroc": 0.5}
            for place, film in enumerate(FILMS)
            for method in VALUES
        ]
        tables["scores"] = pd.DataFrame(cases)
    for table, content in tables.items():
        content.to_csv(folder / f"{table}.csv", index=False)
    claim = {"dataset": "generated", "model": file_sha256(model), "methods": ["shap"], "samples": None, "seed": 0}
    (folder / "benchmark.json").write_text(json.dumps(claim), encoding="utf-8")
    return folder
