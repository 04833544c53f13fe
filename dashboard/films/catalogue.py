"""A dataset and what a model says of it, in arrays that any filter of 377,110 films gets through in milliseconds.

A catalogue is made once, shared by all visitors and never copied or changed: a filter is a boolean mask over its
rows, an order is an array of row numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa

from training.datasets.table import SOURCE_COLUMNS, UNCERTAIN, Dataset
from training.evaluate.classes import are_classes, class_names, class_of, class_truths, finding_of_class
from training.evaluate.met import Met, films_met
from training.predictions.table import Predictions
from xai.cards.model_card import Threshold
from xai.findings import FINDINGS

PRESENT, ABSENT, MISSING = 1, 0, -1
UNKNOWN = "unknown"
FACETS = {"split": "split", "view": "view", "sex": "sex", "source": "dataset"}
"""What can be filtered by name, and the column of the table that holds it."""


@dataclass(frozen=True, eq=False)
class Facet:
    """One column of names as numbers.

    Attributes
    ----------
    names : tuple of str
        Each name that occurs, in alphabetical order; `UNKNOWN` stands for an empty place.
    codes : int array (films,)
        Index into ``names``.
    """

    names: tuple[str, ...]
    codes: np.ndarray

    def mask(self, wanted: tuple[str, ...]) -> np.ndarray:
        """Films that have one of these names."""
        return np.isin(np.asarray(self.names, object), wanted)[self.codes]


@dataclass(frozen=True, eq=False)
class Films:
    """The films of a dataset.

    Attributes
    ----------
    dataset : str
    table : DataFrame
        The whole table, one row a film.
    names : Index
        Film by row.
    titles : Index
        What a film is called on the page; its name, but for uploads, whose names are their contents.
    labels : int8 array (findings, films)
        `PRESENT`, `ABSENT` or `MISSING`, in the order of `FINDINGS`.
    uncertain : bool array (findings, films)
        Where the source says that it is not sure, whatever label the table gives it.
    facets : dict of str to Facet
        Of `FACETS`.
    patients : Facet
    age : float32 array (films,)
        Years; NaN where unknown.
    on_disk, openable : bool array (films,)
        Whether the image is there; whether there is a picture at all, be it rendered from a recipe.
    classes : Facet
        Of a dataset made from folders of classes; a film without a class has the code -1.
    """

    dataset: str
    table: pd.DataFrame
    names: pd.Index
    titles: pd.Index
    labels: np.ndarray
    uncertain: np.ndarray
    facets: Mapping[str, Facet]
    patients: Facet
    age: np.ndarray
    on_disk: np.ndarray
    openable: np.ndarray
    classes: Facet

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def searchable(self) -> pa.Array:
        """Titles as `pyarrow.compute` searches them."""
        return pa.array(self.titles, pa.large_string())

    @cached_property
    def findings_count(self) -> np.ndarray:
        """Number of findings that are present on each film, int16 (films,)."""
        return (self.labels == PRESENT).sum(axis=0, dtype=np.int16)

    @cached_property
    def named(self) -> tuple[str, ...]:
        """What the dataset tells of its films: its classes, or else the findings that any film is labelled for.

        A class that is a finding, on exactly the same films, goes by the finding's name.
        """
        if self.classes.names:
            return tuple(self._finding_or_class(name) for name in self.classes.names)
        told = (self.labels != MISSING).any(axis=1) | self.uncertain.any(axis=1)
        return tuple(name for name, known in zip(FINDINGS, told, strict=True) if known)

    @cached_property
    def named_labels(self) -> np.ndarray:
        """Labels of ``named``, int8 (named, films)."""
        if self.classes.names:
            return np.stack([self._class_label(name) for name in self.classes.names])
        return self.labels if self.named == FINDINGS else self.labels[[FINDINGS.index(name) for name in self.named]]

    def label(self, name: str) -> np.ndarray:
        """Label of each film for a finding or a class, int8; missing everywhere for anything else."""
        if name in FINDINGS:
            return self.labels[FINDINGS.index(name)]
        return self._class_label(name) if name in self.classes.names else np.full(len(self), MISSING, np.int8)

    def _class_label(self, name: str) -> np.ndarray:
        is_it = np.where(self.classes.codes == self.classes.names.index(name), PRESENT, ABSENT)
        return np.where(self.classes.codes < 0, MISSING, is_it).astype(np.int8)

    def _finding_or_class(self, name: str) -> str:
        finding = finding_of_class(name)
        return finding if finding and np.array_equal(self.label(finding), self._class_label(name)) else name

    @cached_property
    def nbytes(self) -> int:
        """Bytes of the arrays and of the table that stands behind them."""
        facets = sum(facet.codes.nbytes for facet in (*self.facets.values(), self.patients, self.classes))
        return self.labels.nbytes + self.uncertain.nbytes + facets + int(self.table.memory_usage(deep=False).sum())

    def row(self, film: str) -> int | None:
        """Row of a film; None if there is none of that name."""
        found = self.rows([film])
        return int(found[0]) if len(found) else None

    def rows(self, films: list[str]) -> np.ndarray:
        """Rows of those films that are in this dataset."""
        found = self.names.get_indexer(pd.Index(films, dtype=self.names.dtype))
        return found[found >= 0]

    def present(self, row: int) -> list[str]:
        """What is on a film: its class, or else the findings that are present."""
        if self.classes.codes[row] >= 0:
            return [self.named[self.classes.codes[row]]]
        return [name for name, label in zip(FINDINGS, self.labels[:, row], strict=True) if label == PRESENT]


@dataclass(frozen=True, eq=False)
class Answers:
    """What a model says of the films of a dataset.

    Attributes
    ----------
    name, model : str
        Of the predictions, and of the model that made them.
    outputs : tuple of str
    probabilities : float64 array (outputs, films)
        NaN where a film has none.
    thresholds : dict of str to Threshold
    strangers : int
        Predictions of films that the dataset does not have.
    labels : dict of str to int8 array (films,)
        Of outputs that are judged by the films' classes; see `training.evaluate.classes.class_truths`.
    met : Met or None
        Which films the model met before, in the order of the films; None where nobody knows.
    """

    name: str
    model: str
    outputs: tuple[str, ...]
    probabilities: np.ndarray
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    strangers: int = 0
    labels: Mapping[str, np.ndarray] = field(default_factory=dict)
    met: Met | None = None


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Films and, where there are any, answers.

    Attributes
    ----------
    key : str
        Changes with whatever the catalogue was made from.
    films : Films
    answers : Answers or None
    """

    key: str
    films: Films
    answers: Answers | None = None

    @property
    def findings(self) -> tuple[str, ...]:
        """Whatever can be asked about: findings, the dataset's classes, and the model's own outputs."""
        return tuple(dict.fromkeys((*FINDINGS, *self.films.classes.names, *self._outputs)))

    @property
    def listed(self) -> tuple[str, ...]:
        """What there is something to see of: classes or findings that the dataset tells of, and what is answered."""
        told = dict.fromkeys((*self.films.named, *self._outputs))
        if self.films.classes.names:
            return tuple(told)
        return (*(name for name in FINDINGS if name in told), *(name for name in told if name not in FINDINGS))

    @property
    def _outputs(self) -> tuple[str, ...]:
        return self.answers.outputs if self.answers else ()

    def labels(self, finding: str) -> np.ndarray:
        """Label of each film, int8; a finding that only the model knows is missing everywhere."""
        if self.answers is not None and finding in self.answers.labels:
            return self.answers.labels[finding]
        return self.films.label(finding)

    def is_class(self, finding: str) -> bool:
        """Whether films are labelled for it by their class."""
        judged = self.answers is not None and finding in self.answers.labels
        return judged or (finding not in FINDINGS and finding in self.films.classes.names)

    def uncertain(self, finding: str) -> np.ndarray:
        """Whether the source is not sure, by film."""
        if finding not in FINDINGS or self.is_class(finding):
            return np.zeros(len(self.films), bool)
        return self.films.uncertain[FINDINGS.index(finding)]

    def has_answers(self, finding: str) -> bool:
        """Whether the model answers about this finding."""
        return self.answers is not None and finding in self.answers.outputs

    def probabilities(self, finding: str) -> np.ndarray:
        """Probability by film; only where `has_answers`."""
        assert self.answers is not None  # as is said above
        return self.answers.probabilities[self.answers.outputs.index(finding)]

    def met(self, which: str, finding: str | None) -> np.ndarray:
        """Films that the model has never met, has met, or may have met, for a finding: bool (films,)."""
        met = self.answers.met if self.answers is not None else None
        if met is None:
            return np.full(len(self.films), which == "unknown")
        new, has = met.new(finding), met.has_met(finding)
        return {"new": new, "unknown": ~new & ~has, "met": has}[which]

    def threshold(self, finding: str) -> float:
        """The model card's threshold of a finding; 0.5 where nothing says."""
        threshold = self.answers.thresholds.get(finding) if self.answers else None
        return 0.5 if threshold is None else threshold.value


