"""What an explanation is, and what every method that makes one has in common."""

from __future__ import annotations

import dataclasses
import functools
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from xai.budget import Budget, Cancelled
from xai.explainers.declared import Diagnostic, Setting, Told, tell
from xai.measures import describe
from xai.measures.frame import WHOLE, Footprint, Frame
from xai.models.engine import BATCH_SIZE
from xai.showing import picture_of

if TYPE_CHECKING:
    from xai.explainers.behind import Behind
    from xai.films.film import Film
    from xai.models.classifier import Classifier

TARGET = "logit"
ENGINE = Diagnostic("engine", "Engine", "{engine}", write=lambda note: "TensorFlow")  # where OpenVINO was found wrong


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """A map of the evidence for one finding on one film; ``np.asarray`` of it is the raw map.

    Attributes
    ----------
    method, finding : str
        What made the map, and for which output of the model.
    map : ndarray of float32, shape (H, W)
        Raw and, for signed methods, signed; in the model's input geometry; never normalised.
    probability, logit : float
        The model's answer on the untouched film.
    target : str
        Always ``"logit"``: the log-odds of the finding.
    seed, evaluations, seconds : int, int, float
        Evaluations and seconds are those of the whole set of findings that was explained together.
    parameters : dict
        Everything that someone else needs to make the same map.
    diagnostics : dict
        What the method knows about its own quality; `Explainer.tell` puts it into words.
    pieces : ndarray of uint16, shape (H, W), or None
        Which indivisible piece of evidence each pixel belongs to, where the method has pieces.
    cells : ndarray of float32, shape (h, w), or None
        The map at the resolution at which the evidence exists, where that is a coarser grid.
    answers : ndarray of float32, shape (N,), or None
        The logit of each film that the map was fitted to, where the method draws them from its seed.
    errors : ndarray of float32, shape (pieces,), or None
        Standard error of each piece's value, in the map's unit, where the method knows it; infinite where it has too
        few films to.

    Examples
    --------
    >>> (found,) = xai.explain(model, film, "centred", "Effusion")
    >>> found.baseline is None and found.parameters
    {'width': 0.25}
    >>> float(np.asarray(found).max()) <= 1
    True
    """

    method: str
    finding: str
    map: np.ndarray
    probability: float
    logit: float
    seed: int
    evaluations: int
    seconds: float
    parameters: dict[str, Any]
    diagnostics: dict[str, Any] = field(default_factory=dict)
    pieces: np.ndarray | None = None
    cells: np.ndarray | None = None
    answers: np.ndarray | None = None
    errors: np.ndarray | None = None
    target: str = TARGET

    @property
    def baseline(self) -> str | None:
        """What hidden parts of the film were replaced by, None where nothing was hidden."""
        return self.parameters.get("baseline")

    def frame(self, footprint: Footprint | None = WHOLE, sides_known: bool = True) -> Frame:
        """Say where on its film it lies: see `xai.measures.frame.Frame` for what is to be known."""
        return Frame(self.cells, footprint, sides_known)

    def describe(self, footprint: Footprint | None = WHOLE, sides_known: bool = True) -> str:
        """Say in words where the evidence lies; `xai.measures.location` has what the words mean."""
        return describe(self.map, self.frame(footprint, sides_known))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.map, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        height, width = self.map.shape
        known = {name: value for name, value in self.diagnostics.items() if value is not None}
        lines = [
            f"<Explanation: {self.method} of {self.finding}, {height} × {width}, "
            f"{self.map.min():.3g} to {self.map.max():.3g}",
            f"  probability {self.probability:.3g}, {self.target} {self.logit:.3g} on the untouched film",
            f"  films through the model: {self.evaluations:,}, for all findings asked together",
            f"  made with: {in_words(self.parameters | {'seed': self.seed})}",
            *([f"  found: {in_words(known)}"] if known else ()),
        ]
        return "\n".join(lines) + ">"

    def _repr_png_(self) -> bytes | None:
        return picture_of(self)


def in_words(values: Mapping[str, Any]) -> str:
    """Write names and values on one line, numbers to three digits."""
    return ", ".join(
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}" for name, value in values.items()
    )


@dataclass(frozen=True, eq=False)
class Evidence:
    """What one method found for one finding, before it becomes an `Explanation`."""

    map: np.ndarray
    diagnostics: dict[str, Any] = field(default_factory=dict)
    pieces: np.ndarray | None = None
    cells: np.ndarray | None = None
    answers: np.ndarray | None = None
    errors: np.ndarray | None = None


