"""What a model file lets one guess of how its films were prepared: hints for a person, never knowledge."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER_LOSS = "sparse_categorical_crossentropy"  # whole numbers as labels: what image_dataset_from_directory gives
FAMILIES = {
    "block5_conv3": ("VGG", "caffe"),
    "conv5_block3_out": ("ResNet", "caffe"),
    "conv5_block16_concat": ("DenseNet121", "imagenet"),
    "conv5_block32_concat": ("DenseNet", "imagenet"),
    "mixed10": ("InceptionV3", "-1 to 1"),
    "block14_sepconv2": ("Xception", "-1 to 1"),
    "conv_pw_13": ("MobileNet", "-1 to 1"),
    "Conv_1": ("MobileNetV2", "-1 to 1"),
    "conv_7b": ("InceptionResNetV2", "-1 to 1"),
}
"""By the name of a layer that only it has: which network of keras.applications, and its ``preprocess_input``."""


def resample_hint(path: Path, scales_itself: bool) -> tuple[str, str]:
    """Guess how films were scaled to the size of a Keras model's input.

    Parameters
    ----------
    path : Path
        The model file.
    scales_itself : bool
        Whether layers inside it scale shades of 0 to 255.

    Returns
    -------
    resample, why : str
        One of `xai.cards.input_spec.RESAMPLES`, and what speaks for it.
    """
    if scales_itself:
        return "bilinear", "a layer inside scales the shades, as is usual with image_dataset_from_directory"
    if training_loss(path) == FOLDER_LOSS:
        return "bilinear", f"it was trained with {FOLDER_LOSS}, as is usual with image_dataset_from_directory"
    return "nearest", "Keras' load_img and ImageDataGenerator do so unless told otherwise"


def scaling_hint(model: Any) -> str:
    """Name the scaling of the shades that goes with a well-known network inside a model; empty where there is none."""
    for name in _layer_names(model):
        if name in FAMILIES:
            family, scaling = FAMILIES[name]
            return f"layers named as in {family}, whose preprocess_input is the scaling “{scaling}”"
    return ""


def training_loss(path: Path) -> str | None:
    """Read which loss a model was compiled with; None where its file does not say."""
    try:
        config = _training_config(path)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    loss = config.get("loss") if isinstance(config, dict) else None
    if isinstance(loss, dict):  # an object of Keras: its name in its own settings
        settings = loss.get("config")
        loss = settings.get("name") if isinstance(settings, dict) else settings
    return loss if isinstance(loss, str) else None


def _training_config(path: Path) -> Any:
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read("config.json")).get("compile_config")
    import h5py

    with h5py.File(path, "r") as file:
        return json.loads(file.attrs.get("training_config", "null"))


def _layer_names(model: Any) -> Iterator[str]:
    for layer in getattr(model, "layers", ()):
        yield layer.name
        yield from _layer_names(layer)
