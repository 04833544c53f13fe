"""A model card: what a program and a person must know to use a Keras classifier.

The card is the JSON file beside the model: ``lightbox.keras`` has ``lightbox.json``. It says what the outputs
mean, what the input must look like, the threshold of each finding, and how good the model was measured to be.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit

from xai.cards.calibration import LogitMap, is_number, logit_map_from_dict
from xai.cards.checks import ModelCardError as ModelCardError
from xai.cards.checks import check as _check
from xai.cards.input_spec import InputSpec as InputSpec
from xai.cards.input_spec import input_from_dict, input_to_dict
from xai.cards.seen import Seen, seen_from_dict
from xai.files import write_file

CARD_VERSION = 1
SUFFIXES = (".keras", ".h5", ".hdf5", ".onnx", ".zip")  # of the model files that a card may lie beside
LINKS = ("sigmoid", "softmax")
EMITS = ("logits", "probabilities")
MAX_CARD_BYTES = 2 * 1024 * 1024
MAX_DIGITS = 300  # of a whole number; longer ones fit no float, in which figures are shown
NAME_LIMIT = 80


_OUTPUTS_RULE = f"outputs must be a list of names of at most {NAME_LIMIT} characters"


def is_output_name(name: Any) -> bool:
    """Whether something can be the name of an output."""
    return isinstance(name, str) and 0 < len(name) <= NAME_LIMIT and name.isprintable() and not set(name) & set("/\\")


def check_name(name: Any) -> None:
    """Refuse what no model can be called: anything but a short text on one line."""
    is_short = isinstance(name, str) and 0 < len(name) <= NAME_LIMIT and name.isprintable()
    _check(is_short, f"name must be a short text, at most {NAME_LIMIT} printable characters", name)


@dataclass(frozen=True)
class Threshold:
    """Probability from which a finding counts as flagged, and the rule that chose it."""

    value: float
    rule: str

    def __post_init__(self) -> None:
        _check(is_number(self.value) and 0 <= self.value <= 1, "a threshold must lie in [0, 1]", self.value)


DEFAULT_THRESHOLD = Threshold(0.5, "0.5, because the card names no threshold")


@dataclass(frozen=True)
class ModelCard:
    """What a classifier's outputs and input mean, and how well it was measured to work.

    Attributes
    ----------
    name : str
        What people call the model.
    outputs : tuple of str
        One name an output, in the model's order: findings, or classes such as ``Normal``.
    link : {"sigmoid", "softmax"}
        How logits become probabilities.
    emits : {"logits", "probabilities"}
        What the model's last layer gives.
    input : InputSpec
        How a film becomes the model's input.
    summary : str
        One or two sentences for people: what it is, what it is not.
    thresholds : dict of str to Threshold
        Of each output; see `threshold`.
    prevalence : dict of str to float
        Share of positives among the training films.
    calibration : dict of str to LogitMap
        From an output's logit to a calibrated one; outputs without one stay as they are. Logits and maps are the
        model's own, uncalibrated; only probabilities go through it, see `probabilities`.
    performance, provenance : dict
        Free-form: measured figures with intervals; data, script, seed, licence.
    feature_layer : str or None
        Layer whose output Grad-CAM reads; None lets the classifier find it.
    mean_film : bytes or None
        PNG of the mean training film, for the baseline of that name.
    seen : Seen or None
        What its training films look like to it, to say when a picture is unlike them; `python -m training seen`.
    sha256 : str or None
        Of the model file; checked on loading where given.
    """

    name: str
    outputs: tuple[str, ...]
    link: str
    emits: str
    input: InputSpec
    summary: str = ""
    thresholds: dict[str, Threshold] = field(default_factory=dict)
    prevalence: dict[str, float] = field(default_factory=dict)
    calibration: dict[str, LogitMap] = field(default_factory=dict)
    performance: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    feature_layer: str | None = None
    mean_film: bytes | None = None
    seen: Seen | None = None
    sha256: str | None = None

    def __post_init__(self) -> None:
        check_name(self.name)
        _check(
            len(self.outputs) > 0 and all(map(is_output_name, self.outputs)),
            _OUTPUTS_RULE,
            list(self.outputs),
        )
        _check(len(set(self.outputs)) == len(self.outputs), "outputs must not repeat a name", list(self.outputs))
        _check(self.link in LINKS, f"head.link must be one of {', '.join(LINKS)}", self.link)
        _check(self.emits in EMITS, f"head.emits must be one of {', '.join(EMITS)}", self.emits)
        _check(
            self.link == "sigmoid" or len(self.outputs) > 1,
            "a softmax head needs at least two outputs; one output takes the link sigmoid",
            list(self.outputs),
        )
        for name in ("feature_layer", "sha256"):
            value = getattr(self, name)
            _check(value is None or isinstance(value, str), f"{name} must be a text", value)
        for name in ("thresholds", "prevalence", "calibration"):
            unknown = sorted(set(getattr(self, name)) - set(self.outputs))
            _check(not unknown, f"{name} must name outputs of this model", unknown)

    def threshold(self, output: str) -> Threshold:
        """Give the threshold of an output; 0.5, said to be so, where the card names none."""
        return self.thresholds.get(output, DEFAULT_THRESHOLD)

    def index(self, output: str) -> int:
        """Position of an output.

        Raises
        ------
        ModelCardError
            If the model has no such output; the message lists those it has.
        """
        if output not in self.outputs:
            raise ModelCardError(f"{self.name} has no output “{output}”; it has {', '.join(self.outputs)}.")
        return self.outputs.index(output)

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Turn logits, (..., outputs) in the model's order, into probabilities by way of the card's calibration."""
        logits = np.asarray(logits, np.float64)
        maps = [self.calibration.get(name) for name in self.outputs]
        moved = [z if one is None else one(z) for one, z in zip(maps, np.moveaxis(logits, -1, 0), strict=True)]
        shares: np.ndarray = expit(np.stack(moved, axis=-1))
        return shares

    @cached_property
    def fingerprint(self) -> str:
        """Everything in the card that changes a map or a probability, as text: part of a result's content hash."""
        what = (self.outputs, self.link, self.emits, self.input.said, self.feature_layer)
        calibration = [dataclasses.astuple(self.calibration[name])[:3] for name in sorted(self.calibration)]
        named = [[*sorted(self.calibration), *calibration]] if calibration else []
        return json.dumps([*what, self.mean_film.hex() if self.mean_film else None, *named])


