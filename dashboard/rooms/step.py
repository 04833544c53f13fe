"""What a room looks at: a step, and what it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from dashboard.rooms.kinds import KINDS
from dashboard.rooms.kinds.kind import short_text

LONGEST_LINK = 4_000  # characters
MOST_REVEALED = 40
LONGEST_NAME = 60  # characters of what is revealed
LONGEST_TEXT = 4_000


@dataclass(frozen=True)
class Step:
    """What everybody in the room sees.

    Attributes
    ----------
    link : str
        A place in the app, from its first page: ``?film=simulated/s00000&finding=Effusion``, or ``films?dataset=…``.
    revealed : tuple of str or None
        What Present has revealed of it: ``film``, ``question``, ``answer``, names of methods, ``truth``, ``twin``.
        None for whatever the link itself shows.
    text : str
        Words beside it, plain.
    """

    link: str = ""
    revealed: tuple[str, ...] | None = None
    text: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.link, str) or not is_link(self.link):
            raise ValueError("Expected a link to a page of this app.")
        names = self.revealed or ()
        if len(names) > MOST_REVEALED or not all(
            isinstance(one, str) and 0 < len(one) <= LONGEST_NAME for one in names
        ):
            raise ValueError("Expected names of what is revealed.")
        if not isinstance(self.text, str) or len(self.text) > LONGEST_TEXT:
            raise ValueError(f"Expected a text of at most {LONGEST_TEXT:,} characters.")

    @property
    def page(self) -> str:
        """The page it is on: empty for the first one."""
        return self.link.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """What the link says."""
        found = parse_qs(self.link.partition("?")[2], keep_blank_values=True, max_num_fields=200)
        return {name: values[0] for name, values in found.items()}

    @property
    def place(self) -> tuple[str, str]:
        """The page and the film: a question about one is not about another."""
        return self.page, self.query.get("film", "")

    @property
    def is_blind(self) -> bool:
        """Whether its maps have letters in the place of names."""
        return not self.page and self.query.get("blind", "off") != "off"

    def shows(self, name: str) -> bool:
        """Whether something has been revealed."""
        return self.revealed is None or name in self.revealed

    def to_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {
            "link": self.link,
            "revealed": None if self.revealed is None else list(self.revealed),
            "text": self.text,
        }

    @classmethod
    def of(cls, content: Any) -> Step:
        """Read what `to_json` gave, or a browser said; raises ValueError for anything else."""
        if not isinstance(content, Mapping):
            raise ValueError("Expected a step.")
        revealed = content.get("revealed")
        if revealed is not None and not isinstance(revealed, list):
            raise ValueError("Expected names of what is revealed.")
        return cls(content.get("link", ""), None if revealed is None else tuple(revealed), content.get("text", ""))


@dataclass(frozen=True)
class Question:
    """What a room is asked.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    text : str
    settings : mapping
        Of the kind, as it checks them.
    is_revealed : bool
        Whether the answers are shown: none are taken any more.
    """

    kind: str
    text: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    is_revealed: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str) or self.kind not in KINDS:
            raise ValueError(f"Expected a kind of question, one of {', '.join(KINDS)}.")
        if not isinstance(self.settings, Mapping):
            raise ValueError("Expected the settings of a question.")
        object.__setattr__(self, "text", short_text(self.text, "a question"))
        object.__setattr__(self, "settings", KINDS[self.kind].checked(self.settings))

    def to_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {
            "kind": self.kind,
            "text": self.text,
            "settings": dict(self.settings),
            "is_revealed": self.is_revealed,
        }

    @classmethod
    def of(cls, content: Any) -> Question:
        """Read what `to_json` gave, or a browser said; raises ValueError for anything else."""
        if not isinstance(content, Mapping):
            raise ValueError("Expected a question.")
        is_revealed = content.get("is_revealed") is True
        return cls(content.get("kind", ""), content.get("text", ""), content.get("settings", {}), is_revealed)


def is_link(link: str) -> bool:
    """Whether a text leads to a place of this app, whatever address it is served at, and to nothing else."""
    page, _, query = link.partition("?")
    is_short = len(link) <= LONGEST_LINK and link.isascii() and link.isprintable() and query.count("&") < 200
    return is_short and (not page or page.isalpha()) and "#" not in link and " " not in link
