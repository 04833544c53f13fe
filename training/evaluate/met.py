"""Which films a model met before it is judged on them: to fit, to stop, to calibrate, to choose thresholds, to mend.

A card's ``provenance["used"]`` holds a record of the films behind each (`training.datasets.marks`), and each of its
``remedies`` one of the films that it was fitted on. Cards that were written before there were records are read by the
split of the very dataset that they name. Of a model without either nobody knows, and nothing is concluded from a split.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from training.datasets.marks import marked, marks_of
from training.datasets.patients import all_known
from training.datasets.table import TABLE_FILE, Dataset
from xai.models.loading import file_sha256

SERVED = {
    "fit": "to fit it",
    "stop": "to stop its training",
    "calibration": "to calibrate it",
    "thresholds": "to choose its thresholds",
}
LEARNED = "learned_from"  # what the notes of imported predictions say: the splits that the model learned from
STRANGERS = "films_of_unknown_patients"  # an entry of a record
SIMULATED = "simulated by training.simulation"


@dataclass(frozen=True, eq=False)
class Met:
    """What some films served for.

    Attributes
    ----------
    served : dict of str to bool array (films,)
        By `SERVED`: films that served for it, or of whose patients another film did.
    mended : dict of str to bool array (films,)
        By finding: those that a remedy for it was fitted on, or of whose patients another film was.
    unknown : bool array (films,)
        Films of which nobody knows whether they served for anything.
    strangers : bool
        Whether films of unknown patients served: then no patient can be told to be another one.
    taught : bool
        Whether it learned from other models' answers (soft labels): nobody recorded which films those had met.
    """

    served: Mapping[str, np.ndarray]
    mended: Mapping[str, np.ndarray]
    unknown: np.ndarray
    strangers: bool = False
    taught: bool = False

    def __len__(self) -> int:
        return len(self.unknown)

    @property
    def known(self) -> bool:
        """Whether anything is known of any film."""
        return bool(len(self)) and not self.unknown.all()

    @cached_property
    def used(self) -> np.ndarray:
        """Films that served for something that all findings share, bool (films,)."""
        return np.logical_or.reduce([np.zeros(len(self), bool), *self.served.values()])

    def has_met(self, finding: str | None = None) -> np.ndarray:
        """Films that the model is known to have met, to fit or to mend a finding, or any without one; bool (films,)."""
        mended = self.mended.values() if finding is None else [self.mended.get(finding, np.zeros(len(self), bool))]
        return np.logical_or.reduce([self.used, *mended])

    def new(self, finding: str | None = None) -> np.ndarray:
        """Films that the model has never met, bool (films,): for a finding, or without one for every finding."""
        mended = self.mended.values() if finding is None else [self.mended.get(finding, np.zeros(len(self), bool))]
        return ~np.logical_or.reduce([self.used, self.unknown, *mended])

    def restrict(self, keep: np.ndarray) -> Met:
        """Give some of the films, as `training.evaluate.judged.Judged.restrict` does."""
        served, mended = ({name: one[keep] for name, one in each.items()} for each in (self.served, self.mended))
        return dataclasses.replace(self, served=served, mended=mended, unknown=self.unknown[keep])


@dataclass(eq=False)
class _Found:
    """What is put together for `Met`, source by source."""

    films: pd.DataFrame
    served: dict[str, np.ndarray] = field(default_factory=dict)
    mended: dict[str, np.ndarray] = field(default_factory=dict)
    unknown: list[np.ndarray] = field(default_factory=list)
    strangers: bool = False
    taught: bool = False

    @property
    def nothing(self) -> np.ndarray:
        return np.zeros(len(self.films), bool)

    @cached_property
    def marks(self) -> np.ndarray:
        return marks_of(self.films)

    def add(self, uses: Any, here: np.ndarray) -> None:
        for use in uses if isinstance(uses, list) else ():
            if use in SERVED:
                self.served[use] = self.served.get(use, self.nothing) | here

    def add_split(self, uses: Mapping[str, Sequence[str]]) -> None:
        """Take in films by their split, and others of the same patients, which may have none."""
        split, patients = self.films["split"], self.films["patient"]
        for use, splits in uses.items():
            here = split.isin(splits).to_numpy()
            self.strangers |= bool(patients[here].isna().any())
            self.add([use], here | patients.isin(patients[here].dropna()).to_numpy())

    def doubt(self, here: np.ndarray | None = None) -> None:
        """Say of films, or of all, that nobody knows; what is known of them otherwise stays."""
        self.unknown.append(~self.nothing if here is None else here)

    def whole(self) -> Met:
        unknown = np.logical_or.reduce([self.nothing, *self.unknown])
        met = Met(self.served, self.mended, unknown, self.strangers, self.taught)
        return dataclasses.replace(met, unknown=met.unknown & ~met.used)


def nobody_knows(films: int) -> Met:
    """Give what is known of films of which nothing was recorded."""
    return Met({}, {}, np.ones(films, bool))


def films_met(card: Mapping[str, Any], notes: Mapping[str, Any], dataset: Dataset) -> Met:
    """Find what the films of a dataset served for.

    Parameters
    ----------
    card : mapping
        The card that predictions were made with; empty for imported ones.
    notes : mapping
        Of the predictions: ``learned_from`` names splits, where somebody who imported them said so.
    dataset : Dataset

    Returns
    -------
    Met
        Of all its films.
    """
    told, found = card.get("provenance"), _Found(dataset.films)
    provenance: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
    if isinstance(notes.get(LEARNED), list):
        found.add_split({"fit": notes[LEARNED]})
        found.doubt(dataset.films["split"].isna().to_numpy() & bool(notes[LEARNED]))
    else:
        for one in _ancestors(provenance):
            found.taught |= isinstance(one.get("soft_labels"), Mapping)
            if not (_from_records(found, one) or _from_split(found, one, dataset)):
                found.doubt()
    for note in [*_list(provenance.get("remedies")), *_list(notes.get("remedies"))]:
        _from_remedy(found, note)
    return found.whole()


def films_marked(provenance: Mapping[str, Any], films: pd.DataFrame) -> Met:
    """Find what films served for by the records of a card alone, where their dataset is not at hand.

    Parameters
    ----------
    provenance : mapping
        Of the card.
    films : DataFrame
        With ``film``, ``patient`` and ``dataset``.
    """
    found = _Found(films.reset_index(drop=True))
    for one in _ancestors(provenance):
        found.taught |= isinstance(one.get("soft_labels"), Mapping)
        if not _from_records(found, one):
            found.doubt()
    for note in _list(provenance.get("remedies")):
        _from_remedy(found, note)
    return found.whole()


def origins(provenance: Mapping[str, Any]) -> set[str]:
    """Give the sources of all films that a model learned from, and the models that it started from, by its card."""
    named = [one for card in _ancestors(provenance) for one in (card.get("data"), *_list(card.get("also")))]
    return {str(one.get("source")) for one in named if isinstance(one, Mapping)}


def _ancestors(provenance: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give where a model comes from, and where the one comes from that it started from, and so on."""
    one: Any = provenance
    while isinstance(one, Mapping):
        yield one
        one = one.get("started_from")


