"""How often odd pictures are noticed, and real films are taken for odd; prints the table of docs/odd-pictures.md.

    python tests/benchmarks/odd_pictures.py DATASET [--other FOLDER] [--model MODEL] [--write]

DATASET is the folder of the dataset that `python -m training learn-looks` learned from: films of its split ``test``
took no part. FOLDER holds frontal films of other places. With --write, the figures go to xai/films/looks.json, where
the app reads them, and into the page.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

if TYPE_CHECKING:
    from training.looks.made import Maker

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "xai" / "films" / "looks.json"
PAGE = ROOT / "docs" / "odd-pictures.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
SEED = 20261126  # another than learning had
EACH = 400  # films that are made odd, a kind
SCREENS = 200
VIEWPORTS = ((1366, 768), (1920, 1080), (820, 1180), (390, 844))


def turned(films: list[np.ndarray]) -> dict[str, Iterable[np.ndarray]]:
    """Turn, invert and mirror films."""
    from xai.films.mend import Mend

    ways = {
        "films turned upside down": "round",
        "films turned a quarter left": "left",
        "films turned a quarter right": "right",
        "negatives": "invert",
        "negatives turned upside down": "round invert",
        "mirrored films": "mirror",
    }
    return {name: map(Mend.of(way.split()).pixels, films) for name, way in ways.items()}


def made(films: list[np.ndarray]) -> dict[str, Iterable[np.ndarray]]:
    """Make what learning made too, of other films and with another seed."""
    from training.looks.made import MAKERS

    names = {
        "photographs of screens": "made photographs of screens that show a film",
        "pages": "made pages, half of them with a small film",
        "textures": "made textures",
        "tiles in disorder": "films cut into tiles, in disorder",
        "small parts": "small parts of films",
    }
    rng = np.random.default_rng(SEED)
    return {names[name]: map(partial(_made, make, rng), films) for name, make in MAKERS.items()}


def _made(make: Maker, rng: np.random.Generator, film: np.ndarray) -> np.ndarray:
    return make(film, rng)


def photographs() -> Iterator[np.ndarray]:
    """Give the sample pictures of scikit-image, scikit-learn and Matplotlib, whole and four parts of each."""
    import matplotlib
    import skimage
    import sklearn

    folders = [
        Path(skimage.__file__).parent / "data",
        Path(sklearn.__file__).parent / "datasets" / "images",
        Path(matplotlib.__file__).parent / "mpl-data" / "sample_data",
    ]
    for film in read_all(path for folder in folders for path in sorted(folder.rglob("*.[jp][pn]g"))):
        height, width = film.shape
        yield film
        for top in (0, height // 3):
            for left in (0, width // 3):
                part = film[top : top + 2 * height // 3, left : left + 2 * width // 3]
                if min(part.shape) >= 32:
                    yield part


def faces() -> Iterator[np.ndarray]:
    """Give scikit-image's hundred small pictures of faces."""
    import cv2
    import skimage

    for face in np.load(Path(skimage.__file__).parent / "data" / "lfw_subset.npy")[:100]:
        yield np.clip(cv2.resize(face.astype(np.float32), (128, 128)), 0, 1)


def medical() -> Iterator[np.ndarray]:
    """Give pydicom's sample files that are read as radiographs at all: pictures of other things, or of other parts."""
    import pydicom

    yield from read_all(sorted((Path(pydicom.__file__).parent / "data" / "test_files").glob("*.dcm")))


def screenshots(films: list[np.ndarray]) -> Iterator[np.ndarray]:
    """Let Chromium draw pages with headings, text, tables and pictures, half of them with a film, and photograph it."""
    import base64

    from PIL import Image
    from playwright.sync_api import sync_playwright

    from xai.films.reading import read_film

    executable = shutil.which("chromium")
    if executable is None:
        return
    rng = np.random.default_rng(SEED)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        for number in range(SCREENS):
            width, height = VIEWPORTS[number % len(VIEWPORTS)]
            page.set_viewport_size({"width": width, "height": height})
            picture = ""
            if number % 2:
                stream = io.BytesIO()
                Image.fromarray(np.rint(255 * films[number]).astype(np.uint8)).save(stream, "PNG")
                picture = f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"
            page.set_content(_html(rng, picture))
            yield read_film(page.screenshot()).pixels
        browser.close()


