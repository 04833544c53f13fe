"""What a page, a report or a command says of the films that a model met before it is judged on them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from training.datasets.patients import count_patients
from training.evaluate.judged import Judged
from training.evaluate.mean_area import MeanArea, difference, mean_area, measurable
from training.evaluate.met import SERVED, Met
from xai.findings import finding_label

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
    not_known = "Whether the model met this film before is not known."
    if met is None:
        return not_known
    uses = [words for use, words in SERVED.items() if use in met.served and met.served[use][row]]
    uses += [f"to mend {finding_label(name)}" for name, fitted in met.mended.items() if fitted[row]]
    if uses:
        return f"The model met this film, or another of its patient: it served {listed(uses)}."
    if met.unknown[row]:
        return not_known
    if met.strangers or not patient_known:
        return "This film served for nothing that made the model; whether another of its patient did is not known."
    return f"The model never met this patient. {TAUGHT}" if met.taught else "The model never met this patient."


def met_codes(met: Met | None, patients_known: np.ndarray, finding: str | None = None) -> np.ndarray:
    """Say of each film in a few words what it, or another of its patient, served for, as `film_words` does of one.

    Parameters
    ----------
    met : Met or None
    patients_known : bool array (films,)
        Whether a film's patient is known.
    finding : str, optional
        To tell only of remedies for this finding; without it of all.

    Returns
    -------
    object array (films,)
        ``served to fit it and to stop its training``; ``new``, with what is not known of it; or ``not known``.
    """
    said = np.full(len(patients_known), "not known", object)
    if met is None:
        return said
    said[:] = "new, but for what its teachers met" if met.taught else "new"
    said[met.strangers | ~patients_known] = "new; whether its patient is, is not known"
    uses = [(words, met.served[use]) for use, words in SERVED.items() if use in met.served]
    mended = met.mended if finding is None else {finding: met.mended[finding]} if finding in met.mended else {}
    uses += [(f"to mend {finding_label(name)}", fitted) for name, fitted in mended.items()]
    served = np.column_stack([np.zeros(len(said), bool), *(films for _, films in uses)])
    for pattern in np.unique(served[served.any(axis=1)], axis=0):
        words = [words for (words, _), here in zip(uses, pattern[1:], strict=True) if here]
        said[(served == pattern).all(axis=1)] = f"served {listed(words)}"
    said[met.unknown] = "not known"
    return said


def flattered(here: Judged) -> str:
    """Warn of films that the model met, and say what they do to the mean AUROC; empty where none counts.

    Of a finding only those count that the model met for it, and no label that was withheld for that reason.
    """
    there = ~np.isnan(here.probabilities) & ~np.isnan(here.labels)
    new = here.new & there
    met = np.column_stack([here.met.has_met(name) for name in here.findings]) & there
    if not met.any():
        return ""
    said = f"The model has met {_films(met)}, and films that it has met usually flatter a model."
    shared = [name for name in measurable(here, met) if name in measurable(here, new)]
    if not shared:
        findings = measurable(here, met)
        if not findings:
            return said
        mean = mean_area(here, findings, met)
        return (
            f"{said} Mean AUROC over {_over(here, findings)}: {_area(mean)} on them. None that it has never met can be "
            "measured beside."
        )
    ours, others = (mean_area(here, shared, only) for only in (met, new))
    return (
        f"{said} Mean AUROC over {_over(here, shared)}: {_area(ours)} on films that it has met, {_area(others)} on the "
        f"{others.films:,} that it has never met. {_difference(ours, others)}"
    )


def left_out_films(here: Judged) -> str:
    """Say which films are left out where those are judged that the model has never met, and why; empty without."""
    words = {"met": "that it has met", "unknown": "of which that is not known"}
    said = [f"{count:,} {words[why]}" for why, count in here.left_out.items() if count]
    return f"Films left out: {listed(said)}." if said else ""


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


def _films(met: np.ndarray) -> str:
    count = int(met.any(axis=1).sum())
    return "these films" if count == len(met) else f"{count:,} of these {len(met):,} films"


def _over(here: Judged, findings: Sequence[str]) -> str:
    """Say which findings a mean is over, by those that are left out where these are fewer."""
    if len(findings) == len(here.findings):
        return finding_label(findings[0]) if len(findings) == 1 else f"all {len(findings)} findings"
    if len(findings) <= NAMED:
        return f"{listed([finding_label(name) for name in findings])}, which can be measured there"
    others = listed([finding_label(name) for name in here.findings if name not in findings])
    return f"{len(findings)} findings, without {others}, which cannot be measured there"


def _area(mean: MeanArea) -> str:
    ends = "too few for an interval" if math.isnan(mean.low) else f"{mean.low:.3f} to {mean.high:.3f}"
    return f"{mean.value:.3f} ({ends})"


def _difference(met: MeanArea, new: MeanArea) -> str:
    """Say whether films that were met score higher than the others beyond chance."""
    value, low, high = difference(met, new)
    if math.isnan(low):
        return "Whether they differ cannot be said: too few patients have them."
    size = f"{signed(value)}, 95 % interval {signed(low)} to {signed(high)}, by patients"
    if low > 0:
        return f"They flatter here: the difference is {size}."
    if high < 0:
        return f"Here they do not: on films that it has met it ranks worse ({size})."
    return f"That it flatters does not show here: the difference may be chance ({size})."


def signed(value: float) -> str:
    """Write a difference of AUROCs."""
    return f"{value:+.3f}".replace("-", "−")


def listed(words: Sequence[str]) -> str:
    """Put words into a list as a sentence has it."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
