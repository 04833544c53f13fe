"""The rooms of this server: opened, found by their code, ended after hours of silence, kept over a restart."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

from dashboard.rooms.bells import RoomError
from dashboard.rooms.codes import digest_of, is_code, new_code
from dashboard.rooms.kept import read_rooms, write_rooms
from dashboard.rooms.room import Room
from dashboard.server.library import Library

MOST_ROOMS = 20
SILENCE = 6 * 3600.0  # seconds without a word from its holder after which a room ends
KEEP = 300.0  # seconds after which it is written down again that a holder was heard
FILE = "rooms.json"


def steady_clock() -> Callable[[], float]:
    """Give seconds by the clock on the wall as it stood at first, whatever is done to that later: it closes no room."""
    begun = time.time() - time.monotonic()
    return lambda: begun + time.monotonic()


class Rooms:
    """The rooms of this server.

    Parameters
    ----------
    file : Path or None
        Where open rooms are kept over a restart; None to keep none.
    clock : callable, optional
        Gives seconds that go on over a restart; `steady_clock` if not given.
    """

    def __init__(self, file: Path | None = None, clock: Callable[[], float] | None = None) -> None:
        clock = clock or steady_clock()
        self._file, self._clock = file, clock
        self._lock = threading.RLock()
        restored = [] if file is None else read_rooms(file, MOST_ROOMS)
        now = clock()
        for room in restored:
            room.heard = min(room.heard, now)  # a clock that was wrong keeps no room for ever
        self._rooms = {room.code: room for room in restored}
        self._kept = now
        self.restored = tuple(restored)

    def open_one(self) -> tuple[Room, str]:
        """Open a room.

        Returns
        -------
        room : Room
        key : str
            Of its holder: nothing here can give it again.

        Raises
        ------
        RoomError
            Where there are as many as this server takes.
        """
        with self._lock:
            self._sweep()
            if len(self._rooms) >= MOST_ROOMS:
                raise RoomError(f"There are {MOST_ROOMS} rooms open, which is as many as this server takes.")
            code = next(code for code in iter(new_code, "") if code not in self._rooms)
            key = secrets.token_hex(16)
            room = Room(code, digest_of(key), self._clock())
            self._rooms[code] = room
        self.keep()
        return room, key

    def find(self, code: str) -> Room | None:
        """Give the room of a code in capital letters; None where there is none."""
        with self._lock:
            self._sweep()
            return self._rooms.get(code) if is_code(code) else None

    def held(self, key: str | None, visitor: str = "") -> Room | None:
        """Give the room that a key holds, or else that a visitor opened; None where there is none.

        Its holder was heard by this.
        """
        with self._lock:
            self._sweep()
            held = [room for room in self._rooms.values() if room.holds(key)]
            held = held or [room for room in self._rooms.values() if room.is_of(visitor)]
            for room in held:
                self.hear(room)
            return held[0] if held else None

    def hear(self, room: Room) -> None:
        """Note that a room's holder was heard: it stays open, over a restart too."""
        room.heard = self._clock()
        if room.heard - self._kept > KEEP:
            self.keep()

    def listed(self) -> list[Room]:
        """Give the open rooms, by their codes."""
        with self._lock:
            self._sweep()
            return [self._rooms[code] for code in sorted(self._rooms)]

    def close(self, room: Room) -> None:
        """End a room for everybody."""
        with self._lock:
            if self._rooms.get(room.code) is room:
                del self._rooms[room.code]
        room.close()
        self.keep()

    def keep(self) -> None:
        """Write down what a restart is to find."""
        if self._file is not None:
            with self._lock:
                self._kept = self._clock()
                write_rooms(self._file, self._rooms.values())

    def send_away(self) -> None:
        """Have nobody listen any more, before the server ends; the rooms stay open."""
        self.keep()
        for room in tuple(self._rooms.values()):
            room.send_away()

    def _sweep(self) -> None:
        silent = [room for room in self._rooms.values() if self._clock() - room.heard > SILENCE]
        for room in silent:
            del self._rooms[room.code]
            room.close()


def open_rooms(library: Library) -> Rooms:
    """Give the rooms of a library's server; `Services.of` makes them once."""
    return Rooms(library.root / FILE)
