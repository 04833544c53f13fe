"""What is said of a map that is not finished: how far it is, where it was stopped, and how to have more of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.compare.state import SETTINGS
from dashboard.components.payload import Payload
from xai.budget import Budget
from xai.explainers import EXPLAINERS
from xai.explainers.explanation import Explanation
from xai.explainers.known import FIRST_LOOK


def after(films: int, whole: int) -> str:
    """Say after how many films of all a map was made."""
    return f"after {films:,} of {whole:,} films"


def so_far(films: int, whole: int) -> Payload:
    """Say how far a map is, while it goes on and once it was stopped."""
    begins = "First look" if films <= FIRST_LOOK + 1 else "Sharpening"  # shap's own count has one film more
    return {"going": f"{begins}: {films:,} of {whole:,} films.", "stopped": f"Stopped {after(films, whole)}."}


def more(method: str, parameters: Mapping[str, Any], made: Sequence[Explanation]) -> Payload | None:
    """Offer more films where a map took all it might and had not converged; None where it had, or nobody knows.

    Returns
    -------
    dict
        ``said``, what is missing; ``button``; and ``query``, what of the address asks for more.
    """
    if made[0].diagnostics.get("converged") is not False:
        return None
    said = f"{made[0].evaluations:,} films were not enough for all findings: more would still change maps."
    wanted = _next(method, parameters)
    if wanted is None:
        return {"said": said, "button": "", "query": {}}
    key, films = wanted
    return {"said": said, "button": f"Go on to {films:,}", "query": {key: str(films)}}


def _next(method: str, parameters: Mapping[str, Any]) -> tuple[str, int] | None:
    """Give the setting that holds how many films a method takes, and its next larger choice."""
    explainer = EXPLAINERS[method](**parameters)
    for setting in SETTINGS:
        for choice in setting.choices if setting.method == method else ():
            if isinstance(choice, int) and choice > parameters[setting.name]:
                changed = {**parameters, setting.name: choice}
                if EXPLAINERS[method](**changed) == explainer.within(Budget(choice)):
                    return setting.key, choice
    return None
