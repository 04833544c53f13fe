"""What the causes that an audit tells apart are called, and why none is named."""

from __future__ import annotations

from training.mending.audit import UNKNOWN, Audit

CAUSE_NAMES = {
    "weighting": "Weighting of the loss",
    "prior": "Prevalence shift",
    "calibration": "Miscalibration",
    "threshold": "Threshold",
    "separation": "Cannot tell apart",
    UNKNOWN: "Not known",
}
NOT_NAMED = {
    "training": "the films do not tell why the probabilities are too high, and how the model was trained is not known",
    "refuted": "what is known of the training would lift the probabilities more than these films show",
    "said": "what is said of the training leaves most of it to another reason, or is not right",
    "films": "too few of the films have the finding",
    "close": "no part is clearly the largest",
    "chance": "so many flags may be chance",
}
LIKE_LABELS = (UNKNOWN, "calibration", "separation")


def main_cause(audit: Audit) -> str:
    """Name the main cause in a few words, or say why it cannot be named; empty where not too many are flagged."""
    if not audit.main:
        return ""
    labels = "; wrong or missing labels would look the same" if audit.main in LIKE_LABELS else ""
    if audit.reason == "chance":
        return f"none, since {NOT_NAMED['chance']}{labels}"
    why = f": {NOT_NAMED[audit.reason]}" if audit.main == UNKNOWN else ""
    return f"{CAUSE_NAMES[audit.main].lower()}{why}{labels}"
