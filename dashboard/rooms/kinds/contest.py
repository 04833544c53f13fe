"""Beat the heat map as a class: everybody marks the same films, each at the own pace."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from dashboard.rooms.kinds.kind import Settings, only, short_text
from dashboard.rooms.kinds.paced import Paced, film_list, label, part_of, share
from training.benchmark.contest import hits, tally
from xai.written import counted, percent

LONGEST_SIDE = 4096  # pixels of a truth
ROOM, CHANCE = "The room", "A point at random"


class Contest(Paced):
    """Ten films, a finding to mark on each; then the room's hits beside those of maps and of chance."""

    name: ClassVar[str] = "contest"

    def checked(self, settings: Settings) -> dict[str, Any]:
        """Take ``{"films": [{"text", "part", "truth": {"shape", "bits"}, "chance", "rivals": {title: hit}}, …]}``."""
        only(settings, ("films",))
        return {"films": [_film(one) for one in film_list(settings.get("films"))]}

    def films(self, settings: Settings, participant: str) -> list[dict[str, Any]]:
        """Give the same films to everybody, without their truth."""
        return [{"text": one["text"], "film": one["part"], "answers": "place"} for one in settings["films"]]

    def taken(self, settings: Settings, participant: str, number: int, answer: Any) -> bool:
        """Take ``[x, y]``, fractions of the film; whether it lies in the truth is all that is kept."""
        if not isinstance(answer, list) or len(answer) != 2:
            raise ValueError("Expected a point on the film.")
        x, y = (share(one) for one in answer)
        return hits(truth_of(settings["films"][number]["truth"]), x, y)

    def count(self, settings: Settings, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Count hits of those who marked all films, beside everybody else's on the same films."""
        done = list(self.finished(settings, answers).values())
        found = {"answers": len(answers), "done": len(done), "hits": [sum(one) for one in zip(*done, strict=True)]}
        return found | {"lines": _lines(len(answers), len(done)), "table": _table(settings, found) if done else []}

    def rows(self, settings: Settings, counts: Mapping[str, Any]) -> list[tuple[str, int]]:
        """Give hits and misses of each film."""
        lines: list[tuple[str, int]] = []
        for place, count in enumerate(counts["hits"]):
            name = f"film {place + 1}: {settings['films'][place]['text']}"
            lines += [(f"{name} found", count), (f"{name} missed", counts["done"] - count)]
        return lines


def written_truth(truth: np.ndarray) -> dict[str, Any]:
    """Write where a finding is, bool (H, W), as plain values; `truth_of` reads it."""
    bits = base64.b64encode(zlib.compress(np.packbits(truth).tobytes())).decode()
    return {"shape": [int(side) for side in truth.shape], "bits": bits}


def truth_of(written: Mapping[str, Any]) -> np.ndarray:
    """Read what `written_truth` wrote; ValueError for anything else."""
    shape, bits = written.get("shape"), written.get("bits")
    if not isinstance(shape, list) or len(shape) != 2 or not all(type(one) is int for one in shape):
        raise ValueError("Expected the shape of a truth.")
    if not all(0 < one <= LONGEST_SIDE for one in shape) or not isinstance(bits, str):
        raise ValueError("Expected a truth that is no larger than a film.")
    size = shape[0] * shape[1]
    try:
        packed = zlib.decompressobj().decompress(base64.b64decode(bits, validate=True), (size + 7) // 8)
    except (zlib.error, binascii.Error) as error:
        raise ValueError("Expected the bits of a truth.") from error
    if len(packed) != (size + 7) // 8:
        raise ValueError("Expected as many bits as the truth has pixels.")
    return np.unpackbits(np.frombuffer(packed, np.uint8), count=size).astype(bool).reshape(shape)


def _film(one: Mapping[str, Any]) -> dict[str, Any]:
    only(one, ("text", "part", "truth", "chance", "rivals"))
    truth, rivals = one.get("truth"), one.get("rivals")
    if not isinstance(truth, dict) or not isinstance(rivals, dict) or len(rivals) > 8:
        raise ValueError("Expected the truth of each film, and how each method did.")
    truth_of(truth)
    return {
        "text": short_text(one.get("text"), "a question"),
        "part": part_of(one.get("part")),
        "truth": {"shape": truth["shape"], "bits": truth["bits"]},
        "chance": share(one.get("chance")),
        "rivals": {label(name): share(hit) for name, hit in rivals.items()},
    }


def _lines(begun: int, done: int) -> list[str]:
    left = f" {counted(begun - done, 'person', 'people')} not at the end yet: left out." if begun > done else ""
    return [
        f"{counted(done, 'person', 'people')} marked all films.{left}",
        "Intervals (95\u00a0%) are for other films of this kind and this class. Few films leave them wide; two that "
        "overlap may still differ. A map that is equally strong at several places hits in part.",
    ]


def _table(settings: Settings, found: Mapping[str, Any]) -> list[list[str]]:
    films = settings["films"]
    shares = {ROOM: [count / found["done"] for count in found["hits"]]}
    for name in films[0]["rivals"]:
        shares[name] = [one["rivals"].get(name, 0.0) for one in films]
    rows = [["Who", f"Hits of {len(films)}", "95\u00a0% interval"]]
    for name, values in shares.items():
        own = tally(values)
        rows.append([name, f"{own.hits:.1f}", f"{percent(own.low)} to {percent(own.high)}"])
    return [*rows, [CHANCE, f"{sum(one['chance'] for one in films):.1f}", "on average"]]
