"""Films that a visitor brought, as a dataset of this visitor: in memory only, labels unknown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dashboard.films.catalogue import Answers, Catalogue, read_films
from dashboard.server.library import OWN
from dashboard.server.store import content_key
from training.datasets.table import COLUMNS, complete
from xai.budget import Budget, Cancelled
from xai.cards.model_card import ModelCard

if TYPE_CHECKING:
    from dashboard.server.services import Services

BATCH = 8


def own_catalogue(
    films: Sequence[tuple[str, str, str | None]], answered: Sequence[np.ndarray | None], card: ModelCard | None
) -> Catalogue:
    """Make a catalogue of uploads.

    Parameters
    ----------
    films : sequence of (sha256, title, view or None)
    answered : sequence of array (outputs,) or None
        Logits of each film; None where the model was not asked yet.
    card : ModelCard or None
        Of the model that was asked.
    """
    rows = [dict.fromkeys(COLUMNS) | {"film": sha256, "patient": "", "view": view} for sha256, _, view in films]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"age": np.float32})
    # Their pictures are at hand, if not on disk: nothing of an upload ever is.
    table = complete(table.assign(on_disk=True, dataset=OWN), OWN)
    known = read_films(OWN, table, titles=[title for _, title, _ in films])
    key = content_key(OWN, [sha256 for sha256, _, _ in films], [one is not None for one in answered])
    if card is None:
        return Catalogue(key, known)
    values = np.full((len(card.outputs), len(films)), np.nan)
    for column, logits in enumerate(answered):
        if logits is not None:
            values[:, column] = card.probabilities(logits)
    thresholds = {name: card.threshold(name) for name in card.outputs}
    answers = Answers(card.name, card.name, tuple(card.outputs), values, thresholds)
    return Catalogue(f"{key} {card.fingerprint}", known, answers)


def predict_films(services: Services, model: str, wanted: Sequence[str], budget: Budget) -> None:
    """Let a model answer films that were uploaded; what it says is kept in memory.

    Parameters
    ----------
    services : Services
    model : str
    wanted : sequence of str
        Content hashes; films that were put away meanwhile are left out.
    budget : Budget

    Raises
    ------
    Cancelled
        If nobody waits for the answers any more; those that are there stay.
    """
    classifier = services.classifier(model)
    for start in range(0, len(wanted), BATCH):
        if budget.cancelled():
            raise Cancelled
        films = [film for sha256 in wanted[start : start + BATCH] if (film := services.films.get(sha256)) is not None]
        if films:
            logits = classifier.logits(np.stack([classifier.prepare(film) for film in films]))
            for film, answer in zip(films, logits, strict=True):
                key = services.logits_key(film.sha256, model)
                services.note_upload(film.sha256, key)
                services.logits.put(key, answer)
        budget.progress(min(1.0, (start + BATCH) / len(wanted)))
