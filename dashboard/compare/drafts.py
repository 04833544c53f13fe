"""Cards in the making: what a model without a card answers under one that somebody is writing."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dashboard.server.bounded import Bounded
from dashboard.server.library import Library
from dashboard.server.roles import Action, only
from dashboard.server.services import keep_keras_state
from xai.built_in import BUILT_IN_MODELS
from xai.cards.model_card import ModelCard, ModelCardError, card_path, write_card
from xai.films.film import Film
from xai.models.recipes import AS_THE_CARD_SAYS, Recipe, under_recipes

if TYPE_CHECKING:
    from xai.models.classifier import Classifier

ANSWER_BYTES = 2**20
CERTAIN = 0.001  # in probability: nearer to 0 or 1, and closer to another film's, than this is no answer to a film


class Drafts:
    """Starter cards, and the answers of the model that is being described; one model at a time is in memory.

    Parameters
    ----------
    library : Library
    """

    def __init__(self, library: Library) -> None:
        self.library = library
        self._lock = threading.Lock()
        self._starters: dict[str, ModelCard] = {}
        self._head: tuple[object, ...] | None = None
        self._classifier: Classifier | None = None
        self._answers: Bounded[np.ndarray] = Bounded(ANSWER_BYTES, lambda answers: answers.nbytes)

    def starter(self, path: Path) -> ModelCard:
        """Write down what a model file tells, read once; slow the first time. Raises as `starter_card` does."""
        from xai.models.card_check import starter_card

        keep_keras_state()
        with self._lock:
            key = _key(path)
            if key not in self._starters:
                self._starters = {key: starter_card(path)}
            return self._starters[key]

    def answers(self, path: Path, card: ModelCard, films: Sequence[Film]) -> np.ndarray:
        """Give the probabilities (films, outputs) of a model under a card.

        Raises
        ------
        ModelError, ModelCardError
            If the model cannot be loaded or the card does not fit it.
        """
        name = " ".join([_key(path), card.fingerprint, *(film.sha256 for film in films)])
        with self._lock:
            found = self._answers.get(name)
            if found is None:
                classifier = self._loaded(path, card)
                recipe = Recipe("", AS_THE_CARD_SAYS, card.input)
                found = np.concatenate([under_recipes(classifier, film, [recipe]) for film in films])
                self._answers.put(name, found)
            return found

    def _loaded(self, path: Path, card: ModelCard) -> Classifier:
        """Give the model, ready for any preparation of films with this head and shape."""
        from xai.models.classifier import Classifier
        from xai.models.loading import load_model

        keep_keras_state()
        head = (_key(path), card.link, card.emits, len(card.outputs), card.input.shape, card.input.channels)
        if self._classifier is None or self._head != head:
            self._classifier = None  # its memory first
            self._classifier = Classifier(load_model(path), card, _key(path), "tensorflow")
            self._head = head
        return self._classifier


def may_be_written(library: Library, path: Path) -> bool:
    """Whether a card may be put beside a model: its folder is the library's own, and open to the server."""
    folder = path.parent.resolve()
    is_own = folder == (library.root / "models").resolve() and folder != BUILT_IN_MODELS.resolve()
    return is_own and os.access(folder, os.W_OK)


@only(Action.CHANGE_CARDS)
def save_card(card: ModelCard, path: Path) -> None:
    """Put a card beside a model, whole or not at all; raises `ModelCardError` where one lies there already."""
    place = card_path(path)
    if place.exists():
        raise ModelCardError(f"{place.name} is there already: somebody else wrote it meanwhile.")
    write_card(card, place)


def doubts(answers: np.ndarray) -> list[str]:
    """Say what speaks against a card, from the probabilities (films, outputs) that a model gives under it."""
    if not np.isfinite(answers).all():
        return ["The model answers with a number that is not finite: its films were scaled in another way."]
    found = []
    if len(answers) > 1 and np.ptp(answers, axis=0).max() < CERTAIN:
        found.append(
            f"All {len(answers)} films get the same answers: either the scaling of the shades is not the one that it "
            "was trained with, or the model does not react to films."
        )
    elif answers.shape[1] > 1 and np.ptp(answers, axis=1).max() < CERTAIN:
        found.append("All outputs give the same answer, whatever the film.")
    if (np.minimum(answers, 1 - answers) < CERTAIN).all():
        found.append(
            "Every answer is certain, 0\u00a0% or 100\u00a0%: head or scaling of the shades are probably wrong."
        )
    return found


def _key(path: Path) -> str:
    facts = path.stat()
    return f"{path} {facts.st_mtime_ns} {facts.st_size}"
