"""What may stand between a browser and the server: a line that can be cut, and a proxy that holds streams back."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Line:
    """Forwards connections to a port.

    Parameters
    ----------
    to : int
        Port of the server.
    holds_streams : bool
        Whether a stream of events reaches the browser only once it has ended, as behind a proxy that buffers.
    """

    def __init__(self, to: int, holds_streams: bool = False) -> None:
        self._to = to
        self._holds = holds_streams
        self._open: set[socket.socket] = set()
        self.is_cut = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break every connection and refuse new ones."""
        self.is_cut = True
        for one in tuple(self._open):
            _close(one)

    def mend(self) -> None:
        self.is_cut = False

    def close(self) -> None:
        self.cut()
        _close(self._listener)

    def _accept(self) -> None:
        while True:
            try:
                browser, _ = self._listener.accept()
                if self.is_cut:
                    _close(browser)
                    continue
                server = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                if self._listener.fileno() < 0:
                    return
                continue
            self._open |= {browser, server}
            threading.Thread(target=self._pump, args=(browser, server, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, browser, self._holds), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, holds: bool) -> None:
        held = b""
        try:
            while chunk := source.recv(65536):
                if holds and (held or b"text/event-stream" in chunk):
                    held += chunk
                    if not chunk.endswith(b"0\r\n\r\n"):  # the end of a stream
                        continue
                    chunk, held = held, b""
                sink.sendall(chunk)
        except OSError:
            pass
        finally:
            for one in (source, sink):
                self._open.discard(one)
                _close(one)


@contextmanager
def line(to: int, holds_streams: bool = False) -> Iterator[Line]:
    made = Line(to, holds_streams)
    try:
        yield made
    finally:
        made.close()


def _close(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
