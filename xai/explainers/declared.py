"""What a method declares about itself for people: the measures of its maps, and the parameters worth changing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


def plain(value: Any) -> str:
    """Write a value that nobody said how to write."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Diagnostic:
    """One measure that a method takes of its own map, and how it is told.

    Attributes
    ----------
    key : str
        Its name in `Explanation.diagnostics`.
    label, meaning : str
        What it is called, and in a sentence what it says; ``{key}`` in the sentence stands for that diagnostic.
    write : callable
        Gives the words for a value.
    warns : callable
        Whether a value is a reason not to trust the map.
    warning : str
        What to say in place of `meaning` where it warns; the same where empty.
    shown : callable
        Whether a value is worth a line; all of them are kept in downloads.
    """

    key: str
    label: str
    meaning: str
    write: Callable[[Any], str] = plain
    warns: Callable[[Any], bool] = lambda value: False
    warning: str = ""
    shown: Callable[[Any], bool] = lambda value: True


class Told(NamedTuple):
    """A diagnostic in words: for the page, the alternative text and the figure."""

    label: str
    value: str
    warn: bool
    meaning: str


def tell(declared: Sequence[Diagnostic], found: Mapping[str, Any]) -> list[Told]:
    """Put a map's diagnostics into words: as they are declared, and any other under its own key.

    Parameters
    ----------
    declared : sequence of Diagnostic
        Of the method, in the order wanted.
    found : mapping of str to value
        `Explanation.diagnostics`.
    """
    told = []
    for one in declared:
        if one.key in found and one.shown(found[one.key]):
            value = found[one.key]
            warn = one.warns(value)
            sentence = one.warning if warn and one.warning else one.meaning
            told.append(Told(one.label, one.write(value), warn, sentence.format_map(found)))
    known = {one.key for one in declared}
    return told + [Told(key, plain(value), False, "") for key, value in found.items() if key not in known]


@dataclass(frozen=True)
class Setting:
    """One parameter of a method that people may change; its default is that of the method's field.

    Attributes
    ----------
    name, label : str
        The field, and what it is called.
    choices : tuple
        Empty where they depend on the model: a name then, which no choice is as long as it is empty.
    help : str
        What another choice does.
    offered : str
        The diagnostic that lists the choices where they depend on the model.
    """

    name: str
    label: str
    choices: tuple[Any, ...]
    help: str
    offered: str = ""


@dataclass(frozen=True)
class Box:
    """What a method needs to know of a model: the first thing that tells methods apart.

    Attributes
    ----------
    name, meaning : str
        What it is called, and what that means for whoever reads the map.
    """

    name: str
    meaning: str


WHITE_BOX = Box(
    "white box", "It reads the network's inside, its feature maps and gradients, so it needs one that can be opened."
)
BLACK_BOX = Box(
    "black box", "It asks nothing but answers to changed films, so it works with any model and takes many of them."
)
CONTROL = Box("control", "It looks at neither the film nor the model.")


def glance(box: Box, films: int) -> str:
    """Write what a method needs and what it costs, as ``black box · at most 501 films``; a control costs nothing."""
    if box is CONTROL:
        return box.name
    return f"{box.name} · " + ("one look at the film" if films == 1 else f"at most {films:,} films")


def never(value: Any) -> bool:
    """Say no: of a diagnostic that is kept for downloads and needs no line, or tells itself in another's words."""
    return False
