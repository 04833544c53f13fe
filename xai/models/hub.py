"""Layers of KerasHub: a model file may use them where the optional package ``keras-hub`` is installed.

Keras finds them by the name under which KerasHub registers them. Only those that picture classifiers are made of are
allowed: a tokenizer, for one, opens whatever file its configuration names.
"""

from __future__ import annotations

import re
from typing import Any

PREFIX = "keras_hub>"
FAMILIES = (
    *("cspnet", "deit", "densenet", "dinov2", "dinov3", "efficientnet", "hgnetv2", "mit", "mobilenet", "mobilenetv5"),
    *("resnet", "swin_transformer", "vgg", "vit", "xception"),
)
ALLOWED = re.compile(
    rf"keras_hub\.src\.models\.({'|'.join(FAMILIES)})\.\w+"
    r"|keras_hub\.src\.models\.image_classifier(_preprocessor)?"
    r"|keras_hub\.src\.layers\.preprocessing\.\w*image_converter"
)


def is_of_hub(registered_name: str) -> bool:
    """Whether a part of a model file is one of KerasHub's."""
    return registered_name.startswith(PREFIX)


def is_installed() -> bool:
    """Whether KerasHub is there; imports it, so that its layers are registered."""
    try:
        import keras_hub  # noqa: F401
    except ImportError:
        return False
    return True


def is_allowed(registered_name: str, module: Any) -> bool:
    """Whether this is a part of a picture classifier, by where KerasHub itself and the file say that it comes from."""
    from xai.backend import keras

    found = keras.saving.get_registered_object(registered_name)
    return found is not None and all(ALLOWED.fullmatch(str(name)) for name in (found.__module__, module))
