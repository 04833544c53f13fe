"""The whole way from a checkpoint to a model in a library: its card, its report, and what is refused."""

from __future__ import annotations

import errno
import json
import math
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.training.weights.checkpoints import random_state, write_keras_2_weights
from tests.training.weights.states import body_of, dense
from training.__main__ import main
from training.weights import published, writing
from training.weights.importing import import_weights
from training.weights.published import IMAGENET, LAYOUTS, PUBLISHED, XRV_OPERATING_POINTS, XRV_OUTPUTS, recognise
from training.weights.tensors import WeightsError
from training.weights.writing import WriteError
from xai.cards.model_card import InputSpec, read_card
from xai.findings import FINDINGS
from xai.models.classifier import Classifier
from xai.models.loading import file_sha256

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("checkpoints")


@pytest.fixture(scope="module")
def colour(folder):
    """A 14-output checkpoint in torchvision's names, with batch counters and a stranger."""
    state = random_state(np.random.default_rng(0))
    norms = {f"{name[:-11]}num_batches_tracked": np.array(1) for name in state if name.endswith("running_var")}
    np.savez(folder / "colour.npz", **state, **norms, decay=np.ones(1, np.float32))
    return folder / "colour.npz"


@pytest.fixture(scope="module")
def grey(folder):
    """An 18-output checkpoint of torchxrayvision's kind, operating points and all."""
    state = random_state(np.random.default_rng(1), 1, 18, 1024)
    points = np.array(XRV_OPERATING_POINTS["xrv-nih"], np.float32)
    np.savez(folder / "grey.npz", **state, op_threshs=points)
    return folder / "grey.npz"


@pytest.fixture(scope="module")
def from_torchvision(colour, folder):
    return import_weights(colour, "torchvision", folder / "library" / "colour.keras")


def test_the_card_says_whose_it_is_and_how_to_feed_it(from_torchvision, colour):
    card = read_card(from_torchvision.path.with_suffix(".json"))
    assert card == from_torchvision.card
    assert card.outputs == FINDINGS and (card.link, card.emits) == ("sigmoid", "logits")
    assert card.input == LAYOUTS["torchvision"].input and card.feature_layer == "relu"
    assert card.sha256 == file_sha256(from_torchvision.path)
    facts = card.provenance
    assert facts["checkpoint"] == {"file": "colour.npz", "sha256": file_sha256(colour), "layout": "torchvision"}
    assert "CenterCrop(224)" in facts["preprocessing"]
    assert {"source", "address", "licence", "citation", "command", "versions", "parameters"} <= set(facts)
    assert str(colour.parent) not in json.dumps(facts)


def test_every_tensor_is_used_or_named(from_torchvision):
    used, counters, stranger, assumed = from_torchvision.notes
    assert used == "606 tensors are in the model."
    assert counters.startswith("121 counters")
    assert stranger == "1 tensors have no place in the network and are left out: decay."
    assert "taken to be in torchvision's usual order" in assumed
    assert from_torchvision.card.provenance["notes"] == list(from_torchvision.notes)


def test_the_library_holds_model_and_card_and_nothing_else(from_torchvision):
    assert sorted(path.name for path in from_torchvision.path.parent.iterdir()) == ["colour.json", "colour.keras"]


def test_torchxrayvision_keeps_logits_and_carries_thresholds(grey, tmp_path):
    imported = import_weights(grey, "torchxrayvision", tmp_path / "grey.keras")
    card = imported.card
    assert card.outputs == XRV_OUTPUTS[:14]  # the other four were not trained
    for name, point in zip(XRV_OUTPUTS, XRV_OPERATING_POINTS["xrv-nih"], strict=True):
        assert math.isnan(point) or card.threshold(name).value == pytest.approx(point, rel=1e-6)
    assert "no probability" in card.threshold("Emphysema").rule
    assert any("Lung Lesion, Fracture, Lung Opacity, Enlarged Cardiomediastinum" in note for note in imported.notes)
    with np.load(grey) as state:
        kernel = Classifier.load(imported.path)._graph.logits._keras_history.operation.get_weights()[0]
        np.testing.assert_array_equal(kernel, state["classifier.weight"][:14].T)


