from __future__ import annotations

import asyncio
import json

import pytest

from dashboard.rooms import bells
from dashboard.rooms import room as rooms_module
from dashboard.rooms.codes import LETTERS, digest_of, is_code, new_code
from dashboard.rooms.report import counts_csv
from dashboard.rooms.room import MOST_ANSWERS, Room, RoomError
from dashboard.rooms.step import Question, Step
from tests.dashboard.server.coroutines import run_to_end

KEY = "0" * 32
FIRST, SECOND = Step("?film=simulated/s00000"), Step("?film=simulated/s00001")
PRESENT = Question("which", "Present?", {"choices": ["Present", "Absent"]})


@pytest.fixture
def room() -> Room:
    return Room("BCDFG", digest_of(KEY), 0.0)


def test_a_code_has_five_letters_none_of_which_looks_like_another():
    codes = {new_code() for _ in range(1000)}
    assert len(codes) > 990  # of 3.2 million, two alike among a thousand are rare
    assert all(map(is_code, codes))
    assert not set("AEIOUL") & set(LETTERS)
    assert not any(map(is_code, ("", "BCDF", "BCDFGH", "bcdfg", "BCDF1", None, "BCD G")))


def test_only_the_key_holds_a_room_and_nothing_in_it_tells_the_key(room):
    assert room.holds(KEY)
    assert not any(map(room.holds, (None, "", "1" * 32, KEY[:-1], room.key_digest, room.code)))
    assert KEY not in repr(room)
    assert KEY not in json.dumps([room.for_holder(), room.for_followers()])


def test_followers_are_told_the_step_and_each_the_own_answer_alone(room):
    room.move(Step("?film=simulated/s00000", ("film", "gradcam"), "Look."))
    room.ask(PRESENT)
    room.answer("ada", 0)
    told = room.for_followers()
    assert told["step"] == {
        "link": "?film=simulated/s00000",
        "revealed": ["film", "gradcam"],
        "text": "Look.",
        "number": 1,
    }
    assert told["question"] == {**PRESENT.to_json(), "number": 1}
    assert set(told) == {"version", "open", "rests", "step", "view", "question"}
    texts = {who: json.loads(room.text_for(who)[1]) for who in ("ada", "bob")}
    assert {who: text.pop("yours") for who, text in texts.items()} == {"ada": 0, "bob": None}
    assert texts["ada"] == texts["bob"] == told


def test_while_maps_have_no_names_followers_are_told_no_link_and_each_question_deals_letters_anew(room):
    blind = Step("?film=simulated/s00000&methods=gradcam,random&blind=on", ("film", "gradcam", "random"))
    room.move(blind)
    assert "gradcam" not in json.dumps(room.for_followers())
    room.put_view(1, {"panels": [{"title": "Map A"}]}, {})
    before = room.deal
    room.ask(PRESENT)
    assert room.deal != before
    told = room.for_followers()
    assert (told["step"]["link"], told["step"]["revealed"], told["step"]["number"]) == (None, None, 2)
    assert told["view"] == {"number": 2, "panels": []}  # none are seen with letters of before
    assert not room.put_view(1, {"panels": []}, {})
    assert "gradcam" not in room.text_for("ada")[1]
    assert room.for_holder()["step"] == {**blind.to_json(), "number": 2}
    room.reveal()
    assert room.for_followers()["step"]["link"] == blind.link
    again = Room("BCDFG", digest_of(KEY), 0.0)
    again.number, again.asked = room.number, room.asked
    assert again.deal != room.deal  # of another room


def test_counts_are_told_once_they_are_revealed_and_then_no_answer_is_taken(room):
    room.move(FIRST)
    room.ask(PRESENT)
    for who, said in (("ada", 0), ("bob", 1), ("ada", 1)):
        room.answer(who, said)
    held = room.for_holder()
    assert (held["answered"], held["counts"]) == (2, None)
    room.reveal()
    assert room.for_holder()["counts"] == {"answers": 2, "counts": [0, 2]}
    assert room.for_followers()["question"]["is_revealed"]
    with pytest.raises(RoomError, match="not taken any more"):
        room.answer("cid", 0)


def test_a_question_stays_while_the_film_does_and_is_over_at_the_next_one(room):
    room.move(FIRST)
    room.ask(PRESENT)
    room.answer("ada", 0)
    room.move(Step("?film=simulated/s00000&finding=Mass", ("film",)))
    assert room.question == PRESENT
    room.move(SECOND)
    assert room.question is None
    assert room.counts() is None
    assert room.for_holder()["asked"] == 1
    room.ask(PRESENT)
    assert room.yours("ada") is None
    assert room.for_followers()["question"]["number"] == 2