def read_films(dataset: str, table: pd.DataFrame, titles: list[str] | None = None) -> Films:
    """Put the table of a dataset into arrays.

    Parameters
    ----------
    dataset : str
    table : DataFrame
        At least the columns `training.datasets.table.SCHEMA`; kept, not copied.
    titles : list of str, optional
        What the films are called on the page.
    """
    names = pd.Index(table["film"])
    labels = np.full((len(FINDINGS), len(table)), MISSING, np.int8)
    uncertain = np.zeros_like(labels, bool)
    for k, (finding, source) in enumerate(zip(FINDINGS, SOURCE_COLUMNS, strict=True)):
        values = table[finding].to_numpy(np.float32)
        labels[k][values == 1] = PRESENT
        labels[k][values == 0] = ABSENT
        uncertain[k] = (table[source] == "uncertain").to_numpy(bool) | (values == UNCERTAIN)
    on_disk = table["on_disk"].to_numpy(bool)
    has_recipe = table["recipe"].notna().to_numpy() if "recipe" in table else np.zeros(len(table), bool)
    return Films(
        dataset,
        table,
        names,
        names if titles is None else pd.Index(titles),
        labels,
        uncertain,
        {name: _facet(table[column]) for name, column in FACETS.items()},
        _facet(table["patient"]),
        table["age"].to_numpy(np.float32),
        on_disk,
        on_disk | has_recipe,
        _classes(table),
    )


