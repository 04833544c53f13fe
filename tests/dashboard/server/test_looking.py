from __future__ import annotations

import threading

import pytest

from dashboard.server.looking import looked_up, looking_once


class Disk:
    def __init__(self) -> None:
        self.looks = 0

    @looked_up
    def find(self, name: str, *, deep: bool = False) -> str:
        self.looks += 1
        if name == "gone":
            raise FileNotFoundError(name)
        return f"{name} {self.looks}"


def test_outside_of_a_block_every_question_looks_again():
    disk = Disk()
    assert [disk.find("a"), disk.find("a")] == ["a 1", "a 2"]


def test_in_a_block_each_question_looks_once_and_the_next_block_looks_again():
    disk, other = Disk(), Disk()
    with looking_once():
        assert [disk.find("a"), disk.find("a"), disk.find("b")] == ["a 1", "a 1", "b 2"]
        assert [disk.find("a", deep=True), other.find("a")] == ["a 3", "a 1"]
        with looking_once():
            assert disk.find("a") == "a 1"
        assert disk.find("a") == "a 1"
    with looking_once():
        assert disk.find("a") == "a 4"


def test_an_error_is_not_kept_and_ends_a_block_cleanly():
    disk = Disk()
    with pytest.raises(FileNotFoundError), looking_once():
        for _ in range(2):
            with pytest.raises(FileNotFoundError):
                disk.find("gone")
        assert disk.looks == 2
        disk.find("gone")
    assert [disk.find("a"), disk.find("a")] == ["a 4", "a 5"]


def test_a_block_is_its_threads_own():
    disk, seen = Disk(), []
    with looking_once():
        disk.find("a")
        other = threading.Thread(target=lambda: seen.append(disk.find("a")))
        other.start()
        other.join()
        assert seen == ["a 2"] and disk.find("a") == "a 1"
