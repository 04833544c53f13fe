"""The addresses of rooms. What needs the key of a room is answered to the browser that holds it, by a cookie."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import anyio
import streamlit as st
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from dashboard.page.told import sentence_of
from dashboard.rooms import lead, streams
from dashboard.rooms.address import PATH, join_link, qr_code
from dashboard.rooms.lead import COOKIE, rooms_of
from dashboard.rooms.limits import Buckets
from dashboard.rooms.report import counts_csv
from dashboard.rooms.room import Room, RoomError
from dashboard.rooms.step import Question, Step
from dashboard.server.bodies import body_of
from dashboard.server.channel import PREFIX
from dashboard.server.owner import is_this_machine
from dashboard.server.roles import HEADER, MAY, Action, Role
from dashboard.server.routes import FORGET, NOT_UNDERSTOOD, PLAIN, is_from_here, visitor_of
from dashboard.server.services import Services
from dashboard.server.visitors import is_token

ANSWERS = 10, 2.0  # of one participant: at once, and a second in the long run
ANSWERS_OF_ROOM = 600, 200.0
WRONG_CODES = 30, 0.5  # of one address, which a whole class may share
WRONG_CODES_IN_ALL = 100, 1.0
NO_ROOM = "There is no room with this code. Look at the screen again: five letters."
NO_COOKIE = (
    "This browser keeps no cookies for this page. Allow them, so that nobody is counted twice, and open it again."
)
NOT_IN = "This page is not in the room just now. Wait a moment and answer again, or open the room anew."
NOT_HELD = "This browser holds no room."
TOO_MANY = "Too many wrong codes were tried just now. Scan the picture on the screen, or try again in {} s."
TOO_FAST = "That was too fast. Wait a moment, then answer again."
UNREADABLE = KeyError, TypeError, ArithmeticError, RecursionError, ClientDisconnect
ONLY_OWNER = f"Only the owner of this library may {Action.OPEN_ROOMS.value}."


def room_routes(services: Callable[[], Services], page: str, base: str = "") -> list[Route]:
    """Give the routes of rooms.

    Parameters
    ----------
    services : callable
        Gives the services; called when somebody asks.
    page : str
        What phones open.
    base : str
        What Streamlit's addresses begin with, where it is not served at the root.
    """
    speaks = _Routes(services, base)
    root = f"/{base.strip('/')}" if base.strip("/") else ""
    home = f"{root}{PREFIX}/rooms"

    def phone(request: Request) -> Response:
        return HTMLResponse(page, headers={"Cache-Control": "no-cache"})

    return [
        Route(f"{root}/{PATH}", phone),
        Route(f"{root}/{PATH}/{{code}}", phone),
        Route(home, speaks.open, methods=["POST"]),
        Route(f"{home}/others", speaks.others),
        Route(f"{home}/others", speaks.close_lost, methods=["POST"]),
        Route(f"{home}/held", speaks.held),
        Route(f"{home}/held", speaks.lead, methods=["POST"]),
        Route(f"{home}/held/events", speaks.hold),
        Route(f"{home}/held/counts.csv", speaks.counts),
        Route(f"{home}/held/code.svg", speaks.code),
        Route(f"{home}/{{code}}/events", speaks.follow),
        Route(f"{home}/{{code}}", speaks.answer, methods=["POST"]),
    ]


class _Routes:
    def __init__(self, services: Callable[[], Services], base: str) -> None:
        self._services, self._base = services, base
        self._answers, self._answers_of_room = Buckets(*ANSWERS), Buckets(*ANSWERS_OF_ROOM)
        self._wrong, self._wrong_in_all = Buckets(*WRONG_CODES), Buckets(*WRONG_CODES_IN_ALL)

    # The holder

    async def open(self, request: Request) -> Response:
        """Open a room, and give its key to the browser that asked; who holds one keeps that."""
        if not is_from_here(request):
            return _missing(NOT_HELD)
        if _role_of(request) not in MAY[Action.OPEN_ROOMS]:
            return _refused(ONLY_OWNER, 403)
        held = self._held(request)
        if held is not None:
            held.opened_by(visitor_of(request))
            return _told(self._about(held, request))
        try:
            room, key = await anyio.to_thread.run_sync(lead.open_room, self._services())
        except RoomError as error:
            return _refused(sentence_of(error), 409)
        room.opened_by(visitor_of(request))
        answer = _told(self._about(room, request))
        is_secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, key, httponly=True, samesite="strict", secure=is_secure)
        return answer

    async def others(self, request: Request) -> Response:
        """Give the owner the open rooms: whoever has lost a key closes that room by this."""
        if _role_of(request) not in MAY[Action.OPEN_ROOMS]:
            return _refused(ONLY_OWNER, 403)
        rooms = rooms_of(self._services()).listed()
        return _told({"rooms": [{"code": room.code, "here": room.here} for room in rooms]})

    async def close_lost(self, request: Request) -> Response:
        """Close a room for the owner: ``{"close": CODE}``."""
        if not is_from_here(request):
            return _missing(NO_ROOM)
        if _role_of(request) not in MAY[Action.OPEN_ROOMS]:
            return _refused(ONLY_OWNER, 403)

        def close(said: Mapping[str, Any]) -> dict[str, Any]:
            lead.close_lost(self._services(), said["close"])
            return {}

        return await _acted(request, close)

    async def held(self, request: Request) -> Response:
        """Say which room this browser holds, if any."""
        room = self._held(request)
        return _told({} if room is None else self._about(room, request))

    async def hold(self, request: Request) -> Response:
        """Give the holder what stands in the room, as it comes."""
        room = self._held(request)
        if room is None:
            return _missing(NOT_HELD)
        self._wake(room)
        try:
            return await streams.hold(room, request, functools.partial(rooms_of(self._services()).hear, room))
        except RoomError as error:
            return _refused(sentence_of(error), 409)

    async def lead(self, request: Request) -> Response:
        """Take what the holder does: ``move``, ``ask``, ``reveal``, ``end``, ``lock`` or ``close``."""
        room = self._held(request)
        if room is None or not is_from_here(request):
            return _missing(NOT_HELD)
        return await _acted(request, functools.partial(_lead, self._services(), room))

    async def counts(self, request: Request) -> Response:
        """Give the counts of all questions so far as a file."""
        room = self._held(request)
        if room is None:
            return _missing(NOT_HELD)
        name = f'attachment; filename="room-{room.code}.csv"'
        headers = {**PLAIN, "Cache-Control": FORGET, "Content-Disposition": name}
        return Response("\ufeff" + counts_csv(room), media_type="text/csv; charset=utf-8", headers=headers)

    async def code(self, request: Request) -> Response:
        """Give the link of the room as a QR code."""
        room = self._held(request)
        if room is None:
            return _missing(NOT_HELD)
        headers = {**PLAIN, "Cache-Control": FORGET}
        return Response(qr_code(self._link(room, request)), media_type="image/svg+xml", headers=headers)

    # Who follows

    async def follow(self, request: Request) -> Response:
        """Give a follower what stands in the room, as it comes."""
        room = self._followed(request)
        if isinstance(room, Response):
            return room
        self._wake(room)
        try:
            return await streams.follow(room, room.participant(visitor_of(request)), request)
        except RoomError as error:
            return _refused(sentence_of(error), 409)

    async def answer(self, request: Request) -> Response:
        """Take an answer of somebody who follows: ``{"answer": WHAT, "question": ITS NUMBER}``."""
        if not is_from_here(request):
            return _missing(NO_ROOM)
        code, _, _ = request.path_params["code"].partition("-")
        room = rooms_of(self._services()).find(code.upper())
        participant = "" if room is None else room.participant(visitor_of(request))
        if room is None or not room.knows(participant):  # the same words, so that no code can be guessed by them
            return _refused(NOT_IN, 409)
        if not self._answers.take(participant) or not self._answers_of_room.take(room.code):
            return _refused(TOO_FAST, 429)

        def take(said: Mapping[str, Any]) -> dict[str, Any]:
            answer, number = said["answer"], said["question"]
            if type(number) is not int:
                raise TypeError("expected a number")
            room.answer(participant, answer, number)
            return {"yours": room.yours(participant)}

        return await _acted(request, take)

    def _held(self, request: Request) -> Room | None:
        key = request.cookies.get(COOKIE)
        return rooms_of(self._services()).held(key) if is_token(key) else None

    def _followed(self, request: Request) -> Room | Response:
        """Find the room of a code.

        Who has followed it before, or shows the invitation that its link holds, need not be told from those who guess.
        Letters alone are looked at only while few wrong ones came, so that guessing is slow; right ones cost nothing.
        """
        visitor, address = visitor_of(request), request.client.host if request.client else ""
        if not visitor:
            return _refused(NO_COOKIE, 403)
        code, _, invitation = request.path_params["code"].partition("-")
        room = rooms_of(self._services()).find(code.upper())
        if room is not None and (room.knows(room.participant(visitor)) or room.invites(invitation)):
            return room
        if invitation:  # nobody guesses these, and a wrong one says nothing of the letters
            return _missing(NO_ROOM)
        wait = max(self._wrong.wait(address), self._wrong_in_all.wait(""))
        if wait > 0:
            return _refused(TOO_MANY.format(math.ceil(wait)), 429)
        if room is None:
            self._wrong.take(address)
            self._wrong_in_all.take("")
            return _missing(NO_ROOM)
        return room

    def _wake(self, room: Room) -> None:
        """Have the pictures of a step made that a restart of the server left without."""
        if room.number and not room.view:
            room.view = {"number": 0, "panels": []}
            lead.show(self._services(), room)

    def _link(self, room: Room, request: Request) -> str:
        is_bound_here = is_this_machine(st.get_option("server.address") or "")
        host = request.headers.get("host", "localhost")
        place = f"{room.code}-{room.invitation}"
        return join_link(request.url.scheme, host, self._base, place, is_bound_here=is_bound_here)

    def _about(self, room: Room, request: Request) -> dict[str, Any]:
        return {"code": room.code, "link": self._link(room, request)}


def _lead(services: Services, room: Room, said: Mapping[str, Any]) -> dict[str, Any]:
    if "move" in said:
        question = Question.of(said["ask"]) if "ask" in said else None
        lead.move(services, room, Step.of(said["move"]), question)
    elif "ask" in said:
        lead.ask(services, room, Question.of(said["ask"]))
    elif "lock" in said:
        room.lock(said["lock"] is True)
    else:
        acts = {"reveal": lead.reveal, "end": lead.end_question, "close": lead.close}
        acts[next(iter(said))](services, room)
    return {}


async def _acted(request: Request, act: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Response:
    """Do what a browser says, and answer; a sentence says what was wrong with it."""
    try:
        said = _json(await body_of(request))
        if not isinstance(said, dict) or not said:
            raise TypeError("expected an object")
        return _told(await anyio.to_thread.run_sync(act, said))
    except RoomError as error:
        return _refused(sentence_of(error), 409)
    except UNREADABLE:
        return _refused(NOT_UNDERSTOOD, 400)
    except ValueError as error:
        return _refused(sentence_of(error), 400)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is a ValueError of Python's own
        raise TypeError("expected JSON") from error


def _role_of(request: Request) -> Role:
    """Give the role that the middleware wrote on the request."""
    return Role.OWNER if request.headers.get(HEADER) == Role.OWNER.value else Role.VISITOR


def _told(content: dict[str, Any]) -> Response:
    return JSONResponse(content, headers={"Cache-Control": FORGET})


def _refused(words: str, status: int) -> Response:
    return JSONResponse({"error": words}, status, {"Cache-Control": FORGET})


def _missing(words: str) -> Response:
    return _refused(words, 404)
