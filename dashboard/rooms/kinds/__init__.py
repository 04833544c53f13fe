"""The kinds of question, a file each. A new one is a line here, and a file in `dashboard/components/phone/kinds`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from dashboard.rooms.kinds.kind import Kind


def _kind(place: str) -> Kind:
    module, name = place.split(":")
    kind: Kind = getattr(import_module(module), name)()
    return kind


KINDS: Mapping[str, Kind] = {
    one.name: one
    for one in map(
        _kind,
        (
            "dashboard.rooms.kinds.where:Where",
            "dashboard.rooms.kinds.which:Which",
            "dashboard.rooms.kinds.guess:Guess",
            "dashboard.rooms.kinds.contest:Contest",
            "dashboard.rooms.kinds.forward:Forward",
        ),
    )
}
