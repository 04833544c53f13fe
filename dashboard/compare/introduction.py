"""Three films and three questions for who comes for the first time; no question gives its answer."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.compare.state import LINK, State
from dashboard.components.payload import Payload, question_payload

FILMS = "simulated"  # the dataset that the films are of; it comes with the app
_NO_TRUTH = {"truth": False}
_MIXED = ("lime", "random", "gradcam", "centred", "shap")  # not as they stand elsewhere: their places would name them


@dataclass(frozen=True)
class Question:
    """A question, and what of the page to look at with it."""

    title: str
    words: str
    state: State


QUESTIONS = (
    Question(
        "Look first",
        "Is there an effusion, fluid around a lung, and on which side? Decide; then press o, or the button Overlay. "
        "Do the maps point where you looked?",
        State(film=f"{FILMS}/s00018", finding="Effusion", display={"overlay": False, **_NO_TRUTH}),
    ),
    Question(
        "Which map would you believe?",
        "Some of these maps know nothing of the film, and none says its name. Pick one that you would trust; then "
        "press t, or the button Truth: the names come with it.",
        State(film=f"{FILMS}/s00004", finding="Nodule", methods=_MIXED, blind=True, display=_NO_TRUTH),
    ),
    Question(
        "What does the answer hang on?",
        "Guess what the model says of a mass once something else is taken off this film; then press t, or the button "
        "Truth, which Twin waits for, and try it in Twin.",
        State(film=f"{FILMS}/s00000", finding="Mass", display=_NO_TRUTH),
    ),
)


def questions_part() -> list[Payload]:
    """Give the questions, each with the query of the address that shows its film."""
    return [question_payload(one.title, one.words, LINK.write(one.state)) for one in QUESTIONS]
