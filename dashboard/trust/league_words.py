"""What the league says in sentences, each made of the numbers in its tables."""

from __future__ import annotations

import math
import shlex

from dashboard.trust.league_table import (
    AHEAD,
    BEHIND,
    CONTROLS,
    EVERY,
    LEVEL,
    difference_in_words,
    finding_title,
    findings_of,
    in_words,
    measure_title,
    measures_of,
    method_title,
    methods_of,
    sign_of,
)
from training.benchmark.league import ALL, PRIOR
from training.benchmark.results import Results, Score
from xai.built_in import BUILT_IN_DATASETS, BUILT_IN_MODELS
from xai.explainers import DEFAULT_METHODS, EXPLAINERS
from xai.measures import FACTS
from xai.models.library import list_models
from xai.written import percent

ERROR_RATE = 0.05  # of 95 % intervals
STANDS = {
    AHEAD: "**▲ ahead of the usual place**",
    BEHIND: "**▼ behind the usual place**",
    LEVEL: "**= not told apart from the usual place**",
}


def summary(results: Results, measure: str, finding: str = ALL) -> str:
    """Say which methods are ahead of the usual place, over all findings or for one, and which are not."""
    methods = [method for method in methods_of(results, measure) if method not in CONTROLS]
    signs = {method: sign_of(results.lead(method, finding, measure)) for method in methods}
    if not any(signs.values()):
        return "This measure was not held against the usual place of a finding."
    told = []
    for sign, words in STANDS.items():
        if named := [method_title(method) for method in methods if signs[method] == sign]:
            told.append(f"{words}: {', '.join(named)}")
    return f"{'Over all findings' if finding == ALL else f'For {finding_title(finding)}'}, {'; '.join(told)}."


def elsewhere(results: Results, measure: str) -> str:
    """Name the other measures in which no method at all is ahead of the usual place over all findings."""
    methods = [method for method in methods_of(results, measure) if method not in CONTROLS]
    told = []
    for other in measures_of(results):
        signs = [sign_of(results.lead(method, ALL, other)) for method in methods]
        if other != measure and any(signs) and AHEAD not in signs:
            compared = [sign for sign in signs if sign]
            behind = (
                f"{compared.count(BEHIND)} of {len(compared)} are behind it" if BEHIND in signs else "none is behind it"
            )
            told.append(f"In {measure_title(other)} no method is ahead of the usual place: {behind}.")
    return " ".join(told)


def by_finding(results: Results, measure: str) -> str:
    """Say for which findings some method is ahead of the usual place, and name those for which none is."""
    methods = [method for method in methods_of(results, measure) if method not in CONTROLS]
    known = {
        finding: [sign_of(results.lead(method, finding, measure)) for method in methods]
        for finding in findings_of(results)
        if finding != ALL
    }
    known = {finding: signs for finding, signs in known.items() if any(signs)}
    without = [finding_title(finding) for finding, signs in known.items() if AHEAD not in signs]
    if not known:
        return ""
    if not without:
        return f"For each of {len(known)} findings at least one method is ahead."
    if len(without) == len(known):
        return "For no single finding is any method ahead."
    ahead = len(known) - len(without)
    return f"For {ahead} of {len(known)} findings at least one is ahead; none for {', '.join(without)}."


def by_chance(results: Results, measure: str) -> str:
    """Say how many cells of the table would have a triangle if no method were any different from the usual place."""
    methods = [method for method in methods_of(results, measure) if method not in CONTROLS]
    cells = [(method, finding) for method in methods for finding in findings_of(results) if finding != ALL]
    compared = sum(bool(sign_of(results.lead(*cell, measure))) for cell in cells)
    if not compared:
        return ""
    expected = ERROR_RATE * compared
    often = f"about {expected:.0f}" if expected >= 1 else "less than one, on average,"
    return (
        f"Of {compared} such cells {often} would have a triangle by chance alone: one triangle by itself proves little."
    )


