"""One room: what it looks at, who follows, what was answered. Knows no web page and no Streamlit."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import secrets
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from dashboard.rooms.kinds import KINDS
from dashboard.rooms.step import Question, Step

LETTERS = "BCDFGHJKMNPQRSTVWXYZ"  # none that looks like another, or makes a word with its neighbours
CODE_LENGTH = 5
MOST_PEOPLE = 600  # who listen at once
MOST_ANSWERS = 1_000  # participants whose answers to one question are kept
MOST_KNOWN = 5_000  # followers that are known again
MOST_PAST = 100  # questions whose counts are kept
FULL = "This room is full."

Side = Literal["holder", "followers"]


class RoomError(ValueError):
    """Something that cannot be done in this room now; the message is one sentence."""


def new_code() -> str:
    """Make up a code: 3.2 million of them."""
    return "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))


def is_code(text: object) -> bool:
    """Whether a text has the form of a code, in capital letters."""
    return isinstance(text, str) and len(text) == CODE_LENGTH and set(text) <= set(LETTERS)


def digest_of(key: str) -> str:
    """Give what is kept of a key: it opens nothing itself."""
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass(frozen=True)
class Past:
    """A question that is over, with its counts."""

    question: Question
    counts: Mapping[str, Any]


@dataclass(eq=False)
class Room:
    """A room.

    Attributes
    ----------
    code : str
        What followers enter.
    key_digest : str
        Sha256 of the holder's key.
    heard : float
        When its holder was last heard, by the registry's clock.
    salt : str
        By which followers get names that mean nothing elsewhere.
    step, question
        What it looks at, and what it is asked; None for no question.
    view : mapping
        What phones show of the step; empty until it is made.
    holder_view : mapping
        What the holder alone sees of it: all maps, the truth, the model's answer.
    number : int
        Of the step, rising.
    """

    code: str
    key_digest: str
    heard: float
    salt: str = field(default_factory=lambda: secrets.token_hex(16))
    step: Step = field(default_factory=Step)
    question: Question | None = None
    view: Mapping[str, Any] = field(default_factory=dict)
    holder_view: Mapping[str, Any] = field(default_factory=dict)
    number: int = 0
    is_open: bool = True

    def __post_init__(self) -> None:
        self._answers: dict[str, Any] = {}
        self._past: list[Past] = []
        self._bells: dict[asyncio.Event, tuple[asyncio.AbstractEventLoop, Side, str]] = {}
        self._versions: Counter[Side] = Counter()
        self._shared: tuple[int, dict[str, Any], str] | None = None
        self._known: dict[str, None] = {}
        self._lock = threading.RLock()

    # Who holds it, and who is there

    def holds(self, key: str | None) -> bool:
        """Whether this is the key of its holder; takes as long for any."""
        return key is not None and hmac.compare_digest(digest_of(key), self.key_digest)

    def participant(self, visitor: str) -> str:
        """Name a visitor in this room: nobody can tell the visitor from it, nor the same one in another room."""
        return hmac.new(self.salt.encode(), visitor.encode(), hashlib.sha256).hexdigest()[:16]

    def knows(self, participant: str) -> bool:
        """Whether somebody has followed before: who knew the code then need not prove it again."""
        return participant in self._known

    @property
    def here(self) -> int:
        """How many follow: each participant once, however many pages they have open."""
        with self._lock:
            return len({who for _, side, who in self._bells.values() if side == "followers"})

    # What its holder does

    def move(self, step: Step) -> None:
        """Have everybody look at a step; a question about another film is over then."""
        with self._lock:
            self._be_open()
            if step.place != self.step.place:
                self._end_question()
            if step != self.step:
                self.step, self.number = step, self.number + 1
            self._changed("followers", "holder")

    def ask(self, question: Question) -> None:
        """Ask everybody something, in the place of what was asked before."""
        with self._lock:
            self._be_open()
            self._end_question()
            self.question = replace(question, is_revealed=False)
            self._changed("followers", "holder")

    def reveal(self) -> None:
        """Show the answers on the holder's screen; none are taken any more."""
        with self._lock:
            self._be_open()
            if self.question is None:
                raise RoomError("Nothing is asked just now.")
            self.question = replace(self.question, is_revealed=True)
            self._changed("followers", "holder")

    def end_question(self) -> None:
        """Ask nothing any more; the counts stay for the table."""
        with self._lock:
            self._be_open()
            self._end_question()
            self._changed("followers", "holder")

    def close(self) -> None:
        """End the room for everybody; nothing of it stays."""
        with self._lock:
            self.is_open = False
            self._answers, self._past, self.question = {}, [], None
            self._changed("followers", "holder")

    def put_view(self, number: int, view: Mapping[str, Any], holder_view: Mapping[str, Any]) -> bool:
        """Have phones and the holder show a step that was made; False where the room is further by now."""
        with self._lock:
            if number != self.number or not self.is_open:
                return False
            self.view, self.holder_view = {**view, "number": number}, {**holder_view, "number": number}
            self._changed("followers", "holder")
            return True

    # What participants do

    def answer(self, participant: str, said: Any) -> None:
        """Take an answer; ValueError with what was expected, RoomError where nothing is asked."""
        with self._lock:
            self._be_open()
            if self.question is None or self.question.is_revealed:
                raise RoomError("Answers are not taken any more.")
            if participant not in self._answers and len(self._answers) >= MOST_ANSWERS:
                raise RoomError(FULL)
            kind, before = KINDS[self.question.kind], self._answers.get(participant)
            self._answers[participant] = kind.take(self.question.settings, said, before, participant)
            self._changed("holder")

    def yours(self, participant: str) -> Any:
        """Give what one participant alone is told: by most kinds of question the own answer."""
        with self._lock:
            if self.question is None:
                return None
            kind, answer = KINDS[self.question.kind], self._answers.get(participant)
            return kind.yours(self.question.settings, answer, participant)

    # What is told

    def counts(self) -> dict[str, Any] | None:
        """Count the answers to what is asked; None where nothing is."""
        with self._lock:
            if self.question is None:
                return None
            return KINDS[self.question.kind].count(self.question.settings, self._answers)

    def past(self) -> list[Past]:
        """Give all that was asked, with counts, what is asked now last."""
        with self._lock:
            now = [] if self.question is None else [Past(self.question, self.counts() or {})]
            return [*self._past, *now]

    def for_followers(self) -> dict[str, Any]:
        """Give what every follower is told; nothing of it is to be changed."""
        return self._told_all()[1]

    def text_for(self, participant: str) -> tuple[int, str]:
        """Give the version of what a follower is told, and that as JSON, with what is told to nobody else."""
        with self._lock:
            version, _, text = self._told_all()
            return version, f'{text[:-1]}, "yours": {json.dumps(self.yours(participant))}}}'

    def _told_all(self) -> tuple[int, dict[str, Any], str]:
        """Make what all followers are told once for all of them."""
        with self._lock:
            version = self._versions["followers"]
            if self._shared is None or self._shared[0] != version:
                told = {
                    "version": version,
                    "open": self.is_open,
                    "rests": not self.is_open,
                    "step": {**self.step.to_json(), "number": self.number},
                    "view": self.view,
                    "question": self._told_question(),
                }
                self._shared = version, told, json.dumps(told)
            return self._shared

    def for_holder(self) -> dict[str, Any]:
        """Give what the holder is told: how many follow, and the counts, which are shown once they are revealed."""
        with self._lock:
            return {
                **self.for_followers(),
                "version": self._versions["holder"],
                "view": self.holder_view,
                "code": self.code,
                "here": self.here,
                "answered": len(self._answers),
                "counts": self.counts() if self.question is not None and self.question.is_revealed else None,
                "asked": len(self.past()),
            }

    # Who listens

    @contextlib.contextmanager
    def listening(self, side: Side, who: str = "") -> Iterator[asyncio.Event]:
        """Give a bell that rings when there is something new; RoomError where too many listen."""
        bell, loop = asyncio.Event(), asyncio.get_running_loop()
        with self._lock:
            if len(self._bells) >= MOST_PEOPLE:
                raise RoomError(FULL)
            self._bells[bell] = loop, side, who
            if side == "followers" and len(self._known) < MOST_KNOWN:
                self._known[who] = None
            self._changed("holder")
        try:
            yield bell
        finally:
            with self._lock:
                self._bells.pop(bell, None)
                self._changed("holder")

    def listens(self, bell: asyncio.Event) -> bool:
        """Whether this is still a bell to listen to."""
        return bell in self._bells

    def send_away(self) -> None:
        """Have nobody listen any more: the server ends."""
        with self._lock:
            bells, self._bells = self._bells, {}
        for bell, (loop, _, _) in bells.items():
            _wake(bell, loop)

    def _told_question(self) -> dict[str, Any] | None:
        if self.question is None:
            return None
        told = KINDS[self.question.kind].told(self.question.settings)
        return {**self.question.to_json(), "settings": told, "number": len(self._past)}

    def _be_open(self) -> None:
        if not self.is_open:
            raise RoomError("This room is closed.")

    def _end_question(self) -> None:
        if self.question is not None:
            self._past = [*self._past, Past(self.question, self.counts() or {})][-MOST_PAST:]
        self.question, self._answers = None, {}

    def _changed(self, *sides: Side) -> None:
        for side in sides:
            self._versions[side] += 1
        for bell, (loop, side, _) in self._bells.items():
            if side in sides:
                _wake(bell, loop)


def _wake(bell: asyncio.Event, loop: asyncio.AbstractEventLoop) -> None:
    with contextlib.suppress(RuntimeError):  # the server is going down
        loop.call_soon_threadsafe(bell.set)
