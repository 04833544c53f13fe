"""What is said of probabilities that a remedy made worse, on every page and in the report alike."""

from __future__ import annotations

from dashboard.page.words import signed
from training.mending.remedy import Trial

CHANCE = 0.05  # of the test of no difference, from which a change may be chance


def worse(trial: Trial) -> str:
    """Warn of probabilities that mean less after a remedy than before it, beyond chance; empty where they do not.

    The Brier score decides: its change is tested by patients. The calibration error goes up by chance alone when
    probabilities that were right are fitted again, and is told as a number beside.
    """
    before, after, brier = trial.before, trial.after, trial.side_by_side.changes["brier"]
    if trial.remedy.map is None or not (brier.difference > 0 and brier.p < CHANCE):
        return ""
    return (
        f"Calibration got worse: the Brier score goes from {before.brier:.4f} to {after.brier:.4f} (95 % interval of "
        f"the change {signed(brier.low, 4)} to {signed(brier.high, 4)}), and the calibration error from "
        f"{before.ece:.4f} to {after.ece:.4f}. The probabilities mean less than before, whatever the flags do."
    )
