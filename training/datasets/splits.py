"""Who trains and who tests: splits by patient where patients are known, at random or from published lists."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from training.datasets.facts import DatasetError
from training.datasets.patients import each_alone
from training.datasets.text_table import TableError, unpacked_text

SPLITS = ("train", "validation", "test")
# Share of the films in train, validation and test.
SHARES = (0.60, 0.15, 0.25)
# How published lists call their files, and the split that each is.
LISTS = {"train_val": "train_val", "train": "train", "val": "validation", "dev": "validation", "test": "test"}
# What of a published list of training and validation films is kept for validation.
CARVED = (0.8, 0.2)


def random_split(
    films: pd.DataFrame, positives: np.ndarray, seed: int, shares: tuple[float, ...] = SHARES
) -> pd.Series:
    """Share films out at random by patient; each film of an unknown patient is dealt by itself.

    Only films on disk get a split, as a split of films that nobody can open serves no one; where none is on disk,
    all do, so that somebody else's predictions of them can be judged.

    Parameters
    ----------
    films : DataFrame
        With ``patient`` and ``on_disk``.
    positives : bool array (films, findings)
        What to spread evenly.
    seed : int
        Seed of the split.
    shares : tuple of float
        Of train, validation and test.

    Returns
    -------
    Series (films,)
        The split, or none.
    """
    chosen = films["on_disk"].to_numpy() if films["on_disk"].any() else np.ones(len(films), bool)
    number = split_by_patient(films.loc[chosen, "patient"].to_numpy(), positives[chosen], shares, seed)
    return pd.Series(np.asarray(SPLITS)[number], films.index[chosen], dtype="str").reindex(films.index)


def torn_patient(films: pd.DataFrame) -> str | None:
    """Name a patient whose films lie in two splits; None where there is none."""
    homes = films[["patient", "split"]].dropna().drop_duplicates()
    torn = homes.loc[homes["patient"].duplicated(), "patient"]
    return torn.iloc[0] if len(torn) else None


def list_names(folder: Path) -> dict[str, Path]:
    """Find published lists in a folder: split -> file, such as ``train_val_list.txt`` or ``dev.csv``."""
    found: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        split = next((split for start, split in LISTS.items() if file.name.lower().startswith(start)), None)
        if split and file.suffix in (".txt", ".csv"):
            found.setdefault(split, file)
    return found


def split_from_lists(
    lists: dict[str, Path], films: pd.DataFrame, positives: np.ndarray, seed: int
) -> tuple[pd.Series, list[str]]:
    """Take the split from lists of films, one a line; what follows a blank or comma on the line is not read.

    A list of training and validation films is shared out by patient, as validation films must be other patients'.

    Parameters
    ----------
    lists : dict of str to Path
        Split (``train``, ``validation``, ``test`` or ``train_val``) -> file.
    films : DataFrame
        With ``film`` and ``patient``.
    positives : bool array (films, findings)
        What to spread evenly between training and validation.
    seed : int
        Seed of sharing out ``train_val``.

    Returns
    -------
    split : Series (films,)
        The split; none for films that no list names.
    strangers : list of str
        Names in the lists that are none of the films.

    Raises
    ------
    DatasetError
        If a film is in two lists or a list cannot be read.
    """
    home: dict[str, str] = {}
    for published, file in lists.items():
        for line, name in _listed(file):
            if name in home:
                raise DatasetError(f"{file.name} names the film “{name}” in line {line}, which {home[name]} names too.")
            home[name] = published
    split = films["film"].map(home).astype("str")
    shared = (split == "train_val").to_numpy(bool)
    if shared.any():
        carved = split_by_patient(films.loc[shared, "patient"].to_numpy(), positives[shared], CARVED, seed)
        split[shared] = np.asarray(SPLITS)[carved]
    return split, sorted(set(home) - set(films["film"]))


def _listed(file: Path) -> list[tuple[int, str]]:
    try:
        lines = unpacked_text(file).splitlines()
    except TableError as error:
        raise DatasetError(f"{file} cannot be read as a list of films ({error}).") from error
    first = [(number, line.replace(",", " ").split()) for number, line in enumerate(lines, 1)]
    # A heading names no file.
    return [(number, words[0].rsplit(".", 1)[0]) for number, words in first if words and "." in words[0]]


def split_by_patient(patients: np.ndarray, positives: np.ndarray, shares: tuple[float, ...], seed: int) -> np.ndarray:
    """Share films out so that no known patient is in two splits and each finding is spread as evenly as it can be.

    Patients with the rarest finding are dealt first, each to the split that is furthest behind its share of that
    finding's films: iterative stratification (Sechidis et al., ECML 2011) with patients in place of samples.

    Parameters
    ----------
    patients : array (films,)
        Patient of each film; none where not known.
    positives : bool array (films, findings)
        Which findings each film shows.
    shares : tuple of float
        Share of the films that each split is to get; they sum to 1.
    seed : int
        Seed of the order in which patients of equal rank are dealt.

    Returns
    -------
    int array (films,)
        Split of each film, an index into ``shares``.
    """
    names, owner = np.unique(each_alone(patients), return_inverse=True)
    wanted = np.asarray(shares) / np.sum(shares)
    # One more column for "any film", so that patients without finding are dealt by number of films.
    counts = np.zeros((len(names), positives.shape[1] + 1))
    np.add.at(counts, owner, np.column_stack([positives, np.ones(len(owner))]))
    rarity = np.argsort(counts.sum(axis=0), kind="stable")
    split = np.full(len(names), -1)
    held, due = np.zeros((len(wanted), counts.shape[1])), np.outer(wanted, counts.sum(axis=0))
    order = np.random.default_rng(seed).permutation(len(names))
    for column in rarity:
        waiting = order[(split[order] < 0) & (counts[order, column] > 0)]
        # Patients with many films of the finding first: late, they would tip the balance.
        for patient in waiting[np.argsort(-counts[waiting, column], kind="stable")]:
            behind, behind_in_films = due[:, column] - held[:, column], due[:, -1] - held[:, -1]
            split[patient] = np.lexsort((behind_in_films, behind))[-1]
            held[split[patient]] += counts[patient]
    return split[owner]
