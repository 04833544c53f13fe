"""How far a model can be trusted with one finding, from the figures of its card: the same on every page."""

from __future__ import annotations

from dashboard.page.card_figures import Evaluation, Measured, evaluations, main_evaluation, texts
from dashboard.page.words import percent
from xai.cards.model_card import ModelCard
from xai.findings import finding_label
from xai.written import unbroken

FEW_POSITIVES = 12  # an AUROC measured on fewer says little
OFTEN = 0.4  # flagged on more of the films without it than this: the flag says little
SIMULATED, MENDED = "unseen_simulated", "mended"
NOT_MEASURED = "How good the model is at this was not measured here: it is not known."


def like_guessing(found: Measured) -> bool:
    """Say whether an AUROC may be that of a coin: its interval reaches down to 0.5."""
    return found.low is not None and found.low <= 0.5


def false_alarms(found: Measured) -> float | None:
    """Give the share of the films without the finding that are flagged; None where it is not known."""
    return None if found.specificity is None else 1 - found.specificity


def about_finding(card: ModelCard, name: str, *, is_simulated: bool = False) -> tuple[str, str]:
    """Say what is known of a model's answers about one finding; the mean over all findings does not speak for it.

    Parameters
    ----------
    card : ModelCard
    name : str
        The finding.
    is_simulated : bool
        Whether the film is a simulated one, so that figures on such films count as well.

    Returns
    -------
    lead, rest : str
        Plain text: the figures with the gravest cautions, and what else the card says, such as why a small probability
        can be a flag.
    """
    main, simulated = _measured_last(card, name), evaluations(card).get(SIMULATED)
    used = [main] if main is simulated or not is_simulated else [main, simulated]
    found = [(one, one.findings[name]) for one in used if one is not None and name in one.findings]
    lead = " ".join(_figures(one, of) for one, of in found) or NOT_MEASURED
    rest = [_rates(one, of) for one, of in found] + [_own(card, name), _threshold(card, name)]
    return lead, " ".join(sentence for sentence in rest if sentence)


def _measured_last(card: ModelCard, name: str) -> Evaluation | None:
    """Give the films that say most about a finding: where it was mended, those that it was measured on since."""
    since = evaluations(card).get(MENDED)
    return since if since is not None and name in since.findings else main_evaluation(card)


def _figures(evaluation: Evaluation, found: Measured) -> str:
    """Say how well the finding is told apart on which films, and what that is worth."""
    films = _films(evaluation)
    if found.auroc is None:
        said = f"On {films} its AUROC is not known"
    else:
        interval = "" if found.low is None else f" (95\u00a0% interval {found.low:.2f} to {found.high:.2f})"
        said = f"AUROC {found.auroc:.2f}{interval} on {films}"
    if found.positives is not None:
        said += f", {found.positives:,.0f} of them with it"
    alarms = false_alarms(found)
    cautions = [
        "it may be no better than guessing" if like_guessing(found) else "",
        "that is few to measure it on" if found.positives is not None and found.positives < FEW_POSITIVES else "",
        f"it is flagged on {percent(alarms)} of the films without it" if alarms is not None and alarms > OFTEN else "",
    ]
    return f"{said}: {'; '.join(filter(None, cautions))}." if any(cautions) else f"{said}."


def _films(evaluation: Evaluation) -> str:
    title = evaluation.title[:1].lower() + evaluation.title[1:]
    if evaluation.films is None:
        return title
    return f"{evaluation.films:,.0f} {title}" if title.endswith("films") else f"{evaluation.films:,.0f} films ({title})"


def _rates(evaluation: Evaluation, found: Measured) -> str:
    alarms = false_alarms(found)
    if found.sensitivity is None or alarms is None:
        return ""
    return (
        f"On the {_films(evaluation)}, {percent(found.sensitivity)} of those with it are flagged, and "
        f"{percent(alarms)} of those without."
    )


def _own(card: ModelCard, name: str) -> str:
    """Quote what the card itself warns of for this finding."""
    start = f"{finding_label(name)}: "
    own = [said.removeprefix(start) for said in texts(card.performance.get("cautions")) if said.startswith(start)]
    return unbroken(" ".join(one[:1].upper() + one[1:] for one in own))


def _threshold(card: ModelCard, name: str) -> str:
    """Say from which probability the finding is flagged, by which rule, and that a flag need not mean likely."""
    if name not in card.thresholds:
        return "" if card.link == "softmax" else "No threshold was chosen for it: 50\u00a0% stands in."
    threshold = card.threshold(name)
    said = f"It is flagged from {percent(threshold.value)}"
    said += ", which is not “more likely than not”." if threshold.value < 0.5 else "."
    if name in card.prevalence:
        said += f" Of the films that the model learned from, {percent(card.prevalence[name])} had it."
    return f"{said} The threshold's rule: {unbroken(threshold.rule)}"
