"""What the shortcut alarm says: its verdict, how often such a verdict was right, and what it cannot find."""

from __future__ import annotations

import pandas as pd

from dashboard.page.words import escape, percent
from training.evaluate.alarm import FEWEST, LEAST, LEVEL, Alarm, Raised
from training.evaluate.alarm_rates import ARCHITECTURES, found, named_rightly, right_by_start
from training.evaluate.hidden_regions import LINES, REGIONS
from training.evaluate.rates import Share
from xai.written import NO_BREAK, counted, with_unit

ASKS = (
    "Does the model flag films for something beside the lungs, such as a marker, a token, a holder's clip or a bright "
    "tube? The alarm needs no outline drawn by anybody: it hides corners, borders and long bright lines of the film, "
    "one after the other, and asks how much the answer falls."
)
METHOD = (
    "A hidden corner (a fifth of each side) or border (a tenth) shows the same film, blurred until broad shades are "
    "left; long bright lines are filled from beside them. A region is named where wrongly flagged films lose more "
    "without it than films not flagged, and this finding more than the model's other findings on the same "
    f"films: both beyond chance for {len(REGIONS)} regions at once (permutation, {percent(LEVEL)}), and by "
    f"{with_unit(str(LEAST), 'logit')} or more. One film a patient."
)

RATES_ARE_NOT = (
    "A shortcut is strong here if its object adds a logit or more, and a network clean if none adds 0.3. The objects "
    "lay where the alarm looks, on simulated films; other models, findings and films may differ."
)


def too_few(flagged: int, unflagged: int) -> str:
    """Say that there are too few films to know."""
    return (
        f"**Not known: too few films.** The alarm needs at least {FEWEST} wrongly flagged films and {FEWEST} rightly "
        f"not flagged, each with a picture and of another patient; there are {flagged} and {unflagged}. A lower "
        "threshold flags more."
    )


def verdict_words(said: Alarm, finding: str) -> str:
    """Say in words what was found, with the numbers."""
    if not said.region:
        return (
            f"**Nothing found.** The score of {escape(finding)} loses nowhere enough more, beyond chance, both against "
            "films that are not flagged and against the model's other findings: not with a corner, not with a border, "
            "not with long bright lines hidden. That is no proof that there is no shortcut."
        )
    at = REGIONS.index(said.region)
    own, unflagged, others = said.falls[:, at]
    words = (
        f"**The score of {escape(finding)} hangs on the {said.region}: look there.** Hidden, it takes "
        f"{with_unit(in_logits(own), 'logits')} off the wrongly flagged films, and {in_logits(unflagged)} off films "
        f"not flagged{_beyond(said.against_unflagged, at)}."
    )
    if said.against_others is not None:
        words += (
            f" The model's other findings lose {in_logits(others)} on the same films{_beyond(said.against_others, at)}."
        )
    return words


def in_logits(value: float) -> str:
    """Write a fall."""
    return f"{value + 0.0:.2f}".replace("-0.00", "0.00").replace("-", "−")


def p_words(p: float) -> str:
    """Write a p value."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def _beyond(one: Raised | None, at: int) -> str:
    if one is None:
        return ""
    low, high = in_logits(one.low[at]), in_logits(one.high[at])
    p = p_words(one.p[at]).replace(" ", NO_BREAK)
    return f" (difference {in_logits(one.value[at])}, 95\u00a0% interval {low} to {high}, {p})"


def rates_words(models: pd.DataFrame) -> str:
    """Say how often such a verdict was right on models whose truth is known, by what they see.

    Parameters
    ----------
    models : pandas.DataFrame
        Of `training.evaluate.alarm_rates.read_models`.
    """
    told = [f"How far to trust this, by {len(models)} small networks made for the purpose:"]
    for architecture, words in ARCHITECTURES.items():
        some = models[models["architecture"] == architecture]
        strong, weak = (named_rightly(some, kind) for kind in ("strong", "weak"))
        told.append(
            f"- {words}: {_share_words(strong)} strong shortcuts named by their place, {_share_words(weak)} weak ones; "
            f"{_share_words(found(some, 'clean'))} clean networks accused."
        )
    starts = {kind: _share_words(right_by_start(models, kind)) for kind in ("strong", "clean")}
    told.append(
        "- The networks grew from few starts and were tried on the same films, so that these intervals are too narrow. "
        f"Counted by start: all strong shortcuts named with {starts['strong']}, no clean network accused with "
        f"{starts['clean']}."
    )
    return "\n".join([*told, "", f"{_counted_otherwise(models)}{RATES_ARE_NOT}"])


def _counted_otherwise(models: pd.DataFrame) -> str:
    """Say which networks are not what one takes them for: shortcuts that nobody planted, and those not judged."""
    weak = models[models["kind"] == "weak"]
    chance, unjudged = int((weak["planted"] == "").sum()), int((models["verdict"] == "unknown").sum())
    told = [f"Of {len(weak)} weak ones {chance} were not planted and came about by chance."] if chance else []
    if unjudged:
        told.append(f"{counted(unjudged, 'network')} with too few flagged films to judge count as not accused.")
    return "".join(f"{one} " for one in told)


def bounds_words(models: pd.DataFrame) -> str:
    """Say what the alarm cannot find."""
    tubes = named_rightly(models[models["object"] == "tube"], "strong")
    return (
        f"Over the lungs it looks for {LINES} alone: where those were tubes drawn for the purpose, it named "
        f"{tubes.count} of {tubes.of} strong shortcuts. Faint tubes and leads are no such lines, and are missed as "
        "anything else over the lungs is. Why the answer hangs on a place, the alarm does not know: look at the films, "
        "and hide the place by hand on Compare."
    )


def _share_words(one: Share) -> str:
    return f"{one.count} of {one.of} (95\u00a0% interval {percent(one.low)} to {percent(one.high)})"
