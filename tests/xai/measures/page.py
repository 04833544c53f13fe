"""The part of docs/measures.md that is written from the code: ``python tests/xai/measures/page.py`` writes it anew."""

from __future__ import annotations

import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
PAGE = REPOSITORY / "docs" / "measures.md"
BEGIN, END = "<!-- from the code: begin -->\n", "<!-- from the code: end -->\n"
LINES = {
    "asks": "Asks",
    "unit": "Unit",
    "span": "Range",
    "ties": "Ties",
    "empty": "Nothing to measure",
    "misses": "Does not show",
    "source": "Source",
}


def listed() -> str:
    """Every measure with its facts, a family a section."""
    from xai.measures import FAMILIES

    parts = []
    for family in FAMILIES:
        about = family.__doc__.split("\n", 1)[0]
        parts.append(f"## {family.__name__.rsplit('.', 1)[-1].capitalize()}\n\n{about}\n")
        for name, facts in family.FACTS.items():
            lines = [f"- *{title}*: {getattr(facts, field)}" for field, title in LINES.items()]
            parts.append("\n".join([f"### `{name}`\n", *lines, ""]))
    return "\n".join(parts)


def with_listed(page: str) -> str:
    """Put what the code says between the marks of the page."""
    before, _, rest = page.partition(BEGIN)
    return before + BEGIN + "\n" + listed() + "\n" + END + rest.partition(END)[2]


if __name__ == "__main__":
    sys.path.insert(0, str(REPOSITORY))
    PAGE.write_text(with_listed(PAGE.read_text("utf-8")), "utf-8")
