"""Find the films of a dataset that somebody else's table names in its own way."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

# Names that mean one film in whatever folder it lies: NIH's, and hashes, UUIDs and UIDs.
ALONE = re.compile(r"000\d{5}_\d{3}|(?=.*\d)[0-9a-f][0-9a-f._-]{15,}", re.IGNORECASE)
PICTURE = re.compile(r"\.(?:png|jpe?g|dcm|dicom|tiff?)$", re.IGNORECASE)


def match_films(names: pd.Series, films: pd.DataFrame) -> pd.Series:
    """Find the film that each name means; NaN where there is none, or more than one.

    A name's leading folders are taken away one by one until it is the id of a film, a film's path, or the last
    part of exactly one path, all compared without the ending of a picture. Folders that contradict the film's path
    mean another film, unless its name means one film anywhere: ``normal/0.jpg`` is not ``covid/0.jpg``.
    """
    ids, paths = _plain(films["film"]), _plain(films["path"])
    files = paths.str.replace(r"^.*/", "", regex=True)
    known = [_lookup(keys, films["film"]) for keys in (ids, paths, files)]
    left = whole = _plain(names)
    found = pd.Series(np.nan, names.index, dtype="str")
    while len(left):
        for films_by_key in known:
            found = found.fillna(left.map(films_by_key))
        left = left[found.isna()].str.extract(r"^[^/]*/(.*)$", expand=False).dropna()
    place = dict(zip(films["film"], zip(ids, paths, strict=True), strict=True))
    agrees = [
        film in place and ("/" not in str(name) or _agrees(name, *place[film]))
        for name, film in zip(whole, found, strict=True)
    ]
    return found.where(np.array(agrees, bool))


def _agrees(name: str, film: str, path: str) -> bool:
    """Tell whether a name with folders may be that of a film, whose path is NaN where nobody knows it."""
    name = re.sub(r"^(?:\.{0,2}/)+", "", name).casefold()
    if ALONE.fullmatch(name.rpartition("/")[2]) or name == film.casefold() or pd.isna(path):
        return True
    ours, theirs = f"/{path}".casefold(), f"/{name}"
    return ours.endswith(theirs) or theirs.endswith(ours)


def _plain(names: pd.Series) -> pd.Series:
    """Bring ids and paths into one form: forward slashes, no ending of a picture."""
    plain = names.astype("str").str.strip().str.replace("\\", "/", regex=False).str.replace(PICTURE, "", regex=True)
    return plain.where(plain != "")


def _lookup(keys: pd.Series, films: pd.Series) -> dict[str, str]:
    """Give the film of each key that only one film has."""
    usable = keys.notna() & ~keys.duplicated(keep=False)
    return dict(zip(keys[usable], films[usable], strict=True))
