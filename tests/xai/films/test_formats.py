"""One table of formats: what is read is what is named, wherever it is named."""

from __future__ import annotations

from tests.conftest import REPOSITORY
from training.datasets.disk import IMAGE_SUFFIXES
from xai.films.formats import FORMATS, NAMES, SUFFIXES


def test_the_readme_and_the_page_for_python_name_the_formats_that_are_read():
    assert f"on your own films ({NAMES})" in (REPOSITORY / "README.md").read_text("utf-8")
    assert f"a film from a {NAMES} file" in (REPOSITORY / "docs" / "python.md").read_text("utf-8")


def test_a_format_has_endings_of_its_own_that_folders_are_searched_for():
    assert len(SUFFIXES) == len(set(SUFFIXES)) >= len(FORMATS)
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in SUFFIXES)
    assert IMAGE_SUFFIXES == SUFFIXES
