"""What an explanation is, and what every method that makes one has in common."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from xai.budget import Budget
from xai.explainers.baselines import settled
from xai.explainers.declared import Box, Diagnostic, Setting, Told, glance, tell
from xai.explainers.known import MOST_SPENT, Known, looks
from xai.explainers.pairs import SURE
from xai.explainers.task import Task
from xai.measures import describe
from xai.measures.frame import WHOLE, Footprint, Frame
from xai.models.engines.compiled import SINGLE
from xai.showing import picture_of

if TYPE_CHECKING:
    from xai.cards.model_card import ModelCard
    from xai.explainers.behind import Behind
    from xai.films.film import Film
    from xai.models.classifier import Classifier

__all__ = ["Evidence", "Explainer", "Explanation", "Task"]

TARGET = "logit"
ENGINE = (
    Diagnostic("engine", "Engine", "{engine}", write=lambda note: "TensorFlow"),  # where OpenVINO was found wrong
    Diagnostic(
        "precision",
        "Precision",
        "The hidden films ran in a lower precision, which was tried on this model before: About says what it does to "
        "maps. The film's own answer, and the baseline's, are of single precision.",
    ),
)


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
    engine : str
        What ran the films that the map comes from, precision and all; empty where it comes from none.

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
    engine: str = ""
    target: str = TARGET

    @property
    def baseline(self) -> str | None:
        """What hidden parts of the film were replaced by, None where nothing was hidden."""
        return self.parameters.get("baseline")

    @property
    def unsure(self) -> np.ndarray | None:
        """Which pieces may as well have the other sign, bool (pieces,), at 95 %; None where no errors are known."""
        if self.errors is None or self.pieces is None:
            return None
        values = np.empty(len(self.errors), np.float32)
        values[self.pieces] = self.map  # one value in each piece
        found: np.ndarray = np.abs(values) < SURE * self.errors
        return found

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
    box : Box
        What it needs to know of the model: its inside, its answers or nothing.
    warning : str
        What to say beside every map of it, in one sentence; empty where nothing is to be said of all of them.
    diagnostics : tuple of Diagnostic
        The measures that it takes of its own map, and how they are told.
    settings : tuple of Setting
        The parameters that a page offers.
    shares : {"pixel", "piece", ""}
        Whether its map shares a logit out among pixels, gives each piece one number in logits, or neither.
    hides : bool
        Whether it sends films with parts hidden, whose engine may compute in a lower precision.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    signed: ClassVar[bool]
    unit: ClassVar[str]
    reading: ClassVar[str]
    pitfalls: ClassVar[str]
    box: ClassVar[Box]
    warning: ClassVar[str] = ""
    diagnostics: ClassVar[tuple[Diagnostic, ...]] = ()
    settings: ClassVar[tuple[Setting, ...]] = ()
    shares: ClassVar[str] = ""
    hides: ClassVar[bool] = False

    def explain(
        self,
        classifier: Classifier,
        film: Film,
        findings: Sequence[str] | None = None,
        budget: Budget | None = None,
        seed: int = 0,
        known: Known | None = None,
    ) -> list[Explanation]:
        """Explain one film for several findings from one set of evaluations.

        Parameters
        ----------
        classifier : Classifier
        film : Film
        findings : sequence of str, optional
            Outputs to explain; all of the card without it.
        budget : Budget, optional
            Evaluations, progress, cancel, and who is shown the map while it is made.
        seed : int, default 0
            The same seed gives the same maps.
        known : Known, optional
            Of a method that `sharpens`, what an earlier call for the same film, model and seed left behind, whether it
            was cancelled or made fewer evaluations: films whose answers are known are not evaluated again.

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
        explainer = self.within(budget).settled(classifier.card)
        if not explainer.sharpens:
            known = None
        elif budget.refined is not None:
            known = known or Known()
        task = Task(classifier, film, outputs, budget, explainer.cost, seed, known)
        try:
            if known is not None and budget.refined is not None:
                for number, films in enumerate(looks(explainer.cost, known.films + 1)):
                    if number == 0 or task.idle <= MOST_SPENT:
                        budget.refined(explainer.within(Budget(films))._made(task, names))
                        task.begin()
            made = explainer._made(task, names)
        finally:
            if known is not None:
                known.seconds = task.seconds
        budget.progress(1.0)
        return made

    def _made(self, task: Task, names: Sequence[str]) -> list[Explanation]:
        classifier, outputs = task.classifier, task.outputs
        evidence = self._explain(task)
        answered = classifier.card.probabilities(task.logits)
        seconds = task.seconds
        return [
            Explanation(
                method=self.name,
                finding=name,
                map=np.ascontiguousarray(found.map, np.float32),
                probability=float(answered[k]),
                logit=float(task.logits[k]),
                seed=task.seed,
                evaluations=task.evaluations,
                seconds=seconds,
                parameters=self.parameters(),
                diagnostics={**found.diagnostics, **(_of_engine(classifier) if self.hides else {})},
                pieces=found.pieces,
                cells=found.cells,
                answers=found.answers,
                errors=found.errors,
                engine=task.engine,
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

    def settled(self, card: ModelCard) -> Explainer:
        """The same method with the baseline that it takes with a model of this card, by name."""
        if (baseline := self.parameters().get("baseline")) is None:
            return self
        return dataclasses.replace(self, baseline=settled(baseline, card))  # type: ignore[type-var]

    @classmethod
    def tell(cls, diagnostics: Mapping[str, Any]) -> list[Told]:
        """Put the diagnostics of one of its maps into words."""
        return tell((*cls.diagnostics, *ENGINE), diagnostics)

    @property
    def cost(self) -> int:
        """Films that one explanation sends through the model."""
        return 1

    @property
    def at_a_glance(self) -> str:
        """What tells it apart from other methods: what it needs of the model, and how many films it sends."""
        return glance(self.box, self.cost)

    @property
    def quick(self) -> bool:
        """Whether it takes about as long as the model's own answer, so that it need not queue behind slow ones."""
        return self.cost == 1

    @property
    def sharpens(self) -> bool:
        """Whether its map can be handed out while it is made.

        Then all its films go through `Task.evaluate_hidden`, its regions and baselines are made by `Task.once`, and
        fewer films are the first of more.
        """
        return False

    @abstractmethod
    def _explain(self, task: Task) -> list[Evidence]:
        """Find the evidence for each of ``task.outputs``."""


def _of_engine(classifier: Classifier) -> dict[str, str]:
    """Say what is unusual about the engine that ran hidden films."""
    hiding = classifier.hiding
    note = {"engine": classifier.engine_note} if classifier.engine_note else {}
    return note if hiding.precision == SINGLE else {**note, "precision": hiding.precision}
