"""ONNX models and SavedModels: their own numbers for SHAP and LIME, a sentence for Grad-CAM, and no code of theirs."""

from __future__ import annotations

import shutil
import zipfile

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from scipy.special import expit

from tests.xai import made_models as models
from xai.__main__ import main
from xai.backend import keras, tf
from xai.budget import Budget
from xai.explainers import EXPLAINERS
from xai.models import engine
from xai.models.classifier import Classifier
from xai.models.command_card import write_starter_card
from xai.models.library import list_models
from xai.models.loading import ModelError, load_model

SIDE = 16
WEIGHTS = np.random.default_rng(0).normal(size=(2, 3)).astype(np.float32)
PICTURES = np.random.default_rng(1).random((5, SIDE, SIDE, 3)).astype(np.float32)


def write_onnx(path, channels_first=True, batch="N", external=None, names=None, dtype=TensorProto.FLOAT):
    """Mean of each channel, a linear layer without bias, a softmax."""
    shape = [batch, 3, SIDE, SIDE] if channels_first else [batch, SIDE, SIDE, 3]
    axes = numpy_helper.from_array(np.array([2, 3] if channels_first else [1, 2], np.int64), "axes")
    weights = numpy_helper.from_array(WEIGHTS, "weights")
    nodes = [
        helper.make_node("Cast", ["x"], ["c"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["c", "axes"], ["mean"], keepdims=0),
        helper.make_node("Gemm", ["mean", "weights"], ["z"], transB=1),
        helper.make_node("Softmax", ["z"], ["y"]),
    ]
    ends = helper.make_tensor_value_info("x", dtype, shape), helper.make_tensor_value_info("y", 1, [batch, 2])
    graph = helper.make_graph(nodes, "g", [ends[0]], [ends[1]], [weights, axes])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    if names:
        helper.set_model_props(model, {"names": names})
    if external:
        onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
        model = onnx.load(path, load_external_data=False)
        model.graph.initializer[0].external_data[0].value = external
        path.write_bytes(model.SerializeToString())
    else:
        onnx.save(model, path)
    return path


def expected(pictures):
    scores = np.exp(pictures.mean(axis=(1, 2)) @ WEIGHTS.T)
    return scores / scores.sum(axis=1, keepdims=True)


@pytest.fixture(autouse=True)
def _needs_openvino():
    pytest.importorskip("openvino", reason="the engine openvino is not installed")


@pytest.mark.parametrize("batch", ["N", 1, 2])
@pytest.mark.parametrize("channels_first", [True, False])
def test_an_onnx_model_gives_its_numbers(channels_first, batch, tmp_path):
    path = write_onnx(tmp_path / "net.onnx", channels_first, batch)
    np.testing.assert_allclose(load_model(path)(PICTURES), expected(PICTURES), atol=1e-6)


def test_an_onnx_model_in_half_precision_takes_pictures(tmp_path):
    path = write_onnx(tmp_path / "net.onnx", dtype=TensorProto.FLOAT16)
    np.testing.assert_allclose(load_model(path)(PICTURES), expected(PICTURES), atol=1e-3)


def test_shap_and_lime_explain_an_onnx_model_and_gradcam_says_why_not(tmp_path, film, capsys):
    path = write_onnx(tmp_path / "net.onnx", names="{0: 'Normal', 1: 'Pneumonia'}")
    card = write_starter_card(path)[1]
    assert (card.outputs, card.link, card.emits, card.input.size) == (
        ("Normal", "Pneumonia"),
        "softmax",
        "probabilities",
        SIDE,
    )
    classifier = Classifier.load(path)
    canvas = classifier.prepare(film)
    picture = np.repeat(canvas[None, ..., None], 3, axis=-1)
    np.testing.assert_allclose(expit(classifier.answer(canvas)), expected(picture)[0], atol=1e-5)
    assert classifier.engine == "openvino"
    assert classifier.engine_facts.endswith("there is no second engine to hold its answers against.")
    for method in ("shap", "lime"):
        found = EXPLAINERS[method]().explain(classifier, film, ["Pneumonia"], Budget(30))
        np.testing.assert_allclose(found[0].probability, expected(picture)[0, 1], atol=1e-5)
    with pytest.raises(ModelError, match="is an ONNX model, which shows its answers and no feature maps"):
        EXPLAINERS["gradcam"]().explain(classifier, film)
    with pytest.raises(ModelError, match="only the engine openvino runs"):
        _ = Classifier.load(path, "tensorflow").engine


@pytest.mark.parametrize("place", ["../secret.bin", "/etc/hostname", "link.bin"])
def test_weights_outside_the_folder_of_an_onnx_model_are_refused(place, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "secret.bin").write_bytes(bytes(64))
    (home / "link.bin").symlink_to(tmp_path / "secret.bin")
    with pytest.raises(ModelError, match="outside its folder, which a model may not"):
        load_model(write_onnx(home / "net.onnx", external=place))


def test_weights_beside_an_onnx_model_are_read(tmp_path):
    path = write_onnx(tmp_path / "net.onnx", external="weights.bin")
    np.testing.assert_allclose(load_model(path)(PICTURES), expected(PICTURES), atol=1e-6)
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(ModelError, match="files beside it, which are missing or damaged"):
        load_model(path)


def test_an_operation_that_is_not_of_onnx_is_named(tmp_path):
    picture, scores = (helper.make_tensor_value_info(*one) for one in (("x", 1, [1, 1, 8, 8]), ("y", 1, [1, 2])))
    graph = helper.make_graph([helper.make_node("Magic", ["x"], ["y"], domain="my.own")], "g", [picture], [scores])
    sets = [helper.make_opsetid("", 17), helper.make_opsetid("my.own", 1)]
    onnx.save(helper.make_model(graph, opset_imports=sets, ir_version=9), tmp_path / "own.onnx")
    with pytest.raises(ModelError, match=r"cannot run own.onnx: Magic is no operation of ONNX's own; export it with"):
        load_model(tmp_path / "own.onnx")


def test_an_onnx_model_that_makes_more_than_a_machine_holds_is_refused(tmp_path):
    shape = numpy_helper.from_array(np.array([200_000, 200_000], np.int64), "shape")
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["much"]),
        helper.make_node("ReduceMax", ["much"], ["most"], keepdims=0),
        helper.make_node("ReduceMean", ["x"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("Add", ["mean", "most"], ["y"]),
    ]
    ends = helper.make_tensor_value_info("x", 1, ["N", 3, SIDE, SIDE]), helper.make_tensor_value_info("y", 1, ["N", 3])
    graph = helper.make_graph(nodes, "g", [ends[0]], [ends[1]], [shape])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), tmp_path / "a.onnx")
    with pytest.raises(ModelError, match=r"a\.onnx computes something of 149 GiB for one picture"):
        load_model(tmp_path / "a.onnx")


