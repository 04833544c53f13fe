"""The Films page in every state, without a browser."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.films.notes import Notebook
from dashboard.films.state import LINK
from dashboard.films.thumbnails import thumbnail
from dashboard.server.library import OWN, Library
from dashboard.server.parts import Part
from dashboard.server.roles import Role
from dashboard.server.uploads import Upload
from tests.dashboard.conftest import shades
from tests.dashboard.lines import lines, page_of
from tests.dashboard.pages import Idle, link_of, opened, plain, said, serve, shown, take_away
from training.datasets.table import read_dataset, write_dataset
from training.predictions.table import PredictionsFacts, write_predictions
from xai.cards.model_card import Threshold
from xai.films.film import Film

NAMES = ("a", "<b>b</b>", "c", "**d**", "e [x](y)", "f")
MASS = [1.0, 0.0, 1.0, 0.0, float("nan"), 0.0]
SAID = [0.9, 0.8, 0.2, 0.1, 0.7, 0.6]


@pytest.fixture
def stocked(shelf, monkeypatch) -> Path:
    """Six films, the last without a picture, and predictions of them."""
    monkeypatch.setattr("dashboard.server.library.BUILT_IN_MODELS", Path("/nowhere"))
    monkeypatch.setattr("dashboard.server.library.BUILT_IN_DATASETS", Path("/nowhere"))
    monkeypatch.setattr("dashboard.server.library.BUILT_IN_PREDICTIONS", Path("/nowhere"))
    shelf.add_card("tiny")
    (shelf.root / "models" / "tiny.keras").write_bytes(b"not read")
    folder = shelf.add_dataset(
        films=tuple(f"film{k}" for k in range(6)),
        film=list(NAMES),
        Mass=MASS,
        on_disk=[True] * 5 + [False],
        patient=["p1", "p1", "p2", "<i>p3</i>", "p3", "p4"],
    )
    table = pd.DataFrame({"Mass": SAID}, index=pd.Index(NAMES, name="film"))
    cuts = {"Mass": Threshold(0.5, "made up")}
    facts = PredictionsFacts("answers", "generated", str(folder), "tiny", "import", ("Mass",), cuts)
    write_predictions(shelf.root / "predictions" / "answers", facts, table)
    return shelf.root


@pytest.fixture
def run(stocked, monkeypatch) -> Callable[..., AppTest]:
    """Open the page as a link says, on a server of this test's own."""
    services = Idle(Library(stocked))
    serve(monkeypatch, stocked, lambda root: services)

    def open_link(prepare: Callable = lambda app, services: None, **link: str) -> AppTest:
        return opened("views/films.py", lambda app: prepare(app, services), **link)

    return open_link


def gallery(app: AppTest, key: str = "films_gallery") -> list[dict]:
    """What the browser is sent of each film."""
    for element in app.get("bidi_component"):
        data = json.loads(element.proto.json)
        if "items" in data and (key == "films_gallery") == data["canChoose"]:
            return data["items"]
    raise AssertionError("no gallery")


def names(app: AppTest) -> list[str]:
    return [one["id"] for one in gallery(app)]


def test_a_fresh_visitor_sees_all_films_and_the_predictions_there_are(run):
    app = run()
    assert said(app) == ""
    assert names(app) == list(NAMES)
    assert link_of(app) == {"dataset": "generated", "predictions": "answers"}
    assert "**6** films · **5** patients" in shown(app)
    assert "source's labels" not in shown(app)  # nobody says how these were read
    assert [bool(one["src"]) for one in gallery(app)] == [True] * 5 + [False]


def test_films_of_unknown_patients_are_said(run, stocked):
    folder = stocked / "datasets" / "generated"
    dataset = read_dataset(folder)
    write_dataset(folder, dataset.facts, dataset.films.assign(patient=None))
    assert "**6** films · patients not known" in shown(run())
    write_dataset(folder, dataset.facts, dataset.films.assign(patient=["a", "a", "b", None, None, None]))
    assert "**6** films · **2** patients · 3 films of unknown patients" in shown(run())


