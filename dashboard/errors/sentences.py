"""What the audit found, in plain sentences."""

from __future__ import annotations

import math

import pandas as pd

from dashboard.errors.figures import points
from dashboard.page.calibration_words import worse as worse
from dashboard.page.cause_names import CAUSE_NAMES
from dashboard.page.words import escape, percent, signed
from training.evaluate.thresholds import RULES
from training.mending.audit import FEWEST, UNKNOWN, Audit, Contribution, Lift
from training.mending.known import Known
from training.mending.remedy import Trial
from xai.findings import finding_label
from xai.written import with_unit

MENDS = {
    "weighting": ("weighting", "Undo the weighting"),
    "prior": ("prior", "Correct the prevalence"),
    "calibration": ("platt", "Calibrate (Platt)"),
    "threshold": ("none", "Move the threshold"),
    UNKNOWN: ("platt", "Calibrate (Platt)"),
}
# What would tell, where the audit does not know.
WEIGHT = "how many times the loss counted a film with the finding"
TRAINED = "how many of the training films had it"
LABELS = "Labels that are wrong or missing would look the same."
NOTABLE = 0.005  # share of the films, below which a contribution is not worth a word
DISCOVERY = 0.05  # of what is called more common, the share that may be so by chance
GOOD_ENOUGH = 0.2  # how far the flagged share may be from the truth, relative to it


def headline(finding: str, audit: Audit) -> str:
    """Say how often a finding is flagged and how often it is there."""
    name = escape(finding_label(finding))
    both = (
        f"**{percent(audit.predicted_prevalence)}** of {audit.films:,} films are flagged, "
        f"**{percent(audit.prevalence)}** have it"
    )
    ratio = audit.predicted_prevalence / audit.prevalence
    if audit.reason == "chance":
        return f"**{name}** is not shown to be flagged too often: {both}, which chance leaves open."
    if audit.excess > 0:
        return f"**{name}**: {both}, {_times(ratio)} as many."
    if audit.excess < 0:
        return f"**{name}** is not over-predicted: {both}."
    return f"**{name}** is flagged exactly as often as it is there: {both}."


def cause(audit: Audit) -> str:
    """Name the main cause and what it means; empty where too few are flagged to ask."""
    if not audit.main:
        return ""
    if audit.reason == "chance":
        return (
            "No cause is named, since there may be no excess: with other patients, as few films as have the finding "
            f"might be flagged. More films would tell. {LABELS}"
        )
    if audit.main == UNKNOWN:
        return f"Main cause: **not known**. {_unknown(audit)} {LABELS}"
    parts = {one.cause: one for one in audit.contributions}
    shares = {name: one.share for name, one in parts.items()}
    known = audit.known.said and not audit.lift.refuted and audit.main in ("weighting", "prior", "calibration")
    words = f"Main cause: **{CAUSE_NAMES[audit.main].lower()}**{', if what you say is right' if known else ''}. "
    words += f"{means(audit)} It accounts for {_size(parts[audit.main])}"
    others = [name for name, share in shares.items() if share < -NOTABLE and name != "separation"]
    against = " and ".join(f"{CAUSE_NAMES[name].lower()} ({points(-shares[name])})" for name in others)
    words = f"{words}; what works the other way: {against}." if others else f"{words}."
    return f"{words} {_refuted(audit)}" if audit.lift.refuted else words


def means(audit: Audit) -> str:
    """Say what the main cause means."""
    known, here = audit.known, percent(audit.prevalence)
    if audit.main == "weighting":
        return f"{_weight(known)}, which lifts every logit by {known.lift:.2f}, as if it were that much more common."
    if audit.main == "prior":
        where = "the films that the calibration of its probabilities was made for" if known.calibrated else "training"
        says = "you say" if "trained" in known.said else "says the model card"
        return (
            f"The finding is rarer among these films ({here}) than in {where} ({percent(known.trained or math.nan)}, "
            f"{says}), and the model still expects it as often as there."
        )
    if audit.main == "calibration":
        return (
            "Its probabilities are higher than the labels bear out, by more than what is known of the weighting of the "
            f"loss and of the prevalence in training explains: they do not mean what they say. {LABELS}"
        )
    if audit.main == "threshold" and audit.keep is not None:
        return f"A higher threshold is enough to find {percent(audit.keep)} of the films with the finding."
    if audit.main == "threshold":
        return (
            "The threshold lies below the probability at which a film is more likely than not to have the finding. So "
            "films are flagged that more likely do not have it; whether that is meant, the films do not say."
        )
    return (
        "The model does not tell the films apart well enough: whatever the threshold, to find as many it must flag "
        f"films without the finding. {LABELS}"
    )


def _weight(known: Known) -> str:
    says = "You say" if "weight" in known.said else "The model card says"
    left = ", left after what the card corrects" if known.calibrated else ""
    return f"{says} a weight of {known.weight:.3g} for films with the finding{left}"


