"""Make the maps that a first visitor sees at once: ``python -m dashboard.compare.first_screen``.

They are those of the film that hangs first, by the default model with the usual parameters, and come with the app. They
are named by film, model, card and parameters like any other result: whenever one of these changes they are simply
not found, and a test says that they must be made anew.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from dashboard.compare.hang import first_film
from dashboard.compare.state import State
from dashboard.server.services import Request, Services, open_services
from dashboard.server.store import SHIPPED
from xai.explainers import EXPLAINERS
from xai.explainers.archive import pack
from xai.files import write_file
from xai.models.engines.compiled import SINGLE
from xai.models.library import DEFAULT_MODEL


def requests(services: Services) -> list[Request]:
    """Ask for what a fresh visitor of a fresh library sees."""
    name = first_film(services)
    assert name is not None  # a dataset comes with the app
    dataset, _, film = name.partition("/")
    state, opened = State(), services.film(dataset, film)
    return [
        Request(opened, DEFAULT_MODEL, method, state.parameters(method), state.seed, of_dataset=True)
        for method in state.methods
    ]


def make(services: Services, folder: Path) -> list[Path]:
    """Compute them and write a file each, in place of those that are there."""
    from xai.models.classifier import Classifier

    for old in folder.glob("*.npz"):
        old.unlink()
    classifier = Classifier.load(services.library.models()[DEFAULT_MODEL], "openvino")  # in single precision anywhere
    written = []
    for request in requests(services):
        explainer = EXPLAINERS[request.method](**dict(request.parameters))
        made = explainer.explain(classifier, request.film, seed=request.seed)
        written.append(folder / f"{services.explanation_key(request, SINGLE)}.npz")
        write_file(written[-1], pack(made))
    return written


def main() -> int:
    """Make them and say how large they are."""
    with tempfile.TemporaryDirectory() as library:
        for path in make(open_services(Path(library)), SHIPPED):
            print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
