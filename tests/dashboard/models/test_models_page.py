"""The Models page in every state, without a browser, and the work it starts, without TensorFlow."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.models.services import ModelServices
from dashboard.models.state import DOORS, SECTIONS
from dashboard.server.library import Library
from dashboard.server.roles import Role
from tests.dashboard.judged_library import add_classes
from tests.dashboard.lines import lines, page_of
from tests.dashboard.models.model_library import HOSTILE, card, evaluation, put
from tests.dashboard.pages import Idle, link_of, opened, plain, said, serve, shown, take_away
from xai.cards.model_card import read_card


@pytest.fixture
def stocked(tmp_path, monkeypatch) -> Path:
    """Two sound models, one that nobody measured, and two broken ones."""
    monkeypatch.setattr("dashboard.server.library.BUILT_IN_MODELS", Path("/nowhere"))
    put(tmp_path, "first", card("first"))
    put(tmp_path, "second", card("second", performance={"test": evaluation(0.65)}))
    put(
        tmp_path,
        "unmeasured",
        card("unmeasured", outputs=["Normal", "Other"], thresholds={}, prevalence={}, performance={}),
    )
    put(tmp_path, "bad card", "{")
    put(tmp_path, "cut short", card("cut short"), b"")
    return tmp_path


@pytest.fixture
def run(stocked, monkeypatch) -> Callable[..., AppTest]:
    """Open the page as a link says, on a server of this test's own whose jobs nobody works on."""
    services = Idle(Library(stocked))
    serve(monkeypatch, stocked, lambda root: services)
    monkeypatch.setattr("dashboard.server.turnstile.Turnstile._next", lambda turnstile: None)
    return partial(opened, "views/models.py")


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


@pytest.mark.parametrize("section", [*SECTIONS, *DOORS])
def test_every_section_of_a_sound_model_opens_without_a_complaint(run, section):
    app = run(model="first", section=section, **{"with": "second"})
    assert app.error == []
    assert link_of(app).get("section", "card") == section
    assert app.radio(key="models_model").value == ("first" if section in SECTIONS else None)


def test_the_card_is_taken_away_as_it_lies_there(run, stocked):
    app = run(model="first", section="raw")
    path = stocked / "models" / "first.json"
    assert take_away(app, "Download the card") == ("first.json", "application/json", path.read_bytes())
    path.unlink()
    with pytest.raises(FileNotFoundError):
        take_away(app, "Download the card")


def test_the_card_is_told_in_words(run):
    text = plain(shown(run(model="first")))
    assert "**800 films**" in text
    assert "**0.75**" in text
    assert "Hernia: learned from 4 films." in text
    assert "Cite: nobody, 2024" in text
    assert "As many missed as flagged." in text


def test_a_model_of_one_output_is_told_in_the_singular(run, stocked):
    put(stocked, "single", card("single", outputs=["Pneumonia"], thresholds={}, prevalence={}))
    app = run(model="single")
    text = plain(shown(app))
    assert "**1 output**" in text and ":gray[AUROC]" in text and "Mean AUROC" not in text
    assert "yours · 1 output · AUROC 0.75" in plain(" ".join(app.radio(key="models_model").proto.captions))


def test_classes_are_told_to_exclude_each_other(run, stocked):
    changes = {"outputs": ["covid", "normal"], "head": {"link": "softmax", "emits": "logits"}}
    put(stocked, "classes", card("classes", thresholds={}, prevalence={}, **changes))
    assert "one of them, never two" in plain(shown(run(model="classes")))


def test_classes_have_a_link_to_their_curves(run, shelf):
    add_classes(shelf)
    changes = {"outputs": ["covid", "normal", "pneumonia"], "head": {"link": "softmax", "emits": "logits"}}
    put(shelf.root, "three", card("three", thresholds={}, prevalence={}, **changes))
    app = run(model="three", section="measured")
    assert [link.proto.query_string for link in app.get("page_link")][-1] == "predictions=three"


def test_figures_and_their_films_are_shown(run):
    app = run(model="first", section="measured")
    table = app.dataframe[0].value
    assert table.loc[0, ["Finding", "AUROC", "With it", "Threshold"]].tolist() == [
        "Atelectasis",
        "0.75 (0.67 to 0.81)",
        "20",
        "10\u00a0%",
    ]
    assert "200 films of 190 patients" in plain(shown(app))


