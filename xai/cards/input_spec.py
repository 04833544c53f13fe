"""How a film becomes a model's input, as its card says it: fit, scaling of the size and of the shades, contrast."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from xai.cards.calibration import is_number
from xai.cards.checks import ModelCardError, check, is_int

Size = int | tuple[int, int]
"""Side of a square, or height and width, in pixels."""

FITS = ("stretch", "crop", "crop-first", "pad", "keras-crop", "keras-pad")
CONTRASTS = ("stretch", "equalise", "clahe")
ORDERS = ("before", "after")
KERNELS = {
    "pillow": ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"),
    "opencv": ("nearest", "linear", "cubic", "area", "lanczos"),
    "tensorflow": (
        *("nearest", "bilinear", "bicubic", "area", "gaussian", "lanczos3", "lanczos5", "mitchellcubic"),
        *("bilinear-antialias", "bicubic-antialias", "lanczos3-antialias", "lanczos5-antialias"),
    ),
    "scikit-image": ("linear", "gaussian"),
}
"""What each library scales pictures with, by its own name for it."""

SHORT_NAMES = {
    "pillow": "pillow-bilinear",
    "antialiased": "pillow-bilinear",
    "nearest": "pillow-nearest",
    "bilinear": "tensorflow-bilinear",
    "bicubic": "pillow-bicubic",
    "lanczos": "pillow-lanczos",
    "area": "opencv-area",
    "gaussian": "scikit-image-gaussian",
    "linear": "scikit-image-linear",
}
"""What a card may say without naming the library, and what it then means."""

RESAMPLES = (*SHORT_NAMES, *(f"{library}-{kernel}" for library, kernels in KERNELS.items() for kernel in kernels))
MAX_SIDE = 2048
MAX_SCALE = 1e9  # what an input is multiplied with, so that it stays far within single precision
MAX_TILES = 64
MAX_CLIP = 1000.0

SCALINGS: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        "0 to 1": {},
        "0 to 255": {"multiply": 255.0},
        "-1 to 1": {"multiply": 2.0, "mean": (1.0,)},
        "imagenet": {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)},
        "caffe": {"multiply": 255.0, "mean": (103.939, 116.779, 123.68)},
        "torchxrayvision": {"multiply": 2048.0, "mean": (1024.0,)},
        "per film": {"standardise": True},
    }
)
"""Usual scalings of the shades, as fields of `InputSpec`; a card may name one as ``scaling`` in their place."""


def sides(size: Size) -> tuple[int, int]:
    """Height and width in pixels of what a size describes."""
    return (size, size) if isinstance(size, int) else size


@dataclass(frozen=True)
class Contrast:
    """What is done to a film's contrast before a model sees it.

    Attributes
    ----------
    how : {"stretch", "equalise", "clahe"}
        ``stretch``: the shades between two percentiles of the film's own are spread over black to white. ``equalise``:
        its histogram is made even, OpenCV's ``equalizeHist``. ``clahe``: the same tile by tile, OpenCV's
        ``createCLAHE``. The last two work on 256 shades.
    order : {"before", "after"}
        Before the film is scaled to the model's size, or after.
    low, high : float
        For ``stretch``: the percentiles.
    clip : float
        For ``clahe``: its ``clipLimit``.
    tiles : int
        For ``clahe``: tiles a side, its ``tileGridSize``.
    """

    how: str
    order: str = "before"
    low: float = 0.0
    high: float = 100.0
    clip: float = 2.0
    tiles: int = 8

    def __post_init__(self) -> None:
        check(self.how in CONTRASTS, f"input.contrast.how must be one of {', '.join(CONTRASTS)}", self.how)
        check(self.order in ORDERS, f"input.contrast.order must be one of {', '.join(ORDERS)}", self.order)
        percentiles = (self.low, self.high)
        check(
            all(map(is_number, percentiles)) and 0 <= self.low < self.high <= 100,
            "input.contrast.low and high must be percentiles, 0 to 100, the lower first",
            list(percentiles),
        )
        check(
            is_number(self.clip) and 0 < self.clip <= MAX_CLIP,
            f"input.contrast.clip must be above 0 and at most {MAX_CLIP:g}",
            self.clip,
        )
        check(
            is_int(self.tiles) and 1 <= self.tiles <= MAX_TILES,
            f"input.contrast.tiles must be 1 to {MAX_TILES}",
            self.tiles,
        )


@dataclass(frozen=True)
class InputSpec:
    """How a film becomes the model's input.

    Attributes
    ----------
    size : int or (int, int)
        Side of a square input in pixels, or its height and width.
    channels : int
        1, or 3 (the grey film three times).
    fit : {"stretch", "crop", "crop-first", "pad", "keras-crop", "keras-pad"}
        How a film whose sides are not in the input's proportion fits: stretched, scaled until it covers the input and
        centre cropped, centre cropped and then scaled, or padded with air; the last two also as Keras rounds.
    multiply, mean, std
        ``x = (film * multiply - mean) / std`` with the film in [0, 1]; one ``mean`` and ``std`` a channel.
    resample : str
        How a film is scaled, one of `RESAMPLES`: see `xai.models.resample.resize`.
    short_side : int or None
        For ``crop``: length that the short side is scaled to before ``size`` is cut from its middle; None is the
        shortest that covers the input.
    bits : int or None
        8 where films were 8-bit pictures while they were scaled: they are rounded to 256 shades before, and by Pillow
        and OpenCV after. None keeps the shades as they come.
    contrast : Contrast or None
        What is done to the contrast, before or after scaling.
    standardise : bool
        Whether each film's own mean and standard deviation, over all its pixels, take the place of ``mean`` and
        ``std``.
    """

    size: Size
    channels: int
    fit: str = "stretch"
    multiply: float = 1.0
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    resample: str = "pillow"
    short_side: int | None = None
    bits: int | None = None
    contrast: Contrast | None = None
    standardise: bool = False

    def __post_init__(self) -> None:
        check(
            is_int(self.size) or (isinstance(self.size, tuple) and len(self.size) == 2),
            f"input.size must be 8 to {MAX_SIDE}, or two such numbers, height and width",
            self.size,
        )
        check(
            all(is_int(side) and 8 <= side <= MAX_SIDE for side in self.shape),
            f"input.size must be 8 to {MAX_SIDE}, or two such numbers, height and width",
            self.size,
        )
        check(is_int(self.channels) and self.channels in (1, 3), "input.channels must be 1 or 3", self.channels)
        check(self.fit in FITS, f"input.fit must be one of {', '.join(FITS)}", self.fit)
        check(self.resample in RESAMPLES, f"input.resample must be one of {', '.join(RESAMPLES)}", self.resample)
        short = self.short_side
        check(
            short is None or (self.fit == "crop" and is_int(short) and max(self.shape) <= short <= MAX_SIDE),
            f"input.short_side goes with the fit crop and must be {max(self.shape)} to {MAX_SIDE}",
            short,
        )
        check(self.bits in (None, 8), "input.bits must be 8 or null", self.bits)
        self._check_shades()

    def _check_shades(self) -> None:
        check(
            is_number(self.multiply) and 0 < abs(self.multiply) <= MAX_SCALE,
            f"input.multiply must be a number, not 0 and not beyond {MAX_SCALE:g}",
            self.multiply,
        )
        for name in ("mean", "std"):
            values = getattr(self, name)
            check(
                len(values) in (1, self.channels) and all(map(is_number, values)),
                f"input.{name} must hold 1 or {self.channels} numbers",
                list(values),
            )
        check(
            all(value >= 1 / MAX_SCALE for value in self.std),
            f"input.std must be above 0, at least {1 / MAX_SCALE:g}",
            list(self.std),
        )
        check(isinstance(self.standardise, bool), "input.standardise must be true or false", self.standardise)
        check(
            not self.standardise or (set(self.mean) == {0.0} and set(self.std) == {1.0}),
            "input.standardise takes each film's own mean and std, so that the card names none",
            {"mean": list(self.mean), "std": list(self.std)},
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the input in pixels."""
        return sides(self.size)

    @property
    def library(self) -> str:
        """Which library's scaling ``resample`` names."""
        return next(library for library in KERNELS if self._full_name.startswith(library))

    @property
    def kernel(self) -> str:
        """What that library calls it."""
        return self._full_name.removeprefix(f"{self.library}-")

    @property
    def _full_name(self) -> str:
        return SHORT_NAMES.get(self.resample, self.resample)

    @property
    def said(self) -> tuple[Any, ...]:
        """Everything that changes a model's input; fields that cards have had from the start stand first."""
        values = dataclasses.asdict(self)
        later = {"bits": None, "contrast": None, "standardise": False}
        first = [value for name, value in values.items() if name not in later]
        return (*first, *((name, values[name]) for name, usual in later.items() if values[name] != usual))