def test_a_saved_model_that_makes_more_than_a_machine_holds_is_refused(tmp_path):
    module = tf.Module()
    module.serve = tf.function(
        lambda x: tf.reduce_mean(x, (1, 2)) + tf.reduce_max(tf.fill((200_000, 200_000), 0.0)),
        input_signature=[tf.TensorSpec((None, SIDE, SIDE, 3), tf.float32)],
    )
    tf.saved_model.save(module, str(tmp_path / "much"), signatures={"serving_default": module.serve})
    with pytest.raises(ModelError, match="much computes something of 149 GiB for one picture"):
        load_model(tmp_path / "much")


def test_a_cut_off_onnx_model_is_damaged(tmp_path):
    path = write_onnx(tmp_path / "net.onnx")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ModelError, match=r"damaged|cannot run"):
        load_model(path)


class Linear(tf.Module):
    """Mean of each channel, a linear layer, a sigmoid."""

    def __init__(self):
        super().__init__()
        self.weights = tf.Variable(WEIGHTS.T, name="weights")

    @tf.function(input_signature=[tf.TensorSpec((None, SIDE, SIDE, 3), tf.float32, name="picture")])
    def __call__(self, picture):
        return {"scores": tf.sigmoid(tf.reduce_mean(picture, axis=(1, 2)) @ self.weights)}


def save(module, folder):
    tf.saved_model.save(module, str(folder), signatures=module.__call__)
    return folder


def test_a_saved_model_gives_its_numbers_as_a_folder_and_zipped(tmp_path, film, monkeypatch):
    monkeypatch.setattr(engine, "_seconds", models.first_is_fast)
    folder = save(Linear(), tmp_path / "net")
    wanted = expit(PICTURES.mean(axis=(1, 2)) @ WEIGHTS.T)
    np.testing.assert_allclose(load_model(folder)(PICTURES), wanted, atol=1e-6)
    archive = shutil.make_archive(str(tmp_path / "zipped"), "zip", tmp_path, "net")
    np.testing.assert_allclose(load_model(archive)(PICTURES), wanted, atol=1e-6)
    assert list_models([tmp_path]) == {"net": folder, "zipped": tmp_path / "zipped.zip"}
    write_starter_card(folder, ("A", "B"))
    classifier = Classifier.load(folder)
    (lime, _) = EXPLAINERS["lime"]().explain(classifier, film, budget=Budget(30))
    picture = np.repeat(classifier.prepare(film)[None, ..., None], 3, axis=-1)
    np.testing.assert_allclose(lime.probability, expit(picture.mean(axis=(1, 2)) @ WEIGHTS.T)[0, 0], atol=1e-5)
    assert "differed from TensorFlow's by at most" in classifier.engine_facts
    with pytest.raises(ModelError, match="is a SavedModel, which shows its answers and no feature maps"):
        EXPLAINERS["gradcam"]().explain(classifier, film)


