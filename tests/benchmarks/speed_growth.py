"""How what a map costs grows: with its films, its findings, the model's input and the number of films explained."""

from __future__ import annotations

import time
from collections.abc import Callable

import xai
from tests.benchmarks.stock_calls import DENSENET, Subject, open_subject
from xai.films.film import Film

FILMS = (100, 200, 400)
SIZES = (160, 224, 320)
EXPLAINED = (1, 2, 4)
Grown = list[tuple[str, list[tuple[str, float]]]]


def growth(model: str, engine: str, film: Film, subject: Subject) -> Grown:
    """Give seconds of LIME, everything else alike, by what grows and how far."""
    classifier, findings = subject.classifier, list(subject.classifier.card.outputs)

    def lime(of: Subject, films: int = FILMS[0], names: list[str] | None = None, explained: int = 1) -> float:
        explainer = xai.LIME(samples=films, stops=False)
        return seconds(lambda: [explainer.explain(of.classifier, film, names, seed=k) for k in range(explained)])

    found: Grown = [
        ("films with hidden regions", [(f"{films}", lime(subject, films)) for films in FILMS]),
        ("findings", [(f"{count}", lime(subject, names=findings[:count])) for count in (1, len(findings))]),
        ("films explained", [(f"{count}", lime(subject, explained=count)) for count in EXPLAINED]),
    ]
    if model == DENSENET:
        others = {size: subject if size == classifier.size else open_subject(model, engine, size) for size in SIZES}
        found.append(("model's input, pixels a side", [(f"{size}", lime(other)) for size, other in others.items()]))
    return found


def seconds(call: Callable[[], object]) -> float:
    """Time the second call: the first one compiles."""
    for _ in range(2):
        start = time.perf_counter()
        call()
    return time.perf_counter() - start
