"""Keep explanations as bytes: one NPZ with the raw maps and, as JSON, everything needed to make them again."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from xai.explainers.explanation import Explanation

VERSION = 3  # counted up whenever a method starts to give other results for the same parameters
ARRAYS = ("map", "cells", "pieces", "answers", "errors")


OF_EACH = ("cells", "answers", "errors")  # an array a finding, where the method has it


def facts(explanation: Explanation) -> dict[str, Any]:
    """Everything about an explanation but its arrays, as plain values."""
    return {
        field.name: getattr(explanation, field.name)
        for field in dataclasses.fields(explanation)
        if field.name not in ARRAYS
    }


def arrays_of(explanations: Sequence[Explanation]) -> dict[str, np.ndarray]:
    """Lay explanations of one film by one method out as arrays.

    Returns
    -------
    dict of str to ndarray
        ``maps`` (K, H, W), where the method has them ``cells`` (K, h, w), ``pieces`` (H, W), ``answers`` (K, N) and
        ``errors`` (K, pieces), and ``facts``, the JSON list of what made each map.
    """
    arrays = {"maps": np.stack([one.map for one in explanations])}
    for name in OF_EACH:
        if found := [values for one in explanations if (values := getattr(one, name)) is not None]:
            arrays[name] = np.stack(found)
    if explanations[0].pieces is not None:
        arrays["pieces"] = explanations[0].pieces
    text = json.dumps([facts(one) for one in explanations], allow_nan=False)
    return {"facts": np.array(text), **arrays}


def explanations_of(arrays: Mapping[str, np.ndarray]) -> list[Explanation]:
    """Make explanations again of what `arrays_of` gave; raises one of many errors for anything else."""
    known = json.loads(str(arrays["facts"]))
    maps, pieces = arrays["maps"], arrays.get("pieces")
    own: dict[str, Any] = {name: arrays[name] if name in arrays else [None] * len(maps) for name in OF_EACH}
    return [
        Explanation(**fact, map=map_, pieces=pieces, **{name: own[name][k] for name in OF_EACH})
        for k, (fact, map_) in enumerate(zip(known, maps, strict=True))
    ]


def pack(explanations: Sequence[Explanation]) -> bytes:
    """Write explanations of one film by one method to an NPZ with the arrays of `arrays_of`."""
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **arrays_of(explanations))
    return stream.getvalue()


def unpack(content: bytes) -> list[Explanation]:
    """Read what `pack` wrote.

    Raises
    ------
    ValueError
        If the bytes are something else.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return explanations_of(archive)
    except Exception as error:  # a damaged archive fails in many ways: zip, zlib, JSON, numpy
        raise ValueError("these bytes are no archive of explanations") from error
