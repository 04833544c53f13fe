"""Model files with layers of KerasHub: loaded where it is installed, and refused in one sentence where it is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from tests.conftest import REPOSITORY
from tests.trap import set_trap
from tests.xai import made_models as models
from xai.backend import keras
from xai.explainers.gradcam import GradCAM
from xai.models import hub
from xai.models.classifier import Classifier
from xai.models.loading import ModelError, load_model

SIDE = 32


@pytest.fixture(scope="module")
def keras_hub():
    return pytest.importorskip("keras_hub", reason="KerasHub is not installed: requirements/hub.txt")


def file_with(folder, name, module, config=None):
    """A model file that names one part of KerasHub, and no more."""
    content = {"class_name": name, "module": module, "registered_name": f"keras_hub>{name}", "config": config or {}}
    path = folder / f"{name}.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(content))
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
        archive.writestr("model.weights.h5", b"")
    return path


def test_without_the_package_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_hub", None)
    path = file_with(tmp_path, "ViTImageClassifier", "keras_hub.src.models.vit.vit_image_classifier")
    with pytest.raises(ModelError, match=r"uses ViTImageClassifier of KerasHub, .* `pip install lightbox\[hub\]`"):
        load_model(path)


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("BytePairTokenizer", "keras_hub.src.tokenizers.byte_pair_tokenizer"),
        ("GPT2Tokenizer", "keras_hub.src.models.gpt2.gpt2_tokenizer"),
        ("ViTBackbone", "os"),
        ("NoSuchThing", "keras_hub.src.models.vit.vit_backbone"),
    ],
)
def test_other_parts_of_it_are_refused(name, module, tmp_path, keras_hub):
    with pytest.raises(ModelError, match=f"{name}, which is no part of a picture classifier"):
        load_model(file_with(tmp_path, name, module))


def test_every_allowed_family_is_there(keras_hub):
    registered = {found.__module__.split(".")[3] for found in keras.saving.get_custom_objects().values()
                  if found.__module__.startswith("keras_hub.src.models.")}  # fmt: skip
    assert set(hub.FAMILIES) <= registered


def tiny(keras_hub, kind):
    m = keras_hub.models
    picture = {"image_shape": (SIDE, SIDE, 3)}
    heads = {"num_layers": 2, "num_heads": 2, "hidden_dim": 8}
    if kind.startswith("vit"):
        backbone = m.ViTBackbone(patch_size=8, mlp_dim=16, **heads, **picture)
        return m.ViTImageClassifier(backbone=backbone, num_classes=2, pooling=kind.removeprefix("vit "))
    if kind == "deit":
        backbone = m.DeiTBackbone(patch_size=8, intermediate_dim=16, **heads, **picture)
        return m.DeiTImageClassifier(backbone=backbone, num_classes=2)
    backbone = m.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[3],
        stackwise_num_filters=[64, 64],
        stackwise_num_blocks=[1, 1],
        stackwise_num_strides=[1, 2],
        block_type="basic_block",
        **picture,
    )
    if kind == "resnet":
        return m.ResNetImageClassifier(backbone=backbone, num_classes=2)
    inputs = keras.Input((SIDE, SIDE, 3))
    return keras.Model(inputs, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(backbone(inputs))))


@pytest.mark.parametrize(
    ("kind", "layer", "grid"),
    [
        ("vit token", "ln_1__2", [4, 4]),
        ("vit gap", "ln + ln_1__2", [4, 4]),
        ("deit", "deit_patching_and_embedding", [4, 4]),  # its blocks stay closed: they put out None besides
        ("resnet", None, [4, 4]),
        ("a backbone in a functional model", None, [4, 4]),
    ],
)
def test_its_classifiers_load_answer_and_have_cells(kind, layer, grid, tmp_path, keras_hub, film):
    model = models.seeded(lambda: tiny(keras_hub, kind))
    path = tmp_path / "hub.keras"
    model.save(path)
    classifier = Classifier(load_model(path), models.card(2, emits="logits", size=SIDE, channels=3), "hub")
    canvas = classifier.prepare(film)
    expected = keras.ops.convert_to_numpy(model(np.repeat(canvas[None, ..., None], 3, axis=-1), training=False))
    np.testing.assert_allclose(classifier.logits(canvas[None]), expected, atol=1e-4, rtol=1e-4)
    found = GradCAM().explain(classifier, film)
    assert found[0].diagnostics["cells"] == grid
    assert layer is None or found[0].diagnostics["layer"] == layer
    assert any(one.cells.any() for one in found)


def test_loading_one_calls_nobody_and_leaves_the_home_alone(tmp_path, keras_hub):
    trap = set_trap(tmp_path)
    path = tmp_path / "hub.keras"
    tiny(keras_hub, "vit token").save(path)
    paths = os.pathsep.join([trap.environment["PYTHONPATH"], *sys.path])
    command = [sys.executable, "-m", "xai", "card", str(path)]
    environment = {**trap.environment, "PYTHONPATH": paths}
    done = subprocess.run(command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert trap.caught() == "" and trap.written() == []
