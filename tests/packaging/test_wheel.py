"""The wheel, installed outside the checkout and run from an empty folder, also as the container runs it."""

from __future__ import annotations

import json
import re
import subprocess
import zipfile
from contextlib import contextmanager
from urllib.request import urlopen

import numpy as np
import pandas as pd
import pytest

from tests.browser.conftest import wait_until_healthy
from tests.packaging.conftest import PACKAGES, REPOSITORY
from tests.ports import free_port

pytestmark = pytest.mark.packaging
PORT = "8501"  # the container's
ASSETS = "import xai.built_in; print(xai.built_in.ASSETS)"
# Runs the first page as a visitor's browser would have it run.
FIRST_PAGE = """
from streamlit.testing.v1 import AppTest
from dashboard.start import APP
app = AppTest.from_file(str(APP.with_name("main.py")), default_timeout=120).run()
assert not app.exception, app.exception
print(app.query_params["film"], app.selectbox(key="compare_model").value)
"""


@contextmanager
def served(installed, *words):
    """Start ``lightbox`` on a free port and give its address."""
    port = free_port()
    command = [str(installed.programs / "lightbox"), "--port", str(port), *words]
    server = subprocess.Popen(command, cwd=installed.folder, env=installed.environment())
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(60)


def assets_of(installed):
    return installed.run("python", "-c", ASSETS).stdout.strip()


def test_every_module_and_data_file_of_the_checkout_is_in_the_wheel(wheel):
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = (path for package in PACKAGES for path in (REPOSITORY / package).rglob("*") if path.is_file())
    wanted = {path.relative_to(REPOSITORY).as_posix() for path in files if path.suffix not in (".pyc", ".md")}
    assert packed == wanted


def test_the_checkout_cannot_be_read_while_this_is_tested(installed):
    done = installed.run("python", "-c", f"open({str(REPOSITORY / 'README.md')!r})")
    assert done.returncode == 1
    assert "READ IN THE CHECKOUT" in done.stderr
    assert assets_of(installed).startswith(str(installed.programs.parent))


def test_a_built_in_film_is_explained(installed):
    film = f"{assets_of(installed)}/datasets/simulated/films/s00000.png"
    words = (film, "--finding", "Emphysema", "--method", "gradcam", "lime", "--samples", "60", "--out", "maps")
    done = installed.run("lightbox", "explain", *words)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    maps = installed.folder / "maps"
    listed = json.loads((maps / "explanations.json").read_text(encoding="utf-8"))
    assert [one["method"] for one in listed] == ["gradcam", "lime"]
    for one in listed:
        values = np.load(maps / one["map"])
        assert values.shape == (128, 128) and values.any()
        assert (maps / one["overlay"]).stat().st_size > 1000


def test_built_in_predictions_are_evaluated(installed):
    predictions = f"{assets_of(installed)}/predictions/lightbox-on-simulated-2000"
    done = installed.run("lightbox", "evaluate", predictions, "--out", "figures")
    assert done.returncode == 0, done.stderr
    metrics = pd.read_csv(installed.folder / "figures" / "metrics.csv").set_index("finding")
    assert len(metrics) == 14
    assert metrics["auroc"].mean() == pytest.approx(0.988, abs=0.002)


def test_the_app_answers(installed):
    with served(installed) as address, urlopen(address, timeout=60) as page:
        assert page.status == 200
        assert b"<title>Streamlit</title>" in page.read()


def test_the_first_page_runs_with_the_models_and_films_of_the_wheel(installed):
    done = installed.run("python", "-c", FIRST_PAGE)
    assert done.returncode == 0, done.stderr
    film, model = done.stdout.split()
    assert (film, model) == ("simulated/s00000", "lightbox")


@pytest.fixture
def commands():
    """Give the commands of the Dockerfile: that of its health check, and the one it starts."""
    text = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    health, start = (json.loads(found) for found in re.findall(r"^\s*CMD (\[.+\])$", text, re.MULTILINE))
    return health, start


def test_the_containers_health_check_passes_while_the_app_runs_and_fails_once_it_does_not(installed, commands):
    health, start = commands
    assert start[:3] == ["lightbox", "--library", "/library"]
    assert start[3:] == ["--port", PORT, "--address", "0.0.0.0"]
    words = ("--library", str(installed.folder / "library"), "--address", "127.0.0.1")
    with served(installed, *words) as address:
        check = [word.replace(PORT, address.rsplit(":", 1)[1]) for word in health]
        assert check != health
        assert subprocess.run(check).returncode == 0
    assert subprocess.run(check, capture_output=True).returncode == 1
