"""A league that a visitor brings: from a .zip or as files, refused where it is something else, kept by the owner."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from dashboard.server.library import Library
from dashboard.trust.brought import checked, is_own, keep, remove
from tests.dashboard.models.model_library import card, put
from tests.dashboard.pages import Idle, link_of, opened, said, serve, shown
from tests.dashboard.trust.made_league import put_league
from training.benchmark.results import read_results
from training.benchmark.sources import MOST_BROUGHT, MOST_COLUMNS, Brought, ResultsError, brought
from xai.built_in import BUILT_IN_LEAGUES


@pytest.fixture
def library(shelf, monkeypatch) -> Library:
    monkeypatch.setattr("dashboard.server.library.BUILT_IN_MODELS", Path("/nowhere"))
    monkeypatch.setattr("dashboard.trust.subject.BUILT_IN_LEAGUES", Path("/nowhere"))
    put(shelf.root, "tiny", card("tiny"))
    return Library(shelf.root)


@pytest.fixture
def files(library, tmp_path) -> dict[str, bytes]:
    folder = put_league(tmp_path / "elsewhere", library.root / "models" / "tiny.keras")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def packed(files: dict[str, bytes], inside: str = "mine/", name: str = "My league.zip") -> tuple[str, bytes]:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as out:
        for one, content in files.items():
            out.writestr(inside + one, content)
    return name, stream.getvalue()


def show(library: Library, monkeypatch: pytest.MonkeyPatch, *files: tuple[str, bytes], **link: str):
    """Open the page and bring files."""
    serve(monkeypatch, library.root, lambda root: Idle(Library(root)))
    app = opened("views/trust.py", **link)
    app.get("file_uploader")[0].set_value([(name, content, "") for name, content in files]).run()
    assert not app.exception
    return app


def test_a_league_comes_as_a_zip_or_as_its_files_and_maps_beside_it_are_left_packed(files):
    zipped = brought([packed(files | {"maps/000001.npz": b"PK"})])
    assert zipped.name == "My-league" and zipped.files == files
    assert brought(list(files.items())).files == files


def test_a_visitor_sees_their_league_and_only_the_owner_keeps_it(library, files, monkeypatch):
    app = show(library, monkeypatch, packed(files), model="tiny")
    assert link_of(app) == {"model": "tiny", "league": "My-league"}
    assert "**▲ ahead of the usual place**: Grad-CAM" in shown(app)
    assert app.dataframe[0].value["score"].tolist() == [0.0, 0.25, 0.5, 0.75]
    assert not (library.root / "leagues").exists()
    other = opened("views/trust.py", league="My-league")
    assert "There are no results" in said(other) or "Nothing was measured" in said(other)
    app.button(key="trust_league_keep").click().run()
    kept = library.root / "leagues" / "My-league"
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == files
    assert "**▲ ahead of the usual place**: Grad-CAM" in shown(opened("views/trust.py", league="My-league"))
    with pytest.raises(ResultsError, match="There are results called My-league already"):
        keep(library, checked(brought([packed(files)]), library))


def test_what_is_no_league_is_refused_on_the_page_in_a_sentence(library, files, monkeypatch):
    app = show(library, monkeypatch, ("notes.txt", b"hello"))
    assert "is no file of a benchmark" in said(app)


WIDE = b"," * MOST_COLUMNS


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"league.csv": b"method\nshap\n"}, "has no column finding"),
        ({"league.csv": WIDE}, f"a line of more than {MOST_COLUMNS} columns"),
        ({"league.csv": b'"a\n",b\n'}, "a text of more than one line"),
        ({"scores.csv": b"\xff\xfe"}, "scores.csv cannot be read"),
        ({"benchmark.json": b"1" * 9999}, "is no JSON object"),
        ({"benchmark.json": b'{"dataset": "d", "model": "m"}'}, "of a model that is not in this library"),
        ({"twins.csv": b"film\n"}, "twins.csv has no column"),
    ],
)
def test_a_league_with_something_else_in_it_is_refused(change, sentence, library, files):
    with pytest.raises(ResultsError, match=sentence):
        checked(Brought("mine", files | change), library)


def test_zips_that_are_too_large_damaged_or_locked_are_refused(files):
    bomb = packed({"scores.csv": bytes(MOST_BROUGHT + 1)})
    assert len(bomb[1]) < MOST_BROUGHT / 500
    with pytest.raises(ResultsError, match="at most 24 MB are taken"):
        brought([bomb])
    name, whole = packed(files)
    with pytest.raises(ResultsError, match="cannot be unpacked"):
        brought([(name, whole[: len(whole) // 2])])
    locked = bytearray(whole)
    for start in range(len(whole)):
        if whole[start : start + 4] == b"PK\x01\x02":
            locked[start + 8] |= 1  # says that the member is encrypted
    with pytest.raises(ResultsError, match="cannot be unpacked"):
        brought([(name, bytes(locked))])
    lying = bytearray(packed({"scores.csv": bytes(1 << 20)}, "")[1])
    place = lying.index(b"PK\x01\x02")
    lying[place + 24 : place + 28] = (10).to_bytes(4, "little")  # says that it unpacks to 10 bytes
    with pytest.raises(ResultsError, match=r"cannot be unpacked|did not come"):
        brought([("lying.zip", bytes(lying))])
    with pytest.raises(ResultsError, match="holds more than 1,000 files"):
        brought([packed({f"{number}.npz": b"" for number in range(1001)})])


@pytest.mark.parametrize(
    ("pick", "sentence"),
    [
        (lambda files: [packed(files), packed(files)], "Bring one .zip, or the files themselves"),
        (lambda files: [("league.csv", files["league.csv"])], "benchmark.json, beside.csv did not come"),
        (lambda files: [*files.items(), ("league.csv", b"")], "league.csv came twice"),
        (lambda files: [packed({**files, "other/league.csv": b""})], "holds a file twice"),
    ],
)
def test_a_bundle_that_is_not_one_benchmark_is_refused(pick, sentence, files):
    with pytest.raises(ResultsError, match=sentence):
        brought(pick(files))


def test_a_name_leads_nowhere_else(library, files):
    climbing = brought([packed(files, "../../", "../../etc/passwd.zip")])
    assert climbing.name == "passwd" and set(climbing.files) == set(files)
    assert checked(climbing, library).name == "passwd"


@pytest.mark.parametrize(
    ("table", "change"),
    [("league", {"value": 7.5}), ("league", {"low": 0.99}), ("league", {"high": 0.0}), ("beside", {"ahead": -1.5})],
)
def test_a_mean_that_no_measure_has_or_that_lies_beside_its_interval_is_refused(tmp_path, table, change):
    put(tmp_path, "tiny", card("tiny"))
    folder = put_league(tmp_path, tmp_path / "models" / "tiny.keras")
    content = pd.read_csv(folder / f"{table}.csv")
    content.loc[0, list(change)] = list(change.values())
    content.to_csv(folder / f"{table}.csv", index=False)
    with pytest.raises(ResultsError, match="outside of its own interval"):
        read_results(folder)


def test_the_owner_removes_what_was_kept_and_nothing_that_comes_with_the_app(tmp_path, monkeypatch):
    put(tmp_path, "tiny", card("tiny"))
    folder = put_league(tmp_path, tmp_path / "models" / "tiny.keras")
    library, results = Library(tmp_path), read_results(folder)
    shipped = read_results(BUILT_IN_LEAGUES / "lightbox-on-nih")
    assert is_own(library, results) and not is_own(library, shipped)
    with pytest.raises(ResultsError, match="does not lie in this library"):
        remove(library, shipped)
    remove(library, results)
    assert not folder.exists() and (BUILT_IN_LEAGUES / "lightbox-on-nih" / "league.csv").exists()
