"""What every engine gives: a function from canvases to logits, and what is known of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from xai.models.errors import ModelError

Run = Callable[[np.ndarray], np.ndarray]
BATCH_SIZE = 32  # films at a time: larger batches gain nothing on a CPU and hold more memory
SINGLE = "f32"  # the precision in which numbers are computed that people read
PRECISIONS = (SINGLE, "bf16", "tf32")


class EngineError(ModelError):
    """An engine that gives other answers than TensorFlow, or other ones than a map can bear."""


@dataclass(frozen=True, eq=False)
class Compiled:
    """A function that runs on an engine.

    Attributes
    ----------
    engine : {"openvino", "openvino-bf16", "tensorflow", "tensorflow-gpu"}
        What runs it.
    run : callable
        float32 canvases (N, height, width) to logits (N, K).
    note : str
        Why it is not the engine that was wanted; empty where it is.
    facts : str
        For people: which engine it is, what its answers were held against, and what was measured.
    precision : {"f32", "bf16", "tf32"}
        `SINGLE` where its answers are those of single precision.
    """

    engine: str
    run: Run
    note: str = ""
    facts: str = ""
    precision: str = SINGLE