def test_chexnet_keras_has_no_last_relu(folder, tmp_path):
    write_keras_2_weights(folder / "old.h5", random_state(np.random.default_rng(2)))
    imported = import_weights(folder / "old.h5", "chexnet-keras", tmp_path / "old.keras")
    assert imported.card.feature_layer == "bn"
    assert imported.card.input == LAYOUTS["chexnet-keras"].input
    assert any(note.startswith("No ReLU after the last batch normalisation") for note in imported.notes)


def test_outputs_can_be_named_and_left_out(colour, tmp_path, capsys):
    names = ["First", *["-"] * 12, "Last"]
    out = tmp_path / "two.keras"
    arguments = [str(colour), "--layout", "torchvision", "--out", str(out), "--source", "chexnet-zoogzog", "--outputs"]
    assert main(["import-weights", *arguments, *names]) == 0
    card = read_card(out.with_suffix(".json"))
    assert card.outputs == ("First", "Last") and card.input.short_side == 256
    assert "zoogzog" in card.provenance["source"] and "ten crops" in capsys.readouterr().out
    assert card.provenance["command"].endswith("--outputs First - - - - - - - - - - - - Last --out two.keras")


REFUSED = {
    "There is no file of weights": ("nothing.npz", "torchvision", ()),
    "has 14 outputs, but 2 were named": ("colour.npz", "torchvision", ("--outputs", "A", "B")),
    "none of its outputs would be left": ("colour.npz", "torchvision", ("--outputs", *"-" * 14)),
    "takes 3 channels, but torchxrayvision networks take 1": ("colour.npz", "torchxrayvision", ()),
    "takes 1 channels, but torchvision networks take 3": ("grey.npz", "torchvision", ()),
    "has the layout torchxrayvision, not torchvision": ("colour.npz", "torchvision", ("--source", "xrv-nih")),
    "no DenseNet-121: it has no weights of the classifier": ("colour.npz", "chexnet-keras", ()),
    "name must end in .keras": ("colour.npz", "torchvision", ("--out", "model.h5")),
}


@pytest.mark.parametrize("message", REFUSED)
def test_a_refusal_is_one_line_and_leaves_nothing(colour, grey, folder, tmp_path, capsys, monkeypatch, message):
    monkeypatch.chdir(tmp_path)
    file, layout, more = REFUSED[message]
    out = ("--out", str(tmp_path / "model.keras"))
    assert main(["import-weights", str(folder / file), "--layout", layout, *out, *more]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_missing_tensor_leaves_nothing(colour, tmp_path, capsys):
    with np.load(colour) as arrays:
        state = {name: arrays[name] for name in arrays.files if name != "features.denseblock3.denselayer7.norm2.bias"}
    np.savez(tmp_path / "less.npz", **state)
    library = tmp_path / "library"
    arguments = [str(tmp_path / "less.npz"), "--layout", "torchvision", "--out", str(library / "m.keras")]
    assert main(["import-weights", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.endswith(
        "less.npz cannot be imported: it is no whole DenseNet-121: "
        "no tensor features.denseblock3.denselayer7.norm2.bias.\n"
    )
    assert not library.exists()


def test_a_payload_is_not_run_by_the_command(tmp_path, capsys):
    class Payload:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'was run'}",)

    with zipfile.ZipFile(tmp_path / "evil.pth", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"state_dict": {"classifier.weight": Payload()}}, 2))
    out = tmp_path / "library" / "m.keras"
    assert main(["import-weights", str(tmp_path / "evil.pth"), "--layout", "torchvision", "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert "wants to call posix.system" in error and error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["evil.pth"]


def test_a_model_that_is_there_is_not_replaced(from_torchvision, colour):
    before = file_sha256(from_torchvision.path)
    with pytest.raises(WriteError, match=r"colour\.keras is there already"):
        import_weights(colour, "torchvision", from_torchvision.path)
    assert file_sha256(from_torchvision.path) == before


class Half:
    """A model whose saving fails after half of it is written."""

    def __init__(self, error: OSError):
        self.error = error

    def save(self, path):
        Path(path).write_bytes(b"half a model")
        raise self.error


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), OSError("HDF5: write failed (No space left on device)")]
)
def test_a_full_disk_is_one_sentence_and_leaves_nothing(from_torchvision, tmp_path, error):
    with pytest.raises(WriteError, match=r"^m\.keras is not written: there is no room left in .*\.$"):
        writing.write_model(Half(error), from_torchvision.card, tmp_path / "m.keras")
    assert list(tmp_path.iterdir()) == []


