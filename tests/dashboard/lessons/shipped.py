"""The lessons that come with the app, and the tables behind their claims, read by other code than fills them in."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path

import pandas as pd

from dashboard.lessons.lesson import Lesson
from dashboard.lessons.shelf import Lessons
from tests.conftest import REPOSITORY

ASSETS = REPOSITORY / "assets"
SHELF = Lessons(Path("/nowhere"))
NAMES = SHELF.built_in()
FIGURE = re.compile(r"{([^}]*)}")


@functools.cache
def lesson(name: str) -> Lesson:
    return SHELF.read(name)


def texts(one: Lesson) -> list[str]:
    """Everything that somebody reads or hears of a lesson."""
    found = [one.title, one.about]
    for step in one.steps:
        found += [step.title, step.text, step.notes]
        if step.question:
            found += [step.question.text, *step.question.choices, step.question.answer]
    return found


def figures() -> list[str]:
    """The figures that the shipped texts name, each once."""
    return sorted({found for name in NAMES for text in texts(lesson(name)) for found in FIGURE.findall(text)})


@functools.cache
def table(name: str) -> pd.DataFrame:
    return pd.read_csv(ASSETS / "leagues" / name)


@functools.cache
def films() -> pd.DataFrame:
    return pd.read_parquet(ASSETS / "datasets" / "simulated-2000" / "films.parquet").set_index("film")


@functools.cache
def answers(model: str) -> pd.DataFrame:
    folder = ASSETS / "predictions" / f"{model}-on-simulated-2000"
    return pd.read_parquet(folder / "predictions.parquet").set_index("film")


@functools.cache
def card(model: str) -> dict:
    return json.loads((ASSETS / "models" / f"{model}.json").read_text("utf-8"))


def threshold(model: str, finding: str) -> float:
    return card(model)["thresholds"][finding]["value"]
