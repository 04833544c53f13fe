from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dashboard.server import disk_cache as module
from dashboard.server.disk_cache import DiskCache
from tests.conftest import REPOSITORY

KILO = bytes(1000)


def age(folder: Path, key: str, when: float) -> None:
    os.utime(folder / key[:2] / f"{key}.bin", (when, when))


def held(folder: Path) -> set[str]:
    return {path.stem for path in folder.rglob("*") if path.is_file()}


def test_it_gives_what_it_was_given_to_this_cache_and_the_next(tmp_path):
    cache = DiskCache(tmp_path / "cache", 10_000, ".bin")
    assert cache.get("aaaa") is None
    cache.put("aaaa", b"content")
    assert cache.get("aaaa") == DiskCache(tmp_path / "cache", 10_000, ".bin").get("aaaa") == b"content"
    cache.put("aaaa", b"newer")
    assert cache.get("aaaa") == b"newer"
    assert [path.name for path in (tmp_path / "cache" / "aa").iterdir()] == ["aaaa.bin"]


def test_what_was_used_longest_ago_goes_first(tmp_path):
    cache = DiskCache(tmp_path, 3_500, ".bin")
    for when, key in enumerate(("one", "two", "three")):
        cache.put(key, KILO)
        age(tmp_path, key, 1000 + when)
    assert cache.get("one") == KILO  # used now: the second is the oldest
    cache.put("four", KILO)
    assert held(tmp_path) == {"one", "three", "four"}
    cache.put("large", bytes(3_000))
    assert held(tmp_path) == {"large"}


def test_it_never_holds_more_than_its_limit(tmp_path):
    cache = DiskCache(tmp_path, 20_000, ".bin")
    for number in range(60):
        cache.put(f"{number:04}", KILO)
        assert sum(path.stat().st_size for path in tmp_path.rglob("*.bin")) <= 20_000
    assert cache.get("0059") == KILO and len(held(tmp_path)) >= 18


def test_a_large_folder_is_looked_through_rarely(tmp_path, monkeypatch):
    looked, files = [], module._files
    monkeypatch.setattr(module, "_files", lambda folder: looked.append(folder) or files(folder))
    cache = DiskCache(tmp_path, 160_000, ".bin")
    for number in range(41):
        cache.put(f"{number:04}", KILO)
    assert len(looked) == 5  # at the first put, then each time 10 of the 160 kB were written


def test_two_caches_on_one_folder_share_what_they_keep_and_the_limit(tmp_path):
    first, second = DiskCache(tmp_path, 16_000, ".bin"), DiskCache(tmp_path, 16_000, ".bin")
    for number in range(40):
        (first, second)[number % 2].put(f"{number:04}", KILO)
    assert first.get("0039") == second.get("0038") == KILO
    assert 14_000 <= 1000 * len(held(tmp_path)) <= 17_000


def test_a_file_that_another_server_removes_meanwhile_is_no_error(tmp_path, monkeypatch):
    cache, files = DiskCache(tmp_path, 2_000, ".bin"), module._files
    monkeypatch.setattr(module, "_files", lambda folder: [(0.0, 9_000, str(folder / "gone")), *files(folder)])
    cache.put("aaaa", KILO)
    cache.put("bbbb", KILO)
    assert held(tmp_path) == {"bbbb"}


def test_many_threads_lose_nothing_and_never_meet(tmp_path):
    caches = [DiskCache(tmp_path, 10**7, ".bin") for _ in range(2)]
    wrong: list[str] = []

    def work(number: int) -> None:
        for turn in range(30):
            cache, key = caches[(number + turn) % 2], f"{turn % 5:04}"
            cache.put(key, key.encode() * 2000)
            if cache.get(key) != key.encode() * 2000:
                wrong.append(key)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert held(tmp_path) == {f"{key:04}" for key in range(5)}
    assert not list(tmp_path.rglob(".writing-*"))


SERVER = """
import hashlib, random, sys
from pathlib import Path
from dashboard.server.disk_cache import DiskCache

folder, seed = Path(sys.argv[1]), int(sys.argv[2])
cache, draw = DiskCache(folder, 400_000, ".bin"), random.Random(seed)
keys = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(60)]
print("ready", flush=True)
sys.stdin.readline()
found = 0
for _ in range(600):
    key = draw.choice(keys)
    wanted = key.encode() * 200
    content = cache.get(key)
    assert content in (None, wanted), "a part of a file"
    found += content is not None
    if content is None or draw.random() < 0.5:
        cache.put(key, wanted)
print(found)
"""


def test_two_servers_that_keep_the_same_results_at_once_never_read_a_part_of_one(tmp_path):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": REPOSITORY}
    command = [sys.executable, "-c", SERVER, str(tmp_path / "cache")]
    servers = [subprocess.Popen([*command, str(seed)], **pipes) for seed in range(2)]
    for server in servers:
        assert server.stdout.readline() == "ready\n"
    for server in servers:
        server.stdin.write("\n")
        server.stdin.flush()
    found = [int(server.communicate(timeout=60)[0]) for server in servers]
    assert [server.returncode for server in servers] == [0, 0]
    assert min(found) > 0  # what one had kept, or the other
    kept = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in kept) <= 400_000 + 400_000 // 16
    assert all(path.suffix == ".bin" for path in kept)  # nothing unfinished is left


def test_what_earlier_versions_left_counts_and_goes_when_there_is_no_room(tmp_path):
    for name in ("errors/abc.npz", "aa/aaaa.1f2e.part", "aa/aaaa.npz"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(KILO)
        os.utime(path, (1000, 1000))
    DiskCache(tmp_path, 3_500, ".bin").put("bbbb", KILO)
    assert len(held(tmp_path)) == 3
    DiskCache(tmp_path, 1_500, ".bin").put("cccc", KILO)
    assert held(tmp_path) == {"cccc"}


def test_what_a_killed_server_left_unfinished_is_removed(tmp_path):
    left = tmp_path / "aa" / ".writing-killed"
    left.mkdir(parents=True)
    (left / "aaaa.bin").write_bytes(KILO)
    for path in (left / "aaaa.bin", left):
        os.utime(path, (1000, 1000))
    DiskCache(tmp_path, 10_000, ".bin").put("aabb", KILO)
    assert held(tmp_path) == {"aabb"} and not left.exists()


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), PermissionError(30, "Read-only file system")]
)
def test_a_disk_that_takes_nothing_costs_the_file_and_nothing_else(tmp_path, monkeypatch, error):
    cache = DiskCache(tmp_path, 10_000, ".bin")
    cache.put("aaaa", b"before")

    def refuse(path: Path, content: bytes) -> None:
        raise error

    monkeypatch.setattr(Path, "write_bytes", refuse)
    monkeypatch.setattr(os, "utime", lambda path: refuse(path, b""))
    cache.put("aaaa", b"after")
    cache.put("bbbb", b"after")
    assert cache.get("aaaa") == b"before" and cache.get("bbbb") is None
    assert held(tmp_path) == {"aaaa"}


def test_an_empty_file_or_a_folder_of_that_name_is_nothing(tmp_path):
    cache = DiskCache(tmp_path, 10_000, ".bin")
    (tmp_path / "aa" / "aaaa.bin").parent.mkdir()
    (tmp_path / "aa" / "aaaa.bin").write_bytes(b"")
    (tmp_path / "aa" / "aabb.bin").mkdir()
    assert cache.get("aaaa") is None and cache.get("aabb") is None
    cache.put("aaaa", KILO)
    cache.put("aabb", KILO)
    assert cache.get("aaaa") == KILO and cache.get("aabb") is None
