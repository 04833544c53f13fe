"""Films that two datasets share: found by file name, by patient and, on request, by what they show.

A film that one dataset trains on and another tests with makes the test too easy.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from tqdm import tqdm

from training.datasets.disk import remark, stem
from training.datasets.facts import Remark
from training.datasets.table import Dataset, read_dataset
from xai.files import write_file
from xai.films.film import FilmError
from xai.films.reading import read_film

HASH_SIDE = 16
# Bits of the 256 in which two copies of one film may differ. On 1,304 films of NIH ChestX-ray14, copies that were
# scaled, stored as JPEG and lightened differ in up to 18, films of two patients in 62 or more.
NEAR = 32
PAIR_COLUMNS = ("first", "second", "how", "first_split", "second_split")
_ROWS_AT_ONCE = 256


def shared_films(first: Dataset, second: Dataset, by_hash: bool = False) -> tuple[pd.DataFrame, tuple[Remark, ...]]:
    """Find the films that two datasets share.

    Parameters
    ----------
    first, second : Dataset
        The datasets.
    by_hash : bool
        Whether to open every film on disk and compare what they show; this finds renamed and scaled copies.

    Returns
    -------
    pairs : DataFrame
        `PAIR_COLUMNS`; ``how`` is ``name``, or ``hash`` for films that only the hash has found.
    remarks : tuple of Remark
        Films that could not be opened.
    """
    by_name = _same_name(first.films, second.films)
    found = [by_name]
    remarks: tuple[Remark, ...] = ()
    if by_hash:
        (bits_first, refused_first), (bits_second, refused_second) = hashes(first), hashes(second)
        pairs = near_pairs(bits_first, bits_second)
        known = pd.MultiIndex.from_frame(by_name[["first", "second"]])
        found.append(pairs[~pd.MultiIndex.from_frame(pairs[["first", "second"]]).isin(known)])
        remarks = remark("films that cannot be opened, left out", [*refused_first, *refused_second], left_out=True)
    pairs = pd.concat(found, ignore_index=True)
    for side, films in (("first", first.films), ("second", second.films)):
        pairs[f"{side}_split"] = pairs[side].map(films.set_index("film")["split"])
    return pairs[list(PAIR_COLUMNS)], remarks


def film_hash(pixels: np.ndarray) -> np.ndarray:
    """Give a film's perceptual hash: the signs of its low cosine frequencies against their median.

    Copies that were scaled, stored again as JPEG or made lighter or darker keep most of its bits (Zauner,
    Implementation and Benchmarking of Perceptual Image Hash Functions, 2010). Chest films resemble each other, so
    it takes 16 x 16 frequencies where 8 x 8 are usual.

    Parameters
    ----------
    pixels : float array (H, W)
        The film.

    Returns
    -------
    uint64 array (4,)
        256 bits.
    """
    small = cv2.resize(pixels.astype(np.float32), (4 * HASH_SIDE, 4 * HASH_SIDE), interpolation=cv2.INTER_AREA)
    low = cv2.dct(small)[1 : HASH_SIDE + 1, 1 : HASH_SIDE + 1]
    return np.packbits(low > np.median(low)).view(np.uint64)


def hashes(dataset: Dataset) -> tuple[pd.DataFrame, list[str]]:
    """Hash every film on disk: uint64 (films, 4) indexed by film, and the films that cannot be opened."""
    here = dataset.films[dataset.films["on_disk"]]
    made, refused = {}, []
    rows = zip(here["film"], here["path"], strict=True)
    for film, path in tqdm(rows, f"Hashing {dataset.facts.name}", len(here), disable=None, leave=False):
        try:
            made[film] = film_hash(read_film(dataset.path(path)).pixels)
        except FilmError:
            refused.append(film)
    return pd.DataFrame.from_dict(made, orient="index", columns=range(4), dtype=np.uint64), refused


def near_pairs(first: pd.DataFrame, second: pd.DataFrame, near: int = NEAR) -> pd.DataFrame:
    """Find the pairs of films whose hashes differ in at most ``near`` bits: first, second, how."""
    pairs = []
    for start in range(0, len(first), _ROWS_AT_ONCE):
        block = first.to_numpy(np.uint64)[start : start + _ROWS_AT_ONCE]
        distance = np.zeros((len(block), len(second)), np.uint16)
        for word in range(block.shape[1]):
            distance += np.bitwise_count(block[:, word, None] ^ second.to_numpy(np.uint64)[None, :, word])
        rows, columns = np.nonzero(distance <= near)
        pairs.append(pd.DataFrame({"first": first.index[start + rows], "second": second.index[columns], "how": "hash"}))
    return pd.concat(pairs, ignore_index=True) if pairs else _no_pairs()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``python -m training dataset overlaps``."""
    parser.add_argument("first", type=Path, metavar="DATASET", help="folder made by `python -m training dataset`")
    parser.add_argument("second", type=Path, metavar="DATASET", help="another one")
    parser.add_argument("--hash", action="store_true", help="also compare what the films show; opens every film")
    parser.add_argument("--out", type=Path, metavar="CSV", help="write the pairs of films to this file")


def run(args: argparse.Namespace) -> int:
    """Say how many films and patients two datasets share."""
    first, second = read_dataset(args.first), read_dataset(args.second)
    pairs, remarks = shared_films(first, second, args.hash)
    names = f"{first.facts.name} and {second.facts.name}"
    patients = set(first.films["patient"].dropna()) & set(second.films["patient"].dropna())
    print(f"{names} share {len(pairs):,} films and {len(patients):,} patients")
    if strangers := sum(int(one.films["patient"].isna().sum()) for one in (first, second)):
        print(f"  the patients of {strangers:,} films are not known: these may be shared, too")
    for how, found in pairs.groupby("how"):
        example = f"{found['first'].iloc[0]} and {found['second'].iloc[0]}"
        print(f"  {len(found):,} pairs of films by {how}, such as {example}")
    told = pairs.dropna(subset=["first_split", "second_split"])
    torn = int((told["first_split"] != told["second_split"]).sum())
    if torn:
        print(f"  {torn:,} of these pairs are in different splits: what one trains on, the other tests with")
    for one in remarks:
        print(f"  {one}")
    if args.out:
        write_file(args.out, pairs.to_csv(index=False, lineterminator="\n"))
    return 0


def _same_name(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    sides = [
        pd.DataFrame({side: films["film"], "name": films["film"].map(stem).str.lower()})
        for side, films in (("first", first), ("second", second))
    ]
    pairs = sides[0].merge(sides[1], on="name")
    return pairs[["first", "second"]].assign(how="name")


def _no_pairs() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="str") for name in ("first", "second", "how")})
