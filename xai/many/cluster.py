"""Hand work to a Dask cluster, and take what comes back; `predict` and `explain` share this.

Scheduler and workers need this project and its packages, workers the model and the films at the same paths as here.
A worker that dies loses what it was doing, and another worker does it again.
"""

from __future__ import annotations

import functools
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from xai.cards.model_card import card_sha256

if TYPE_CHECKING:
    from distributed import Client

    from xai.models.classifier import Classifier

T = TypeVar("T")
R = TypeVar("R")

LOCAL = "local"
PATIENCE = "15s"  # for a scheduler to answer
LOOK_EVERY = 0.2  # seconds

_loading = threading.Lock()


class ClusterError(ValueError):
    """A cluster that is not there, or cannot do its part; the message says what to do."""


@contextmanager
def connected(scheduler: str, workers: int | None = None) -> Iterator[Client]:
    """Connect to a scheduler, or start a cluster on this machine for as long as it is needed.

    Parameters
    ----------
    scheduler : str
        Address of a Dask scheduler, or ``"local"`` for a cluster of processes on this machine.
    workers : int, optional
        Processes of a local cluster; by default as many as Dask finds good.

    Raises
    ------
    ClusterError
        If Dask is not installed, or the scheduler does not answer.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ClusterError(
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
        raise ClusterError(
            f"No Dask scheduler answers at {scheduler}; expected an address such as tcp://host:8786, or local."
        ) from error
    with client:
        yield client


def spread(
    client: Client, work: Callable[[T], R], items: Sequence[T], look: Callable[[], None] = lambda: None
) -> Iterator[tuple[T, R]]:
    """Hand pieces of work to workers, and give them back with what came of them as they finish.

    Parameters
    ----------
    client : Client
    work : callable
        What a worker does with one of them.
    items : sequence
    look : callable
        Called now and then meanwhile; what it raises ends the work.

    Raises
    ------
    ClusterError
        If the cluster fails; errors of the work itself are raised as they are.
    """
    from distributed import as_completed

    futures = client.map(work, items, pure=False)
    unfinished = {future.key: item for future, item in zip(futures, items, strict=True)}
    finished = as_completed(futures)
    del futures  # a worker keeps what it made for as long as somebody here may ask for it
    while unfinished:
        for future in finished.next_batch(block=False):
            yield unfinished.pop(future.key), _result(future)
        look()
        time.sleep(LOOK_EVERY)


def classifier_on_worker(path: Path, sha256: str, card: str, engine: str) -> Classifier:
    """Give the model that the work is for, on a worker; it is loaded once a process.

    Parameters
    ----------
    path : Path
        Of the model, here as there.
    sha256, card : str
        What `file_sha256` gives of it, and `card_sha256` of its card, where the work comes from.
    engine : str
        What runs it where the work comes from. TensorFlow runs on a GPU where there is one, whatever that one has.

    Raises
    ------
    ClusterError
        If there is no such model on this machine, or another one.
    """
    host = socket.gethostname()
    if not path.exists():
        raise ClusterError(f"The worker on {host} has no model file {path}.")
    with _loading:
        classifier = _load(path, sha256, card, engine.removesuffix("-gpu"))
    if classifier.model_id != sha256:
        raise ClusterError(f"The model file {path} on {host} is another than the one here.")
    if card_sha256(classifier.card) != card:
        raise ClusterError(f"The card of the model file {path} on {host} is another than the one here.")
    return classifier


@functools.lru_cache(maxsize=1)
def _load(path: Path, sha256: str, card: str, engine: str) -> Classifier:
    """Load a model once a process; one whose file or card has changed since is another one."""
    from xai.models.classifier import Classifier

    return Classifier.load(path, engine)


def _result(future: Any) -> Any:
    try:
        return future.result()
    except (ValueError, OSError):  # the project's own errors say what to do
        raise
    except Exception as error:  # Dask's, or those of a worker that lacks this project or a package
        raise ClusterError(
            f"The cluster failed ({type(error).__name__}: {error}). Its scheduler and workers need this project on "
            "PYTHONPATH and the same packages as here; what was done is kept."
        ) from error