def test_a_fresh_visitor_comes_to_the_dataset_that_a_model_has_answered(run, stocked):
    unanswered = stocked / "datasets" / "a first one"
    shutil.copytree(stocked / "datasets" / "generated", unanswered)
    assert link_of(run()) == {"dataset": "generated", "predictions": "answers"}


def test_what_the_labels_rest_on_is_told_where_the_reader_is_known(run, stocked):
    path = stocked / "datasets" / "generated" / "dataset.json"
    facts = json.loads(path.read_text(encoding="utf-8"))
    facts["policy"] = {"reader": "chexpert", "uncertain": "ignore", "blank": "missing"}
    path.write_text(json.dumps(facts), encoding="utf-8")
    app = run()
    words = plain(shown(app))
    assert "How the source's labels became these" in words
    assert "Read with uncertain = ignore, blank = missing." in [plain(one.value) for one in app.caption]
    assert (
        "- **Mass, Nodule** from *Lung Lesion*: 0 makes both 0; 1 leaves both missing. Lung Lesion stands for" in words
    )


def test_false_positives_by_link_and_their_chip_brings_the_others_back(run):
    app = run(outcomes="Mass:FP")
    assert names(app) == ["<b>b</b>", "f"]
    assert {one["outcome"] for one in gallery(app)} == {"FP"}
    chip = app.button(key="chip_0")
    assert plain(chip.label) == "Mass: false positive"
    chip.click().run()
    assert names(app) == list(NAMES)
    assert link_of(app) == {"dataset": "generated", "predictions": "answers", "finding": "Mass"}


def test_controls_narrow_the_films_down_and_write_the_link(run):
    app = run(finding="Mass")
    app.get_by_key("films_outcomes_Mass").select("FP").run()
    assert names(app) == ["<b>b</b>", "f"]
    app.radio(key="films_sort").set_value("unlikely").run()
    assert names(app) == ["f", "<b>b</b>"]
    app.number_input(key="films_threshold_Mass").set_value(0.7).run()
    assert names(app) == ["<b>b</b>"]
    assert link_of(app) == {
        "dataset": "generated",
        "predictions": "answers",
        "finding": "Mass",
        "outcomes": "Mass:FP",
        "thresholds": "Mass:0.7",
        "sort": "unlikely",
    }
    app.text_input(key="films_name").set_value("nothing has this name").run()
    assert "No film meets all of these conditions" in said(app)
    app.button(key="chips_clear").click().run()
    assert names(app) == ["**d**", "c", "f", "e [x](y)", "<b>b</b>", "a"]


def test_conditions_on_a_finding_begin_with_its_choice(run):
    app = run()
    app.selectbox(key="films_finding_to_filter").set_value("Mass").run()
    assert not app.exception
    assert link_of(app)["finding"] == "Mass"
    assert [one.key for one in app.selectbox if one.key == "films_finding_to_filter"] == []
    assert app.slider(key="films_p_Mass").value == (0.0, 1.0)


def test_a_span_of_probabilities_leaves_what_is_asked_of_other_findings(run, stocked):
    table = pd.DataFrame({"Mass": SAID, "Edema": SAID[::-1]}, index=pd.Index(NAMES, name="film"))
    folder = stocked / "datasets" / "generated"
    facts = PredictionsFacts("two", "generated", str(folder), "tiny", "import", ("Mass", "Edema"), {})
    write_predictions(stocked / "predictions" / "two", facts, table)
    app = run(predictions="two", finding="Mass", probability="Edema:0.1:0.9", thresholds="Edema:0.3")
    app.slider(key="films_p_Mass").set_value((0.5, 1.0)).run()
    assert link_of(app)["probability"] == "Edema:0.1:0.9,Mass:0.5:1"
    assert link_of(app)["thresholds"] == "Edema:0.3"