def _html(rng: np.random.Generator, picture: str) -> str:
    dark = rng.random() < 0.5
    paper, ink = ("#0e1117", "#eee") if dark else ("#fff", "#222")
    words = [
        "the",
        "film",
        "shows",
        "a",
        "finding",
        "that",
        "the",
        "model",
        "answers",
        "with",
        "some",
        "probability",
        "beside",
        "its",
        "threshold",
        "and",
        "map",
    ]

    def line(count: int) -> str:
        return " ".join(rng.choice(words, count))

    blocks = [f"<h1>{line(3)}</h1>"]
    if picture:
        blocks.append(f'<img src="{picture}" style="width:{rng.integers(20, 60)}%">')
    for _ in range(rng.integers(2, 7)):
        kind = rng.integers(4)
        if kind == 0:
            blocks.append(f"<p>{line(int(rng.integers(20, 120)))}</p>")
        elif kind == 1:
            rows = "".join(f"<tr><td>{line(2)}</td><td>{rng.random():.3f}</td></tr>" for _ in range(6))
            blocks.append(f"<table border=1 width=100%>{rows}</table>")
        elif kind == 2:
            grey = rng.integers(30, 230)
            blocks.append(f'<div style="background:rgb({grey},{grey},{grey});height:{rng.integers(40, 300)}px"></div>')
        else:
            blocks.append("".join(f"<button>{line(2)}</button> " for _ in range(5)))
    if rng.random() < 0.5:
        style = f"float:left;width:{rng.integers(10, 25)}%;background:#8884"
        blocks.insert(0, f'<nav style="{style}">{line(30)}</nav>')
    return f'<body style="background:{paper};color:{ink};font-family:sans-serif">{"".join(blocks)}</body>'


