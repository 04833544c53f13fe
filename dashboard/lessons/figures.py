"""Numbers in a lesson's text, filled in from the tables that come with the app, each with its interval.

``{league lightbox gradcam all pointing}`` is such a number: none of a shipped text is written by hand. What each word
stands for is in `FIGURES`; docs/lessons.md lists them.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import t as student

from dashboard.page.cause_names import CAUSE_NAMES
from dashboard.page.link import excerpt
from dashboard.page.words import signed, to_tenth
from dashboard.trust.sanity_films import VERDICTS
from training.benchmark.results import Results, Score, read_results
from training.benchmark.sanity_table import at_last
from training.benchmark.shortcut_files import Lab, read_lab
from training.benchmark.telling import telling
from training.datasets.table import read_dataset
from training.evaluate.joining import judge
from training.evaluate.judged import Judged
from training.evaluate.rates import CONFIDENCE, Share, share
from training.mending.audit import audit
from training.mending.known import known_of
from training.predictions.table import read_predictions
from xai.built_in import BUILT_IN_DATASETS, BUILT_IN_LEAGUES, BUILT_IN_MODELS, BUILT_IN_PREDICTIONS
from xai.cards.model_card import card_path, read_card
from xai.measures.sanity import LIMIT
from xai.written import percent

_FIGURE = re.compile(r"\{([^{}\n]*)\}")
_WORDS = re.compile(r"[\w -]+", re.ASCII)  # none leads out of a folder
MOST_FIGURES = 20  # of one text
DATASET = "simulated-2000"  # that the shipped predictions are of
BOXED = "simulated"  # that the shipped leagues are of


@dataclass(frozen=True)
class Figure:
    """A number that a text can name.

    Attributes
    ----------
    words : tuple of str
        What is named behind it, such as a model.
    fill : callable
        Gives the number in words; KeyError, ValueError or OSError where there is none.
    """

    words: tuple[str, ...]
    fill: Callable[..., str]


def filled(text: str) -> str:
    """Give a text with its figures filled in; raises ValueError for one that there is not."""
    return _FIGURE.sub(lambda found: _written(found[1]), text)


def check_figures(text: str) -> None:
    """Raise ValueError where a text names a figure that there is not, or too many."""
    found = _FIGURE.findall(text)
    if len(found) > MOST_FIGURES:
        raise ValueError(f"There are more than {MOST_FIGURES} figures in one text.")
    if "{" in _FIGURE.sub("", text) or "}" in _FIGURE.sub("", text):
        raise ValueError("There is a { or } without its partner in a text; they stand around the name of a figure.")
    for one in found:
        name, *words = one.split()[:9] or [""]
        if name not in FIGURES or len(words) != len(FIGURES[name].words) or not _WORDS.fullmatch(one):
            known = ", ".join(" ".join((name, *figure.words)) for name, figure in FIGURES.items())
            raise ValueError(f"There is no figure “{excerpt(one)}”; there are {known}.")


@functools.lru_cache(maxsize=512)
def _written(asked: str) -> str:
    try:
        check_figures(f"{{{asked}}}")
        name, *words = asked.split()
        return FIGURES[name].fill(*words)
    except (AttributeError, KeyError, ValueError, OSError):
        raise ValueError(f"There is no figure “{excerpt(asked)}” in the tables that come with the app.") from None


def _league(model: str, method: str, finding: str, measure: str) -> str:
    return _between(_there(_results(model).score(method, finding, measure)))


def _hits(model: str, method: str, finding: str) -> str:
    """Give the share of films on which a method's strongest point lies on the finding, in percent."""
    one = _there(_results(model).score(method, finding, "pointing"))
    return _share(one.value, one.low, one.high)


def _ahead(model: str, method: str, finding: str, measure: str) -> str:
    one = _there(_results(model).lead(method, finding, measure))
    return f"{signed(one.value)} ({signed(one.low)} to {signed(one.high)})"


def _films(model: str) -> str:
    return f"{_results(model).films:,}"


def _rate(model: str, finding: str, rate: str) -> str:
    one = _rate_of(model, finding, rate)
    return _share(one.value, one.low, one.high)


