"""Join the browser's scripts: each file says what it takes and gives, and one module of them all goes to the browser.

Streamlit serves a component's script as one module, and files beside it only from an installed package. So the files
are ES modules, read here without a build step: ``import { a, b } from "./file.js";`` and ``export`` before what is
given, nothing else of the kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_IMPORT = re.compile(r'^import \{([^}]*)\} from "([^"]+)";\n', re.MULTILINE)
_DECLARED = re.compile(r"^(export )?(default )?(?:async )?(?:const|let|class|function)\b\s*(\w+)?", re.MULTILINE)
_LEFT_OVER = re.compile(r"^(?:import\b|export (?!default\b)).*$", re.MULTILINE)


class ScriptError(ValueError):
    """A script takes what no script gives, or cannot be joined with the others."""


@dataclass(frozen=True)
class _Script:
    path: Path
    taken: tuple[tuple[Path, tuple[str, ...]], ...]
    given: frozenset[str]
    declared: tuple[str, ...]
    has_default: bool
    text: str


def bundle(*entries: Path) -> str:
    """Join scripts and all that they import, each after what it takes, into the text of one module.

    Parameters
    ----------
    *entries : Path
        The scripts to start from; these alone may have an ``export default``.

    Raises
    ------
    ScriptError
        Where a file or name is missing, files import each other in a circle, two files declare one name, or an import
        or export is written in another form.
    """
    read: dict[Path, _Script] = {}
    ordered: list[_Script] = []
    for entry in entries:
        _follow(entry.resolve(), (), read, ordered)
    owner: dict[str, Path] = {}
    for script in ordered:
        if script.has_default and script.path not in {entry.resolve() for entry in entries}:
            raise ScriptError(f"{script.path.name} is imported by name, but has an export default.")
        for name in script.declared:
            if name in owner:
                raise ScriptError(f"{owner[name].name} and {script.path.name} both declare {name}.")
            owner[name] = script.path
    return "\n".join(f"// {script.path.name}\n{script.text}" for script in ordered)


def _follow(path: Path, importers: tuple[Path, ...], read: dict[Path, _Script], ordered: list[_Script]) -> _Script:
    """Read a script and, before it, those that it imports, each once."""
    if path in importers:
        circle = (*importers[importers.index(path) :], path)
        raise ScriptError(f"Scripts import each other in a circle: {', '.join(one.name for one in circle)}.")
    if path not in read:
        script = _read(path, importers)
        for source, names in script.taken:
            given = _follow(source, (*importers, path), read, ordered).given
            if missing := [name for name in names if name not in given]:
                raise ScriptError(f"{path.name} imports {', '.join(missing)}, which {source.name} does not export.")
        read[path] = script
        ordered.append(script)
    return read[path]


def _read(path: Path, importers: tuple[Path, ...]) -> _Script:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        whose = importers[-1].name if importers else "Nothing"
        raise ScriptError(f"{whose} imports {path.name}, which cannot be read.") from None
    taken = tuple(_taken(path, text))
    body = _IMPORT.sub("", text)
    found = list(_DECLARED.finditer(body))
    plain = re.sub(r"^export (?=(?:async )?(?:const|let|class|function)\b)", "", body, flags=re.MULTILINE)
    if left := _LEFT_OVER.search(plain):
        raise ScriptError(f"{path.name}: “{left.group()}” is no import or export that can be joined.")
    return _Script(
        path,
        taken,
        frozenset(one[3] for one in found if one[1] and not one[2] and one[3]),
        tuple(one[3] for one in found if one[3]),
        any(one[2] for one in found),
        plain,
    )


def _taken(path: Path, text: str) -> Iterator[tuple[Path, tuple[str, ...]]]:
    for names, source in _IMPORT.findall(text):
        listed = tuple(name.strip() for name in names.split(",") if name.strip())
        if odd := [name for name in listed if not name.isidentifier()]:
            raise ScriptError(f"{path.name}: “{odd[0]}” in an import is no plain name.")
        yield (path.parent / source).resolve(), listed
