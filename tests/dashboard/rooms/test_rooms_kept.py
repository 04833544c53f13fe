from __future__ import annotations

import json
import stat
import time

import pytest

from dashboard.rooms.room import RoomError
from dashboard.rooms.rooms import MOST_ROOMS, SILENCE, Rooms
from dashboard.rooms.step import Question, Step

ASKED = Question("guess", "How much?")


@pytest.fixture
def now() -> list[float]:
    return [1_000.0]


def test_a_restart_finds_the_room_with_its_step_and_question_but_no_answers_and_no_key(tmp_path, now):
    file = tmp_path / "rooms.json"
    rooms = Rooms(file, lambda: now[0])
    room, key = rooms.open_one()
    room.move(Step("?film=simulated/s00000", ("film",), "Look."))
    for _ in range(3):
        room.ask(ASKED)
    room.answer(room.participant("ada"), 42)
    rooms.keep()
    assert key not in file.read_text()
    assert room.participant("ada") not in file.read_text()
    again = Rooms(file, lambda: now[0])
    (found,) = again.restored
    assert again.find(room.code) is found is again.held(key)
    assert (found.step, found.question, found.number) == (room.step, ASKED, 1)
    assert found.for_followers()["question"] == room.for_followers()["question"]  # by its number phones know it again
    assert found.participant("ada") == room.participant("ada")  # a phone stays the same one
    assert found.counts()["answers"] == 0


def test_a_room_that_is_closed_is_not_found_again(tmp_path):
    rooms = Rooms(tmp_path / "rooms.json")
    room, key = rooms.open_one()
    rooms.close(room)
    assert rooms.find(room.code) is rooms.held(key) is None
    assert Rooms(tmp_path / "rooms.json").restored == ()


def test_a_room_ends_after_hours_without_a_word_from_its_holder(now):
    rooms = Rooms(clock=lambda: now[0])
    room, key = rooms.open_one()
    now[0] += SILENCE
    assert rooms.held(key) is room
    now[0] += SILENCE
    assert rooms.find(room.code) is room  # a look of somebody else does not keep it open
    now[0] += 1
    assert rooms.find(room.code) is None
    assert not room.is_open


def test_a_room_that_fell_silent_before_the_restart_is_over(tmp_path, now):
    rooms = Rooms(tmp_path / "rooms.json", lambda: now[0])
    room, _ = rooms.open_one()
    now[0] += SILENCE + 1
    assert Rooms(tmp_path / "rooms.json", lambda: now[0]).find(room.code) is None


def test_a_holder_that_was_heard_all_the_while_holds_the_room_after_a_restart(tmp_path, now):
    rooms = Rooms(tmp_path / "rooms.json", lambda: now[0])
    room, key = rooms.open_one()
    for _ in range(7):
        now[0] += 3600
        rooms.hear(room)
    assert Rooms(tmp_path / "rooms.json", lambda: now[0]).held(key).code == room.code
    now[0] += 60
    rooms.hear(room)
    rooms.send_away()
    assert Rooms(tmp_path / "rooms.json", lambda: now[0]).restored[0].heard == now[0]


def test_rooms_are_bounded_and_each_key_holds_its_own():
    rooms = Rooms()
    opened = [rooms.open_one() for _ in range(MOST_ROOMS)]
    assert len({room.code for room, _ in opened}) == len({key for _, key in opened}) == MOST_ROOMS
    assert all(rooms.held(key) is room for room, key in opened)
    with pytest.raises(RoomError, match="20 rooms open"):
        rooms.open_one()


def test_a_library_that_cannot_be_written_to_stops_nobody(tmp_path):
    tmp_path.joinpath("file").write_text("")
    room, key = (rooms := Rooms(tmp_path / "file" / "rooms.json")).open_one()
    assert rooms.held(key) is room


def _damaged(change) -> str:
    good = {
        "code": "BCDFG", "key_digest": "a" * 64, "heard": 1.0, "salt": "b" * 32, "number": 1, "asked": 1,
        "step": {"link": "?film=a/b"}, "question": None,
    }  # fmt: skip
    return json.dumps({"form": 1, "rooms": [{**good, **change}]})


HOSTILE = {
    "empty": "", "list": "[]", "deep": "[" * 100_000, "no rooms": '{"form": 1}',
    "other form": '{"form": 2, "rooms": []}',
    "number": "5", "rooms are a word": '{"form": 1, "rooms": "abc"}', "nan": _damaged({"heard": float("nan")}),
    "code": _damaged({"code": "../.."}), "digest": _damaged({"key_digest": ""}), "salt": _damaged({"salt": 5}),
    "link": _damaged({"step": {"link": "https://example.org"}}),
    "kind": _damaged({"question": {"kind": "x", "text": "y"}}),
    "count": _damaged({"number": 2**40}), "true": _damaged({"number": True}), "asked": _damaged({"asked": -1}),
    "missing": '{"form": 1, "rooms": [{}]}',
}  # fmt: skip


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_damaged_or_hostile_file_opens_no_room(tmp_path, content):
    file = tmp_path / "rooms.json"
    file.write_text(content)
    assert Rooms(file).restored == ()


def test_a_good_entry_beside_a_bad_one_is_read_and_a_file_too_large_is_not(tmp_path, now):
    file = tmp_path / "rooms.json"
    content = json.loads(_damaged({}))
    file.write_text(json.dumps({**content, "rooms": [None, *content["rooms"]]}))
    assert [room.code for room in Rooms(file, lambda: 2.0).restored] == ["BCDFG"]
    file.write_text(json.dumps(content) + " " * 2**20)
    assert Rooms(file, lambda: 2.0).restored == ()
    assert stat.S_ISREG(file.stat().st_mode)


def test_a_clock_that_jumps_closes_no_room(monkeypatch):
    rooms = Rooms()
    room, _ = rooms.open_one()
    monkeypatch.setattr(time, "time", lambda: 4e9)
    assert rooms.find(room.code) is room
