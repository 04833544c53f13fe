"""What all visitors of one server share: models in memory, films at hand, the queue and the results."""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from dashboard.server.arrays import Arrays
from dashboard.server.bounded import Bounded
from dashboard.server.channel import Channel
from dashboard.server.fairness import Stage
from dashboard.server.film_cache import FilmCache
from dashboard.server.jobs import Job, Jobs, apart, is_abandoned
from dashboard.server.library import Library, Record, render_film
from dashboard.server.peaks import Peaks
from dashboard.server.sharpening import Sharpening
from dashboard.server.store import ResultStore, content_key
from dashboard.server.turnstile import Turnstile
from dashboard.server.workers import NoWorkers, Workers, explain_there
from xai.budget import Budget
from xai.cards.model_card import card_sha256
from xai.explainers import DEFAULT_METHODS, EXPLAINERS
from xai.explainers.explanation import Explainer, Explanation
from xai.films.film import Film
from xai.models.engines.compiled import PRECISIONS, SINGLE

if TYPE_CHECKING:
    from xai.models.classifier import Classifier

Shared = TypeVar("Shared")
Answered = dict[str, Any]  # arrays and plain values, by name

MODELS_IN_MEMORY = 2
FILM_BYTES = 512 * 2**20  # of uploads, which are nowhere else: 60 of 2048 x 2048 in 16 bits, were they noise
DATASET_FILM_BYTES = 16 * 2**20  # a film of a dataset is soon read or rendered again
FEW_EVALUATIONS = 40
ANSWERED_BYTES = 8 * 2**20  # what visitors asked about a part of a film
STRIP_BYTES = 16 * 2**20  # of uploads while a model is made random; those of datasets are on disk
WARM_UP_DELAY = 3.0  # seconds
LONG_PATIENCE = 900.0  # seconds: predictions go on while a visitor looks at another page


@dataclass(frozen=True)
class Request:
    """One method's explanation of one film, all findings of the model.

    ``came`` is the content hash of an upload as it came, where the film is it turned or inverted.
    """

    film: Film
    model: str
    method: str
    parameters: tuple[tuple[str, Any], ...] = ()
    seed: int = 0
    of_dataset: bool = False
    came: str = ""


