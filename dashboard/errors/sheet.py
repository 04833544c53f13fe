"""A contact sheet: the maps of many films, each over its film, as pictures, a page, a table and raw arrays."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from PIL import Image

from dashboard.compare.film_maps import FilmMap, FilmMaps
from dashboard.errors.mean_map import laid
from dashboard.films.items import harmless
from xai.explainers.explanation import Explainer
from xai.machine import free_name
from xai.models.preprocess import footprint
from xai.pictures.figure import NOTICE, Text, page
from xai.pictures.layout import Cell, Picture
from xai.pictures.render import place

QUALITY = 85
MOST_ON_PAGE = 48  # films; with more, titles would be larger than pictures


@dataclass(frozen=True)
class OnSheet:
    """One film of a sheet.

    Attributes
    ----------
    film, title : str
        Its name in the dataset, and what stands below it: another name where the truth is hidden.
    probability : float or None
        As predicted.
    outcome : str
        Empty where the truth is hidden.
    said : str
        Probability and outcome in words.
    """

    film: str
    title: str
    probability: float | None
    outcome: str
    said: str


def overlay_of(one: FilmMap, thumbnail: bytes, maps: FilmMaps, span: float | None = None) -> np.ndarray:
    """Lay a map over the small picture of its film, uint8 (H, W, 3).

    Parameters
    ----------
    one : FilmMap
    thumbnail : bytes
        As `Thumbnails.picture` gives it.
    maps : FilmMaps
        That it is one of.
    span : float, optional
        What the colours span; the map's own largest absolute value without it.
    """
    with Image.open(io.BytesIO(thumbnail)) as picture:
        pixels = np.asarray(picture.convert("L"), np.float32) / 255
    height, width = pixels.shape
    where = footprint(height, width, maps.services.library.card(maps.model).input)
    values = place(one.values, where, height, width)
    return laid(pixels, values, float(np.abs(one.values).max()) if span is None else span, maps.explainer.signed)


def as_webp(picture: np.ndarray) -> bytes:
    """Write a picture for the browser."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "WEBP", quality=QUALITY)
    return stream.getvalue()


def span_of(known: Mapping[str, FilmMap]) -> float:
    """Give the largest absolute value of several maps, for one scale."""
    return max((float(np.abs(one.values).max()) for one in known.values()), default=0.0)


def sheet_page(
    films: Sequence[OnSheet],
    picture: Callable[[str], np.ndarray | None],
    headline: str,
    explainer: type[Explainer],
    notes: Sequence[str],
    theme: str,
) -> bytes:
    """Draw the first films of a sheet as one page, PNG; films without a picture are left out, and counted.

    Raises
    ------
    ValueError
        If none of them has one.
    """
    drawn = [(one, rgb) for one in films[:MOST_ON_PAGE] if (rgb := picture(one.film)) is not None]
    if not drawn:
        raise ValueError("None of these films has a map yet: have them made first.")
    cells = [Cell(f"{one.title}: {one.said}", (Picture(rgb),)) for one, rgb in drawn]
    lacking = len(films) - len(drawn)
    told = [*notes, *([f"{lacking} of {len(films)} films are not on this page."] if lacking else []), NOTICE]
    colours = "Orange speaks for the finding, blue against it." if explainer.signed else "Bright: more of the evidence."
    text = Text(headline, f"{explainer.title}. {colours}", notes=tuple(told))
    return page(cells, text, " ".join([*(f"{cell.title}." for cell in cells), text.answer, *told]), theme=theme)


def sheet_table(
    films: Sequence[OnSheet], known: Mapping[str, FilmMap], maps: FilmMaps, threshold: float, met: Iterable[str]
) -> pd.DataFrame:
    """Give one row a film: what the model says of it, what it served for before, and what its map holds."""
    rows = []
    for one, served in zip(films, met, strict=True):
        found = known.get(one.film)
        shares = None if found is None else found.shares
        rows.append(
            {
                "film": harmless(one.film),
                "model": maps.model,
                "finding": maps.finding,
                "probability": one.probability,
                "threshold": threshold,
                **({"outcome": one.outcome} if one.outcome else {}),
                "met": served,
                "method": maps.method,
                "largest": None if found is None else float(np.abs(found.values).max()),
                "share_against": None if shares is None else float(-shares[shares < 0].sum()),
                "map": None,
            }
        )
    return pd.DataFrame(rows)


def sheet_archive(table: pd.DataFrame, known: Mapping[str, FilmMap]) -> bytes:
    """Put the table and the raw maps, float32 in the model's input geometry, into a zip file."""
    stream, taken = io.BytesIO(), {"sheet.csv"}
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        names = {}
        for film, one in known.items():
            names[film] = free_name(film, taken) + ".npy"
            content = io.BytesIO()
            np.save(content, one.values, allow_pickle=False)
            archive.writestr(names[film], content.getvalue())
        archive.writestr("sheet.csv", table.assign(map=table["film"].map(names)).to_csv(index=False))
    return stream.getvalue()
