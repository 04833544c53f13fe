"""Keep a film, or a film with its maps, in a file that NumPy reads too."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from xai.explainers.archive import arrays_of, explanations_of
from xai.explainers.explanation import Explanation
from xai.files import write_file
from xai.films.film import Film, FilmFacts
from xai.films.reading import read_film
from xai.inflating import zip_bytes
from xai.pictures.explained import Explained

MOST_UNPACKED = 4 * 2**30  # bytes; a film of the largest size with 14 maps of all methods has 1.5 GB
HIGHEST = 65535  # white in a PNG of 16 bits


def save(thing: Film | Explained, path: str | Path) -> Path:
    """Write a film or its explanations to a file; what was there is replaced once the new one is whole.

    Parameters
    ----------
    thing : Film or Explained
    path : str or Path
        ``.npz`` keeps everything exactly. ``.png`` takes a film alone, in 16 bits of grey and without its facts.

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    ValueError
        If the file's ending is another, or maps should go into a PNG.

    Examples
    --------
    >>> xai.save(film, "kept.npz").name
    'kept.npz'
    >>> xai.load("kept.npz").sha256 == film.sha256
    True
    """
    path = Path(path)
    if not isinstance(thing, Film | Explained):
        raise TypeError(f"expected a film or what xai.explain gave, got a {type(thing).__name__}")
    if path.suffix not in (".npz", ".png"):
        raise ValueError(f"expected a file that ends in .npz or .png, got {path.name}")
    if path.suffix == ".npz":
        content = _npz(thing)
    elif isinstance(thing, Film):
        content = _png(thing)
    else:
        raise ValueError(f"a PNG holds a film alone, and {path.name} should hold its maps too: end it in .npz")
    write_file(path, content)
    return path


def load(path: str | Path) -> Film | Explained:
    """Read what `save` wrote.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Film or Explained

    Raises
    ------
    ValueError
        If the file holds something else; nothing in it is executed.

    Examples
    --------
    >>> maps = xai.explain(model, film, "gradcam", "Effusion")
    >>> back = xai.load(xai.save(maps, "maps.npz"))
    >>> np.array_equal(back[0], maps[0])
    True
    """
    path = Path(path)
    if path.suffix == ".png":
        return read_film(path)
    try:
        with zipfile.ZipFile(path) as packed:
            size = zip_bytes(packed.infolist())
        if size > MOST_UNPACKED:
            raise ValueError(f"it unpacks to {size / 2**30:.1f} GiB")
        with np.load(path, allow_pickle=False) as archive:
            return _from_arrays(dict(archive))
    except OSError:
        raise
    except Exception as error:  # a damaged archive fails in many ways: zip, zlib, JSON, numpy
        raise ValueError(f"{path.name} holds neither a film nor explanations that `xai.save` wrote") from error


def _png(film: Film) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.rint(film.pixels * HIGHEST).astype(np.uint16)).save(stream, "PNG")
    return stream.getvalue()


def _npz(thing: Film | Explained) -> bytes:
    film = thing if isinstance(thing, Film) else thing.film
    arrays = {"film": film.pixels, "film_facts": _text(dataclasses.asdict(film.facts))}
    if isinstance(thing, Explained):
        runs = _runs(thing)
        about = {"model": thing.model, "model_id": thing.model_id, "footprint": thing.footprint}
        arrays["about"] = _text(about | {"runs": list(runs)})
        for run, maps in runs.items():
            arrays |= {f"{run}/{name}": values for name, values in arrays_of(maps).items()}
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def _from_arrays(arrays: Mapping[str, np.ndarray]) -> Film | Explained:
    facts = json.loads(str(arrays["film_facts"]))
    facts |= {name: tuple(facts.get(name, ())) for name in ("notes", "doubts")}
    facts["sides"] = tuple(facts["sides"]) if facts.get("sides") else None
    film = Film.from_pixels(arrays["film"], facts=FilmFacts(**facts))
    if "about" not in arrays:
        return film
    about = json.loads(str(arrays["about"]))
    maps: list[Explanation] = []
    for run in about["runs"]:
        start = f"{run}/"
        maps += explanations_of({key.removeprefix(start): arrays[key] for key in arrays if key.startswith(start)})
    return Explained(film, tuple(maps), tuple(about["footprint"]), about["model"], about["model_id"])


def _runs(explained: Explained) -> dict[str, list[Explanation]]:
    """Part explanations into runs: ``lime``, and where a method ran again in another way, ``lime-2``.

    Those of one run share their pieces.
    """
    runs: dict[str, list[Explanation]] = {}
    for (method, *_), maps in groupby(explained, key=lambda one: (one.method, one.parameters, one.seed)):
        count = sum(run[0].method == method for run in runs.values())
        runs[f"{method}-{count + 1}" if count else method] = list(maps)
    return runs


def _text(content: Mapping[str, Any]) -> np.ndarray:
    return np.array(json.dumps(content, allow_nan=False))
