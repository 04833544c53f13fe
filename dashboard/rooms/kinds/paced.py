"""Films that each participant goes through at the own pace: what a contest and an experiment have in common."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from dashboard.rooms.kinds.kind import Kind, Settings, short_text

MOST_FILMS = 60
_PART = re.compile("[0-9a-f]{40}")


class Paced(Kind):
    """A row of films with a question each. What is kept of a participant is the list of answers so far."""

    @abstractmethod
    def films(self, settings: Settings, participant: str) -> list[dict[str, Any]]:
        """Give what a participant is shown, in order: plain values that tell no answer which is not to be seen."""

    @abstractmethod
    def taken(self, settings: Settings, participant: str, number: int, answer: Any) -> Any:
        """Check an answer to a film; raises ValueError for what is none."""

    def take(self, settings: Settings, said: Any, before: Any, participant: str) -> list[Any]:
        """Take ``{"number": 3, "answer": …}`` for the film whose turn it is: no film is answered twice."""
        done: list[Any] = before or []
        if not isinstance(said, dict) or said.get("number") != len(done) or isinstance(said.get("number"), bool):
            raise ValueError("This film was answered already.")
        if len(done) == len(self.films(settings, participant)):
            raise ValueError("All films are answered.")
        return [*done, self.taken(settings, participant, len(done), said.get("answer"))]

    def told(self, settings: Settings) -> dict[str, Any]:
        """Tell nobody of the films to come, nor of the truth."""
        return {}

    def yours(self, settings: Settings, answer: Any, participant: str) -> dict[str, Any]:
        """Give the film whose turn it is; behind the last, its number alone."""
        films, number = self.films(settings, participant), len(answer or [])
        return {"number": number, "of": len(films), **(films[number] if number < len(films) else {})}

    def under_way(self, settings: Settings, answers: Mapping[str, list[Any]]) -> int:
        """Count who has begun and is not at the last film."""
        return len(answers) - len(self.finished(settings, answers))

    def finished(self, settings: Settings, answers: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
        """Give the answers of those who answered all films: who stops early may stop because it is hard."""
        return {who: said for who, said in answers.items() if len(said) == len(self.films(settings, who))}


def part_of(value: Any) -> str:
    """Check the name of a picture of this server."""
    if not isinstance(value, str) or not _PART.fullmatch(value):
        raise ValueError("Expected the name of a picture of this server.")
    return value


def film_list(value: Any, least: int = 1) -> list[dict[str, Any]]:
    """Check that there are films, each an object."""
    if not isinstance(value, list) or not least <= len(value) <= MOST_FILMS:
        raise ValueError(f"Expected {least} to {MOST_FILMS} films.")
    if not all(isinstance(one, dict) for one in value):
        raise ValueError("Expected an object for each film.")
    return value


def label(value: Any) -> str:
    """Check a word that is shown."""
    return short_text(value, "a title", 80)


def share(value: Any) -> float:
    """Check a number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("Expected a number from 0 to 1.")
    return float(value)
