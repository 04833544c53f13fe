"""Predictions beside the truth, read once for all visitors of the pages that judge a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard.server.library import Library
from training.datasets.table import FACTS_FILE, SPLITS, TABLE_FILE, DatasetError, read_dataset
from training.evaluate.few_values import few_values
from training.evaluate.joining import judge
from training.evaluate.judged import ALL, CHOICES, NEVER_MET, NOT_MET, Judged
from training.evaluate.met_words import flattered
from training.evaluate.ranked import EvaluateError
from training.evaluate.same_films import cross_fitted, looks, same_films_words
from training.evaluate.thresholds import RULES, Rule
from training.predictions.table import Predictions, PredictionsError
from xai.findings import finding_label
from xai.models.library import DEFAULT_MODEL

SPLIT_CHOICES = CHOICES
KEPT = 6  # joined tables in memory, the splits of one among them
JUDGING_ERRORS = (EvaluateError, PredictionsError, DatasetError, OSError)
IMPORTED = Rule("As imported", "The threshold that the predictions were imported with.", follows=False)
HELP = (
    "Which of the predicted films are judged. Never met: films that served neither to fit, stop, calibrate or mend the "
    "model nor to choose its thresholds, and of whose patients no other film did. A lot is a random split drawn here, "
    "of which a model that was not trained here knows nothing. Not known to be met: "
    "where none is known to be new, all but those that it is known to have met, such as those it was mended on."
)


@dataclass(frozen=True)
class Source:
    """Whose predictions of which films.

    Attributes
    ----------
    predictions : str
        Name in the library.
    dataset : str or None
        Name in the library; None where its dataset lies elsewhere, so that its films cannot be opened.
    model : str
    split : str
        One of `SPLIT_CHOICES`.
    stamp : str
        Changes whenever a file of theirs does; the name of everything computed from them.
    folders : tuple of Path
        Where the predictions lie, and their dataset.
    """

    predictions: str
    dataset: str | None
    model: str
    split: str
    stamp: str
    folders: tuple[Path, ...] = ()


def list_predictions(library: Library) -> list[str]:
    """Name the predictions that there are, the default first."""
    names = list(library.predictions())
    return sorted(names, key=lambda name: (not name.startswith(DEFAULT_MODEL), name))


def source(library: Library, predictions: str, split: str = ALL) -> Source:
    """Say what would be judged, without reading its films; raises one of `JUDGING_ERRORS`."""
    read = library.read_predictions(predictions)
    dataset = _dataset_name(library, predictions)
    folder = library.datasets()[dataset] if dataset else _folder(read)
    stamps = library.predictions_stamp(predictions), (folder / TABLE_FILE).stat().st_mtime
    stamp = f"{read.folder} {stamps} {split}"
    return Source(predictions, dataset, read.facts.model, split, stamp, (read.folder, folder))


def judged(library: Library, predictions: str, split: str = ALL) -> Judged:
    """Join predictions to the labels of their dataset, or of one of its splits.

    Raises
    ------
    EvaluateError, PredictionsError, DatasetError, OSError
        In one sentence, if there is nothing to judge; see `JUDGING_ERRORS`.
    """
    told = source(library, predictions, ALL)
    whole = _join(told.stamp, library, told)
    return whole if split == ALL else _in_split(told.stamp, split, whole)


def split_names(whole: Judged) -> dict[str, str]:
    """Name the choices of films that there are, each with its number; ``whole`` is what `judged` gives of all films."""
    lot = "lot " if whole.own_lot and not whole.met.known else ""
    words = {NEVER_MET: "never met", NOT_MET: "not known to be met", ALL: "all"} | {
        split: f"{lot}{split}" for split in SPLITS
    }
    return {choice: f"{words[choice]} {count:,}" for choice, count in split_counts(whole).items()}


def settled(whole: Judged, names: Mapping[str, str], asked: str | None) -> tuple[str, str]:
    """Give the choice of films that is shown where one is asked for, and why it is another one; empty where not.

    ``names`` is what `split_names` gives.
    """
    if asked is None or asked in names:
        return asked or whole.usual, ""
    if asked == NOT_MET:
        why = "" if whole.unmet.all() else "Which of these films it never met is known; judging {}."
    elif asked == NEVER_MET:
        why = "" if whole.new.all() else "None of these films is known to be new to the model; judging {}."
    else:
        why = f"None of these films is in the split {asked}; judging {{}}."
    return whole.usual, why.format(names[whole.usual])


def warning_words(here: Judged, home: Source) -> str:
    """Warn of films that the model has met, with the numbers; empty where there is nothing to warn of."""
    return _flattered(home.stamp, here)


def same_films(here: Judged, home: Source, finding: str, rule: str, target: float | None = None) -> str:
    """Say of a threshold that a rule chose on the very films that are judged what that does; empty where none did.

    ``rule`` is the one that is on: empty or ``card`` for a number that was there before.
    """
    return _same_films(home.stamp, finding, rule, target, here)


def named_rule(here: Judged, rule: str) -> Rule:
    """Give a rule by what it is here: predictions without a model card may have come with thresholds all the same."""
    return IMPORTED if rule == "card" and not here.card else RULES[rule]


def outputs_words(here: Judged) -> str:
    """Say which outputs are classes, what is not judged, and which have few values; empty where all is as usual."""
    said = []
    if len(here.classes) == 1:
        said.append(f"{_listed(here.classes)} is a class, judged against all films of another.")
    elif here.classes:
        said.append(f"{_listed(here.classes)} are classes, each judged against the rest.")
    if here.unjudged:
        said.append(f"The dataset says nothing of {_listed(here.unjudged)}, which is left out.")
    if here.ignored:
        said.append(f"Columns of the imported table that were not read: {', '.join(here.ignored)}.")
    said += few_values({name: here.scores(name) for name in here.findings})
    return " ".join(said)


def _listed(names: tuple[str, ...]) -> str:
    words = [finding_label(name) for name in names]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def split_counts(whole: Judged) -> dict[str, int]:
    """Count the films of each choice that there is; ``whole`` is what `judged` gives of all films."""
    counts = whole.films["split"].value_counts()
    new = int(whole.new.any(axis=1).sum())
    never_met = {NEVER_MET: new} if new and not whole.new.all() else {}
    if not new and not whole.unmet.all() and (left := int(whole.unmet.any(axis=1).sum())):
        never_met[NOT_MET] = left
    splits = {split: int(counts[split]) for split in SPLITS if split in counts.index}
    return never_met | {ALL: len(whole)} | splits


@st.cache_data(max_entries=64, show_spinner=False)
def _flattered(stamp: str, _here: Judged) -> str:
    return flattered(_here)


@st.cache_data(max_entries=64, show_spinner=False)
def _same_films(stamp: str, finding: str, rule: str, target: float | None, _here: Judged) -> str:
    ranked = _here.ranked(finding)
    if ranked.problem:
        return ""
    if looks(rule):
        return same_films_words(ranked, cross_fitted(_here, finding, rule, target))
    return same_films_words(ranked) if rule == "card" and _here.chosen_here(finding) else ""


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _join(stamp: str, _library: Library, _told: Source) -> Judged:
    read = _library.read_predictions(_told.predictions)
    dataset = _library.dataset(_told.dataset) if _told.dataset else read_dataset(_folder(read))
    return judge(read, dataset)


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _in_split(stamp: str, split: str, _whole: Judged) -> Judged:
    return _whole.in_split(split)


def _dataset_name(library: Library, predictions: str) -> str | None:
    return next((name for name in library.datasets() if predictions in library.predictions(name)), None)


def _folder(read: Predictions) -> Path:
    folder = (read.folder / read.facts.dataset_folder).resolve()
    if not (folder / FACTS_FILE).is_file():
        raise DatasetError(
            f"The predictions {read.name} are of the dataset {read.facts.dataset}, which is not where they say; "
            "their labels are in it. Put its folder into the library's datasets/."
        )
    return folder
