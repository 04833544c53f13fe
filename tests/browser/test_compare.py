"""The Compare page, driven as a visitor would."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pydicom.dataset import Dataset as DicomDataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid
from scipy.ndimage import gaussian_filter

from training.datasets.table import COLUMNS, DatasetFacts, write_dataset
from xai.film import read_film

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect
pytestmark = pytest.mark.browser

APP = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"
SLOW = 240_000  # milliseconds: a busy machine takes its time, and nothing waits longer than it must
PATIENT = "Doe^Jane^Confidential"
DATASET = "generated"
OVERTURE = {"film": f"{DATASET}/a", "finding": "Effusion", "lime.samples": "100", "shap.evaluations": "100"}


def picture(seed: int, height: int = 192, width: int = 176) -> np.ndarray:
    """A smooth random film, uint8."""
    shades = gaussian_filter(np.random.default_rng(seed).random((height, width)), 9)
    return np.uint8(255 * (shades - shades.min()) / np.ptp(shades))


def png(shades: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(shades).save(stream, "PNG")
    return stream.getvalue()


def dicom(shades: np.ndarray) -> bytes:
    """A digital radiograph with a patient's name in its header."""
    file = DicomDataset()
    file.file_meta = FileMetaDataset()
    file.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file.SOPClassUID = DigitalXRayImageStorageForPresentation
    file.SOPInstanceUID = generate_uid()
    file.PatientName, file.Modality, file.ViewPosition = PATIENT, "DX", "PA"
    file.Rows, file.Columns = shades.shape
    file.SamplesPerPixel, file.PhotometricInterpretation = 1, "MONOCHROME2"
    file.BitsAllocated, file.BitsStored, file.HighBit, file.PixelRepresentation = 16, 12, 11, 0
    file.PixelData = (shades.astype(np.uint16) * 16).tobytes()
    stream = io.BytesIO()
    file.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def write_library(root: Path) -> None:
    """Three generated films, the second without a known label."""
    films = root / "films"
    films.mkdir(parents=True)
    rows = []
    for seed, name in enumerate("abc"):
        (films / f"{name}.png").write_bytes(png(picture(seed)))
        row = dict.fromkeys(COLUMNS, np.nan) | {"film": name, "path": f"{name}.png", "dataset": DATASET}
        rows.append(row | {"patient": name, "view": "PA", "sex": "F", "age": 50.0, "split": "test", "on_disk": True})
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table["Effusion"] = [1.0, np.nan, 0.0]
    facts = DatasetFacts(DATASET, str(films), "made by this test", "none", "none", {}, 0)
    write_dataset(root / "datasets" / DATASET, facts, table)


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("library")
    write_library(root)
    return root


@pytest.fixture(scope="module")
def temporary(tmp_path_factory) -> Path:
    """The server's folder for temporary files."""
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def address(browser, serve, library, temporary) -> Iterator[str]:
    with serve(APP, "--library", str(library), TMPDIR=str(temporary)) as address:
        yield address


def link(address: str, **view: str) -> str:
    return f"{address}?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in view.items())


@pytest.fixture
def page(browser) -> Iterator:
    """A fresh visitor's page; fails on any error in the browser or any uncaught one in Python."""
    page = browser.new_page()
    page.set_default_timeout(SLOW)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert page.get_by_test_id("stException").count() == 0
    page.close()
    assert errors == []


@pytest.fixture
def visit(page, address) -> Callable:
    """Open the page as a link says."""

    def open_link(**view: str):
        page.goto(link(address, **{**OVERTURE, **view}))
        expect(page.locator(".viewer [role=option]").first).to_be_visible(timeout=SLOW)
        return page

    return open_link


def panels(page, state: str = "ready"):
    return page.locator(f".viewer .panel[data-state={state}]")


def finish(page, count: int = 3) -> None:
    """Wait until all maps are there and the page rests."""
    expect(panels(page)).to_have_count(count, timeout=SLOW)
    expect(page.get_by_text("All maps are there.")).to_be_visible(timeout=SLOW)


def title(page):
    return page.get_by_test_id("stHeading").first


def costs(page) -> list[str]:
    """The words on what each map cost: a map that is computed again says other seconds."""
    return page.locator(".viewer .panel:not(.film) .cost").all_inner_texts()