def test_pages_of_a_long_list(run, shelf):
    shelf.add_dataset("long", films=tuple(f"f{k:03}" for k in range(60)))
    app = run(dataset="long", page="2")
    assert names(app) == [f"f{k:03}" for k in range(48, 60)]
    app.text_input(key="films_name").set_value("f01").run()
    assert names(app) == [f"f{k:03}" for k in range(10, 20)]
    assert "page" not in link_of(app)


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ({"dataset": "gone"}, "There is no “gone” here; showing generated."),
        ({"dataset": OWN}, "These were somebody's own films; showing generated."),
        ({"predictions": "../answers"}, "There are no predictions “../answers” of generated; there are answers."),
        ({"finding": "<script>"}, "There is no finding “<script>” in generated"),
        ({"outcomes": "Mass:XX"}, "The link's outcomes “Mass:XX” was left out"),
        ({"view": "SIDE"}, "generated has no view “SIDE”; it has PA."),
        ({"sort": "likely"}, "To order films by probability"),
        ({"page": "-3"}, "The link's page “-3” was left out"),
    ],
)
def test_a_bad_link_is_told_in_words_and_the_rest_is_shown(run, link, sentence):
    app = run(**link)
    assert sentence in plain(said(app))
    assert names(app) == list(NAMES)
    app.button(key="understood").click().run()
    assert said(app) == ""


def test_a_film_is_shown_large_with_what_is_known_of_it(run):
    app = run(film="<b>b</b>", outcomes="Mass:FP")
    answers = app.dataframe[0].value
    mass = answers[answers["Finding"] == "Mass"].iloc[0]
    assert (mass["Label"], mass["Probability"], mass["Threshold"], mass["So"]) == (
        "absent",
        80.0,  # percent
        50.0,
        "false positive",
    )
    assert mass["Why"] == "the source says so"
    assert "\\<b\\>b\\<\\/b\\>" in shown(app)
    assert "1 of 2" in shown(app)
    assert [one["id"] for one in gallery(app, "film_siblings")] == ["a"]
    assert link_of(app)["film"] == "<b>b</b>"


def test_all_films_of_a_patient_are_one_click_away(run):
    app = run(film="<b>b</b>", outcomes="Mass:FP")
    app.button(key="film_patient").click().run()
    assert link_of(app)["patient"] == "p1"
    assert "film" not in link_of(app)
    assert names(app) == ["<b>b</b>"]
    app.button(key="chip_0").click().run()
    assert names(app) == ["a", "<b>b</b>"]


def test_a_film_that_is_not_here_says_where_it_belongs(run):
    app = run(film="f")
    assert "The picture of this film is not on this machine; it belongs at film5.png" in plain(said(app))
    assert app.button(key="film_explain").disabled


def test_an_unknown_film_is_told_in_words(run):
    assert "generated has no film “nobody”" in plain(said(run(film="nobody")))


def test_the_table_has_the_same_films(run):
    app = run(outcomes="Mass:FP", layout="table")
    table = next(one.value for one in app.dataframe if "Film" in one.value)
    assert table["Film"].tolist() == ["<b>b</b>", "f"]
    assert table["Picture"].tolist() == [True, False]


def choose(*films: str) -> Callable:
    def prepare(app: AppTest, services) -> None:
        app.session_state["films_chosen"] = dict.fromkeys(films)

    return prepare


def test_chosen_films_are_tagged_and_found_by_their_tag(run, stocked):
    Notebook(stocked / "notes.sqlite").add_tag("generated", ["c"], "look *again*")
    app = run(choose("a", "<b>b</b>"))
    app.selectbox(key="films_tag_name").set_value("look *again*").run()
    app.button(key="films_tag_add").click().run()
    assert Notebook(stocked / "notes.sqlite").tagged("generated", "look *again*") == ["<b>b</b>", "a", "c"]
    assert [one["written"] for one in gallery(app)][:4] == ["look *again*"] * 3 + [""]
    assert names(run(tags="look *again*")) == ["a", "<b>b</b>", "c"]