def test_the_token_is_told_beside_the_simulated_figures(run, stocked):
    token = {"films": 400, "lower_without": 0.91, "mean_change_of_logit": -1.2, "meaning": "Twins."}
    put(
        stocked,
        "first",
        card("first", performance={"test": evaluation(0.7), "unseen_simulated": evaluation(0.9) | {"token": token}}),
    )
    app = run(model="first", section="measured", evaluation="unseen_simulated")
    assert "lower without on **91\u00a0%**" in plain(shown(app))
    assert "**-1.20**" in plain(shown(app))
    assert link_of(app)["evaluation"] == "unseen_simulated"
    assert link_of(run(model="first", section="measured", part="unseen_simulated")) == link_of(app)  # an older link


def test_two_models_stand_side_by_side(run):
    app = run(model="first")
    app.selectbox(key="models_other").set_value("second").run()
    assert not app.exception
    assert link_of(app) == {"model": "first", "with": "second", "section": "compare"}
    table = app.dataframe[0].value
    assert table.loc[0, ["first", "second", "Difference"]].tolist() == [
        "0.75 (0.67 to 0.81)",
        "0.65 (0.57 to 0.71)",
        "+0.10",
    ]
    facts = app.table[0].value
    assert [plain(one) for one in facts.loc["Parameters"]] == ["12,345", "12,345"]


def test_published_figures_come_with_the_warning(run):
    app = run(model="first", section="published")
    assert "Different films" in said(app)
    assert app.dataframe[0].value["CheXNet"].tolist()[0] == "0.809"
    assert "about the same question" in said(run(model="unmeasured", section="published"))


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("name", ["bad card", "cut short", "unmeasured"])
def test_a_broken_or_bare_model_is_at_most_one_error_in_every_section(run, name, section):
    app = run(model=name, section=section)
    assert len(app.error) == (0 if name == "unmeasured" else 1)
    assert app.radio(key="models_model").value == name


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ({"model": "gone"}, "There is no model “gone” in this library; showing bad card."),
        ({"with": "gone"}, "There is no model “gone” in this library to compare with."),
        ({"section": "nowhere"}, "The link's section “nowhere” was left out"),
        ({"model": "first", "section": "measured", "evaluation": "x"}, ""),
        ({"model": HOSTILE}, f"There is no model “{HOSTILE}”"),
    ],
)
def test_a_bad_link_is_a_sentence_and_the_page_goes_on(run, link, sentence):
    app = run(**link)
    assert sentence in plain(said(app))
    assert len(app.radio(key="models_model").options) == 5


def test_hostile_names_and_texts_are_shown_as_text(run, stocked):
    name = HOSTILE.replace("/", "_")
    changes = {"summary": HOSTILE, "outputs": [HOSTILE], "thresholds": {}, "prevalence": {}}
    figures = {"test": {"findings": {HOSTILE: {"auroc": 0.6}}, "films": HOSTILE}, HOSTILE: {"findings": {}}}
    provenance = {
        "data": {"name": HOSTILE, "licence": HOSTILE},
        "command": HOSTILE,
        "notes": [HOSTILE],
        "recipe": {HOSTILE: HOSTILE},
    }
    put(stocked, name, card(HOSTILE, **changes, performance=figures, provenance=provenance))
    for section in SECTIONS:
        app = run(model=name, section=section, **{"with": "first"})
        assert app.error == []
        texts = [one.value for one in (*app.markdown, *app.caption, *app.warning, *app.info)]
        assert not any(re.search(r"(?<!\\)(<img|:red\[|\*\*b)", text) for text in texts)


def test_a_model_is_deleted_and_comes_back(run, stocked, contents):
    before = contents(stocked / "models")
    app = run(model="second", section="measured")
    app.button(key="models_delete").click().run()
    assert not (stocked / "models" / "second.keras").exists()
    assert "second** and its card are in the trash" in plain(app.success[0].value)
    app.button(key="models_delete_undo").click().run()
    assert not app.exception
    assert contents(stocked / "models") == before
    assert app.radio(key="models_model").value == "second"


def test_somebody_else_brings_a_deleted_model_back(run, stocked, contents):
    before = contents(stocked / "models")
    run(model="bad card").button(key="models_delete").click().run()
    app = run(section="deleted")
    next(one for one in app.button if one.label == "Bring back").click().run()
    assert not app.exception
    assert contents(stocked / "models") == before


def test_a_built_in_model_cannot_be_deleted(run, monkeypatch, stocked):
    monkeypatch.setattr("dashboard.server.library.BUILT_IN_MODELS", stocked / "models")
    monkeypatch.setattr("dashboard.models.inventory.BUILT_IN_MODELS", stocked / "models")
    app = run(model="first")
    assert app.button(key="models_delete").disabled


