"""What the page says in plain words about numbers that others computed."""

from __future__ import annotations

import re

import numpy as np

from xai.cards.model_card import ModelCard, Threshold
from xai.explainers.explanation import Explainer, Explanation
from xai.findings import FINDINGS, finding_label
from xai.written import NO_BREAK, percent, with_unit

PERCENT_TICKS = ".6~%"  # of an axis, as d3 formats: as many digits as the ticks need, so that no two read alike
HARDLY = 0.005  # what two digits do not show, such as of a logit
_SPACE = re.compile(rf"[^\S{NO_BREAK}\u202f]+")  # at which a line may break


def escape(text: str) -> str:
    """Show a text as it is, on one line: a film's name may hold what Streamlit would read as formatting."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", _SPACE.sub(" ", text).strip())


def signed(value: float, digits: int = 2) -> str:
    """Write a number with its sign, the minus as a minus."""
    return f"{value:+.{digits}f}".replace("-", "−")


def to_tenth(share: float) -> str:
    """Write a share in percent to a tenth, such that a small one does not read as none or a large one as all."""
    if 0 < share < 0.0005 or 0.9995 < share < 1:
        return percent(share)
    return with_unit(f"{100 * share:.1f}", "%")


def verdict(finding: str, probability: float, threshold: Threshold, truth: str | None) -> tuple[str, str]:
    """Say what the model answers about one finding, and how that compares with the truth where one is given.

    Returns
    -------
    lead, rest : str
        Plain text; one sentence begins in the first, which stands out, and ends in the second.
    """
    flagged = probability >= threshold.value
    side = "above" if flagged else "below"
    lead = f"{finding_label(finding)}: {percent(probability)}"
    rest = f", {side} its threshold of {percent(threshold.value)}: {'flagged' if flagged else 'not flagged'}."
    rest += _outcome(flagged, truth)
    if not flagged:
        rest += " Its maps show where what little evidence there is lies, however strong their colours look."
    return lead, rest


def class_verdict(name: str, card: ModelCard, probabilities: np.ndarray, truth: str | None) -> tuple[str, str]:
    """Say what the model answers about one of the classes between which it divides a film.

    Parameters
    ----------
    name : str
        The class.
    card : ModelCard
        Of a model with a softmax head.
    probabilities : (outputs,) ndarray
    truth : {"present", "absent"} or None

    Returns
    -------
    lead, rest : str
        As of `verdict`.
    """
    p, best = float(probabilities[card.index(name)]), int(np.argmax(probabilities))
    leads = card.outputs[best] == name
    most = f"{finding_label(card.outputs[best])}, the most probable, with {percent(float(probabilities[best]))}"
    # Classes that are calibrated one by one no longer share 100 %.
    total = percent(float(probabilities.sum())) if card.calibration else percent(1.0)
    lead = f"{finding_label(name)}: {percent(p)}"
    rest = f", {'the most probable' if leads else f'behind {most}'}; the {len(card.outputs)} classes add up to {total}."
    if name in card.thresholds:
        threshold = card.threshold(name).value
        rest += f" Its threshold is {percent(threshold)}: {'flagged' if p >= threshold else 'not flagged'}."
    return lead, rest + _outcome(leads, truth) + ("" if leads else " Its maps show what little speaks for it.")


def _outcome(said: bool, truth: str | None) -> str:
    """Compare what the model says of a film with the truth; nothing where that is not known."""
    outcome: dict[tuple[bool, str | None], str] = {
        (True, "present"): " Rightly so: the dataset says that it is present.",
        (True, "absent"): " A false positive: the dataset says that it is absent.",
        (False, "present"): " A miss: the dataset says that it is present.",
        (False, "absent"): " Rightly so: the dataset says that it is absent.",
    }
    return outcome.get((said, truth), "")


def outputs_word(card: ModelCard) -> str:
    """Name what a model answers: findings, any number of which a film can show, or classes."""
    known = {name.casefold() for name in FINDINGS}
    is_about_findings = card.link == "sigmoid" and any(name.casefold() in known for name in card.outputs)
    return "findings" if is_about_findings else "classes"


def alternative_text(
    explanation: Explanation, explainer: type[Explainer], card: ModelCard, truth: str | None, where: str
) -> str:
    """Describe a map to somebody who cannot see it: where its evidence lies, and its method's warnings."""
    threshold = card.threshold(explanation.finding).value
    known = f", truth {truth}" if truth else ""
    told = explainer.tell(explanation.diagnostics)
    warnings = [f"{one.label} {one.value}: {one.meaning}" for one in told if one.warn]
    sentence = (
        f"{explainer.title} for {finding_label(explanation.finding)}, p = {percent(explanation.probability)}, "
        f"threshold {percent(threshold)}{known}. {where}"
    )
    return " ".join([sentence, *warnings])


def cost(explanation: Explanation) -> str:
    """Say what a set of maps cost."""
    count = explanation.evaluations
    seconds = with_unit(f"{explanation.seconds:.2f}", "s")
    return f"{seconds} · {count:,} evaluation{'s' if count != 1 else ''} for all outputs"
