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
from typing import Any

from dashboard.rooms.bells import FULL, Bells, RoomError, Side
from dashboard.rooms.codes import digest_of
from dashboard.rooms.kinds import KINDS
from dashboard.rooms.step import Question, Step

MOST_ANSWERS = 1_000  # participants whose answers to one question are kept
MOST_KNOWN = 5_000  # followers that are known again
MOST_PAST = 100  # questions whose counts are kept
LOCKED = "The teacher lets nobody new in just now."
GONE_ON = "The teacher has gone on to another question."


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
    asked : int
        How often something was asked: by that an answer says which question it is to.
    is_locked : bool
        Whether nobody new is let in; a restart, which forgets who was there, opens it.
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
    asked: int = 0
    is_open: bool = True
    is_locked: bool = False

    def __post_init__(self) -> None:
        self._answers: dict[str, Any] = {}
        self._past: list[Past] = []
        self._bells = Bells()
        self._versions: Counter[Side] = Counter()
        self._shared: tuple[int, dict[str, Any], str] | None = None
        self._known: dict[str, None] = {}
        self._lock = threading.RLock()

    # Who holds it, and who is there

    def holds(self, key: str | None) -> bool:
        """Whether this is the key of its holder; takes as long for any."""
        return key is not None and hmac.compare_digest(digest_of(key), self.key_digest)

    @property
    def invitation(self) -> str:
        """What the link and its picture hold beside the code, too long to be guessed: 64 bits."""
        return self.digest("invitation")[:16]

    def invites(self, shown: str) -> bool:
        """Whether this is the room's invitation; takes as long for any."""
        return hmac.compare_digest(shown.encode(), self.invitation.encode())

    @property
    def deal(self) -> str:
        """By what letters are dealt to maps without names: another for each step and question."""
        return self.digest(f"letters {self.number} {self.asked}")

    def digest(self, text: str) -> str:
        """Give something that only this room makes of a text."""
        return hmac.new(self.salt.encode(), text.encode(), hashlib.sha256).hexdigest()

    def participant(self, visitor: str) -> str:
        """Name a visitor in this room: nobody can tell the visitor from it, nor the same one in another room."""
        return self.digest(f"participant {visitor}")[:16]

    def knows(self, participant: str) -> bool:
        """Whether somebody has followed before: who knew the code then need not prove it again."""
        with self._lock:
            return participant in self._known or participant in self._bells.followers

    @property
    def here(self) -> int:
        """How many follow: each participant once, however many pages they have open."""
        return len(self._bells.followers)

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
            self.question, self.asked = replace(question, is_revealed=False), self.asked + 1
            if self.step.is_blind:  # letters are dealt anew for each question; until then none are seen
                self.number += 1
                self.view = {"number": self.number, "panels": []}
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

    def lock(self, is_locked: bool) -> None:
        """Let nobody new in, or again whoever comes; who was there stays."""
        with self._lock:
            self._be_open()
            self.is_locked = is_locked
            self._changed("holder")

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

    def answer(self, participant: str, said: Any, number: int | None = None) -> None:
        """Take an answer; ValueError with what was expected, RoomError where it comes too late.

        Parameters
        ----------
        participant : str
        said : object
        number : int, optional
            Of the question that it is an answer to; whatever is asked now by default.
        """
        with self._lock:
            self._be_open()
            if self.question is not None and number not in (None, self.asked):
                raise RoomError(GONE_ON)
            if self.question is None or self.question.is_revealed:
                raise RoomError("Answers are not taken any more.")
            if participant not in self._answers:
                self._make_place(participant)
            kind, before = KINDS[self.question.kind], self._answers.get(participant)
            self._answers[participant] = kind.take(self.question.settings, said, before, participant)
            self._changed("holder")

    def _make_place(self, participant: str) -> None:
        """Have room for one more answer: who listens is never shut out by answers of those who do not."""
        if len(self._answers) < MOST_ANSWERS:
            return
        here = self._bells.followers
        if participant not in here or here >= self._answers.keys():
            raise RoomError(FULL)
        del self._answers[next(who for who in self._answers if who not in here)]

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
                    "step": {**self._told_step(), "number": self.number},
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
                "step": {**self.step.to_json(), "number": self.number},
                "version": self._versions["holder"],
                "view": self.holder_view,
                "code": self.code,
                "locked": self.is_locked,
                "here": self.here,
                "answered": len(self._answers),
                "counts": self.counts() if self.question is not None and self.question.is_revealed else None,
                "asked": len(self.past()),
            }

    # Who listens

    @contextlib.contextmanager
    def listening(self, side: Side, who: str = "") -> Iterator[asyncio.Event]:
        """Give a bell that rings when there is something new; RoomError where too many listen."""
        if side == "followers" and self.is_locked and not self.knows(who):
            raise RoomError(LOCKED)
        bell = self._bells.hang(side, who)
        with self._lock:
            if side == "followers":
                self._note(who)
            self._changed("holder")
        try:
            yield bell
        finally:
            self._bells.take_down(bell)
            with self._lock:
                self._changed("holder")

    def _note(self, participant: str) -> None:
        """Know somebody again; whoever came first is forgotten first."""
        self._known[participant] = None
        if len(self._known) > MOST_KNOWN:
            del self._known[next(iter(self._known))]

    def listens(self, bell: asyncio.Event) -> bool:
        """Whether this is still a bell to listen to."""
        return bell in self._bells

    def send_away(self) -> None:
        """Have nobody listen any more: the server ends."""
        self._bells.take_all_down()

    def _told_step(self) -> dict[str, Any]:
        """Give what followers are told of the step: a link has the names of methods, which letters stand for."""
        is_over = self.question is not None and self.question.is_revealed
        hidden = {"link": None, "revealed": None} if self.step.is_blind and not is_over else {}
        return {**self.step.to_json(), **hidden}

    def _told_question(self) -> dict[str, Any] | None:
        if self.question is None:
            return None
        told = KINDS[self.question.kind].told(self.question.settings)
        return {**self.question.to_json(), "settings": told, "number": self.asked}

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
        self._bells.ring(sides)
