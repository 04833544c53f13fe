"""Models come in: a checkpoint from the library's own folders, or a published one from its authors' address."""

from __future__ import annotations

import streamlit as st

from dashboard.models.incoming import (
    Incoming,
    IncomingError,
    check_name,
    free_name,
    is_fetched,
    likely_layout,
    list_incoming,
    output_names,
)
from dashboard.models.services import ModelServices, megabytes
from dashboard.models.visit import visit
from dashboard.page.told import sentence_of
from dashboard.page.words import escape
from dashboard.server.library import Library
from dashboard.server.roles import Action, offered
from training.weights.published import LAYOUTS, PUBLISHED
from training.weights.registry import Entry, registry

NOT_KNOWN = "none of these, or not known"
LAYOUT_WORDS = {
    "torchvision": "torchvision, MONAI, timm, fastai or Lightning (CheXNet reproductions in PyTorch)",
    "torchxrayvision": "torchxrayvision",
    "chexnet-keras": "CheXNet-Keras’ .h5",
}
HOW = """A model that is ready, NAME.keras with its card NAME.json, needs no import: put both into

`{models}`

For a checkpoint of a DenseNet, ResNet or EfficientNet (.safetensors, .npz, .h5, .pth, .pt, .ckpt), put the file into

`{imports}`

and it can be chosen here. Nothing is uploaded through the browser, and nothing in a file is run."""


def show_import(library: Library, shared: ModelServices) -> None:
    """Show which files can become a model, and how."""
    st.markdown("##### Import a checkpoint")
    files = list_incoming(library)
    how = HOW.format(models=library.root / "models", imports=library.root / "imports")
    if not files:
        st.info(f"No checkpoint lies in the library’s folders yet.\n\n{how}", icon=":material/info:")
        return
    label = st.selectbox("File", list(files), format_func=lambda one: f"{one}, {megabytes(files[one].bytes)}")
    one = files[label]
    left, right = st.columns(2, gap="medium")
    layout = left.selectbox(
        "Whose names and preprocessing it has",
        list(LAYOUTS),
        index=list(LAYOUTS).index(likely_layout(one)),
        format_func=LAYOUT_WORDS.__getitem__,
        key=f"models_layout_{label}",
        help="Every tensor is used or named; where one does not fit, the import says so and writes nothing.",
    )
    sources = [NOT_KNOWN, *(name for name in PUBLISHED if PUBLISHED[name].layout == layout)]
    source = right.selectbox(
        "Which published checkpoint it is",
        sources,
        index=sources.index(one.source) if one.source in sources else 0,
        key=f"models_source_{label}_{layout}",
        help="Licence, citation and thresholds come from there.",
    )
    name = left.text_input(
        "Name of the model",
        free_name(library, one.source or one.path.name.split(".")[0]),
        key=f"models_name_{label}",
        max_chars=60,
    )
    outputs = right.text_input(
        "Its outputs in order, parted by commas",
        "",
        key=f"models_outputs_{label}",
        placeholder="as the layout has them",
        help="Only where the checkpoint answers something else. A dash leaves an output out.",
    )
    st.caption(f"Films are prepared so: {escape((PUBLISHED.get(source) or LAYOUTS[layout]).preprocessing)}")
    if st.button(
        "Import", type="primary", icon=":material/download_done:", key="models_import", **offered(Action.IMPORT_MODELS)
    ):
        _import(library, shared, one, layout, name.strip(), outputs, None if source == NOT_KNOWN else source)
    with st.expander("Where files go"):
        st.markdown(how)


def _import(
    library: Library, shared: ModelServices, one: Incoming, layout: str, name: str, outputs: str, source: str | None
) -> None:
    try:
        out = check_name(library, name)
    except IncomingError as error:
        st.error(escape(sentence_of(error)))
        return
    shared.bring(one, layout, out, output_names(outputs), source)
    st.rerun()


def show_fetch(library: Library, shared: ModelServices) -> None:
    """Show what can be fetched, on which terms, and fetch it once they are accepted."""
    st.markdown("##### Fetch published weights")
    weights = {name: entry for name, entry in registry().items() if entry.kind == "weights"}
    chosen = visit.state.entry if visit.state.entry in weights else next(iter(weights))
    visit.bound(
        st.selectbox,
        "Weights",
        list(weights),
        key="entry",
        value=chosen,
        format_func=lambda name: f"{name}: {weights[name].title}",
        label_visibility="collapsed",
    )
    entry = weights[chosen]
    with st.container(border=True):
        st.markdown(entry_words(entry))
    if not entry.files:
        st.info(f"It has to be downloaded by hand from {escape(entry.page)}; put the file into imports/.")
        return
    if is_fetched(library, entry):
        st.success("It is in the library’s downloads/ folder already.", icon=":material/check:")
        st.button(
            "Import it", key="models_go_import", type="primary", on_click=visit.change, kwargs={"section": "import"}
        )
        return
    tracked = shared.tracked(f"fetch {entry.name}")
    busy = tracked is not None and not tracked.job.ended
    agreed = st.checkbox("I have read the licence and will keep to it.", key=f"models_agree_{entry.name}")
    if st.button(
        "Fetch",
        type="primary",
        icon=":material/download:",
        key="models_fetch",
        **offered(Action.FETCH_WEIGHTS, disabled=busy or not agreed),
    ):
        shared.fetch(entry)
        st.rerun()
    st.caption(
        "A download that was cut or cancelled goes on where it stopped. Offline, download the file elsewhere and put "
        "it into the library’s downloads/ folder under the name above. The registry has data too: "
        "`python -m training fetch --list`."
    )


def entry_words(entry: Entry) -> str:
    """Say what an entry is, how large, and on whose terms."""
    sizes = [file.bytes for file in entry.files if file.bytes is not None]
    known = sizes and len(sizes) == len(entry.files)
    size = megabytes(sum(sizes)) if known else "not known before it comes"
    unchecked = sum(file.sha256 is None for file in entry.files)
    lines = [
        f"**{escape(entry.title)}**",
        f"**Licence**: {escape(entry.licence)}",
        f"**Cite**: {escape(entry.citation)}",
        f"**Page**: {escape(entry.page)}",
        *(f"**File**: {escape(file.name)}, from {escape(file.url)}" for file in entry.files),
        f"**Size**: {size}",
    ]
    if unchecked:
        lines.append("No sha256 of it was published, so what comes cannot be checked against one.")
    if entry.note:
        lines.append(escape(entry.note))
    return "  \n".join(lines)
