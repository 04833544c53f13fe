"""Imported networks against an independent definition in torch: the same logits and the same Grad-CAM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from tests.training.weights.checkpoints import old_names, random_state, torch_densenet, write_keras_2_weights
from tests.xai.made_models import random_film
from training.weights.importing import import_weights
from xai.explainers.gradcam import GradCAM
from xai.models.classifier import Classifier

torch = pytest.importorskip("torch", reason="torch is not installed: requirements-torch.txt has it")

SIZE = 224
FILMS = 8
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # of torch, about its old format
EXPLAINED = 3  # of the highest logits: a low one may have an empty map
IMAGENET = np.array([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]], np.float32)


@dataclass(frozen=True)
class Case:
    """A checkpoint as somebody published it, and what the network around it is in torch."""

    layout: str
    channels: int
    outputs: int
    write: Any
    suffix: str
    network: dict


def as_tensors(state: dict) -> dict:
    return {name: torch.from_numpy(values) for name, values in state.items()}


def write_arnoweng(state, path):
    """Old names inside a wrapper inside DataParallel, the head in a Sequential, beside an optimizer."""
    names = {f"module.densenet121.{name.replace('classifier', 'classifier.0')}": name for name in old_names(state)}
    tensors = as_tensors(old_names(state))
    content = {"epoch": 3, "state_dict": {new: tensors[old] for new, old in names.items()}, "optimizer": {"lr": 0.1}}
    torch.save(content, path)


class Unknown(torch.nn.Module):
    """A module of a class that the reader has never heard of."""


def write_torchxrayvision(state, path):
    """A whole module as torch before 1.6 pickled it."""
    root = Unknown()
    for name, values in as_tensors(state).items():
        *parents, last = name.split(".")
        module = root
        for parent in parents:
            if parent not in module._modules:
                module.add_module(parent, Unknown())
            module = module._modules[parent]
        if last.startswith("running"):
            module.register_buffer(last, values)
        else:
            module.register_parameter(last, torch.nn.Parameter(values))
    torch.save(root, path, _use_new_zipfile_serialization=False)


CASES = {
    "arnoweng": Case("torchvision", 3, 14, write_arnoweng, ".pth.tar", {}),
    "torchxrayvision": Case("torchxrayvision", 1, 18, write_torchxrayvision, ".pt", {}),
    "CheXNet-Keras": Case(
        "chexnet-keras",
        3,
        14,
        lambda state, path: write_keras_2_weights(path, state),
        ".h5",
        {"final_relu": False, "epsilon": 1.001e-5},
    ),
}


SLOW = dict.fromkeys(
    ("arnoweng", "CheXNet-Keras"), pytest.mark.slow
)  # the layers of the third one, which holds the numbers


@pytest.fixture(scope="module", params=[pytest.param(name, marks=SLOW.get(name, ())) for name in CASES])
def pair(request, tmp_path_factory):
    """Give an imported classifier, the torch network, and how canvases become its input."""
    case = CASES[request.param]
    state = random_state(np.random.default_rng(7), case.channels, case.outputs, 1024 if case.channels == 1 else 1)
    folder = tmp_path_factory.mktemp("weights")
    case.write(state, folder / f"checkpoint{case.suffix}")
    imported = import_weights(folder / f"checkpoint{case.suffix}", case.layout, folder / "model.keras")

    def model_units(canvases):
        grey = canvases[:, None]
        mean, deviation = IMAGENET[..., None, None]
        x = (2 * grey - 1) * 1024 if case.channels == 1 else (grey - mean) / deviation
        return torch.from_numpy(x.astype(np.float32))

    return Classifier.load(imported.path), torch_densenet(state, **case.network), model_units


def test_logits_are_torchs(pair):
    classifier, network, model_units = pair
    canvases = np.stack([random_film(seed, SIZE, SIZE).pixels for seed in range(FILMS)])
    with torch.no_grad():
        expected = network(model_units(canvases))[1].numpy()
    assert expected.std() > 0.1, "logits that all look alike would prove nothing"
    assert np.abs(classifier.logits(canvases) - expected).max() < 1e-4


def test_gradcam_is_torchs(pair):
    classifier, network, model_units = pair
    film = random_film(1, SIZE, SIZE)
    features, logits = network(model_units(film.pixels[None]).requires_grad_())
    highest = logits[0].argsort(descending=True)[:EXPLAINED].tolist()
    found = GradCAM().explain(classifier, film, [classifier.card.outputs[k] for k in highest])
    for k, explanation in zip(highest, found, strict=True):
        (gradient,) = torch.autograd.grad(logits[0, k], features, retain_graph=True)
        cells = torch.relu((gradient.mean((2, 3), keepdim=True) * features).sum(1))[0].detach().numpy()
        assert cells.shape == (7, 7) and cells.max() > 1e-4
        assert np.abs(explanation.cells - cells).max() < 1e-3 * cells.max()
        assert abs(explanation.logit - logits[0, k].item()) < 1e-4
