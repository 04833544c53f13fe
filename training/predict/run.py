"""Run a classifier over the films of a dataset, safe to stop and continue."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from training.datasets.table import TABLE_FILE, Dataset
from training.predict.films import Batch, Reader, Source, choose, read_ahead, sources_of
from training.predict.shards import WHY, Shard, WorkFolder, is_finished, make_shards
from training.predictions.table import (
    Predictions,
    PredictionsError,
    PredictionsFacts,
    read_predictions,
    write_predictions,
)
from xai.budget import Budget, Cancelled
from xai.cards.model_card import ModelCard, card_to_dict
from xai.models.engine import BATCH_SIZE
from xai.models.loading import file_sha256

if TYPE_CHECKING:
    from xai.models.classifier import Classifier

Advance = Callable[[int], None]  # told how many more films are done; with 0, before a batch, may raise Cancelled
RunShards = Callable[[Reader, Sequence[Shard], Advance], Iterable[tuple[Shard, pd.DataFrame]]]


@dataclass(frozen=True, eq=False)
class Request:
    """What is to be predicted with what.

    Attributes
    ----------
    dataset : Dataset
    films : DataFrame
        The chosen rows of its table.
    model : str
        What people call the model.
    card : ModelCard
    model_sha256 : str
    engine : str
        What runs the batches.
    batch_size : int
        Films that are read and run together.
    """

    dataset: Dataset
    films: pd.DataFrame
    model: str
    card: ModelCard
    model_sha256: str
    engine: str
    batch_size: int = BATCH_SIZE

    def claim(self) -> dict[str, Any]:
        """Everything that changes a number, by content."""
        card = card_to_dict(self.card)
        del card["seen"]  # changes no answer
        return {
            "table": file_sha256(self.dataset.folder / TABLE_FILE),
            "films": _digest("\n".join(self.films["film"])),
            "model": self.model_sha256,
            "card": _digest(json.dumps(card, sort_keys=True)),
            "engine": self.engine,
            "batch_size": self.batch_size,
        }

    def facts(self, sources: Sequence[Source], left_out: dict[str, str]) -> PredictionsFacts:
        """What goes into ``predictions.json``."""
        card = card_to_dict(self.card)
        del card["mean_film"], card["seen"]
        return PredictionsFacts(
            name=f"{self.model}-on-{self.dataset.facts.name}",
            dataset=self.dataset.facts.name,
            dataset_folder=str(self.dataset.folder.resolve()),
            model=self.model,
            source="predict",
            outputs=self.card.outputs,
            thresholds=self.card.thresholds,
            card=card,
            model_sha256=self.model_sha256,
            card_fingerprint=_digest(self.card.fingerprint),
            left_out=left_out,
            notes={"not_on_disk": len(self.films) - len(sources), "claim": self.claim()},
        )


def predict_dataset(
    dataset: Dataset,
    classifier: Classifier,
    out: Path,
    *,
    model: str | None = None,
    split: str | None = None,
    films: Iterable[str] | None = None,
    batch_size: int = BATCH_SIZE,
    workers: int | None = None,
    budget: Budget | None = None,
) -> Predictions:
    """Predict the films of a dataset that are on disk or have a recipe.

    Stopped in whatever way and called again, it goes on where it stopped and ends with the same bytes.

    Parameters
    ----------
    dataset : Dataset
    classifier : Classifier
    out : Path
        Predictions folder to write.
    model : str, optional
        What people call the model; by default the name in its card.
    split, films : str, iterable of str, optional
        Only the films of this split, only these films.
    batch_size : int
        Films that are read and run together.
    workers : int, optional
        Threads that read films, or processes that render them; by default one a core.
    budget : Budget, optional
        Told the share of films that are done; asked before every batch whether to stop.

    Returns
    -------
    Predictions

    Raises
    ------
    PredictionsError
        If no film can be predicted, or the folder holds or began other predictions.
    Cancelled
        If the budget was cancelled; what was done is kept.
    """
    request = Request(
        dataset=dataset,
        films=choose(dataset.films, split, films),
        model=model or classifier.card.name,
        card=classifier.card,
        model_sha256=classifier.model_id,
        engine=classifier.engine,
        batch_size=batch_size,
    )

    def run_here(reader: Reader, shards: Sequence[Shard], advance: Advance) -> Iterator[tuple[Shard, pd.DataFrame]]:
        return predict_shards(classifier, reader, shards, advance, workers)

    return carry_out(request, out, run_here, budget or Budget())


def carry_out(request: Request, out: Path, run_shards: RunShards, budget: Budget) -> Predictions:
    """Predict what is not predicted yet, here or elsewhere, and put it together; see `predict_dataset`."""
    out = Path(out)
    claim = request.claim()
    if is_finished(out, claim):
        budget.progress(1.0)
        return read_predictions(out)
    sources = sources_of(request.films)
    if not sources:
        raise PredictionsError(
            f"Of the {len(request.films)} films chosen of {request.dataset.facts.name} none is on disk or has a recipe."
        )
    shards = make_shards(sources, request.batch_size)
    work = WorkFolder(out, claim)
    waiting = [shard for shard in shards if not work.is_done(shard)]
    advance = _watched(budget, len(sources), len(sources) - sum(map(len, waiting)))
    if waiting:
        reader = Reader.of(request.dataset, request.card.input)
        for shard, table in run_shards(reader, waiting, advance):
            work.keep(shard, table)
    table, left_out = work.gather(shards)
    if table.empty:
        work.clear()  # or the same command would repeat the reasons without looking again
        film, why = next(iter(left_out.items()))
        raise PredictionsError(f"None of {len(left_out)} films could be read; the first, {film}: {why}")
    write_predictions(out, request.facts(sources, left_out), table)
    work.clear()
    return read_predictions(out)


def predict_shards(
    classifier: Classifier,
    reader: Reader,
    shards: Sequence[Shard],
    advance: Advance,
    workers: int | None = None,
    processes: bool = True,
) -> Iterator[tuple[Shard, pd.DataFrame]]:
    """Predict shards one after the other, reading ahead across them.

    Yields
    ------
    shard, table
        As `WorkFolder.keep` takes them: one row a film, one column an output, and why it was left out.
    """
    with closing(
        read_ahead(reader, [batch for shard in shards for batch in shard.batches], workers, processes)
    ) as read:
        for shard in shards:
            tables = []
            for _ in shard.batches:
                batch = next(read)
                advance(0)
                tables.append(_predicted(classifier, batch))
                advance(len(batch))
            yield shard, pd.concat(tables)


def _predicted(classifier: Classifier, batch: Batch) -> pd.DataFrame:
    outputs = list(classifier.card.outputs)
    films = pd.Index([*batch.films, *batch.left_out], dtype="str", name="film")
    answers = np.full((len(films), len(outputs)), np.nan)
    answers[: len(batch.films)] = classifier.card.probabilities(classifier.logits(batch.canvases))
    reasons = [""] * len(batch.films) + list(batch.left_out.values())
    return pd.DataFrame(answers, films, outputs).assign(**{WHY: reasons})


def _watched(budget: Budget, total: int, done: int) -> Advance:
    def advance(films: int) -> None:
        nonlocal done
        done += films
        if films:
            budget.progress(done / total)
        elif budget.cancelled():
            raise Cancelled

    budget.progress(done / total)
    advance(0)
    return advance


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
