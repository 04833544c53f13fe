"""Names that a model's outputs have already: in the model, in its file, or in a file that a tool wrote beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xai.cards.model_card import is_output_name
from xai.models.file_kinds import Kind, kind_of

MAX_BYTES = 2**20
WORDS = ("class_names", "classes", "labels", "names", "id2label", "class_indices", "idx_to_class", "classes_")
# What ImageDataGenerator's users, Teachable Machine, ImageAI, Hugging Face and exporters to ONNX write beside a model.
BESIDE = (
    *(f"{word}.{ending}" for word in ("labels", "class_names", "classes") for ending in ("txt", "json")),
    "class_indices.json",
    "idx_to_class.json",
    "model_class.json",
    "config.json",
)


def stored_names(path: Path, outputs: int) -> tuple[tuple[str, ...], str] | None:
    """Names of a model's outputs as a tool stored them with its file.

    Parameters
    ----------
    path : Path
        Model file.
    outputs : int
        How many the model has; other lists are passed over. Two names of one output are what it says no and yes to.

    Returns
    -------
    names, source
        None where there are none. The source is for people: a file's name, or a word in the model's own.
    """
    for value, source in (*_inside(path), *_beside(path)):
        names = _list_of_names(value)
        if outputs == 1 and len(names) == 2:
            return names[1:], f"{source}, whose second class the one output is taken for"
        if len(names) == outputs:
            return names, source
    return None


def _inside(path: Path) -> Iterator[tuple[Any, str]]:
    kind = kind_of(path)
    if kind is Kind.HDF5:
        import h5py

        with h5py.File(path, "r") as file:
            found: dict[str, Any] = {word: file.attrs[word] for word in WORDS if word in file.attrs}
        found = {word: value.tolist() if hasattr(value, "tolist") else value for word, value in found.items()}
    elif kind is Kind.ONNX:
        import onnx

        properties = onnx.load(path, load_external_data=False).metadata_props
        found = {one.key: one.value for one in properties if one.key in WORDS}
    else:
        return
    for word, value in found.items():
        yield value, f"“{word}” in {path.name}"


def _beside(path: Path) -> Iterator[tuple[Any, str]]:
    """Lists of names beside a model: under its own name, and where it is the only model there, under a usual one."""
    stem = path.name if path.is_dir() else path.stem
    own = [f"{stem}{joint}{name}" for name in BESIDE for joint in ("_", ".", "-")]
    models = {one.stem for one in path.parent.iterdir() if one.suffix in (".keras", ".h5", ".hdf5", ".onnx", ".zip")}
    homes = [(path.parent, name) for name in (*own, *(BESIDE if models <= {stem} else ()))]
    homes += [(path / "assets", name) for name in BESIDE] + [(path, name) for name in BESIDE] if path.is_dir() else []
    for home, name in homes:
        file = home / name
        if file.is_file() and file.stat().st_size <= MAX_BYTES:
            yield file.read_text(encoding="utf-8", errors="replace"), name


def _list_of_names(value: Any) -> tuple[str, ...]:
    """Read a list of names in any of the ways in which they are written; empty where it is none."""
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    if isinstance(value, str):
        value = _parsed(value)
    if isinstance(value, dict):
        inner = next((value[word] for word in WORDS if isinstance(value.get(word), (dict, list))), None)
        value = _by_number(value) if inner is None else _by_number(inner) if isinstance(inner, dict) else inner
    if not isinstance(value, (list, tuple)):
        return ()
    names = tuple(one.decode(errors="replace") if isinstance(one, bytes) else one for one in value)
    return names if all(map(is_output_name, names)) and len(set(names)) == len(names) else ()


def _by_number(words: dict[Any, Any]) -> list[Any] | None:
    """Order ``{"0": "Normal"}`` or ``{"Normal": 0}``; None where the numbers do not count from 0."""
    pairs = {}
    for key, value in words.items():
        number, name = (value, key) if isinstance(value, int) else (key, value)
        if not str(number).isdigit():
            return None
        pairs[int(number)] = name
    return [pairs[k] for k in sorted(pairs)] if sorted(pairs) == list(range(len(pairs))) else None


def _parsed(text: str) -> Any:
    """Read JSON, a dict as Python prints it, as in ONNX files, or a name a line, maybe after its number."""
    text = text.lstrip("\ufeff").strip()
    if text.startswith(("{", "[")):
        try:
            return json.loads(text)
        except ValueError:
            pairs = re.findall(r"(\d+)\s*:\s*(?:'([^']*)'|\"([^\"]*)\")", text)
            return {number: one or other for number, one, other in pairs}
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    numbered = [re.fullmatch(r"(\d+)[\s:,]+(.+)", line) for line in lines]
    named = {int(one[1]): one[2] for one in numbered if one}
    return [named[k] for k in range(len(lines))] if sorted(named) == list(range(len(lines))) else lines
