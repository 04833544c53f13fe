"""What tells methods apart at a glance: white box or black box, what it costs, and what was measured of it."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.compare.trust_line import stands
from dashboard.server.homes import home_of
from dashboard.server.library import Library
from dashboard.server.looking import looked_up
from training.benchmark.league import ALL
from training.benchmark.results import Results, results_for
from training.datasets.facts import DatasetError
from xai.built_in import BUILT_IN_LEAGUES
from xai.explainers.explanation import Explainer
from xai.written import counted

IN = {"pointing": "pointing", "iou": "IoU", "energy": "energy inside"}
BESIDE = {
    "ahead": "ahead of the usual place",
    "level": "not told apart from the usual place",
    "behind": "behind the usual place",
}


@looked_up
def leagues_of(library: Library, model: str) -> list[Results]:
    """Give what was measured of a model, in the order of the folders."""
    return results_for(library.model_id(model), (BUILT_IN_LEAGUES, library.root / "leagues"))


def at_length(explainer: Explainer, measured: str) -> str:
    """Say in sentences what a method needs of the model, what to be warned of, and what was measured of it."""
    return " ".join(filter(None, (explainer.box.meaning, explainer.warning, measured)))


def measured_words(library: Library, results: Sequence[Results], explainer: Explainer) -> str:
    """Say how a method stands beside the usual place over all findings, a sentence for each kind of films."""
    told = [(films_words(library, one), standing(one, explainer.name)) for one in results]
    return " ".join(f"On {films}, all findings together: {words}." for films, words in told if words)


def standing(results: Results, method: str) -> str:
    """Say how a method stands beside the usual place, measure by measure; empty where that was not asked."""
    by: dict[str, list[str]] = {}
    for measure, name in IN.items():
        lead = results.lead(method, ALL, measure)
        if lead is not None and (word := stands(lead)) in BESIDE:
            by.setdefault(word, []).append(name)
    return ", ".join(f"{BESIDE[word]} in {' and '.join(names)}" for word, names in by.items())


def films_words(library: Library, results: Results) -> str:
    """Count the films of a league, and say of what kind they are."""
    if is_simulated(library, results.dataset):
        return counted(results.films, "simulated film")
    return f"{counted(results.films, 'film')} of {results.dataset}"


@looked_up
def is_simulated(library: Library, dataset: str) -> bool:
    """Whether a dataset's films are simulated; no for one that is not in the library."""
    home = home_of(library, dataset)
    if home is None:
        return False
    try:
        return "recipe" in library.table(home)
    except DatasetError:
        return False
