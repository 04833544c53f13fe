"""Which dataset and whose predictions are looked at."""

from __future__ import annotations

import streamlit as st

from dashboard.films.catalogue import Catalogue
from dashboard.films.notes import Notebook
from dashboard.films.own import own_catalogue
from dashboard.films.services import FilmServices
from dashboard.films.state import State
from dashboard.films.visit import visit
from dashboard.page.state import filled
from dashboard.page.told import sentence_of
from dashboard.page.visit import refuse
from dashboard.page.words import escape
from dashboard.server.last_used import last_dataset, last_predictions, note_used
from dashboard.server.library import OWN
from dashboard.server.services import Services
from dashboard.server.uploads import uploads
from training.datasets.boxes import drawn_words
from training.datasets.facts import DatasetFacts
from training.datasets.judgements import Judgement, judgements_of
from training.datasets.table import DatasetError
from training.predictions.table import PredictionsError
from xai.cards.model_card import ModelCardError
from xai.findings import finding_label
from xai.models.library import DEFAULT_MODEL

NONE, ALL = "no predictions", "All findings"
SOURCE_WIDTH, FINDING_WIDTH = 190, 170  # pixels


def notebook_of(services: Services, dataset: str) -> Notebook:
    """Give the library's notebook; for a visitor's own films one that ends with the visit."""
    if dataset != OWN:
        return services.of(FilmServices).notebook
    if "own_notebook" not in st.session_state:
        st.session_state.own_notebook = Notebook(None)
    return st.session_state.own_notebook


def datasets_of(services: Services) -> list[str]:
    """Name what can be looked at: datasets of the library, and this visitor's own films where there are any."""
    return [*services.library.datasets(), *([OWN] if uploads() else [])]


def predictions_of(services: Services, dataset: str) -> list[str]:
    """Name what says something about a dataset: predictions of the library; for a visitor's own films, its models."""
    if dataset == OWN:
        return list(services.library.models())
    return list(services.library.predictions(dataset))


def catalogue_of(services: Services, asked: State) -> Catalogue:
    """Open what is asked about; raises `DatasetError`, `PredictionsError` or `ModelCardError`."""
    shared = services.of(FilmServices)
    predictions = None if asked.predictions == NONE else asked.predictions
    if asked.dataset != OWN:
        return shared.open(filled(asked.dataset), predictions)
    films = [(one.sha256, one.title, one.view) for one in uploads()]
    if predictions is None:
        return own_catalogue(films, [None] * len(films), None)
    card = services.library.card(predictions)
    answered = [services.logits.get(services.logits_key(sha256, predictions)) for sha256, *_ in films]
    return own_catalogue(films, answered, card)


def choose_source(services: Services) -> Catalogue | None:
    """Show the choice of dataset, predictions and finding; None, and the reason on the page, where there is none."""
    names = datasets_of(services)
    if not names:
        st.info(
            "There is no dataset yet. `python -m training dataset` makes one of a public dataset, "
            "`python -m training simulate` makes one of simulated films; or bring your own films, at the top right."
        )
        return None
    asked = _settle(services, names)
    visit.bound(
        st.selectbox,
        "Dataset",
        names,
        key="dataset",
        take=_other_dataset,
        label_visibility="collapsed",
        width=SOURCE_WIDTH,
        help="The films to look at.",
    )
    listed = predictions_of(services, filled(asked.dataset))
    visit.bound(
        st.selectbox,
        "Predictions",
        [NONE, *listed],
        key="predictions",
        label_visibility="collapsed",
        width=SOURCE_WIDTH,
        help="What a model says of these films.",
    )
    try:
        catalogue = catalogue_of(services, asked)
    except (DatasetError, PredictionsError, ModelCardError, OSError) as error:
        st.error(escape(sentence_of(error)))
        return None
    by_link = () if asked.finding not in catalogue.findings else (asked.finding,)
    visit.bound(
        st.selectbox,
        "Finding",
        list(dict.fromkeys((ALL, *catalogue.listed, *by_link))),
        key="finding",
        value=asked.finding if by_link else ALL,
        take=lambda finding: {"finding": None if finding == ALL else finding},
        format_func=finding_label,
        label_visibility="collapsed",
        width=FINDING_WIDTH,
        help="What the pictures' edges, the order and new conditions are about.",
    )
    return catalogue


def about_labels(services: Services, dataset: str) -> None:
    """Show what the labels of a dataset rest on, one click away, where its reader is known."""
    facts = services.library.dataset(dataset).facts if dataset != OWN else None
    if facts is None or not (judgements := judgements_of(facts)):
        return
    drawn = _drawn(services, dataset)
    with st.popover("About the labels", icon=":material/label:", type="tertiary", key="films_labels"):
        st.markdown("**How the source's labels became these**")
        st.caption(_choices_made(facts))
        if drawn:
            st.caption(escape(f"People drew {drawn}."))
        st.markdown("\n".join(label_words(one) for one in judgements))


def _drawn(services: Services, dataset: str) -> str:
    """Count what people drew on the films; the film's own panel says so where that is damaged."""
    try:
        return drawn_words(services.library.drawings(dataset).table)
    except DatasetError:
        return ""


def label_words(judgement: Judgement) -> str:
    """Write one judgement as an item of a list: whose label, from what, and why."""
    target, source, rule = (
        escape(part.replace("_", " ")) for part in (judgement.target, judgement.source, judgement.rule)
    )
    return f"- **{target}** from *{source}*: {rule}. {escape(judgement.why)}"


def _choices_made(facts: DatasetFacts) -> str:
    chosen = [f"{name} = {value}" for name, value in facts.policy.items() if name != "reader"]
    return escape(f"Read with {', '.join(chosen)}.") if chosen else "The reader's own rules; nothing was chosen."


def _settle(services: Services, names: list[str]) -> State:
    """Fill in dataset and predictions where the link leaves them open or names what there is not."""
    asked = visit.state
    if asked.dataset not in names:
        first = last_dataset(names) or next((name for name in names if predictions_of(services, name)), names[0])
        if asked.dataset is not None:
            gone = "These were somebody's own films" if asked.dataset == OWN else f"There is no “{asked.dataset}” here"
            refuse(f"{gone}; showing {first}.")
        asked = asked.with_(dataset=first)
    listed = predictions_of(services, filled(asked.dataset))
    if asked.predictions is None:
        first = last_predictions(listed) or (DEFAULT_MODEL if DEFAULT_MODEL in listed else next(iter(listed), NONE))
        asked = asked.with_(predictions=first)
    elif asked.predictions not in (NONE, *listed):
        said = f"There are no predictions “{asked.predictions}” of {asked.dataset}; "
        refuse(said + (f"there are {', '.join(listed)}." if listed else "there are none."))
        asked = asked.with_(predictions=NONE)
    if asked.dataset != OWN:
        note_used(asked.dataset, asked.predictions)
    visit.put(asked)
    return asked


def _other_dataset(name: str) -> dict:
    """Another dataset has other films and other predictions; conditions that it knows stay."""
    st.session_state.films_chosen = {}
    return {"dataset": name, "predictions": None}
