"""What a page, a report or a command says of the films that a model met before it is judged on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from training.datasets.patients import count_patients
from training.datasets.table import SPLITS
from training.evaluate.judged import Judged
from training.evaluate.met import SERVED, Met
from training.evaluate.roc import area
from xai.findings import finding_label

FLATTERED = "Films that it has met flatter the model: mean AUROC"
NAMED = 3  # findings
TAUGHT = "It learned from other models' answers too; what those had met is not known."
NOT_KNOWN = "Whether it was fitted on any of these films is not known, so neither is whether it has met these patients."
LOT = " The split is a random lot drawn here: it says nothing of this model."


def met_words(here: Judged) -> str:
    """Say of how many of these films it is known that the model met them, or their patients, and what for."""
    met = here.met
    if not met.known:
        return " ".join(filter(None, [NOT_KNOWN + (LOT if here.own_lot else ""), _mended(here)]))
    said = [_used(here), _mended(here), _new(here)]
    if count := int(met.unknown.sum()):
        said.append(f"Of {count:,} it is not known.")
    if met.taught and met.new().any():
        said.append(TAUGHT)
    return " ".join(filter(None, said))


def film_words(met: Met | None, row: int, patient_known: bool) -> str:
    """Say what one film, or another of its patient, served for; ``row`` is its place among those of ``met``."""
    if met is None or met.unknown[row]:
        return "Whether the model met this film before is not known."
    uses = [words for use, words in SERVED.items() if use in met.served and met.served[use][row]]
    uses += [f"to mend {finding_label(name)}" for name, fitted in met.mended.items() if fitted[row]]
    if uses:
        return f"The model met this film, or another of its patient: it served {listed(uses)}."
    if met.strangers or not patient_known:
        return "This film served for nothing that made the model; whether another of its patient did is not known."
    return f"The model never met this patient. {TAUGHT}" if met.taught else "The model never met this patient."


def flattered(here: Judged) -> str:
    """Warn, with the mean AUROC of each split, of films that the model met; empty where it is not known to have."""
    met, new = ~here.met.new() & ~here.met.unknown, here.met.new()
    if not met.any():
        return ""
    split = here.films["split"].astype(object)
    parts = [(name, (split == name).to_numpy(bool)) for name in SPLITS]
    parts.append(("films in no split", split.isna().to_numpy()))
    parts = [(name, part) for name, part in parts if part.any()]
    if new.any() and not any(np.array_equal(part, new) for _, part in parts):
        parts.append(("those never met", new))
    whole, *means = _mean_aurocs([here, *(here.restrict(part) for _, part in parts)])
    if whole is None:
        return "The model has met these films, which flatters it."
    told = [
        f"{mean:.3f} on {name} ({int(part.sum()):,}, {_how_many(met, part)} met)"
        for (name, part), mean in zip(parts, means, strict=True)
        if mean is not None
    ]
    if len(parts) == 1:
        return (
            f"{FLATTERED} {whole:.3f} on these {len(here):,} films, {_how_many(met, parts[0][1])} of which it has met."
        )
    return f"{FLATTERED} {whole:.3f} on all {len(here):,} films, of it {', '.join(told)}."


def met_facts(here: Judged) -> dict[str, int]:
    """Count the films that served for each thing, for a report."""
    met = here.met
    facts = {use: int(one.sum()) for use, one in met.served.items() if one.any()}
    if met.mended:
        facts["mend"] = int(np.logical_or.reduce(list(met.mended.values())).sum())
    return facts | {"never_met": int(met.new().sum()), "not_known": int(met.unknown.sum())}


def left_out_words(here: Judged, finding: str) -> str:
    """Say how many films do not count for a finding, and why; empty where all do."""
    missing, withheld = here.ranked(finding).missing, here.withheld.get(finding, 0)
    if not missing:
        return ""
    if not withheld:
        return f"{missing:,} films without a label or a probability left out"
    others = f", {missing - withheld:,} without a label or a probability" if missing > withheld else ""
    return f"{missing:,} films left out: {withheld:,} that its remedy was fitted on{others}"


def _used(here: Judged) -> str:
    groups: list[tuple[np.ndarray, list[str]]] = []
    for use, words in SERVED.items():
        one = here.met.served.get(use)
        if one is None or not one.any():
            continue
        alike = next((group for group in groups if np.array_equal(group[0], one)), None)
        if alike is None:
            groups.append((one, [words]))
        else:
            alike[1].append(words)
    told = [f"{int(films.sum()):,} served {listed(words)}" for films, words in groups]
    return f"Of these {len(here):,} films, or others of their patients, {'; '.join(told)}." if told else ""


def _mended(here: Judged) -> str:
    fitted = {name: int(one.sum()) for name, one in here.met.mended.items() if one.any()}
    if not fitted:
        return ""
    named = [f"{finding_label(name)} {count:,}" for name, count in list(fitted.items())[:NAMED]]
    more = [f"{len(fitted) - NAMED} findings more"] if len(fitted) > NAMED else []
    left_out = f"; for {'it' if len(fitted) == 1 else 'these'} they are not counted" if here.withheld else ""
    return f"A remedy was fitted on films of these patients: {listed([*named, *more])}{left_out}."


def _new(here: Judged) -> str:
    new = here.met.new()
    count = int(new.sum())
    whose = count_patients(here.films.loc[new, "patient"])
    sure = not whose.unknown and not here.met.strangers and here.patients_known
    if not count:
        return "" if here.withheld else "None of these films is known to be of a patient that it has never met."
    if sure:
        of = f"of {whose.patients:,} patients that it has never met"
        return f"All {count:,} films are {of}." if count == len(here) else f"{count:,} are {of}."
    which = f"None of these {count:,} films" if count == len(here) else f"None of the other {count:,}"
    return f"{which} served for any of this; not all patients are known, so other films of the same people may have."


def _mean_aurocs(sets: Sequence[Judged]) -> list[float | None]:
    """Give the mean AUROC of each set of films, over the findings that all of them can be measured for.

    A set on which no finding can be measured has none.
    """
    values = np.array([[area(one.ranked(name)).value for name in one.findings] for one in sets])
    some = ~np.isnan(values).all(axis=1)
    shared = ~np.isnan(values[some]).any(axis=0) if some.any() else np.zeros(values.shape[1], bool)
    if not shared.any():
        return [None] * len(sets)
    return [float(row[shared].mean()) if usable else None for row, usable in zip(values, some, strict=True)]


def _how_many(met: np.ndarray, part: np.ndarray) -> str:
    count = int((met & part).sum())
    return "none" if not count else "all" if count == part.sum() else f"{count:,}"


def listed(words: Sequence[str]) -> str:
    """Put words into a list as a sentence has it."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
