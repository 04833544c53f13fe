"""The Compare page, driven as a visitor would."""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pydicom.dataset import Dataset as DicomDataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid
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


def dicom(shades: np.ndarray, sop_class: str = DigitalXRayImageStorageForPresentation, modality: str = "DX") -> bytes:
    """A picture with a patient's name in its header, by default a digital radiograph."""
    file = DicomDataset()
    file.file_meta = FileMetaDataset()
    file.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file.SOPClassUID = sop_class
    file.SOPInstanceUID = generate_uid()
    file.PatientName, file.Modality, file.ViewPosition = PATIENT, modality, "PA"
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
    page.set_default_timeout(SLOW / 4)
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
    return page.locator(".stMain h5")


def costs(page) -> list[str]:
    """The words on what each map cost: a map that is computed again says other seconds."""
    return page.locator(".viewer .panel:not(.film) .cost").all_inner_texts()


def address_of(page) -> dict[str, str]:
    search = page.evaluate("location.search.slice(1)")  # page.url lags behind what a script has pushed
    return {name: values[0] for name, values in parse_qs(search).items()}


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
    page.get_by_role("button", name="Hang films").click()
    page.get_by_role("radiogroup", name="Your films").get_by_text("radiograph · DICOM").click()
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
    page.wait_for_function("(name) => location.search.includes(`finding=${name.split(' ')[0]}`)", arg=chosen)


def test_key_o_hides_the_overlay_and_the_link_remembers_it(visit):
    page = visit()
    finish(page)
    canvas = panels(page).first.locator(".stage canvas")
    read = "(canvas) => Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data)"
    shown = np.array(canvas.evaluate(read))
    page.keyboard.press("o")
    expect(page.locator(".viewer [data-display=overlay]")).to_have_attribute("aria-pressed", "false")
    page.wait_for_function("location.search.includes('overlay=off')")
    hidden = np.array(canvas.evaluate(read))
    film = np.array(page.locator(".viewer .film .stage canvas").evaluate(read))
    assert np.abs(shown - hidden).max() > 20
    np.testing.assert_array_equal(hidden, film)
    page.reload()
    expect(page.locator(".viewer [data-display=overlay]")).to_have_attribute("aria-pressed", "false", timeout=SLOW)


def test_the_next_film_hangs_by_key_and_the_link_follows(visit):
    page = visit()
    finish(page)
    page.keyboard.press("f")
    expect(title(page)).to_contain_text(f"b · {DATASET}")
    page.wait_for_function("location.search.includes('film=generated%2Fb')")
    finish(page)
    assert address_of(page)["finding"] == "Effusion"


def test_cancel_and_compute_again(visit):
    page = visit(methods="gradcam,shap,lime", seed="5", **{"lime.samples": "2000", "shap.evaluations": "2000"})
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled. What was ready stays.")).to_be_visible(timeout=SLOW)
    expect(panels(page, "cancelled").filter(has_text="LIME")).to_have_count(1)
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
    expect(page.get_by_role("radiogroup", name="Your films")).to_contain_text(shown)
    expect(page.locator(".viewer .film .subtitle")).to_contain_text(shown)
    assert page.locator(".stMain img[src=x]").count() == 0
    finish(page)


def test_more_films_than_memory_holds_are_left_out_and_the_rest_hangs(visit):
    page = visit()
    large = [(f"large {number}.png", png(picture(number, 32, 32).repeat(64, 0).repeat(64, 1))) for number in range(8)]
    upload(page, *large)
    alert = page.get_by_test_id("stAlert")
    expect(alert).to_contain_text("and the films after it were left out", timeout=SLOW)
    expect(title(page)).to_contain_text("large 0.png · PNG")
    for _ in range(page.get_by_role("radiogroup", name="Your films").get_by_role("radio").count() - 1):
        before = title(page).inner_text()
        page.keyboard.press("f")
        expect(title(page)).not_to_have_text(before)
    expect(page.get_by_text("put away to save memory")).to_have_count(0)


