"""What each term means, with the finding's own numbers."""

from __future__ import annotations

import streamlit as st

from dashboard.page.glossary import meaning
from dashboard.roc import numbers
from dashboard.roc.scene import Scene
from xai.findings import finding_label


def show(scene: Scene) -> None:
    """Show the terms in two columns."""
    terms = glossary(scene)
    half = (len(terms) + 1) // 2
    for column, some in zip(st.columns(2, gap="large"), (terms[:half], terms[half:]), strict=True):
        with column:
            for term, told in some:
                st.markdown(f"**{term}.** {told}")


def glossary(scene: Scene) -> list[tuple[str, str]]:
    """Give each term and its meaning."""
    found, counts, area = scene.rates, scene.counts, scene.row.auroc
    finding, threshold = finding_label(scene.finding), numbers.probability(scene.threshold.value)
    calibration = scene.curves.calibration
    here = {
        "Threshold": f"It is now {threshold}.",
        "Sensitivity": f"Of the {counts.tp + counts.fn:,} films with {finding}, {counts.tp:,} are flagged: "
        f"{numbers.share(found.sensitivity.value)}.",
        "Specificity": f"Of the {counts.tn + counts.fp:,} films without it, {counts.tn:,} are left alone: "
        f"{numbers.share(found.specificity.value)}.",
        "PPV": f"Of the {counts.tp + counts.fp:,} flagged films, {counts.tp:,} have it: "
        f"{numbers.share(found.ppv.value)}; see “What if”.",
        "NPV": f"Here it is {numbers.share(found.npv.value)}; knowing nothing gives "
        f"{numbers.share(1 - found.prevalence.value)}.",
        "Prevalence": f"{numbers.share(found.prevalence.value)} of these films have it, and "
        f"{numbers.share(found.predicted_prevalence.value)} are flagged.",
        "F1": f"Here it is {found.f1:.3f}.",
        "ROC curve": "“Step by step” draws it film by film.",
        "AUROC": f"Here the film with {finding} scores higher in {numbers.share(area.value)} of such pairs.",
        "Precision-recall curve": "A coin lies on the prevalence line.",
        "Average precision": f"Here it is {scene.curves.average_precision:.3f}, a coin's "
        f"{scene.ranked.prevalence:.3f}.",
        "Calibration": f"The mean gap here is {calibration.error:.3f} (expected calibration error, "
        f"{calibration.binning}).",
        "Interval": f"Here other {scene.judged.whose.drawn} would be drawn. "
        f"{scene.judged.interval_method} The band of the ROC curve is the {scene.curves.band.method}.",
    }
    return [(term, f"{meaning(term)} {told}") for term, told in here.items()]
