"""Remedies: tried on some patients, shown on others, kept in the model card."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.components.download import download
from dashboard.errors import figures, sentences
from dashboard.errors.controls import choose_target
from dashboard.errors.keep_panel import show_keeping
from dashboard.errors.known import known_now
from dashboard.errors.state import KEEP
from dashboard.errors.thresholds import Thresholds
from dashboard.errors.visit import visit
from dashboard.page import side_by_side
from dashboard.page.glossary import explained
from dashboard.page.state import filled
from dashboard.page.told import sentence_of
from dashboard.page.words import escape, to_tenth
from dashboard.server.library import Library
from dashboard.server.session import offer
from training.evaluate.judged import Judged
from training.evaluate.ranked import EvaluateError
from training.evaluate.rates import DEFINITIONS, Share
from training.evaluate.side_by_side import METHOD
from training.evaluate.thresholds import RULES
from training.mending.calibrate import METHODS
from training.mending.known import known_of
from training.mending.remedy import Outcome, Trial, try_remedy
from xai.findings import finding_label
from xai.machine import file_name

METHOD_NAMES = {
    "none": "Threshold only",
    "weighting": "Undo weighting",
    "prior": "Prior correction",
    "temperature": "Temperature",
    "platt": "Platt",
    "isotonic": "Isotonic",
}
MOST_WEIGHT = 200.0


def show_remedies(library: Library, judged: Judged, stamp: str, found: Thresholds, predictions: str) -> None:
    """Show the choice of remedy, what it does, and how it is kept."""
    finding = filled(visit.state.finding)
    st.subheader(f"Mend {finding_label(finding)}", anchor=False)
    left, right = st.columns([1, 1.5], gap="large")
    with left:
        _choose(judged)
    with right:
        try:
            asked, own = visit.state, own_settings(judged)
            trial = _tried(
                stamp,
                judged,
                finding,
                found.value(finding),
                asked.remedy,
                asked.rule_after,
                asked.target_after,
                own["weight"],
                own["trained"],
                own["here"],
                asked.share,
                asked.seed,
            )
        except EvaluateError as error:
            st.warning(escape(sentence_of(error)), icon=":material/warning:")
            return
        _show(trial, predictions)
    show_keeping(library, [trial], predictions)


def _choose(judged: Judged) -> None:
    asked, whom = visit.state, "films" if judged.whose.unknown else "patients"
    visit.bound(
        st.radio,
        "Probabilities",
        list(METHODS),
        key="remedy",
        format_func=METHOD_NAMES.get,
        captions=list(METHODS.values()),
    )
    if asked.remedy == "weighting":
        _weight_slider(judged)
    if asked.remedy == "prior":
        _prior_sliders(judged)
    names = {KEEP: "As it is"} | {key: rule.name for key, rule in RULES.items()}
    visit.bound(
        st.selectbox,
        "Threshold on the mended probabilities",
        list(names),
        key="rule_after",
        take=lambda rule: {"rule_after": rule, "target_after": None},
        format_func=names.get,
        help="Chosen on the films that the remedy is fitted on. A rule that only looks at the order of the films, such "
        "as Youden's, flags the same films whatever the remedy.",
    )
    choose_target("target_after", asked.rule_after, asked.target_after)
    visit.bound(
        st.slider,
        f"Share of the {whom} to fit on",
        0.1,
        0.9,
        step=0.05,
        key="share",
        format="percent",
        help="The rest is what the remedy is shown on. All films of a known patient are on the same side.",
    )
    st.button(
        f"Draw other {whom}",
        icon=":material/casino:",
        key="errors_draw",
        on_click=visit.change,
        kwargs={"seed": asked.seed + 1},
        help=f"Splits the {whom} by another seed, to see how much hangs on chance; this is split seed {asked.seed}.",
    )


def _weight_slider(judged: Judged) -> None:
    known, card = known_now(judged).weight, known_of(judged.card, filled(visit.state.finding)).weight
    shown = visit.state.weight or known or 1.0
    visit.bound(
        st.slider,
        "The loss counted films with the finding this many times",
        1.0,
        MOST_WEIGHT,
        step=0.5,
        key="weight",
        value=min(max(float(shown), 1.0), MOST_WEIGHT),
        format="%.1f",
    )
    says = "The model card says" if card else "You say"
    st.caption(f"{says} {known:.3g}." if known else "The model card does not say; move it until the shares agree.")
    if known is None and visit.state.weight is None:
        visit.change(weight=1.0)


def _prior_sliders(judged: Judged) -> None:
    finding = filled(visit.state.finding)
    known, card = known_now(judged).trained, known_of(judged.card, finding).trained
    here = judged.ranked(finding).prevalence
    for field, words, default in (
        ("trained", "Prevalence in training", known if known is not None else here),
        ("here", "Prevalence here", here),
    ):
        value = getattr(visit.state, field)
        visit.bound(
            st.slider,
            words,
            0.001,
            0.999,
            step=0.001,
            key=field,
            value=min(max(default if value is None else value, 0.001), 0.999),
            take=lambda share, field=field: {field: share},
            format="percent",
        )
    says = "The model card says" if card else "You say"
    said = f"{says} {known:.2%} in training" if known is not None else "The model card does not say"
    st.caption(f"{said}; {here:.2%} of the films here have it. Here, if left alone, is what the films fitted on have.")
    if known is None and visit.state.trained is None:
        visit.change(trained=min(max(here, 0.001), 0.999))


def own_settings(judged: Judged) -> dict[str, float | None]:
    """Give what the remedy takes for the chosen finding alone, by hand, from the visitor's word or from the card."""
    asked, known = visit.state, known_now(judged)
    weighs, corrects = asked.remedy == "weighting", asked.remedy == "prior"
    return {
        "weight": (asked.weight or known.weight) if weighs else None,
        "trained": (asked.trained or known.trained) if corrects else None,
        "here": asked.here if corrects else None,
    }


