"""Files that are whole or not there, whatever stops the program that writes them.

What is unfinished lies beside its place in a hidden folder of its own, ``.writing-`` and some digits: no two writers
ever meet, whether threads, programs or machines, and each file has its own name already, by which some libraries
choose a format. Where writing fails the folder is removed. A killed program leaves it behind; nothing reads it, and
`sweep` removes it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

UNFINISHED = ".writing-"
LEFT_BEHIND_S = 3600.0  # seconds without a write after which nobody is writing any more
# Windows does not replace a file while somebody reads it: so long a reader is waited for, in seconds.
PATIENCE_S = (0.01, 0.03, 0.1, 0.3) if os.name == "nt" else ()

STAND_INS = {  # what lies in the place of a file, by how it begins in small letters
    b"version https://git-lfs": "a Git LFS pointer",
    b"<!doctype html": "a web page",
    b"<html": "a web page",
}

Content = str | bytes | Callable[[Path], object]


def stand_in(head: bytes) -> str:
    """Name what often lies in the place of a file that was cloned or downloaded, from its first bytes; else nothing."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return next((kind for magic, kind in STAND_INS.items() if start.startswith(magic)), "")


def write_file(path: Path, content: Content, *, synced: bool = False) -> None:
    """Write a file whole or not at all; see `write_files`."""
    path = Path(path)
    write_files(path.parent, {path.name: content}, synced=synced)


def write_files(folder: Path, files: Mapping[str, Content], *, synced: bool = False) -> None:
    """Write files of a folder: all of them, or none.

    Where one cannot be written, as on a full disk, those that were there stay as they are and nothing else is left.

    Parameters
    ----------
    folder : Path
        Made where it is missing.
    files : mapping of str to (str, bytes or callable)
        By its name a text, written in UTF-8 with the same line ends on every system, or bytes, or what writes the
        file to the path that it is given. They get their names in this order.
    synced : bool
        Wait until they are on the disk, so that not even a power failure leaves less than was there before.

    Raises
    ------
    OSError
        If they cannot be written.
    """
    folder = Path(folder)
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with unfinished(folder) as place:
            for name, content in files.items():
                _write(place / name, content)
                if synced:
                    _sync(place / name)
            move_files([place / name for name in files], folder)
        if synced:
            _sync_folder(folder)
    except BaseException:
        if is_new:
            with contextlib.suppress(OSError):  # something else came into it
                folder.rmdir()
        raise


@contextlib.contextmanager
def unfinished(folder: Path) -> Iterator[Path]:
    """Give an empty folder inside another, for files on their way there; it is gone afterwards."""
    place = _new_folder(folder)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def move_files(files: Sequence[Path], folder: Path) -> None:
    """Give whole files their place in a folder on the same disk, in this order, over those that are there.

    Where one cannot be moved, those before it are taken back. A program that is killed between two moves leaves new
    files beside old ones: the one by which the others are found belongs last.

    Raises
    ------
    OSError
        If one cannot be moved.
    """
    with contextlib.ExitStack() as undo:
        for file in files:
            target = folder / file.name
            if len(files) > 1:
                undo.callback(_way_back(target, file.parent))
            replace(file, target)
        undo.pop_all()


def move_new(file: Path, target: Path) -> None:
    """Move a file or folder, never over another one, which a plain rename would do.

    Raises
    ------
    FileExistsError
        If there is one.
    """
    if file.is_dir():  # a folder goes over an empty one at most
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        file.rename(target)
        return
    try:
        os.link(file, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError):  # a file system without hard links
        with file.open("rb") as source, target.open("xb") as copy:
            shutil.copyfileobj(source, copy)
        shutil.copystat(file, target)
    file.unlink()


def replace(file: Path, target: Path) -> None:
    """Move a file over another one at once; on Windows a reader of the other is waited for, but not for long.

    Raises
    ------
    OSError
        If it cannot be moved; both stay where they are.
    """
    for seconds in PATIENCE_S:
        try:
            file.replace(target)
        except PermissionError:
            time.sleep(seconds)
        else:
            return
    file.replace(target)


def sweep(folder: Path, older: float = LEFT_BEHIND_S) -> None:
    """Remove what killed programs left unfinished in a folder and below it.

    Parameters
    ----------
    folder : Path
    older : float
        Seconds since the last write. 0 is for a folder that nobody else writes into.
    """
    for place in list(Path(folder).rglob(f"{UNFINISHED}*")):
        with contextlib.suppress(OSError):  # another one sweeps, too
            if time.time() - max(one.stat().st_mtime for one in (place, *place.rglob("*"))) >= older:
                shutil.rmtree(place, ignore_errors=True)


def _new_folder(parent: Path) -> Path:
    """Make a folder as open as its parent; on Windows files of one by `tempfile` would stay closed to other people."""
    folder = parent / f"{UNFINISHED}{uuid.uuid4().hex[:12]}"
    folder.mkdir()
    return folder


def _write(path: Path, content: Content) -> None:
    if callable(content):
        content(path)
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def _way_back(target: Path, place: Path) -> Callable[[], None]:
    """Give what undoes a move: it puts a file that is replaced back, and removes one that is new."""
    if not target.exists():
        return lambda: target.unlink(missing_ok=True)
    kept = _new_folder(place) / target.name
    try:
        os.link(target, kept)
    except (OSError, NotImplementedError):  # a file system without hard links
        shutil.copy2(target, kept)
    return lambda: replace(kept, target)


def _sync(path: Path) -> None:
    with path.open("r+b") as stream:  # Windows syncs only what may be written
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    """Bring the names in a folder onto the disk, where the system opens folders: Windows does not."""
    with contextlib.suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
