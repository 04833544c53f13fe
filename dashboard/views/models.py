"""Models: what each one is, how good, where not to trust it; two side by side; and how models come and go."""

from __future__ import annotations

import streamlit as st

from dashboard.compare.card_form import card_form
from dashboard.models.inventory import ModelEntry, hidden, take_inventory
from dashboard.models.panels.bringing import show_fetch, show_import
from dashboard.models.panels.card import outputs_words, show_card
from dashboard.models.panels.compare import show_compare
from dashboard.models.panels.deleting import delete_button, show_deleted, show_trash
from dashboard.models.panels.layers import show_layers
from dashboard.models.panels.measured import show_measured
from dashboard.models.panels.published import show_published
from dashboard.models.panels.raw import show_raw
from dashboard.models.panels.training import show_training
from dashboard.models.panels.versions import show_versions
from dashboard.models.panels.work import show_work
from dashboard.models.services import ModelServices
from dashboard.models.state import DOORS, SECTIONS
from dashboard.models.visit import visit
from dashboard.page.card_figures import main_evaluation
from dashboard.page.refused import show_refused
from dashboard.page.state import filled
from dashboard.page.visit import refuse
from dashboard.page.words import escape
from dashboard.server.engine_words import engine_words
from dashboard.server.services import Services
from xai.cards.model_card import card_path

NO_MODELS = """There is no model yet. Put NAME.keras and its card NAME.json into `{folder}`, or import or fetch one
with the buttons on the left."""
NEED_NO_CARD = ("layers", "versions", "raw")  # what can be shown of a model whose card cannot be read
DOOR_ICONS = {"import": ":material/upload_file:", "fetch": ":material/cloud_download:", "deleted": ":material/delete:"}
LIST_HEIGHT = 400
NO_OTHER = ""

STYLE = """<style>
.st-key-models_list [role=radiogroup] { gap: 0.5rem; }
.st-key-models_list [data-testid=stCaptionContainer] p { font-size: 0.8rem; }
</style>"""


def about(model: ModelEntry) -> str:
    """Say in a few words whose a model is and how good."""
    whose = "yours" if model.is_own else "built in"
    if model.card is None:
        return f"{whose} · no card that can be read"
    if model.problem:
        return f"{whose} · file damaged"
    evaluation = main_evaluation(model.card)
    area = evaluation.mean.auroc if evaluation else None
    good = "not measured" if area is None else f"{'mean ' if len(model.card.outputs) > 1 else ''}AUROC {area:.2f}"
    return f"{whose} · {outputs_words(model.card)} · {good}"


def settle(models: dict[str, ModelEntry]) -> None:
    """Put models that are here in the place of those that are not."""
    if visit.state.model not in models:
        first = next(iter(models), None)
        if visit.state.model is not None and first is not None:
            refuse(f"There is no model “{visit.state.model}” in this library; showing {first}.")
        visit.change(model=first)
    if visit.state.other is not None and (visit.state.other not in models or visit.state.other == visit.state.model):
        if visit.state.other not in models:
            refuse(f"There is no model “{visit.state.other}” in this library to compare with.")
        visit.change(other=None)


def choose(models: dict[str, ModelEntry]) -> None:
    """Show every model, which one stands beside it, and the ways in and out."""
    names = list(models)
    if names:
        with st.container(height=LIST_HEIGHT if len(names) > 6 else "content", border=False, key="models_list"):
            visit.bound(
                st.radio,
                "Models",
                names,
                key="model",
                value=visit.state.model if visit.state.section in SECTIONS else None,
                index=None,
                take=lambda name: {
                    "model": name,
                    "section": visit.state.section if visit.state.section in SECTIONS else "card",
                },
                format_func=lambda name: f"**{escape(name)}**",
                captions=[escape(about(models[name])) for name in names],
            )
        visit.bound(
            st.selectbox,
            "Compare with",
            [NO_OTHER, *(name for name in names if name != visit.state.model)],
            key="other",
            value=visit.state.other or NO_OTHER,
            take=lambda name: {"other": name or None, "section": "compare" if name else visit.state.section},
            format_func=lambda name: name or "no other model",
            disabled=len(names) < 2,
        )
    for door, words in DOORS.items():
        st.button(
            words,
            key=f"models_door_{door}",
            icon=DOOR_ICONS[door],
            type="primary" if visit.state.section == door else "secondary",
            width="stretch",
            on_click=visit.change,
            kwargs={"section": door},
        )


def show_model(services: Services, shared: ModelServices, models: dict[str, ModelEntry]) -> None:
    """Show the chosen model's sections."""
    library, model = services.library, models[filled(visit.state.model)]
    called = model.card.name if model.card and model.card.name.casefold() != model.name.casefold() else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"#### {escape(model.name)}" + (f" :gray[{escape(called)}]" if called else ""), width="content")
        st.space("stretch")
        delete_button(library, model)
    visit.bound(
        st.segmented_control,
        "Section",
        list(SECTIONS),
        key="section",
        take=lambda section: {"section": section or "card"},
        format_func=SECTIONS.get,
        label_visibility="collapsed",
    )
    if model.problem:
        st.error(escape(model.problem), icon=":material/error:")
    section = visit.state.section
    if model.card is None and section not in NEED_NO_CARD and not card_path(model.path).exists():
        card_form(services, model.path)
        return
    if model.card is None and section not in NEED_NO_CARD:
        st.caption("The other models are not concerned. “Raw card” shows what the file holds.")
        return
    if section == "card":
        show_card(model, engine_words(services, model.name))
    elif section == "measured":
        show_measured(library, model)
    elif section == "published":
        show_published(model)
    elif section == "training":
        show_training(model)
    elif section == "layers":
        show_layers(shared, model)
    elif section == "compare":
        show_compare(model, models.get(visit.state.other or NO_OTHER), len(models) < 2)
    elif section == "versions":
        show_versions(model)
    else:
        show_raw(model)


def models_page(services: Services) -> None:
    """Show the page."""
    visit.start()
    st.html(STYLE)
    library, shared = services.library, services.of(ModelServices)
    models = take_inventory(library)
    settle(models)
    side, main = st.columns([1, 4.1], gap="medium")
    with side:
        choose(models)
    with main:
        show_refused()
        if unseen := hidden(library):
            st.warning(
                f"{escape(', '.join(unseen))} in the library cannot be seen: a model of that name comes first. Rename "
                "the file and its card.",
                icon=":material/warning:",
            )
        show_deleted(library)
        show_work(shared)
        if visit.state.section == "import":
            show_import(library, shared)
        elif visit.state.section == "fetch":
            show_fetch(library, shared)
        elif visit.state.section == "deleted":
            show_trash(library)
        elif models:
            show_model(services, shared, models)
        else:
            st.info(NO_MODELS.format(folder=library.root / "models"), icon=":material/info:")
    visit.write_permalink()


models_page(st.session_state.services)
