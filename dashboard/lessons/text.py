"""Texts of lessons: a small Markdown, checked when it is read, written as HTML in which all else is escaped.

Paragraphs, lists with a hyphen, ``**bold**``, ``*slanted*``, and ``[links](trust?section=sanity)`` to the app's own
pages. There is no HTML, no picture, and no link to anywhere else.
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from dashboard.lessons.views import view_of
from dashboard.page.link import excerpt

SPACES_KEPT = "\n\u00a0\u202f"  # line ends, and spaces that keep words together
_TAG = re.compile(r"<[A-Za-z/!?]")
_ELSEWHERE = re.compile(r"\b[a-z][a-z0-9+.-]*://|\bwww\.|\b(?:javascript|data|mailto|vbscript):", re.IGNORECASE)
_LINK = re.compile(r"\[([^\[\]\n]+)\]\(([^()\s]*)\)")
_BOLD, _SLANTED = re.compile(r"\*\*(.+?)\*\*"), re.compile(r"\*(.+?)\*")
_BULLET = "- "


def checked_text(text: object, what: str, longest: int, *, may_be_empty: bool = False) -> str:
    """Give a text back that holds nothing but what this module knows.

    Parameters
    ----------
    text : object
    what : str
        What it is, for the message.
    longest : int
        Characters.
    may_be_empty : bool, default False

    Raises
    ------
    ValueError
        If it is no text, too long, or holds HTML, a picture or a link to elsewhere.
    """
    if not isinstance(text, str) or len(text) > longest or (not text.strip() and not may_be_empty):
        raise ValueError(f"Expected {what} of {'0' if may_be_empty else '1'} to {longest:,} characters.")
    if any(not (letter.isprintable() or letter in SPACES_KEPT) for letter in text):
        raise ValueError(f"There is a character in {what} that cannot be shown.")
    if _TAG.search(text):
        raise ValueError(f"There is HTML in {what}; only Markdown is taken.")
    if "![" in text:
        raise ValueError(f"There is a picture in {what}; what a step shows is its view.")
    if found := _ELSEWHERE.search(text):
        raise ValueError(f"There is a link in {what} that leads elsewhere (“{excerpt(found[0])}”).")
    for _, link in _LINK.findall(text):
        view_of(link)
    return text.strip()


def html(text: str) -> Markup:
    """Write a text as HTML."""
    blocks: list[Markup] = []
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = block.strip().split("\n")
        if all(line.startswith(_BULLET) for line in lines):
            items = Markup("").join(Markup("<li>%s</li>") % _inline(line.removeprefix(_BULLET)) for line in lines)
            blocks.append(Markup("<ul>%s</ul>") % items)
        else:
            blocks.append(Markup("<p>%s</p>") % _inline(" ".join(lines)))
    return Markup("\n").join(blocks)


def plain(text: str) -> str:
    """Give a text on one line without its marks, as a presentation shows it below a film."""
    text = _LINK.sub(r"\1", text)
    text = _SLANTED.sub(r"\1", _BOLD.sub(r"\1", text))
    return " ".join(line.strip().removeprefix(_BULLET) for line in text.split("\n") if line.strip())


def _inline(text: str) -> Markup:
    safe = str(escape(text))
    safe = _LINK.sub(r'<a href="\2">\1</a>', safe)
    return Markup(_SLANTED.sub(r"<em>\1</em>", _BOLD.sub(r"<strong>\1</strong>", safe)))
