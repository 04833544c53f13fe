"""Take films that a visitor brings, and show them to nobody else. They stay in memory; nothing of them is written."""

from __future__ import annotations

import html
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboard.page.told import sentence_of
from dashboard.page.visit import forget_refused, refuse
from dashboard.server.film_cache import shade_bytes
from dashboard.server.services import Services
from dashboard.server.session import part_address, this_page
from dashboard.server.shared import upload_room
from xai.films.apart import read_film_apart
from xai.films.film import Film, FilmError
from xai.films.formats import NAMES
from xai.written import with_unit

MOST_UPLOADS = 200
MOST_UPLOADED_BYTES = 208 * 2**20  # of shades in one go, so that they do not push all others out of memory


@dataclass(frozen=True)
class Upload:
    """A film that this visitor brought: its content hash, a name for the list, and its view if the file says."""

    sha256: str
    title: str
    view: str | None = None


def uploads() -> list[Upload]:
    """Films that this visitor brought, in the order in which they came."""
    return st.session_state.setdefault("uploads", [])


def take_uploads(services: Services) -> Upload | None:
    """Show the uploader; give the first film of a batch that has just come, once it is read."""
    turn = st.session_state.setdefault("upload_turn", 0)
    files = st.file_uploader(
        "Bring your own films",
        accept_multiple_files=True,
        key=f"upload_{turn}",
        help=f"{NAMES}, told apart by content; up to {MOST_UPLOADS} at once. They stay in this "
        "server's memory and are forgotten when you leave. Remove names from the pictures themselves before you "
        "upload.",
    )
    problem = _without_room()
    if not files:
        refuse(*problem)
        return None
    forget_refused()  # what is brought now takes the place of what was refused before
    refuse(*problem)
    first = _read_uploads(services, files[:MOST_UPLOADS])
    if len(files) > MOST_UPLOADS:
        refuse(f"Only the first {MOST_UPLOADS} films were taken.")
    let_go_of(files)  # their bytes, DICOM headers included; and a fresh uploader does not name them any more
    st.session_state.upload_turn = turn + 1
    return first


def let_go_of(files: Sequence[Any]) -> None:
    """Have nothing of files remain here that were read: Streamlit keeps what came as long as the page is open."""
    context = get_script_run_ctx()
    if context is not None and runtime.exists():
        upload_room().let_go(context.session_id, [file.file_id for file in files])


def show_upload(services: Services, sha256: str, view: str, draw: Callable[[Film], np.ndarray], alt: str) -> None:
    """Show a picture of an upload to its visitor alone: whatever Streamlit serves itself anybody may fetch.

    Parameters
    ----------
    services : Services
    sha256 : str
        Content hash of the film.
    view : str
        What the picture shows of it, so that each is fetched by a name of its own.
    draw : callable
        Gives the picture, (H, W) or (H, W, 3) of uint8, when it is fetched: what is offered holds no pixels.
    alt : str
    """

    def png() -> bytes | None:
        film = services.films.get(sha256)
        if film is None:
            return None
        stream = io.BytesIO()
        Image.fromarray(draw(film)).save(stream, "PNG")
        return stream.getvalue()

    name = services.channel.parts.offer([view, sha256], png, media="image/png", film=sha256)
    st.html(f'<img src="{part_address(name)}" alt="{html.escape(alt, quote=True)}" style="width: 100%">')


def _without_room() -> tuple[str, ...]:
    """Say why files of this page did not come, where some did not."""
    context = get_script_run_ctx()
    problem = None if context is None else upload_room().refused(context.session_id)
    return () if problem is None else (problem,)


def _read_uploads(services: Services, files: list) -> Upload | None:
    refused: list[str] = []
    first: Upload | None = None
    known = {one.sha256: one for one in uploads()}
    left = MOST_UPLOADED_BYTES
    bar = st.progress(0.0, "Reading…")
    for number, file in enumerate(files, 1):
        bar.progress(number / len(files), f"Reading film {number} of {len(files)}")
        try:
            film = read_film_apart(file.getvalue())
        except FilmError as error:
            refused.append(f"{file.name}: {sentence_of(error)}")
            continue
        left -= shade_bytes(film)
        if left < 0:
            most = f"{with_unit(str(MOST_UPLOADED_BYTES // 2**20), 'MiB')} of pixels at a time"
            refused.append(f"{file.name} and the films after it were left out: this server takes {most}.")
            break
        services.films.put(film)
        services.channel.visitors.bring(this_page().visitor, film.sha256)
        upload = known.setdefault(
            film.sha256, Upload(film.sha256, f"{file.name} · {film.facts.format}", film.facts.view)
        )
        first = first or upload
    st.session_state.uploads = list(known.values())
    refuse(*refused)
    return first