def test_an_earlier_card_is_gone_back_to_and_that_is_undone(run, stocked, contents):
    path = stocked / "models" / "first.json"
    old = card("first", thresholds={"Mass": {"value": 0.3, "rule": "old"}})
    path.with_name("first.v1.json").write_text(json.dumps(old))
    path.with_name("first.v2.json").write_text("{")
    before = contents(path.parent)
    app = run(model="first", section="versions")
    assert "cannot be gone back to" in plain(said(app))
    app.button(key="models_switch_1").click().run()
    assert read_card(path).threshold("Mass").value == 0.3
    app.button(key="models_switch_undo").click().run()
    assert not app.exception
    assert contents(path.parent) == before


def test_nothing_is_written_by_looking(run, stocked, contents):
    before = contents(stocked)
    for section in (*SECTIONS, *DOORS):
        run(model="first", section=section)
    assert contents(stocked) == before


def test_an_empty_library_says_what_to_do(run, stocked):
    for file in (stocked / "models").iterdir():
        file.unlink()
    assert "There is no model yet" in said(run())
    assert "No checkpoint lies in the library" in said(run(section="import"))


def test_fetching_waits_for_consent_and_can_be_cancelled(run):
    app = run(section="fetch", fetch="xrv-nih")
    assert "NIH ChestX" in plain(shown(app))
    assert "do not pass them on" in plain(shown(app))
    assert app.button(key="models_fetch").disabled
    app.checkbox(key="models_agree_xrv-nih").check().run()
    app.button(key="models_fetch").click().run()
    assert not app.exception
    assert app.button(key="models_fetch").disabled
    ((group, (line,)),) = lines(app).items()
    assert (line["title"], line["state"]) == ("Fetching xrv-nih", "waiting")
    page_of(app).stop(group)
    app.run()
    assert not app.exception
    assert lines(app) == {}
    assert app.session_state["services"].of(ModelServices).tracked_jobs() == []
    app.button(key="models_fetch").click().run()
    assert [one["state"] for (one,) in lines(app).values()] == ["waiting"]


def test_what_one_visitor_fetches_another_sees_and_may_stop(run):
    ada, ben = (run(section="fetch", fetch="xrv-nih") for _ in range(2))
    ada.checkbox(key="models_agree_xrv-nih").check().run()
    ada.button(key="models_fetch").click().run()
    ben.run()
    assert lines(ben) == lines(ada)
    (group,) = lines(ben)
    page_of(ben).stop(group)
    page_of(ada).hear()
    assert [one.state for one in page_of(ada).items(group)] == ["ready"]
    assert lines(ada.run()) == {}


def test_what_has_ended_stays_until_it_was_understood(run):
    app = run(section="fetch", fetch="xrv-nih")
    app.checkbox(key="models_agree_xrv-nih").check().run()
    app.button(key="models_fetch").click().run()
    (tracked,) = app.session_state["services"].of(ModelServices).tracked_jobs()
    tracked.job.state, tracked.job.error = "failed", "The server is away."
    app.run()
    assert lines(app) == {}
    assert "Fetching xrv-nih failed. The server is away." in plain(said(app))
    app.button(key="models_seen_fetch xrv-nih").click().run()
    assert said(app) == ""


def test_an_import_asks_for_a_name_that_is_free(run, stocked):
    (stocked / "imports").mkdir()
    (stocked / "imports" / "net.pth").write_bytes(b"x")
    app = run(section="import")
    field = app.text_input(key="models_name_imports/net.pth")
    assert field.value == "net"
    field.set_value("first").run()
    app.button(key="models_import").click().run()
    assert "first already" in plain(said(app))
    app.text_input(key="models_name_imports/net.pth").set_value("mine").run()
    app.button(key="models_import").click().run()
    assert not app.exception
    assert [one["title"] for (one,) in lines(app).values()] == ["Importing net.pth"]


@pytest.fixture
def as_visitor(monkeypatch) -> None:
    monkeypatch.setattr("dashboard.server.roles.this_role", lambda: Role.VISITOR)


def test_a_visitor_is_shown_why_a_model_cannot_be_deleted(run, as_visitor):
    app = run(model="first")
    button = app.button(key="models_delete")
    assert button.disabled
    assert button.help.startswith("Only the owner of this library may delete models")


def test_a_visitor_is_offered_no_import_and_no_download(run, stocked, as_visitor):
    (stocked / "imports").mkdir()
    (stocked / "imports" / "weights.npz").write_bytes(b"no weights")
    for section, key in (("import", "models_import"), ("fetch", "models_fetch")):
        button = run(section=section).button(key=key)
        assert button.disabled
        assert "Only the owner of this library may" in button.help


def test_the_owner_is_asked_before_a_model_is_deleted(run, stocked):
    app = run(model="first")
    assert "Delete **first** for everybody who uses this library?" in plain(shown(app))
    app.button(key="models_delete").click().run()
    assert not app.exception
    assert not (stocked / "models" / "first.keras").exists()
