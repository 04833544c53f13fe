"""Downloads, imports and looks into models, without a page."""

from __future__ import annotations

import http.server
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from dashboard.models.incoming import list_incoming
from dashboard.models.services import ModelServices, TrackedJob
from dashboard.server.library import Library
from tests.dashboard.models.model_library import put
from tests.dashboard.pages import plain
from training.weights.registry import Entry, RemoteFile, registry
from training.weights.tensors import WeightsError


def until_ended(tracked: TrackedJob) -> TrackedJob:
    end = time.monotonic() + 60
    while not tracked.job.ended:
        assert time.monotonic() < end
        time.sleep(0.02)
    return tracked


@pytest.fixture
def server() -> Iterator[str]:
    """A server that sends a thousand bytes, or begins a download that only a cancel ends."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            endless = self.path.endswith("endless.pth")
            self.send_response(200)
            self.send_header("Content-Length", str(10**8 if endless else 1000))
            self.end_headers()
            try:
                self.wfile.write(b"w" * 1000)
                while endless:
                    self.wfile.write(b"w" * 300_000)
                    time.sleep(0.02)
            except OSError:
                return

        def log_message(self, *arguments):
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http_server:
        threading.Thread(target=http_server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http_server.server_port}"
        http_server.shutdown()


def entry(address: str, name: str) -> Entry:
    return Entry(
        "mine",
        "weights",
        "Mine",
        "page",
        "none",
        "nobody",
        "",
        (RemoteFile(f"{address}/{name}", name, None, None, 10**9),),
    )


def test_what_is_fetched_lies_in_the_downloads(tmp_path, server):
    tracked = until_ended(ModelServices(Library(tmp_path)).fetch(entry(server, "net.pth")))
    assert (tracked.job.state, tracked.job.result) == ("done", "mine")
    assert (tmp_path / "downloads" / "net.pth").read_bytes() == b"w" * 1000
    assert list(list_incoming(Library(tmp_path))) == ["downloads/net.pth"]


def test_a_cancelled_download_keeps_its_part_and_is_offered_to_nobody(tmp_path, server):
    shared = ModelServices(Library(tmp_path))
    tracked = shared.fetch(entry(server, "endless.pth"))
    part_file = tmp_path / "downloads" / "endless.pth.part"
    end = time.monotonic() + 60
    while not (part_file.exists() and part_file.stat().st_size > 1000):
        assert time.monotonic() < end
        time.sleep(0.02)
    shared.stop(tracked.key)
    while shared.jobs.find(tracked.key) is not None:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert shared.tracked_jobs() == []
    assert part_file.exists()
    assert list_incoming(Library(tmp_path)) == {}


def test_offline_is_one_sentence(tmp_path):
    tracked = until_ended(ModelServices(Library(tmp_path)).fetch(entry("http://127.0.0.1:9", "net.pth")))
    assert tracked.job.state == "failed"
    assert "127.0.0.1 cannot be reached" in tracked.job.error
    assert "may be offline" in tracked.job.error


def test_an_import_tells_its_notes_or_why_not(tmp_path, monkeypatch):
    monkeypatch.setattr("dashboard.server.services.keep_keras_state", lambda: None)
    asked = []

    def import_weights(file, layout, out, outputs, source, on_step):
        on_step("reading the checkpoint")
        asked.append((file.name, layout, out.name, outputs, source))
        if outputs:
            raise WeightsError("net.pth cannot be imported: one tensor is missing.")
        return type("Imported", (), {"path": out, "notes": ("Three tensors.",)})

    monkeypatch.setitem(sys.modules, "training.weights.importing", type(sys)("importing"))
    sys.modules["training.weights.importing"].import_weights = import_weights
    (tmp_path / "imports").mkdir()
    (tmp_path / "imports" / "net.pth").write_bytes(b"x")
    library = Library(tmp_path)
    shared, one = ModelServices(library), list_incoming(library)["imports/net.pth"]
    good = until_ended(shared.bring(one, "torchvision", tmp_path / "a.keras", None, "chexnet-jrzech"))
    bad = until_ended(shared.bring(one, "torchvision", tmp_path / "b.keras", ("Mass",), None))
    assert good.job.result == ("a", ("Three tensors.",))
    assert bad.job.error == "net.pth cannot be imported: one tensor is missing."
    assert asked == [
        ("net.pth", "torchvision", "a.keras", None, "chexnet-jrzech"),
        ("net.pth", "torchvision", "b.keras", ("Mass",), None),
    ]


def test_every_entry_of_the_registry_tells_its_terms():
    from dashboard.models.panels.bringing import entry_words

    for one in registry().values():
        words = plain(entry_words(one))
        assert " ".join(one.licence.split()) in words
        assert " ".join(one.citation.split()) in words


def test_layers_are_read_and_a_damaged_file_says_so(shelf):
    shared = ModelServices(Library(shelf.root))
    path = shelf.add_model("tiny")
    until_ended(shared.look("tiny", path))
    found = {layer.kind: (layer.shape, layer.parameters) for layer in shared.layers(path)}
    assert found == {
        "InputLayer": ("16 × 16 × 1", 0),
        "Conv2D": ("14 × 14 × 3", 30),
        "GlobalAveragePooling2D": ("3", 0),
        "Dense": ("2", 8),
    }
    broken = put(shelf.root, "broken", None)
    assert "broken.keras" in until_ended(shared.look("broken", broken)).job.error
    assert shared.layers(broken) is None
