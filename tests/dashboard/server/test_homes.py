"""Where the films of a benchmark lie: found by the name that a dataset gives itself, and by its table."""

from __future__ import annotations

import json
import shutil

from dashboard.server.homes import home_of
from dashboard.server.library import Library
from tests.dashboard.conftest import Shelf
from training.datasets.table import FACTS_FILE, TABLE_FILE
from xai.models.loading import file_sha256


def test_a_dataset_in_a_folder_of_another_name_is_found_by_its_own(tmp_path):
    folder = Shelf(tmp_path).add_dataset("generated")
    folder.rename(folder.with_name("mine"))
    library = Library(tmp_path)
    assert home_of(library, "generated") == "mine"
    assert home_of(library, "mine") is None
    assert home_of(library, "simulated") == "simulated"
    (folder.with_name("mine") / FACTS_FILE).write_text("{", encoding="utf-8")
    assert home_of(Library(tmp_path), "generated") is None


def test_of_two_that_give_themselves_one_name_the_table_tells(tmp_path):
    first = Shelf(tmp_path).add_dataset("generated")
    second = Shelf(tmp_path).add_dataset("other", films=("a", "b"))
    facts = json.loads((second / FACTS_FILE).read_text(encoding="utf-8"))
    (second / FACTS_FILE).write_text(json.dumps(facts | {"name": "generated"}), encoding="utf-8")
    library = Library(tmp_path)
    assert home_of(library, "generated", file_sha256(second / TABLE_FILE)) == "other"
    assert home_of(library, "generated", file_sha256(first / TABLE_FILE)) == "generated"
    assert home_of(library, "generated", "of a table that is gone") == "generated"
    shutil.rmtree(first)
    assert home_of(library, "generated", "of a table that is gone") == "other"
