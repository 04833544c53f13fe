"""What a dataset says about itself: ``dataset.json``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FACTS_FILE = "dataset.json"
# Its entries, and what JSON must hold there.
KINDS = {
    **dict.fromkeys(("name", "root", "source", "licence", "citation"), str),
    **dict.fromkeys(("files", "policy"), dict),
    "split_seed": int,
    "report": list,
}


class DatasetError(ValueError):
    """A dataset that cannot be read; the message is one sentence that says what was expected and what came."""


@dataclass(frozen=True)
class Remark:
    """Something that a reader found in a source and that its user should know.

    Attributes
    ----------
    what : str
        What these rows or files are, and why they were treated so.
    count : int
        How many.
    example : str
        One of them.
    left_out : bool
        Whether they are missing from the table; otherwise they are in it, marked as ``what`` says.
    """

    what: str
    count: int
    example: str = ""
    left_out: bool = False

    def __str__(self) -> str:
        example = f", such as {self.example}" if self.example and self.count > 1 else ""
        example = f": {self.example}" if self.example and self.count == 1 else example
        return f"{self.count:,} {self.what}{example}"


@dataclass(frozen=True)
class DatasetFacts:
    """What ``dataset.json`` says.

    Attributes
    ----------
    name : str
        Short name, such as ``nih``.
    root : str
        Folder that the film paths start from; relative roots start from the dataset folder.
    source, licence, citation : str
        Where the films come from and on what terms; they go into every model card made from them.
    files : dict of str to str
        sha256 of each label file that was read, by file name.
    split_seed : int
        Seed of a random split.
    report : tuple of Remark
        What was left out of the table or is odd in it, and why.
    policy : dict of str to str
        What was decided where a source leaves a choice: ``reader`` (whose `labels.JUDGEMENTS` hold), ``splits``,
        ``uncertain``, ``blank``, ``views``; and ``patients`` where some are not known.
    """

    name: str
    root: str
    source: str
    licence: str
    citation: str
    files: Mapping[str, str]
    split_seed: int
    report: tuple[Remark, ...] = ()
    policy: Mapping[str, str] = field(default_factory=dict)


def check_kinds(content: Mapping[str, Any], kinds: Mapping[str, type], file: str) -> None:
    """Refuse entries of a file that are not of their kind; those that are absent pass. Raises ValueError."""
    for name, kind in kinds.items():
        if not isinstance(content.get(name, kind()), kind):
            raise ValueError(f"{name} in {file} is {type(content[name]).__name__}, not {kind.__name__}")


def facts_from_json(content: Any) -> DatasetFacts:
    """Read the content of ``dataset.json``; what older datasets do not say is left at its default.

    Raises
    ------
    ValueError
        If an entry is missing or not what it should be.
    """
    if not isinstance(content, dict):
        raise ValueError(f"{FACTS_FILE} holds {type(content).__name__}, not an object with entries")
    fields = dataclasses.fields(DatasetFacts)
    optional = {"report", "policy"}
    missing = [one.name for one in fields if one.name not in content and one.name not in optional]
    if missing:
        raise ValueError(f"{FACTS_FILE} lacks {', '.join(missing)}")
    known = {one.name: content[one.name] for one in fields if one.name in content}
    check_kinds(known, KINDS, FACTS_FILE)
    if "\0" in known["root"] or not known["name"].isprintable():
        raise ValueError(f"name or root in {FACTS_FILE} holds characters that no name has")
    if not all(isinstance(one, dict) for one in known.get("report", ())):
        raise ValueError(f"report in {FACTS_FILE} must be a list of objects")
    return DatasetFacts(**{**known, "report": tuple(Remark(**remark) for remark in content.get("report", ()))})
