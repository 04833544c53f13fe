"""The counts of a room as a table to take away."""

from __future__ import annotations

import csv
import io

from dashboard.rooms.kinds import KINDS
from dashboard.rooms.room import Room

HEAD = ("question", "text", "kind", "answer", "count")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run


def counts_csv(room: Room) -> str:
    """Give a line for each answer that was counted, questions in the order in which they were asked."""
    stream = io.StringIO()
    lines = csv.writer(stream, lineterminator="\r\n")
    lines.writerow(HEAD)
    for number, past in enumerate(room.past(), 1):
        asked = past.question
        for answer, count in KINDS[asked.kind].rows(asked.settings, past.counts):
            lines.writerow([number, _plain(asked.text), asked.kind, _plain(answer), count])
    return stream.getvalue()


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text