def _unknown(audit: Audit) -> str:
    """Say why no cause is named, and what would tell."""
    if audit.reason == "films":
        return (
            f"With {audit.positives:,} of the films having the finding, what is wrong with the probabilities, with the "
            f"threshold and with the model cannot be told apart. {FEWEST} or more patients with it, and as many "
            "without, would tell."
        )
    if audit.reason == "refuted":
        return f"{_refuted(audit)} Calibration mends it, whatever the cause."
    if audit.reason == "said":
        return (
            f"What you say lifts the logits by {audit.lift.told:.1f}; at the threshold these films show "
            f"{_shown(audit.lift)}. The rest has another reason, or what you say is not right. Calibration mends it, "
            "whatever the cause."
        )
    if audit.reason == "training":
        return f"{_too_high(audit)} What would tell: {_asked(audit.known)}. Calibration mends it, whatever the cause."
    return (
        "No part is clearly the largest: with other patients, or taken away in another order, another one would be. "
        "Their intervals stand in the figure; more films would make them narrower."
    )


def _too_high(audit: Audit) -> str:
    known = audit.known
    if known.weight is None and known.trained is None:
        part = next(one for one in audit.contributions if one.cause == UNKNOWN)
        return (
            f"The probabilities are too high, which accounts for {_size(part)}, and the films do not tell why: a "
            "weighted loss, a finding that was more common in training and any other miscalibration look the same from "
            "here."
        )
    one, other = ("weight", "prevalence in training") if known.trained is None else ("prevalence in training", "weight")
    return (
        f"The {one} that is known lifts the logits by {audit.lift.told:.1f}; at the threshold these films show "
        f"{_shown(audit.lift)}. How much of that, and of what lowers them, is the {other} or any other miscalibration, "
        "the films do not tell."
    )


def _asked(known: Known) -> str:
    return " and ".join(words for words, it in ((WEIGHT, known.weight), (TRAINED, known.trained)) if it is None)


def _refuted(audit: Audit) -> str:
    """Say that what is known of the training would lift the logits more than the films allow."""
    known = audit.known
    told = [f"a weight of {known.weight:,.5g}"] if known.weight not in (None, 1) else []
    where = "films that the calibration was made for" if known.calibrated else "training films"
    told += [f"the finding in {percent(known.trained)} of the {where}"] if known.trained is not None else []
    words = " and ".join(told)
    return (
        f"{words[0].upper()}{words[1:]} would lift the logits by {audit.lift.told:.1f}; at the threshold these films "
        f"show {_shown(audit.lift)}. It cannot be right, or something else lowers them by the difference; it is not "
        "taken into account."
    )


def _shown(lift: Lift) -> str:
    return f"{lift.shown:.1f} ({lift.low:.1f} to {lift.high:.1f})".replace("-", "−")


def _size(part: Contribution) -> str:
    """Write how much of the flagged share a part accounts for, with its interval."""
    shares = part.share, part.low, part.high
    value, low, high = (points(one).removeprefix("+").rsplit("\u00a0", 1)[0] for one in shares)
    return f"{value} percentage points of the flagged share ({low} to {high})"


def limits(audit: Audit) -> str:
    """Say what no calibration and no threshold can change."""
    return (
        f"It finds {percent(audit.sensitivity)} of the films with the finding. To find as many, this model must flag "
        f"{percent(audit.floor)} of all films whatever its threshold; a model without error would flag "
        f"{percent(audit.perfect)}."
    )


def co_occurrence(finding: str, table: pd.DataFrame, cell: str) -> str:
    """Say what else the films of a cell carry most above the average, beyond chance among all that are compared."""
    whose = {"FP": "false positives", "positives": f"films labelled {finding_label(finding)}"}[cell]
    told = table[(table["lift"] > 1) & (table["q"] < DISCOVERY)]
    if not len(table) or not table["of"].max():
        return f"There are no {escape(whose)} here."
    if not len(told):
        return f"No other finding is clearly more common among the {escape(whose)} than among all films."
    first = told.iloc[0]
    told_q = "< 0.001" if first["q"] < 0.001 else f"= {first['q']:.3f}"
    return (
        f"**{percent(first['share'])}** of the {escape(whose)} ({first['count']:,} of {first['of']:,}) also carry "
        f"**{escape(finding_label(first['finding']))}**, {_times(first['lift'])} as many as among all films "
        f"({percent(first['base'])}); q {told_q}, findings compared: {int(table['q'].notna().sum())}."
    )


def outcome(trial: Trial) -> str:
    """Say what a remedy does on films that it was not fitted on: what it costs first, then what it brings."""
    after = trial.after.rates.predicted_prevalence.value
    truth = trial.after.rates.prevalence.value
    off = after / truth - 1
    near = (
        f"{with_unit(f'{100 * abs(off):.0f}', '%')} {'above' if off > 0 else 'below'} the truth"
        if round(abs(off), 2)
        else "as often as it is there"
    )
    verdict = _close(trial) if abs(off) <= GOOD_ENOUGH else _not_close(trial)
    gain = trial.after.auroc.value - trial.before.auroc.value
    order = "the order of the films, and so AUROC, stays" if abs(gain) < 5e-4 else f"AUROC changes by {signed(gain, 3)}"
    return (
        f"On films it was not fitted on, {_missed(trial)}; {_share_flagged(trial)}, where **{percent(truth)}** have "
        f"the finding. That is {near}, {verdict}; {order}. {work(trial)}"
    )


