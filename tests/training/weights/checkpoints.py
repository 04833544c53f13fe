"""Random DenseNet-121 checkpoints in torchvision's names, and an independent definition of the network in torch."""

from __future__ import annotations

import h5py
import numpy as np

BLOCKS = (6, 12, 24, 16)


def shapes(channels: int = 3, outputs: int = 14) -> dict[str, tuple[int, ...]]:
    """Names and shapes of torchvision's state dict, without its counters."""
    found: dict[str, tuple[int, ...]] = {"features.conv0.weight": (64, channels, 7, 7)}

    def norm(name: str, width: int) -> None:
        for weight in ("weight", "bias", "running_mean", "running_var"):
            found[f"{name}.{weight}"] = (width,)

    norm("features.norm0", 64)
    width = 64
    for block, count in enumerate(BLOCKS, start=1):
        for number in range(1, count + 1):
            layer = f"features.denseblock{block}.denselayer{number}"
            norm(f"{layer}.norm1", width)
            found[f"{layer}.conv1.weight"] = (128, width, 1, 1)
            norm(f"{layer}.norm2", 128)
            found[f"{layer}.conv2.weight"] = (32, 128, 3, 3)
            width += 32
        if block < len(BLOCKS):
            norm(f"features.transition{block}.norm", width)
            found[f"features.transition{block}.conv.weight"] = (width // 2, width, 1, 1)
            width //= 2
    norm("features.norm5", width)
    found["classifier.weight"] = (outputs, width)
    found["classifier.bias"] = (outputs,)
    return found


def random_state(
    rng: np.random.Generator, channels: int = 3, outputs: int = 14, input_scale: float = 1
) -> dict[str, np.ndarray]:
    """Give a state dict whose every number matters: running statistics and biases are random too.

    Inputs of about ``input_scale`` give logits of about 1, as in a trained network.
    """
    state = {}
    for name, shape in shapes(channels, outputs).items():
        if len(shape) == 4:
            values = rng.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape)
        elif name.endswith("running_var"):
            values = rng.uniform(0.5, 2, shape)
        elif name.endswith("weight") and len(shape) == 1:
            values = rng.uniform(0.5, 1.2, shape)
        else:
            values = rng.normal(0, 0.1, shape)
        state[name] = values.astype(np.float32)
    state["features.conv0.weight"] /= np.float32(input_scale)
    return state


def old_names(state: dict) -> dict:
    """Spell a state dict as torchvision before 0.3 did: ``norm.1`` for ``norm1`` inside dense layers."""
    renamed = {}
    for name, values in state.items():
        for part in ("norm", "conv"):
            for number in "12":
                if "denselayer" in name:
                    name = name.replace(f".{part}{number}.", f".{part}.{number}.")
        renamed[name] = values
    return renamed


def keras_2_name(name: str) -> tuple[str, str]:
    """Give layer and weight that Keras 2 calls a tensor of torchvision; its DenseNet has no ReLU at the end."""
    layer, weight = name.rsplit(".", 1)
    norm = "norm" in layer.rsplit(".", 1)[-1]
    weight = {"weight": "gamma" if norm else "kernel", "bias": "beta" if norm else "bias"}.get(weight, weight)
    weight = weight.replace("running_mean", "moving_mean").replace("running_var", "moving_variance")
    if layer == "classifier":
        return "predictions", weight
    parts = layer.split(".")[1:]
    if len(parts) == 1:
        return {"conv0": "conv1/conv", "norm0": "conv1/bn", "norm5": "bn"}[parts[0]], weight
    block = int(parts[0][-1]) + 1
    if parts[0].startswith("transition"):
        return f"pool{block}_{'bn' if norm else 'conv'}", weight
    kind = {"norm1": "0_bn", "conv1": "1_conv", "norm2": "1_bn", "conv2": "2_conv"}[parts[2]]
    return f"conv{block}_block{parts[1].removeprefix('denselayer')}_{kind}", weight


def write_keras_2_weights(path, state: dict[str, np.ndarray], more_layers: tuple[str, ...] = ()) -> None:
    """Write a state dict as ``save_weights`` of Keras 2 would, layer by layer."""
    layers: dict[str, dict[str, np.ndarray]] = {}
    for name, values in state.items():
        layer, weight = keras_2_name(name)
        axes = {4: (2, 3, 1, 0), 2: (1, 0), 1: (0,)}[values.ndim]
        layers.setdefault(layer, {})[f"{layer}/{weight}:0"] = values.transpose(axes)
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in ("input_1", *layers, "avg_pool", *more_layers)]
        file.attrs["keras_version"] = b"2.1.4"
        for layer in ("input_1", "avg_pool", *more_layers):
            file.create_group(layer).attrs["weight_names"] = np.array([], "S1")
        for layer, weights in layers.items():
            group = file.create_group(layer)
            group.attrs["weight_names"] = [name.encode() for name in weights]
            for name, values in weights.items():
                group[name] = values


def torch_densenet(state: dict[str, np.ndarray], final_relu: bool = True, epsilon: float = 1e-5):
    """Build the network in plain torch functions from the paper's description, around a state dict.

    Returns
    -------
    callable
        (N, channels, H, W) to feature maps (N, 1024, h, w) and logits (N, outputs).
    """
    import torch
    from torch.nn import functional

    weights = {name: torch.from_numpy(np.asarray(values)) for name, values in state.items()}

    def norm(x, name):
        stats = (weights[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
        return functional.batch_norm(x, *stats, training=False, eps=epsilon)

    def run(x):
        x = functional.conv2d(x, weights["features.conv0.weight"], stride=2, padding=3)
        x = functional.max_pool2d(functional.relu(norm(x, "features.norm0")), 3, 2, 1)
        for block, count in enumerate(BLOCKS, start=1):
            for number in range(1, count + 1):
                layer = f"features.denseblock{block}.denselayer{number}"
                new = functional.conv2d(functional.relu(norm(x, f"{layer}.norm1")), weights[f"{layer}.conv1.weight"])
                new = functional.relu(norm(new, f"{layer}.norm2"))
                new = functional.conv2d(new, weights[f"{layer}.conv2.weight"], padding=1)
                x = torch.cat([x, new], 1)
            if block < len(BLOCKS):
                transition = f"features.transition{block}"
                x = functional.relu(norm(x, f"{transition}.norm"))
                x = functional.avg_pool2d(functional.conv2d(x, weights[f"{transition}.conv.weight"]), 2, 2)
        x = norm(x, "features.norm5")
        features = functional.relu(x) if final_relu else x
        logits = functional.linear(features.mean((2, 3)), weights["classifier.weight"], weights["classifier.bias"])
        return features, logits

    return run