def input_from_dict(content: dict[str, Any]) -> InputSpec:
    """Read the ``input`` of a card, which has at least size and channels; raises `ModelCardError` in one sentence."""
    given = dict(content)
    if "scaling" in given:
        given |= _scaling(given.pop("scaling"), given)
    size = given["size"]
    return InputSpec(
        size=tuple(size) if isinstance(size, list) else size,
        channels=given["channels"],
        fit=given.get("fit", "stretch"),
        multiply=given.get("multiply", 1.0),
        mean=_numbers(given.get("mean", 0.0), "input.mean"),
        std=_numbers(given.get("std", 1.0), "input.std"),
        resample=given.get("resample", "pillow"),
        short_side=given.get("short_side"),
        bits=given.get("bits"),
        contrast=_contrast(given.get("contrast")),
        standardise=given.get("standardise", False),
    )


def input_to_dict(spec: InputSpec) -> dict[str, Any]:
    """Give an input as plain JSON values, the inverse of `input_from_dict`; what is not asked for is not named."""
    values = dataclasses.asdict(spec)
    values |= {name: list(value) for name, value in values.items() if isinstance(value, tuple)}
    return {
        name: value
        for name, value in values.items()
        if not (name in ("bits", "contrast", "standardise") and value in (None, False))
    }


def _scaling(name: Any, given: dict[str, Any]) -> dict[str, Any]:
    check(isinstance(name, str) and name in SCALINGS, f"input.scaling must be one of {', '.join(SCALINGS)}", name)
    doubled = sorted({"multiply", "mean", "std", "standardise"} & set(given))
    check(not doubled, "input.scaling stands for multiply, mean, std and standardise, so name none of them", doubled)
    return {field: list(value) if isinstance(value, tuple) else value for field, value in SCALINGS[name].items()}


def _numbers(value: Any, name: str) -> tuple[float, ...]:
    values = value if isinstance(value, list) else [value]
    check(
        len(values) > 0 and all(map(is_number, values)),
        f"{name} must be a number or a list of numbers",
        value,
    )
    return tuple(float(number) for number in values)


def _contrast(value: Any) -> Contrast | None:
    if value is None:
        return None
    fields = {"how": value} if isinstance(value, str) else value
    names = [field.name for field in dataclasses.fields(Contrast)]
    check(
        isinstance(fields, dict) and "how" in fields and set(fields) <= set(names),
        f"input.contrast must be one of {', '.join(CONTRASTS)}, or an object with {', '.join(names)}",
        value,
    )
    try:
        return Contrast(**fields)
    except TypeError as error:  # a list where a word belongs
        raise ModelCardError(f"input.contrast cannot be read: {error}.") from error