def test_notes_and_views_are_written_down(run, stocked):
    app = run(choose("c"), outcomes="Mass:FN")
    app.text_area(key="films_note_text").set_value("missed").run()
    app.button(key="films_note_write").click().run()
    app.text_input(key="films_view_name").set_value("misses").run()
    app.button(key="films_view_save").click().run()
    book = Notebook(stocked / "notes.sqlite")
    assert book.remarks("generated", ["c"])["c"].note == "missed"
    other = run()
    assert names(other) == list(NAMES)
    other.selectbox(key="films_views").set_value("misses").run()
    other.button(key="films_view_open").click().run()
    assert names(other) == ["c"]


def test_a_library_without_datasets_says_what_to_do(run, stocked):
    import shutil

    shutil.rmtree(stocked / "datasets")
    assert "There is no dataset yet." in said(run())


def bring(count: int) -> Callable:
    """Put films on the shelf as an upload does, the first of them answered."""

    def prepare(app: AppTest, services) -> None:
        films = [Film.from_pixels(shades(seed) / np.float32(255)) for seed in range(count)]
        for film in films:
            services.films.put(film)
        services.logits.put(services.logits_key(films[0].sha256, "tiny"), np.array([3.0, -3.0]))
        app.session_state["uploads"] = [Upload(film.sha256, f"<i>{k}</i>") for k, film in enumerate(films)]

    return prepare


def test_own_films_are_a_dataset_of_this_visitor_and_nothing_of_them_is_written(run, stocked, contents):
    before = contents(stocked)
    app = run(bring(3), dataset=OWN, finding="Effusion")
    assert said(app) == ""
    assert [one["title"] for one in gallery(app)] == ["<i>0</i>", "<i>1</i>", "<i>2</i>"]
    assert [one["answer"] for one in gallery(app)] == ["95\u00a0%", "", ""]
    app.session_state["films_chosen"] = dict.fromkeys(names(app))
    app.run()
    app.text_area(key="films_note_text").set_value("mine").run()
    app.button(key="films_note_write").click().run()
    assert [one["written"] for one in gallery(app)] == ["note"] * 3
    name, media, content = take_away(app, "CSV")
    assert (name, media) == ("your films.films.csv", "text/csv")
    table = pd.read_csv(io.BytesIO(content), encoding="utf-8-sig")
    assert table["note"].tolist() == ["mine"] * 3
    assert contents(stocked) == before


def part(app: AppTest, src: str, visitor: str = "") -> Part | None:
    """What the browser gets from an address."""
    return app.session_state["services"].channel.parts.find(src.rpartition("/")[2], visitor)


def test_the_browser_fetches_each_picture_which_is_made_when_it_does(run, stocked):
    app = run()
    assert not (stocked / "thumbnails").exists()
    first = gallery(app)[0]
    assert re.fullmatch("/api/parts/[0-9a-f]+", first["src"])
    made = part(app, first["src"])
    assert (made.media, made.is_public) == ("image/webp", True)
    assert made.content == thumbnail(app.session_state["services"].library.open_film("generated", "a"))
    assert len(list((stocked / "thumbnails").rglob("*.webp"))) == 1


def test_a_film_that_cannot_be_opened_has_no_picture(run, stocked):
    (stocked / "films" / "generated" / "film0.png").write_text("no film")
    app = run()
    broken, sound = gallery(app)[:2]
    assert part(app, broken["src"]) is None
    assert part(app, sound["src"]) is not None


def test_pictures_of_own_films_are_for_who_brought_them_until_the_visit_ends(run, stocked):
    app = run(bring(2), dataset=OWN)
    channel, ada = app.session_state["services"].channel, page_of(app).visitor
    film = gallery(app)[0]
    channel.visitors.bring(ada, film["id"])
    assert part(app, film["src"], ada).is_public is False
    assert part(app, film["src"], "somebody else") is None
    assert not (stocked / "thumbnails").exists()
    channel.parts.forget(film["id"])
    assert part(app, film["src"], ada) is None


