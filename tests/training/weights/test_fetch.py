"""Downloads from a server on this machine that cuts, lies, redirects and forgets."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from tests.ports import free_port
from training.__main__ import main
from training.weights import download
from training.weights import fetch_command as command
from training.weights.registry import Entry, FetchError, RemoteFile, find_entry, registry

CONTENT = np.random.default_rng(0).bytes(1_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server:
    """A file server that can be told to misbehave, and that remembers what it was asked."""

    def __init__(self):
        self.content, self.etag = CONTENT, '"version-1"'
        self.cuts: list[int] = []  # after so many bytes each next answer breaks off
        self.redirect: str | None = None
        self.content_type = "application/octet-stream"
        self.says_length = True
        self.ranges: list[str | None] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_GET(self):
                server.answer(self)

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self._http.shutdown()
        self._http.server_close()

    def answer(self, handler):
        asked = handler.headers.get("Range")
        self.ranges.append(asked)
        if self.redirect and handler.path.startswith("/old/"):
            handler.send_response(302)
            handler.send_header("Location", self.redirect)
            handler.end_headers()
            return
        if not handler.path.endswith("/weights.pth"):
            handler.send_error(404)
            return
        start = 0
        if asked and handler.headers.get("If-Range") == self.etag:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        if start >= len(self.content):
            handler.send_response(416)
            handler.send_header("Content-Range", f"bytes */{len(self.content)}")
            handler.end_headers()
            return
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        if self.says_length:
            handler.send_header("Content-Length", str(len(self.content) - start))
        if self.etag:
            handler.send_header("ETag", self.etag)
        handler.send_header("Content-Type", self.content_type)
        handler.end_headers()
        end = start + self.cuts.pop(0) if self.cuts else len(self.content)
        handler.wfile.write(self.content[start:end])


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


def remote(server: Server, **changes) -> RemoteFile:
    file = RemoteFile(f"{server.url}/weights.pth", "weights.pth", len(CONTENT), SHA256, 2_000_000)
    return dataclasses.replace(file, **changes)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_whole_file_arrives_with_its_progress(server, tmp_path):
    seen = []
    path = download.download(remote(server), tmp_path / "new", on_progress=lambda *state: seen.append(state))
    assert path.read_bytes() == CONTENT
    assert names(tmp_path / "new") == ["weights.pth"]
    assert seen[0] == (0, len(CONTENT)) and seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_a_cut_connection_is_resumed_at_once(server, tmp_path):
    server.cuts = [300_000, 200_000]
    assert download.download(remote(server), tmp_path).read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=300000-", "bytes=500000-"]


def test_a_download_that_failed_goes_on_in_the_next_run(server, tmp_path):
    server.cuts = [400_000, 0, 0, 0, 0]
    with pytest.raises(FetchError, match=r"broke off after 400000 bytes .* goes on from there"):
        download.download(remote(server), tmp_path)
    assert (tmp_path / "weights.pth.part").stat().st_size == 400_000
    server.cuts, server.ranges = [], []
    assert download.download(remote(server), tmp_path).read_bytes() == CONTENT
    assert server.ranges == ["bytes=400000-"]
    assert names(tmp_path) == ["weights.pth"]


def test_an_interrupted_download_keeps_its_part(server, tmp_path):
    def stop(done, total):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download.download(remote(server), tmp_path, on_progress=stop)
    assert "weights.pth" not in names(tmp_path)
    assert download.download(remote(server), tmp_path).read_bytes() == CONTENT
    assert server.ranges[-1].startswith("bytes=")


def test_a_file_that_changed_since_is_downloaded_anew(server, tmp_path):
    server.cuts = [400_000, 0, 0, 0, 0]
    with pytest.raises(FetchError):
        download.download(remote(server), tmp_path)
    server.cuts = []
    server.content, server.etag = CONTENT[::-1], '"version-2"'
    expected = hashlib.sha256(CONTENT[::-1]).hexdigest()
    assert download.download(remote(server, sha256=expected), tmp_path).read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize("etag", ["", 'W/"weak"'])
def test_a_part_of_an_unknown_version_is_not_continued(server, tmp_path, etag):
    server.etag = etag
    server.cuts = [400_000]
    assert download.download(remote(server), tmp_path).read_bytes() == CONTENT
    assert server.ranges == [None, None]


def test_a_part_that_was_whole_already_is_kept(server, tmp_path):
    server.cuts = [400_000, 0, 0, 0, 0]
    with pytest.raises(FetchError):
        download.download(remote(server), tmp_path)
    server.cuts = []
    (tmp_path / "weights.pth.part").write_bytes(CONTENT)
    assert download.download(remote(server), tmp_path).read_bytes() == CONTENT
    assert server.ranges[-1] == f"bytes={len(CONTENT)}-"


def test_two_downloads_of_one_file_do_not_mix(server, tmp_path):
    refused = []

    def second(done, total):
        if done and not refused:
            with pytest.raises(FetchError, match="being downloaded into the same folder already"):
                download.download(remote(server), tmp_path)
            refused.append(done)

    assert download.download(remote(server), tmp_path, on_progress=second).read_bytes() == CONTENT
    assert refused


def test_a_wrong_hash_is_refused_and_nothing_is_left(server, tmp_path):
    with pytest.raises(FetchError, match=r"not to be trusted and was removed: its sha256 is .* not 000000000000"):
        download.download(remote(server, sha256="0" * 64), tmp_path)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bytes": 999_999, "sha256": None}, "offers 1000000 bytes as weights.pth, which has 999999"),
        ({"bytes": None, "at_most": 999_999}, "at most 999999"),
    ],
)
def test_a_file_of_the_wrong_size_is_refused_before_it_is_downloaded(server, tmp_path, changes, message):
    with pytest.raises(FetchError, match=message):
        download.download(remote(server, **changes), tmp_path)
    assert names(tmp_path) == []


def test_a_file_of_unknown_length_is_bounded(server, tmp_path):
    server.says_length = False
    with pytest.raises(FetchError, match="longer than it may be"):
        download.download(remote(server, bytes=None, sha256=None, at_most=500_000), tmp_path)
    assert (tmp_path / "weights.pth.part").stat().st_size <= 500_000
    assert "weights.pth" not in names(tmp_path)


@pytest.mark.parametrize("target", ["https://127.0.0.1/weights.pth", "file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_a_redirect_to_another_scheme_is_refused(server, tmp_path, target):
    server.redirect = target
    with pytest.raises(FetchError, match=f"redirects from http to {target.split(':')[0]}, which is refused"):
        download.download(remote(server, url=f"{server.url}/old/weights.pth"), tmp_path)
    assert names(tmp_path) == []


def test_https_is_never_left_for_http():
    handler = download._SameScheme()
    request = download.urllib.request.Request("https://example.org/weights.pth")
    with pytest.raises(FetchError, match="from https to http,"):
        handler.http_error_302(request, None, 302, "Found", {"Location": "http://127.0.0.1/weights.pth"})


def test_a_redirect_to_another_machine_without_encryption_is_refused(server, tmp_path):
    server.redirect = "http://example.org/weights.pth"
    with pytest.raises(FetchError, match="must begin with https"):
        download.download(remote(server, url=f"{server.url}/old/weights.pth"), tmp_path)


def test_a_redirect_within_the_scheme_is_followed(server, tmp_path):
    server.redirect = "/new/weights.pth"
    path = download.download(remote(server, url=f"{server.url}/old/weights.pth"), tmp_path)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("url", ["http://example.org/x", "ftp://example.org/x", "file:///etc/passwd", "weights.pth"])
def test_an_address_without_encryption_is_refused(url):
    with pytest.raises(FetchError, match="must begin with https"):
        download.check_address(url)


def test_a_page_instead_of_the_file_is_refused(server, tmp_path):
    server.content_type = "text/html; charset=utf-8"
    with pytest.raises(FetchError, match=r"a web page instead of weights\.pth"):
        download.download(remote(server), tmp_path)


def test_offline_says_what_to_do(tmp_path):
    url = f"http://127.0.0.1:{free_port()}/weights.pth"
    with pytest.raises(FetchError, match=r"may be offline\. Download .* save it as weights\.pth, or .* --mirror"):
        download.download(RemoteFile(url, "weights.pth", None, None, 10), tmp_path)


def test_a_missing_file_is_named(server, tmp_path):
    with pytest.raises(FetchError, match=r"does not give weights\.pth \(status 404\)"):
        download.download(remote(server, url=f"{server.url}/elsewhere"), tmp_path)


def test_a_full_disk_is_one_sentence_and_keeps_the_part(server, tmp_path, monkeypatch):
    class Full:
        free = 10

    monkeypatch.setattr(download.shutil, "disk_usage", lambda folder: Full)
    with pytest.raises(FetchError, match="There is no room left"):
        download.download(remote(server), tmp_path)
    monkeypatch.undo()

    def no_space(done, total):
        if done:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(FetchError, match="There is no room left"):
        download.download(remote(server), tmp_path, on_progress=no_space)
    assert (tmp_path / "weights.pth.part").stat().st_size > 0


def test_what_is_there_is_not_downloaded_again_nor_replaced(server, tmp_path):
    target = tmp_path / "weights.pth"
    target.write_bytes(CONTENT)
    assert download.download(remote(server), tmp_path) == target
    target.write_bytes(b"a person's own file")
    with pytest.raises(FetchError, match="is there already, but it has 19 bytes"):
        download.download(remote(server), tmp_path)
    assert server.ranges == [] and target.read_bytes() == b"a person's own file"


def test_the_command_downloads_from_a_mirror(server, tmp_path, monkeypatch, capsys):
    file = RemoteFile("https://nowhere.invalid/weights.pth", "weights.pth", None, None, 2_000_000)
    entry = Entry("mine", "weights", "My weights", "https://nowhere.invalid", "MIT", "Me, 2026.", "", (file,))
    monkeypatch.setattr(command, "find_entry", lambda name: entry)
    assert main(["fetch", "mine", "--out", str(tmp_path), "--mirror", f"{server.url}/kept/", "--yes"]) == 0
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT
    said = capsys.readouterr().out
    assert said.index("Licence: MIT") < said.index("Saved")
    assert "Cite: Me, 2026." in said and "Size: not known" in said and "No sha256 is known for 1 of 1 files" in said


def test_the_command_does_not_download_without_a_yes(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: "n")
    assert main(["fetch", "xrv-all"]) == 2
    error = capsys.readouterr().err
    assert error == "python -m training: Nothing was downloaded.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing-like-it"], "There is nothing to fetch under"),
        ([], "Say what to fetch"),
        (["mendeley-folders"], "by hand"),
    ],
)
def test_bad_usage_is_one_line(arguments, message, capsys):
    assert main(["fetch", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_the_list_names_everything(capsys):
    assert main(["fetch", "--list"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in registry())


def test_every_entry_says_its_terms_and_has_a_safe_address():
    for entry in registry().values():
        assert entry.kind in ("weights", "data") and entry.title and entry.licence and entry.citation
        assert find_entry(entry.name) is entry
        download.check_address(entry.page)
        for file in entry.files:
            download.check_address(file.url)
            assert file.name == Path(file.name).name and file.at_most > 0
            assert file.sha256 is None or len(file.sha256) == 64
    files = [file.name for entry in registry().values() for file in entry.files]
    assert len(set(files)) == len(files)


@pytest.mark.parametrize("url", ["http://[::1", "http://127.0.0.1:abc/x", "https://a.org:99999/x", "https://a.org/a b"])
def test_an_address_that_is_none_is_not_called_a_broken_connection(url):
    with pytest.raises(FetchError, match="is no address to download from"):
        download.check_address(url)
