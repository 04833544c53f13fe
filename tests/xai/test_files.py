from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from xai import files
from xai.files import UNFINISHED, move_new, sweep, write_file, write_files


def full(path):
    path.write_text("half")
    raise OSError(errno.ENOSPC, "No space left on device")


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_all_files_are_written_or_none(tmp_path):
    write_files(tmp_path / "new", {"a": "1", "b": lambda path: path.write_text("2")})
    assert contents(tmp_path / "new") == {"a": "1", "b": "2"}
    for folder in ("new", "other"):
        with pytest.raises(OSError, match="No space"):
            write_files(tmp_path / folder, {"a": "3", "b": full})
    assert contents(tmp_path / "new") == {"a": "1", "b": "2"}
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("has_links", [True, False])
def test_where_a_later_file_cannot_be_moved_those_before_it_are_taken_back(tmp_path, monkeypatch, has_links):
    def refuse(*_, **__):
        raise OSError(errno.EPERM, "Operation not permitted")

    if not has_links:
        monkeypatch.setattr(os, "link", refuse)
    write_file(tmp_path / "a", "old")
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "in the way").write_text("x")
    with pytest.raises(OSError, match="irectory"):
        write_files(tmp_path, {"a": "new", "b": "new", "c": "new"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "c"]
    assert (tmp_path / "a").read_text() == "old"


def test_text_has_the_same_bytes_on_every_system_and_a_file_its_own_name_while_written(tmp_path):
    names = []
    write_files(tmp_path, {"a.txt": "é\n", "b.npz": lambda path: names.append(path.name) or path.write_bytes(b"x")})
    assert (tmp_path / "a.txt").read_bytes() == b"\xc3\xa9\n"
    assert names == ["b.npz"]


def test_many_writers_of_one_file_never_meet(tmp_path):
    wrong, texts = [], [letter * 50_000 for letter in "abcdefgh"]

    def work(text: str) -> None:
        for _ in range(25):
            write_file(tmp_path / "shared", text)
            if (tmp_path / "shared").read_text() not in texts:
                wrong.append(text[0])

    threads = [threading.Thread(target=work, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == [] and [path.name for path in tmp_path.iterdir()] == ["shared"]


KILLED = """
import os, signal, sys
from pathlib import Path
from xai.files import write_file
def half(path):
    path.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
write_file(Path(sys.argv[1]), half)
"""


def test_a_killed_writer_leaves_the_file_as_it_was_and_what_is_swept_later(tmp_path):
    write_file(tmp_path / "a", "whole")
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "a")], cwd=REPOSITORY, timeout=60, check=False)
    assert (tmp_path / "a").read_text() == "whole"
    (left,) = (path for path in tmp_path.iterdir() if path.name != "a")
    assert left.name.startswith(UNFINISHED) and (left / "a").read_text() == "half"
    sweep(tmp_path)  # it may still be written, for all that anybody knows
    assert left.exists()
    sweep(tmp_path, older=0)
    assert contents(tmp_path) == {"a": "whole"}


def test_what_was_left_long_ago_is_swept_at_any_depth(tmp_path):
    left = tmp_path / "deep" / f"{UNFINISHED}x"
    left.mkdir(parents=True)
    (left / "half").write_text("x")
    for path in (left / "half", left):
        os.utime(path, (1, 1))
    sweep(tmp_path)
    assert list(tmp_path.rglob("*")) == [tmp_path / "deep"]


def test_a_synced_file_is_on_the_disk_before_it_has_its_name_and_the_name_after(tmp_path, monkeypatch):
    done, sync, move = [], os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda number: done.append("sync") or sync(number))
    monkeypatch.setattr(Path, "replace", lambda self, target: done.append("name") or move(self, target))
    write_file(tmp_path / "a", "1")
    assert done == ["name"]
    done.clear()
    write_file(tmp_path / "a", "2", synced=True)
    assert done == ["sync", "name", "sync"] and (tmp_path / "a").read_text() == "2"


def test_others_may_read_what_the_folder_lets_them(tmp_path):
    (tmp_path / "plain").write_text("x")
    write_files(tmp_path, {"a": "1", "b": lambda path: path.write_text("2")})
    modes = {path.stat().st_mode for path in tmp_path.iterdir()}
    assert len(modes) == 1


@pytest.mark.parametrize(("refusals", "text"), [(2, "new"), (9, "old")])
def test_on_windows_a_reader_is_waited_for_but_not_for_ever(tmp_path, monkeypatch, refusals, text):
    asked, move = [], Path.replace

    def busy(self: Path, target: Path) -> None:
        asked.append(target)
        if len(asked) <= refusals:
            raise PermissionError(errno.EACCES, "The process cannot access the file")
        move(self, target)

    write_file(tmp_path / "a", "old")
    monkeypatch.setattr(files, "PATIENCE_S", (0.0, 0.0, 0.0))
    monkeypatch.setattr(Path, "replace", busy)
    with pytest.raises(PermissionError) if text == "old" else contextlib.nullcontext():
        write_file(tmp_path / "a", "new")
    assert contents(tmp_path) == {"a": text} and len(asked) == min(refusals, 3) + 1


@pytest.mark.parametrize("has_links", [True, False])
def test_a_file_is_moved_over_no_other(tmp_path, monkeypatch, has_links):
    def refuse(*_, **__):
        raise NotImplementedError

    if not has_links:
        monkeypatch.setattr(os, "link", refuse)
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    with pytest.raises(FileExistsError):
        move_new(tmp_path / "a", tmp_path / "b")
    move_new(tmp_path / "a", tmp_path / "c")
    assert contents(tmp_path) == {"b": "b", "c": "a"}
