"""What all visitors of the Films page share: catalogues, films found, thumbnails, the notebook."""

from __future__ import annotations

import threading

import numpy as np

from dashboard.films.catalogue import Answers, Catalogue, Films, join, read_films
from dashboard.films.counts import Counts, count
from dashboard.films.notes import FILE as NOTES_FILE
from dashboard.films.notes import Notebook
from dashboard.films.search import find
from dashboard.films.slices import FOLDER as SLICES_FOLDER
from dashboard.films.slices import Slices
from dashboard.films.state import State
from dashboard.films.thumbnails import Thumbnails
from dashboard.server.bounded import Bounded
from dashboard.server.library import Library

CATALOGUE_BYTES = 768 * 2**20  # two datasets of MIMIC's size, with predictions
ANSWER_BYTES = 48 * 2**20


class FilmServices:
    """Opens catalogues and finds films in them, each once for all visitors.

    Parameters
    ----------
    library : Library
    """

    def __init__(self, library: Library) -> None:
        self.library = library
        self.notebook = Notebook(library.root / NOTES_FILE)
        self.slices = Slices(library.root / SLICES_FOLDER)
        self.thumbnails = Thumbnails(library.root / "thumbnails")
        self._films: Bounded[Films] = Bounded(CATALOGUE_BYTES, lambda films: films.nbytes)
        self._answers: Bounded[Answers] = Bounded(CATALOGUE_BYTES // 4, lambda one: one.probabilities.nbytes)
        self._found: Bounded[np.ndarray] = Bounded(ANSWER_BYTES, lambda rows: rows.nbytes)
        self._counts: Bounded[Counts] = Bounded(2**22, lambda counts: 3000)
        self._opening = threading.Lock()

    def open(self, dataset: str, predictions: str | None) -> Catalogue:
        """Open a dataset, with predictions if they are named.

        Raises
        ------
        DatasetError, PredictionsError
        """
        films = self._open_films(dataset)
        stamp = f"{dataset} {self.library.dataset_stamp(dataset)}"
        if predictions is None:
            return Catalogue(stamp, films)
        judged = self.library.read_predictions(predictions)
        key = f"{stamp} / {predictions} {self.library.predictions_stamp(predictions)}"
        answers = self._answers.get(key)
        if answers is None:
            answers = join(films, judged, predictions, self.library.dataset(dataset))
            self._answers.put(key, answers)
        return Catalogue(key, films, answers)

    def _open_films(self, dataset: str) -> Films:
        stamp = f"{dataset} {self.library.dataset_stamp(dataset)}"
        films = self._films.get(stamp)
        if films is None:
            with self._opening:  # two visitors at once would hold the same table twice
                films = self._films.get(stamp)
                if films is None:
                    films = read_films(dataset, self.library.table(dataset))
                    self._films.put(stamp, films)
        return films

    def find(self, asked: State, catalogue: Catalogue, notebook: Notebook) -> np.ndarray:
        """Give the rows of the films that are asked for, in order; worked out once for all visitors."""
        version = notebook.version() if asked.tags else 0
        key = repr((catalogue.key, version, asked.filters()))
        rows = self._found.get(key)
        if rows is None:
            dataset = catalogue.films.dataset
            rows = find(asked, catalogue, lambda tag: notebook.tagged(dataset, tag))
            self._found.put(key, rows)
        return rows

    def count(self, asked: State, catalogue: Catalogue, notebook: Notebook) -> Counts:
        """Count the films that are asked for; the order of the films plays no part in it."""
        plain = asked.with_(sort="table", finding=None)
        version = notebook.version() if asked.tags else 0
        key = repr((catalogue.key, version, plain.filters()))
        counts = self._counts.get(key)
        if counts is None:
            counts = count(catalogue.films, self.find(asked, catalogue, notebook))
            self._counts.put(key, counts)
        return counts
