"""What a rule for thresholds may be asked for: a link may say more than that."""

from __future__ import annotations

from training.evaluate.thresholds import RULES, target_range


def usable_target(name: str, rule: str | None, target: float | None) -> tuple[float | None, list[str]]:
    """Give a target as far as its rule can be asked for it, and a sentence where it cannot.

    Parameters
    ----------
    name : str
        What the link calls the target.
    rule : str or None
        Of the same link; what is no rule, or asks for nothing, needs no target.
    target : float or None
    """
    if target is None or rule is None or rule not in RULES or RULES[rule].target is None:
        return target, []
    least, most = target_range(rule)
    if least <= target <= most:
        return target, []
    said = f"The link's {name} “{target:g}” was left out: the rule {RULES[rule].name} takes {least:g} to {most:g}."
    return None, [said]
