from __future__ import annotations

import gzip

import pytest

from dashboard.server import parts as module
from dashboard.server.parts import Parts
from dashboard.server.visitors import Visitors


@pytest.fixture
def visitors() -> Visitors:
    return Visitors()


@pytest.fixture
def parts(visitors) -> Parts:
    return Parts(visitors)


def test_a_part_is_made_when_first_asked_for_and_once(parts):
    made = []
    name = parts.offer(["film", 1], lambda: made.append(1) or b"content")
    assert made == []
    for visitor in ("ada", ""):
        part = parts.find(name, visitor)
        assert (gzip.decompress(part.content), part.is_zipped, part.is_public) == (b"content", True, True)
    assert made == [1]


def test_a_picture_is_sent_as_it_is(parts):
    part = parts.find(parts.offer(["thumbnail"], lambda: b"RIFF", media="image/webp"), "ada")
    assert (part.content, part.media, part.is_zipped) == (b"RIFF", "image/webp", False)


def test_what_decides_the_content_is_in_the_name(parts, monkeypatch):
    names = {parts.offer(about, lambda: b"") for about in (["a"], ["b"], ["a", 1], ["a", [1]])}
    names.add(parts.offer(["a"], lambda: b"", film="upload"))
    names.add(parts.offer(["a"], lambda: b"", media="image/webp"))
    monkeypatch.setattr(module, "code_version", lambda: "another")
    names.add(parts.offer(["a"], lambda: b""))
    assert len(names) == 7
    assert all(len(name) == 40 for name in names)


def test_the_version_is_that_of_the_code():
    assert module.code_version() == module.code_version()
    assert len(module.code_version()) == 16


def test_what_is_made_of_an_upload_is_for_those_who_hold_it(parts, visitors):
    name = parts.offer(["maps"], lambda: b"own", film="upload")
    assert parts.find(name, "ada") is None
    visitors.bring("ada", "upload")
    assert gzip.decompress(parts.find(name, "ada").content) == b"own"
    assert not parts.find(name, "ada").is_public
    assert parts.find(name, "bob") is None
    assert parts.find(name, "") is None
    visitors.forget("ada")
    assert parts.find(name, "ada") is None


def test_an_upload_is_forgotten_with_all_that_was_made_of_it(parts, visitors):
    visitors.bring("ada", "upload")
    own, anybodys = parts.offer(["a"], lambda: b"own", film="upload"), parts.offer(["b"], lambda: b"all")
    parts.find(own, "ada")
    parts.forget("upload")
    assert parts.find(own, "ada") is None
    assert parts._made.get(own) is None
    assert parts.find(anybodys, "ada") is not None


def test_what_is_made_while_its_visitor_leaves_is_not_kept(parts, visitors):
    visitors.bring("ada", "upload")

    def leaving() -> bytes:
        parts.forget("upload")
        return b"own"

    name = parts.offer(["a"], leaving, film="upload")
    parts.find(name, "ada")
    assert parts._made.get(name) is None


def test_what_can_no_longer_be_made_is_not_there(parts):
    assert parts.find(parts.offer(["gone"], lambda: None), "ada") is None
    assert parts.find("0" * 40, "ada") is None


def test_the_oldest_offers_are_forgotten_first(parts, monkeypatch):
    monkeypatch.setattr(module, "MOST_OFFERED", 3)
    names = [parts.offer([k], lambda: b"") for k in range(3)]
    parts.offer([0], lambda: b"")  # offered again: it is asked for
    names.append(parts.offer([3], lambda: b""))
    assert [parts.find(name, "") is not None for name in names] == [True, False, True, True]