def read_card(path: Path) -> ModelCard:
    """Read a model card.

    Raises
    ------
    ModelCardError
        If the file is absent, is not JSON, lacks a field, or holds a value that makes no sense.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelCardError(
            f"{path.name} is missing: a model needs a card beside it with the fields name, outputs, "
            "head (link, emits) and input (size, channels); "
            "`python -m xai card MODEL` writes a starter to fill in."
        )
    if path.stat().st_size > MAX_CARD_BYTES:
        raise ModelCardError(f"{path.name} is larger than {MAX_CARD_BYTES // 2**20} MiB, which no model card is.")
    try:
        content = json.loads(path.read_text(encoding="utf-8"), parse_int=_whole_number)
    except (ValueError, RecursionError) as error:
        raise ModelCardError(f"{path.name} is not valid JSON ({error}).") from error
    try:
        return card_from_dict(content)
    except ModelCardError as error:
        raise ModelCardError(f"{path.name}: {error}") from error


def _whole_number(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a number in it has {len(digits)} digits")
    return int(digits)


def card_from_dict(content: Any) -> ModelCard:
    """Build a card from what its JSON holds; raises `ModelCardError` in one sentence."""
    _check(isinstance(content, dict), "a card must be a JSON object", type(content).__name__)
    missing = [name for name in ("name", "outputs", "head", "input") if name not in content]
    for group, names in (("head", ("link", "emits")), ("input", ("size", "channels"))):
        inner = content.get(group, {})
        _check(isinstance(inner, dict), f"{group} must be an object with {' and '.join(names)}", inner)
        missing += [f"{group}.{name}" for name in names if group in content and name not in inner]
    _check(not missing, "these fields are missing", missing)
    version = content.get("lightbox_card", CARD_VERSION)
    _check(version == CARD_VERSION, f"lightbox_card must be {CARD_VERSION}", version)
    _check(isinstance(content["outputs"], list), _OUTPUTS_RULE, content["outputs"])
    head, spec = content["head"], content["input"]
    return ModelCard(
        name=content["name"],
        outputs=tuple(content["outputs"]),
        link=head["link"],
        emits=head["emits"],
        input=input_from_dict(spec),
        summary=str(content.get("summary", "")),
        thresholds={name: _threshold(value) for name, value in _mapping(content, "thresholds").items()},
        prevalence={name: _share(value) for name, value in _mapping(content, "prevalence").items()},
        calibration={name: _calibration(value) for name, value in _mapping(content, "calibration").items()},
        performance=_mapping(content, "performance"),
        provenance=_mapping(content, "provenance"),
        feature_layer=content.get("feature_layer"),
        mean_film=_decode(content.get("mean_film")),
        seen=None if content.get("seen") is None else seen_from_dict(content["seen"]),
        sha256=content.get("sha256"),
    )


def card_to_dict(card: ModelCard) -> dict[str, Any]:
    """Give the card as plain JSON values, the inverse of `card_from_dict`."""
    return {
        "lightbox_card": CARD_VERSION,
        "name": card.name,
        "summary": card.summary,
        "outputs": list(card.outputs),
        "head": {"link": card.link, "emits": card.emits},
        "input": input_to_dict(card.input),
        "thresholds": {name: dataclasses.asdict(value) for name, value in card.thresholds.items()},
        "prevalence": dict(card.prevalence),
        "calibration": {name: one.to_dict() for name, one in card.calibration.items()},
        "performance": card.performance,
        "provenance": card.provenance,
        "feature_layer": card.feature_layer,
        "mean_film": base64.b64encode(card.mean_film).decode() if card.mean_film else None,
        "seen": card.seen.to_dict() if card.seen else None,
        "sha256": card.sha256,
    }


def card_sha256(card: ModelCard) -> str:
    """Give the sha256 of all that a card says, as hexadecimal text."""
    return hashlib.sha256(json.dumps(card_to_dict(card), sort_keys=True).encode()).hexdigest()


def write_card(card: ModelCard, path: Path) -> None:
    """Write a card as readable JSON."""
    text = json.dumps(card_to_dict(card), indent=2, ensure_ascii=False, allow_nan=False)
    write_file(path, text + "\n")


def card_path(model_path: Path) -> Path:
    """Where the card of a model lies: the same name, ending in ``.json``; beside the folder of one that is a folder."""
    path = Path(model_path)
    return path.with_name(f"{path.name}.json") if path.is_dir() else path.with_suffix(".json")


def _threshold(value: Any) -> Threshold:
    if is_number(value):
        return Threshold(float(value), "named in the card without a rule")
    _check(isinstance(value, dict) and "value" in value, "a threshold must be a number or {value, rule}", value)
    return Threshold(value["value"], str(value.get("rule", "named in the card without a rule")))


def _share(value: Any) -> float:
    _check(is_number(value) and 0 <= value <= 1, "a prevalence must lie in [0, 1]", value)
    return float(value)


def _calibration(value: Any) -> LogitMap:
    try:
        return logit_map_from_dict(value)
    except ValueError as error:
        raise ModelCardError(f"{error}.") from error


def _mapping(content: dict[str, Any], name: str) -> dict[str, Any]:
    value = content.get(name) or {}
    _check(isinstance(value, dict), f"{name} must be an object", value)
    return value


def _decode(text: Any) -> bytes | None:
    if text is None:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise ModelCardError("mean_film must be a PNG in base64.") from error