def _count(model: str, finding: str, rate: str) -> str:
    one = _rate_of(model, finding, rate)
    return f"{one.count:,} of {one.of:,}"


def _rate_of(model: str, finding: str, rate: str) -> Share:
    """Give a rate at the threshold of the model's card; its interval knows which films are of one patient."""
    judged = _judged(model)
    found: Share = vars(judged.rates(finding, judged.threshold(finding).value))[rate]
    return found


def _auroc(model: str, finding: str) -> str:
    one = _judged(model).auroc(finding)
    return f"{one.value:.3f} ({one.low:.3f} to {one.high:.3f})"


def _threshold(model: str, finding: str) -> str:
    return percent(_judged(model).threshold(finding).value)


def _weight(model: str, finding: str) -> str:
    """Give how many times the loss counted a film with the finding, as the card says."""
    return f"{_weight_of(model, finding):.0f}"


def _weight_of(model: str, finding: str) -> float:
    weight = known_of(_judged(model).card, finding).weight
    if weight is None:
        raise KeyError(finding)
    return weight


def _lift(model: str, finding: str) -> str:
    """Give what such a weight adds to every logit: its logarithm (Elkan, IJCAI 2001)."""
    return f"{np.log(_weight_of(model, finding)):.2f}"


def _unlifted(model: str, film: str, finding: str) -> str:
    """Give an answer from which the lift is taken back."""
    lifted = logit(_predicted(model, finding)[film])
    return percent(float(expit(lifted - np.log(_weight_of(model, finding)))))


def _scale(model: str, origin: str, finding: str) -> str:
    """Give by what one model's logits are multiplied to give those of another, but for what is added to all."""
    own, first = _predicted(model, finding), _predicted(origin, finding)
    x, y = (logit(np.array([one[film] for film in own])) for one in (first, own))
    return f"{np.cov(x, y)[0, 1] / x.var(ddof=1):.2f}"  # least squares


def _cause(model: str, finding: str) -> str:
    """Name the main cause of too many flags, as the audit of the Errors page does."""
    judged = _judged(model)
    threshold = judged.threshold(finding).value
    return CAUSE_NAMES[audit(judged, finding, threshold, said=known_of(judged.card, finding)).main].lower()


def _answer(model: str, film: str, finding: str) -> str:
    return percent(_predicted(model, finding)[film])


def _predicted(model: str, finding: str) -> dict[str, float]:
    """Give a model's answers by film."""
    table = read_predictions(BUILT_IN_PREDICTIONS / f"{model}-on-{DATASET}").table
    return {str(film): float(value) for film, value in table[finding].items()}


def _on_token(model: str, method: str) -> str:
    whose = "leaning" if model == _lab().models[1] else "clean"
    told = _told()
    return _share(*(float(told[f"{whose}{end}"].to_dict()[method]) for end in ("", "_low", "_high")))


def _token_area() -> str:
    return to_tenth(float(_lab().answers.drop_duplicates("film")["area"].mean()))


def _token_adds(model: str) -> str:
    own = _lab().answers
    own = own[(own["model"] == model) & (own["present"] == 0)]
    if own.empty:
        raise KeyError(model)
    moved = (own["logit"] - own["logit_without"]).to_numpy()
    low, high = _mean_interval(moved)
    return "{} ({} to {})".format(*(signed(round(float(one), 2) + 0.0) for one in (moved.mean(), low, high)))


def _token_flags(model: str, when: str) -> str:
    """Count the films without the finding that a model flags ``with`` and ``without`` the token."""
    lab = _lab()
    finding = lab.claim["finding"]
    card = read_card(card_path(BUILT_IN_MODELS / f"{model}.keras"))
    own = lab.answers[(lab.answers["model"] == model) & (lab.answers["present"] == 0)]
    column = {"with": "logit", "without": "logit_without"}[when]
    answers = pd.DataFrame(0.0, index=own.index, columns=list(card.outputs)).assign(**{finding: own[column]})
    flagged = card.probabilities(answers.to_numpy())[:, card.index(finding)] >= card.threshold(finding).value
    one = share(int(flagged.sum()), len(own))
    return f"{one.count} of {one.of} ({percent(one.low)} to {percent(one.high)})"