def address_of(page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def upload(page, *files: tuple[str, bytes]) -> None:
    page.get_by_role("button", name="Hang films").click()
    payload = [{"name": name, "mimeType": "application/octet-stream", "buffer": content} for name, content in files]
    page.locator("input[type=file]").set_input_files(payload)


def contents(*folders: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}


def test_a_png_a_dicom_and_a_broken_file_together(visit, library, temporary):
    page = visit()
    finish(page)
    before = contents(library, temporary)
    film = picture(7)
    files = [("chest.png", png(film)), ("radiograph", dicom(picture(8))), ("broken.png", png(film)[:2000])]
    upload(page, *files)
    expect(title(page)).to_contain_text("chest.png · PNG")
    finish(page)
    alerts = page.get_by_test_id("stAlert")
    expect(alerts).to_have_count(1)
    expect(alerts).to_contain_text("broken.png: ")
    page.get_by_role("button", name="Understood").click()
    expect(alerts).to_have_count(0)
    page.get_by_role("button", name="radiograph · DICOM").click()
    expect(title(page)).to_contain_text("radiograph · DICOM")
    expect(page.get_by_text("has not answered yet")).to_have_count(0)
    finish(page)
    assert PATIENT.split("^")[0] not in page.content()
    assert "film" not in address_of(page)
    assert contents(library, temporary) == before
    assert all(PATIENT.encode() not in content for content in before.values())


def test_a_finding_chosen_by_key_reaches_python(visit):
    page = visit()
    finish(page)
    expect(page.get_by_text("Effusion: ")).to_be_visible()
    page.locator(".viewer [role=listbox]").press("ArrowDown")
    chosen = page.locator(".viewer [role=option][aria-selected=true] .name").inner_text()
    assert chosen != "Effusion"
    expect(page.locator(".stMarkdown strong").filter(has_text=f"{chosen}: ")).to_be_visible()
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    assert address_of(page)["finding"].replace("_", " ").capitalize() == chosen


def test_key_o_hides_the_overlay_and_the_link_remembers_it(visit):
    page = visit()
    finish(page)
    canvas = panels(page).first.locator(".stage canvas")
    read = "(canvas) => Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data)"
    shown = np.array(canvas.evaluate(read))
    page.keyboard.press("o")
    expect(page.locator(".viewer [data-display=overlay]")).to_have_attribute("aria-pressed", "false")
    page.wait_for_url("**overlay=off**")
    hidden = np.array(canvas.evaluate(read))
    film = np.array(page.locator(".viewer .film .stage canvas").evaluate(read))
    assert np.abs(shown - hidden).max() > 20
    np.testing.assert_array_equal(hidden, film)
    page.reload()
    expect(page.locator(".viewer [data-display=overlay]")).to_have_attribute("aria-pressed", "false", timeout=SLOW)


def test_cancel_and_compute_again(visit):
    page = visit(methods="gradcam,shap,lime", seed="5", **{"lime.samples": "2000", "shap.evaluations": "2000"})
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled. What was ready stays.")).to_be_visible(timeout=SLOW)
    cancelled = panels(page, "cancelled").locator(".title").all_inner_texts()
    assert "LIME" in cancelled
    page.get_by_role("button", name="Compute").click()
    finish(page)


def test_reload_gives_the_same_film_finding_and_display(visit):
    page = visit(film=f"{DATASET}/b", finding="Mass", opacity="0.35", scale="all", evidence="native", invert="on")
    finish(page)
    before = address_of(page)
    page.reload()
    finish(page)
    assert address_of(page) == before
    assert (before["film"], before["finding"], before["opacity"]) == (f"{DATASET}/b", "Mass", "0.35")
    expect(title(page)).to_contain_text(f"b · {DATASET}")
    expect(page.locator(".viewer [role=option][aria-selected=true] .name")).to_have_text("Mass")
    expect(page.locator(".viewer [data-display=opacity]")).to_have_value("0.35")
    expect(page.locator(".viewer [data-display=scale][value=all]")).to_be_checked()
    expect(page.locator(".viewer [data-display=evidence][value=native]")).to_be_checked()
    expect(page.locator(".viewer [data-display=invert]")).to_have_attribute("aria-pressed", "true")


def download(page, name: str) -> tuple[str, bytes]:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name).click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def test_downloads_hold_what_the_page_shows(visit, library):
    from xai.classifier import Classifier
    from xai.explainers import EXPLAINERS
    from xai.library import find_model

    page = visit(seed="3")
    finish(page)
    page.get_by_role("button", name="Save").click()
    name, content = download(page, "Raw maps (NPZ)")
    assert name == "a.Effusion.npz"
    archive = np.load(io.BytesIO(content), allow_pickle=False)
    classifier = Classifier.load(find_model("lightbox"))
    film = read_film(library / "films" / "a.png")
    asked = {"gradcam": {}, "shap": {"evaluations": 100}, "lime": {"samples": 100}}
    assert set(archive.files) == {*asked, "facts"}
    for method, parameters in asked.items():
        (direct,) = EXPLAINERS[method](**parameters).explain(classifier, film, ["Effusion"], seed=3)
        largest = np.abs(direct.map).max()
        if method != "shap":  # which cuts finer where any of the findings asked for reacts
            np.testing.assert_allclose(archive[method], direct.map, atol=1e-4 * largest, err_msg=method)
    direct = EXPLAINERS["shap"](evaluations=100).explain(classifier, film, seed=3)
    wanted = direct[classifier.card.index("Effusion")].map
    np.testing.assert_allclose(archive["shap"], wanted, atol=1e-4 * np.abs(wanted).max())

    name, content = download(page, "All parameters (JSON)")
    facts = json.loads(content)
    assert name == "a.Effusion.json"
    assert (facts["dataset"], facts["film"], facts["film_sha256"]) == (DATASET, "a", film.sha256)
    assert (facts["model_sha256"], facts["truth"]) == (classifier.model_id, "present")
    assert [one["method"] for one in facts["explanations"]] == list(asked)
    for one in facts["explanations"]:
        assert asked[one["method"]].items() <= one["parameters"].items()
        assert (one["finding"], one["seed"], one["target"]) == ("Effusion", 3, "logit")
        logit = classifier.logits(classifier.prepare(film)[None])[0, classifier.card.index("Effusion")]
        assert one["logit"] == pytest.approx(float(logit), abs=1e-4)

    name, content = download(page, "Figure for a slide (PNG)")
    figure = Image.open(io.BytesIO(content))
    assert name == "a.Effusion.png"
    assert (figure.format, figure.mode) == ("PNG", "RGB")
    assert figure.width > figure.height > 480
    assert np.ptp(np.asarray(figure)) > 200


