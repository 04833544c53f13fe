"""What Keras runs on; chosen before it is imported."""

from __future__ import annotations

BACKEND_VARIABLE = "LIGHTBOX_BACKEND"  # in the environment; TensorFlow without it
BACKENDS = ("tensorflow", "jax")
