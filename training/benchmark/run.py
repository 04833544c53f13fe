"""Explain the films of a benchmark that are not explained yet, here or on a Dask cluster."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from training.benchmark.maps import Measured, Order, explain_film, kept, open_folder, written
from training.datasets.facts import DatasetError
from training.datasets.table import Dataset, read_dataset
from xai.budget import Budget
from xai.cards.model_card import card_sha256
from xai.explainers import EXPLAINERS
from xai.files import write_file
from xai.films.film import FilmError
from xai.many.cluster import classifier_on_worker, connected, spread
from xai.many.in_turn import in_turn

if TYPE_CHECKING:
    from xai.models.classifier import Classifier

Wanted = Mapping[str, Sequence[str]]  # by film, the findings whose truth is known
Run = Callable[[Wanted], Iterator[tuple[str, Measured | str]]]


def explain_films(
    classifier: Classifier, dataset: Dataset, wanted: Wanted, order: Order, out: Path, run: Run
) -> tuple[list[Measured], list[str]]:
    """Explain films, or take what is kept of them.

    Parameters
    ----------
    classifier, dataset, wanted, order
        What is explained.
    out : Path
        The benchmark's folder.
    run : callable
        Takes the films that are missing, and gives each with its maps, or with why it has none: `here` or `there`.

    Returns
    -------
    measured : list of Measured
        In the order of ``wanted``, however they were made.
    refused : list of str
        A sentence for each film or method that could not be had.

    Raises
    ------
    DatasetError
        If no film can be opened, or the folder holds another benchmark.
    """
    from tqdm import tqdm

    folder = open_folder(out, order.claim(classifier, dataset))
    places = {film: folder / f"{place:06}.npz" for place, film in enumerate(dataset.films["film"])}
    found = {film: one for film in wanted if (one := kept(places[film])) is not None}
    missing = {film: findings for film, findings in wanted.items() if film not in found}
    refused = {}
    with tqdm(total=len(wanted), initial=len(found), unit="film", disable=None, file=sys.stderr) as bar:
        for film, made in run(missing):
            if isinstance(made, str):
                refused[film] = f"{film}: {made}"
            else:
                write_file(places[film], written(made))
                found[film] = made
            bar.update()
    if not found:
        raise DatasetError(f"None of {len(wanted)} films could be opened. {next(iter(refused.values()))}")
    for one in found.values():
        refused |= {method: f"{EXPLAINERS[method].title}: {why}" for method, why in one.without.items()}
    return [found[film] for film in wanted if film in found], list(refused.values())


def here(classifier: Classifier, dataset: Dataset, order: Order) -> Run:
    """Explain films in this process, two under way: while one is in the engine, the other is got ready."""

    def work(item: tuple[str, Sequence[str]], budget: Budget) -> Measured | str:
        return _explained(classifier, dataset, *item, order)

    def run(films: Wanted) -> Iterator[tuple[str, Measured | str]]:
        for (film, _), made in in_turn(work, list(films.items()), Budget()):
            yield film, made

    return run


def there(model_path: Path, classifier: Classifier, dataset: Dataset, order: Order, scheduler: str) -> Run:
    """Explain films on the workers of a Dask cluster, which need model and dataset at the same paths as here.

    The engine is the one that runs here, so that no worker takes another one and all give the same maps.
    """

    def run(films: Wanted) -> Iterator[tuple[str, Measured | str]]:
        if not films:
            return
        model = (model_path.resolve(), classifier.model_id, card_sha256(classifier.card), classifier.hiding.engine)
        work = functools.partial(explain_on_worker, model, dataset.folder.resolve(), order)
        with connected(scheduler) as client:
            for (film, _), made in spread(client, work, list(films.items())):
                yield film, made

    return run


def explain_on_worker(
    model: tuple[Path, str, str, str], folder: Path, order: Order, wanted: tuple[str, Sequence[str]]
) -> Measured | str:
    """Explain one film, on a worker that loads the model (`classifier_on_worker`) once."""
    film, findings = wanted
    return _explained(classifier_on_worker(*model), read_dataset(folder), film, tuple(findings), order)


def _explained(
    classifier: Classifier, dataset: Dataset, film: str, findings: Sequence[str], order: Order
) -> Measured | str:
    try:
        return explain_film(classifier, dataset, film, findings, order)
    except (FilmError, DatasetError) as error:
        return str(error)
