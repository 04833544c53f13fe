"""Thumbnails, films shown large, films that a visitor brought, and the words and tables around them."""

from __future__ import annotations

import io
import os
import threading
import time

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dashboard.compare.walk import Place
from dashboard.films.catalogue import MISSING
from dashboard.films.items import export_table, facts, page_of, summaries, table_of
from dashboard.films.large import LONGEST_SIDE, outlined
from dashboard.films.notes import Remark
from dashboard.films.own import own_catalogue, predict_films
from dashboard.films.services import FilmServices
from dashboard.films.state import State
from dashboard.films.thumbnails import SIDE, Thumbnails, thumbnail, thumbnail_key
from dashboard.films.walk import FilmsWalk, place
from dashboard.page.palette import FINDING_COLORS
from dashboard.server.film_cache import FilmCache
from dashboard.server.library import Library
from dashboard.server.services import Services
from tests.dashboard.conftest import shades
from tests.dashboard.films.film_tables import NOTHING, catalogue, table
from xai.budget import Budget, Cancelled
from xai.cards.model_card import card_from_dict
from xai.films.film import Film, FilmError


def film_of(seed: int = 0, side: int = 40) -> Film:
    return Film.from_pixels(shades(seed, side) / np.float32(255))


def decoded(webp: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(webp)).convert("L"))


