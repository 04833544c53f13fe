from __future__ import annotations

import os
import socket
import sys

import pytest

from dashboard.server import peer
from dashboard.server.owner import is_at_the_machine
from dashboard.server.peer import is_of_another_user

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells")
OURS, NGINX = 1000, 33
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Have the system know of connections that a test writes down, and serve as one user."""
    monkeypatch.setattr(peer.os, "getuid", lambda: OURS)

    def write(*rows: tuple[str, str, int], name: str = "tcp") -> None:
        lines = [f"   {k}: {a} {b} 01 00000000:00000000 00:00000000 00000000  {user}  0 5 1\n" for k, (a, b, user) in
                 enumerate(rows)]  # fmt: skip
        (tmp_path / name).write_text(HEAD + "".join(lines))
        monkeypatch.setattr(peer, "TABLES", (tmp_path / "tcp", tmp_path / "tcp6"))

    return write


@pytest.mark.skipif(sys.byteorder != "little", reason="the tables are written down here in little-endian order")
def test_a_proxy_that_runs_as_another_user_is_nobody_at_the_machine_whatever_it_says(table):
    client, server = ("127.0.0.1", 0x9C40), ("127.0.0.1", 8501)
    asked = {"type": "http", "client": client, "server": server, "headers": [(b"host", b"127.0.0.1:8501")]}
    back = ("0100007F:2135", "0100007F:9C40", OURS)  # the server's own end of it
    table(back, ("0100007F:9C40", "0100007F:2135", NGINX))
    assert is_of_another_user(client, server) and not is_at_the_machine(asked)
    table(back, ("0100007F:9C40", "0100007F:2135", OURS))
    assert not is_of_another_user(client, server) and is_at_the_machine(asked)


@pytest.mark.skipif(sys.byteorder != "little", reason="the tables are written down here in little-endian order")
def test_addresses_of_the_longer_kind_are_found_in_either_table(table):
    loop, four = "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"
    table((f"{loop}:9C40", f"{loop}:2135", NGINX), (f"{four}:9C41", f"{four}:2135", NGINX), name="tcp6")
    assert is_of_another_user(("::1", 0x9C40), ("::1", 8501))
    assert is_of_another_user(("::ffff:127.0.0.1", 0x9C41), ("::ffff:127.0.0.1", 8501))
    assert is_of_another_user(("127.0.0.1", 0x9C41), ("127.0.0.1", 8501))
    assert not is_of_another_user(("::1", 0x9C42), ("::1", 8501))


def test_what_the_system_does_not_tell_is_held_against_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr(peer, "TABLES", (tmp_path / "nowhere",))
    assert not is_of_another_user(("127.0.0.1", 5000), ("127.0.0.1", 8501))


def test_a_real_connection_of_this_process_is_its_own_users(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        ends = client.getsockname(), server.getsockname()
        assert not is_of_another_user(*ends)
        if peer.TABLES[0].exists() and list(peer._users(peer.TABLES[0], *ends)):
            monkeypatch.setattr(peer.os, "getuid", lambda: os.geteuid() + 1)
            assert is_of_another_user(*ends)
