"""What a restart of the server leaves of open rooms: one small file in the library, without answers or keys."""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dashboard.rooms.codes import is_code
from dashboard.rooms.room import Room
from dashboard.rooms.step import Question, Step
from xai.files import write_file

FORM = 1
MOST_BYTES = 2**20
_DIGEST = re.compile("[0-9a-f]{64}")
_SALT = re.compile("[0-9a-f]{32}")

log = logging.getLogger(__name__)


def write_rooms(file: Path, rooms: Iterable[Room]) -> None:
    """Write open rooms whole or not at all; a library that cannot be written to is no reason to stop a lecture."""
    content = {"form": FORM, "rooms": [_written(room) for room in rooms if room.is_open]}
    try:
        write_file(file, json.dumps(content))
    except OSError as error:
        log.warning("Rooms are not kept over a restart: %s", error.strerror or "the file cannot be written")


def read_rooms(file: Path, most: int) -> list[Room]:
    """Read what `write_rooms` wrote; whatever in it is of another form is passed over, and so is a damaged file.

    Parameters
    ----------
    file : Path
    most : int
        Rooms that are read.
    """
    try:
        if not file.is_file() or file.stat().st_size > MOST_BYTES:
            return []
        content = json.loads(file.read_text(encoding="utf-8"))
        listed = content["rooms"] if content["form"] == FORM else []
        rooms = [_read(one) for one in listed[:most]]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        log.warning("The rooms of the last time could not be read and are closed.")
        return []
    return list({room.code: room for room in rooms if room is not None}.values())


def _written(room: Room) -> dict[str, Any]:
    return {
        "code": room.code,
        "key_digest": room.key_digest,
        "heard": room.heard,
        "salt": room.salt,
        "number": room.number,
        "asked": room.asked,
        "step": room.step.to_json(),
        "question": None if room.question is None else room.question.to_json(),
    }


def _read(content: Any) -> Room | None:
    try:
        code, digest, heard, salt = (content[name] for name in ("code", "key_digest", "heard", "salt"))
        numbers, asked = [content["number"], content["asked"]], content["question"]
        if not is_code(code) or not _DIGEST.fullmatch(digest) or not _SALT.fullmatch(salt):
            return None
        if not math.isfinite(heard) or not all(type(one) is int and 0 <= one < 2**31 for one in numbers):
            return None
        question = None if asked is None else Question.of(asked)
        step, (number, count) = Step.of(content["step"]), numbers
        return Room(code, digest, float(heard), salt, step, question, number=number, asked=count)
    except (ValueError, TypeError, KeyError, OverflowError):
        return None
