"""Three films and three questions for who comes for the first time; no question gives its answer."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.compare.state import LINK, State
from dashboard.components.payload import Payload, question_payload
from xai.explainers import EXPLAINERS

FILMS = "simulated"  # the dataset that the films are of; it comes with the app
_NO_TRUTH = {"truth": False}


@dataclass(frozen=True)
class Question:
    """A question, and what of the page to look at with it."""

    title: str
    words: str
    state: State


QUESTIONS = (
    Question(
        "Look first",
        "Is there an effusion, fluid around a lung, and on which side? Decide; then press o. "
        "Do the maps point where you looked?",
        State(film=f"{FILMS}/s00018", finding="Effusion", display={"overlay": False, **_NO_TRUTH}),
    ),
    Question(
        "Which map would you believe?",
        "Some of these know nothing of the film. Pick one that you would trust; then press t for the truth.",
        State(film=f"{FILMS}/s00004", finding="Nodule", methods=tuple(EXPLAINERS), display=_NO_TRUTH),
    ),
    Question(
        "What does the answer hang on?",
        "Guess what the model says of a mass once something else is taken off this film; then try it in Twin.",
        State(film=f"{FILMS}/s00000", finding="Mass", display=_NO_TRUTH),
    ),
)


def questions_part() -> list[Payload]:
    """Give the questions, each with the query of the address that shows its film."""
    return [question_payload(one.title, one.words, LINK.write(one.state)) for one in QUESTIONS]