def test_maps_come_back_from_the_store_also_after_a_restart(visit, serve, library):
    page = visit(film=f"{DATASET}/c", seed="11")
    finish(page)
    first = costs(page)
    assert len(first) == 3
    page.reload()
    expect(panels(page)).to_have_count(3)
    assert costs(page) == first
    with serve(APP, "--library", str(library)) as again:
        page.goto(link(again, **address_of(page)))
        expect(panels(page)).to_have_count(3, timeout=SLOW)
        assert costs(page) == first
        finish(page)


def test_two_visitors_at_once_share_one_computation(chromium, address):
    visitors = [chromium.new_context(viewport={"width": 1366, "height": 768}).new_page() for _ in range(2)]
    view = link(address, **{**OVERTURE, "seed": "21"})
    for visitor in visitors:
        visitor.goto(view, wait_until="commit")
    for visitor in visitors:
        finish(visitor)
    assert costs(visitors[0]) == costs(visitors[1])
    visitors[0].locator(".viewer [role=option]", has_text="Hernia").click()
    expect(visitors[0].locator(".stMarkdown strong").filter(has_text="Hernia: ")).to_be_visible()
    expect(visitors[1].locator(".stMarkdown strong").filter(has_text="Effusion: ")).to_be_visible()
    for visitor in visitors:
        visitor.context.close()


def test_names_of_files_are_shown_as_text(visit):
    page = visit()
    name = "<img src=x onerror=alert(1)>**bold** [a](b) :red[c] $x$.png"
    page.on("dialog", lambda dialog: pytest.fail("a file name ran as a script"))
    upload(page, (name, png(picture(9))), (f"bad {name}", b"text"))
    shown = name.replace("/", "")
    expect(title(page)).to_contain_text(shown)
    expect(page.get_by_test_id("stAlert")).to_contain_text(f"bad {shown}: ")
    expect(page.get_by_test_id("stButtonGroup")).to_contain_text(shown)
    expect(page.locator(".viewer .film .subtitle")).to_contain_text(shown)
    assert page.locator(".stMain img[src=x]").count() == 0
    finish(page)
