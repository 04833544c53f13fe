"""What PyTorch's libraries call the tensors of an EfficientNet."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import NamedTuple

from training.networks.efficientnet import EFFICIENTNETS, LAST, EfficientNetShape, efficientnet
from training.weights.slots import CONVOLUTION, DEPTHWISE, Layout, Slot, kernel, norm


class _Names(NamedTuple):
    """What a library calls the parts of an EfficientNet; ``block`` gives a layer from block, flat number and role."""

    library: str
    stem: tuple[str, str]
    top: tuple[str, str]
    block: Callable[[int, int, int, str, bool], str]
    tensorflow: bool
    caution: str = ""


TIMM_CAUTION = (
    "timm has two kinds of this network under the same names, and the file does not say which it is: taken to be {}; "
    "the other's logits would differ."
)
_NATIVE = "its own, which pads both sides alike, because the file's name does not begin with tf_"
_PORTED = "the one brought over from TensorFlow, because the file's name begins with tf_"
_ROLES = ("expand", "depth", "reduce", "excite", "project")


def _in_pytorch(stage: int, number: int, flat: int, role: str, expands: bool) -> str:
    names = {
        "expand": "_expand_conv",
        "expand_bn": "_bn0",
        "depth": "_depthwise_conv",
        "depth_bn": "_bn1",
        "reduce": "_se_reduce",
        "excite": "_se_expand",
        "project": "_project_conv",
        "project_bn": "_bn2",
    }
    return f"_blocks.{flat}.{names[role]}"


def _in_timm(stage: int, number: int, flat: int, role: str, expands: bool) -> str:
    norms = ("expand_bn", "depth_bn", "project_bn") if expands else ("depth_bn", "project_bn")
    names = {
        "expand": "conv_pw",
        "depth": "conv_dw",
        "reduce": "se.conv_reduce",
        "excite": "se.conv_expand",
        "project": "conv_pwl" if expands else "conv_pw",
        **{norm: f"bn{place}" for place, norm in enumerate(norms, start=1)},
    }
    return f"blocks.{stage}.{number}.{names[role]}"


def _in_torchvision(stage: int, number: int, flat: int, role: str, expands: bool) -> str:
    first = 1 if expands else 0
    names = {
        "expand": "0.0",
        "expand_bn": "0.1",
        "depth": f"{first}.0",
        "depth_bn": f"{first}.1",
        "reduce": f"{first + 1}.fc1",
        "excite": f"{first + 1}.fc2",
        "project": f"{first + 2}.0",
        "project_bn": f"{first + 2}.1",
    }
    return f"{stage + 1}.{number}.block.{names[role]}"


_TIMM = (("conv_stem", "bn1"), ("conv_head", "bn2"), _in_timm)
EFFICIENTNET_NAMES = (
    _Names("efficientnet_pytorch", ("_conv_stem", "_bn0"), ("_conv_head", "_bn1"), _in_pytorch, True),
    _Names("timm", *_TIMM, False, TIMM_CAUTION.format(_NATIVE)),
    _Names("timm, brought over from TensorFlow", *_TIMM, True, TIMM_CAUTION.format(_PORTED)),
    _Names("torchvision", ("0.0", "0.1"), ("8.0", "8.1"), _in_torchvision, False),
)


def efficientnet_layouts() -> Iterator[Layout]:
    """Give every EfficientNet in every naming."""
    for name, shape in EFFICIENTNETS.items():
        title = "EfficientNet-" + name.removeprefix("efficientnet_").capitalize()
        for names in EFFICIENTNET_NAMES:
            if shape.lite and names.library == "torchvision":
                continue  # it has none
            body = functools.partial(efficientnet, shape=shape, tensorflow=names.tensorflow)
            slots = dict(_efficientnet_slots(shape, names))
            yield Layout(name, title, names.library, slots, shape.features, body, LAST, caution=names.caution)


def _efficientnet_slots(shape: EfficientNetShape, names: _Names) -> Iterator[tuple[str, Slot]]:
    yield kernel(names.stem[0], "stem_conv", (shape.stem, None, 3, 3))
    yield from norm(names.stem[1], "stem_bn", shape.stem)
    for flat, block in enumerate(shape.blocks):
        expands, inside = block.inside != block.before, block.inside
        kernels: dict[str, tuple[int, ...]] = {
            "expand": (inside, block.before, 1, 1),
            "depth": (inside, 1, block.kernel, block.kernel),
            "reduce": (block.squeezed, inside, 1, 1),
            "excite": (inside, block.squeezed, 1, 1),
            "project": (block.after, inside, 1, 1),
        }
        for role in _ROLES:
            squeezes = role in ("reduce", "excite")
            if (role == "expand" and not expands) or (squeezes and shape.lite):
                continue
            theirs = functools.partial(names.block, block.stage, block.number, flat)
            ours, width = f"{block.name}_{role}", kernels[role][0]
            yield kernel(
                theirs(role, expands), f"{ours}_conv", kernels[role], DEPTHWISE if role == "depth" else CONVOLUTION
            )
            if squeezes:
                yield f"{theirs(role, expands)}.bias", Slot(f"{ours}_conv/bias", (width,))
            else:
                yield from norm(theirs(f"{role}_bn", expands), f"{ours}_bn", width)
    yield kernel(names.top[0], "top_conv", (shape.features, shape.blocks[-1].after, 1, 1))
    yield from norm(names.top[1], "top_bn", shape.features)
