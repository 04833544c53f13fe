"""Models on disk: deleting and bringing back, versions, training logs, and files to import."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dashboard.models import incoming, trash
from dashboard.models.curves import CurvesError, best_epoch, curves_figure, read_curves
from dashboard.models.inventory import files_of, hidden, take_inventory, versions
from dashboard.models.trash import TrashError
from dashboard.models.versions import differences, switch
from dashboard.page.palette import DARK
from dashboard.server.library import Library
from tests.dashboard.models.model_library import card, put
from xai.built_in import BUILT_IN_MODELS
from xai.cards.card_versions import CardVersionError, take_back
from xai.cards.model_card import ModelCard, card_from_dict, read_card


@pytest.fixture
def library(tmp_path, monkeypatch) -> Library:
    monkeypatch.setattr("dashboard.server.library.BUILT_IN_MODELS", Path("/nowhere"))
    return Library(tmp_path)


def made(**changes) -> ModelCard:
    return card_from_dict(card("made", **changes))


class TestTrash:
    def test_a_deleted_model_comes_back_byte_for_byte(self, library, contents):
        path = put(library.root, "mine", card("mine"), b"weights")
        put(library.root, "mine2", card("mine2"))
        (path.parent / "mine.v1.json").write_text("{}")
        (path.parent / "mine.training.csv").write_text("epoch,loss\n1,2\n")
        before = contents(library.root / "models")
        deleted = trash.delete(library, take_inventory(library)["mine"])
        assert list(take_inventory(library)) == ["mine2"]
        assert sorted(contents(library.root / "models")) == ["mine2.json", "mine2.keras"]
        assert [one.name for one in trash.list_deleted(library)] == ["mine"]
        assert trash.restore(library, deleted) == path
        assert contents(library.root / "models") == before
        assert trash.list_deleted(library) == []

    def test_nothing_is_overwritten_by_bringing_back(self, library, contents):
        put(library.root, "mine", card("old"), b"old")
        deleted = trash.delete(library, take_inventory(library)["mine"])
        put(library.root, "mine", card("new"), b"new")
        before = contents(library.root)
        with pytest.raises(TrashError, match="stays in the trash"):
            trash.restore(library, deleted)
        assert contents(library.root) == before

    def test_a_name_can_be_deleted_again_and_again(self, library):
        for content in (b"first", b"second"):
            put(library.root, "mine", card("mine"), content)
            trash.delete(library, take_inventory(library)["mine"])
        found = {(one.folder / "mine.keras").read_bytes() for one in trash.list_deleted(library)}
        assert found == {b"first", b"second"}

    def test_a_built_in_model_stays(self, tmp_path):
        library = Library(tmp_path)
        with pytest.raises(TrashError, match="lightbox is built in"):
            trash.delete(library, take_inventory(library)["lightbox"])
        assert not trash.trash_folder(library).exists()

    def test_the_built_in_folder_itself_as_library_is_still_built_in(self):
        assert not take_inventory(Library(BUILT_IN_MODELS.parent))["lightbox"].is_own

    def test_a_model_that_is_gone_is_one_sentence(self, library):
        put(library.root, "mine", None)
        model = take_inventory(library)["mine"]
        trash.restore(library, deleted := trash.delete(library, model))
        with pytest.raises(TrashError, match="no longer in the trash"):
            trash.restore(library, deleted)
        trash.delete(library, model)
        with pytest.raises(TrashError, match="gone already"):
            trash.delete(library, model)

    def test_a_card_whose_model_is_gone_stays_where_it_is(self, library, contents):
        put(library.root, "mine", card("mine"))
        model = take_inventory(library)["mine"]
        model.path.unlink()
        before = contents(library.root)
        with pytest.raises(TrashError, match="gone already"):
            trash.delete(library, model)
        assert contents(library.root) == before

    def test_a_move_that_breaks_off_leaves_all_where_it_was(self, library, contents, monkeypatch):
        put(library.root, "mine", card("mine"))
        before, move, moved = contents(library.root), trash.move_new, []

        def fails(file, target):
            if file.suffix == ".json" and not moved:
                moved.append(file)
                raise OSError(28, "No space left on device")
            move(file, target)

        monkeypatch.setattr(trash, "move_new", fails)
        with pytest.raises(TrashError, match="No space left"):
            trash.delete(library, take_inventory(library)["mine"])
        assert contents(library.root) == before


class TestShelf:
    def test_broken_models_say_why_and_leave_the_others_alone(self, library):
        put(library.root, "good", card("good"))
        put(library.root, "bad", "{")
        put(library.root, "bare", None)
        put(library.root, "cut", card("cut"), b"")
        put(library.root, "text", card("text"), b"no archive")
        found = {name: one.problem for name, one in take_inventory(library).items()}
        assert found["good"] == ""
        assert found["bad"].startswith("bad.json is not valid JSON")
        assert found["bare"].startswith("bare.json is missing")
        assert found["cut"] == "cut.keras is empty: its copy or download was cut short."
        assert "text.keras is damaged or no Keras model" in found["text"]

    def test_a_model_behind_a_built_in_one_is_named(self, tmp_path):
        put(tmp_path, "lightbox", card("mine"))
        put(tmp_path, "other", card("other"))
        assert hidden(Library(tmp_path)) == ["lightbox.keras"]

    def test_the_card_of_another_model_is_no_version(self, library):
        path = put(library.root, "a[1]", card("a"))
        for name in ("a[1].v2.json", "a[1].v10.json", "a[1].vx.json", "a[1].v02.json"):
            (path.parent / name).write_text("{}")
        put(library.root, "a[1].v3", card("another"))
        assert [one.name for one in versions(path)] == ["a[1].v10.json", "a[1].v2.json"]
        assert len(files_of(path)) == 4


class TestVersions:
    def test_going_back_keeps_the_newer_card_and_can_be_undone(self, library, contents):
        path = put(library.root, "mine", card("mine")).with_suffix(".json")
        old = card("mine", thresholds={"Mass": {"value": 0.3, "rule": "old"}})
        path.with_name("mine.v1.json").write_text(json.dumps(old))
        before = contents(path.parent)
        done = switch(path, path.with_name("mine.v1.json"))
        assert read_card(path).threshold("Mass").value == 0.3
        assert done.kept.read_bytes() == before["mine.json"]
        take_back(done)
        assert contents(path.parent) == before

    def test_a_version_that_is_gone_or_changed_since_is_one_sentence(self, library):
        path = put(library.root, "mine", card("mine")).with_suffix(".json")
        kept = path.with_name("mine.v1.json")
        with pytest.raises(CardVersionError, match="no longer kept"):
            switch(path, kept)
        kept.write_text(json.dumps(card("mine")))
        first = switch(path, kept)
        switch(path, kept)
        with pytest.raises(CardVersionError, match="changed again"):
            take_back(first)

    def test_what_changed_is_told_by_finding(self):
        now = made()
        then = made(thresholds=card("x")["thresholds"] | {"Mass": {"value": 0.5, "rule": "old"}})
        assert differences(now, then) == [
            {"Finding": "Mass", "Now": "threshold 10\u00a0%", "Then": "threshold 50\u00a0%"}
        ]


class TestCurves:
    def test_a_log_is_read_and_its_best_epoch_found(self, library):
        path = put(library.root, "mine", card("mine"))
        log = "epoch,loss,validation_loss,note\n1,0.5,0.6,a\n2,0.4,0.5,b\n3,0.3,0.55,c\n"
        path.with_name("mine.training.csv").write_text(log)
        curves = read_curves(path, None)
        assert curves.measures == ["loss", "validation_loss"]
        assert best_epoch(curves) == (2, 0.5)
        figure = curves_figure(curves, curves.losses, "loss", DARK)
        assert [tuple(trace.y) for trace in figure.data] == [(0.5, 0.4, 0.3), (0.6, 0.5, 0.55)]

    def test_several_trainings_are_told_apart_and_epochs_counted(self, library):
        path = put(library.root, "mine", None)
        path.with_name("mine.training.csv").write_text("fold,loss\n0,3\n0,2\n1,5\n")
        table = read_curves(path, None).table
        assert table["epoch"].tolist() == [1, 2, 1]
        assert table["run"].tolist() == ["0", "0", "1"]

    def test_a_history_in_the_card_does_as_well(self, library):
        path = put(library.root, "mine", None)
        history = {"epoch": [1, 2], "loss": [0.5, None]}
        curves = read_curves(path, made(performance={"history": history}))
        assert curves.source == "the card, performance.history"
        assert len(curves.table) == 2

    def test_without_any_there_are_none(self, library):
        assert read_curves(put(library.root, "mine", None), made()) is None

    @pytest.mark.parametrize("log", ["", "\x00\xff", "a,b\nx,y\n", "epoch\n1\n", "epoch,loss\n1,nan\n", 'a,"b\n1'])
    def test_a_bad_log_is_one_sentence(self, library, log):
        path = put(library.root, "mine", None)
        path.with_name("mine.training.csv").write_text(log, encoding="latin-1")
        with pytest.raises(CurvesError, match=r"mine\.training\.csv"):
            read_curves(path, None)


class TestIncoming:
    def test_only_files_of_the_two_folders_are_offered(self, library):
        for name in ("imports/a.pth", "imports/b.txt", "imports/deep/c.pth", "imports/.d.pt", "downloads/e.h5.part"):
            (library.root / name).parent.mkdir(parents=True, exist_ok=True)
            (library.root / name).write_bytes(b"x")
        (library.root / "downloads" / "CheXNet_Keras_0.3.0_weights.h5").write_bytes(b"xy")
        found = incoming.list_incoming(library)
        assert list(found) == ["imports/a.pth", "downloads/CheXNet_Keras_0.3.0_weights.h5"]
        known = found["downloads/CheXNet_Keras_0.3.0_weights.h5"]
        assert (known.source, known.bytes, incoming.likely_layout(known)) == ("chexnet-keras", 2, "chexnet-keras")
        assert incoming.likely_layout(found["imports/a.pth"]) == "torchvision"

    @pytest.mark.parametrize(
        "name", ["", "../x", "a/b", "a b", "x" * 61, ".x", "a.keras", "a.h5", "a.json", "a\n", "a.", "nul"]
    )
    def test_a_name_that_is_none_is_refused(self, library, name):
        with pytest.raises(incoming.IncomingError, match="A model's name has 1 to 60"):
            incoming.check_name(library, name)

    def test_a_taken_name_is_refused_and_a_free_one_offered(self, library):
        put(library.root, "mine", None)
        with pytest.raises(incoming.IncomingError, match="mine already"):
            incoming.check_name(library, "mine")
        assert incoming.free_name(library, "mine") == "mine-2"
        assert incoming.free_name(library, "../<b>") == "b"
        assert incoming.free_name(library, "con") == "con-"
        assert incoming.check_name(library, "mine-2") == library.root / "models" / "mine-2.keras"

    def test_outputs_are_parted_by_commas(self):
        assert incoming.output_names(" ") is None
        assert incoming.output_names("Normal, -,Pneumonia") == ("Normal", "-", "Pneumonia")
