"""What a new model of the library may be called."""

from __future__ import annotations

import re

from xai.machine import file_name

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_SUFFIXES = (".keras", ".h5", ".json")  # of a model's files, not of its name


def name_problem(name: str, example: str) -> str:
    """Say in a sentence why a model cannot be called so; empty where it can.

    Parameters
    ----------
    name : str
    example : str
        A name that would do.
    """
    if _NAME.fullmatch(name) and not name.endswith(_SUFFIXES) and file_name(name) == name:
        return ""
    return (
        f"A model's name has 1 to 60 letters, digits, dots, dashes and underscores, such as {example}, "
        f"ends in no dot, and is none of Windows' devices, such as con; this one is “{name[:60]}”."
    )
