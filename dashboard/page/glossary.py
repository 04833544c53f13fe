"""What the words that a newcomer does not know mean: found in a text, and shown on every page."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from dashboard.page.terms import TERMS, Term

_BY_NAME = {term.name: term for term in TERMS}
_BY_FORM = {form.casefold(): term for term in TERMS for form in term.forms}
_FORMS = re.compile(
    # the longest first, and nothing inside of a longer word
    rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(_BY_FORM, key=len, reverse=True)))})(?!\w)",
    re.IGNORECASE,
)
STYLE = """<style>
.st-key-glossary { position: fixed; top: 0.7rem; right: 3.6rem; width: auto; z-index: 999991; }
.st-key-glossary button { min-height: 2rem; padding: 0 0.6rem; }
</style>"""


def terms_in(text: str) -> list[Term]:
    """Find the words of the list that a text uses, each once, in the order of the text."""
    return list(dict.fromkeys(_BY_FORM[found.casefold()] for found in _FORMS.findall(text)))


def meaning(name: str) -> str:
    """Give what a word means, by what it is listed as; KeyError for one that is not listed."""
    return _BY_NAME[name].meaning


def explained(*texts: str) -> str | None:
    """Say what the words of some texts mean, as the ``help`` of what shows them; None where they have none."""
    return listed(terms_in("\n".join(texts))) or None


def listed(terms: Sequence[Term]) -> str:
    """Write words with their meanings, in Markdown."""
    return "  \n".join(f"**{term.name}.** {term.meaning}" for term in terms)


def show_glossary() -> None:
    """Show a button in the head of every page that opens the list."""
    st.html(STYLE)
    with st.container(key="glossary"), st.popover("Words", icon=":material/dictionary:", help="What the words mean."):
        st.markdown("\n\n".join(f"**{term.name}.** {term.meaning}" for term in sorted(TERMS, key=_sorting)))


def _sorting(term: Term) -> str:
    return term.name.strip("“”").casefold()