def join(films: Films, predictions: Predictions, name: str = "", dataset: Dataset | None = None) -> Answers:
    """Give the predictions of these films, in their order, by their name in the library.

    From the dataset follows which films the model has met.
    """
    facts, table = predictions.facts, predictions.table
    at = table.index.get_indexer(films.names)
    values = table.to_numpy(np.float64).T[:, at]
    values[:, at < 0] = np.nan
    strangers = len(table) - int((at >= 0).sum())
    told = class_truths(films.table, facts.outputs, are_classes(facts)) if films.classes.names else {}
    labels = {name: np.where(np.isnan(truth), MISSING, truth).astype(np.int8) for name, truth in told.items()}
    met = None if dataset is None else films_met(facts.card, facts.notes, dataset)
    called = name or facts.name
    return Answers(called, facts.model, facts.outputs, values, facts.thresholds, strangers, labels, met)


def _classes(table: pd.DataFrame) -> Facet:
    names = class_names(table)
    return Facet(names, pd.Index(names, dtype=object).get_indexer(pd.Index(class_of(table))).astype(np.int32))


def _facet(column: pd.Series) -> Facet:
    known = column.astype("string").fillna(UNKNOWN).replace("", UNKNOWN)
    codes, names = pd.factorize(known, sort=True)
    return Facet(tuple(map(str, names)), codes.astype(np.int32))
