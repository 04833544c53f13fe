"""Parts of docs/trust.md that are no leagues: the sanity check over films, and the shortcut lab."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from training.benchmark.league import PRIOR
from training.benchmark.sanity import EDGES, GRADIENT
from training.benchmark.sanity_table import at_last, read_sanity
from training.benchmark.shortcut_files import CONTROLS, read_lab
from training.benchmark.telling import MOST_FILMS, telling
from xai.measures.sanity import LIMIT

VERDICTS = {True: "passes", False: "does not pass", None: "may be either"}
SURE = 0.001  # p below which a difference is said to be there


def sanity(folder: Path) -> str:
    """Write what the sanity check found over films; nothing where it was not made."""
    found = read_sanity(folder)
    if found is None:
        return ""
    _, one = found
    last = at_last(one.table)
    sent = "each method's own" if one.samples is None else str(one.samples)
    rows = [
        f"| {name} | {row.similarity:.2f} [{row.low:.2f}, {row.high:.2f}] | {VERDICTS[row.passes]} | {row.films} | "
        f"{row.empty} |".replace("-", "−")
        for name, row in zip(last.index, last.itertuples(), strict=True)
    ]
    own = last.drop([EDGES, GRADIENT], errors="ignore")
    told = [
        f"{words}: {', '.join(names)}."
        for passes, words in ((True, "Below the limit"), (False, "Above it"), (None, "May be either"))
        if (names := [str(name) for name, row in own.iterrows() if row["passes"] is passes])
    ]
    return "\n".join(
        [
            f"## Sanity of `{folder.name.partition('-')[2]}`\n",
            f"Rank correlation of a map with that of the same model when all its layers are random (one "
            f"shuffle; with the maps' signs or without them, whichever is larger), over {one.films} "
            f"films of `{one.dataset}`; films hidden in part a map: {sent}. The limit is {LIMIT:g}; a verdict needs "
            "the whole 95 % interval on one side of it. The edges of the film must not pass.\n",
            "| map | similarity, all random | verdict | films | maps empty when random |",
            "|---" * 5 + "|",
            *rows,
            "",
            f"{' '.join(told)} Edges of the film: {VERDICTS[last['passes'][EDGES]]}. "
            f"Plain gradient: {VERDICTS[last['passes'][GRADIENT]]}.",
            "",
        ]
    )


def lab(folder: Path) -> str:
    """Write what the shortcut lab found; nothing where it was not made."""
    one = read_lab(folder)
    if one is None:
        return ""
    told = telling(one)
    clean, leaning = one.models
    thing = one.claim["thing"]
    area = one.answers["area"].mean()
    films = int(told["films_measured"].iloc[0])
    return "\n".join(
        [
            f"## `{leaning}` beside `{clean}`: the shortcut lab\n",
            f"{films} films with {one.claim['finding'].lower()} and a {thing}, one a patient; {one.claim['samples']} "
            f"films hidden in part a map. An even map would lay {_share(area)} on the {thing}.\n",
            f"| map | on the {thing}, `{clean}` | on the {thing}, `{leaning}` | p | AUROC | films needed |",
            "|---" * 6 + "|",
            *_lab_rows(told),
            "",
            *_lab_verdicts(told, area, thing, leaning),
            "",
        ]
    )


def _lab_rows(told: pd.DataFrame) -> Iterator[str]:
    for row in told.itertuples():
        shares = [
            f"{_share(value)} [{_share(low)}, {_share(high)}]"
            for value, low, high in (
                (row.clean, row.clean_low, row.clean_high),
                (row.leaning, row.leaning_low, row.leaning_high),
            )
        ]
        area = f"{row.auroc:.2f} [{row.auroc_low:.2f}, {row.auroc_high:.2f}]"
        needed = (
            _count(row.films)
            if row.few == row.most
            else f"{_count(row.films)} ({_count(row.few)} to {_count(row.most)})"
        )
        title = f"*{row.Index}*" if row.Index in (*CONTROLS, PRIOR) else row.Index
        yield f"| {title} | {' | '.join(shares)} | {_chance(row.p)} | {area} | {needed} |"


def _lab_verdicts(told: pd.DataFrame, area: float, thing: str, leaning: str) -> Iterator[str]:
    own = told.drop(list(CONTROLS), errors="ignore")
    groups = {
        f"p is below {SURE} for": own.index[own["p"] < SURE],
        f"p is not below {SURE} for": own.index[~(own["p"] < SURE)],
        f"More than an even map would lay there, by `{leaning}`": own.index[own["leaning_low"] > area],
        f"**Not more than an even map would, so that hardly anybody would see the {thing}**": own.index[
            ~(own["leaning_low"] > area)
        ],
    }
    for words, names in groups.items():
        if len(names):
            yield f"- {words}: {', '.join(names)}."


def _share(value: float) -> str:
    return "< 0.1 %" if 0 < value < 0.0005 else f"{100 * value:.1f} %"


def _count(value: float) -> str:
    return f"more than {MOST_FILMS}" if math.isinf(value) else f"{value:.0f}"


def _chance(value: float) -> str:
    return f"< {SURE}" if value < SURE else f"{value:.2f}"
