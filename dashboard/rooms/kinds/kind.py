"""What every kind of question has: how it is asked, how an answer is taken, and how answers are counted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

Settings = Mapping[str, Any]
MOST_WORDS = 400  # characters of any text of a question


class Kind(ABC):
    """A kind of question; an instance holds nothing.

    Settings, answers and counts are plain JSON values: they go to browsers as they are.
    """

    name: ClassVar[str]

    @abstractmethod
    def checked(self, settings: Settings) -> dict[str, Any]:
        """Check how a question is asked, from a browser or a file; raises ValueError with what was expected."""

    @abstractmethod
    def take(self, settings: Settings, said: Any, before: Any, participant: str) -> Any:
        """Take what a participant says.

        Parameters
        ----------
        settings : mapping
            As `checked` gave them.
        said : object
            What came from the browser: anything that JSON can hold.
        before : object
            What this gave for the same participant the last time; None at first.
        participant : str
            A random name, of no other meaning.

        Returns
        -------
        object
            What is kept of this participant, never None.

        Raises
        ------
        ValueError
            For what is no answer.
        """

    @abstractmethod
    def count(self, settings: Settings, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Count the answers, by participant, into what the teacher's screen shows: none can be told from it."""

    @abstractmethod
    def rows(self, settings: Settings, counts: Mapping[str, Any]) -> Sequence[tuple[str, int]]:
        """Give what `count` gave as lines of a table: what was answered, and how often."""

    def under_way(self, settings: Settings, answers: Mapping[str, Any]) -> int | None:
        """Count who has begun and is not at the end; None of a question that one answer ends."""
        return None

    def told(self, settings: Settings) -> dict[str, Any]:
        """Give what every participant's browser is told of the settings; by default all of them."""
        return dict(settings)

    def yours(self, settings: Settings, answer: Any, participant: str) -> Any:
        """Give what one participant's browser alone is told; by default the answer so far, None without one."""
        return answer


def short_text(value: Any, what: str, most: int = MOST_WORDS) -> str:
    """Check a text of a question; raises ValueError."""
    shown = value.translate({ord("\n"): "", ord("\u00a0"): ""}) if isinstance(value, str) else ""
    if not isinstance(value, str) or not 1 <= len(value.strip()) <= most or not shown.isprintable():
        raise ValueError(f"Expected {what} of 1 to {most} characters that can be shown.")
    return value.strip()


def only(settings: Settings, names: Sequence[str]) -> None:
    """Raise ValueError for a setting that a kind does not have."""
    if unknown := set(settings) - set(names):
        raise ValueError(f"A question of this kind has no setting {min(map(str, unknown))[:40]!r}.")
