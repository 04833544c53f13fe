"""What was freed goes back to the system; in a process of its own, as the pools are the process's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from xai import machine

FREED = """
import ctypes, threading
from pathlib import Path
from xai.machine import give_back_memory, share_memory_pools

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
resident = lambda: int(Path("/proc/self/statm").read_text().split()[1]) * 4096
share_memory_pools()

def fill_and_free():
    blocks = [libc.malloc(60_000) for _ in range(2000)]
    for block in blocks:
        ctypes.memset(block, 1, 60_000)
    kept.append(blocks[-1])  # what comes before it cannot be given back by shortening the pool
    for block in blocks[:-1]:
        libc.free(block)

kept = []
threads = [threading.Thread(target=fill_and_free) for _ in range(4)]
for thread in threads:
    thread.start(), thread.join()
before = resident()
give_back_memory()
print(before - resident())
"""


@pytest.mark.skipif(machine._libc() is None or not Path("/proc/self/statm").exists(), reason="glibc and Linux only")
def test_the_system_gets_back_what_threads_have_freed():
    done = subprocess.run([sys.executable, "-c", FREED], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 50e6


def test_elsewhere_nothing_is_done(monkeypatch):
    monkeypatch.setattr(machine, "_libc", lambda: None)
    machine.share_memory_pools()
    machine.give_back_memory()
