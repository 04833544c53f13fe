"""Which files of a folder are films."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from xai.explainers.explanation import Explanation
from xai.films.film import Film, FilmError
from xai.many.film_files import DICOM_DIRECTORY, Found, find_films
from xai.many.making import _png


def png(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((40, 40), np.uint8)).save(path, format="PNG")
    return path


def test_a_folder_stands_for_every_film_below_it_in_the_same_order_whatever_else_lies_there(tmp_path):
    folder = tmp_path / "films"
    films = [png(folder / name) for name in ("b.png", "a/b.png", "a/B.PNG", "a/deep/er/no_ending", "a/b-2.png")]
    films.append(folder / "z.png")
    films[-1].write_bytes(b"\x89PNG\r\n\x1a\nthat ends")  # a film by its first bytes: the reader says what is wrong
    (folder / "labels.csv").write_text("film,Mass\nb,1\n")
    (folder / "empty.png").write_bytes(b"")
    (folder / "DICOMDIR").write_bytes(bytes(128) + b"DICM" + bytes(30) + DICOM_DIRECTORY)
    png(folder / ".thumbnails" / "b.png")
    found = find_films([folder])
    assert list(found.films.values()) == [films[0], films[5], films[2], films[4], films[1], films[3]]
    assert list(found.films) == ["b", "z", "B", "b-2", "b-3", "no_ending"]
    assert (found.others, found.links) == (3, 0)
    assert found.words == "Passed by: 3 files that are no films."


def test_links_and_pipes_do_not_lead_round_in_circles_or_hold_it_up(tmp_path):
    folder = tmp_path / "films"
    film = png(tmp_path / "elsewhere.png")
    folder.mkdir()
    (folder / "round").symlink_to(folder)
    (folder / "linked.png").symlink_to(film)
    (folder / "dangling.png").symlink_to(tmp_path / "gone.png")
    os.mkfifo(folder / "pipe.png")
    found = find_films([folder])
    assert list(found.films) == [
        "dangling",
        "linked",
    ]  # nobody knows what the first was: the reader refuses it
    assert found.words == "Passed by: 1 file that is no film, 1 link to a folder."


def test_a_folder_that_cannot_be_opened_is_counted(tmp_path, monkeypatch):
    png(tmp_path / "a.png"), png(tmp_path / "closed" / "b.png")
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert find_films([tmp_path]) == Found({"a": tmp_path / "a.png"}, closed=1)


def test_an_overlay_is_no_film_wherever_it_lies_but_may_be_named(tmp_path):
    film = Film.from_pixels(np.random.default_rng(0).random((40, 40)))
    drawn = Explanation("centred", "Mass", np.ones((8, 8), np.float32), 0.5, 0.0, 0, 1, 0.0, {})
    overlay = tmp_path / "chest.Mass.centred.png"
    overlay.write_bytes(_png(film, drawn, (0, 0, 1, 1), signed=False, boxed=False))
    assert Image.open(io.BytesIO(overlay.read_bytes())).size == (40, 40)
    with pytest.raises(FilmError, match=f"The folder {tmp_path} holds no film"):
        find_films([tmp_path])
    assert list(find_films([overlay]).films.values()) == [overlay]


def test_a_film_that_is_named_beside_its_folder_comes_once_and_one_named_twice_twice(tmp_path):
    one, other = png(tmp_path / "one.png"), png(tmp_path / "other.png")
    assert list(find_films([other, tmp_path]).films.values()) == [other, one]
    assert find_films([one, one, tmp_path / "absent.png"]).films == {
        "one": one,
        "one-2": one,
        "absent": tmp_path / "absent.png",
    }
