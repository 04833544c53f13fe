"""Which views a step of a lesson can show: places of this app, by the links of its pages, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from dashboard.compare.state import LINK as COMPARE
from dashboard.errors.state import LINK as ERRORS
from dashboard.films.state import LINK as FILMS
from dashboard.models.state import LINK as MODELS
from dashboard.page.link import Link, excerpt
from dashboard.roc.state import LINK as ROC
from dashboard.trust.state import LINK as TRUST

VIEWS: Mapping[str, Link[Any]] = {
    "compare": COMPARE,
    "films": FILMS,
    "roc": ROC,
    "errors": ERRORS,
    "trust": TRUST,
    "models": MODELS,
}
"""By the names of their scripts; the Lessons page itself is none of them."""

LONGEST_QUERY, MOST_FIELDS = 4_000, 100
OF_ONE_VISITOR = ("upload", "walk")  # what nobody else could be shown


@dataclass(frozen=True)
class View:
    """A place in the app.

    Attributes
    ----------
    page : str
        One of `VIEWS`.
    query : mapping of str to str
        The query parameters of its address.

    Raises
    ------
    ValueError
        If there is no such page, or it would refuse a part of the query; the message is one sentence.
    """

    page: str
    query: Mapping[str, str]

    def __post_init__(self) -> None:
        if not isinstance(self.page, str) or self.page not in VIEWS:
            raise ValueError(f"There is no page “{excerpt(str(self.page))}”; there are {', '.join(VIEWS)}.")
        if not isinstance(self.query, Mapping) or len(self.query) > MOST_FIELDS:
            raise ValueError(f"Expected up to {MOST_FIELDS} parts of a link, each a name and a text.")
        if not all(isinstance(part, str) for pair in self.query.items() for part in pair):
            raise ValueError("Expected texts as the parts of a link.")
        if len(urlencode(self.query)) > LONGEST_QUERY:
            raise ValueError(f"Expected a link of at most {LONGEST_QUERY:,} characters.")
        if own := [name for name in OF_ONE_VISITOR if name in self.query]:
            raise ValueError(f"The link's {own[0]} belongs to one visitor: a lesson can show films of a dataset only.")
        if problems := VIEWS[self.page].read(self.query)[1]:
            raise ValueError(problems[0])

    @property
    def path(self) -> str:
        """The end of the page's address: empty for the first page."""
        return "" if self.page == "compare" else self.page

    @property
    def link(self) -> str:
        """The address, from the first page of the app."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


def view_of(link: str) -> View:
    """Read a link such as ``trust?section=sanity``, as it may stand in a text; raises ValueError for any other."""
    page, _, query = link.partition("?")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), max_num_fields=MOST_FIELDS)
    except ValueError:
        raise ValueError(f"“{excerpt(link)}” is no link to a page of this app.") from None
    return View(page or "compare", dict(pairs))