def _from_records(found: _Found, provenance: Mapping[str, Any]) -> bool:
    records = _list(provenance.get("used"))
    for one in records:
        here, doubtful = marked(found.films, [one], found.marks)
        found.strangers |= bool(one.get(STRANGERS))
        found.add(one.get("for"), here)
        found.doubt(doubtful)
    return bool(records)


def _from_remedy(found: _Found, note: Mapping[str, Any]) -> None:
    """Take in a remedy; one that does not say what it was fitted on may have been fitted on any film."""
    finding, used = str(note.get("finding")), note.get("used")
    if not isinstance(used, Mapping):
        found.doubt()
        return
    here, doubtful = marked(found.films, [used], found.marks)
    found.strangers |= bool(used.get(STRANGERS))
    found.mended[finding] = found.mended.get(finding, found.nothing) | here
    found.doubt(doubtful)


def _from_split(found: _Found, provenance: Mapping[str, Any], dataset: Dataset) -> bool:
    """Read a card without records: by the split where it names this very dataset, else by where films come from."""
    data, version = provenance.get("data"), provenance.get("data_version")
    if not isinstance(data, Mapping) or not isinstance(data.get("name"), str):
        return False
    others = _list(provenance.get("also"))
    tables = [*_tables(version), *_tables(provenance.get("also_version"))]
    for place, one in enumerate([data, *others]):
        is_main = place == 0
        same_films = is_main and isinstance(version, Mapping) and version.get("films") == _digest(dataset.films)
        if _is_table(dataset, tables, place) or (same_films and _is_split(dataset, one)):
            found.add_split(_uses(provenance, is_main))
            if is_main and not isinstance(provenance.get("recipe"), Mapping):
                found.doubt((dataset.films["split"] == "validation").fillna(False).to_numpy(bool))
            continue
        policy = one.get("policy")
        found.strangers |= not all_known(policy if isinstance(policy, Mapping) else {})
        if _may_share(dataset, one):
            found.doubt()
        else:
            named = dataset.films["patient"].astype("str").str.startswith(f"{one.get('name')}:").fillna(False)
            found.doubt(named.to_numpy(bool))
    return True