def _sanity(method: str) -> str:
    """Give what is left of a method's maps of a random model, as the Trust page does."""
    own = _at_last().loc[method]
    return f"{own['similarity']:.2f} ({own['low']:.2f} to {own['high']:.2f})".replace("-", "−")


def _sanity_verdict(method: str) -> str:
    passes: bool | None = _at_last()["passes"].to_dict()[method]
    return VERDICTS[passes]


def _sanity_empty(method: str) -> str:
    own = _at_last().loc[method]
    return f"{own['empty']} of {own['films']}"


def _alarm(kind: str) -> str:
    table = pd.read_csv(BUILT_IN_LEAGUES / "shortcut-alarm.csv")
    own = table[table["kind"] == kind]
    if own.empty:
        raise KeyError(kind)
    one = share(int((own["verdict"] == "found").sum()), len(own))
    return f"{one.count} of {one.of} ({percent(one.low)} to {percent(one.high)})"


FIGURES: Mapping[str, Figure] = {
    "league": Figure(("MODEL", "METHOD", "FINDING", "MEASURE"), _league),
    "hits": Figure(("MODEL", "METHOD", "FINDING"), _hits),
    "ahead": Figure(("MODEL", "METHOD", "FINDING", "MEASURE"), _ahead),
    "films": Figure(("MODEL",), _films),
    "rate": Figure(("MODEL", "FINDING", "RATE"), _rate),
    "count": Figure(("MODEL", "FINDING", "RATE"), _count),
    "auroc": Figure(("MODEL", "FINDING"), _auroc),
    "threshold": Figure(("MODEL", "FINDING"), _threshold),
    "weight": Figure(("MODEL", "FINDING"), _weight),
    "lift": Figure(("MODEL", "FINDING"), _lift),
    "unlifted": Figure(("MODEL", "FILM", "FINDING"), _unlifted),
    "scale": Figure(("MODEL", "ORIGIN", "FINDING"), _scale),
    "cause": Figure(("MODEL", "FINDING"), _cause),
    "answer": Figure(("MODEL", "FILM", "FINDING"), _answer),
    "on-token": Figure(("MODEL", "METHOD"), _on_token),
    "token-area": Figure((), _token_area),
    "token-adds": Figure(("MODEL",), _token_adds),
    "token-flags": Figure(("MODEL", "WHEN"), _token_flags),
    "sanity": Figure(("METHOD",), _sanity),
    "sanity-verdict": Figure(("METHOD",), _sanity_verdict),
    "sanity-empty": Figure(("METHOD",), _sanity_empty),
    "sanity-limit": Figure((), lambda: f"{LIMIT:g}"),
    "alarm": Figure(("KIND",), _alarm),
}


def _there(one: Score | None) -> Score:
    if one is None:
        raise KeyError("not measured")
    return one


def _mean_interval(values: np.ndarray) -> tuple[float, float]:
    """Give Student's interval of a mean (Student, Biometrika 1908)."""
    half = student.ppf(0.5 + CONFIDENCE / 2, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5
    return float(values.mean() - half), float(values.mean() + half)


def _between(one: Score) -> str:
    return f"{one.value:.2f} ({one.low:.2f} to {one.high:.2f})".replace("-", "−")


def _share(value: float, low: float, high: float) -> str:
    return f"{to_tenth(value)} ({to_tenth(low)} to {to_tenth(high)})"


@functools.cache
def _results(model: str) -> Results:
    return read_results(BUILT_IN_LEAGUES / f"{model}-on-{BOXED}")


@functools.cache
def _judged(model: str) -> Judged:
    predictions = read_predictions(BUILT_IN_PREDICTIONS / f"{model}-on-{DATASET}")
    return judge(predictions, read_dataset(BUILT_IN_DATASETS / DATASET))


@functools.cache
def _at_last() -> pd.DataFrame:
    return at_last(pd.read_csv(BUILT_IN_LEAGUES / "sanity-lightbox" / "sanity.csv"))


@functools.cache
def _lab() -> Lab:
    lab = read_lab(BUILT_IN_LEAGUES / "shortcut-lab")
    if lab is None:
        raise KeyError("shortcut-lab")
    return lab


@functools.cache
def _told() -> pd.DataFrame:
    return telling(_lab())