def test_the_table_has_a_line_for_each_answer_and_nothing_that_a_spreadsheet_runs(room):
    room.move(FIRST)
    room.ask(Question("which", '=HYPERLINK("x")', {"choices": ["+1", "No, never"]}))
    room.answer("ada", 1)
    room.end_question()
    room.ask(PRESENT)
    lines = counts_csv(room).split("\r\n")
    assert lines == [
        "question,text,kind,answer,count",
        '1,"\'=HYPERLINK(""x"")",which,\'+1,0',
        '1,"\'=HYPERLINK(""x"")",which,"No, never",1',
        "2,Present?,which,Present,0",
        "2,Present?,which,Absent,0",
        "",
    ]


def test_answers_and_past_questions_are_bounded(room, monkeypatch):
    room.move(FIRST)
    room.ask(PRESENT)
    for k in range(MOST_ANSWERS):
        room.answer(str(k), 0)
    with pytest.raises(RoomError, match="full"):
        room.answer("one more", 0)
    room.answer("0", 1)  # whoever is counted already may think again
    assert room.counts() == {"answers": MOST_ANSWERS, "counts": [MOST_ANSWERS - 1, 1]}
    monkeypatch.setattr(rooms_module, "MOST_PAST", 3)
    for _ in range(5):
        room.ask(PRESENT)
    assert len(room.past()) == 4


def test_answers_of_who_has_gone_shut_nobody_out_who_listens(room, monkeypatch):
    monkeypatch.setattr(rooms_module, "MOST_ANSWERS", 3)
    monkeypatch.setattr(rooms_module, "MOST_KNOWN", 2)
    room.ask(PRESENT)
    for who in ("x", "y", "z"):
        room.answer(who, 0)

    async def follow() -> None:
        with room.listening("followers", "ada"):
            room.answer("ada", 1)
            assert room.counts() == {"answers": 3, "counts": [2, 1]}
            for who in ("bob", "cid"):
                with room.listening("followers", who):
                    pass
            assert [room.knows(who) for who in ("ada", "bob", "cid", "dan")] == [True, True, True, False]

    run_to_end(follow())
    assert not room.knows("ada")  # came first, and is not here


def test_a_closed_room_holds_nothing_and_takes_nothing(room):
    room.move(FIRST)
    room.ask(PRESENT)
    room.answer("ada", 0)
    room.close()
    assert not room.for_followers()["open"]
    assert room.past() == []
    for act in (lambda: room.move(SECOND), lambda: room.ask(PRESENT), room.reveal, lambda: room.answer("ada", 0)):
        with pytest.raises(RoomError, match="closed"):
            act()


def test_a_view_of_a_step_that_is_over_is_not_shown(room):
    room.move(FIRST)
    room.move(SECOND)
    assert not room.put_view(1, {"title": "first"}, {})
    assert room.put_view(2, {"title": "second"}, {"truth": "present"})
    assert room.for_followers()["view"] == {"title": "second", "number": 2}
    assert room.for_holder()["view"] == {"truth": "present", "number": 2}


def test_who_follows_is_counted_once_and_the_bells_of_each_side_ring(room, monkeypatch):
    async def follow() -> None:
        with room.listening("holder") as holder, room.listening("followers", "ada") as ada:
            with room.listening("followers", "ada"), room.listening("followers", "bob"):
                assert room.here == 2
            await _settled()
            holder.clear(), ada.clear()
            room.move(FIRST)
            room.ask(PRESENT)
            await _settled()
            assert holder.is_set() and ada.is_set()
            holder.clear(), ada.clear()
            room.answer("ada", 0)
            await _settled()
            assert holder.is_set() and not ada.is_set()  # nobody is told of another's answer
            assert room.knows("bob") and not room.knows("cid")
            monkeypatch.setattr(bells, "MOST_PAGES_IN_ALL", 1)
            with room.listening("holder"):
                pass  # the holder never counts
            with pytest.raises(RoomError, match="full"), room.listening("followers", "cid"):
                pass
        assert room.here == 0

    run_to_end(follow())


async def _settled() -> None:
    await asyncio.sleep(0.01)


LINKS = ["?film=a/b", "", "films", "films?dataset=x%20y", "roc?finding=Mass"]
ELSEWHERE = [
    "https://example.org", "//example.org", "/?film=a/b", "javascript:alert(1)", "?film=a#b", "films/../owner",
    "?x=a b", "?film=ä", "?" + "x" * 4001, "?" + "&".join(["a=1"] * 300), "\x00", 5, None,
]  # fmt: skip


@pytest.mark.parametrize("link", LINKS)
def test_a_step_leads_to_a_page_of_the_app(link):
    assert Step.of(Step(link).to_json()) == Step(link)


@pytest.mark.parametrize("link", ELSEWHERE, ids=lambda one: repr(one)[:30])
def test_a_step_leads_nowhere_else(link):
    with pytest.raises(ValueError, match="a link to a page of this app"):
        Step.of({"link": link})


@pytest.mark.parametrize(
    "content",
    [None, [], {"link": "", "revealed": "film"}, {"link": "", "revealed": [1]}, {"text": "x" * 4001}, {"text": 1}],
)
def test_a_step_of_another_form_is_refused(content):
    with pytest.raises(ValueError, match="Expected"):
        Step.of(content)
