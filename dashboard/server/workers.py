"""Workers of a Dask cluster, which do a server's long work; where none is there, the server does it itself.

How far a worker is comes here by a queue of that work's own, and what nobody waits for any more is left. A worker that
dies takes nothing along but its time: another one begins anew.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from xai.budget import Budget, Cancelled
from xai.explainers.archive import pack, unpack
from xai.many.cluster import ClusterError, classifier_on_worker, connected

if TYPE_CHECKING:
    from pathlib import Path

    from distributed import Client, Future, Queue

    from xai.explainers.explanation import Explainer, Explanation
    from xai.films.film import Film

Made = TypeVar("Made")

LOOK_EVERY = 0.2  # seconds between two looks at what a worker told
RETRY = 30.0  # seconds after which a cluster that was not there is asked again
LONELY = 10.0  # seconds for which a cluster may be without a worker
PATIENCE = 15.0  # seconds for a scheduler to answer
DIED = (
    "One worker of the cluster after another ended while it did this. Their machines may have too little memory: ask "
    "for fewer films a map, or give the workers more."
)

log = logging.getLogger(__name__)


class NoWorkers(Exception):
    """There is no cluster now that could do it."""


class Workers:
    """The workers of a cluster, which is looked for when there is the first work for it.

    Parameters
    ----------
    scheduler : str
        Address of a Dask scheduler, or ``"local"`` for processes on this machine.
    lonely : float
        Seconds for which the cluster may be without a worker.
    """

    def __init__(self, scheduler: str, lonely: float = LONELY) -> None:
        self._scheduler = scheduler
        self._lonely = lonely
        self._connection = ExitStack()
        self._client: Client | None = None
        self._failed: float | None = None  # when the cluster was last not there
        self._seen = 0.0  # when a worker was
        self._lock = threading.Lock()

    def run(
        self, work: Callable[..., Made], *about: Any, budget: Budget, is_abandoned: Callable[[], bool] = lambda: False
    ) -> Made:
        """Have a worker do work, and wait for what comes of it.

        Parameters
        ----------
        work : callable
            Of a budget and ``about``, all of which travel.
        budget : Budget
            Its ``progress`` and ``refined`` are told here what they are told there. ``cancelled`` is not asked.
        is_abandoned : callable
            Asked now and then.

        Raises
        ------
        NoWorkers
            If there is no cluster, or it has no workers.
        ClusterError
            If one worker after another died of it; errors of the work itself are raised as they are.
        Cancelled
            If it was abandoned.
        """
        from distributed import KilledWorker, Queue

        client = self._connected()
        name = f"lightbox-{uuid.uuid4().hex}"
        future = told = None
        try:
            told = Queue(name, client=client)
            future = client.submit(_do, work, name, *about, key=name, pure=False)
            while not future.done():
                if is_abandoned():
                    raise Cancelled
                time.sleep(LOOK_EVERY)
                self._hand_on(client, told, budget)
            return future.result(timeout=PATIENCE)
        except KilledWorker as error:
            raise ClusterError(DIED) from error
        except (ValueError, Cancelled, NoWorkers):  # the project's own errors say what to do
            raise
        except Exception as error:  # Dask's, or those of a worker that lacks this project or a package
            log.warning("The cluster did not do its part: %r. It is done on this machine.", error)
            raise NoWorkers from error
        finally:
            _let_go(future, told)

    def close(self) -> None:
        """Leave the cluster."""
        with self._lock, suppress(Exception):
            self._connection.close()

    def _connected(self) -> Client:
        """Give the connection: made when it is first asked for, and anew some time after it was lost."""
        with self._lock:
            if self._client is not None and self._client.status == "running":
                return self._client
            if self._failed is not None and time.monotonic() - self._failed < RETRY:
                raise NoWorkers
            with suppress(Exception):
                self._connection.close()
            try:
                self._client = self._connection.enter_context(connected(self._scheduler))
            except ClusterError as error:
                self._failed = time.monotonic()
                log.warning("%s Maps are made on this machine.", error)
                raise NoWorkers from error
            self._seen = time.monotonic()
            return self._client

    def _hand_on(self, client: Client, told: Queue, budget: Budget) -> None:
        """Hand on what a worker told; raises `NoWorkers` where there is none left to tell anything."""
        if client.status != "running":
            raise NoWorkers
        heard = told.get(batch=True, callback_timeout=PATIENCE)
        now = time.monotonic()
        if heard or client.nthreads():
            self._seen = now
        elif now - self._seen > self._lonely:
            raise NoWorkers
        for progress, look in heard:
            if look is None:
                budget.progress(progress)
            elif budget.refined is not None:
                budget.refined(unpack(look))


def explain_there(
    budget: Budget, model: tuple[Path, str, str, str], explainer: Explainer, film: Film, seed: int
) -> list[Explanation]:
    """Explain a film, on a worker that loads the model (`classifier_on_worker`) once."""
    return explainer.explain(classifier_on_worker(*model), film, budget=budget, seed=seed)


def _do(work: Callable[..., Made], name: str, *about: Any) -> Made:
    """Do work, on a worker, and tell how far it is as often as somebody looks."""
    from distributed import Queue, get_worker

    told, worker, last = Queue(name), get_worker(), 0.0

    def tell(progress: float) -> None:
        nonlocal last
        if time.monotonic() - last > LOOK_EVERY:
            last = time.monotonic()
            told.put([progress, None])

    def is_left() -> bool:
        task = worker.state.tasks.get(name)
        return task is None or task.state == "cancelled"  # which it is while it runs, once nobody waits for it

    budget = Budget(progress=tell, cancelled=is_left, refined=lambda state: told.put([0.0, pack(state)]))
    return work(budget, *about)


def _let_go(future: Future | None, told: Queue | None) -> None:
    """Have the cluster forget what it did, if it is still there."""
    with suppress(Exception):
        if future is not None:
            future.cancel()
    with suppress(Exception):
        if told is not None:
            told.close()
