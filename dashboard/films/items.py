"""One page of the films found, ready for the gallery or the table, and what to say of each film."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dashboard.films.catalogue import UNKNOWN, Catalogue
from dashboard.films.met import films_met
from dashboard.films.notes import Remark
from dashboard.films.search import outcomes, threshold_of
from dashboard.films.state import OUTCOMES, State
from dashboard.page.words import percent
from training.datasets.table import CLASS
from training.evaluate.classes import class_of
from xai.findings import FINDINGS, finding_label
from xai.written import with_unit

PER_PAGE = {"small": 96, "medium": 48, "large": 24, "huge": 12}
ROWS_IN_TABLE = 50


@dataclass(frozen=True)
class Page:
    """The part of the found films that is on the screen.

    Attributes
    ----------
    rows : int array
        Of the catalogue.
    number, count : int
        Of this page, counted from 1, and of all pages.
    """

    rows: np.ndarray
    number: int
    count: int


def page_of(rows: np.ndarray, asked: State) -> Page:
    """Give the page that is asked for, or the last one where there are fewer."""
    size = ROWS_IN_TABLE if asked.layout == "table" else PER_PAGE[asked.size]
    count = max(1, -(-len(rows) // size))
    number = min(asked.page, count)
    return Page(rows[(number - 1) * size : number * size], number, count)


@dataclass(frozen=True)
class Summary:
    """What to say of one film in a few words."""

    film: str
    title: str
    findings: str
    outcome: str
    probability: float | None
    answer: str
    written: str
    sentence: str


def summaries(
    catalogue: Catalogue, asked: State, rows: np.ndarray, remarks: Mapping[str, Remark] | None = None
) -> list[Summary]:
    """Sum up some films."""
    films, finding, remarks = catalogue.films, asked.finding, remarks or {}
    answers: Sequence[float | None] = [None] * len(rows)
    letters = [""] * len(rows)
    if finding is not None and catalogue.has_answers(finding):
        p = catalogue.probabilities(finding)[rows]
        answers = [None if np.isnan(one) else float(one) for one in p]
        letters = outcomes(catalogue, finding, threshold_of(asked, catalogue, finding), rows)
    flagged = _flagged(catalogue, asked, rows) if finding is None else [None] * len(rows)
    found = []
    for row, answer, outcome, count in zip(rows.tolist(), answers, letters, flagged, strict=True):
        film, title = str(films.names[row]), str(films.titles[row])
        remark = remarks.get(film, Remark())
        present = ", ".join(finding_label(name) for name in films.present(row)) or _nothing_present(catalogue, row)
        said = [title, *facts(catalogue, row), f"labels: {present}"]
        if finding is not None and answer is not None:
            said.append(f"{finding_label(finding)} {percent(answer)}" + (f", {OUTCOMES[outcome]}" if outcome else ""))
        words = percent(answer) if answer is not None else "" if count is None else f"{count} flagged"
        written = " · ".join((*remark.tags, *(("note",) if remark.note else ())))
        found.append(Summary(film, title, present, outcome, answer, words, written, " · ".join(said)))
    return found


def facts(catalogue: Catalogue, row: int) -> list[str]:
    """Give view, sex, age and split of a film, as far as they are known."""
    films = catalogue.films
    known = [facet.names[facet.codes[row]] for name, facet in films.facets.items() if name != "source"]
    said = [value for value in known if value != UNKNOWN]
    if not np.isnan(films.age[row]):
        said.append(with_unit(f"{films.age[row]:.0f}", "years"))
    return said


def table_of(catalogue: Catalogue, asked: State, rows: np.ndarray, remarks: Mapping[str, Remark]) -> pd.DataFrame:
    """Give the table of one page, with a column for the chosen finding's probability and outcome."""
    films = catalogue.films

    def named(facet: Any) -> list[str | None]:
        return [None if (name := facet.names[code]) == UNKNOWN else name for code in facet.codes[rows]]

    summed = summaries(catalogue, asked, rows, remarks)
    columns: dict[str, Any] = {
        "Film": [one.title for one in summed],
        "Findings": [one.findings for one in summed],
    }
    if asked.finding is not None and catalogue.has_answers(asked.finding):
        columns["Probability"] = [one.probability for one in summed]
        columns["Outcome"] = [OUTCOMES.get(one.outcome) for one in summed]
    columns |= {
        "Patient": named(films.patients),
        **{name.capitalize(): named(films.facets[name]) for name in ("view", "sex")},
        "Age": [None if np.isnan(age) else round(float(age)) for age in films.age[rows]],
        "Split": named(films.facets["split"]),
        "Picture": films.openable[rows],
        "Tags": [list(remarks.get(one.film, Remark()).tags) for one in summed],
        "Note": [remarks.get(one.film, Remark()).note for one in summed],
    }
    return pd.DataFrame(columns)


def export_table(catalogue: Catalogue, asked: State, rows: np.ndarray, remarks: Mapping[str, Remark]) -> pd.DataFrame:
    """Give everything that is known of some films: one row a film, as for a spreadsheet."""
    films = catalogue.films
    facts = films.table.iloc[rows]
    columns: dict[str, Any] = {name: facts[name].to_numpy() for name in ("film", "dataset", "patient", "study")}
    columns["title"] = films.titles[rows]
    columns |= {name: facts[name].to_numpy() for name in ("view", "age", "sex", "split", "on_disk", *FINDINGS)}
    if films.classes.names:
        columns[CLASS] = class_of(facts).to_numpy()
    for finding in catalogue.answers.outputs if catalogue.answers else ():
        columns[f"prob_{finding}"] = catalogue.probabilities(finding)[rows]
        threshold = threshold_of(asked, catalogue, finding)
        columns[f"threshold_{finding}"] = np.full(len(rows), threshold)
        columns[f"outcome_{finding}"] = outcomes(catalogue, finding, threshold, rows)
    if catalogue.answers is not None:
        columns["met"] = films_met(catalogue, rows)
    columns["tags"] = ["; ".join(remarks.get(film, Remark()).tags) for film in facts["film"]]
    columns["note"] = [remarks.get(film, Remark()).note for film in facts["film"]]
    table = pd.DataFrame(columns)
    words = table.select_dtypes(exclude=["number", "bool"]).columns
    return table.assign(**{name: table[name].map(harmless) for name in words})


def _flagged(catalogue: Catalogue, asked: State, rows: np.ndarray) -> list[int | None]:
    """Count the findings that the model flags; None where it was not asked about a film."""
    answers = catalogue.answers
    if answers is None:
        return [None] * len(rows)
    p = answers.probabilities[:, rows]
    thresholds = np.array([threshold_of(asked, catalogue, name) for name in answers.outputs])[:, None]
    answered = ~np.isnan(p).all(axis=0)
    return [int(count) if known else None for count, known in zip((p >= thresholds).sum(axis=0), answered, strict=True)]


def _nothing_present(catalogue: Catalogue, row: int) -> str:
    return "none present" if (catalogue.films.labels[:, row] >= 0).any() else "no labels"


def harmless(value: Any) -> Any:
    """Keep a spreadsheet from running a text as a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