def test_own_films_are_predicted_until_the_visitor_stops_it(run):
    app = run(bring(3), dataset=OWN)
    jobs = app.session_state["services"].long_jobs._jobs
    assert [one["title"] for one in lines(app)["own films"]] == ["tiny answers 2 films"]
    assert len(jobs) == 1
    page_of(app).stop("own films")
    assert not jobs
    app.run()
    assert (lines(app), jobs) == ({}, {})


def test_own_films_are_predicted_while_the_visitor_is_on_another_page_but_not_once_another_dataset_is_chosen(run):
    app, other = run(bring(3), dataset=OWN), run(bring(2), dataset=OWN)
    jobs = app.session_state["services"].long_jobs._jobs
    assert len(jobs) == 2
    app.selectbox(key="films_dataset").set_value("generated").run()
    other.switch_page("views/models.py").run()
    (job,) = jobs.values()
    assert list(job.waiting) == [page_of(other).id]


def test_a_dataset_is_predicted_in_the_background_and_stopped_and_begun_again(run):
    app = run(predictions="no predictions")
    assert not app.exception
    jobs = app.session_state["services"].long_jobs._jobs
    app.button(key="predict_start").click().run()
    assert list(jobs) == ["predict generated tiny"]
    assert [one["title"] for one in lines(app)["dataset films"]] == ["tiny answers generated"]
    page_of(app).stop("dataset films")
    app.run()
    assert (lines(app), jobs) == ({}, {})
    app.button(key="predict_start").click().run()
    assert [one["state"] for one in lines(app)["dataset films"]] == ["waiting"]


def test_predictions_that_are_there_are_shown(run, stocked):
    app = run(predictions="no predictions")
    app.button(key="predict_start").click().run()
    folder = stocked / "predictions"
    shutil.copytree(folder / "answers", folder / "tiny-on-generated")
    app.session_state["services"].long_jobs.find("predict generated tiny").state = "done"
    app.run()
    assert link_of(app)["predictions"] == "tiny-on-generated"
    assert lines(app) == {}


def test_a_model_that_cannot_answer_says_why_and_is_asked_again(run):
    app = run(bring(3), dataset=OWN)
    (job,) = app.session_state["services"].long_jobs._jobs.values()
    job.state, job.error = "failed", "tiny.keras is damaged."
    app.run()
    (line,) = lines(app)["own films"]
    assert (line["state"], line["message"]) == ("failed", "tiny.keras is damaged.")
    page_of(app).go_on("own films")
    app.run()
    assert [one["state"] for one in lines(app)["own films"]] == ["waiting"]


def test_a_dataset_without_pictures_opens_as_a_table_and_one_with_them_as_pictures(run, stocked, shelf):
    films = tuple(f"f{k}" for k in range(6))
    shelf.add_dataset("bare", films, on_disk=[False] * 4 + [True] * 2)
    app = run(dataset="bare")
    assert len(app.dataframe) == 1 and "layout" not in link_of(app)
    assert app.segmented_control(key="films_layout").value == "table"
    app.segmented_control(key="films_layout").set_value("gallery").run()
    assert names(app) == list(films) and link_of(app)["layout"] == "gallery"
    assert names(run(dataset="bare", image="here")) == ["f4", "f5"]
    assert names(run(dataset="generated")) == list(NAMES)


def test_the_page_opens_on_what_was_used_last(run, stocked, shelf):
    shelf.add_dataset("another", ("x",))
    app = run(dataset="another")
    for page in ("views/models.py", "views/films.py"):
        app.query_params.clear()
        app.session_state["films_state"] = LINK.default
        app.switch_page(page).run()
    assert link_of(app)["dataset"] == "another"


def test_a_visitor_is_offered_nothing_that_the_library_keeps(run, monkeypatch):
    monkeypatch.setattr("dashboard.server.roles.this_role", lambda: Role.VISITOR)
    app = run(choose("c"), outcomes="Mass:FN")
    app.text_input(key="films_view_name").set_value("mine").run()
    for key in ("films_tag_add", "films_note_write", "films_view_save", "films_slice_save", "predict_start"):
        button = app.button(key=key)
        assert (key, button.disabled) == (key, True)
        assert button.help.startswith("Only the owner of this library may")
