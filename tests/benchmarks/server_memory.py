"""How long the server's work takes and how much memory it holds: ``python tests/benchmarks/server_memory.py``.

Drives the services in process, as the page does, on generated films. Prints figures and judges nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import streamlit  # noqa: F401  part of what the server holds

from dashboard.compare import light_box
from dashboard.compare.state import State as CompareState
from dashboard.components.packing import pack
from dashboard.server.services import Request, Services, open_services
from xai.explainers import DEFAULT_METHODS, EXPLAINERS
from xai.films.film import Film
from xai.models.library import DEFAULT_MODEL


def resident() -> float:
    """Memory of this process in MiB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


def film(seed: int, side: int = 1024) -> Film:
    """Make a smooth random film of the size and depth of NIH's."""
    noise = gaussian_filter(np.random.default_rng(seed).random((side, side), np.float32), 12)
    return Film.from_pixels(np.rint(255 * (noise - noise.min()) / np.ptp(noise)) / np.float32(255))


def requests(one: Film) -> list[Request]:
    """Ask for the three usual maps with their usual parameters."""
    return [Request(one, DEFAULT_MODEL, method, CompareState().parameters(method)) for method in DEFAULT_METHODS]


def look(services: Services, one: Film) -> float:
    """Show a film as the page does, with what the browser is sent; gives the seconds until all is there."""
    start = time.perf_counter()
    services.films.put(one)
    find, offer = services.channel.parts.find, services.channel.parts.offer
    find(offer(["film", one.sha256], lambda: pack(light_box.film_pixels(one))), "visitor")
    jobs = [services.explain("visitor", request) for request in requests(one) if services.found(request) is None]
    while not all(job.ended for job in jobs):
        services.jobs.keep_only("visitor", [job.key for job in jobs])
        time.sleep(0.005)
    services.jobs.keep_only("visitor", [])
    card = services.library.card(DEFAULT_MODEL)
    for request in requests(one):
        made, method = services.found(request), EXPLAINERS[request.method]
        name = ["maps", services.explanation_key(request)]
        find(offer(name, lambda made=made, method=method: pack(light_box.maps_part(method, made, card, {}))), "visitor")
    return time.perf_counter() - start


def main() -> None:
    """Print seconds and MiB as explanations add up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--explanations", type=int, default=200, help="three a film")
    last = parser.parse_args().explanations
    with tempfile.TemporaryDirectory() as folder:
        services = open_services(Path(folder))
        print(f"before TensorFlow   {resident():7.0f} MiB")
        print(f"first film          {look(services, film(0)):7.2f} s, with TensorFlow and the model to load")
        print(f"second film         {look(services, film(1)):7.2f} s for three maps of all findings")
        print(f"asked again         {look(services, film(1)):7.3f} s")
        marks = [mark for mark in (6, 50, 100, 150, last) if mark <= last]
        for number in range(2, last // 3 + 2):
            if marks and 3 * number >= marks[0]:
                print(f"{3 * number:4} explanations   {resident():7.0f} MiB")
                marks.pop(0)
            look(services, film(number))


if __name__ == "__main__":
    main()