@st.cache_resource(max_entries=64, show_spinner=False)
def _tried(
    stamp: str,
    _judged: Judged,
    finding: str,
    threshold: float,
    method: str,
    rule: str,
    target: float | None,
    weight: float | None,
    trained: float | None,
    here: float | None,
    share: float,
    seed: int,
) -> Trial:
    return try_remedy(
        _judged,
        finding,
        method,
        "" if rule == KEEP else rule,
        target,
        threshold=threshold,
        weight=weight,
        trained=trained,
        here=here,
        share=share,
        seed=seed,
    )


def _show(trial: Trial, predictions: str) -> None:
    st.markdown(outcome := sentences.outcome(trial), help=explained(outcome))
    st.plotly_chart(figures.before_after(trial), key="errors_before_after", config=figures.QUIET, alt=outcome)
    st.caption(f"{sentences.halves(trial)} The grey band is within 20\u00a0% of the truth.")
    if trial.repeats is not None:
        st.markdown(sentences.repeats(trial))
    for caution in filter(None, (sentences.worse(trial), *trial.remedy.cautions)):
        st.warning(escape(caution), icon=":material/warning:")
    st.dataframe(
        comparison(trial),
        hide_index=True,
        height="content",
        column_config={"": st.column_config.TextColumn(width=150)},
        alt="Measures before and after, on the films that the remedy was not fitted on.",
    )
    st.caption(
        "All on the films that it was not fitted on, with 95\u00a0% intervals.",
        help=f"{METHOD}  \n"
        + "  \n".join(f"**{name}**: {words}" for name, words in DEFINITIONS.items())
        + "  \n**Calibration error**: mean distance of probability and observed share, over ten groups of films.  \n"
        "**Brier score**: mean squared error of the probability; lower is better.",
    )
    if differ := side_by_side.differ(trial.side_by_side):
        st.caption(differ)
    with st.container(height=60, border=False):  # so that nothing below moves when it comes
        download(
            "This table as CSV",
            offer(
                "before and after",
                file_name(f"{predictions}-{trial.remedy.finding}-before-and-after.csv".lower()),
                "text/csv",
                lambda: side_by_side.as_csv(numbers(trial, predictions)),
            ),
            key="errors_before_after_download",
            help="Each measure before and after with its change, the interval's ends and p, as numbers.",
        )


def numbers(trial: Trial, predictions: str) -> pd.DataFrame:
    """Give the measures before and after a remedy, as numbers; those of `comparison`, but for AUROC, which stays."""
    names = f"{predictions}, before", f"{predictions}, after"
    return side_by_side.numbers(trial.remedy.finding, trial.side_by_side, names, (trial.before.ece, trial.after.ece))


def comparison(trial: Trial) -> pd.DataFrame:
    """Give the measures before and after a remedy, as text, and how far they change, film by film."""

    def told(one: Outcome) -> list[str]:
        rates = one.rates
        shares = (rates.predicted_prevalence, rates.sensitivity, rates.specificity, rates.ppv)
        area = f"{one.auroc.value:.3f} ({one.auroc.low:.3f} to {one.auroc.high:.3f})"
        return [
            f"{one.threshold:.4g}",
            *map(_share, shares),
            area,
            f"{one.mean_probability:.2%}",
            f"{one.ece:.4f}",
            f"{one.brier:.4f}",
        ]

    names = [
        *("Threshold", "Flagged", "Sensitivity", "Specificity", "PPV", "AUROC"),
        *("Mean probability", "Calibration error", "Brier score"),
    ]
    values = pd.DataFrame({"": names, "Before": told(trial.before), "After": told(trial.after)}).set_index("")
    errors = trial.before.ece, trial.after.ece
    both = side_by_side.table(trial.side_by_side, ("Before", "After"), errors).set_index("")
    both.update(values)
    area = values.loc[["AUROC"]].reindex(columns=both.columns, fill_value="")
    return pd.concat([both, area]).reset_index()


def _share(share: Share) -> str:
    if not share.of:
        return "nothing to count"
    return f"{to_tenth(share.value)} ({share.low:.1%} to {share.high:.1%})"
