"""Where lies what comes with the app, such as its models and lessons: in a checkout or an installed package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

ASSETS = Path(str(files("assets")))
BUILT_IN_MODELS = ASSETS / "models"
BUILT_IN_DATASETS = ASSETS / "datasets"
BUILT_IN_PREDICTIONS = ASSETS / "predictions"
BUILT_IN_LEAGUES = ASSETS / "leagues"
BUILT_IN_LESSONS = ASSETS / "lessons"
