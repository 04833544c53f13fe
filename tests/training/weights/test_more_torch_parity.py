"""ResNets, EfficientNets and other heads against independent definitions in torch: the same logits and maps."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training.weights.checkpoints import random_state, torch_densenet
from tests.xai.made_models import random_film
from training.weights.importing import import_weights
from training.weights.placing import fill, place_torch
from training.weights.tensors import Checkpoint
from xai.explainers.gradcam import GradCAM
from xai.models.classifier import Classifier

pytestmark = pytest.mark.slow
torch = pytest.importorskip("torch", reason="torch is not installed: requirements-torch.txt has it")

from tests.training.weights.torch_networks import EfficientNet, ResNet, stirred  # noqa: E402 # needs torch

FILMS = 2


SIDE = 64


def agree(network_of_torch, tensors: dict, channels: int = 3, file: str = "x.pth") -> None:
    """Assert that what is made of the tensors gives torch's logits."""
    placed = place_torch(Checkpoint({name: np.asarray(values) for name, values in tensors.items()}), file)
    model = placed.build(SIDE, np.random.default_rng(0))
    fill(model, placed)
    films = np.random.default_rng(1).normal(size=(FILMS, channels, SIDE, SIDE)).astype(np.float32)
    with torch.no_grad():
        expected = network_of_torch(torch.from_numpy(films)).numpy()
    found = np.asarray(model(films.transpose(0, 2, 3, 1), training=False))
    assert expected.std() > 0.05, "logits that all look alike would prove nothing"
    assert np.abs(found - expected).max() < 1e-4


NETWORKS = {
    "resnet18": (lambda: ResNet((2, 2, 2, 2), False, 3, 5), 3),
    "resnet50, one channel": (lambda: ResNet((3, 4, 6, 3), True, 1, 18), 1),
    "efficientnet_b0": (lambda: EfficientNet(False, 3, 4), 3),
    "efficientnet_lite0": (lambda: EfficientNet(True, 3, 4), 3),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_logits_are_torchs(name):
    make, channels = NETWORKS[name]
    network = stirred(make())
    agree(network, {f"net.{one}": values for one, values in network.state_dict().items()}, channels)


def test_a_lightning_checkpoint_from_file_to_map(tmp_path):
    """The sex model of torchxrayvision: a ResNet-34 with a softmax, fed shades of 0 to 255."""
    network = stirred(ResNet((3, 4, 6, 3), False, 3, 2))
    network.conv1.weight.data /= 255
    network.fc.weight.data /= 10
    weights = {f"model.{name}": values for name, values in network.state_dict().items()}
    more = {"hyper_parameters": {"lr": 1e-3}, "optimizer_states": [{"state": {0: {"exp_avg": torch.ones(2, 2)}}}]}
    torch.save({"epoch": 13, "state_dict": weights | {"loss.pos_weight": torch.ones(2)}, **more}, tmp_path / "a.ckpt")
    imported = import_weights(tmp_path / "a.ckpt", "torchxrayvision", tmp_path / "m.keras", source="xrv-sex")
    classifier = Classifier.load(imported.path)
    assert classifier.card.outputs == ("Male", "Female") and classifier.card.link == "softmax"
    film = random_film(1, 224, 224)
    features = network.features(torch.from_numpy(np.repeat(255 * film.pixels[None, None], 3, 1)))
    logits = network.fc(features.mean((2, 3)))[0]
    odds = (logits[0] - logits[1]).item()  # of one of two classes
    assert abs(odds) > 0.1
    np.testing.assert_allclose(classifier.logits(film.pixels[None])[0], [odds, -odds], atol=1e-4)
    winner = int(odds < 0)
    (found,) = GradCAM().explain(classifier, film, [classifier.card.outputs[winner]])
    (gradient,) = torch.autograd.grad(logits[winner] - logits[1 - winner], features)
    cells = torch.relu((gradient.mean((2, 3), keepdim=True) * features).sum(1))[0].detach().numpy()
    assert cells.max() > 0 and np.abs(found.cells - cells).max() < 1e-3 * cells.max()


def heads(rng: np.random.Generator):
    """Give three heads of 1024 features, as tensors by name and as a function of features in torch."""
    draw = lambda *shape: torch.from_numpy(rng.normal(0, 0.3, shape).astype(np.float32))  # noqa: E731
    linear = lambda name, before, after: {f"{name}.weight": draw(after, before), f"{name}.bias": draw(after)}  # noqa: E731

    def norm(name, width):
        values = {one: draw(width) for one in ("weight", "bias", "running_mean")}
        return {f"{name}.{one}": each for one, each in (values | {"running_var": draw(width).abs() + 1}).items()}

    def dense(x, head, name):
        return torch.nn.functional.linear(x, head[f"{name}.weight"], head.get(f"{name}.bias"))

    def normalised(x, head, name):
        stats = [head[f"{name}.{one}"] for one in ("running_mean", "running_var", "weight", "bias")]
        return torch.nn.functional.batch_norm(x, *stats)

    def mlp(features, head):
        return dense(torch.relu(dense(features.mean((2, 3)), head, "classifier.0")), head, "classifier.3")

    def fastai(features, head):
        x = normalised(torch.cat([features.amax((2, 3)), features.mean((2, 3))], 1), head, "1.2")
        return dense(normalised(torch.relu(dense(x, head, "1.4")), head, "1.6"), head, "1.8")

    second = norm("1.2", 2048) | linear("1.4", 2048, 32) | norm("1.6", 32) | linear("1.8", 32, 3)
    return {
        "an MLP": ("features.", linear("classifier.0", 1024, 32) | linear("classifier.3", 32, 3), mlp, True),
        "fastai's": ("0.0.", {name: values for name, values in second.items() if name != "1.4.bias"}, fastai, False),
    }


@pytest.mark.parametrize("name", ["an MLP", "fastai's"])
def test_other_heads_are_torchs(name):
    """fastai pools maxima before means, and cuts DenseNets off before their last ReLU."""
    rng = np.random.default_rng(3)
    body = random_state(rng, outputs=3)
    prefix, head, run_head, final_relu = heads(rng)[name]
    renamed = {each.replace("features.", prefix): values for each, values in body.items() if "classifier" not in each}
    run_body = torch_densenet(body, final_relu)
    agree(lambda films: run_head(run_body(films)[0], head), renamed | head)
