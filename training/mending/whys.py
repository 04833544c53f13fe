"""What was done to find out how much comes from each cause, in words."""

from __future__ import annotations

import math

from training.evaluate.thresholds import RULES
from training.mending.known import Known
from training.mending.steps import FEWEST, UNKNOWN, Asked, Steps

FOLLOWS = "Nothing: the threshold was chosen by the rule {name} on these scores and would have moved with them."


def reasons(known: Known, asked: Asked, rule: str, whole: Steps) -> dict[str, str]:
    """Say of every cause what was done to find out, in one sentence.

    Parameters
    ----------
    known : Known
        What is known of the training.
    asked : Asked
    rule : str
        What chose the threshold; one of `RULES` where it follows the scores.
    whole : Steps
        Of the films as they are.
    """
    here = float(whole.films.prevalence[0])
    least, slope = float(whole.levels["least"][0]), float(whole.films.slope[0])
    intercept = f"{float(whole.films.intercept[0]):+.2f}".replace("-", "−")
    fitted = f"Fitted on these films: {slope:.2f} × logit {intercept}."
    found = {"weighting": _weight(known), "prior": _prevalences(known, here), "calibration": fitted}
    if asked.follows:
        found = dict.fromkeys(found, FOLLOWS.format(name=RULES[rule].name))
    if asked.keep is None:
        found["threshold"] = "Flagged from 0.5 of the mended probability, where both errors weigh the same."
    else:
        found["threshold"] = f"Flagged as few films as find {asked.keep:.0%} of those with the finding."
    flagged = f"With all that mended, {least:.2%} would be flagged"
    found["separation"] = f"{flagged}; {here:.2%} have the finding."
    few = f"A calibration needs {FEWEST} patients with the finding and as many without; there are fewer."
    found[UNKNOWN] = fitted if whole.enough else few
    return found


def _weight(known: Known) -> str:
    if known.weight is None:
        return ""
    if math.isclose(known.weight, 1, rel_tol=1e-3):
        if known.calibrated:
            return "The model card calibrates this finding, which undoes any weighting of the loss."
        if "weight" in known.said:
            return "You say that the loss counted all films alike: ln 1 = 0."
        return "By the model card the loss counted all films alike, or a calibration has undone its weights."
    left = " is left after what the model card corrects" if known.calibrated else ""
    says = "you say" if "weight" in known.said else "says the model card"
    return f"A weight of {known.weight:.3g} for films with the finding{left}, {says}: ln w = {known.lift:.2f}."


def _prevalences(known: Known, here: float) -> str:
    if known.trained is None:
        return ""
    fitted = "that the model card's calibration was made for" if known.calibrated else "of the training"
    says = "you say" if "trained" in known.said else "says the model card"
    return f"{known.trained:.2%} of the films {fitted} have the finding, {says}; {here:.2%} of these."
