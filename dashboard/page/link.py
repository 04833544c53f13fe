"""What a link can say: declared once a page, written and read by the same rules on all of them.

A page's `Link` lists what of its state stands in the address. Whatever is as by default is
left out, so that links stay short, and whatever cannot be used is named in one sentence and loses nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic

from dashboard.page.kinds import Kind, shortest
from dashboard.page.state import AnyState

LONGEST_EXCERPT = 40  # characters
MOST_LISTED = 5  # unknown names


# Added to links by others: by Streamlit itself, by mail programs and by search engines.
OTHERS = ("embed", "embed_options", "fbclid", "gclid", "msclkid")
OTHERS_START = "utm_"
GIVEN = ("lesson", "lesson_step")  # which step of which lesson is given on a page; whatever the page is about, it stays


@dataclass(frozen=True)
class Field:
    """One thing that a link can say.

    Attributes
    ----------
    name : str
        What the link calls it.
    kind : Kind
    attribute : str
        Of the page's state; empty where it is called as in the link.
    entry : str
        Where the attribute is a mapping of what differs from the defaults: the key in it.
    default : object
        Of such an entry; any other has the default of the state.
    also : tuple of str
        What older links call it.
    is_step : bool
        Whether another value is another place: a step in the browser's history, to which Back goes.
    """

    name: str
    kind: Kind
    attribute: str = ""
    entry: str = ""
    default: Any = None
    also: tuple[str, ...] = ()
    is_step: bool = False

    @property
    def home(self) -> str:
        """The attribute of the state that holds it."""
        return self.attribute or self.name


class Link(Generic[AnyState]):
    """The codec of a page: its state to query parameters, and back.

    Parameters
    ----------
    default : AnyState
        What the page shows without a link.
    fields : sequence of Field
    settle : callable, optional
        Takes a state as it was read; gives one without contradictions, and a sentence for each.
    """

    def __init__(
        self,
        default: AnyState,
        fields: Sequence[Field],
        settle: Callable[[AnyState], tuple[AnyState, list[str]]] = lambda state: (state, []),
    ) -> None:
        self.default = default
        self.fields = tuple(fields)
        self._settle = settle
        self._named = {name: one for one in self.fields for name in (one.name, *one.also)}

    @property
    def steps(self) -> list[str]:
        """What in the address names another place; all else shows the same one otherwise."""
        return [one.name for one in self.fields if one.is_step]

    def write(self, state: AnyState) -> dict[str, str]:
        """Give the query parameters of a state."""
        link = {}
        for one in self.fields:
            value, default = getattr(state, one.home), getattr(self.default, one.home)
            if one.entry:
                value, default = value.get(one.entry, one.default), one.default
            if value not in (None, "", default):
                link[one.name] = one.kind.write(value)
        return link

    def read(self, link: Mapping[str, str]) -> tuple[AnyState, list[str]]:
        """Read a state from query parameters.

        Returns
        -------
        state : AnyState
            With defaults wherever the link says nothing that can be used.
        problems : list of str
            What could not be used, in sentences.
        """
        found: dict[str, Any] = {}
        problems = unknown([name for name in link if name not in self._named])
        for name, text in link.items():
            one = self._named.get(name)
            if one is None:
                continue
            if name != one.name and one.name in link:
                continue  # said twice, in old words and in new ones
            try:
                self._put(found, one, one.kind.read(text))
            except ValueError as error:
                problems.append(f"The link's {name} “{excerpt(text)}” was left out: {error}.")
        state, contradictions = self._settle(self.default.with_(**found))
        return state, [*problems, *contradictions]

    def _put(self, found: dict[str, Any], one: Field, value: Any) -> None:
        if one.entry:
            found[one.home] = {**found.get(one.home, getattr(self.default, one.home)), one.entry: value}
        else:
            found[one.home] = value


def link_to(**asked: str | float | None) -> dict[str, str]:
    """Give the query parameters of a link to another page; what is None is left to that page."""
    return {
        name: value if isinstance(value, str) else shortest(value) for name, value in asked.items() if value is not None
    }


def unknown(names: Sequence[str]) -> list[str]:
    """Say which parts of a link mean nothing on a page; what others add to links is passed over."""
    meant = [name for name in names if name not in (*OTHERS, *GIVEN) and not name.startswith(OTHERS_START)]
    if not meant:
        return []
    listed = ", ".join(f"“{excerpt(name)}”" for name in meant[:MOST_LISTED])
    more = f" and {len(meant) - MOST_LISTED} more" if len(meant) > MOST_LISTED else ""
    verb = "was" if len(meant) == 1 else "were"
    return [f"The link's {listed}{more} {verb} left out: nothing on this page is called so."]


def excerpt(text: str) -> str:
    """Quote the start of what came, without characters that could upset a page."""
    start = "".join(letter if letter.isprintable() else "�" for letter in text[:LONGEST_EXCERPT])
    return start if len(text) <= LONGEST_EXCERPT else f"{start}…"