def other_looks(films: list[np.ndarray]) -> dict[str, Iterable[np.ndarray]]:
    """Show real films as other viewers and scanners might: these are to be let through."""
    import cv2

    def cropped(film: np.ndarray) -> np.ndarray:
        height, width = film.shape
        return film[height // 12 : height - height // 12, width // 12 : width - width // 12]

    def margined(film: np.ndarray) -> np.ndarray:
        height, width = film.shape
        return cv2.copyMakeBorder(film, height // 12, height // 12, width // 12, width // 12, cv2.BORDER_CONSTANT)

    def equalised(film: np.ndarray) -> np.ndarray:
        return cv2.equalizeHist(np.rint(255 * film).astype(np.uint8)) / np.float32(255)

    return {
        "cropped by a twelfth at each edge": map(cropped, films),
        "with a black margin": map(margined, films),
        "of a quarter of the contrast": (0.4 + 0.25 * one for one in films),
        "with an even histogram": map(equalised, films),
    }


def read_all(paths: Iterable[Path]) -> Iterator[np.ndarray]:
    """Read films; what cannot be hung is passed over."""
    import warnings

    from xai.films.film import FilmError
    from xai.films.reading import read_film

    for path in paths:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield read_film(path).pixels
        except FilmError:
            continue


class Count:
    """How many pictures there were of each kind, and what was noticed of them."""

    def __init__(self, model: Path | None) -> None:
        from xai.models.classifier import Classifier

        self.classifier = Classifier.load(model) if model else None

    def of(self, pictures: Iterable[np.ndarray]) -> dict[str, int]:
        """Count the pictures, those that look odd, and with a model those that are far from its training films."""
        from xai.films.film import Film
        from xai.films.looks import odd_looks

        found = {"pictures": 0, "noticed": 0}
        if self.classifier is not None:
            found |= {"far": 0, "either": 0}
        for pixels in pictures:
            film = Film.from_pixels(np.ascontiguousarray(pixels, np.float32))
            odd = odd_looks(film) is not None
            found["pictures"] += 1
            found["noticed"] += odd
            if self.classifier is not None:
                distance, seen = self.classifier.distance(film), self.classifier.card.seen
                far = distance is not None and seen is not None and bool(seen.is_far(distance))
                found["far"] += far
                found["either"] += odd or far
        return found


def measure(dataset_folder: Path, other: Path | None, model: Path | None) -> dict[str, Any]:
    """Measure everything."""
    from training.datasets.table import read_dataset
    from training.looks.films import some_of
    from training.opening import film_path
    from xai.built_in import BUILT_IN_DATASETS
    from xai.films.upright import networks

    dataset = read_dataset(dataset_folder)
    test = dataset.films[(dataset.films["split"] == "test") & dataset.films["on_disk"].astype(bool)]
    paths = {row["film"]: film_path(dataset, row) for _, row in test.iterrows()}
    count = Count(model)
    some = list(read_all(paths[name] for name in some_of(test, EACH, SEED)["film"]))
    by_view = {
        f"taken {view}": count.of(read_all(paths[name] for name in test["film"][test["view"] == view]))
        for view in ("PA", "AP")
    }
    real = {key: sum(one[key] for one in by_view.values()) for key in by_view["taken PA"]}
    films = {**by_view, **{name: count.of(pictures) for name, pictures in other_looks(some).items()}}
    if other is not None:
        films["of other hospitals"] = count.of(read_all(sorted(path for path in other.iterdir() if path.is_file())))
    simulated = sorted((BUILT_IN_DATASETS / "simulated" / "films").glob("*.png"))
    films["that are simulated"] = count.of(read_all(simulated))
    kinds = {
        **turned(some),
        **made(some),
        "screenshots of pages": screenshots(some),
        "sample photographs, whole and in parts": photographs(),
        "small pictures of faces": faces(),
        "sample DICOM files of other things": medical(),
    }
    measured = {name: count.of(pictures) for name, pictures in kinds.items()}
    kept = {name: one for name, one in measured.items() if one["pictures"]}
    name = count.classifier.card.name if count.classifier else None
    return {"made": networks().made, "model": name, "real": real, "films": films, "kinds": kept}


def table(found: dict[str, Any]) -> str:
    """Write the figures as two tables for the page."""
    lines = []
    has_model = found["model"] is not None
    columns = ["looks odd"] + ([f"far from {found['model']}'s films", "either"] if has_model else [])
    keys = ["noticed"] + (["far", "either"] if has_model else [])
    films = {f"all {found['real']['pictures']:,}": found["real"], **found["films"]}
    for title, rows in (("real or simulated films", films), ("odd pictures", found["kinds"])):
        lines += [f"| {title} | pictures | {' | '.join(columns)} |", "|---|---|" + "---|" * len(columns)]
        for name, one in rows.items():
            cells = " | ".join(share(one[key], one["pictures"]) for key in keys)
            lines.append(f"| {name} | {one['pictures']:,} | {cells} |")
        lines.append("")
    return "\n".join(lines)


def share(part: int, whole: int) -> str:
    """Write a share with Wilson's 95 % interval."""
    from training.evaluate.rates import wilson

    low, high = wilson(part, whole)
    return f"{part / whole:.1%} ({low:.1%} to {high:.1%})"


def page_with(text: str, found: dict[str, Any]) -> str:
    """Put the tables into the page."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{table(found)}\n{END}{rest.split(END)[1]}"


def main() -> None:
    """Measure, print, and write where that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--other", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    found = measure(options.dataset, options.other, options.model)
    print(table(found))
    if options.write:
        RESULTS.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        PAGE.write_text(page_with(PAGE.read_text("utf-8"), found), encoding="utf-8")


if __name__ == "__main__":
    main()