def _uses(provenance: Mapping[str, Any], is_main: bool) -> dict[str, tuple[str, ...]]:
    """Give the splits that served for each thing, by the recipe."""
    recipe = provenance.get("recipe")
    if not isinstance(recipe, Mapping):
        return {"fit": ("train",)}
    held_out = recipe.get("hold_out") == "validation"
    learned: tuple[str, ...] = ("train",) if held_out or not is_main else ("train", "validation")
    calibration = provenance.get("calibration")
    if not isinstance(calibration, Mapping) or not calibration.get("films"):
        return {"fit": learned}
    chosen = ("validation",) if held_out or not is_main else learned
    uses = {"fit": learned, "calibration": chosen} | ({"thresholds": chosen} if is_main else {})
    watches = recipe.get("patience") or recipe.get("schedule") == "plateau"
    return uses | ({"stop": chosen} if is_main and held_out and watches else {})


def _is_table(dataset: Dataset, tables: list[Mapping[str, Any]], place: int) -> bool:
    named = tables[place].get(TABLE_FILE) if place < len(tables) else None
    return named is not None and named == file_sha256(dataset.folder / TABLE_FILE)


def _is_split(dataset: Dataset, data: Mapping[str, Any]) -> bool:
    """Whether a dataset was split in the way that a card names, by the same seed and from the same files."""
    facts = dataset.facts
    ours = (facts.source, facts.split_seed, dict(facts.files), dict(facts.policy))
    same = tuple(data.get(key) for key in ("source", "split_seed", "files", "policy")) == ours
    return same and (bool(facts.files) or data.get("name") == facts.name)  # folders of films may look alike


def _may_share(dataset: Dataset, data: Mapping[str, Any]) -> bool:
    """Whether films of a dataset may be among those that a card names: of one source, and not simulated by another."""
    same_source = bool(data.get("source")) and data.get("source") == dataset.facts.source
    if same_source and data.get("source") == SIMULATED:
        return data.get("split_seed") == dataset.facts.split_seed
    return same_source or data.get("name") == dataset.facts.name


def _digest(films: pd.DataFrame) -> str:
    """Name the films that can be trained on, as `training.fitting.films.Films.version` does."""
    usable = films.loc[films["on_disk"].to_numpy(bool) & films["split"].notna().to_numpy(), "film"]
    return hashlib.sha256("\0".join(usable).encode()).hexdigest()


def _tables(version: Any) -> list[Mapping[str, Any]]:
    return _list(version.get("tables")) if isinstance(version, Mapping) else []


def _list(content: Any) -> list[Mapping[str, Any]]:
    """Give the mappings of a list that comes from a card, whoever wrote it."""
    return [one for one in content if isinstance(one, Mapping)] if isinstance(content, list) else []
