"""The league as a table: a row a method, controls apart, a column a finding, and a sign for how a cell stands."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping

from dashboard.components.cells import Cell, Head
from dashboard.page.words import signed
from training.benchmark.league import ALL, PRIOR
from training.benchmark.readers import READER
from training.benchmark.results import Results, Score
from xai.explainers import EXPLAINERS
from xai.explainers.controls import CentredMap, RandomMap
from xai.findings import FINDINGS, finding_label
from xai.measures import FACTS
from xai.written import counted

CONTROLS: Mapping[str, tuple[str, str]] = {
    RandomMap.name: ("Noise", "A control: noise on a coarse grid. It knows neither film nor model."),
    CentredMap.name: ("Centre", "A control: the same blob in the middle of every film. It knows neither."),
    PRIOR: (
        "Usual place",
        "A control: the mean of the finding's true places on films of other patients. It knows where the finding "
        "usually is, and nothing of this film or the model.",
    ),
    READER: (
        "Another reader",
        "A control: what other people drew on the same films, held against the same drawing as the maps. Its IoU is "
        "that of the two areas as they were drawn.",
    ),
}
MEASURES = {
    "pointing": "Pointing",
    "energy": "Energy inside",
    "iou": "IoU, matched area",
    "iou_otsu": "IoU, Otsu",
    "auroc": "AUROC of the map",
    "average_precision": "Average precision of the map",
}
EVERY = "All findings"
AHEAD, BEHIND, LEVEL = "ahead", "behind", "level"


def method_title(method: str) -> str:
    """Name a method or control for people."""
    if method in CONTROLS:
        return CONTROLS[method][0]
    return EXPLAINERS[method].title if method in EXPLAINERS else method


def finding_title(finding: str) -> str:
    """Name a finding, or all of them, for people."""
    return EVERY if finding == ALL else finding_label(finding)


def measure_title(measure: str) -> str:
    """Name a measure for people."""
    return MEASURES.get(measure, measure.replace("_", " ").capitalize())


def measures_of(results: Results) -> list[str]:
    """List the measures that were taken and whose meaning is declared."""
    return [name for name in dict.fromkeys(results.league["measure"]) if name in FACTS]


def findings_of(results: Results) -> list[str]:
    """List all findings together first, then each in its usual order, then outputs of other names."""
    there = set(results.league["finding"])
    return [*([ALL] if ALL in there else []), *in_finding_order(there - {ALL})]


def in_finding_order(names: Collection[str]) -> list[str]:
    """Put findings into their usual order, outputs of other names behind them."""
    known = [name for name in FINDINGS if name in names]
    return [*known, *sorted(set(names) - set(known))]


def methods_of(results: Results, measure: str) -> list[str]:
    """List the methods, the best over all findings first, then the controls in the same order."""

    def place(method: str) -> tuple[bool, float]:
        score = results.score(method, ALL, measure)
        value = math.nan if score is None else score.value
        return method in CONTROLS, math.inf if math.isnan(value) else -value

    return sorted(dict.fromkeys(results.league["method"]), key=place)


def sign_of(lead: Score | None) -> str:
    """Say how a method stands to the usual place: ahead or behind where the interval leaves out 0, else level."""
    if lead is None or math.isnan(lead.low) or math.isnan(lead.high):
        return ""
    return AHEAD if lead.low > 0 else BEHIND if lead.high < 0 else LEVEL


def heads(results: Results, measure: str) -> tuple[list[Head], list[Head]]:
    """Give the heads of the rows and of the columns."""
    methods = methods_of(results, measure)
    first = next((method for method in methods if method in CONTROLS), None)
    rows = [Head(one, method_title(one), _told(one), one == first and one != methods[0]) for one in methods]
    columns = [Head(one, finding_title(one), apart=place == 1) for place, one in enumerate(findings_of(results))]
    return rows, columns


def table_of(results: Results, measure: str) -> dict[tuple[str, str], Cell]:
    """Give the cells, by method and finding; one of no film is not in it."""
    found = {}
    for method, finding in itertools.product(methods_of(results, measure), findings_of(results)):
        score = results.score(method, finding, measure)
        if score is not None and score.films and not math.isnan(score.value):
            sign = sign_of(results.lead(method, finding, measure))
            told = f"{method_title(method)}, {finding_title(finding)}: {in_words(score)}. {SAID[sign]}".strip()
            found[method, finding] = Cell(f"{score.value:.2f}", interval(score), sign, told)
    return found


SAID = {
    "": "",
    AHEAD: "Ahead of the usual place.",
    BEHIND: "Behind the usual place.",
    LEVEL: "Not told apart from the usual place.",
}


def interval(score: Score) -> str:
    """Write the ends of an interval, short."""
    return "" if math.isnan(score.low) else f"{score.low:.2f} to {score.high:.2f}"


def in_words(score: Score) -> str:
    """Write a score, its interval, and the films behind it."""
    films = counted(score.films, "film")
    if math.isnan(score.value):
        return "not known"
    known = f", 95\u00a0% interval {interval(score)}" if interval(score) else ""
    return f"{score.value:.2f}{known}, {films}"


def difference_in_words(lead: Score) -> str:
    """Write a difference with its interval."""
    return f"{signed(lead.value)} (95\u00a0% interval {signed(lead.low)} to {signed(lead.high)})"


def _told(method: str) -> str:
    if method in CONTROLS:
        return CONTROLS[method][1]
    return EXPLAINERS[method].reading if method in EXPLAINERS else ""
