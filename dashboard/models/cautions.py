"""Where not to trust a model: what its card warns of, and what follows from its figures."""

from __future__ import annotations

from dashboard.page.card_figures import Evaluation, at, main_evaluation, number, text, texts
from dashboard.page.finding_cautions import FEW_POSITIVES, OFTEN, false_alarms, like_guessing
from dashboard.page.words import percent, signed
from xai.cards.model_card import ModelCard
from xai.findings import finding_label
from xai.written import unbroken

FAR_OFF = 0.1  # mean gap between probabilities and observed shares


def cautions(card: ModelCard) -> list[str]:
    """Say in sentences where a model is not to be trusted, the gravest first.

    Parameters
    ----------
    card : ModelCard

    Returns
    -------
    list of str
        Plain text; what the card says itself is quoted as it stands.
    """
    evaluation = main_evaluation(card)
    said = ["This is a model for teaching and research: never use it for a diagnosis."]
    if evaluation is None:
        said.append("Nothing was measured for this model here: how good it is, and on whom, is not known.")
    else:
        said += [_shift(card, evaluation), *_guessing(evaluation), *_often(evaluation), *_calibration(evaluation)]
    said += _uncut(card)
    own = [unbroken(one) for one in texts(card.performance.get("cautions"))]
    said += own or (_rare(evaluation) if evaluation else [])
    said += [text(card.provenance.get("caution")), *_token(card)]
    return [sentence for sentence in dict.fromkeys(said) if sentence]


def _shift(card: ModelCard, evaluation: Evaluation) -> str:
    name = text(at(card.provenance, "data", "name"))
    films = f"{evaluation.films:,.0f} films" if evaluation.films is not None else "films"
    of = f" of {name}" if name and evaluation.key != "unseen_simulated" else ""
    return (
        f"Its figures are of {films}{of} ({evaluation.title.lower()}). On films of another hospital, machine, age "
        "group or way of labelling it can be much worse."
    )


def _guessing(evaluation: Evaluation) -> list[str]:
    names = [finding_label(name) for name, one in evaluation.findings.items() if like_guessing(one)]
    return [f"{_list(names)}: on these figures it may be no better than guessing."] if names else []


def _often(evaluation: Evaluation) -> list[str]:
    rates = {
        finding_label(name): alarms
        for name, one in evaluation.findings.items()
        if (alarms := false_alarms(one)) is not None and alarms > OFTEN
    }
    if not rates:
        return []
    named = _list([f"{name} ({percent(rate)})" for name, rate in sorted(rates.items(), key=lambda one: -one[1])])
    return [f"Flagged on many films that do not have it, so that the flag says little: {named}."]


def _calibration(evaluation: Evaluation) -> list[str]:
    gap = evaluation.mean.ece
    if gap is None or gap <= FAR_OFF:
        return []
    return [f"Its probabilities are off by {percent(gap)} on average: do not take them at their word."]


def _uncut(card: ModelCard) -> list[str]:
    names = [name for name in card.outputs if name not in card.thresholds]
    if card.link == "softmax" or not names:
        return []
    which = "any finding" if len(names) == len(card.outputs) else _list([finding_label(name) for name in names])
    return [f"No threshold was chosen for {which}: 50\u00a0% stands in, which for a rare finding is seldom right."]


def _rare(evaluation: Evaluation) -> list[str]:
    return [
        f"{finding_label(name)}: measured on only {one.positives:.0f} films that have it."
        for name, one in evaluation.findings.items()
        if one.positives is not None and one.positives < FEW_POSITIVES
    ]


def _token(card: ModelCard) -> list[str]:
    """Say what a hospital's token does to an answer, where that was measured on twins of simulated films."""
    token = at(card.performance, "unseen_simulated", "token")
    lower, change, films = (number(at(token, name)) for name in ("lower_without", "mean_change_of_logit", "films"))
    if lower is None or change is None or films is None or (lower < 0.6 and abs(change) < 0.1):
        return []
    return [
        f"Shortcut: on {percent(lower)} of {films:,.0f} simulated films with a hospital token, its logit of emphysema "
        f"falls when the token alone is taken away ({signed(change)} on average). It looks at more than the chest."
    ]


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
