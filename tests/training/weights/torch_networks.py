"""Networks in torch, written from their papers, with the names that PyTorch's libraries give their parts.

He et al., CVPR 2016, with the stride in a bottleneck's 3 x 3 convolution; Tan and Le, ICML 2019, as brought over from
TensorFlow.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

STAGES = ((3, 1, 16, 1, 1), (3, 2, 24, 6, 2), (5, 2, 40, 6, 2), (3, 3, 80, 6, 2), (5, 3, 112, 6, 1), (5, 4, 192, 6, 2))
EFFICIENTNET_STAGES = (*STAGES, (3, 1, 320, 6, 1))


class Residual(nn.Module):
    """Two 3 x 3 convolutions, or one between two of 1 x 1, and a way past them."""

    def __init__(self, before: int, inner: int, stride: int, wide: bool) -> None:
        super().__init__()
        after = 4 * inner if wide else inner
        plan = [(inner, 1, 1), (inner, 3, stride), (after, 1, 1)] if wide else [(inner, 3, stride), (inner, 3, 1)]
        self.count, width = len(plan), before
        for number, (channels, side, step) in enumerate(plan, start=1):
            convolution = nn.Conv2d(width, channels, side, step, side // 2, bias=False)
            self.add_module(f"conv{number}", convolution)
            self.add_module(f"bn{number}", nn.BatchNorm2d(channels))
            width = channels
        self.downsample = None
        if stride != 1 or before != after:
            self.downsample = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, x):
        change = x
        for number in range(1, self.count + 1):
            change = getattr(self, f"bn{number}")(getattr(self, f"conv{number}")(change))
            change = functional.relu(change) if number < self.count else change
        return functional.relu(change + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """torchvision's names."""

    def __init__(self, blocks: tuple[int, ...], wide: bool, channels: int, outputs: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        width = 64
        for stage, count in enumerate(blocks):
            parts = []
            for number in range(count):
                parts.append(Residual(width, 64 << stage, 2 if stage and not number else 1, wide))
                width = (64 << stage) * (4 if wide else 1)
            self.add_module(f"layer{stage + 1}", nn.Sequential(*parts))
        self.fc = nn.Linear(width, outputs)

    def features(self, x):
        x = functional.max_pool2d(functional.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))

    def forward(self, x):
        return self.fc(self.features(x).mean((2, 3)))


def padded(convolution: nn.Conv2d, x):
    """Convolve as TensorFlow does: where the padding is odd, the far side gets one more."""
    side, stride = convolution.kernel_size[0], convolution.stride[0]
    missing = [max((math.ceil(extent / stride) - 1) * stride + side - extent, 0) for extent in x.shape[2:]]
    height, width = missing
    return convolution(functional.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2)))


class Inverted(nn.Module):
    """Widen, convolve each channel by itself, weigh the channels, and narrow."""

    def __init__(self, before: int, after: int, kernel: int, stride: int, expansion: int, lite: bool) -> None:
        super().__init__()
        inside, self.lite, self.passes = before * expansion, lite, stride == 1 and before == after
        self._expand_conv = nn.Conv2d(before, inside, 1, bias=False) if expansion > 1 else None
        self._bn0 = nn.BatchNorm2d(inside, eps=1e-3) if expansion > 1 else None
        self._depthwise_conv = nn.Conv2d(inside, inside, kernel, stride, groups=inside, bias=False)
        self._bn1 = nn.BatchNorm2d(inside, eps=1e-3)
        self._se_reduce = None if lite else nn.Conv2d(inside, before // 4, 1)
        self._se_expand = None if lite else nn.Conv2d(before // 4, inside, 1)
        self._project_conv, self._bn2 = nn.Conv2d(inside, after, 1, bias=False), nn.BatchNorm2d(after, eps=1e-3)

    def forward(self, x):
        cut = functional.relu6 if self.lite else functional.silu
        change = x if self._expand_conv is None else cut(self._bn0(self._expand_conv(x)))
        change = cut(self._bn1(padded(self._depthwise_conv, change)))
        if not self.lite:
            squeezed = functional.silu(self._se_reduce(change.mean((2, 3), keepdim=True)))
            change = change * torch.sigmoid(self._se_expand(squeezed))
        change = self._bn2(self._project_conv(change))
        return x + change if self.passes else change


class EfficientNet(nn.Module):
    """The smallest, or the smallest of the Lite ones, with efficientnet_pytorch's names."""

    def __init__(self, lite: bool, channels: int, outputs: int) -> None:
        super().__init__()
        self.cut = functional.relu6 if lite else functional.silu
        self._conv_stem, self._bn0 = nn.Conv2d(channels, 32, 3, 2, bias=False), nn.BatchNorm2d(32, eps=1e-3)
        blocks, width = [], 32
        for kernel, count, after, expansion, stride in EFFICIENTNET_STAGES:
            for number in range(count):
                blocks.append(Inverted(width, after, kernel, 1 if number else stride, expansion, lite))
                width = after
        self._blocks = nn.ModuleList(blocks)
        self._conv_head, self._bn1 = nn.Conv2d(width, 1280, 1, bias=False), nn.BatchNorm2d(1280, eps=1e-3)
        self._fc = nn.Linear(1280, outputs)

    def features(self, x):
        x = self.cut(self._bn0(padded(self._conv_stem, x)))
        for block in self._blocks:
            x = block(x)
        return self.cut(self._bn1(self._conv_head(x)))

    def forward(self, x):
        return self._fc(self.features(x).mean((2, 3)))


def stirred(network: nn.Module, seed: int = 0) -> nn.Module:
    """Draw every number of a network anew, statistics too, so that each of them matters and none explodes."""
    rng = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            for values, low, high in (
                (module.weight, 0.5, 1.2),
                (module.bias, -0.2, 0.2),
                (module.running_mean, -0.2, 0.2),
                (module.running_var, 0.5, 2.0),
            ):
                values.data = low + (high - low) * torch.rand(values.shape, generator=rng)
        elif isinstance(module, (nn.Conv2d, nn.Linear)):
            fan_in = module.weight[0].numel()
            module.weight.data = torch.randn(module.weight.shape, generator=rng) * math.sqrt(2 / fan_in)
    return network.eval()
