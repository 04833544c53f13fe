"""Download published weights or openly licensed data, resumable and checked.

Licence and citation are shown first. A download that broke off goes on where it stopped.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from tqdm import tqdm

from training.weights.download import Progress, download
from training.weights.published import PUBLISHED
from training.weights.registry import Entry, FetchError, find_entry, registry
from xai.models.loading import file_sha256


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``python -m training fetch``."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="what to fetch; see --list")
    parser.add_argument("--list", action="store_true", help="list what there is, and stop")
    parser.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="folder to put it (default: this one)")
    parser.add_argument("--mirror", metavar="URL", help="a folder on another server that has the files by their names")
    parser.add_argument("--yes", action="store_true", help="do not ask: the licence is accepted")


def run(options: argparse.Namespace) -> int:
    """List, or show the terms and download."""
    if options.list:
        for entry in registry().values():
            print(f"{entry.name:22} {entry.kind:8} {entry.title}")
        return 0
    if options.name is None:
        raise FetchError("Say what to fetch; --list shows what there is.")
    entry = find_entry(options.name)
    print(terms(entry))
    if not entry.files:
        raise by_hand(entry)
    _agree(options.yes)
    for path in fetch(entry, options.out, options.mirror, _bar):
        print(f"Saved {path}, sha256 {file_sha256(path)}")
    if entry.name in PUBLISHED:
        layout = PUBLISHED[entry.name].layout
        file = options.out / entry.files[0].name
        print(
            f"Next: python -m training import-weights {file} --layout {layout} --source {entry.name} --out MODEL.keras"
        )
    return 0


def fetch(
    entry: Entry,
    folder: Path,
    mirror: str | None = None,
    on_file: Callable[[str], Progress] = lambda name: lambda done, total: None,
) -> list[Path]:
    """Download every file of an entry.

    Parameters
    ----------
    entry : Entry
    folder : Path
    mirror : str, optional
        See `download`.
    on_file : callable
        Called with each file's name; gives what is then called with bytes so far and in all.

    Raises
    ------
    FetchError
        In one sentence; files that are whole stay.
    """
    if not entry.files:
        raise by_hand(entry)
    return [download(file, folder, mirror, on_file(file.name)) for file in entry.files]


def by_hand(entry: Entry) -> FetchError:
    """Say where to get what has no address of its own."""
    return FetchError(f"{entry.name} has to be downloaded by hand from {entry.page}.")


def terms(entry: Entry) -> str:
    """Say what an entry is, how large, on whose terms, and what is not known about it."""
    sizes = [file.bytes for file in entry.files if file.bytes is not None]
    known = sizes and len(sizes) == len(entry.files)
    unchecked = sum(file.sha256 is None for file in entry.files)
    lines = [
        entry.title,
        f"Page: {entry.page}",
        *(f"Address: {file.url}" for file in entry.files),
        f"Size: {f'{sum(sizes):,} bytes' if known else 'not known'}",
        f"Licence: {entry.licence}",
        f"Cite: {entry.citation}",
    ]
    if unchecked:
        lines.append(f"No sha256 is known for {unchecked} of {len(entry.files)} files: what comes cannot be checked.")
    return "\n".join([*lines, *([entry.note] if entry.note else [])])


def _agree(said_yes: bool) -> None:
    if said_yes:
        return
    if not sys.stdin.isatty():
        raise FetchError("Nothing was downloaded: nobody can be asked here, so say --yes to accept the licence.")
    if input("Download? [y/N] ").strip().lower() not in ("y", "yes"):
        raise FetchError("Nothing was downloaded.")


def _bar(name: str) -> Progress:
    """Show a bar on a terminal, nothing in a pipe."""
    bar = tqdm(desc=name, unit="B", unit_scale=True, unit_divisor=1024, disable=None)

    def show(done: int, total: int | None) -> None:
        bar.total = total
        bar.update(done - bar.n)
        if done == total:
            bar.close()

    return show
