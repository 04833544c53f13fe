"""The networks that a checkpoint may hold, and what PyTorch's libraries call their tensors."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from training.networks.densenet import DENSENETS, LAST_NORM, LAST_RELU, DenseNetShape, densenet
from training.networks.resnet import RESNETS, STEM, ResNetShape, resnet
from training.weights.efficientnet_names import efficientnet_layouts
from training.weights.slots import Layout, Slot, kernel, norm


@functools.cache
def layouts() -> tuple[Layout, ...]:
    """All networks in all namings; of those that share all names and shapes, the likeliest first."""
    return (*_densenets(), *_resnets(), *efficientnet_layouts())


def _densenets() -> Iterator[Layout]:
    namings = {
        "torchvision": "denseblock{}.denselayer{}.{}{}",
        "torchvision before 0.3": "denseblock{}.denselayer{}.{}.{}",
        "MONAI": "denseblock{}.denselayer{}.layers.{}{}",
    }
    for name, shape in DENSENETS.items():
        for library, naming in namings.items():
            body, cut = (functools.partial(densenet, shape=shape, final_relu=relu) for relu in (True, False))
            title = name.replace("densenet", "DenseNet-")
            slots = dict(_densenet_slots(shape, naming))
            yield Layout(name, title, library, slots, shape.features, body, LAST_RELU, cut)


def _densenet_slots(shape: DenseNetShape, naming: str) -> Iterator[tuple[str, Slot]]:
    yield kernel("conv0", "conv1_conv", (shape.stem, None, 7, 7))
    yield from norm("norm0", "conv1_bn", shape.stem)
    width = shape.stem
    for block, count in enumerate(shape.blocks, start=1):
        for number in range(1, count + 1):
            ours = f"conv{block + 1}_block{number}"  # Keras counts the stem as block 1
            theirs = functools.partial(naming.format, block, number)
            yield from norm(theirs("norm", 1), f"{ours}_0_bn", width)
            yield kernel(theirs("conv", 1), f"{ours}_1_conv", (shape.bottleneck, width, 1, 1))
            yield from norm(theirs("norm", 2), f"{ours}_1_bn", shape.bottleneck)
            yield kernel(theirs("conv", 2), f"{ours}_2_conv", (shape.growth, shape.bottleneck, 3, 3))
            width += shape.growth
        if block < len(shape.blocks):
            yield from norm(f"transition{block}.norm", f"pool{block + 1}_bn", width)
            yield kernel(f"transition{block}.conv", f"pool{block + 1}_conv", (width // 2, width, 1, 1))
            width //= 2
    yield from norm("norm5", LAST_NORM, width)


def _resnets() -> Iterator[Layout]:
    for name, shape in RESNETS.items():
        title = "Wide ResNet-50-2" if shape.widening > 1 else name.replace("resnet", "ResNet-")
        body = functools.partial(resnet, shape=shape)
        plain = dict(_resnet_slots(shape))
        for library, slots in (
            ("torchvision", plain),
            ("torchvision, its parts numbered", {_numbered(one): slot for one, slot in plain.items()}),
        ):
            yield Layout(name, title, library, slots, shape.features, body, shape.last)


def _resnet_slots(shape: ResNetShape) -> Iterator[tuple[str, Slot]]:
    yield kernel("conv1", "conv1", (STEM, None, 7, 7))
    yield from norm("bn1", "bn1", STEM)
    before = STEM
    for stage, count in enumerate(shape.stages):
        inner, outer = shape.inner(stage), shape.outer(stage)
        for number in range(count):
            name, ours = f"layer{stage + 1}.{number}", f"layer{stage + 1}_{number}"
            kernels = ((inner, 1), (inner, 3), (outer, 1)) if shape.bottleneck else ((inner, 3), (outer, 3))
            width = before
            for step, (after, side) in enumerate(kernels, start=1):
                yield kernel(f"{name}.conv{step}", f"{ours}_conv{step}", (after, width, side, side))
                yield from norm(f"{name}.bn{step}", f"{ours}_bn{step}", after)
                width = after
            if number == 0 and (stage > 0 or before != outer):
                yield kernel(f"{name}.downsample.0", f"{ours}_downsample_0", (outer, before, 1, 1))
                yield from norm(f"{name}.downsample.1", f"{ours}_downsample_1", outer)
            before = outer


def _numbered(name: str) -> str:
    """Give the name where the network's children lie in a Sequential: conv1, bn1, ReLU, pooling, four stages."""
    part, _, rest = name.partition(".")
    number = {"conv1": 0, "bn1": 1}.get(part)
    return f"{int(part.removeprefix('layer')) + 3 if number is None else number}.{rest}"
