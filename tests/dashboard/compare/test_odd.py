"""What looks odd is said above the answer, with what mends it; the model then reads the mended film."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from dashboard.compare.hang import Hung
from dashboard.compare.odd import likeness_part, mended
from dashboard.compare.shown import Shown
from dashboard.compare.state import State
from dashboard.server.library import Library
from dashboard.server.services import Request, Services
from dashboard.server.uploads import Upload
from tests.benchmarks.odd_pictures import PAGE, share
from tests.conftest import REPOSITORY
from tests.dashboard.compare.test_compare_page import content, page_of, until, waiting
from tests.dashboard.components.test_packing import unpack
from tests.dashboard.pages import Idle, link_of, opened, plain, serve, shown
from tests.xai.cards.test_seen import PLANE
from tests.xai.films.test_film import dicom, gradient
from training.datasets.conventions import CONVENTIONS, with_sides
from xai.cards.model_card import card_from_dict
from xai.films.film import Film
from xai.films.looks import measured
from xai.films.mend import Mend
from xai.films.reading import read_film

CARD = card_from_dict(
    {
        "name": "a",
        "outputs": ["b"],
        "head": {"link": "sigmoid", "emits": "logits"},
        "input": {"size": 8, "channels": 1},
    }
)
UPRIGHT = read_film(REPOSITORY / "assets" / "datasets" / "simulated" / "films" / "s00001.png")


@pytest.fixture
def run(shelf, monkeypatch) -> Callable[..., AppTest]:
    """Open the page on three films: upright, upside down, a negative on its side; and a noise picture."""
    monkeypatch.setattr("dashboard.server.library.BUILT_IN_MODELS", shelf.root / "nowhere")
    monkeypatch.setattr("dashboard.server.library.BUILT_IN_DATASETS", shelf.root / "nowhere")
    shelf.add_dataset(films=("a", "b", "c", "d"))
    for name, steps in (("a", []), ("b", ["round"]), ("c", ["left", "invert"])):
        shades = np.rint(255 * Mend.of(steps).pixels(UPRIGHT.pixels)).astype(np.uint8)
        Image.fromarray(shades).save(shelf.root / "films" / "generated" / f"{name}.png")
    shelf.add_card("tiny")
    (shelf.root / "models" / "tiny.keras").write_bytes(b"not read")

    def open_link(services: Services | None = None, **link: str) -> AppTest:
        serve(monkeypatch, shelf.root, lambda root: services or Idle(Library(root)))
        return opened(**link)

    return open_link


def buttons(app: AppTest) -> dict[str, str]:
    return {one.key: one.label for one in app.button if one.key in ("odd_mend", "odd_undo")}


def is_doubted(app: AppTest) -> bool:
    """Whether the answer is headed as one that is doubted."""
    sent = [json.loads(one.proto.json) for one in app.get("bidi_component")]
    (box,) = [one for one in sent if "film" in one]
    return box["doubted"]


def hung_film(app: AppTest) -> str:
    return page_of(app).files.find("parameters").args[0].sha256


def test_an_upright_film_is_shown_without_a_word(run):
    app = run(film="generated/a")
    assert "not known" not in shown(app)
    assert buttons(app) == {}


def test_a_film_upside_down_is_said_and_can_be_turned(run):
    app = run(film="generated/b")
    assert "**It looks turned upside down.** That the answer means anything is not known." in plain(shown(app))
    assert buttons(app) == {"odd_mend": "Turn it upright"}
    assert is_doubted(app)
    app.button(key="odd_mend").click().run()
    assert not is_doubted(app)
    assert link_of(app) | {"film": "generated/b", "mend": "round"} == link_of(app)
    assert hung_film(app) == UPRIGHT.sha256
    assert "The film is turned upside down here, as was asked; its file is as it was." in plain(shown(app))
    assert "is not known" not in shown(app)
    assert buttons(app) == {"odd_undo": "As it came"}
    app.button(key="odd_undo").click().run()
    assert "mend" not in link_of(app)
    assert buttons(app) == {"odd_mend": "Turn it upright"}


LEFT, ROUND, RIGHT = "turned a quarter to the left", "turned upside down", "turned a quarter to the right"
INVERTED = "inverted (black and white exchanged)"


@pytest.mark.parametrize(
    ("steps", "done"),
    [
        (["left"], LEFT),
        (["round"], ROUND),
        (["right"], RIGHT),
        (["mirror"], "mirrored"),
        (["invert"], INVERTED),
        (["left", "mirror"], f"{LEFT} and mirrored"),
        (["round", "mirror"], f"{ROUND} and mirrored"),
        (["right", "mirror"], f"{RIGHT} and mirrored"),
        (["left", "invert"], f"{LEFT} and {INVERTED}"),
        (["round", "invert"], f"{ROUND} and {INVERTED}"),
        (["right", "invert"], f"{RIGHT} and {INVERTED}"),
        (["mirror", "invert"], f"mirrored and {INVERTED}"),
        (["left", "mirror", "invert"], f"{LEFT}, mirrored and {INVERTED}"),
        (["round", "mirror", "invert"], f"{ROUND}, mirrored and {INVERTED}"),
        (["right", "mirror", "invert"], f"{RIGHT}, mirrored and {INVERTED}"),
    ],
)
def test_whatever_is_done_to_a_film_is_said_in_a_right_sentence(steps, done):
    assert mended(Mend.of(steps)) == f"The film is {done} here, as was asked; its file is as it was."


def test_a_negative_on_its_side_is_mended_at_once(run):
    app = run(film="generated/c")
    assert "on its side, its top to the left and like a negative" in plain(shown(app))
    assert buttons(app) == {"odd_mend": "Turn it upright and invert it"}
    app.button(key="odd_mend").click().run()
    assert link_of(app)["mend"] == "right,invert"
    np.testing.assert_allclose(page_film(app).pixels, UPRIGHT.pixels, atol=1e-6)


def page_film(app: AppTest) -> Film:
    return page_of(app).files.find("parameters").args[0].reopened()


def test_what_no_turn_mends_offers_none(run):
    app = run(film="generated/d")
    assert "**It does not look like a frontal chest film.**" in plain(shown(app))
    assert buttons(app) == {}


def test_how_often_the_check_is_right_stands_behind_the_question_mark(run):
    app = run(film="generated/d")
    (line,) = [one for one in app.markdown if "does not look" in one.value]
    real = measured()["real"]
    assert f"Of {real['pictures']:,} real films that took no part" in line.help
    for name, one in measured()["kinds"].items():
        assert f"{one['noticed'] / one['pictures']:.0%} of {one['pictures']:,} {name}" in line.help
    assert "the most that can be hoped for" in line.help
    page = PAGE.read_text("utf-8")
    for kind, noticed, pictures in (("photographs of screens that show a film", 33, 54), ("the same, the film", 0, 14)):
        assert f"{noticed} of {pictures}" in line.help
        assert re.search(rf"{kind}[^|]*\| {pictures} \| {re.escape(share(noticed, pictures))}", page)


def test_the_next_film_hangs_as_it_came(run):
    app = run(film="generated/b", mend="round", hidden="box-10102020")
    app.button(key="Next").click().run()
    assert not {"mend", "hidden"} & link_of(app).keys()
    assert "its top to the left" in plain(shown(app))


@pytest.mark.parametrize("act", ["odd_mend", "pills", "upload that is lost"])
def test_another_film_or_the_same_one_mended_begins_whole(run, act):
    lost = {"upload": "1"} if act == "upload that is lost" else {"film": "generated/b"}
    app = run(hidden="box-10102020", **lost)
    if act == "odd_mend":
        assert link_of(app)["hidden"] == "box-10102020"
        app.button(key="odd_mend").click().run()
    if act == "pills":
        app.button_group(key="compare_mend").set_value(["mirror"]).run()
    assert "hidden" not in link_of(app)


def test_the_film_that_hangs_first_can_be_mended_too(run):
    app = run(mend="round")
    assert link_of(app) | {"film": "generated/a", "mend": "round"} == link_of(app)
    np.testing.assert_array_equal(page_film(app).pixels, Mend(2).pixels(UPRIGHT.pixels))


def test_what_was_done_to_a_lost_upload_is_done_to_no_other_film(run):
    app = run(upload="1", mend="round")
    assert link_of(app)["film"] == "generated/a" and "mend" not in link_of(app)


def test_any_film_can_be_turned_by_hand(run):
    app = run(film="generated/a")
    app.button_group(key="compare_mend").set_value(["left", "mirror"]).run()
    assert link_of(app)["mend"] == "left,mirror"
    np.testing.assert_array_equal(page_film(app).pixels, Mend(1, mirrored=True).pixels(UPRIGHT.pixels))


def test_a_mended_upload_stays_with_its_visitor_and_is_forgotten_with_it(run, shelf):
    shelf.add_model("tiny")
    services = Services(Library(shelf.root))
    app = run(services, methods="gradcam")
    own = Mend.of(["round"]).film(UPRIGHT)
    services.films.put(own)
    page = page_of(app)
    services.channel.visitors.bring(page.visitor, own.sha256)
    app.session_state["upload"] = upload = Upload(own.sha256, "mine.png")
    app.session_state["uploads"] = [upload]
    app.run().button(key="odd_mend").click().run()
    page_of(app).hear()  # a browser listens
    until(lambda: all(one.state == "ready" for one in waiting(app)))
    for one in waiting(app):
        assert not services.channel.parts.find(one.part, page.visitor).is_public
        assert services.channel.parts.find(one.part, "0" * 32) is None
    request = Request(UPRIGHT, "tiny", "gradcam", app.session_state["compare_state"].parameters("gradcam"))
    assert services.found(request) is not None
    services.forget(own.sha256)
    assert services.found(request) is None
    assert services.logits.get(services.logits_key(UPRIGHT.sha256, "tiny")) is None


@pytest.mark.parametrize(("distance", "said"), [(3.0, ""), (50.0, "Unlike the films that the model learned from")])
def test_a_film_far_from_the_training_films_is_said_to_be(run, shelf, distance, said):
    far = PLANE.far * 0 + (distance if said == "" else 0)
    seen = PLANE.to_dict() | {"far": [float(one) + 0.001 * k for k, one in enumerate(far)]}
    shelf.add_model("tiny", seen=seen)
    services = Services(Library(shelf.root))
    app = run(services, film="generated/a", methods="gradcam")
    page_of(app).hear()  # a browser listens
    until(lambda: all(one.state == "ready" for one in waiting(app)))
    items = {one.name: one for one in waiting(app)}
    sentence = content(services, page_of(app), items["likeness"])["sentence"]
    assert sentence.startswith(said)
    assert bool(sentence) == bool(said)


def test_the_sentence_of_a_distance():
    card = replace(CARD, seen=PLANE)
    assert likeness_part(card, 9.0) == {"sentence": ""}
    assert likeness_part(card, 9.95)["sentence"] == (
        "Unlike the films that the model learned from, farther away than 99 of 100 of the 100 films of real and made "
        "that were held out. That the answer means anything is not known."
    )


@pytest.mark.parametrize(
    ("reader", "steps", "sides"),
    [
        ("nih", (), ("R", "L")),
        ("nih", ("mirror",), ("L", "R")),
        ("nih", ("left",), None),
        ("folders", (), None),
        ("folders", ("mirror",), None),
    ],
)
def test_the_sides_that_a_source_is_known_for_go_with_the_film(reader, steps, sides):
    hung = Hung.mended(with_sides(UPRIGHT, CONVENTIONS[reader]), "a", steps=steps)
    assert hung.film.facts.sides == sides
    assert ("not known" in hung.described("a")) == (sides is None)


@pytest.mark.parametrize(
    ("orientation", "sides", "is_mirrored"),
    [
        (["L", "F"], ("R", "L"), False),
        (["R", "F"], ("L", "R"), True),
        (["R", "H"], ("L", "R"), False),  # upside down
        (["A", "F"], None, False),
        ("", None, False),
    ],
)
def test_a_file_that_says_so_is_doubted_as_mirrored(orientation, sides, is_mirrored):
    facts = read_film(dicom(gradient(8), PatientOrientation=orientation)).facts
    assert facts.sides == sides
    assert ("it is mirrored" in " ".join(facts.doubts)) == is_mirrored


def test_masks_boxes_and_sides_are_those_of_the_mended_film(tmp_path):
    services = Services(Library(tmp_path))
    film, record = services.film("simulated", "s00001"), services.library.record("simulated", "s00001")
    hung = [Hung.mended(film, "a", record, steps=steps) for steps in ((), ("round",))]
    came, turned = (Shown.of(services, "page", State(), one, "a", CARD) for one in hung)
    assert (came.sides, turned.sides) == (("R", "L"), ("L", "R"))
    assert turned.sha256 != came.sha256 == turned.came
    before, after = (
        unpack(gzip.decompress(services.channel.parts.find(one.masks(), "ada").content)) for one in (came, turned)
    )
    seen = turned.on_film()
    assert before and not seen.sides_known
    for name, mask in before.items():
        np.testing.assert_array_equal(after[name], mask[::-1, ::-1])
        np.testing.assert_array_equal(seen.regions.masks[name], mask[::-1, ::-1])
    assert Mend(1, mirrored=True).boxes({"Mass": [(0.1, 0.2, 0.3, 0.6)]}) == {
        "Mass": [pytest.approx((0.4, 0.7, 0.8, 0.9))]
    }