FILLS_UP = """
import resource, signal, sys
from tests.training.weights.states import body_of, dense
from training.__main__ import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
sys.exit(main(["import-weights", *sys.argv[1:], "--layout", "torchvision"]))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a file")
def test_a_disk_that_fills_up_while_keras_writes(colour, tmp_path):
    """The operating system itself stops the file at 1 MB."""
    done = subprocess.run(
        [sys.executable, "-c", FILLS_UP, str(colour), "--out", str(tmp_path / "m.keras")],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "m.keras is not written: there is no room left in" in done.stderr and done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_published_file_is_known_by_its_name():
    assert recognise(Path("mira_sex_resnet-all_epoch_13-step_7125.ckpt"), "torchxrayvision", None)[0] == "xrv-sex"
    name = "nih-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt"
    assert recognise(Path("somewhere") / name, "torchxrayvision", None)[0] == "xrv-nih"
    assert recognise(Path("model.pth"), "torchvision", None) == (None, LAYOUTS["torchvision"])
    with pytest.raises(WeightsError, match="There is no source"):
        recognise(Path("model.pth"), "torchvision", "xrv-nonsense")


def test_every_published_checkpoint_can_be_fetched_and_has_its_terms():
    entries = published.registry()
    for name, known in PUBLISHED.items():
        assert entries[name].kind == "weights" and len(entries[name].files) == 1
        assert known.layout in LAYOUTS
        points = known.operating_points
        assert points is None or len(points) == len(known.outputs) == 18
        assert known.link == "sigmoid" or points is None
    assert {name for name, entry in entries.items() if entry.kind == "weights"} == set(PUBLISHED)


@pytest.mark.parametrize(
    ("name", "trained"),
    [
        *[("all", 18), ("nih", 14), ("pc", 15), ("chex", 11), ("rsna", 2), ("mimic_nb", 11), ("mimic_ch", 11)],
        ("resnet50", 16),
    ],
)
def test_operating_points_know_which_outputs_were_trained(name, trained):
    points = XRV_OPERATING_POINTS[f"xrv-{name}"]
    assert sum(not math.isnan(point) for point in points) == trained
    fracture = points[XRV_OUTPUTS.index("Fracture")]
    assert math.isnan(fracture) == (name in ("nih", "rsna"))


def resnet(path: Path, outputs: int, channels: int = 3) -> Path:
    """Write a small ResNet of zeros."""
    body = body_of("resnet18", channels=channels)
    variances = {name: np.ones(values.shape, np.float32) for name, values in body.items() if "running_var" in name}
    np.savez_compressed(path, **body | variances, **dense("fc", 512, outputs))
    return path


PEOPLE = {
    "xrv-sex": (2, ("Male", "Female"), InputSpec(224, 3, "crop-first", 255.0), ""),
    "xrv-race": (3, ("Asian", "Black", "White"), InputSpec(320, 3, "crop-first", **IMAGENET), "experts cannot tell"),
    "xrv-view": (1000, ("Frontal", "Lateral"), InputSpec(224, 3, "crop-first", **IMAGENET), "shared between these two"),
}


@pytest.mark.parametrize("source", PEOPLE)
def test_models_of_who_is_on_a_film_know_their_classes(tmp_path, source):
    outputs, names, spec, said = PEOPLE[source]
    file = resnet(tmp_path / "weights.npz", outputs)
    imported = import_weights(file, "torchxrayvision", tmp_path / "m.keras", source=source)
    card = imported.card
    assert (card.outputs, card.input, card.link, card.emits) == (names, spec, "softmax", "logits")
    assert card.feature_layer == "layer4_1_relu" and card.provenance["architecture"] == "resnet18"
    assert said in " ".join(imported.notes)
    assert f"{spec.size} x {spec.size}" in card.provenance["preprocessing"]
    assert not [note for note in imported.notes if "taken to be" in note or "numbered" in note]


def test_a_network_of_photographs_says_that_its_answers_mean_nothing(tmp_path):
    file = resnet(tmp_path / "weights.npz", 4)
    imported = import_weights(file, "torchvision", tmp_path / "m.keras", source="efficientnet-lite0-imagenet")
    assert imported.card.link == "softmax" and imported.card.provenance["licence"] == "Apache-2.0"
    assert "whose answers mean nothing here" in " ".join(imported.notes)
    assert imported.card.provenance["used"][0]["films"] == 0
    assert not [note for note in imported.notes if "taken to be" in note]


def test_what_a_person_knows_of_a_file_stands_in_the_card(tmp_path):
    file = resnet(tmp_path / "weights.npz", 2)
    words = ["--layout", "torchvision", "--size", "96", "--link", "softmax", "--outputs", "Normal", "Pneumonia"]
    assert main(["import-weights", str(file), *words, "--out", str(tmp_path / "m.keras")]) == 0
    card = read_card(tmp_path / "m.json")
    assert (card.link, card.outputs, card.input.size) == ("softmax", ("Normal", "Pneumonia"), 96)
    assert card.provenance["preprocessing"].startswith("torchvision's Resize(96) of the short side")
    assert "--size 96 --link softmax --outputs Normal Pneumonia" in card.provenance["command"]


def test_what_nobody_knows_of_a_file_is_said_to_be_unknown(tmp_path):
    imported = import_weights(resnet(tmp_path / "weights.npz", 2, 1), "torchvision", tmp_path / "m.keras")
    card, notes = imported.card, " ".join(imported.notes)
    assert card.outputs == ("output_1", "output_2") and card.input == InputSpec(224, 1, "crop")
    assert card.provenance["preprocessing"].startswith("Not known: nothing says how films of one channel were scaled.")
    for words in ("scaled a film of one channel is not known", "they are numbered", "--link softmax is for classes"):
        assert words in notes


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"size": 16}, "its input must have a side of 32 to 2048 px, not 16"),
        ({"link": "softmax", "outputs": ["A", "-"]}, "it has one output, and a softmax needs two"),
        ({"link": "tanh"}, "its link must be one of sigmoid, softmax, not tanh"),
        ({"prefix": "other."}, r"no network that is known here behind other\."),
    ],
)
def test_a_wish_that_cannot_be_met_is_one_sentence(tmp_path, more, message):
    file = resnet(tmp_path / "weights.npz", 2)
    with pytest.raises(WeightsError, match=rf"^weights\.npz cannot be imported: .*{message}"):
        import_weights(file, "torchvision", tmp_path / "m.keras", **more)
    assert not (tmp_path / "m.keras").exists()


def test_a_published_size_and_the_words_about_it_change_together():
    large = PUBLISHED["xrv-resnet50"]
    assert large.input.size == 512 and "XRayResizer(512)" in large.preprocessing and "1024" in large.preprocessing
    ten_crops = PUBLISHED["chexnet-arnoweng"].at(448)
    assert (ten_crops.input.size, ten_crops.input.short_side) == (448, 512)
    assert ten_crops.preprocessing.startswith("torchvision's Resize(512)") and "(448)" in ten_crops.preprocessing
