"""No file goes into Streamlit's own store: anybody with the address gets it there, and a page that runs forgets it."""

from __future__ import annotations

from tests.conftest import REPOSITORY


def test_no_page_gives_a_file_to_streamlit():
    texts = {path: path.read_text(encoding="utf-8") for path in (REPOSITORY / "dashboard").rglob("*.py")}
    assert len(texts) > 100
    assert [path.name for path, text in texts.items() if "download_button" in text] == []