class Task:
    """One film under one classifier: evaluates, counts, reports progress, and stops when asked to."""

    def __init__(
        self, classifier: Classifier, film: Film, outputs: list[int], budget: Budget, planned: int, seed: int
    ) -> None:
        self.classifier = classifier
        self.canvas = classifier.prepare(film)
        self.outputs = outputs
        self.seed = seed
        self.planned = planned
        self.evaluations = 0
        self.has_evaluated = False  # by the engine that runs batches
        self._budget = budget

    @functools.cached_property
    def logits(self) -> np.ndarray:
        """Logits (n_outputs,) of the untouched film."""
        self.check()
        logits = self.classifier.answer(self.canvas)
        self.count(1)
        return logits

    def evaluate(self, canvases: np.ndarray) -> np.ndarray:
        """Logits (N, n_outputs) of canvases (N, H, W), counted against the plan."""
        self.check()
        self.has_evaluated = True
        logits = self.classifier.logits(canvases)
        self.count(len(canvases))
        return logits

    def evaluate_hidden(self, shown: np.ndarray, regions: np.ndarray, baseline: np.ndarray) -> np.ndarray:
        """Logits (N, n_outputs) of films that show some regions (N, regions) and elsewhere a baseline, in batches."""
        answers = np.empty((len(shown), self.logits.shape[0]), np.float32)
        for start in range(0, len(shown), BATCH_SIZE):
            batch = slice(start, start + BATCH_SIZE)
            visible = shown[batch].astype(bool)[:, regions]
            answers[batch] = self.evaluate(np.where(visible, self.canvas, baseline))
        return answers

    def count(self, evaluations: int) -> None:
        """Count evaluations that were made elsewhere."""
        self.evaluations += evaluations
        self._budget.progress(min(1.0, self.evaluations / max(self.planned, 1)))

    def check(self) -> None:
        """Raise `Cancelled` if nobody waits any more."""
        if self._budget.cancelled():
            raise Cancelled


class Explainer(ABC):
    """Base of all methods; a subclass is a frozen dataclass whose fields are the method's parameters.

    Attributes
    ----------
    name, title : str
        For files and links, and for people.
    signed : bool
        Whether the map can speak against a finding.
    unit : str
        What a number in the map is.
    reading, pitfalls : str
        For people: how to read the map, and when it misleads.
    diagnostics : tuple of Diagnostic
        The measures that it takes of its own map, and how they are told.
    settings : tuple of Setting
        The parameters that a page offers.
    shares : {"pixel", "piece", ""}
        Whether its map shares a logit out among pixels, gives each piece one number in logits, or neither.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    signed: ClassVar[bool]
    unit: ClassVar[str]
    reading: ClassVar[str]
    pitfalls: ClassVar[str]
    diagnostics: ClassVar[tuple[Diagnostic, ...]] = ()
    settings: ClassVar[tuple[Setting, ...]] = ()
    shares: ClassVar[str] = ""

    def explain(
        self,
        classifier: Classifier,
        film: Film,
        findings: Sequence[str] | None = None,
        budget: Budget | None = None,
        seed: int = 0,
    ) -> list[Explanation]:
        """Explain one film for several findings from one set of evaluations.

        Parameters
        ----------
        classifier : Classifier
        film : Film
        findings : sequence of str, optional
            Outputs to explain; all of the card without it.
        budget : Budget, optional
            Evaluations, progress, cancel.
        seed : int, default 0
            The same seed gives the same maps.

        Returns
        -------
        list of Explanation
            In the order of ``findings``.

        Raises
        ------
        ModelCardError
            If the model has no such finding.
        ModelError
            If the method cannot work with this model.
        Cancelled
            If the budget was cancelled.
        """
        budget = budget or Budget()
        names = list(classifier.card.outputs if findings is None else findings)
        if not names:
            raise ValueError("expected at least one finding to explain, got none")
        outputs = [classifier.card.index(name) for name in names]
        explainer = self.within(budget)
        start = time.perf_counter()
        task = Task(classifier, film, outputs, budget, explainer.cost, seed)
        evidence = explainer._explain(task)
        answered = classifier.card.probabilities(task.logits)
        about_engine = {"engine": classifier.engine_note} if task.has_evaluated and classifier.engine_note else {}
        seconds = time.perf_counter() - start
        budget.progress(1.0)
        return [
            Explanation(
                method=self.name,
                finding=name,
                map=np.ascontiguousarray(found.map, np.float32),
                probability=float(answered[k]),
                logit=float(task.logits[k]),
                seed=seed,
                evaluations=task.evaluations,
                seconds=seconds,
                parameters=explainer.parameters(),
                diagnostics={**found.diagnostics, **about_engine},
                pieces=found.pieces,
                cells=found.cells,
                answers=found.answers,
                errors=found.errors,
            )
            for name, k, found in zip(names, outputs, evidence, strict=True)
        ]

    def parameters(self) -> dict[str, Any]:
        """The method's parameters as plain values."""
        return dataclasses.asdict(self) if dataclasses.is_dataclass(self) else {}

    def check(self, classifier: Classifier) -> None:  # noqa: B027 - most work with every model
        """Raise `ModelError` where the method cannot work with a model, whatever the film."""

    def behind(self, classifier: Classifier, film: Film, made: Sequence[Explanation], piece: int) -> Behind | None:
        """Give the hidden films that the value of one piece comes from; None for a method that hides nothing.

        Parameters
        ----------
        classifier : Classifier
        film : Film
        made : sequence of Explanation
            What the method, with these parameters, made of the film for all outputs of the model.
        piece : int
            Of ``made[0].pieces``.
        """
        return None

    def within(self, budget: Budget) -> Explainer:
        """The same method with the number of evaluations that a budget allows."""
        return self

    @classmethod
    def tell(cls, diagnostics: Mapping[str, Any]) -> list[Told]:
        """Put the diagnostics of one of its maps into words."""
        return tell((*cls.diagnostics, ENGINE), diagnostics)

    @property
    def cost(self) -> int:
        """Films that one explanation sends through the model."""
        return 1

    @property
    def quick(self) -> bool:
        """Whether it takes about as long as the model's own answer, so that it need not queue behind slow ones."""
        return self.cost == 1

    @abstractmethod
    def _explain(self, task: Task) -> list[Evidence]:
        """Find the evidence for each of ``task.outputs``."""