BOMB = 30_000


def bomb() -> bytes:
    """A PNG of 30,000 x 30,000 pixels in some 100 kB."""
    row = zlib.compress(bytes((BOMB // 8 + 1) * BOMB), 9)

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", BOMB, BOMB, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", row) + chunk(b"IEND", b"")


def nan_tiff() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.full((64, 64), np.nan, np.float32)).save(stream, "TIFF")
    return stream.getvalue()


def test_hostile_files_are_one_sentence_each_and_the_sound_one_hangs(visit, library, temporary):
    page = visit()
    finish(page)
    before = contents(library, temporary)
    sound = dicom(picture(8))
    hostile = {
        "bomb.png": bomb(),
        "empty.png": b"",
        "film.png": b"This is a letter, not a film.\n",
        "scan.dcm": dicom(picture(8), CTImageStorage, "CT"),
        "header.dcm": sound[: sound.index(b"\xe0\x7f\x10\x00")],
        "holes.tif": nan_tiff(),
        "cut.png": png(picture(1))[:-3000],
    }
    upload(page, *hostile.items(), ("sound", sound))
    expect(title(page)).to_contain_text("sound · DICOM", timeout=SLOW)
    sentences = page.get_by_test_id("stAlert").get_by_role("listitem").all_inner_texts()
    assert [sentence.split(":")[0] for sentence in sentences] == list(hostile)
    assert all(40 < len(sentence) < 300 and sentence.endswith(".") for sentence in sentences)
    finish(page)
    assert contents(library, temporary) == before


def test_a_model_that_cannot_be_used_is_one_sentence_and_another_can_be_chosen(visit, library):
    write_hostile_models(library / "models")
    page = visit(model="lambda")
    expect(page.get_by_test_id("stAlert")).to_contain_text("has a Lambda layer", timeout=SLOW)
    expect(panels(page, "failed")).to_have_count(3)
    for name, sentence in (
        ("mismatch", "names 2 outputs, the model gives 14"),
        ("cardless", "cardless.json is missing"),
    ):
        choose_model(page, name)
        expect(page.get_by_test_id("stAlert")).to_contain_text(sentence, timeout=SLOW)
    choose_model(page, "lightbox")
    finish(page)
    expect(page.get_by_test_id("stAlert")).to_have_count(0)


def choose_model(page, name: str) -> None:
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name=name, exact=True).click()


def write_hostile_models(folder: Path) -> None:
    """A Lambda layer, a card for another model, and a model without a card."""
    from xai.backend import keras
    from xai.library import find_model

    folder.mkdir()
    card = {
        "name": "Hostile",
        "outputs": ["Effusion", "Mass"],
        "head": {"link": "sigmoid", "emits": "logits"},
        "input": {"size": 128, "channels": 1},
    }
    inputs = keras.Input((128, 128, 1))
    x = keras.layers.Lambda(lambda x: x * 2)(keras.layers.GlobalAveragePooling2D()(inputs))
    keras.Model(inputs, keras.layers.Dense(2)(x)).save(folder / "lambda.keras")
    for name in ("mismatch", "cardless"):
        (folder / f"{name}.keras").write_bytes(find_model("lightbox").read_bytes())
    for name in ("lambda", "mismatch"):
        (folder / f"{name}.json").write_text(json.dumps(card), encoding="utf-8")


def test_an_absurd_link_is_answered_in_sentences_and_the_page_works(visit):
    page = visit(finding="\x1b[31m\x00<b>" + "x" * 8000, methods="telepathy", opacity="NaN", seed="9" * 500)
    sentences = page.get_by_test_id("stAlert").get_by_role("listitem")
    expect(sentences).to_have_count(4)
    assert all(len(sentence) < 300 for sentence in sentences.all_inner_texts())
    finish(page)