class TestThumbnails:
    def test_a_thumbnail_looks_like_its_film(self):
        ramp = Film.from_pixels(np.tile(np.linspace(0.2, 0.6, 600, dtype=np.float32), (900, 1)))
        small = decoded(thumbnail(ramp))
        assert small.shape == (SIDE, SIDE * 600 // 900)
        assert np.abs(small.mean(axis=0) / 255 - np.linspace(0.2, 0.6, small.shape[1])).max() < 0.03

    def test_a_small_film_is_not_enlarged(self):
        assert decoded(thumbnail(film_of(side=40))).shape == (40, 40)

    def test_they_are_kept_on_disk_and_each_is_made_once(self, tmp_path, contents):
        opened = []
        open_film = lambda: opened.append(1) or film_of()  # noqa: E731
        pictures = Thumbnails(tmp_path)
        assert pictures.get("aa") is None
        made = [one.picture("aa", open_film) for one in (pictures, pictures, Thumbnails(tmp_path))]
        assert made == [thumbnail(film_of())] * 3
        assert opened == [1]
        assert set(contents(tmp_path)) == {"aa/aa.webp"}

    def test_a_film_that_cannot_be_opened_has_none_and_is_not_opened_again(self, tmp_path, contents):
        opened = []

        def broken() -> Film:
            opened.append(1)
            raise FilmError("This is text.")

        pictures = Thumbnails(tmp_path)
        assert [pictures.picture("aa", broken) for _ in range(2)] == [None, None]
        assert opened == [1]
        assert contents(tmp_path) == {}

    def test_a_folder_that_cannot_be_written_costs_nothing_but_time(self, tmp_path):
        (tmp_path / "taken").write_text("a file")
        assert Thumbnails(tmp_path / "taken").picture("aa", film_of) == thumbnail(film_of())

    def test_a_picture_that_was_cut_short_is_made_again(self, tmp_path):
        Thumbnails(tmp_path).picture("aa", film_of)
        file = tmp_path / "aa" / "aa.webp"
        for damage in (b"", b"RIFF", file.read_bytes()[:-20]):
            file.write_bytes(damage)
            pictures = Thumbnails(tmp_path)
            assert pictures.get("aa") is None
            assert pictures.picture("aa", film_of) == file.read_bytes() == thumbnail(film_of())

    def test_the_oldest_go_when_the_folder_outgrows_its_limit(self, tmp_path):
        size = len(thumbnail(film_of()))
        pictures = Thumbnails(tmp_path, disk_bytes=int(2.5 * size))
        for key in ("aa", "bb", "cc"):
            pictures.picture(key, film_of)
            os.utime(tmp_path / key / f"{key}.webp", (time.time() - 100 + ord(key[0]),) * 2) if key != "cc" else None
        assert sorted(path.stem for path in tmp_path.rglob("*.webp")) == ["bb", "cc"]

    def test_the_key_follows_the_file_and_not_the_name(self, shelf):
        shelf.add_dataset(on_disk=[True, True, False])
        library = Library(shelf.root)
        first = thumbnail_key(library, "generated", "a")
        assert first == thumbnail_key(library, "generated", "a")
        assert first != thumbnail_key(library, "generated", "b")
        os.utime(shelf.root / "films" / "generated" / "a.png", (1, 1))
        assert first != thumbnail_key(library, "generated", "a")
        assert len(thumbnail_key(library, "generated", "../../x")) == 64


class TestLarge:
    def test_a_plain_film_keeps_its_shades(self):
        film = Film.from_pixels(np.full((100, 50), 0.4))
        picture = outlined(film)
        assert picture.shape == (LONGEST_SIDE, LONGEST_SIDE // 2, 3)
        assert np.ptp(picture) == 0
        assert picture[0, 0, 0] == round(0.4 * 255)

    def test_a_box_is_drawn_where_it_is_in_its_finding_s_colour(self):
        picture = outlined(Film.from_pixels(np.zeros((90, 90))), boxes={"Mass": [(0.5, 0.25, 0.75, 1.0)]})
        colour = [int(FINDING_COLORS["Mass"][at : at + 2], 16) for at in (1, 3, 5)]
        strong = np.abs(picture.astype(int) - colour).max(axis=2) < 12
        assert strong[500, 448:453].any()  # left edge at half of 900 pixels
        assert strong[500, 673:678].any()
        assert not picture[500, 500:640].any()  # nothing inside

    def test_a_mask_is_outlined_and_not_filled(self):
        mask = np.zeros((90, 90), bool)
        mask[30:60, 30:60] = True
        picture = outlined(Film.from_pixels(np.zeros((90, 90))), masks={"Mass": mask, "token": ~mask & mask})
        assert picture[450, 290:310].any()
        assert not picture[400:500, 400:500].any()


class TestOwn:
    FILMS = (("1" * 64, "<b>me</b>.png · PNG", "PA"), ("2" * 64, "two", None))

    @pytest.fixture
    def card(self):
        content = {"name": "tiny", "outputs": ["Effusion", "Odd"], "head": {"link": "sigmoid", "emits": "logits"}}
        return card_from_dict(content | {"input": {"size": 16, "channels": 1}})

    def test_films_of_a_visitor_are_a_catalogue_without_labels(self):
        own = own_catalogue(self.FILMS, [None, None], None)
        assert (own.films.labels == MISSING).all()
        assert own.films.titles.tolist() == [title for _, title, _ in self.FILMS]
        assert own.films.openable.all()
        assert own.answers is None
        assert facts(own, 0) == ["PA"]

    def test_answers_come_in_as_they_are_made(self, card):
        own = own_catalogue(self.FILMS, [np.array([0.0, 2.0]), None], card)
        np.testing.assert_allclose(own.answers.probabilities[:, 0], [0.5, 1 / (1 + np.exp(-2))])
        assert np.isnan(own.answers.probabilities[:, 1]).all()
        more = own_catalogue(self.FILMS, [np.array([0.0, 2.0]), np.zeros(2)], card)
        assert own.key != more.key

    def test_every_film_is_answered_and_progress_is_told(self):
        class Model:
            def prepare(self, film):
                return film.pixels.mean()

            def logits(self, batch):
                assert len(batch) <= 8
                return np.column_stack([batch, -batch])

        class Bench:
            films, logits = FilmCache(2**20), {}

            def classifier(self, model):
                return Model()

            def logits_key(self, sha256, model):
                return f"{model} {sha256}"

            def note_upload(self, film, key):
                noted.append(key)

        services, kept, noted = Bench(), {}, []
        services.logits = type("Store", (), {"put": staticmethod(kept.__setitem__)})
        films = [film_of(seed) for seed in range(11)]
        for film in films:
            services.films.put(film)
        done: list[float] = []
        predict_films(services, "m", [*(film.sha256 for film in films), "gone"], Budget(progress=done.append))
        assert done == [8 / 12, 1.0]
        assert set(kept) == {f"m {film.sha256}" for film in films}
        assert noted == list(kept)
        assert kept[f"m {films[3].sha256}"][0] == pytest.approx(films[3].pixels.mean())
        with pytest.raises(Cancelled):
            predict_films(services, "m", ["x"], Budget(cancelled=lambda: True))


class TestWords:
    @pytest.fixture
    def made(self):
        films = table(3, Mass=[1.0, 0.0, NOTHING], Edema=[1.0, NOTHING, NOTHING], view=["PA", None, "AP"], sex="F")
        films = films.assign(age=[61.4, NOTHING, 3.0], on_disk=[True, False, True], film=["a", "=1+2", "<b>c</b>"])
        return catalogue(films, {"Mass": [0.9, 0.6, NOTHING]})

    def test_a_film_in_a_few_words(self, made):
        asked = State(finding="Mass")
        first, second, third = summaries(made, asked, np.arange(3), {"a": Remark(("x",), "words")})
        assert first.findings == "Mass, Edema"
        assert (first.outcome, first.answer, first.written) == ("TP", "90\u00a0%", "x · note")
        assert first.sentence == "a · PA · F · 61\u00a0years · labels: Mass, Edema · Mass 90\u00a0%, true positive"
        assert (second.findings, second.outcome) == ("none present", "FP")
        assert (third.findings, third.outcome, third.answer) == ("no labels", "", "")

    def test_without_a_finding_it_counts_what_is_flagged(self, made):
        assert [one.answer for one in summaries(made, State(), np.arange(3))] == ["1 flagged", "1 flagged", ""]
        cut = State(thresholds=(("Mass", 0.7),))
        assert [one.answer for one in summaries(made, cut, np.arange(3))] == ["1 flagged", "0 flagged", ""]

    def test_the_table_has_a_row_a_film(self, made):
        shown = table_of(made, State(finding="Mass"), np.array([2, 0]), {"a": Remark(("x",), "words")})
        assert shown["Film"].tolist() == ["<b>c</b>", "a"]
        assert shown["Outcome"].tolist()[1] == "true positive"
        assert shown["Tags"].tolist() == [[], ["x"]]
        assert "Probability" not in table_of(made, State(), np.arange(3), {})

    def test_an_export_holds_everything_and_no_formula(self, made):
        exported = export_table(
            made, State(thresholds=(("Mass", 0.95),)), np.arange(3), {"a": Remark(("x", "y"), "-1")}
        )
        assert exported["film"].tolist() == ["a", "'=1+2", "<b>c</b>"]
        assert exported["prob_Mass"].tolist()[:2] == [0.9, 0.6]
        assert exported["outcome_Mass"].tolist() == ["FN", "TN", ""]
        assert exported["threshold_Mass"].tolist() == [0.95] * 3
        assert exported["Mass"].isna().tolist() == [False, False, True]
        assert exported.loc[0, ["tags", "note"]].tolist() == ["x; y", "'-1"]
        back = pd.read_csv(io.StringIO(exported.to_csv(index=False)))
        assert len(back) == 3

    def test_pages(self):
        rows = np.arange(100)
        assert [page_of(rows, State(size="medium", page=page)).rows.tolist()[0] for page in (1, 2, 3)] == [0, 48, 96]
        last = page_of(rows, State(page=99))
        assert (last.number, last.count, len(last.rows)) == (3, 3, 4)
        empty = page_of(rows[:0], State(page=5))
        assert (empty.number, empty.count, len(empty.rows)) == (1, 1, 0)


class TestWalk:
    def test_a_film_stands_between_those_that_can_be_opened(self):
        of = catalogue(table(5, on_disk=[True, False, True, False, True]))
        rows = np.array([4, 3, 2, 1, 0])
        here = place(of, rows, "f2", only_openable=True)
        assert (here.number, here.count, here.before, here.after) == (3, 5, "f4", "f0")
        assert place(of, rows, "f2", only_openable=False).before == "f3"
        assert place(of, rows, "f4", only_openable=True).before is None
        assert place(of, rows[:2], "f2", only_openable=True) is None
        assert place(of, rows, "nobody", only_openable=True) is None

    def test_it_goes_through_a_selection_or_all_that_the_query_finds(self, shelf):
        shelf.add_dataset()
        services = Services(Library(shelf.root))
        of = services.of(FilmServices).open("generated", None)
        asked = State("generated", name="b")
        names = of.films.names
        assert names[FilmsWalk("generated", asked).rows(services, of)].tolist() == ["b"]
        chosen = FilmsWalk("generated", asked, ("c", "gone", "a"))
        assert names[chosen.rows(services, of)].tolist() == ["c", "a"]
        assert chosen.place(services, "a") == Place(2, 2, "c", None)
        assert chosen.place(services, "b") is None
        assert chosen.ahead(services, "c", 9) == ["c", "a"] and chosen.ahead(services, "a", 9) == ["a"]
        assert chosen.ahead(services, "c", 1) == ["c"] and chosen.ahead(services, "b", 9) == []


class TestRoom:
    def test_a_catalogue_is_opened_once_and_again_when_its_table_changes(self, shelf):
        shelf.add_dataset(films=("a",))
        shared = FilmServices(Library(shelf.root))
        first = shared.open("generated", None)
        assert shared.open("generated", None).films is first.films
        folder = shelf.add_dataset(films=("a", "b"))
        os.utime(folder / "films.parquet", (time.time() + 5,) * 2)
        assert len(shared.open("generated", None).films) == 2

    def test_tags_that_change_change_what_is_found(self, shelf):
        shelf.add_dataset()
        shared = FilmServices(Library(shelf.root))
        of, asked = shared.open("generated", None), State(tags=("x",))
        assert len(shared.find(asked, of, shared.notebook)) == 0
        shared.notebook.add_tag("generated", ["b"], "x")
        assert shared.find(asked, of, shared.notebook).tolist() == [1]
        assert shared.count(asked, of, shared.notebook).films == 1

    def test_what_models_answer_in_the_background_ends_with_the_server(self, tmp_path):
        services, begun, ended = Services(Library(tmp_path)), threading.Event(), threading.Event()

        def work(budget: Budget) -> None:
            begun.set()
            while not budget.cancelled():
                time.sleep(0.005)
            ended.set()
            raise Cancelled

        services.long_jobs.ask("ada", "predict", work, slow=True)
        assert begun.wait(10)
        services.close()
        assert ended.wait(10)
