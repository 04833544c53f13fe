"""JAX trains the network that TensorFlow trains."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from tests.conftest import REPOSITORY
from training.__main__ import main
from xai.backend_choice import BACKEND_VARIABLE, BACKENDS

pytest.importorskip("jax", reason="jax is not installed")
STEPS = """
import sys
import numpy as np
from training.fitting.forward import forward
from training.fitting.losses import balance, masked_loss
from training.fitting.step import learner, make_optimizer
from training.networks.architectures import build

rng = np.random.default_rng(0)
films, targets = rng.normal(size=(8, 32, 32, 1)).astype(np.float32), rng.integers(-1, 2, (8, 3)).astype(np.float32)
targets[0, 0] = np.nan
network = build("small-resnet", 32, 3, 0.0, np.random.default_rng(1))
for weight in network.weights:  # each backend draws others of the same seed
    if weight.path.endswith(("kernel", "bias")):
        weight.assign(0.1 * rng.normal(size=weight.shape))
before = forward(network)(films)
optimizer = make_optimizer(network, 0.02)
step = learner(network, optimizer, masked_loss(balance("none", np.ones(3), np.ones(3))))
losses = [float(step(films, targets, rate)) for rate in (0.001, 0.002)]
step.settle()
losses += [float(step(films, targets, 0.001))]
step.settle()
weights = np.concatenate([weight.ravel() for weight in network.get_weights()])
np.savez(sys.argv[1], before=before, losses=losses, weights=weights, after=forward(network)(films),
         steps=optimizer.iterations)
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> dict[str, dict[str, np.ndarray]]:
    """Three steps on each backend, in a process of its own."""
    folder = tmp_path_factory.mktemp("backends")
    for backend in BACKENDS:
        environment = {**os.environ, BACKEND_VARIABLE: backend, "PYTHONPATH": str(REPOSITORY)}
        subprocess.run([sys.executable, "-c", STEPS, str(folder / f"{backend}.npz")], env=environment, check=True)
    return {backend: dict(np.load(folder / f"{backend}.npz")) for backend in BACKENDS}


@pytest.mark.parametrize("option", [["--mixed-precision", "float16"], ["--tensorboard", "events"]])
def test_what_only_tensorflow_can_do_is_refused(option, tmp_path, capsys):
    words = ["fit", str(tmp_path), "--architecture", "small-resnet", "--out", str(tmp_path / "m.keras")]
    assert main([*words, "--backend", "jax", *option]) == 2
    assert f"--backend jax does not go with {option[0]}" in capsys.readouterr().err


@pytest.mark.slow  # both start their backend anew: it turns on versions of those
def test_both_answer_alike(trained):
    np.testing.assert_allclose(trained["jax"]["before"], trained["tensorflow"]["before"], atol=1e-5)


@pytest.mark.slow
def test_both_learn_alike(trained):
    ours, theirs = trained["jax"], trained["tensorflow"]
    assert theirs["losses"][2] < theirs["losses"][0]
    np.testing.assert_allclose(ours["losses"], theirs["losses"], rtol=1e-4)
    # AdamW's first steps move each weight by the whole rate whichever way its gradient points, be it next to none.
    assert np.mean(np.abs(ours["weights"] - theirs["weights"]) > 1e-4) < 0.001
    np.testing.assert_allclose(ours["after"], theirs["after"], atol=1e-3)
    assert ours["steps"] == theirs["steps"] == 3