class Services:
    """Computes and keeps what pages ask for.

    Parameters
    ----------
    library : Library
    workers : Workers, optional
        Of a cluster, to which slow maps of datasets' films go. What visitors bring stays here.
    """

    def __init__(self, library: Library, workers: Workers | None = None) -> None:
        self.library = library
        self.workers = workers
        self.turnstile = Turnstile()
        self.jobs = Jobs(turnstile=self.turnstile)
        self.long_jobs = Jobs(LONG_PATIENCE, self.turnstile, Stage.LONG)
        self.channel = Channel(self.forget)
        self.store = ResultStore(library.results)
        self.arrays = Arrays(library.arrays)
        self.films = FilmCache(FILM_BYTES)
        self._dataset_films: Bounded[Film] = Bounded(DATASET_FILM_BYTES, lambda film: film.pixels.nbytes)
        self.logits: Bounded[np.ndarray] = Bounded(2**22, lambda logits: logits.nbytes)
        self.sharpening = Sharpening()
        self.answered: Bounded[Answered] = Bounded(ANSWERED_BYTES, lambda one: sum(map(_bytes_of, one.values())))
        self.strips: Bounded[Answered] = Bounded(STRIP_BYTES, lambda one: sum(map(_bytes_of, one.values())))
        self.peaks = Peaks()
        self._of_upload: dict[str, set[str]] = {}
        self._precisions: dict[str, str] = {}  # of hidden films, by model that has run some
        self._classifiers: OrderedDict[str, Classifier] = OrderedDict()
        self._holding = threading.Lock()
        self._loading: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)  # by model
        self._compiled: WeakKeyDictionary[Classifier, set[str]] = WeakKeyDictionary()
        self._made: dict[Callable[[Library], Any], Any] = {}
        self._making = threading.Lock()
        self._is_warm = False

    def warm_up(self, model: str) -> None:
        """Import TensorFlow and load a model while the first visitor is still looking; later calls do nothing.

        It begins a little later, when the first screen is there, because it takes the processor from everything else.
        """
        if self._is_warm or model not in self.library.models():
            return
        self._is_warm = True

        def load() -> None:
            classifier = self.ready(model, hides=True)
            blank = Film.from_pixels(np.zeros((classifier.size, classifier.size)))
            for method in DEFAULT_METHODS:  # shap and lime are imported, and both functions compiled, by using them
                EXPLAINERS[method]().explain(classifier, blank, budget=Budget(FEW_EVALUATIONS))

        timer = threading.Timer(WARM_UP_DELAY, _quietly(load))
        timer.daemon = True
        timer.start()

    def close(self) -> None:
        """End what is under way, before the server does."""
        self.jobs.close()
        self.long_jobs.close()
        if self.workers is not None:
            self.workers.close()
        for made in self._made.values():
            if isinstance(queue := getattr(made, "jobs", None), Jobs):
                queue.close()

    def of(self, kind: Callable[[Library], Shared]) -> Shared:
        """Give the one object of a kind that all visitors share, made of the library when it is first asked for."""
        with self._making:
            if kind not in self._made:
                self._made[kind] = kind(self.library)
            return self._made[kind]

    @property
    def has_models(self) -> bool:
        """Whether any model is in memory yet."""
        return bool(self._classifiers)

    def classifier(self, model: str) -> Classifier:
        """Give a loaded model; slow the first time, so for worker threads only."""
        found = self.in_memory(model)
        return self._load(model) if found is None else found

    def _load(self, model: str) -> Classifier:
        from xai.models.classifier import Classifier

        keep_keras_state()
        key = self.model_key(model)
        with apart(), self._loading[key]:
            if (found := self.in_memory(model)) is not None:
                return found
            loaded = Classifier.load(self.library.model(model))
            with self._holding:
                while len(self._classifiers) >= MODELS_IN_MEMORY:
                    self._classifiers.popitem(last=False)
                self._classifiers[key] = loaded
            return loaded

    def ready(self, model: str, *, hides: bool) -> Classifier:
        """Give a loaded model; where hidden films are sent, with their engine chosen, which names of results hold."""
        classifier = self.classifier(model)
        if hides:
            with self._first_time(classifier, "hiding"):
                self._precisions[self.model_key(model)] = classifier.hiding.precision
        return classifier

    @contextmanager
    def _first_time(self, classifier: Classifier, what: str) -> Iterator[None]:
        """Do something that takes seconds when a model does it first, as it is compiled then, beside others' work."""
        done = self._compiled.setdefault(classifier, set())
        with nullcontext() if what in done else apart():
            yield
        done.add(what)

    def precision(self, model: str, method: str) -> str:
        """Give the precision in which a method's films run; single as long as nothing else was chosen."""
        return self._precision(self.model_key(model), method)

    def _precision(self, key: str, method: str) -> str:
        return self._precisions.get(key, SINGLE) if EXPLAINERS[method].hides else SINGLE

    def in_memory(self, model: str) -> Classifier | None:
        """Give a model if it is loaded already; quick."""
        key = self.model_key(model)
        with self._holding:
            if key in self._classifiers:
                self._classifiers.move_to_end(key)
            return self._classifiers.get(key)

    def model_key(self, model: str) -> str:
        """Name a model by the contents of its file and card."""
        return self.library.model_key(model)

    def film(self, dataset: str, name: str) -> Film:
        """Give a film of a dataset, read once."""
        key = f"{dataset}/{name}"
        film = self._dataset_films.get(key)
        if film is None:
            film = self.library.open_film(dataset, name)
            self._dataset_films.put(key, film)
        return film

    def twin(self, record: Record, without: tuple[str, ...]) -> Film:
        """Give the twin of a simulated film that lacks some findings or objects, rendered once."""
        key = f"{record.dataset}/{record.film} without {','.join(sorted(without))}"
        film = self._dataset_films.get(key)
        if film is None:
            film = render_film(record, without)
            self._dataset_films.put(key, film)
        return film

    def explanation_key(self, request: Request, precision: str = "") -> str:
        """Name an explanation by everything that decides it; ``precision`` as in `key_of`."""
        film = request.film.sha256
        return self.key_of(film, request.model, request.method, request.parameters, request.seed, precision)

    def key_of(
        self,
        sha256: str,
        model: str,
        method: str,
        parameters: tuple[tuple[str, Any], ...],
        seed: int,
        precision: str = "",
    ) -> str:
        """Name the explanation of a film, given by its content hash; in the model's `precision` or the one given.

        Single precision is not named: results that were kept when there was no other are of it.
        """
        key = self.model_key(model)
        precision = precision or self._precision(key, method)
        lower = [] if precision == SINGLE else [precision]
        return content_key(sha256, key, method, parameters, seed, *lower)

    def found(self, request: Request) -> list[Explanation] | None:
        """Give an explanation if it was computed before."""
        return self.store.get(self.explanation_key(request))

    def explain(self, visitor: str, request: Request) -> Job:
        """Give the job that makes an explanation."""
        asked = self.explanation_key(request)
        explainer = EXPLAINERS[request.method](**dict(request.parameters))
        if not request.of_dataset:
            for precision in PRECISIONS:  # the model's is known once it is loaded
                self.note_upload(request.came or request.film.sha256, self.explanation_key(request, precision))
                self.note_upload(request.came or request.film.sha256, self._answers_key(request, explainer, precision))

        def work(budget: Budget) -> None:
            classifier = self.ready(request.model, hides=explainer.hides)
            key = self.explanation_key(request)
            if self.store.has(key):
                return

            def keep(state: list[Explanation]) -> None:
                self.sharpening.put(key, state)
                self.jobs.show(asked)

            def show(state: list[Explanation]) -> None:
                if not budget.cancelled():
                    keep(state)

            made = self._made_elsewhere(classifier, request, explainer, replace(budget, refined=keep))
            if made is None:
                known = self.sharpening.known(self._answers_key(request, explainer)) if explainer.sharpens else None
                watched = replace(budget, refined=show)
                with self._first_time(classifier, request.method) if explainer.quick else nullcontext():
                    made = explainer.explain(classifier, request.film, budget=watched, seed=request.seed, known=known)
            self.store.put(key, made, on_disk=request.of_dataset)
            self.sharpening.drop(key)

        return self.jobs.ask(visitor, asked, work, slow=not explainer.quick)

    def _made_elsewhere(
        self, classifier: Classifier, request: Request, explainer: Explainer, budget: Budget
    ) -> list[Explanation] | None:
        """Have a worker of the cluster make a map, others' work going on here; None where it is to be made here."""
        if self.workers is None or explainer.quick or not request.of_dataset:
            return None
        model = (self.library.model(request.model).resolve(), classifier.model_id, card_sha256(classifier.card))
        about = ((*model, classifier.hiding.engine), explainer, request.film, request.seed)
        with suppress(NoWorkers), apart():
            return self.workers.run(explain_there, *about, budget=budget, is_abandoned=is_abandoned)
        return None

    def forget(self, film: str) -> None:
        """Forget an upload, named by its content hash, and all that was made of it."""
        for key in self._of_upload.pop(film, set()):
            self.store.forget(key)
            self.sharpening.forget(key)
            self.logits.drop(key)
            self.answered.drop(key)
            self.strips.drop(key)
        self.films.drop(film)

    def note_upload(self, film: str, key: str) -> None:
        """Note what is made of an upload, to be forgotten with it."""
        self._of_upload.setdefault(film, set()).add(key)

    def _answers_key(self, request: Request, explainer: Explainer, precision: str = "") -> str:
        """Name the answers that a map is made of, however many it takes of them; ``precision`` as in `key_of`."""
        parameters = tuple(sorted(explainer.within(Budget(FEW_EVALUATIONS)).parameters().items()))
        return content_key(self.explanation_key(replace(request, parameters=parameters), precision), "answers")

    def logits_key(self, sha256: str, model: str) -> str:
        """Name a model's answer to a film."""
        return content_key(sha256, self.model_key(model), "logits")

    def predict(
        self, visitor: str, film: Film, model: str, *, of_dataset: bool = True, came: str = ""
    ) -> Job | np.ndarray:
        """Give a film's logits (n_outputs,) if they are there, or the job that computes them.

        ``came`` as in `Request`.
        """
        key = self.logits_key(film.sha256, model)
        if not of_dataset:
            self.note_upload(came or film.sha256, key)
        found = self.logits.get(key)
        if found is not None:
            return found

        def work(budget: Budget) -> None:
            classifier = self.classifier(model)
            with self._first_time(classifier, "answers"):
                self.logits.put(key, classifier.answer(classifier.prepare(film)))

        return self.jobs.ask(visitor, key, work, slow=False)

    def distance_key(self, sha256: str, model: str) -> str:
        """Name how far a film is from those that a model learned from."""
        seen = self.library.card(model).seen
        return content_key(sha256, self.model_key(model), "distance", seen.fingerprint if seen else "")

    def measure_distance(
        self, visitor: str, film: Film, model: str, *, of_dataset: bool = True, came: str = ""
    ) -> Job | None:
        """Give the job that measures it, for `logits` to hold as (1,), or None where it is there.

        See `Classifier.distance`; ``came`` as in `Request`.
        """
        key = self.distance_key(film.sha256, model)
        if not of_dataset:
            self.note_upload(came or film.sha256, key)
        if self.logits.get(key) is not None:
            return None

        def work(budget: Budget) -> None:
            classifier = self.classifier(model)
            with self._first_time(classifier, "distances"):
                distance = classifier.distance(film)
            self.logits.put(key, np.array([np.nan if distance is None else distance]))

        return self.jobs.ask(visitor, key, work, slow=False)


def keep_keras_state() -> None:
    """Stop Streamlit from clearing Keras' global state after every run of a page.

    Streamlit calls `keras.backend.clear_session` once Keras is imported. Scopes that a worker thread is building a
    model in would vanish under it, and every poll of every visitor would collect the garbage of all of TensorFlow.
    """
    from xai.backend import keras

    keras.backend.clear_session = _nothing


def open_services(root: Path, scheduler: str | None = None) -> Services:
    """Make the services of a server for a library folder, with the Dask cluster of a scheduler if there is one."""
    return Services(Library(root), None if scheduler is None else Workers(scheduler))


def _quietly(work: Callable[[], None]) -> Callable[[], None]:
    """Leave an error of the warm-up to the first real request, which shows it where the visitor looks."""

    def run() -> None:
        try:
            work()
        except (ValueError, OSError):
            return

    return run


def _bytes_of(value: Any) -> int:
    return value.nbytes if isinstance(value, np.ndarray) else 64


def _nothing() -> None:
    """Stand in for `keras.backend.clear_session`."""
