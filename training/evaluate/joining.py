"""Joining predictions to the truth about their films, or refusing to in one sentence."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from training.datasets.patients import each_alone
from training.datasets.table import Dataset
from training.evaluate.classes import are_classes, class_names, class_truths, truths
from training.evaluate.judged import CHOSEN_BY, Judged
from training.evaluate.met import films_met, nobody_knows
from training.evaluate.ranked import EvaluateError
from training.predictions.table import Predictions, check_probabilities


def judge(predictions: Predictions, dataset: Dataset | None = None) -> Judged:
    """Join predictions to the labels of their dataset.

    Parameters
    ----------
    predictions : Predictions
    dataset : Dataset, optional
        Already read; otherwise it is read from where the predictions say it lies.

    Raises
    ------
    EvaluateError, DatasetError
        In one sentence, if nothing of them can be judged; see `join`.
    """
    dataset = predictions.open_dataset() if dataset is None else dataset
    facts = predictions.facts
    joined = join(predictions.table, dataset.films, facts.model, facts.dataset, softmax=are_classes(facts))
    met = films_met(facts.card, facts.notes, dataset)
    at = pd.Index(dataset.films["film"]).get_indexer(pd.Index(joined.films["film"]))
    return dataclasses.replace(
        joined,
        thresholds=facts.thresholds,
        card=facts.card,
        met=met.restrict(at),
        ignored=tuple(map(str, told)) if isinstance(told := facts.notes.get("ignored_columns"), list) else (),
        chosen_by=str(facts.notes.get(CHOSEN_BY) or ""),
        own_lot=dataset.facts.policy.get("splits") == "random",
    )


def join(
    table: pd.DataFrame, films: pd.DataFrame, model: str = "model", dataset: str = "dataset", softmax: bool = False
) -> Judged:
    """Join a table of probabilities to a table of films.

    Parameters
    ----------
    table : DataFrame
        Indexed by film; one column of probabilities an output.
    films : DataFrame
        A dataset's table.
    softmax : bool
        Whether the outputs exclude each other, so that all are judged by the films' classes where there are any; see
        `training.evaluate.classes.truths`.

    Raises
    ------
    EvaluateError, PredictionsError
        If a film has two rows, no film of one is in the other, no output is a finding or a class, a value is no
        probability, every probability is missing, or each output gives all films the same.
    """
    _refuse_twice(table.index, f"The predictions of {model}")
    _refuse_twice(pd.Index(films["film"]), f"The dataset {dataset}")
    outputs = tuple(name for name in table.columns if isinstance(name, str))
    told = truths(films, outputs, softmax)
    findings = tuple(told)
    if not findings:
        classes = class_names(films)
        or_class = f" or a class of {dataset} ({', '.join(classes)})" if classes else ""
        raise EvaluateError(f"{model} has no output that is a finding{or_class}; its outputs are {', '.join(outputs)}.")
    check_probabilities(table[list(findings)], f"The table of {model}")
    at = pd.Index(table.index).get_indexer(pd.Index(films["film"]))
    rows = np.flatnonzero(at >= 0)
    if not len(rows):
        raise EvaluateError(
            f"None of the {len(table)} predicted films is in the dataset {dataset}: the predictions name films such as "
            f"{_example(table.index)}, the dataset such as {_example(films['film'])}."
        )
    # One finding lies in one piece: nearly everything is done finding by finding.
    probabilities = np.asfortranarray(table[list(findings)].to_numpy(np.float64)[at[rows]])
    _refuse_empty(probabilities, model)
    kept = films.iloc[rows].reset_index(drop=True)
    return Judged(
        model=model,
        dataset=dataset,
        findings=findings,
        labels=np.asfortranarray(np.column_stack([told[name][rows] for name in findings])),
        probabilities=probabilities,
        patients=pd.factorize(each_alone(kept["patient"].to_numpy()))[0],
        films=kept,
        unpredicted=len(films) - len(rows),
        unlabelled=len(table) - len(rows),
        classes=tuple(class_truths(films, outputs, softmax)),
        unjudged=tuple(name for name in outputs if name not in told),
        patients_known=bool(films["patient"].notna().all()),
        met=nobody_knows(len(kept)),
    )


def _refuse_twice(names: pd.Index, where: str) -> None:
    if names.has_duplicates:
        raise EvaluateError(f"{where} has two rows for the film “{names[names.duplicated()][0]}”; expected one a film.")


def _refuse_empty(probabilities: np.ndarray, model: str) -> None:
    columns = probabilities[:, ~np.isnan(probabilities).all(axis=0)]
    if not columns.shape[1]:
        raise EvaluateError(f"{model} has no probability for any of the {len(probabilities)} films: all are missing.")
    if len(columns) > 1 and (np.nanmax(columns, axis=0) == np.nanmin(columns, axis=0)).all():
        raise EvaluateError(
            f"{model} gives all {len(columns)} films the same probability; scores that are constant tell nothing apart."
        )


def _example(names: pd.Index | pd.Series) -> str:
    return f"“{next(iter(names))}”" if len(names) else "none"
