"""Predict on a Dask cluster: shards go to workers, their rows come back and are kept here.

Scheduler and workers need this project and its packages, workers the model and the films at the same paths as here.
A worker that dies loses its shard only, and another worker does it again.
"""

from __future__ import annotations

import functools
import importlib.util
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from training.datasets.table import Dataset
from training.predict.films import Reader, choose
from training.predict.run import Advance, Request, carry_out, predict_shards
from training.predict.shards import Shard
from training.predictions.table import Predictions, PredictionsError
from xai.budget import Budget
from xai.cards.model_card import card_path, read_card
from xai.models.engine import BATCH_SIZE, DEFAULT_ENGINE
from xai.models.loading import file_sha256

if TYPE_CHECKING:
    from distributed import Client

    from xai.models.classifier import Classifier

LOCAL = "local"
PATIENCE = "15s"  # for a scheduler to answer
LOOK_EVERY = 0.2  # seconds

_loading = threading.Lock()


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
    PredictionsError
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
        with connected(scheduler, workers) as client:
            work = functools.partial(predict_shard, model_path, request.model_sha256, request.engine, reader)
            yield from _spread(client, work, shards, advance)

    return carry_out(request, out, run_there, budget or Budget())


def predict_shard(model_path: Path, sha256: str, engine: str, reader: Reader, shard: Shard) -> pd.DataFrame:
    """Predict one shard, on a worker."""
    host = socket.gethostname()
    if not model_path.is_file():
        raise PredictionsError(f"The worker on {host} has no model file {model_path}.")
    # Without this a worker that lacks the shared folder would report all its films as unreadable.
    if not reader.root.is_dir():
        raise PredictionsError(f"The worker on {host} has no folder {reader.root}, where the films lie.")
    classifier = load_once(model_path, sha256, engine)
    if classifier.model_id != sha256:
        raise PredictionsError(f"The model file {model_path} on {host} is another than the one here.")
    # A worker is a daemon, which may not start processes: it renders in threads.
    return next(predict_shards(classifier, reader, [shard], lambda films: None, processes=False))[1]


@contextmanager
def connected(scheduler: str, workers: int | None = None) -> Iterator[Client]:
    """Connect to a scheduler, or start a cluster on this machine for as long as it is needed."""
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise PredictionsError(
            "A cluster needs Dask, which is not installed: `pip install -r requirements-cluster.txt`."
        ) from error
    for name in ("distributed", "distributed.client"):  # what goes wrong arrives as an exception, and is told once
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if scheduler == LOCAL:
        settings = {"threads_per_worker": 1, "dashboard_address": None, "silence_logs": logging.CRITICAL}
        with LocalCluster(workers, **settings) as cluster, Client(cluster) as client:
            yield client
        return
    try:
        client = Client(scheduler, timeout=PATIENCE)
    except (OSError, ValueError, TypeError) as error:
        raise PredictionsError(
            f"No Dask scheduler answers at {scheduler}; expected an address such as tcp://host:8786, or local."
        ) from error
    with client:
        yield client


def _spread(
    client: Client, work: Callable[[Shard], pd.DataFrame], shards: Sequence[Shard], advance: Advance
) -> Iterator[tuple[Shard, pd.DataFrame]]:
    """Hand shards to workers, and give them back as they finish."""
    from distributed import as_completed

    futures = client.map(work, shards, pure=False)
    unfinished = {future.key: shard for future, shard in zip(futures, shards, strict=True)}
    finished = as_completed(futures)
    while unfinished:
        for future in finished.next_batch(block=False):
            shard = unfinished.pop(future.key)
            yield shard, result_of(future)
            advance(len(shard))
        advance(0)
        time.sleep(LOOK_EVERY)


def result_of(future: Any) -> Any:
    """Give what a worker made; raises `PredictionsError` where the cluster failed, and the project's own errors."""
    try:
        return future.result()
    except (ValueError, OSError):  # the project's own errors say what to do
        raise
    except Exception as error:  # Dask's, or those of a worker that lacks this project or a package
        raise PredictionsError(
            f"The cluster failed ({type(error).__name__}: {error}). Its scheduler and workers need this project on "
            "PYTHONPATH and the same packages as here; what was done is kept."
        ) from error


def load_once(path: Path, sha256: str, engine: str) -> Classifier:
    """Load a model once a process, whatever its threads ask for; a file that has changed since is another one."""
    with _loading:
        return _loaded(path, sha256, engine)


@functools.lru_cache(maxsize=1)
def _loaded(path: Path, sha256: str, engine: str) -> Classifier:
    from xai.models.classifier import Classifier

    return Classifier.load(path, engine)


def _decided(engine: str) -> str:
    """Choose between engines once, so that two workers never run different ones."""
    if engine != "auto":
        return engine
    return "openvino" if importlib.util.find_spec("openvino") else "tensorflow"
