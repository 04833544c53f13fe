"""What each term means, with the finding's own numbers."""

from __future__ import annotations

import streamlit as st

from dashboard.roc import numbers
from dashboard.roc.scene import Scene
from training.evaluate.rates import rates
from xai.findings import finding_label


def show(scene: Scene) -> None:
    """Show the terms in two columns."""
    terms = glossary(scene)
    half = (len(terms) + 1) // 2
    for column, some in zip(st.columns(2, gap="large"), (terms[:half], terms[half:]), strict=True):
        with column:
            for term, meaning in some:
                st.markdown(f"**{term}.** {meaning}")


def glossary(scene: Scene) -> list[tuple[str, str]]:
    """Give each term and its meaning."""
    found, counts, area = rates(scene.counts), scene.counts, scene.row.auroc
    name, threshold = finding_label(scene.finding), numbers.probability(scene.threshold.value)
    flagged = counts.tp + counts.fp
    calibration = scene.curves.calibration
    return [
        ("Threshold", f"The probability from which a film is flagged, now {threshold}. Nothing in a model says where "
         "it should be: it is a choice between missing films and raising false alarms."),
        ("Sensitivity", f"Also recall, or true positive rate. Of the {counts.tp + counts.fn:,} films with {name}, "
         f"{counts.tp:,} are flagged: {numbers.share(found.sensitivity.value)}."),
        ("Specificity", f"Of the {counts.tn + counts.fp:,} films without it, {counts.tn:,} are left alone: "
         f"{numbers.share(found.specificity.value)}. What is missing to 100\u00a0% are the false alarms."),
        ("PPV", f"Positive predictive value, or precision. Of the {flagged:,} flagged films, {counts.tp:,} have it: "
         f"{numbers.share(found.ppv.value)}. It falls as the finding gets rarer, though the model stays the same: see "
         "“What if”."),
        ("NPV", f"Of the films left alone, the share that does not have it: {numbers.share(found.npv.value)}. For a "
         f"rare finding it is high even if the model is useless: knowing nothing gives "
         f"{numbers.share(1 - found.prevalence.value)}."),
        ("Prevalence", f"How common it is: {numbers.share(found.prevalence.value)} of these films have it, and "
         f"{numbers.share(found.predicted_prevalence.value)} are flagged."),
        ("F1", "One number made of sensitivity and PPV (their harmonic mean). It does not count the films rightly left "
         "alone, and takes both errors for equally bad."),
        ("ROC curve", "All thresholds at once: slide the threshold down from 1, and each film with the finding is a "
         "step up, each film without it a step to the right: see “Step by step”. It hides how rare the finding is."),
        ("AUROC", f"The area under it. Take one film with {name} and one without, at random: in "
         f"{numbers.share(area.value)} of such pairs the first scores higher. 0.5 is a coin, 1 is perfect. It says "
         "nothing of any one threshold, and nothing of whether the probabilities are true."),
        ("Precision-recall curve", "The same thresholds: PPV against sensitivity. A coin lies on the prevalence line. "
         "For a rare finding it shows what the ROC curve hides: how many of the flags are false."),
        ("Average precision", f"The mean height of that curve: {scene.curves.average_precision:.3f}. A coin's is the "
         f"prevalence, {scene.ranked.prevalence:.3f}, so it cannot be compared between findings."),
        ("Calibration", "Whether probabilities mean what they say: of films given 10\u00a0%, one in ten should have "
         f"it. A model can rank perfectly and still be off. The mean gap here is {calibration.error:.3f} (expected "
         f"calibration error, {calibration.binning})."),
        ("Interval", f"What the figure would vary by, had other {scene.judged.whose.drawn} been drawn: the interval "
         "holds the true value 95 times in 100. Shares have Wilson's, which takes films as independent. "
         f"{scene.judged.interval_method} The band of the ROC curve is the "
         f"{scene.curves.band.method}."),
    ]  # fmt: skip
