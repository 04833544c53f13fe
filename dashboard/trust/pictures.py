"""Pictures of the Trust page: maps over films in a grid that fits any screen, with words for who cannot see them."""

from __future__ import annotations

import html
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from dashboard.server.services import Services
from dashboard.server.session import part_address
from xai.pictures.render import colour, opacity, window

OPACITY, QUALITY, SIDE = 0.6, 90, 256
WEBP = "image/webp"
COLUMNS = "repeat(auto-fit,minmax(min({least}px,{share}%),1fr))"
STYLE = "display:grid;grid-template-columns:" + COLUMNS + ";gap:0.6rem;margin-bottom:0.4rem"


@dataclass(frozen=True)
class Shown:
    """One picture.

    Attributes
    ----------
    address : str
        Where the browser fetches it.
    caption : str
        What stands below it.
    alt : str
        What it shows.
    """

    address: str
    caption: str
    alt: str


def show_pictures(pictures: Sequence[Shown], least: int, beside: int = 3) -> None:
    """Show pictures in a grid of columns at least so many pixels wide; on a telephone, so many beside each other."""
    figures = "".join(
        f'<figure style="margin:0"><img src="{html.escape(one.address)}" alt="{html.escape(one.alt)}" '
        'style="width:100%;aspect-ratio:1;object-fit:contain;border-radius:4px;display:block;background:#0003">'
        f'<figcaption style="font-size:0.8rem;line-height:1.3;opacity:0.85;padding-top:0.2rem">'
        f"{html.escape(one.caption)}</figcaption></figure>"
        for one in pictures
    )
    st.html(f'<div style="{STYLE.format(least=least, share=90 // beside)}">{figures}</div>')


def picture_address(
    services: Services, about: Sequence[Any], draw: Callable[[], np.ndarray | None], film: str | None = None
) -> str:
    """Offer a picture (H, W, 3), drawn when the browser asks for it.

    Parameters
    ----------
    services : Services
    about : sequence
        All that decides it.
    draw : callable
    film : str, optional
        The upload that it shows, by its content hash: for those who hold it alone.
    """

    def make() -> bytes | None:
        drawn = draw()
        return None if drawn is None else as_webp(drawn)

    return part_address(services.channel.parts.offer(["trust", *about], make, media=WEBP, film=film))


def laid(canvas: np.ndarray, values: np.ndarray | None, signed: bool, inside: np.ndarray | None = None) -> np.ndarray:
    """Lay a map over its film, on the map's own scale: uint8 (SIDE, SIDE, 3).

    Parameters
    ----------
    canvas : float array (H, W)
    values : float array (h, w) or None
        None shows the film alone.
    signed : bool
    inside : bool array (H, W), optional
        A box that is framed.
    """
    grey = np.repeat(window(_scaled(canvas))[..., None], 3, axis=-1).astype(np.float32)
    if values is not None and (span := float(np.abs(values).max())) > 0:
        large = _scaled(values)
        alpha = opacity(large, span, OPACITY)[..., None]
        grey = grey * (1 - alpha) + colour(large, span, signed).astype(np.float32) * alpha
    drawn: np.ndarray = np.rint(grey).astype(np.uint8)
    if inside is not None:
        _frame(drawn, inside)
    return drawn


def as_webp(picture: np.ndarray) -> bytes:
    """Write a picture for the browser."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "WEBP", quality=QUALITY)
    return stream.getvalue()


def _scaled(values: np.ndarray) -> np.ndarray:
    picture = Image.fromarray(np.asarray(values, np.float32))
    return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def _frame(picture: np.ndarray, inside: np.ndarray) -> None:
    """Draw the edge of a box, white with black around it."""
    down, across = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    height, width = inside.shape
    top, bottom = down[0] * SIDE // height, (down[-1] + 1) * SIDE // height - 1
    left, right = across[0] * SIDE // width, (across[-1] + 1) * SIDE // width - 1
    for outward, shade in ((1, 0), (0, 255)):
        rows = np.clip([top - outward, bottom + outward], 0, SIDE - 1)
        columns = np.clip([left - outward, right + outward], 0, SIDE - 1)
        picture[rows, columns[0] : columns[1] + 1] = shade
        picture[rows[0] : rows[1] + 1, columns] = shade
