"""Whether a model met the films that its maps were held against before: by its card, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from training.datasets.table import Dataset
from training.evaluate.met import SIMULATED, Met, films_marked, films_met, origins
from training.evaluate.met_words import TAUGHT

NOT_SAID = "Which films these are is not said, so whether the model learned from them is not known."
NOT_KNOWN = "Whether the model learned from these films is not known."


def held_out(
    provenance: Mapping[str, Any], scores: pd.DataFrame | None, dataset: str, films: Dataset | None = None
) -> str:
    """Say whether a model met the films of a benchmark, or others of their patients.

    Parameters
    ----------
    provenance : mapping
        Of the model's card.
    scores : DataFrame or None
        Of the benchmark, with ``film`` and ``patient``; None where its films are not named.
    dataset : str
        Its name.
    films : Dataset, optional
        The dataset itself, where it is at hand: a card without records can then be read by its split.
    """
    if scores is None:
        return NOT_SAID
    met = _met(provenance, scores, dataset, films)
    return " ".join(_told(met, provenance, films)) if met.known else NOT_KNOWN


def _met(provenance: Mapping[str, Any], scores: pd.DataFrame, dataset: str, films: Dataset | None) -> Met:
    cases = scores.drop_duplicates("film")
    named = cases["patient"].where(cases["patient"] != cases["film"])  # one that is not known stands for itself
    met = films_marked(provenance, pd.DataFrame({"film": cases["film"], "patient": named, "dataset": dataset}))
    if met.known or films is None:
        return met
    here = films.films["film"].isin(cases["film"]).to_numpy()
    return films_met({"provenance": provenance}, {}, films).restrict(here) if here.sum() == len(cases) else met


def _told(met: Met, provenance: Mapping[str, Any], films: Dataset | None) -> Iterator[str]:
    count, used = len(met), int(met.has_met().sum())
    if used:
        yield (
            f"By its card the model met {used:,} of these {count:,} films, or others of their patients: on those its "
            "maps may be better than on new ones."
        )
    elif met.strangers:
        yield f"By its card the model met none of these {count:,} films; of their patients it is not known."
    else:
        yield f"By its card the model met none of these {count:,} films, nor others of their patients."
    if unknown := int(np.count_nonzero(met.unknown)):
        yield f"Of {unknown:,} it is not known."
    if films is not None and films.facts.source == SIMULATED and SIMULATED in origins(provenance):
        yield "It learned from other films of the same simulator, so that these are easy for it."
    if met.taught:
        yield TAUGHT