def test_a_keras_model_exported_with_named_heads_keeps_numbers_and_names(tmp_path):
    inputs = keras.Input((SIDE, SIDE, 3))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.BatchNormalization()(keras.layers.Conv2D(4, 3)(inputs)))
    heads = {name: keras.layers.Dense(1, activation="sigmoid")(x) for name in ("edema", "cardiomegaly")}
    model = models.seeded(lambda: keras.Model(inputs, heads))
    model.export(tmp_path / "net", verbose=False)
    found = load_model(tmp_path / "net")(PICTURES)
    for name, scores in model(PICTURES).items():
        np.testing.assert_allclose(found[name], scores, atol=1e-6)
    card = write_starter_card(tmp_path / "net")[1]
    assert set(card.outputs) == {"edema", "cardiomegaly"}


def test_a_saved_model_of_tensorflow_1_gives_its_numbers(tmp_path):
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        picture = v1.placeholder(tf.float32, (None, SIDE, SIDE, 3))
        weights = v1.get_variable("weights", initializer=WEIGHTS.T, use_resource=False)
        scores = tf.sigmoid(tf.reduce_mean(picture, (1, 2)) @ weights)
        session.run(v1.global_variables_initializer())
        v1.saved_model.simple_save(session, str(tmp_path / "net"), {"picture": picture}, {"scores": scores})
    found = load_model(tmp_path / "net")(PICTURES)
    np.testing.assert_allclose(found, expit(PICTURES.mean(axis=(1, 2)) @ WEIGHTS.T), atol=1e-6)


@pytest.mark.parametrize("where", ["signature", "called function", "branch"])
def test_a_saved_model_that_touches_files_is_refused_and_does_not_run(where, tmp_path):
    target = tmp_path / "written"

    def write(x):
        tf.io.write_file(str(target), "x")
        return x

    class Evil(Linear):
        @tf.function(input_signature=[tf.TensorSpec((None, SIDE, SIDE, 3), tf.float32, name="picture")])
        def __call__(self, picture):
            if where == "signature":
                picture = write(picture)
            elif where == "called function":
                picture = tf.function(write)(picture)
            else:
                picture = tf.cond(tf.reduce_sum(picture) > 0, lambda: write(picture), lambda: picture)
            return {"scores": tf.reduce_mean(picture, (1, 2)) @ self.weights}

    with pytest.raises(ModelError, match="holds WriteFile, which is not among the operations that Lightbox runs"):
        load_model(save(Evil(), tmp_path / "net"))
    assert not target.exists()


def test_what_a_saved_model_would_run_while_it_is_restored_does_not_run(tmp_path):
    """Its other functions may do anything: only what gives the scores is looked at and run."""
    target = tmp_path / "written"

    class Restoring(Linear):
        @tf.function(input_signature=[])
        def restore(self):
            tf.io.write_file(str(target), "x")

    found = load_model(save(Restoring(), tmp_path / "net"))(PICTURES)
    np.testing.assert_allclose(found, expit(PICTURES.mean(axis=(1, 2)) @ WEIGHTS.T), atol=1e-6)
    assert not target.exists()


def test_a_saved_model_that_takes_something_else_is_refused(tmp_path):
    class Words(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None,), tf.string)])
        def __call__(self, words):
            return {"length": tf.strings.length(words)}

    with pytest.raises(ModelError, match=r"takes string \(None,\); Lightbox feeds pictures"):
        load_model(save(Words(), tmp_path / "net"))


def test_a_link_out_of_the_folder_of_a_saved_model_is_refused(tmp_path):
    folder = save(Linear(), tmp_path / "net")
    (tmp_path / "secret").write_text("x")
    (folder / "variables" / "more").symlink_to(tmp_path / "secret")
    with pytest.raises(ModelError, match="points at more, outside its folder"):
        load_model(folder)


def test_a_damaged_saved_model_is_refused_in_a_sentence(tmp_path):
    folder = save(Linear(), tmp_path / "net")
    (folder / "saved_model.pb").write_bytes((folder / "saved_model.pb").read_bytes()[:200])
    with pytest.raises(ModelError, match="net"):
        load_model(folder)


def test_an_archive_that_reaches_outside_itself_unpacks_nothing_there(tmp_path):
    folder = save(Linear(), tmp_path / "net")
    shutil.make_archive(str(tmp_path / "zipped"), "zip", folder)
    with zipfile.ZipFile(tmp_path / "zipped.zip", "a") as archive:
        archive.writestr("../../escaped", "x")
    load_model(tmp_path / "zipped.zip")
    assert not list(tmp_path.parent.rglob("escaped"))


def test_explain_goes_on_past_gradcam(tmp_path, capsys):
    path = write_onnx(tmp_path / "net.onnx")
    write_starter_card(path)
    from PIL import Image

    Image.fromarray((np.random.default_rng(0).random((40, 40)) * 255).astype(np.uint8)).save(tmp_path / "film.png")
    arguments = [
        "explain",
        str(tmp_path / "film.png"),
        "--model",
        str(path),
        "--samples",
        "20",
        "--out",
        str(tmp_path / "out"),
    ]
    assert main(arguments) == 2
    assert "Grad-CAM has nothing to read; SHAP and LIME work" in capsys.readouterr().err
    assert len(list((tmp_path / "out").glob("*.npy"))) == 4