def about_cell(results: Results, method: str, finding: str, measure: str) -> str:
    """Say what a method reached for a finding, what its usual place reaches, and whether that may be chance."""
    score = results.score(method, finding, measure)
    lead, usual = results.lead(method, finding, measure), results.score(PRIOR, finding, measure)
    if score is None:
        return "This was not measured."
    told = [f"{measure_title(measure)}: **{in_words(score)}**."]
    if usual is not None and method != PRIOR:
        told.append(f"A picture of where the finding usually is reaches {in_words(usual)}.")
    if lead is None or not (sign := sign_of(lead)):
        return " ".join(told)
    told.append(f"Film by film, {method_title(method)} is {STANDS[sign]}: {difference_in_words(lead)}.")
    return " ".join([*told, swapped(lead)]).strip()


def swapped(lead: Score) -> str:
    """Say how often a method's maps do as well when they are handed to other films."""
    if math.isnan(lead.p):
        return ""
    often = "in none of 999 tries" if lead.p <= 0.001 else f"in {percent(lead.p)} of the tries"
    return (
        f"Dealt out at random among the films of the finding, its maps do as well {often}: where that is often, they "
        "may know no more than where the finding usually is."
    )


def films_measured(results: Results) -> str:
    """Say what was measured: how many films of which dataset, with which settings."""
    samples, seed = (results.settings.get(name) for name in ("samples", "seed"))
    how = "each method's own settings" if samples is None else f"{samples} films hidden in part a map"
    return f"{results.films:,} films of {results.dataset} whose findings have a known place; {how}, seed {seed}."


def how_made(results: Results) -> dict[str, str]:
    """Write by method with which parameters its maps were made, where the benchmark says so."""
    known = results.settings.get("settings")
    if not isinstance(known, dict):
        return {}
    return {
        method_title(method): ", ".join(f"{name} {value}" for name, value in values.items())
        for method, values in known.items()
        if isinstance(values, dict) and values and method not in CONTROLS
    }


CARD_CHANGED = (
    "The model's card has changed since these maps were made. Thresholds and calibration do not change a map; another "
    "input or mean film would."
)


def facts(measure: str) -> dict[str, str]:
    """Give what is to be known of a measure, by what it is."""
    about = FACTS[measure]
    return {
        "What it does not show": about.misses,
        "Unit": f"{about.unit}; {about.span}.",
        "Ties": about.ties,
        "Nothing to measure": about.empty,
        "Source": about.source,
    }


PLACE = (
    "“LIBRARY” stands for the library's folder: the one that the app was started with, by default `~/.cache/lightbox`."
)


def model_word(model: str) -> str:
    """Name a model as a command takes it: one that comes with the app by its name, the library's own by its place."""
    return model if model in list_models((BUILT_IN_MODELS,)) else f"LIBRARY/models/{model}.keras"


def dataset_word(dataset: str) -> str:
    """Name a dataset as a command takes it, as `model_word` does a model."""
    return dataset if (BUILT_IN_DATASETS / dataset).is_dir() else f"LIBRARY/datasets/{dataset}"


def command(model: str, dataset: str, results: Results | None = None) -> str:
    """Write the command that makes a league, for a shell; with the methods and samples of one that was made."""
    told = {} if results is None else results.settings
    known = told.get("methods")
    methods = [name for name in EXPLAINERS if isinstance(known, list) and name in known and name not in CONTROLS]
    more = ("--method", *methods) if methods and tuple(methods) != tuple(DEFAULT_METHODS) else ()
    if isinstance(samples := told.get("samples"), int):
        more = (*more, "--samples", str(samples))
    words = ("python", "-m", "xai", "benchmark", dataset_word(dataset), "--model", model_word(model), *more)
    name = f"{model}-on-{dataset}" if results is None else results.name
    return shlex.join((*words, "--out", f"LIBRARY/leagues/{name}"))


def title_of_cell(method: str, finding: str) -> str:
    """Name a cell."""
    return f"{method_title(method)}, {EVERY.lower() if finding == ALL else finding_title(finding)}"
