"""The Compare page, given what it cannot take: broken files, hostile names, unusable models, absurd links."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dashboard.server.uploads import MOST_UPLOADED_BYTES
from tests.browser.compare_page import SLOW, address_of, choose_model, contents, expect, finish, panels, title, upload
from tests.browser.made_films import PATIENT, dicom, hostile_files, picture, png
from xai.films.film import MAX_SIDE_KEPT

pytestmark = pytest.mark.browser


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


def test_names_of_files_are_shown_as_text(visit):
    page = visit()
    name = "<img src=x onerror=alert(1)>**bold** [a](b) :red[c] $x$.png"
    page.on("dialog", lambda dialog: pytest.fail("a file name ran as a script"))
    upload(page, (name, png(picture(9))), (f"bad {name}", b"text"))
    shown = name.replace("/", "")
    expect(title(page)).to_contain_text(shown)
    expect(page.get_by_test_id("stAlert")).to_contain_text(f"bad {shown}: ")
    expect(page.locator("input[type=file]")).to_have_count(0)  # closed: it would lie over what was hung
    page.get_by_role("button", name="Hang films").click()
    expect(page.get_by_role("radiogroup", name="Your films")).to_contain_text(shown)
    page.keyboard.press("Escape")
    expect(page.locator(".viewer .film .subtitle")).to_contain_text(shown)
    assert page.locator(".stMain img[src=x]").count() == 0
    finish(page)


def test_more_films_than_memory_holds_are_left_out_and_the_rest_hangs(visit):
    page = visit()
    count = MOST_UPLOADED_BYTES // (4 * MAX_SIDE_KEPT**2) + 1  # scaled down, such films are kept in four bytes a pixel
    large = [
        (f"large {number}.png", png(picture(number, 9, 9).repeat(229, 0).repeat(229, 1))) for number in range(count)
    ]
    upload(page, *large)
    alert = page.get_by_test_id("stAlert")
    expect(alert).to_contain_text(f"large {count - 1}.png and the films after it were left out", timeout=SLOW)
    expect(title(page)).to_contain_text("large 0.png · PNG")
    page.keyboard.press("f")  # to the film that would be the first to go
    expect(title(page)).to_contain_text("large 1.png · PNG")
    expect(page.get_by_text("put away to save memory")).to_have_count(0)


def test_hostile_files_are_one_sentence_each_and_the_sound_one_hangs(visit, library, temporary):
    page = visit()
    finish(page)
    before = contents(library, temporary)
    hostile = hostile_files()
    upload(page, *hostile.items(), ("sound", dicom(picture(8))))
    expect(title(page)).to_contain_text("sound · DICOM", timeout=SLOW)
    sentences = page.get_by_test_id("stAlert").get_by_role("listitem").all_inner_texts()
    assert [sentence.split(":")[0] for sentence in sentences] == list(hostile)
    assert all(40 < len(sentence) < 300 and sentence.endswith(".") for sentence in sentences)
    finish(page)
    assert contents(library, temporary) == before


def test_a_model_that_cannot_be_used_is_one_sentence_and_another_can_be_chosen(visit, library):
    write_hostile_models(library / "models")
    page = visit(model="lambda")
    answer = page.locator(".viewer .answer[data-state=failed]")
    expect(answer).to_contain_text("has a Lambda layer", timeout=SLOW)
    expect(panels(page, "failed")).to_have_count(3)
    choose_model(page, "mismatch")
    expect(answer).to_contain_text("names 2 outputs, the model gives 14", timeout=SLOW)
    choose_model(page, "cardless")
    expect(page.get_by_test_id("stAlert").filter(has_text="cardless.json is missing")).to_be_visible(timeout=SLOW)
    expect(page.get_by_test_id("stAlert")).to_have_count(1)
    assert page.get_by_test_id("stAlert").bounding_box()["width"] > 1200  # across the page, not within the toolbar
    expect(page.get_by_test_id("stCode")).to_contain_text("python -m xai card cardless.keras")
    expect(page.get_by_role("button", name="Write a starter card")).to_be_visible()
    expect(page.locator(".viewer .answer")).to_have_text("The film alone: there is no model to ask.")
    expect(page.get_by_role("img", name="Chest film a")).to_be_visible()
    choose_model(page, "lightbox")
    finish(page)
    expect(page.get_by_test_id("stAlert")).to_have_count(0)


def write_hostile_models(folder: Path) -> None:
    """A Lambda layer, a card for another model, and a model without a card."""
    from xai.backend import keras
    from xai.models.library import find_model

    folder.mkdir(exist_ok=True)
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
