"""A contact sheet of the films that Next goes through, each with its maps of one finding, made where they lack."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dashboard.compare.asked import Asked
from dashboard.compare.figure import SMALL, Source, legend, logits_of, notes, outcome, small_maps, view_of
from dashboard.compare.hang import alias
from dashboard.compare.shown import Shown
from dashboard.server.jobs import Job
from dashboard.server.library import Record
from dashboard.server.services import Request, Services
from dashboard.server.uploads import Upload
from training.datasets.facts import DatasetError
from xai.explainers.explanation import Explanation
from xai.films.film import Film, FilmError
from xai.films.mend import Mend
from xai.findings import finding_label
from xai.models.preprocess import footprint
from xai.pictures.figure import Text, page
from xai.pictures.layout import Cell

MOST_FILMS = 12
WAIT = 120.0  # seconds in all for maps that are not there yet
LOOK = 5.0  # seconds after which the queue hears that somebody still waits


@dataclass(frozen=True)
class Next:
    """A film of the sheet: of a dataset, or an upload."""

    name: str
    dataset: str | None = None

    @classmethod
    def of(cls, film: str | Upload) -> Next:
        """Take what `dashboard.compare.hang` calls a film."""
        if isinstance(film, Upload):
            return cls(film.sha256)
        dataset, _, name = film.partition("/")
        return cls(name, dataset)


def film_sheet(source: Source, films: Sequence[tuple[Next, str]], asked: Asked) -> bytes | None:
    """Draw films and their maps of one finding, all small on one page; None where there is no map of any of them.

    Parameters
    ----------
    source : Source
        The view of the first of them.
    films : sequence of (Next, str)
        With the title of each.
    asked : Asked
    """
    made = _made([(_of(source.shown, film), title) for film, title in films[:MOST_FILMS]])
    cells = []
    lacking = 0
    results: Mapping[str, list[Explanation]] = {}
    for shown, title, found in made:
        if shown is None or not found:
            lacking += 1
            continue
        results = found if len(found) > len(results) else results
        lacking += len(found) < len(shown.parameters)
        view = replace(view_of(shown, asked), side=SMALL)
        pictures = (view.alone(), *small_maps(view, found, shown.card.index(asked.finding), asked))
        said = outcome(shown, logits_of(found), asked.finding, asked).removeprefix(f"{finding_label(asked.finding)}: ")
        named = title if asked.shows_truth or shown.record is None else shown.plain
        cells.append(Cell(f"{named}: {said}", pictures))
    if not cells:
        return None
    note = f"{lacking} of {len(made)} films could not be shown whole" if lacking else f"{len(cells)} films"
    text = Text(
        f"{finding_label(asked.finding)} on {len(cells)} {'film' if len(cells) == 1 else 'films'}",
        legend(results, asked).replace("From the left: ", "From the left: the film, "),
        notes=notes(replace(source, title=note, plain_title=note), results, asked),
    )
    told = " ".join([*(cell.title + "." for cell in cells), text.answer, *text.notes])
    return page(cells, text, told, theme=asked.theme, form=asked.form)


def _of(shown: Shown, film: Next) -> Shown | None:
    """Give another film under the same model and methods; None where it is not there any more."""
    services, hangs = shown.services, shown.record
    mend = shown.mend if film == (Next(hangs.film, hangs.dataset) if hangs else Next(shown.came)) else Mend()
    try:
        if film.dataset is None:
            own = services.films.get(film.name)
            return _another(shown, own, mend, None, "film") if own else None
        record = services.library.record(film.dataset, film.name)
        opened = services.film(film.dataset, film.name)
    except (DatasetError, FilmError, OSError):
        return None
    return _another(shown, opened, mend, record, alias(services, record) or record.film)


def _another(shown: Shown, opened: Film, mend: Mend, record: Record | None, plain: str) -> Shown:
    film = mend.film(opened)
    return replace(
        shown,
        sha256=film.sha256,
        record=record,
        came=opened.sha256,
        mend=mend,
        truth=dict(record.truth) if record else {},
        sides=film.facts.sides,
        plain=plain,
        without=(),
        footprint=footprint(film.pixels.shape[0], film.pixels.shape[1], shown.card.input),
    )


def _made(films: Sequence[tuple[Shown | None, str]]) -> list[tuple[Shown | None, str, dict[str, list[Explanation]]]]:
    """Have all maps made, as far as that goes in time; what fails stays away."""
    there = [shown for shown, _ in films if shown is not None]
    if there:
        services, waiter = there[0].services, f"{there[0].waiter} contact sheet"
        try:
            jobs = [job for shown in there for job in _jobs(shown, waiter)]
            _wait(services, waiter, jobs)
        finally:
            services.jobs.keep_only(waiter, ())
    return [(shown, title, {} if shown is None else shown.ready()) for shown, title in films]


def _jobs(shown: Shown, waiter: str) -> list[Job]:
    lacking = [method for method in shown.parameters if not shown.services.store.has(shown.key(method))]
    if not lacking:
        return []
    film, of_dataset = shown.reopened(), shown.record is not None
    requests = [
        Request(film, shown.model, method, shown.parameters[method], shown.seed, of_dataset, shown.came)
        for method in lacking
    ]
    return [shown.services.explain(waiter, request) for request in requests]


def _wait(services: Services, waiter: str, jobs: Sequence[Job]) -> None:
    changed = threading.Event()
    for job in jobs:
        job.watch(changed.set)
    end = time.monotonic() + WAIT
    while not all(job.ended for job in jobs) and time.monotonic() < end:
        changed.wait(LOOK)
        changed.clear()
        services.jobs.hear(waiter)
    for job in jobs:
        job.watchers.discard(changed.set)
