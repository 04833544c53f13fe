"""Which engine runs a model's films: chosen by measuring when the model is made ready.

There are two choices. What answers for *films*, in numbers that people read, is TensorFlow or an engine that agrees
with it to `TOLERANCE`: both compute in single precision, and on most models agree to about six digits; on some, such as
quantised ones, they do not. What answers for *hidden films*, of which LIME and SHAP send many, may compute in a lower
precision, as long as that changes maps less than chance does (`xai.models.engines.agreement`). Of those that agree the
fastest runs; a challenger must be clearly faster, so that a busy moment of the machine does not decide. Grad-CAM needs
gradients and always runs in TensorFlow.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from xai.cards.input_spec import Size
from xai.models.engines.agreement import TOLERANCE, agreement, compare
from xai.models.engines.compiled import BATCH_SIZE, SINGLE, Compiled, EngineError, Run
from xai.models.engines.on_openvino import HALF, run_on_openvino
from xai.models.engines.on_tensorflow import has_gpu, run_on_gpu, run_on_processor
from xai.models.errors import ModelError
from xai.models.probes import all_probes, hidden_probes

if TYPE_CHECKING:
    from xai.models.closed import Closed

__all__ = ["BATCH_SIZE", "DEFAULT_ENGINE", "ENGINES", "SINGLE_ENGINES", "Compiled", "answering_engine", "hiding_engine"]

ENGINES = ("auto", "openvino", "openvino-bf16", "tensorflow")
SINGLE_ENGINES = ("auto", "openvino", "tensorflow")  # for predictions, which are numbers that people read
DEFAULT_ENGINE = "auto"
TITLES = {
    "openvino": "OpenVINO",
    "openvino-bf16": "OpenVINO in bf16",
    "tensorflow": "TensorFlow",
    "tensorflow-gpu": "TensorFlow on the GPU",
}
CLEARLY = 1.2  # times as fast a challenger must be: that much a busy machine does by itself
TURNS = 2, 8  # at least and at most: of many short ones the best is undisturbed on a machine that does other work too
ENOUGH = 0.5  # seconds of timing after which no further turn begins
FEW = 8  # films that are timed where a whole batch takes longer than that
WORTHWHILE = 2e-3  # seconds a film: below that 1,000 hidden films take two, and no lower precision is tried

log = logging.getLogger(__name__)


def answering_engine(engine: str, function: Any, size: Size) -> Compiled:
    """Choose what answers for films, in single precision.

    Parameters
    ----------
    engine : {"auto", "openvino", "openvino-bf16", "tensorflow"}
        ``"openvino"`` is its single precision; ``"openvino-bf16"`` is about hidden films, and ``"auto"`` here;
        ``"tensorflow"`` runs on a GPU where there is one.
    function : tf.types.experimental.ConcreteFunction
        From a float32 tensor of canvases (N, height, width) to one of logits (N, K).
    size : int or (int, int)
        Side of a canvas, or its height and width.

    Raises
    ------
    ModelError
        If OpenVINO was asked for by name and is not installed, cannot run the model or gives other answers.
    """
    if engine not in ENGINES:
        raise ModelError(f"Expected an engine among {', '.join(ENGINES)}, but got {engine}.")
    reference = Compiled("tensorflow", run_on_processor(function), facts="TensorFlow.")
    if engine == "tensorflow":
        named = _on_gpu(function, size, reference) if has_gpu() else reference
        return dataclasses.replace(named, facts=f"{named.facts.removesuffix('.')}, as it was asked for.")
    try:
        candidates = [_on_openvino(function, size, reference)]
    except ModelError as error:
        if engine == "openvino":
            raise
        log.debug("OpenVINO is not used", exc_info=True)
        note = str(error) if isinstance(error, EngineError) else ""
        candidates = []
        reference = dataclasses.replace(reference, note=note, facts=f"TensorFlow, which is slower. {error}")
    if engine == "openvino":
        return candidates[0]
    if has_gpu() and (gpu := _on_gpu(function, size, reference)).precision == SINGLE:
        candidates.append(gpu)
    return _fastest([*candidates, reference], size)


def hiding_engine(engine: str, function: Any, size: Size, answering: Compiled) -> Compiled:
    """Choose what answers for hidden films: what answers for films, or a lower precision that is clearly faster.

    Parameters
    ----------
    engine, function, size
        As of `answering_engine`.
    answering : Compiled
        Its choice.

    Returns
    -------
    Compiled
        Its facts are those of this choice alone.

    Raises
    ------
    ModelError
        If bf16 was asked for by name, and the processor has none, or maps cannot bear it.
    """
    plain = dataclasses.replace(answering, facts="", note="")
    if engine == "openvino-bf16":
        return _in_half(function, size, plain)
    if engine != "auto" or _is_quick(plain, size):
        return plain
    candidates, refused = [plain], []
    kinds = [_in_half] if answering.engine == "openvino" else []  # it is known to run there, and to agree
    for make in [*kinds, _on_gpu] if has_gpu() and answering.engine != "tensorflow-gpu" else kinds:
        try:
            candidates.append(make(function, size, plain))
        except EngineError as error:
            refused.append(str(error))
        except ModelError:
            log.debug("This machine has no such precision", exc_info=True)
    chosen = _fastest(candidates, size)
    return dataclasses.replace(chosen, facts=" ".join([chosen.facts, *refused]).strip())


def only_engine(engine: str, closed: Closed, function: Any) -> Compiled:
    """Say of a model that calls its engine itself that it does, and that no other can be held against it.

    Raises
    ------
    ModelError
        If another engine was asked for.
    """
    if engine not in ("auto", closed.engine):
        raise ModelError(f"It is {closed.kind}, which only the engine {closed.engine} runs; {engine} was asked for.")
    facts = f"OpenVINO, which alone can run {closed.kind}: there is no second engine to hold its answers against."
    return Compiled(closed.engine, run_on_processor(function), facts=facts)


def _on_openvino(function: Any, size: Size, reference: Compiled) -> Compiled:
    run, films = run_on_openvino(function, size), all_probes(size)
    largest = compare(run, reference.run, films)
    facts = (
        f"OpenVINO. When the model was loaded, its logits for {len(films)} films made for the comparison differed "
        f"from TensorFlow's by at most {largest:.1g}; from {TOLERANCE:g} on, TensorFlow would run it."
    )
    return Compiled("openvino", run, facts=facts)


def _on_gpu(function: Any, size: Size, reference: Compiled) -> Compiled:
    """Run on a GPU; one that multiplies in tf32 is held against the reference as a lower precision is."""
    run, films = run_on_gpu(function), all_probes(size)
    made = Compiled("tensorflow-gpu", run, facts="TensorFlow on the GPU.")
    try:
        largest = compare(run, reference.run, films, "The GPU")
    except EngineError:
        return _lower(dataclasses.replace(made, precision="tf32"), size, reference)
    facts = (
        f"TensorFlow on the GPU. When the model was loaded, its logits for {len(films)} films made for the comparison "
        f"differed from the processor's by at most {largest:.1g}."
    )
    return dataclasses.replace(made, facts=facts)


def _in_half(function: Any, size: Size, reference: Compiled) -> Compiled:
    run = run_on_openvino(function, size, HALF)
    return _lower(Compiled("openvino-bf16", run, precision=HALF), size, reference)


def _lower(candidate: Compiled, size: Size, reference: Compiled) -> Compiled:
    """Hold a lower precision against single precision on hidden films.

    Raises
    ------
    EngineError
        If maps cannot bear it.
    """
    films = hidden_probes(size, BATCH_SIZE // 2)
    flat = films.reshape(-1, *films.shape[2:])
    found, expected = (one.run(flat).reshape(*films.shape[:2], -1) for one in (candidate, reference))
    agreed = agreement(found, expected)
    title = TITLES[candidate.engine]
    if not agreed.holds:
        raise EngineError(
            f"{title} would change this model's maps, and does not run: on {len(flat)} hidden films {agreed}."
        )
    return dataclasses.replace(candidate, facts=f"Hidden films run on {title}: on {len(flat)} of them {agreed}.")


def _is_quick(engine: Compiled, size: Size) -> bool:
    return bool(_seconds([engine.run], all_probes(size)[:FEW])[0, 0] < WORTHWHILE * FEW)


def _fastest(candidates: Sequence[Compiled], size: Size) -> Compiled:
    """Time those that agree on a batch of hidden films; the first stays unless another is clearly faster.

    And takes no more of the processors' time, which other programs hardly disturb.
    """
    if len(candidates) == 1:
        return candidates[0]
    films = hidden_probes(size, BATCH_SIZE // 2)
    films = films.reshape(-1, *films.shape[2:])
    runs = [one.run for one in candidates]
    if _seconds(runs[:1], films[:FEW])[0, 0] * BATCH_SIZE / FEW > ENOUGH:
        films = films[:FEW]
    seconds = _seconds(runs, films)
    clock = seconds[:, 0]
    better = [k for k in range(1, len(runs)) if clock[k] * CLEARLY < clock[0] and seconds[k, 1] <= seconds[0, 1]]
    chosen = candidates[min(better, key=clock.__getitem__, default=0)]
    names = [TITLES[one.engine] for one in candidates]
    took = ", ".join(f"{1000 * one:.3g} ms with {name}" for one, name in zip(clock, names, strict=True))
    return dataclasses.replace(chosen, facts=f"{chosen.facts} {len(films)} hidden films took {took}.".strip())


def _seconds(runs: Sequence[Run], films: np.ndarray) -> np.ndarray:
    """Time engines in turns, so that a busy moment of the machine does not hit one alone.

    Returns
    -------
    ndarray, shape (engines, 2)
        The least seconds by the clock, and of this program's processors.
    """
    best, began = np.full((len(runs), 2), np.inf), time.perf_counter()
    for turn in range(1, TURNS[1] + 1):
        for k, run in enumerate(runs):
            start = np.array([time.perf_counter(), time.process_time()])
            run(films)
            best[k] = np.minimum(best[k], np.array([time.perf_counter(), time.process_time()]) - start)
        if turn >= TURNS[0] and time.perf_counter() - began > ENOUGH:
            break
    return best
