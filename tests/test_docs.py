"""The pages for people: their links lead somewhere, and the map of the rooms is the house as it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.tree import PACKAGES, tracked

PAGES = [name for name in tracked() if name.endswith(".md")]
LINK = re.compile(r"\]\(([^)\s]+)\)")
ROOM = re.compile(r"^- `([^`]+)`: ", re.MULTILINE)
NAMED_FILE = re.compile(r"`((?:dashboard|training|xai|tests|docs|assets|\.ci)/[\w./-]+)`")


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The headings of a page as links call them."""
    headings = re.findall(r"^#+ (.+)$", without_code(page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> list[str]:
    broken = []
    for target in LINK.findall(without_code(page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue  # another site's
        path, _, anchor = target.partition("#")
        there = page.parent / path if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    return broken


@pytest.mark.parametrize("name", PAGES)
def test_every_link_of_a_page_leads_somewhere(name):
    assert broken_links(REPOSITORY / name) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path):
    (tmp_path / "there.md").write_text("# A heading, here\n", encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text("[a](there.md#a-heading-here) [b](gone.md) [c](there.md#gone) [d](https://x.org/y)", "utf-8")
    assert broken_links(page) == ["gone.md", "there.md#gone"]


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_a_file_that_is_named_is_there(name):
    named = set(NAMED_FILE.findall(without_code((REPOSITORY / name).read_text("utf-8"))))
    made = {"tests/browser/pictures/new/"}  # by a test that fails
    assert [one for one in sorted(named - made) if not (REPOSITORY / one).exists()] == []


def test_the_map_names_every_room_and_none_that_is_not_there():
    named = ROOM.findall((REPOSITORY / "docs" / "architecture.md").read_text("utf-8"))
    files = [Path(name).parts for name in tracked(*PACKAGES) if name.endswith(".py")]
    rooms = {f"{parts[0]}/{parts[1]}{'/' if len(parts) > 2 else ''}" for parts in files} - {
        f"{package}/__init__.py" for package in PACKAGES
    }
    assert len(named) == len(set(named))
    assert set(named) == rooms


def test_the_front_page_leads_to_the_others():
    links = LINK.findall((REPOSITORY / "README.md").read_text("utf-8"))
    assert {"CONTRIBUTING.md", "docs/architecture.md", "CHANGELOG.md", "training/README.md"} <= set(links)
