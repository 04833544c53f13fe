"""Nothing on any page asks again and again: what comes late is told on the page's channel."""

from __future__ import annotations

from tests.conftest import REPOSITORY


def test_no_page_runs_by_the_clock():
    texts = {path: path.read_text(encoding="utf-8") for path in (REPOSITORY / "dashboard").rglob("*.py")}
    assert len(texts) > 100
    assert [path.name for path, text in texts.items() if "run_every" in text] == []
