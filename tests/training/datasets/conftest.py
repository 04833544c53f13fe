from __future__ import annotations

import pytest

from tests.training.datasets.made_sources import MAKERS, Source


@pytest.fixture(params=MAKERS)
def source(request, tmp_path) -> Source:
    """One dataset after the other."""
    return MAKERS[request.param](tmp_path / "source")
