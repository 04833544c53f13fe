from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest
from threadpoolctl import OpenBLASController

from tests.conftest import REPOSITORY
from xai import machine
from xai.machine import cores, file_name, free_name, locked, process_pool, relative_path

TAKEN = ValueError("taken")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Pleural_Thickening", "Pleural_Thickening"),
        ("s00173.Mass.lime", "s00173.Mass.lime"),
        ("Lung Opacity é", "Lung Opacity é"),
        ('a:b*c?d"e<f>g|h', "a-b-c-d-e-f-g-h"),
        ("a/b\\\\c\n", "a-b--c-"),
        ("end.", "end-"),
        ("end ", "end-"),
        ("..", ".-"),
        ("", "-"),
        ("CON", "CON-"),
        ("nul.Mass.lime", "nul-.Mass.lime"),
        ("com1 .x", "com1- .x"),
        ("falcon", "falcon"),
        ("console.x", "console.x"),
        ("com10", "com10"),
    ],
)
def test_a_file_name_is_one_on_windows_too(text, name):
    assert file_name(text) == name
    assert file_name(name) == name


def test_names_that_would_be_one_file_get_numbers():
    taken: set[str] = set()
    assert [free_name(text, taken) for text in ("a:b", "a?b", "A-B", "c", "a-b-2")] == [
        "a-b", "a-b-2", "A-B-3", "c", "a-b-2-2",
    ]  # fmt: skip


def test_a_path_is_relative_or_in_full_where_it_lies_on_another_drive(tmp_path, monkeypatch):
    assert relative_path(tmp_path / "a" / "b", tmp_path / "c") == "../a/b"

    def other_drive(path, start):
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr(os.path, "relpath", other_drive)
    assert relative_path(tmp_path / "a", tmp_path) == (tmp_path / "a").as_posix()


def test_cores_are_those_that_the_process_may_use(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {2, 5, 7}, raising=False)
    assert cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert cores() == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1


def test_no_more_processes_start_than_the_system_waits_for(monkeypatch):
    monkeypatch.setattr(machine, "MOST_PROCESSES", 2)
    with process_pool(200) as pool:
        assert pool._max_workers == 2
    with process_pool(1, os.putenv, "LIGHTBOX_TEST", "x") as pool:
        assert pool.submit(abs, -3).result() == 3


HOLDS = """
import sys
from xai.machine import locked
with open(sys.argv[1], "a", encoding="utf-8") as stream, locked(stream, ValueError("taken")):
    print("held", flush=True)
    sys.stdin.read()
"""


def _blas_threads() -> list[int]:
    return [one["num_threads"] for one in machine._blas().info()]


def test_linear_algebra_keeps_to_one_thread_and_has_as_many_as_before_once_the_last_block_ends():
    as_it_was = machine._blas().limit(limits=2)
    OpenBLASController.clear_controlling_thread()  # so that another one may set a limit
    inside, beside = threading.Event(), []

    def block() -> None:
        with machine.one_blas_thread():
            beside.append(_blas_threads())
            inside.wait(5)

    other = threading.Thread(target=block)
    with machine.one_blas_thread():
        other.start()
        assert set(_blas_threads()) == {1}
    inside.set()
    other.join()
    assert [set(threads) for threads in beside] == [{1}]
    assert set(_blas_threads()) == {2}
    as_it_was.restore_original_limits()


def test_a_lock_keeps_another_program_out_until_it_ends_or_is_killed(tmp_path):
    file = tmp_path / "lock"
    command = [sys.executable, "-c", HOLDS, str(file)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        with file.open("a") as stream, pytest.raises(ValueError, match="taken"), locked(stream, TAKEN):
            pass
        other.kill()
    with file.open("a") as stream, locked(stream, TAKEN):
        pass


def test_a_lock_of_windows_is_a_byte_behind_the_end_and_moves_nothing(tmp_path, monkeypatch):
    calls, held = [], []

    def locking(number: int, how: str, count: int) -> None:
        calls.append((how, count, os.lseek(number, 0, os.SEEK_CUR)))
        if how == "lock" and held:
            raise PermissionError(errno.EACCES, "Permission denied")
        held.append(number) if how == "lock" else held.clear()

    monkeypatch.setattr(machine, "fcntl", None)
    monkeypatch.setattr(machine, "msvcrt", SimpleNamespace(LK_NBLCK="lock", LK_UNLCK="unlock", locking=locking))
    with (tmp_path / "file").open("wb") as stream:
        stream.write(b"abc")
        stream.flush()
        with locked(stream, TAKEN), pytest.raises(ValueError, match="taken"), locked(stream, TAKEN):
            pass
        stream.write(b"def")
    assert (tmp_path / "file").read_bytes() == b"abcdef"
    assert calls == [(how, 1, machine.LOCKED_BYTE) for how in ("lock", "lock", "unlock")]


@pytest.mark.parametrize("has_locks", [True, False])
def test_where_there_are_no_locks_the_work_goes_on(tmp_path, monkeypatch, has_locks):
    def refuse(stream, how):
        raise OSError(errno.ENOLCK, "No locks available")

    there = SimpleNamespace(LOCK_EX=2, LOCK_NB=4, LOCK_UN=8, flock=refuse)
    monkeypatch.setattr(machine, "fcntl", there if has_locks else None)
    monkeypatch.setattr(machine, "msvcrt", None)
    done = []
    with (tmp_path / "file").open("w") as stream, locked(stream, TAKEN):
        done.append(1)
    assert done == [1]
