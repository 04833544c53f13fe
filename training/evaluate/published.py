"""Published AUROCs of NIH ChestX-ray14, and whether a comparison with them is fair."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from training.evaluate.judged import Judged
from xai.findings import FINDINGS


@dataclass(frozen=True)
class Split:
    """A set of test films.

    Attributes
    ----------
    name : str
        In words.
    films : int or None
    digest : str
        `film_digest` of its films; empty where no list of them is at hand.
    """

    name: str
    films: int | None = None
    digest: str = ""


@dataclass(frozen=True)
class Published:
    """One column of published figures.

    Attributes
    ----------
    key, source : str
        Short name, and who measured it.
    split : Split
        On which films.
    note : str
        What else differs.
    aurocs : dict of str to float
        One a finding.
    """

    key: str
    source: str
    split: Split
    note: str
    aurocs: Mapping[str, float]


@dataclass(frozen=True)
class Verdict:
    """Whether a published figure may stand beside ours, and why (not), in one sentence."""

    allowed: bool
    why: str


RANDOM_LIST = Split(
    "the 22,433 test films of the list that arnoweng/CheXNet published",
    22433,
    "8b08042d1be20114b600061aa3a9a4dffe49c61df1a1c31b8322c60013591dcc",
)
ITS_OWN = Split("a random split of its own, whose list of films was not published")
OFFICIAL = Split("the official test list of NIH ChestX-ray14", 25596)


def _column(values: str) -> dict[str, float]:
    return dict(zip(FINDINGS, map(float, values.split()), strict=True))


# Values as in the projects' README files and aucs.csv tables. Different splits: never one ranking.
FIGURES: tuple[Published, ...] = (
    Published(
        "Zech 2022",
        "jrzech/reproduce-chexnet, retrained in 2022",
        RANDOM_LIST,
        "",
        _column(".8180 .9090 .8827 .7156 .8377 .7756 .7617 .8776 .8002 .8945 .9316 .8251 .7889 .9175"),
    ),
    Published(
        "Zech 2018",
        "jrzech/reproduce-chexnet, the first model",
        RANDOM_LIST,
        "",
        _column(".8161 .9105 .8839 .7077 .8308 .7748 .7651 .8739 .8008 .8979 .9227 .8293 .7860 .9010"),
    ),
    Published(
        "Weng",
        "arnoweng/CheXNet",
        RANDOM_LIST,
        "Mean of ten crops a film.",
        _column(".8294 .9165 .8870 .7143 .8597 .7873 .7745 .8726 .8142 .8932 .9254 .8304 .7831 .9104"),
    ),
    Published(
        "Weng, improved",
        "arnoweng/CheXNet, improved model",
        RANDOM_LIST,
        "Mean of ten crops a film.",
        _column(".8311 .9220 .8891 .7146 .8627 .7883 .7820 .8844 .8148 .8992 .9343 .8385 .7914 .9206"),
    ),
    Published(
        "zoogzog",
        "zoogzog/chexnet",
        RANDOM_LIST,
        "Mean of ten crops a film.",
        _column(".8321 .9107 .8860 .7145 .8653 .8037 .7655 .8857 .8157 .9017 .9422 .8523 .7948 .9416"),
    ),
    Published(
        "CheXNet",
        "Rajpurkar et al., CheXNet, arXiv 1711.05225, 2017",
        ITS_OWN,
        "",
        _column(".8094 .9248 .8638 .7345 .8676 .7802 .7680 .8887 .7901 .8878 .9371 .8047 .8062 .9164"),
    ),
    Published(
        "Wang 2017",
        "Wang et al., ChestX-ray8, CVPR 2017, as the CheXNet paper quotes it",
        ITS_OWN,
        "",
        _column(".716 .807 .784 .609 .706 .671 .633 .806 .708 .835 .815 .769 .708 .767"),
    ),
    Published(
        "Wang, official split",
        "Wang et al., arXiv 1705.02315 v5",
        OFFICIAL,
        "From memory of the paper, not read again.",
        _column(".700 .810 .759 .661 .693 .669 .658 .799 .703 .805 .833 .786 .684 .872"),
    ),
)


def may_compare(published: Published, judged: Judged) -> Verdict:
    """Say whether a figure was measured on the same films as ours.

    An AUROC depends on the films: a split with more of the hard ones scores lower, whatever the model. So the films
    must be the same, film by film.
    """
    split = published.split
    where = f"{published.source} was measured on {split.name}"
    if not split.digest:
        return Verdict(False, f"{where}; whether these {len(judged)} films are the same cannot be checked.")
    sources = sorted(set(judged.films["dataset"].dropna().astype(str)))
    if sources != ["nih"]:
        return Verdict(False, f"{where}, films of nih; these are of {', '.join(sources) or 'an unnamed dataset'}.")
    if film_digest(judged.films["film"]) != split.digest:
        return Verdict(False, f"{where}; these are {len(judged)} other films.")
    return Verdict(True, f"Measured on the same {split.films} films. {published.note}".strip())


def film_digest(films: Iterable[str]) -> str:
    """Give the sha256 of a set of film names, without ``.png``, in any order."""
    names = sorted(str(film).removesuffix(".png") for film in films)
    return hashlib.sha256("\n".join(names).encode()).hexdigest()
