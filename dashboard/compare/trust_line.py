"""The line under each map that says how far to trust it, and the numbers behind it.

Every word has a number behind it; from where on a word is said stands in the constants below, and nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from dashboard.components import payload
from dashboard.page.words import signed
from training.benchmark.placing import on_truth, plain
from training.benchmark.results import Score
from xai.explainers.converging import LOW_STABILITY, STABLE
from xai.findings import finding_label
from xai.measures.trust import Gain, Placed, Scores
from xai.written import counted, percent, with_unit

ON = 0.5  # of its strongest evidence, from which it is said to lie on the finding; anything above 0 lies there in part
COVERS = 0.5  # IoU from which a map is said to cover the finding, as in the detection of objects
SELDOM = 0.05  # what chance does in no more cases than this is not put down to chance
NOT_FLAGGED = "Not flagged: do not read this map as the place of a finding."
FALSE_POSITIVE = "A false positive: the finding is nowhere on this film."
NO_EVIDENCE = "Nothing speaks for the finding: this map names no place."
NOT_MEASURED = "Not measured for this model."
NOT_THIS = "Not measured for this finding by this method."
REACTS = "It shows where the model reacts, not where the finding is."
CONTROLS = {"prior": "Usual place", "random": "Noise", "centred": "Blob"}
LIES = {
    "on": "Strongest evidence: on the finding.",
    "partly": "Strongest evidence: partly on the finding.",
    "covers": "Covers the finding; its strongest point lies just beside.",
    "beside": "Strongest evidence: beside the finding.",
}
GUESS = {
    "ahead": "On other films better than its usual place.",
    "level": "On other films not clearly better than its usual place.",
    "behind": "On other films worse than its usual place.",
    "unknown": "Measured on other films.",
}
OFTEN = {
    "ahead": ", more often than its usual place would",
    "level": ", not clearly more often than its usual place would",
    "behind": ", less often than its usual place would",
    "unknown": "",
}
HANGS = {
    "yes": "Yes: the answer hangs on what it marks, more than on parts drawn at random.",
    "depends": "It depends on what stands in for hidden parts.",
    "no": "Not clearly: the answer hangs on what it marks no more than on parts drawn at random may do.",
}
STEADY = {
    "yes": "Mostly: other hidden films would put the same regions first; weak ones may change places",
    "roughly": "Roughly: other hidden films would change the order of regions somewhat",
    "no": "No: which region is stronger is mostly chance",
}


@dataclass(frozen=True)
class Measured:
    """What was measured of a method for a finding on films with truth, with the model at hand.

    Attributes
    ----------
    films : str
        What kind of films, such as ``simulated films``.
    pointing : Score
    lead : Score or None
        How far ahead of the usual place that is.
    as_here : bool
        Whether the method's settings were those of the map at hand.
    """

    films: str
    pointing: Score
    lead: Score | None
    as_here: bool = True


@dataclass(frozen=True)
class Known:
    """What is known of one map.

    Attributes
    ----------
    finding : str
    flagged : bool
        Whether the model's answer calls the finding present.
    answer : str
        How the answer stands, in a sentence.
    has_evidence : bool
        Whether anything in the map speaks for the finding.
    truth : {"present", "absent"} or None
        None where it is not known, or hidden.
    placed : Placed or None
        Where the place of the finding is known.
    others : int
        Films of other patients that its usual place comes from.
    measured : tuple of Measured
        The films that are most like this one first.
    is_measured : bool
        Whether anything was measured of the model.
    gains : tuple of Gain
        A baseline each; empty where it was not measured, or not yet.
    stability, sure : float or None
        Of the map's diagnostics: `rank_stability`, `sure_share`.
    """

    finding: str
    flagged: bool
    answer: str = ""
    has_evidence: bool = True
    truth: str | None = None
    placed: Placed | None = None
    others: int = 0
    measured: tuple[Measured, ...] = ()
    is_measured: bool = False
    gains: tuple[Gain, ...] = ()
    stability: float | None = None
    sure: float | None = None

    def untold(self) -> Known:
        """What is known while the truth is hidden."""
        return replace(self, truth=None, placed=None, others=0)


def trust_line(known: Known) -> payload.Payload:
    """Give the line, and what stands in its place while the truth is hidden."""
    hidden = known.untold()
    plain = payload.trust_line(*verdict(hidden), rows(hidden))
    del plain["plain"]
    return payload.trust_line(*verdict(known), rows(known), plain=plain)


def verdict(known: Known) -> tuple[str, str]:
    """Say how far to trust a map in a sentence, and in another what that comes from."""
    if not known.flagged:
        return NOT_FLAGGED, known.answer
    if known.truth == "absent":
        return FALSE_POSITIVE, "The truth says so."
    if not known.has_evidence:
        return NO_EVIDENCE, ""
    if known.placed is not None:
        return LIES[lies(known.placed)], _on_this_film(known.placed)
    if known.measured:
        first = known.measured[0]
        settings = "" if first.as_here else ", with other settings"
        return GUESS[stands(first.lead)], f"Hit in {_interval(first.pointing)} of {_films(first)}{settings}."
    return (NOT_THIS if known.is_measured else NOT_MEASURED), ""


def rows(known: Known) -> list[tuple[str, str]]:
    """Give the numbers: what each is about, and a sentence or two."""
    return [
        *(_place_rows(known.placed, known.others) if known.placed is not None and known.has_evidence else ()),
        *(("Measured", sentence) for sentence in measured_sentences(known)),
        *([("Faithful", faithful(known.gains))] if known.gains else ()),
        *([("Steady", steady(known.stability))] if known.stability is not None else ()),
        *([("Sure", sure(known.sure))] if known.sure is not None else ()),
    ]


def numbers(known: Known) -> dict[str, Any]:
    """Give the numbers alone, for a file; None stands for what is not known."""
    line = verdict(known)
    return {
        "verdict": " ".join(filter(None, line)),
        "flagged": known.flagged,
        **({"truth": known.truth} if known.truth else {}),
        **({"on_truth": on_truth(known.placed, known.others)} if known.placed else {}),
        "measured": [
            {"films": one.films, "as_here": one.as_here}
            | {"pointing": plain(asdict(one.pointing)), "lead": one.lead and plain(asdict(one.lead))}
            for one in known.measured
        ],
        "faithful": [plain(asdict(one)) | {"by_chance": one.by_chance} for one in known.gains],
        "steady": known.stability,
        "sure": known.sure,
    }


def lies(placed: Placed) -> str:
    """Name how a map's strongest evidence lies to the finding: a key of `LIES`.

    It is one pixel, cell or region, asked by its middle: beside a finding that the whole map covers, that is said.
    """
    own = placed.own
    if own.pointing > 0:
        return "on" if own.pointing >= ON else "partly"
    return "covers" if own.iou >= COVERS and placed.by_chance.iou <= SELDOM else "beside"


def stands(lead: Score | None) -> str:
    """Name how a method stands beside the usual place: a key of `GUESS`."""
    if lead is None or math.isnan(lead.low) or math.isnan(lead.high):
        return "unknown"
    return "ahead" if lead.low > 0 else "behind" if lead.high < 0 else "level"


def measured_sentences(known: Known) -> list[str]:
    """Say what was measured on films with truth, a sentence or two for each kind of films."""
    said = []
    for one in known.measured:
        beside = stands(one.lead)
        sentence = (
            f"On {_films(one)}, its strongest evidence for {finding_label(known.finding)} lay on the finding in "
            f"{_interval(one.pointing)}{OFTEN[beside]}."
        )
        more = [REACTS] if beside in ("level", "behind") else []
        if not one.as_here:
            more.append("That was measured with other settings than those of this map.")
        said.append(" ".join([sentence, *more]))
    return said


def faithful(gains: Sequence[Gain]) -> str:
    """Say whether the answer hangs on what a map marks."""
    ahead = [one.by_chance <= SELDOM for one in gains]
    word = "yes" if all(ahead) else "depends" if any(ahead) else "no"
    parts = [
        f"{with_unit(signed(one.value), 'logit')} where hidden parts show the {one.baseline} (random maps reach "
        f"{signed(one.most_drawn)})"
        for one in gains
    ]
    return f"{HANGS[word]} Its strongest parts shown first, not hidden first, move the answer by {', '.join(parts)}."


def steady(stability: float) -> str:
    """Say whether other hidden films would give the same map."""
    word = "yes" if stability >= STABLE else "roughly" if stability >= LOW_STABILITY else "no"
    return f"{STEADY[word]} ({stability:.2f}; 1 is the same order)."


def sure(share: float) -> str:
    """Say of how many regions the sign is known."""
    return f"Whether it speaks for or against is sure for {percent(share)} of its regions, at {with_unit('95', '%')}."


def _on_this_film(placed: Placed) -> str:
    prior = placed.controls.get("prior")
    usual = f", usual place {prior.iou:.2f}" if prior is not None else ""
    chance = f"; by chance {percent(placed.by_chance.pointing)}" if placed.own.pointing > 0 else ""
    return f"IoU {placed.own.iou:.2f}{usual}{chance}."


def _place_rows(placed: Placed, others: int) -> list[tuple[str, str]]:
    own, chance, prior = placed.own, placed.by_chance, placed.controls.get("prior")
    told = [("This map", _scores(own))]
    for name, label in CONTROLS.items():
        if name in placed.controls:
            words = _scores(placed.controls[name])
            told.append((label, f"{words} From {counted(others, 'film')} of others." if name == "prior" else words))
    if prior is not None:
        word = "more" if own.iou > prior.iou else "less" if own.iou < prior.iou else "no more"
        told.append(("Beside it", f"This map covers the finding {word} than its usual place does."))
    ways = [
        *([f"{percent(chance.pointing)} by its strongest evidence"] if own.pointing > 0 else ()),
        f"{percent(chance.energy)} by what lies inside",
        f"{percent(chance.iou)} by IoU",
    ]
    covers = f"The finding covers {percent(placed.area)} of the film."
    told.append(("By chance", f"Of all ways to move it about the film, as good are {', '.join(ways)}. {covers}"))
    return told


def _scores(one: Scores) -> str:
    return (
        f"Strongest evidence on it {percent(one.pointing)}, evidence inside {percent(one.energy)}, IoU {one.iou:.2f}."
    )


def _films(one: Measured) -> str:
    kind = one.films if one.pointing.films != 1 else one.films.replace("films", "film", 1)
    return f"{one.pointing.films:,} {kind}"


def _interval(score: Score) -> str:
    if math.isnan(score.low) or math.isnan(score.high):
        return percent(score.value)
    return f"{percent(score.value)} ({100 * score.low:.0f} to {100 * score.high:.0f})"
