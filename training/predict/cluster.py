"""Predict on a Dask cluster: shards go to workers, their rows come back and are kept here; see `xai.many.cluster`."""

from __future__ import annotations

import functools
import importlib.util
import socket
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from training.datasets.table import Dataset
from training.predict.films import Reader, choose
from training.predict.run import Advance, Request, carry_out, predict_shards
from training.predict.shards import Shard
from training.predictions.table import Predictions
from xai.budget import Budget
from xai.cards.model_card import card_path, card_sha256, read_card
from xai.many.cluster import ClusterError, classifier_on_worker, connected, spread
from xai.models.engine import BATCH_SIZE, DEFAULT_ENGINE
from xai.models.loading import file_sha256


def predict_on_cluster(
    dataset: Dataset,
    model_path: Path,
    out: Path,
    scheduler: str,
    *,
    model: str | None = None,
    split: str | None = None,
    films: Iterable[str] | None = None,
    engine: str = DEFAULT_ENGINE,
    batch_size: int = BATCH_SIZE,
    workers: int | None = None,
    budget: Budget | None = None,
) -> Predictions:
    """Predict as `training.predict.predict_dataset` does, on a cluster; TensorFlow runs on its workers only.

    Parameters
    ----------
    model_path : Path
        The model file; workers load it from this path.
    scheduler : str
        Address of a Dask scheduler, or ``"local"`` for a cluster of processes on this machine.
    engine : str
        The same on all workers: ``"auto"`` is decided here.
    workers : int, optional
        Processes of a local cluster; by default as many as Dask finds good.

    Raises
    ------
    ClusterError
        If Dask is not installed, the scheduler does not answer, or a worker cannot do its part.
    """
    model_path = Path(model_path).resolve()
    request = Request(
        dataset=dataset,
        films=choose(dataset.films, split, films),
        model=model or model_path.stem,
        card=read_card(card_path(model_path)),
        model_sha256=file_sha256(model_path),
        engine=_decided(engine),
        batch_size=batch_size,
    )

    def run_there(reader: Reader, shards: Sequence[Shard], advance: Advance) -> Iterator[tuple[Shard, pd.DataFrame]]:
        work = functools.partial(
            predict_shard, model_path, request.model_sha256, card_sha256(request.card), request.engine, reader
        )
        with connected(scheduler, workers) as client:
            for shard, table in spread(client, work, shards, lambda: advance(0)):
                yield shard, table
                advance(len(shard))

    return carry_out(request, out, run_there, budget or Budget())


def predict_shard(model_path: Path, sha256: str, card: str, engine: str, reader: Reader, shard: Shard) -> pd.DataFrame:
    """Predict one shard, on a worker."""
    # Without this a worker that lacks the shared folder would report all its films as unreadable.
    if not reader.root.is_dir():
        raise ClusterError(f"The worker on {socket.gethostname()} has no folder {reader.root}, where the films lie.")
    classifier = classifier_on_worker(model_path, sha256, card, engine)
    # A worker is a daemon, which may not start processes: it renders in threads.
    return next(predict_shards(classifier, reader, [shard], lambda films: None, processes=False))[1]


def _decided(engine: str) -> str:
    """Choose between engines once, so that two workers never run different ones."""
    if engine != "auto":
        return engine
    return "openvino" if importlib.util.find_spec("openvino") else "tensorflow"
