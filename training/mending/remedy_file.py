"""A remedy as a file: the map of the logit, the threshold, and on what it was fitted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from training.evaluate.ranked import EvaluateError
from training.mending.known import Known
from training.mending.mended import Kept
from training.mending.remedy import Remedy
from training.predictions.table import PredictionsFacts
from xai.cards.calibration import LogitMap, logit_map_from_dict
from xai.cards.checks import ModelCardError
from xai.cards.model_card import Threshold


def to_json(facts: PredictionsFacts, remedies: list[Kept]) -> str:
    """Write remedies that were fitted on some predictions; one stands alone, several in a list."""
    content = [_content(facts, one) for one in remedies]
    return json.dumps(content[0] if len(content) == 1 else content, indent=2, ensure_ascii=False) + "\n"


def read_remedies(path: Path) -> list[Kept]:
    """Read a file of remedies.

    Raises
    ------
    EvaluateError
        In one sentence, if it is none.
    """
    path = Path(path)
    if not path.is_file():
        raise EvaluateError(f"There is no file {path}.")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise EvaluateError(f"{path.name} is not valid JSON ({error}).") from error
    each = content if isinstance(content, list) else [content]
    if not each:
        raise EvaluateError(f"{path.name} holds no remedy.")
    return [_kept(one, path.name) for one in each]


def fitted_for(path: Path) -> set[str]:
    """Name the models whose predictions the remedies of a file were fitted on, as far as it says."""
    content = json.loads(Path(path).read_text(encoding="utf-8"))
    each = content if isinstance(content, list) else [content]
    return {one["model"] for one in each if isinstance(one.get("model"), str)}


def _content(facts: PredictionsFacts, one: Kept) -> dict[str, Any]:
    remedy = one.remedy
    return {
        "predictions": facts.name,
        "model": facts.model,
        "dataset": facts.dataset,
        "finding": remedy.finding,
        "method": remedy.method,
        "calibration": remedy.map.to_dict() if remedy.map else None,
        "threshold": {"value": remedy.threshold.value, "rule": remedy.threshold.rule},
        "prevalence": remedy.prevalence,
        "fitted": one.origin,
        "used": dict(remedy.used),
        "cautions": list(remedy.cautions),
        "measured": dict(one.measured),
    }


def _kept(content: Any, name: str) -> Kept:
    if not isinstance(content, dict) or not isinstance(content.get("finding"), str):
        raise EvaluateError(f"{name} holds no remedy: expected an object with finding, calibration and threshold.")
    found, threshold = content.get("calibration"), content.get("threshold")
    if not isinstance(threshold, dict) or "value" not in threshold:
        raise EvaluateError(f"{name} names no threshold for {content['finding']}: expected threshold with a value.")
    prevalence, used, measured = (content.get(key) for key in ("prevalence", "used", "measured"))
    measured = _renamed(measured) if isinstance(measured, dict) else {}
    try:
        curve: LogitMap | None = None if found is None else logit_map_from_dict(found)
        remedy = Remedy(
            content["finding"],
            str(content.get("method") or "none"),
            curve,
            Threshold(threshold["value"], str(threshold.get("rule", ""))),
            used=used if isinstance(used, dict) else {},
            prevalence=Known(trained=prevalence).trained,
        )
    except (ValueError, ModelCardError) as error:
        raise EvaluateError(f"{name}: {str(error).rstrip('.')}.") from error
    return Kept(remedy, str(content.get("fitted") or ""), measured)


def _renamed(figures: dict[str, Any]) -> dict[str, Any]:
    """Give figures by their present names: older files call the mean probability a predicted prevalence."""
    is_old = "predicted_prevalence" in figures and "mean_probability" not in figures
    renamed = {"mean_probability" if is_old and key == "predicted_prevalence" else key: figures[key] for key in figures}
    return renamed | ({"before": _renamed(before)} if isinstance(before := figures.get("before"), dict) else {})
