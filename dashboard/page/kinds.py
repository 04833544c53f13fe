"""Kinds of values that a link can hold: how each is read, with what was expected where it cannot be, and written."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

LONGEST_NAME = 500  # of what a link may name: paths of films inside a dataset are the longest
SPACES = "\u00a0\u202f"  # that keep words together, in names of files too
MOST_NAMED = 50  # things of one kind in a link
MOST_DIGITS = 9  # of a whole number


@dataclass(frozen=True)
class Kind:
    """How one kind of value is read from a link and written to it.

    Attributes
    ----------
    read : callable
        Text to value; raises `ValueError` with what was expected.
    write : callable
        Value to text.
    """

    read: Callable[[str], Any]
    write: Callable[[Any], str] = str


def quoted(name: str) -> str:
    """Write a name such that no comma of its own ends it: a class is called as its folder is."""
    return name.replace("%", "%25").replace(",", "%2C")


def unquoted(text: str) -> str:
    """Read what `quoted` wrote; a lone percent sign stays one."""
    return text.replace("%2C", ",").replace("%25", "%")


def _read_name(text: str) -> str:
    if not text or len(text) > LONGEST_NAME:
        raise ValueError(f"expected a name of 1 to {LONGEST_NAME} characters")
    if any(not letter.isprintable() and letter not in SPACES for letter in text):
        raise ValueError("it holds a character that cannot be shown")
    return text


def _parts(text: str, most: int = MOST_NAMED) -> list[str]:
    parts = [_read_name(part) for part in dict.fromkeys(text.split(","))]
    if len(parts) > most:
        raise ValueError(f"expected at most {most} names")
    return parts


def _number(text: str, least: float, most: float, rule: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(rule) from None
    if not least <= value <= most:  # so that no NaN comes through
        raise ValueError(rule)
    return value


NAME = Kind(_read_name)


def names(most: int = MOST_NAMED) -> Kind:
    """Several names, with commas between them."""

    def read(text: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(unquoted(part) for part in _parts(text, most)))

    return Kind(read, lambda several: ",".join(map(quoted, several)))


def one_of(choices: Collection[Any]) -> Kind:
    """One of some words or numbers."""
    listed = ", ".join(str(choice) for choice in choices if choice != "")

    def read(text: str) -> Any:
        for choice in choices:
            if str(choice) == text:
                return choice
        raise ValueError(f"it can be {listed}")

    return Kind(read)


def some_of(choices: Collection[str], most: int = MOST_NAMED, *, least: int = 0, older: str = ",") -> Kind:
    """Several of some words, with commas between them, or in older links another mark."""
    between = "; " if any("," in choice for choice in choices) else ", "
    rule = f"it can be {f'up to {most} of ' if most < len(choices) else ''}{between.join(choices)}"

    def read(text: str) -> tuple[str, ...]:
        if text in choices:  # older links did not quote a comma of its own
            return (text,)
        found = tuple(dict.fromkeys(unquoted(part) for part in text.split(older if older in text else ",") if part))
        if not least <= len(found) <= most or not set(found) <= set(choices):
            raise ValueError(rule)
        return found

    return Kind(read, lambda several: ",".join(map(quoted, several)))


def number(least: float, most: float, *, is_open: bool = False, digits: int | None = None) -> Kind:
    """A number in a range.

    Parameters
    ----------
    least, most : float
    is_open : bool, default False
        Whether the ends of the range are outside of it.
    digits : int, optional
        Significant ones that are written; without it all that the number has, since a film may lie at a threshold.
    """
    rule = f"expected a number {'between' if is_open else 'from'} {least:g} {'and' if is_open else 'to'} {most:g}"

    def read(text: str) -> float:
        value = _number(text, least, most, rule)
        if is_open and value in (least, most):
            raise ValueError(rule)
        return value

    return Kind(read, lambda value: shortest(value) if digits is None else f"{value:.{digits}g}")


def shortest(value: float) -> str:
    """Write a number in the fewest digits that give it back exactly."""
    return repr(float(value)).removesuffix(".0")


def whole(least: int, most: int) -> Kind:
    """A whole number in a range."""

    def read(text: str) -> int:
        if not text.isdecimal() or len(text) > MOST_DIGITS or not least <= int(text) <= most:
            raise ValueError(f"expected a whole number from {least} to {most:,}")
        return int(text)

    return Kind(read)


SEED = whole(0, 10**MOST_DIGITS - 1)


def _read_switch(text: str) -> bool:
    if text not in ("on", "off"):
        raise ValueError("it can be on or off")
    return text == "on"


SWITCH = Kind(_read_switch, lambda on: "on" if on else "off")


def span(least: float, most: float, example: str) -> Kind:
    """Two numbers, rising, with a colon between them."""
    rule = f"expected two numbers from {least:g} to {most:g}, rising, such as {example}"

    def read(text: str) -> tuple[float, float]:
        values = [_number(part, least, most, rule) for part in text.split(":")]
        if len(values) != 2 or values[0] > values[1]:
            raise ValueError(rule)
        return values[0], values[1]

    return Kind(read, lambda two: ":".join(map(shortest, two)))


def by_finding(choices: Collection[str]) -> Kind:
    """Conditions on findings, ``Edema:present,Mass:absent``."""
    rule = f"expected finding:state, the state one of {', '.join(choices)}"

    def read(text: str) -> tuple[tuple[str, str], ...]:
        found = []
        for part in _parts(text):
            finding, _, state = part.rpartition(":")
            if not finding or state not in choices:
                raise ValueError(rule)
            found.append((_read_name(unquoted(finding)), state))
        return tuple(found)

    return Kind(read, lambda several: ",".join(f"{quoted(finding)}:{state}" for finding, state in several))


def shares_by_finding(count: int) -> Kind:
    """Numbers from 0 to 1 for findings, ``Edema:0.2:0.8`` or ``Edema:0.34``, rising where there are several."""
    rule = "expected finding:" + ":".join(["number"] * count) + " with numbers from 0 to 1" + ", rising" * (count > 1)

    def read(text: str) -> tuple[tuple[Any, ...], ...]:
        found = []
        for part in _parts(text):
            finding, *written = part.rsplit(":", count)
            values = [_number(one, 0, 1, rule) for one in written]
            if not finding or len(values) != count or sorted(values) != values:
                raise ValueError(rule)
            found.append((_read_name(unquoted(finding)), *values))
        return tuple(found)

    return Kind(read, lambda several: ",".join(":".join([quoted(one[0]), *map(shortest, one[1:])]) for one in several))


def outline(most: int) -> Kind:
    """Corners of a region, ``0:0,1:0,1:1``."""
    rule = f"expected 3 to {most} corners, such as 0:0,1:0,1:1"

    def read(text: str) -> tuple[tuple[float, float], ...]:
        try:
            corners = tuple((float(x), float(y)) for x, y in (corner.split(":") for corner in text.split(",")))
        except ValueError:
            raise ValueError(rule) from None
        if not 3 <= len(corners) <= most or not all(math.isfinite(x) and math.isfinite(y) for x, y in corners):
            raise ValueError(rule)
        return corners

    return Kind(read, lambda corners: ",".join(f"{x:g}:{y:g}" for x, y in corners))
