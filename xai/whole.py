"""Write the files of a folder together: all of them, or none."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path


def write_whole(folder: Path, files: Mapping[str, Callable[[Path], object]]) -> None:
    """Write files beside their place first, and put them there when all are whole.

    Where one cannot be written, as on a full disk, those that were there stay as they are and nothing else is left.

    Parameters
    ----------
    folder : Path
        Made where it is missing.
    files : mapping of str to callable
        By its name, what writes a file to the path that it is given.
    """
    folder = Path(folder)
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    parts = {name: folder / f"{name}.part" for name in files}
    try:
        for name, write in files.items():
            write(parts[name])
        for name, part in parts.items():
            part.replace(folder / name)
    except BaseException:
        for part in parts.values():
            part.unlink(missing_ok=True)
        if is_new:
            with contextlib.suppress(OSError):  # something else came into it
                folder.rmdir()
        raise