def _share_flagged(trial: Trial) -> str:
    """Say how the flagged share moves, in films where it reads the same before and after."""
    before, after = trial.before.rates.predicted_prevalence, trial.after.rates.predicted_prevalence
    if not _flags_moved(trial):
        return f"the flagged share stays at **{percent(after.value)}**"
    if percent(before.value) == percent(after.value):
        return f"instead of {before.count:,} films {after.count:,} are flagged, **{percent(after.value)}**"
    return f"the flagged share goes from **{percent(before.value)}** to **{percent(after.value)}**"


def _missed(trial: Trial) -> str:
    """Say what a remedy costs, in films with the finding that are no longer flagged."""
    before, after = trial.side_by_side.missed
    of = f"of {trial.side_by_side.positives:,} with the finding"
    if before == after:
        return f"**{after:,}** {of} are missed, as many as before"
    change = "more" if after > before else "fewer"
    return f"**{after:,}** {of} are missed, **{abs(after - before):,} {change}** than before"


def work(trial: Trial) -> str:
    """Say what of a remedy changed the flags: the threshold, the probabilities or both."""
    remedy, before, after = trial.remedy, trial.before, trial.after
    error = f"the calibration error goes from {before.ece:.4f} to {after.ece:.4f}"
    moved = after.threshold != before.threshold
    if remedy.map is None:
        if not moved:
            return "Nothing was changed."
        if not _flags_moved(trial):
            return "No flag moved: none of these films lies between the two thresholds."
        return "The threshold alone did it; the probabilities are as they were."
    if not _flags_moved(trial):
        return f"No flag moved. What the remedy changes in the probabilities: {error}."
    if trial.rule in RULES and RULES[trial.rule].follows:
        return (
            f"The threshold did it: by the rule {RULES[trial.rule].name} the same films would be flagged whatever is "
            f"done to the probabilities. What the remedy changes in them: {error}."
        )
    did = "The probabilities and the threshold did it" if moved else "The probabilities did it; the threshold stays"
    return f"{did}, and {error}."


def _flags_moved(trial: Trial) -> bool:
    """Whether a remedy, which keeps the order of the films, flags more or fewer of them."""
    return trial.before.rates.predicted_prevalence.count != trial.after.rates.predicted_prevalence.count


def halves(trial: Trial) -> str:
    """Say how many films a remedy was fitted on and shown on, and whether they are of other patients."""
    fitted, shown = trial.fitted_whose, trial.shown_whose
    of_others = f"films of {shown.patients:,} other patients"
    if fitted.unknown or shown.unknown:
        of_others = f"other films {shown.words}"
    said = (
        f"Fitted on {trial.fitted_films:,} films {fitted.words} ({trial.fitted_positives:,} with the finding), shown "
        f"on {trial.shown_films:,} {of_others} ({trial.shown_positives:,} with it)."
    )
    if fitted.unknown or shown.unknown:
        said += " As not all patients are known, some may have films on both sides, which flatters the remedy."
    return f"{said} {shown.caution}".rstrip()


def repeats(trial: Trial) -> str:
    """Say what comes of a remedy where other films are drawn to fit it on; empty where that hardly matters."""
    if trial.repeats is None:
        return ""
    flagged, drawn = trial.repeats.flagged, "films" if trial.fitted_whose.unknown else "patients"
    return (
        f"Which {drawn} it is fitted on is chance: over {len(flagged)} other splits **{percent(flagged.mean())}** are "
        f"flagged on average ({percent(flagged.min())} to {percent(flagged.max())}), where "
        f"{percent(trial.repeats.prevalence.mean())} have the finding."
    )


def _close(trial: Trial) -> str:
    flagged, truth = trial.after.rates.predicted_prevalence, trial.after.rates.prevalence.value
    if (1 - GOOD_ENOUGH) * truth <= flagged.low and flagged.high <= (1 + GOOD_ENOUGH) * truth:
        return "which is close"
    return (
        f"which is close on these films; with so few flagged ({flagged.count:,}) it may be {percent(flagged.low)} to "
        f"{percent(flagged.high)} on others"
    )


def _not_close(trial: Trial) -> str:
    flagged = trial.after.rates.predicted_prevalence
    if flagged.low <= trial.after.rates.prevalence.value <= flagged.high:
        return (
            f"which may be chance: {round(flagged.value * flagged.of):,} films, where {trial.shown_positives:,} have it"
        )
    return "which is not close yet"


def _times(ratio: float) -> str:
    if not math.isfinite(ratio):
        return "more"
    return f"{ratio:.0f} times" if ratio >= 9.95 else f"{ratio:.1f} times"
